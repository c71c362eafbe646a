// SPDX-License-Identifier: GPL-2.0-only
/*
 * A run, from the folder to the verdict. The core (sim.h) simulates, the guests'
 * protocol (guest.h) says when commands start and the run is over; this part
 * connects the two and keeps what they report:
 *
 *	core: frame    -> capture		guests: output -> N.out
 *	      console  -> console.log			exited -> verdict
 *	      control  -> guests			file   -> files/
 *	      ended    -> guests, verdict		failed -> verdict, stop
 *
 * Everything that a guest sends ends in a file of its own folder, whose name is
 * made here or checked by guest.c; hooks only write, and never wait.
 *
 * A signal is noted by a handler and told to the loop by a pipe, so that the
 * handlers stay with us: what is started resets them by its exec.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loop.h"
#include "run.h"

#define REASONS_MAX	16	/* the first ones tell the story */
#define REASON_MAX	512
/* What one node may leave on the host's disk, before the run is stopped. */
#define FILES_MAX	(64ull << 20)	/* bytes of files */
#define FILES_NR_MAX	1000
#define SAID_MAX	(512ull << 20)	/* bytes of console and outputs */

static int signal_pipe[2] = { -1, -1 };
static struct ns_source signal_source;
static struct ns_run *signal_run;

/* reasons */

void ns_run_fail(struct ns_run *run, const char *fmt, ...)
{
	char text[REASON_MAX], **more;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (run->nr_reasons >= REASONS_MAX)
		return;
	fprintf(stderr, "%snetsim: %s\n", run->terminal ? "\r\033[K" : "", text);
	more = realloc(run->reasons, (run->nr_reasons + 1) * sizeof(*more));
	if (!more)
		return;
	run->reasons = more;
	more[run->nr_reasons] = strdup(text);
	if (more[run->nr_reasons])
		run->nr_reasons++;
}

static const char *tail_line(const struct ns_run_node *n, uint64_t i)
{
	return n->tail[i % NS_TAIL] ? n->tail[i % NS_TAIL] : "";
}

/* From the panic on, if there was one: its stack is longer than what is shown. */
static void print_tail(struct ns_run *run, uint32_t node)
{
	struct ns_run_node *n = &run->nodes[node];
	uint64_t oldest = n->tail_nr > NS_TAIL ? n->tail_nr - NS_TAIL : 0;
	uint64_t i = n->tail_nr > NS_TAIL_SHOWN ? n->tail_nr - NS_TAIL_SHOWN : 0, p, end;

	for (p = oldest; p < i; p++)
		if (strstr(tail_line(n, p), "Kernel panic"))
			i = p;
	end = n->tail_nr - i > NS_TAIL_SHOWN ? i + NS_TAIL_SHOWN : n->tail_nr;
	if (i < end)
		fprintf(stderr, "   the last lines of its console:\n");
	for (; i < end; i++)
		fprintf(stderr, "   | %s\n", tail_line(n, i));
}

static const char *node_name(struct ns_run *run, uint32_t node)
{
	return run->cfg->nodes[node].name;
}

/* A node that talks without end, in no virtual time, must not fill the disk. */
static bool says(struct ns_run *run, uint32_t node, size_t len)
{
	struct ns_run_node *n = &run->nodes[node];

	n->said_bytes += len;
	if (n->said_bytes <= SAID_MAX)
		return true;
	if (n->said_bytes - len <= SAID_MAX) {
		ns_run_fail(run, "node %s: more than %llu MiB of output; make it say less",
			    node_name(run, node), SAID_MAX >> 20);
		ns_sim_stop(run->sim, -EFBIG);
	}
	return false;
}

/* hooks of the core */

static void on_frame(void *ctx, struct ns_vm *vm, uint32_t nic, enum ns_direction way,
		     uint64_t t_ns, const void *frame, size_t len)
{
	struct ns_run *run = ctx;

	(void)way;
	if (run->nodes[vm->id].pcap[nic])
		ns_pcap_frame(run->nodes[vm->id].pcap[nic], t_ns, frame, len);
}

static void on_control(void *ctx, struct ns_vm *vm, uint64_t t_ns, const void *p, size_t len)
{
	struct ns_run *run = ctx;

	/* what is wrong with them failed() has said */
	ns_guests_feed(run->guests, vm->id, t_ns, p, len);
}

