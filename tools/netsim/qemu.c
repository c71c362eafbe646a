// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nodes that are unmodified QEMUs, exact to the ns: TCG with an instruction
 * counter as clock, stopped by what is preloaded into them (qemu_shim.c).
 *
 * Between two windows the shim waits for us, so what is injected is only written,
 * never waited for; what a full socket does not take waits for room. Everything
 * that the process says passes qs_check() first: it may be in the hands of its
 * guest.
 *
 * A node ends when its process ends. QEMU's status is 0 for a power off and for
 * the reset that follows a panic, so that a panic is told by the kernel's words on
 * the console; an end without a word is noticed by guest.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "initramfs.h"
#include "process.h"
#include "qemu.h"

#define PANIC		"Kernel panic - not syncing: "
#define SOCKET_BYTES	(1024 * 1024)
#define BATCH		64	/* datagrams read before others have their turn */

const char *qs_check(const struct qemu *q, const struct qs_msg *m, size_t n)
{
	const struct qs_blocked *b = (const void *)(m + 1);
	bool inside = q->running && m->t >= q->last && m->t < q->until;

	if (n < sizeof(*m) || n - sizeof(*m) != m->len)
		return "a message that is cut";
	switch (m->type) {
	case QS_FRAME:
		if (!inside)
			return "a frame at a time that it was not given";
		if (m->nic >= q->vm->cfg->nr_nics)
			return "a frame of an interface that it has not";
		if (m->len < QS_FRAME_MIN || m->len > NS_FRAME_MAX)
			return "a frame of an impossible size";
		return NULL;
	case QS_CONTROL:
	case QS_CONSOLE:
		if (!inside)
			return "words at a time that it was not given";
		return !m->len || m->len > QS_BYTES ? "words of an impossible size" : NULL;
	case QS_UNDELIVERED:
		if (!inside || m->nic >= q->vm->cfg->nr_nics || m->len != sizeof(uint32_t))
			return "a lost frame that it was not sent";
		return NULL;
	case QS_BLOCKED:
		if ((q->spoke && !q->running) || m->t < q->until || m->t < q->last)
			return "an end of a window that it was not given";
		return m->len != sizeof(*b) || b->next < m->t ? "an impossible report" : NULL;
	case QS_MOVED:
		return m->len || m->t > INT64_MAX ? "an impossible time" : NULL;
	default:
		return "a message of unknown type";
	}
}

static void fail(struct qemu *q, const char *why)
{
	char text[128];

	if (q->dead)
		return;
	q->dead = true;
	snprintf(text, sizeof(text), "its QEMU sent %s", why);
	ns_sim_ended(q->vm, 0, text);
}

/* The console, also searched for a panic; the first one counts. */
static void on_console(struct qemu *q, const char *p, size_t len)
{
	const char *found;
	size_t i;

	ns_sim_console(q->vm, p, len);
	for (i = 0; i < len; i++) {
		if (p[i] != '\n' && q->line_len < sizeof(q->line) - 1) {
			q->line[q->line_len++] = p[i] == '\r' || !p[i] ? ' ' : p[i];
			continue;
		}
		q->line[q->line_len] = '\0';
		q->line_len = 0;
		found = strstr(q->line, PANIC);
		if (found && !*q->panic)
			snprintf(q->panic, sizeof(q->panic), "%s", found);
	}
}

static void on_blocked(struct qemu *q, const struct qs_msg *m)
{
	const struct qs_blocked *b = (const void *)(m + 1);
	struct ns_vm *vm = q->vm;
	uint64_t late = q->spoke && m->t > q->until ? m->t - q->until : 0;

	if (late) {
		q->slow++;
		if (late > vm->late_max_ns)
			vm->late_max_ns = late;
	}
	vm->late_frames = b->late + q->slow;
	if (b->late_max_ns > vm->late_max_ns)
		vm->late_max_ns = b->late_max_ns;
	q->spoke = true;
	q->running = false;
	ns_sim_blocked(vm, b->next);
}

static void on_message(struct qemu *q, const struct qs_msg *m)
{
	uint32_t len;

	switch (m->type) {
	case QS_FRAME:
		ns_sim_tx(q->vm, m->nic, m->t, m + 1, m->len);
		break;
	case QS_CONTROL:
		ns_sim_control(q->vm, m->t, m + 1, m->len);
		break;
	case QS_CONSOLE:
		on_console(q, (const char *)(m + 1), m->len);
		break;
	case QS_UNDELIVERED:
		memcpy(&len, m + 1, sizeof(len));
		ns_sim_undelivered(q->vm, m->nic, m->t, len);
		break;
	case QS_BLOCKED:
		on_blocked(q, m);
		break;
	case QS_MOVED:
		/* of a thread of its own: it may come after the end of its window */
		if (q->running && m->t > q->last && m->t < q->until) {
			ns_sim_heard(q->vm);
			ns_sim_moved(q->vm, m->t);
		}
		return;
	}
	q->last = m->t;
}

