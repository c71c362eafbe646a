// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nodes that are user-mode kernels: ordinary processes without root, image or TAP.
 *
 * What the kernel wants of clock and devices is answered in its own process, by
 * what is preloaded into it (um_shim.c). Here is the other end of um_proto.h: a
 * window's input is written into shared memory, granted, and its output read
 * from there when the node blocks. The guest may write that memory at any time,
 * and say anything on its socket; um_take() believes nothing and ends the node
 * at the first thing that cannot be.
 *
 * When a node powers off its process ends with status 0. A panic aborts it; the
 * words come from the console, which is read to its end first.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"
#include "um.h"
#include "um_take.h"

#define CONSOLE_PIPE	(256 * 1024)

static const char *missing(const struct ns_boot *boot)
{
	if (!boot->kernel_um || access(boot->kernel_um, R_OK | X_OK))
		return "no user-mode kernel; build it with: scripts/kernel build";
	return sandbox_missing();
}

static void fail(struct um *um, const char *why)
{
	if (um->dead)
		return;
	um->dead = true;
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

static void record(void *arg, const struct um_record *r, const unsigned char *bytes)
{
	struct um *um = arg;

	switch (r->kind) {
	case UM_FRAME:
		ns_sim_tx(um->vm, r->dev, r->time, bytes, r->len);
		break;
	case UM_CONTROL:
		ns_sim_moved(um->vm, r->time);
		ns_sim_control(um->vm, r->time, bytes, r->len);
		break;
	case UM_UNDELIVERED:
		ns_sim_undelivered(um->vm, r->dev, r->time, r->size);
		break;
	}
}

static int tell(struct um *um, enum um_op op, uint32_t bytes, uint64_t time)
{
	struct um_message m = { op, bytes, time };

	/* a node that has just died says so by itself */
	if (send(um->channel.fd, &m, sizeof(m), MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof(m) ||
	    errno == EPIPE || errno == ECONNRESET)
		return 0;
	return -errno;
}

static void heard(struct um *um, const struct um_message *m)
{
	const struct ns_vm *vm = um->vm;
	const char *why;

	if (vm->state != NS_RUNNING && (um->spoke || m->op != UM_BLOCKED)) {
		fail(um, "speaks out of turn");
		return;
	}
	why = um_take(um->memory->out, m->bytes, vm->now, vm->until, vm->cfg->nr_nics, record, um);
	if (why) {
		fail(um, why);
		return;
	}
	if (vm->state == NS_ENDED)
		return;
	um->spoke = true;
	if (m->op == UM_BLOCKED)
		ns_sim_blocked(um->vm, m->time);
	else if (m->op != UM_FLUSH || tell(um, UM_FLUSHED, 0, 0))
		fail(um, "says something unknown to its simulator");
}

static void channel_ready(struct ns_source *source, uint32_t events)
{
	struct um *um = (struct um *)((char *)source - offsetof(struct um, channel));
	struct um_message m;
	ssize_t n = recv(source->fd, &m, sizeof(m), MSG_DONTWAIT | MSG_TRUNC);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	ns_sim_heard(um->vm);
	if (n == sizeof(m)) {
		heard(um, &m);
		return;
	}
	/* Its end; the process's status tells which. */
	ns_loop_del(source);
	if (n > 0)
		fail(um, "says something unknown to its simulator");
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
	/* its last words to the simulator come before its end, whatever epoll says */
	while (!um->dead && um->vm->state == NS_RUNNING) {
		struct um_message m;

		if (recv(um->channel.fd, &m, sizeof(m), MSG_DONTWAIT | MSG_TRUNC) != sizeof(m))
			break;
		heard(um, &m);
	}
	console_read(um);
	um->dead = true;
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

static void stop(struct ns_vm *vm)
{
	struct um *um = vm->priv;

	if (!um)
		return;
	um->dead = true;
	ns_process_kill(um->pid);
	if (um->console.fd >= 0)
		console_read(um);
	ns_loop_close_source(&um->channel);
	ns_loop_close_source(&um->console);
	ns_loop_close_source(&um->exit);
	if (um->memory)
		munmap(um->memory, sizeof(*um->memory));
	if (um->memory_fd >= 0)
		close(um->memory_fd);
	free(um);
	vm->priv = NULL;
}

static int open_memory(struct um *um)
{
	const struct ns_config *cfg = um->vm->config;
	struct um_memory *m;
	uint32_t i;

	um->memory_fd = memfd_create("netsim", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (um->memory_fd < 0)
		return -errno;
	/* sealed, so that the guest cannot take it away from under us */
	if (ftruncate(um->memory_fd, sizeof(*m)) ||
	    fcntl(um->memory_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return -errno;
	m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE, MAP_SHARED, um->memory_fd, 0);
	if (m == MAP_FAILED)
		return -errno;
	um->memory = m;
	m->seed = cfg->seed * NS_NODES_MAX + um->vm->id;
	m->epoch_ns = cfg->epoch_s * 1000000000ull;
	m->nr_nics = um->vm->cfg->nr_nics;
	for (i = 0; i < m->nr_nics; i++)
		memcpy(m->macs[i], um->vm->cfg->nics[i].mac, 6);
	return 0;
}

static int listen_to(struct ns_source *source, int fd)
{
	int err = ns_loop_add(source, fd, EPOLLIN);

	if (err) {
		close(fd);
		source->fd = -1;
	}
	return err;
}

static int open_process(struct um *um)
{
	int console[2], channel[2], err;

	if (pipe2(console, O_CLOEXEC))
		return -errno;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel)) {
		err = -errno;
		close(console[0]);
		close(console[1]);
		return err;
	}
	/* room for a burst, so that the guest never waits for us to read it */
	fcntl(console[1], F_SETPIPE_SZ, CONSOLE_PIPE);
	fcntl(console[0], F_SETFL, O_NONBLOCK);
	err = um_spawn(um, console[1], channel[1]);
	close(console[1]);
	close(channel[1]);
	if (!err)
		err = listen_to(&um->console, console[0]);
	else
		close(console[0]);
	if (!err)
		err = listen_to(&um->channel, channel[0]);
	else
		close(channel[0]);
	if (err)
		return err;
	return ns_process_watch(&um->exit, um->pid);
}

static int start(struct ns_vm *vm)
{
	const char *why = missing(vm->boot);
	struct um *um = why ? NULL : calloc(1, sizeof(*um));
	int err;

	if (why) {
		fprintf(stderr, "netsim: node %s: %s\n", vm->cfg->name, why);
		return -ENOENT;
	}
	if (!um)
		return -ENOMEM;
	*um = (struct um){
		.vm = vm, .memory_fd = -1, .channel = { -1, channel_ready },
		.console = { -1, console_ready }, .exit = { -1, exited },
	};
	vm->priv = um;
	err = open_memory(um);
	if (!err)
		err = open_process(um);
	if (err)
		fprintf(stderr, "netsim: node %s: cannot run a user-mode kernel in %s: %s\n",
			vm->cfg->name, vm->dir, strerror(-err));
	return err;
}

static int input(struct ns_vm *vm, enum um_kind kind, unsigned int dev, uint64_t t_ns,
		 const void *p, size_t len)
{
	struct um *um = vm->priv;
	struct um_record *r = (void *)(um->memory->in + um->in_bytes);

	if (um_record_bytes(len) > UM_IN_BYTES - um->in_bytes)
		return -ENOBUFS;
	*r = (struct um_record){ .time = t_ns, .len = len, .kind = kind, .dev = dev };
	memcpy(r + 1, p, len);
	um->in_bytes += um_record_bytes(len);
	return 0;
}

static int inject(struct ns_vm *vm, uint32_t nic, uint64_t t_ns, const void *frame, size_t len)
{
	return input(vm, UM_FRAME, nic, t_ns, frame, len);
}

static int control(struct ns_vm *vm, uint64_t t_ns, const void *p, size_t len)
{
	return input(vm, UM_CONTROL, vm->cfg->nr_nics, t_ns, p, len);
}

static int grant(struct ns_vm *vm, uint64_t until_ns)
{
	struct um *um = vm->priv;
	uint32_t bytes = um->in_bytes;

	um->in_bytes = 0;
	return tell(um, UM_GRANT, bytes, until_ns);
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