static void on_console(void *ctx, struct ns_vm *vm, const char *line)
{
	struct ns_run *run = ctx;
	struct ns_run_node *n = &run->nodes[vm->id];
	char **last;

	if (!says(run, vm->id, strlen(line) + 1))
		return;
	last = &n->tail[n->tail_nr++ % NS_TAIL];
	fprintf(n->console, "%s\n", line);
	crypto_hash_sha256_update(&n->console_hash, (const uint8_t *)line, strlen(line) + 1);
	free(*last);
	*last = strdup(line);
}

static void on_ended(void *ctx, struct ns_vm *vm, uint64_t t_ns, int status, const char *why,
		     bool crashed)
{
	struct ns_run *run = ctx;
	struct ns_run_node *n = &run->nodes[vm->id];

	if (n->ended)
		return;
	n->ended = true;
	n->crashed = crashed;
	n->status = status;
	n->ended_ns = t_ns;
	if (ns_guests_gone(run->guests, vm->id, t_ns, crashed) && !why)
		why = "it powered off before its commands had ended";
	if (why && !crashed && !run->interrupted) {
		n->why = strdup(why);
		ns_run_fail(run, "node %s died at %llu.%09llu s: %s", node_name(run, vm->id),
			    (unsigned long long)t_ns / 1000000000,
			    (unsigned long long)t_ns % 1000000000, why);
		print_tail(run, vm->id);
		ns_sim_stop(run->sim, -EIO);
	}
	if (run->watch && run->watch->ended)
		run->watch->ended(run->watch_arg, vm->id);
}

static void on_paused(void *ctx, uint64_t t_ns)
{
	struct ns_run *run = ctx;

	if (run->watch && run->watch->paused)
		run->watch->paused(run->watch_arg, t_ns);
}

static const struct ns_hooks hooks = {
	.frame = on_frame, .control = on_control, .console = on_console,
	.ended = on_ended, .paused = on_paused,
};

/* what guests say */

static int guest_send(void *arg, uint32_t node, uint64_t t_ns, const void *p, size_t len)
{
	struct ns_run *run = arg;

	return ns_sim_send(run->sim, node, t_ns, p, len);
}

static void guest_go(void *arg, uint64_t time0_ns)
{
	struct ns_run *run = arg;

	run->time0_ns = time0_ns;
	ns_sim_zero(run->sim, time0_ns);
	if (run->watch && run->watch->go)
		run->watch->go(run->watch_arg, time0_ns);
}

static struct ns_run_command *find_command(struct ns_run *run, uint32_t node, uint32_t command)
{
	return command < run->cfg->nodes[node].nr_commands ?
		&run->nodes[node].commands[command] : NULL;
}

static void guest_output(void *arg, uint32_t node, uint32_t command, const void *p, size_t len)
{
	struct ns_run_command *c;
	struct ns_run *run = arg;
	char *file;

	c = find_command(run, node, command);
	if (c && !says(run, node, len))
		return;
	if (!c) {
		if (run->watch && run->watch->output)
			run->watch->output(run->watch_arg, node, command, p, len);
		return;
	}
	if (!c->opened) {
		c->opened = true;
		if (asprintf(&file, "%s/nodes/%s/%u.out", run->dir, node_name(run, node),
			     command) < 0)
			return;
		c->out = fopen(file, "wxe");
		if (!c->out)
			ns_run_fail(run, "%s: cannot write it: %s", file, strerror(errno));
		free(file);
	}
	crypto_hash_sha256_update(&c->hash, p, len);
	c->bytes += len;
	if (c->out && (fwrite(p, 1, len, c->out) != len || (c->ended && fflush(c->out)))) {
		ns_run_fail(run, "output of node %s, command %u: cannot write it: %s",
			    node_name(run, node), command, strerror(errno));
		/* a full disk stays full: say it once */
		fclose(c->out);
		c->out = NULL;
	}
}

static void command_failed(struct ns_run *run, uint32_t node, uint32_t command, int status)
{
	const char *text = run->cfg->nodes[node].commands[command].run;
	bool killed = WIFSIGNALED(status);

	ns_run_fail(run, "node %s: command %u ended %s %d: %.60s%s; its output: %s/nodes/%s/%u.out",
		    node_name(run, node), command, killed ? "by signal" : "with status",
		    killed ? WTERMSIG(status) : WEXITSTATUS(status), text,
		    strlen(text) > 60 ? "..." : "", run->dir, node_name(run, node), command);
}