/* Reads what there is, at most a batch. False at the end. */
static bool sock_read(struct qemu *q)
{
	static union {
		struct qs_msg m;
		char bytes[sizeof(struct qs_msg) + QS_PAYLOAD + 1];
	} buf;
	const char *wrong;
	unsigned int i;
	ssize_t n;

	for (i = 0; i < BATCH && !q->dead; i++) {
		n = recv(q->sock.fd, &buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if (!n)
			return false;
		wrong = qs_check(q, &buf.m, n);
		if (wrong)
			fail(q, wrong);
		else
			on_message(q, &buf.m);
	}
	return true;
}

/* Sends what waits, as far as there is room. */
static int push(struct qemu *q)
{
	while (q->out_at < q->out_nr) {
		struct qemu_out *o = &q->out[q->out_at];
		struct iovec v[] = {
			{ .iov_base = &o->m, .iov_len = sizeof(o->m) },
			{ .iov_base = (void *)o->p, .iov_len = o->m.len },
		};
		struct msghdr msg = { .msg_iov = v, .msg_iovlen = o->m.len ? 2 : 1 };

		if (sendmsg(q->sock.fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
			q->out_at++;
			continue;
		}
		/* its end is told by its process */
		if (errno == EPIPE || errno == ECONNRESET)
			break;
		if (errno != EINTR)
			return -errno;
	}
	q->out_at = 0;
	q->out_nr = 0;
	return 0;
}

static void sock_ready(struct ns_source *source, uint32_t events);

static int watch_sock(struct qemu *q, bool waits)
{
	int fd = q->sock.fd;

	if (waits == q->waits)
		return 0;
	ns_loop_del(&q->sock);
	q->waits = waits;
	q->sock.ready = sock_ready;
	return ns_loop_add(&q->sock, fd, EPOLLIN | (waits ? EPOLLOUT : 0));
}

static int flush(struct qemu *q)
{
	int err = push(q);

	if (err && err != -EAGAIN)
		return err;
	return watch_sock(q, err == -EAGAIN);
}

static void sock_ready(struct ns_source *source, uint32_t events)
{
	struct qemu *q = (struct qemu *)((char *)source - offsetof(struct qemu, sock));

	if (q->dead) {
		ns_loop_del(source);
		return;
	}
	if (events & EPOLLOUT && flush(q)) {
		fail(q, "nothing, and takes nothing");
		return;
	}
	/* how it ended says the process */
	if (!sock_read(q))
		ns_loop_del(source);
}

static bool errors_read(struct qemu *q)
{
	char buf[4096];
	ssize_t n;

	for (;;) {
		n = read(q->errors.fd, buf, sizeof(buf));
		if (n <= 0)
			return n < 0 && (errno == EAGAIN || errno == EINTR);
		on_console(q, buf, n);
	}
}

static void errors_ready(struct ns_source *source, uint32_t events)
{
	struct qemu *q = (struct qemu *)((char *)source - offsetof(struct qemu, errors));

	(void)events;
	if (!errors_read(q))
		ns_loop_del(source);
}

static void exited(struct ns_source *source, uint32_t events)
{
	struct qemu *q = (struct qemu *)((char *)source - offsetof(struct qemu, exit));
	char why[192];
	int status = 0;

	(void)events;
	if (waitpid(q->pid, &status, WNOHANG) != q->pid)
		return;
	q->pid = 0;
	ns_loop_del(source);
	if (q->dead)
		return;
	/* all that it said before */
	while (!q->dead && recv(q->sock.fd, why, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
		sock_read(q);
	errors_read(q);
	if (q->dead)
		return;
	q->dead = true;
	if (*q->panic)
		snprintf(why, sizeof(why), "its kernel died: %s", q->panic);
	else if (!WIFEXITED(status))
		snprintf(why, sizeof(why), "its QEMU was killed by signal %d", WTERMSIG(status));
	else if (!q->spoke || WEXITSTATUS(status))
		snprintf(why, sizeof(why), "its QEMU %s, status %d",
			 q->spoke ? "failed" : "did not start", WEXITSTATUS(status));
	else
		*why = '\0';
	ns_sim_ended(q->vm, status, *why ? why : NULL);
}

static void stop(struct ns_vm *vm)
{
	struct qemu *q = vm->priv;

	if (!q)
		return;
	q->dead = true;
	ns_process_kill(q->pid);
	if (q->errors.fd >= 0)
		errors_read(q);
	ns_loop_close_source(&q->sock);
	ns_loop_close_source(&q->errors);
	ns_loop_close_source(&q->exit);
	free(q->out);
	free(q);
	vm->priv = NULL;
}

static int open_sock(struct qemu *q, int *theirs)
{
	int p[2], bytes = SOCKET_BYTES, i;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p))
		return -errno;
	/* more room means fewer turns; as much as the host allows */
	for (i = 0; i < 2; i++)
		if (setsockopt(p[i], SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)))
			setsockopt(p[i], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	q->sock.ready = sock_ready;
	*theirs = p[1];
	i = ns_loop_add(&q->sock, p[0], EPOLLIN);
	if (!i)
		return 0;
	close(p[0]);
	close(p[1]);
	*theirs = -1;
	return i;
}

static int open_errors(struct qemu *q, int *theirs)
{
	int p[2], err;

	if (pipe2(p, O_CLOEXEC))
		return -errno;
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	q->errors.ready = errors_ready;
	*theirs = p[1];
	err = ns_loop_add(&q->errors, p[0], EPOLLIN);
	if (!err)
		return 0;
	close(p[0]);
	close(p[1]);
	*theirs = -1;
	return err;
}

static int open_process(struct qemu *q)
{
	int sock = -1, errors = -1, err;
	int initramfs = ns_initramfs(q->vm);

	if (initramfs < 0)
		return initramfs;
	err = open_sock(q, &sock);
	if (!err)
		err = open_errors(q, &errors);
	if (!err)
		err = qemu_spawn(q, sock, errors, initramfs);
	close(initramfs);
	if (sock >= 0)
		close(sock);
	if (errors >= 0)
		close(errors);
	if (err)
		return err;
	q->exit.ready = exited;
	return ns_process_watch(&q->exit, q->pid);
}

static int start(struct ns_vm *vm)
{
	const char *why = qemu_missing(vm->boot);
	struct qemu *q = why ? NULL : calloc(1, sizeof(*q));
	int err;

	if (why) {
		fprintf(stderr, "netsim: node %s: %s\n", vm->cfg->name, why);
		return -ENOENT;
	}
	if (!q)
		return -ENOMEM;
	q->vm = vm;
	q->sock.fd = -1;
	q->errors.fd = -1;
	q->exit.fd = -1;
	vm->priv = q;
	err = open_process(q);
	if (err)
		fprintf(stderr, "netsim: node %s: cannot run a QEMU in %s: %s\n",
			vm->cfg->name, vm->dir, strerror(-err));
	return err;
}

static int add_out(struct qemu *q, const struct qs_msg *m, const void *p)
{
	if (q->out_nr == q->out_size) {
		size_t size = q->out_size ? 2 * q->out_size : 16;
		struct qemu_out *more = realloc(q->out, size * sizeof(*more));

		if (!more)
			return -ENOMEM;
		q->out = more;
		q->out_size = size;
	}
	q->out[q->out_nr++] = (struct qemu_out){ *m, p };
	return 0;
}

static int inject(struct ns_vm *vm, uint32_t nic, uint64_t t_ns, const void *frame, size_t len)
{
	struct qs_msg m = { .type = QS_FRAME, .nic = nic, .len = len, .t = t_ns };

	return add_out(vm->priv, &m, frame);
}

static int control(struct ns_vm *vm, uint64_t t_ns, const void *p, size_t len)
{
	struct qs_msg m = { .type = QS_CONTROL, .t = t_ns };
	int err = 0;

	for (; len && !err; len -= m.len) {
		m.len = len < QS_BYTES ? len : QS_BYTES;
		err = add_out(vm->priv, &m, p);
		p = (const char *)p + m.len;
	}
	return err;
}

static int grant(struct ns_vm *vm, uint64_t until_ns)
{
	struct qs_msg m = { .type = QS_GRANT, .t = until_ns };
	struct qemu *q = vm->priv;

	q->until = until_ns;
	q->running = true;
	return add_out(q, &m, NULL) ?: flush(q);
}

const struct ns_backend ns_backend_qemu = {
	.name = "qemu",
	.exact = true,
	.cpu_model = "1 ns for each instruction; 1 us until the network card looks",
	.missing = qemu_missing,
	.start = start,
	.inject = inject,
	.control = control,
	.grant = grant,
	.stop = stop,
};
