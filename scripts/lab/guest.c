// SPDX-License-Identifier: GPL-2.0-only
/*
 * Starts a guest (machine.c says what that is), connects it with us, ends it.
 *
 * Nothing needs cleaning up, even after SIGKILL: the sandbox dies with its
 * parent, the PID namespace takes every process of the guest along, and the
 * files made for a run live in the sandbox's own tmpfs. The one exception is
 * the file of bulk input, which has a janitor (bulk.c).
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine.h"
#include "streams.h"

#define PIPE_BYTES	(1024 * 1024)

/*
 * A regular file is copied before the boot, and /dev/null is known to be empty.
 * Only what comes from elsewhere is relayed while it comes; in virtual time the
 * moment when it comes is then the one thing that does not repeat.
 */
static enum input_kind input_kind(void)
{
	struct stat st;

	if (fstat(0, &st))
		return INPUT_NULL;
	if (S_ISREG(st.st_mode))
		return INPUT_FILE;
	if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3))
		return INPUT_NULL;
	return INPUT_LIVE;
}

/* A descriptor that dup2() in the child will not trample on. */
static int high(int fd)
{
	int h = fcntl(fd, F_DUPFD_CLOEXEC, FD_HIGH);

	close(fd);
	return h;
}

static int make_pipe(int p[2])
{
	if (pipe2(p, O_CLOEXEC))
		return -errno;
	p[0] = high(p[0]);
	p[1] = high(p[1]);
	if (p[0] < 0 || p[1] < 0)
		return -EMFILE;
	/* fewer wakeups; an ordinary user may be refused */
	fcntl(p[1], F_SETPIPE_SZ, PIPE_BYTES);
	return 0;
}

static int make_socket(int p[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p))
		return -errno;
	p[0] = high(p[0]);
	p[1] = high(p[1]);
	return p[0] < 0 || p[1] < 0 ? -EMFILE : 0;
}

/* The ends of what connects both sides: [0] to read, [1] to write. */
struct plumbing {
	int in[2], out[2], console[2], early[2], command;
};

static void child(const struct plumbing *p, bool input_is_file, char **argv)
{
	int null = open("/dev/null", O_RDONLY);
	sigset_t none;

	/* out of reach of the terminal's signals: those go through the channel */
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	dup2(0, FD_STDIN);
	dup2(null, 0);
	dup2(p->early[1], 1);
	dup2(p->early[1], 2);
	dup2(p->in[0], FD_CHANNEL_IN);
	dup2(p->out[1], FD_CHANNEL_OUT);
	dup2(p->console[1], FD_CONSOLE);
	dup2(p->command, FD_COMMAND);
	close_range(3, FD_CHANNEL_IN - 1, 0);
	close_range(input_is_file ? FD_STDIN + 1 : FD_STDIN, ~0u, 0);
	execvp(argv[0], argv);
	fprintf(stderr, "vm: cannot run %s: %m; install it with make deps\n", argv[0]);
	_exit(127);
}

static int open_plumbing(struct plumbing *p, const struct options *o)
{
	int err, s[2];

	err = make_pipe(p->console) ?: make_pipe(p->early);
	if (err)
		return err;
	if (!o->arch->channel_is_socket)
		return make_pipe(p->in) ?: make_pipe(p->out);
	err = make_socket(s);
	if (err)
		return err;
	p->in[0] = s[1];
	p->in[1] = s[0];
	p->out[0] = fcntl(s[0], F_DUPFD_CLOEXEC, FD_HIGH);
	p->out[1] = fcntl(s[1], F_DUPFD_CLOEXEC, FD_HIGH);
	return p->out[0] < 0 || p->out[1] < 0 ? -EMFILE : 0;
}

static void close_pair(int *a, int *b)
{
	if (*a >= 0)
		close(*a);
	if (*b >= 0)
		close(*b);
	*a = -1;
	*b = -1;
}

static int spawn(struct guest *g, const struct options *o, struct plumbing *p, const char *cwd)
{
	struct args a = { 0 };
	int err = 0;

	machine_args(&a, o, g, cwd);
	if (a.failed) {
		err = -E2BIG;
		goto out;
	}
	g->pid = fork();
	if (g->pid < 0) {
		err = -errno;
		g->pid = 0;
	} else if (!g->pid) {
		child(p, g->input == INPUT_FILE, a.v);
	}
out:
	args_free(&a);
	return err;
}

int guest_start(struct guest *g, const struct options *o)
{
	struct plumbing p = { { -1, -1 }, { -1, -1 }, { -1, -1 }, { -1, -1 }, -1 };
	char *cwd = getcwd(NULL, 0);
	int err;

	g->input_fd = -1;
	g->janitor = -1;
	g->tty = isatty(0) && isatty(1);
	g->tty_errors = isatty(2);
	g->input = input_kind();
	err = open_plumbing(&p, o);
	if (!err && g->input == INPUT_LIVE && !g->tty && o->arch->slow_input)
		err = bulk_open(g);
	if (err)
		goto out;
	p.command = command_write(g, o, cwd ?: "/");
	err = p.command < 0 ? p.command : spawn(g, o, &p, cwd ?: "/");
	if (err)
		goto out;
	g->rx = p.out[0];
	g->tx = p.in[1];
	g->console = p.console[0];
	g->early = p.early[0];
	fcntl(g->rx, F_SETFL, O_NONBLOCK);
	fcntl(g->tx, F_SETFL, O_NONBLOCK);
	fcntl(g->console, F_SETFL, O_NONBLOCK);
	fcntl(g->early, F_SETFL, O_NONBLOCK);
	p.out[0] = -1;
	p.in[1] = -1;
	p.console[0] = -1;
	p.early[0] = -1;
out:
	close_pair(&p.in[0], &p.in[1]);
	close_pair(&p.out[0], &p.out[1]);
	close_pair(&p.console[0], &p.console[1]);
	close_pair(&p.early[0], &p.early[1]);
	if (p.command >= 0)
		close(p.command);
	free(cwd);
	return err;
}

void guest_kill(struct guest *g)
{
	if (g->pid)
		kill(g->pid, SIGKILL);
}

void guest_free(struct guest *g)
{
	guest_kill(g);
	if (g->pid)
		waitpid(g->pid, &g->status, 0);
	g->pid = 0;
	bulk_free(g);
}