static void guest_exited(void *arg, uint32_t node, uint32_t command, int status,
			 uint64_t at_ns, int stopped)
{
	struct ns_run *run = arg;
	struct ns_run_command *c = find_command(run, node, command);

	if (!c) {
		if (run->watch && run->watch->exited)
			run->watch->exited(run->watch_arg, node, command, status, at_ns);
		return;
	}
	c->ended = true;
	c->stopped = stopped;
	c->status = status;
	c->ended_ns = at_ns;
	/* what it left running may still speak */
	if (c->out && fflush(c->out))
		ns_run_fail(run, "output of node %s, command %u: cannot write it: %s",
			    node_name(run, node), command, strerror(errno));
	if (status && !stopped && !run->cfg->nodes[node].commands[command].may_fail)
		command_failed(run, node, command, status);
}

static void close_file(struct ns_run_node *n)
{
	if (n->file_fd >= 0)
		close(n->file_fd);
	n->file_fd = -1;
}

/* Create the folders of the path, and the file; guest.c has checked the path. */
static int create_file(const char *dir, const char *name, const char *path)
{
	char *full, *slash;
	int fd;

	if (asprintf(&full, "%s/nodes/%s/files/%s", dir, name, path) < 0)
		return -1;
	for (slash = full + strlen(full) - strlen(path); slash; slash = strchr(slash + 1, '/')) {
		char keep = *slash;

		*slash = '\0';
		mkdir(full, 0777);
		*slash = keep;
	}
	fd = open(full, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	free(full);
	return fd;
}

static void guest_file(void *arg, uint32_t node, const char *path)
{
	struct ns_run *run = arg;
	struct ns_run_node *n = &run->nodes[node];

	close_file(n);
	if (n->files++ >= FILES_NR_MAX) {
		if (n->files == FILES_NR_MAX + 1)
			ns_run_fail(run, "node %s: more than %u files in /out; leave fewer",
				    node_name(run, node), FILES_NR_MAX);
		return;
	}
	n->file_fd = create_file(run->dir, node_name(run, node), path);
	if (n->file_fd < 0)
		ns_run_fail(run, "node %s: its file %s cannot be kept: %s", node_name(run, node),
			    path, strerror(errno));
}

static void guest_data(void *arg, uint32_t node, const void *p, size_t len)
{
	struct ns_run *run = arg;
	struct ns_run_node *n = &run->nodes[node];

	if (n->file_fd < 0)
		return;
	n->file_bytes += len;
	if (n->file_bytes <= FILES_MAX && write(n->file_fd, p, len) == (ssize_t)len)
		return;
	if (n->file_bytes > FILES_MAX)
		ns_run_fail(run, "node %s: more than %llu MiB in /out; leave less there",
			    node_name(run, node), FILES_MAX >> 20);
	else
		ns_run_fail(run, "node %s: its files cannot be kept: %s", node_name(run, node),
			    strerror(errno));
	close_file(n);
}

static void guest_failed(void *arg, uint32_t node, const char *why)
{
	struct ns_run *run = arg;

	ns_run_fail(run, "node %s: %s", node_name(run, node), why);
	print_tail(run, node);
	ns_sim_stop(run->sim, -EIO);
}

/* What is left is only the kernel's way down, of which there is nothing to learn. */
static void guest_bye(void *arg, uint32_t node)
{
	struct ns_run *run = arg;

	ns_sim_off(run->sim, node);
}

static const struct ns_guest_ops guest_ops = {
	.send = guest_send, .go = guest_go, .output = guest_output, .exited = guest_exited,
	.file = guest_file, .data = guest_data, .failed = guest_failed,
	.bye = guest_bye,
};

/* signals */

static void on_signal(int sig)
{
	int err = errno;
	char c = sig;

	/* a full pipe holds one already */
	if (write(signal_pipe[1], &c, 1) < 0)
		errno = err;
	errno = err;
}

static void signal_ready(struct ns_source *source, uint32_t events)
{
	char c;

	(void)events;
	if (read(source->fd, &c, 1) < 1)
		return;
	signal_run->interrupted = true;
	ns_sim_stop(signal_run->sim, -EINTR);
}

static int catch_signals(struct ns_run *run)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	static const int caught[] = { SIGINT, SIGTERM, SIGHUP };
	size_t i;

	signal_run = run;
	if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	for (i = 0; i < sizeof(caught) / sizeof(*caught); i++)
		if (sigaction(caught[i], &sa, NULL))
			return -errno;
	signal_source.ready = signal_ready;
	return ns_loop_add(&signal_source, signal_pipe[0], EPOLLIN);
}

static void release_signals(void)
{
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	if (signal_pipe[0] < 0)
		return;
	ns_loop_del(&signal_source);
	close(signal_pipe[0]);
	close(signal_pipe[1]);
	signal_pipe[0] = -1;
	signal_pipe[1] = -1;
}

