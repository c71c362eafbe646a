// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nodes that are user-mode kernels: ordinary processes without root, image or TAP.
 *
 * Three things end a node, in this order when it powers off: its clock's socket
 * closes, its console closes, its process ends. The last one decides: status 0 is
 * a clean end. A panic aborts the process; its words come from the console.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "um.h"

#define CONSOLE_PIPE	(256 * 1024)

static const char *missing(const struct ns_boot *boot)
{
	if (!boot->kernel_um || access(boot->kernel_um, R_OK | X_OK))
		return "no user-mode kernel; build it with: scripts/kernel build";
	if (access("/usr/bin/bwrap", X_OK))
		return "no bwrap; install the package bubblewrap";
	return NULL;
}

void um_fail(struct um *um, const char *why)
{
	if (um->state == UM_DEAD)
		return;
	um->state = UM_DEAD;
	ns_sim_ended(um->vm, 0, why);
}

/* Reads what there is. False at its end. */
static bool console_read(struct um *um)
{
	char buffer[16384];
	ssize_t n;

	for (;;) {
		n = read(um->console.fd, buffer, sizeof(buffer));
		if (n > 0)
			ns_sim_console(um->vm, buffer, n);
		else
			return n < 0 && (errno == EAGAIN || errno == EINTR);
	}
}

static void console_ready(struct ns_source *source, uint32_t events)
{
	struct um *um = (struct um *)((char *)source - offsetof(struct um, console));

	(void)events;
	if (!console_read(um))
		ns_loop_del(source);
}

static void exited(struct ns_source *source, uint32_t events)
{
	struct um *um = (struct um *)((char *)source - offsetof(struct um, exit));
	int status = 0;
	char why[80];

	(void)events;
	if (waitpid(um->pid, &status, WNOHANG) != um->pid)
		return;
	um->pid = 0;
	ns_loop_del(source);
	console_read(um);
	um->state = UM_DEAD;
	if (WIFEXITED(status) && !WEXITSTATUS(status) && um->spoke) {
		ns_sim_ended(um->vm, status, NULL);
		return;
	}
	if (WIFEXITED(status))
		snprintf(why, sizeof(why), "%s, status %d",
			 um->spoke ? "its kernel died" : "did not boot", WEXITSTATUS(status));
	else
		snprintf(why, sizeof(why), "was killed by signal %d", WTERMSIG(status));
	ns_sim_ended(um->vm, status, why);
}

static void close_source(struct ns_source *source)
{
	if (source->fd < 0)
		return;
	ns_loop_del(source);
	close(source->fd);
	source->fd = -1;
}

static void stop(struct ns_vm *vm)
{
	struct um *um = vm->priv;
	unsigned int i;

	if (!um)
		return;
	um->state = UM_DEAD;
	if (um->pid > 0) {
		/* bubblewrap's child dies with it, and its namespace with that */
		kill(um->pid, SIGKILL);
		waitpid(um->pid, NULL, 0);
	}
	if (um->console.fd >= 0)
		console_read(um);
	um_sockets_free(um);
	for (i = 0; i < um->nr_devs; i++)
		um_dev_free(&um->devs[i]);
	close_source(&um->sock);
	close_source(&um->console);
	close_source(&um->exit);
	um_clock_free(um);
	free(um);
	vm->priv = NULL;
}

static struct um *um_new(struct ns_vm *vm)
{
	struct um *um = calloc(1, sizeof(*um));
	unsigned int i;

	if (!um)
		return NULL;
	um->vm = vm;
	um->clock_fd = -1;
	um->listen.fd = -1;
	um->sock.fd = -1;
	um->console.fd = -1;
	um->exit.fd = -1;
	um->nr_devs = vm->cfg->nr_nics + 1;
	for (i = 0; i < um->nr_devs; i++) {
		um->devs[i].listen.fd = -1;
		um->devs[i].sock.fd = -1;
		um->devs[i].req.fd = -1;
	}
	vm->priv = um;
	return um;
}

static int open_sockets(struct um *um)
{
	unsigned int i;
	int fd, err;

	fd = um_listen(um, "time");
	if (fd < 0)
		return fd;
	um->listen.ready = um_clock_accept;
	err = ns_loop_add(&um->listen, fd, EPOLLIN);
	for (i = 0; i < um->nr_devs && !err; i++)
		err = um_dev_init(um, i);
	return err;
}

static int open_process(struct um *um)
{
	int p[2], err, fd;

	if (pipe2(p, O_CLOEXEC))
		return -errno;
	/* room for a burst, so that the guest never waits for us to read it */
	fcntl(p[1], F_SETPIPE_SZ, CONSOLE_PIPE);
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	err = um_spawn(um, p[1]);
	close(p[1]);
	um->console.ready = console_ready;
	if (err || (err = ns_loop_add(&um->console, p[0], EPOLLIN))) {
		close(p[0]);
		um->console.fd = -1;
		return err;
	}
	fd = syscall(SYS_pidfd_open, um->pid, 0);
	if (fd < 0)
		return -errno;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	um->exit.ready = exited;
	return ns_loop_add(&um->exit, fd, EPOLLIN);
}

static int start(struct ns_vm *vm)
{
	const char *why = missing(vm->boot);
	struct um *um = why ? NULL : um_new(vm);
	int err = um ? 0 : -ENOMEM;

	if (why) {
		fprintf(stderr, "netsim: node %s: %s\n", vm->cfg->name, why);
		return -ENOENT;
	}
	if (!err)
		err = vu_guard();
	if (!err)
		err = um_clock_init(um);
	if (!err)
		err = open_sockets(um);
	if (!err)
		err = open_process(um);
	if (err)
		fprintf(stderr, "netsim: node %s: cannot start a user-mode kernel in %s: %s\n",
			vm->cfg->name, vm->dir, strerror(-err));
	return err;
}

static int inject(struct ns_vm *vm, uint32_t nic, uint64_t t_ns, const void *frame, size_t len)
{
	return um_clock_input(vm->priv, t_ns, nic, frame, len);
}

static int control(struct ns_vm *vm, uint64_t t_ns, const void *p, size_t len)
{
	return um_clock_input(vm->priv, t_ns, vm->cfg->nr_nics, p, len);
}

static int grant(struct ns_vm *vm, uint64_t until_ns)
{
	return um_clock_grant(vm->priv, until_ns);
}

const struct ns_backend ns_backend_um = {
	.name = "um",
	.exact = true,
	.cpu_model = "free: computing takes no virtual time",
	.missing = missing,
	.start = start,
	.inject = inject,
	.control = control,
	.grant = grant,
	.stop = stop,
};
