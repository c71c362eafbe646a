// SPDX-License-Identifier: GPL-2.0-only
/* The process of a node; see process.h. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

static void child(char **argv, int (*place)(void *ctx), void *ctx)
{
	struct rlimit none = { 0, 0 };
	sigset_t set;

	setsid();
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signal(SIGPIPE, SIG_DFL);
	setrlimit(RLIMIT_CORE, &none);
	if (place(ctx) < 0)
		_exit(126);
	execvp(argv[0], argv);
	dprintf(2, "netsim: cannot run %s: %s; install bubblewrap\n", argv[0], strerror(errno));
	_exit(127);
}

int ns_process_spawn(struct args *a, int (*place)(void *ctx), void *ctx, pid_t *pid)
{
	int err = a->failed ? -E2BIG : 0;

	*pid = 0;
	if (!err) {
		*pid = fork();
		if (!*pid)
			child(a->v, place, ctx);
		if (*pid < 0) {
			err = -errno;
			*pid = 0;
		}
	}
	args_free(a);
	return err;
}

int ns_process_watch(struct ns_source *exit, pid_t pid)
{
	int fd = syscall(SYS_pidfd_open, pid, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = ns_loop_add(exit, fd, EPOLLIN);
	if (err) {
		close(fd);
		exit->fd = -1;
	}
	return err;
}

void ns_process_kill(pid_t pid)
{
	if (pid <= 0)
		return;
	/* bubblewrap's child dies with it, and its namespace with that */
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