int ns_run_open(struct ns_run *run, const struct ns_config *cfg,
		const struct ns_run_options *opt)
{
	int err;

	memset(run, 0, sizeof(*run));
	run->cfg = cfg;
	run->opt = opt;
	run->time0_ns = NS_NEVER;
	run->terminal = !opt->quiet && isatty(STDERR_FILENO);
	err = ns_boot_find(&run->boot, cfg, opt);
	if (!err)
		err = ns_run_folder(run);
	if (err)
		return err;
	run->boot.dir = run->dir;
	err = ns_run_node_folders(run);
	if (!err)
		err = ns_loop_open();
	if (err)
		return err;
	run->sim = ns_sim_new(cfg, &run->boot, &hooks, run);
	if (!run->sim)
		return -EINVAL;
	run->guests = ns_guests_new(cfg, ns_sim_horizon(run->sim), &guest_ops, run);
	err = run->guests ? catch_signals(run) : -ENOMEM;
	if (!err)
		err = ns_manifest_start(run);
	return err;
}

/* A full disk must not pass for a run without packets. */
static void close_captures(struct ns_run *run, uint32_t node)
{
	struct ns_run_node *n = &run->nodes[node];
	uint32_t i;
	int err;

	for (i = 0; i < NS_NICS_MAX; i++) {
		err = ns_pcap_close(n->pcap[i]);
		n->pcap[i] = NULL;
		if (err)
			ns_run_fail(run, "node %s, eth%u.pcap: cannot write it: %s",
				    node_name(run, node), i, strerror(-err));
	}
	if (n->console && fflush(n->console))
		ns_run_fail(run, "node %s, console.log: cannot write it: %s",
			    node_name(run, node), strerror(errno));
}

/* What is no event, but only seen when all is over. */
static void judge(struct ns_run *run)
{
	const struct ns_stats *s = &run->stats;
	uint32_t i, j;

	if (run->interrupted)
		return;
	if (s->causality)
		ns_run_fail(run, "causality was violated %llu times: the simulator is wrong, %s",
			    (unsigned long long)s->causality, "please report it");
	if (s->late_frames)
		ns_run_fail(run, "%llu frames were late, the worst by %llu ns: %s",
			    (unsigned long long)s->late_frames,
			    (unsigned long long)s->late_max_ns, "the run may not repeat");
	for (i = 0; !run->nr_reasons && i < run->cfg->nr_nodes; i++)
		for (j = 0; !run->nodes[i].crashed && j < run->cfg->nodes[i].nr_commands; j++)
			if (!run->nodes[i].commands[j].ended)
				ns_run_fail(run, "node %s: command %u has not ended",
					    node_name(run, i), j);
	if (run->err && !run->nr_reasons)
		ns_run_fail(run, "the simulation ended early: %s", strerror(-run->err));
}

int ns_run_go(struct ns_run *run)
{
	uint32_t i;
	int err;

	if (run->terminal) {
		err = ns_progress_start(run);
		if (err)
			return err;
	}
	run->err = ns_sim_run(run->sim);
	if (run->terminal)
		ns_progress_stop(run);
	ns_sim_stats(run->sim, &run->stats);
	for (i = 0; i < run->cfg->nr_nodes; i++)
		close_captures(run, i);
	judge(run);
	ns_manifest_finish(run);
	return ns_summary_write(run);
}

int ns_run_status(const struct ns_run *run)
{
	if (run->interrupted)
		return 128 + SIGINT;
	return run->nr_reasons ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void free_node(struct ns_run *run, uint32_t node)
{
	struct ns_run_node *n = &run->nodes[node];
	uint32_t i;

	close_captures(run, node);
	for (i = 0; n->commands && i < run->cfg->nodes[node].nr_commands; i++)
		if (n->commands[i].out)
			fclose(n->commands[i].out);
	for (i = 0; i < NS_TAIL; i++)
		free(n->tail[i]);
	if (n->console)
		fclose(n->console);
	if (n->file_fd > 0)
		close(n->file_fd);
	free(n->commands);
	free(n->why);
}

void ns_run_close(struct ns_run *run)
{
	uint32_t i;

	ns_manifest_finish(run);
	release_signals();
	if (run->guests)
		ns_guests_free(run->guests);
	if (run->sim)
		ns_sim_free(run->sim);
	ns_loop_close();
	for (i = 0; run->nodes && i < run->cfg->nr_nodes; i++)
		free_node(run, i);
	while (run->nr_reasons)
		free(run->reasons[--run->nr_reasons]);
	free(run->reasons);
	free(run->nodes);
	free(run->dir);
	ns_boot_free(&run->boot);
}
