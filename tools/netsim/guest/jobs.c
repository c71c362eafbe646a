// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commands of a node. Each is a shell in a session of its own, in OUT_DIR,
 * with one pipe for all it says; see enum job_state for its life. Its end is
 * told only after what it had written by then. A pipe outlives its command as
 * long as a daemon has it, and is read to the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"

#define INPUT_MAX	(1024 * 1024u)

static struct job *jobs;
static unsigned int nr_jobs;

int job_add(unsigned int id, uint64_t start_ns, bool foreground, const char *text)
{
	struct job *more = realloc(jobs, (nr_jobs + 1) * sizeof(*jobs));

	if (!more)
		return -ENOMEM;
	jobs = more;
	jobs[nr_jobs] = (struct job){
		.id = id, .foreground = foreground, .start_ns = start_ns,
		.text = strdup(text), .out = -1, .in = -1,
	};
	if (!jobs[nr_jobs].text)
		return -ENOMEM;
	nr_jobs++;
	return 0;
}

static void run_shell(const struct job *job, int in, int out)
{
	sigset_t none;

	setsid();
	dup2(in, 0);
	dup2(out, 1);
	dup2(out, 2);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (chdir(OUT_DIR))
		_exit(126);
	execlp("sh", "sh", "-c", job->text, NULL);
	dprintf(2, "netsim: cannot run sh: %m\n");
	_exit(127);
}

/* Commands of the configuration have no input; a prompt's has ours. */
static int open_input(struct job *job)
{
	int p[2];

	if (job->id < GUEST_SHELL)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (pipe2(p, O_CLOEXEC))
		return -1;
	fcntl(p[1], F_SETFL, O_NONBLOCK);
	job->in = p[1];
	return p[0];
}

static int job_start(struct job *job)
{
	int in = open_input(job), p[2] = { -1, -1 }, err = 0;

	if (in < 0 || pipe2(p, O_CLOEXEC)) {
		err = -errno;
		goto out;
	}
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	job->pid = fork();
	if (!job->pid)
		run_shell(job, in, p[1]);
	if (job->pid < 0) {
		err = -errno;
		close(p[0]);
		goto out;
	}
	job->out = p[0];
	job->state = JOB_RUNNING;
out:
	if (in >= 0)
		close(in);
	if (p[1] >= 0)
		close(p[1]);
	return err;
}

/* Everything that is in the pipe now, unless the simulator is behind. */
static void job_output(struct job *job, bool all)
{
	uint8_t buf[GUEST_PAYLOAD];
	ssize_t n;

	while (job->out >= 0 && (all || !channel_full())) {
		n = read(job->out, buf + 8, sizeof(buf) - 8);
		if (n > 0) {
			put_le64(buf, virtual_ns());
			channel_send(GUEST_OUTPUT, job->id, buf, 8 + n);
			continue;
		}
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		close(job->out);
		job->out = -1;
	}
}

static void job_exit(struct job *job, int status)
{
	uint8_t p[12];

	job_output(job, true);
	if (job->in >= 0)
		close(job->in);
	job->in = -1;
	job->state = JOB_ENDED;
	put_le64(p, virtual_ns());
	put_le32(p + 8, status);
	channel_send(GUEST_EXIT, job->id, p, sizeof(p));
}

uint64_t jobs_start(uint64_t now_ns)
{
	uint64_t next = UINT64_MAX;
	unsigned int i;

	for (i = 0; i < nr_jobs; i++) {
		struct job *job = &jobs[i];

		if (job->state != JOB_WAITING)
			continue;
		if (job->start_ns > now_ns) {
			if (job->start_ns < next)
				next = job->start_ns;
		} else if (job_start(job)) {
			job_exit(job, W_EXITCODE(126, 0));
		}
	}
	return next;
}

bool jobs_reap(void)
{
	unsigned int i;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (i = 0; i < nr_jobs; i++)
			if (jobs[i].state == JOB_RUNNING && jobs[i].pid == pid)
				job_exit(&jobs[i], status);
	return !pid;
}

/* Those whose time did not come. */
void jobs_cancel(void)
{
	unsigned int i;

	for (i = 0; i < nr_jobs; i++)
		if (jobs[i].state == JOB_WAITING)
			job_exit(&jobs[i], SIGTERM);
}

bool jobs_done(void)
{
	unsigned int i;

	for (i = 0; i < nr_jobs; i++)
		if (jobs[i].foreground && jobs[i].state != JOB_ENDED)
			return false;
	return true;
}

void jobs_drain(void)
{
	unsigned int i;

	for (i = 0; i < nr_jobs; i++)
		job_output(&jobs[i], true);
}

/* Input that waits goes first; a pipe that its reader left takes all. */
static void push_input(struct job *job)
{
	ssize_t n;

	if (job->in < 0)
		return;
	while (job->nr_waiting) {
		n = write(job->in, job->waiting, job->nr_waiting);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0)
			n = job->nr_waiting;
		job->nr_waiting -= n;
		memmove(job->waiting, job->waiting + n, job->nr_waiting);
	}
	if (!job->in_ends)
		return;
	close(job->in);
	job->in = -1;
}

int job_input(unsigned int id, const void *p, size_t len)
{
	struct job *job = NULL;
	unsigned int i;
	char *more;

	for (i = 0; i < nr_jobs; i++)
		if (jobs[i].id == id)
			job = &jobs[i];
	/* it may have ended meanwhile; or not begun, then it waits */
	if (!job || (job->state != JOB_WAITING && job->in < 0))
		return 0;
	if (!len) {
		job->in_ends = true;
	} else {
		more = job->nr_waiting + len > INPUT_MAX ? NULL :
			realloc(job->waiting, job->nr_waiting + len);
		if (!more)
			return -ENOBUFS;
		job->waiting = more;
		memcpy(more + job->nr_waiting, p, len);
		job->nr_waiting += len;
	}
	push_input(job);
	return 0;
}

unsigned int jobs_nr(void)
{
	return nr_jobs;
}

/* Two entries a job at most. */
unsigned int jobs_poll(struct pollfd *p, unsigned int max)
{
	unsigned int i, n = 0;

	for (i = 0; i < nr_jobs && n + 2 <= max; i++) {
		if (jobs[i].out >= 0 && !channel_full())
			p[n++] = (struct pollfd){ jobs[i].out, POLLIN, 0 };
		if (jobs[i].in >= 0 && jobs[i].nr_waiting)
			p[n++] = (struct pollfd){ jobs[i].in, POLLOUT, 0 };
	}
	return n;
}

void jobs_relay(void)
{
	unsigned int i;

	for (i = 0; i < nr_jobs; i++) {
		job_output(&jobs[i], false);
		push_input(&jobs[i]);
	}
}
