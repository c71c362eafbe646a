// SPDX-License-Identifier: GPL-2.0-only
/*
 * The simulator's side of a QEMU node, without a QEMU: what it makes of what the
 * node's process says, which may be anything.
 *
 * 1. Good messages reach the core once, with their time, size and bytes.
 * 2. Each kind of bad message ends the node, and nothing of it reaches the core.
 * 3. Random and mutated messages never break what the core relies on: frames of
 *    known interfaces, of possible sizes, in the window, in order of time.
 * 4. A full socket loses and reorders nothing of what is injected.
 * 5. A panic on the console is found, however it is cut.
 */
#include "qemu.c"

#include "kselftest.h"

#define ROUNDS	20000
#define NICS	2

static struct {
	unsigned int tx, control, console, lost, blocked, ended, moved;
	uint64_t last, now, until;
	bool broken;
	char why[160];
} core;

static struct ns_node node = { .name = "n", .nr_nics = NICS };
static struct ns_vm vm = { .cfg = &node };

static void inside(uint64_t t)
{
	if (core.ended || t < core.last || t >= core.until)
		core.broken = true;
	core.last = t;
}

void ns_sim_tx(struct ns_vm *v, uint32_t nic, uint64_t t_ns, const void *frame, size_t len)
{
	(void)v;
	(void)frame;
	inside(t_ns);
	core.tx++;
	if (nic >= NICS || len < 14 || len > NS_FRAME_MAX)
		core.broken = true;
}

void ns_sim_blocked(struct ns_vm *v, uint64_t next_ns)
{
	(void)v;
	core.blocked++;
	core.last = core.until;
	if (core.ended || next_ns < core.until)
		core.broken = true;
}

void ns_sim_control(struct ns_vm *v, uint64_t t_ns, const void *p, size_t len)
{
	(void)v;
	(void)p;
	inside(t_ns);
	core.control++;
	if (!len || len > QS_BYTES)
		core.broken = true;
}

void ns_sim_undelivered(struct ns_vm *v, uint32_t nic, uint64_t t_ns, size_t len)
{
	(void)v;
	(void)len;
	inside(t_ns);
	core.lost++;
	if (nic >= NICS)
		core.broken = true;
}

void ns_sim_console(struct ns_vm *v, const char *p, size_t len)
{
	(void)v;
	(void)p;
	(void)len;
	core.console++;
}

void ns_sim_heard(struct ns_vm *v)
{
	(void)v;
}

void ns_sim_moved(struct ns_vm *v, uint64_t t_ns)
{
	(void)v;
	core.moved++;
	if (t_ns >= core.until)
		core.broken = true;
}

void ns_sim_ended(struct ns_vm *v, int status, const char *why)
{
	(void)v;
	(void)status;
	core.ended++;
	snprintf(core.why, sizeof(core.why), "%s", why ? why : "");
}

static uint64_t state = 1;

static uint64_t rnd(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

/* A node that was granted [0, until), and the other end of its socket. */
static int open_node(struct qemu *q, uint64_t until)
{
	int p[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p))
		ksft_exit_fail_msg("no socket: %s\n", strerror(errno));
	memset(q, 0, sizeof(*q));
	memset(&core, 0, sizeof(core));
	q->vm = &vm;
	q->sock.fd = p[0];
	q->sock.ready = sock_ready;
	q->spoke = true;
	q->running = true;
	q->until = until;
	core.until = until;
	vm.priv = q;
	if (ns_loop_add(&q->sock, p[0], EPOLLIN))
		ksft_exit_fail_msg("no event loop\n");
	return p[1];
}

static void close_node(struct qemu *q, int fd)
{
	ns_loop_del(&q->sock);
	close(q->sock.fd);
	close(fd);
	free(q->out);
}

static void say(int fd, uint8_t type, uint8_t nic, uint64_t t, const void *p, uint32_t len)
{
	struct qs_msg m = { .type = type, .nic = nic, .len = len, .t = t };
	struct iovec v[] = { { &m, sizeof(m) }, { (void *)p, len } };

	if (writev(fd, v, len ? 2 : 1) < 0)
		ksft_exit_fail_msg("cannot send %u bytes: %s\n", len, strerror(errno));
}

static char zeros[QS_PAYLOAD + 64];

static void good_messages(void)
{
	struct qs_blocked b = { .next = 2000 };
	uint32_t len = 60;
	struct qemu q;
	int fd = open_node(&q, 1000);

	say(fd, QS_FRAME, 0, 0, zeros, QS_FRAME_MIN);
	say(fd, QS_FRAME, 1, 999, zeros, NS_FRAME_MAX);
	say(fd, QS_MOVED, 0, 500, NULL, 0);
	say(fd, QS_CONTROL, 0, 999, zeros, QS_BYTES);
	say(fd, QS_CONSOLE, 0, 999, "x\n", 2);
	say(fd, QS_UNDELIVERED, 1, 999, &len, sizeof(len));
	say(fd, QS_BLOCKED, 0, 1000, &b, sizeof(b));
	sock_read(&q);
	ksft_test_result(core.tx == 2 && core.control == 1 && core.console == 1 &&
			 core.lost == 1 && core.blocked == 1 && !core.ended && !core.broken,
			 "good messages reach the core\n");
	close_node(&q, fd);
}

static const struct bad {
	const char *what;
	uint8_t type, nic;
	uint64_t t;
	uint32_t len;
} bads[] = {
	{ "frame at the window's end", QS_FRAME, 0, 1000, 60 },
	{ "frame before the last one", QS_FRAME, 0, 9, 60 },
	{ "frame of an unknown interface", QS_FRAME, NICS, 20, 60 },
	{ "frame too short", QS_FRAME, 0, 20, 13 },
	{ "frame too long", QS_FRAME, 0, 20, NS_FRAME_MAX + 1 },
	{ "empty words", QS_CONTROL, 0, 20, 0 },
	{ "too many words", QS_CONTROL, 0, 20, QS_BYTES + 1 },
	{ "console after the window", QS_CONSOLE, 0, 1000, 1 },
	{ "lost frame without a size", QS_UNDELIVERED, 0, 20, 0 },
	{ "lost frame of an unknown interface", QS_UNDELIVERED, 9, 20, 4 },
	{ "early end of the window", QS_BLOCKED, 0, 999, sizeof(struct qs_blocked) },
	{ "next event in the past", QS_BLOCKED, 0, 1000, sizeof(struct qs_blocked) },
	{ "report of the wrong size", QS_BLOCKED, 0, 1000, 8 },
	{ "moved, with words", QS_MOVED, 0, 20, 8 },
	{ "grant from the wrong side", QS_GRANT, 0, 20, 0 },
	{ "unknown type", 200, 0, 20, 0 },
};

static void bad_messages(void)
{
	unsigned int before, i;
	struct qemu q;
	int fd;

	for (i = 0; i < sizeof(bads) / sizeof(*bads); i++) {
		const struct bad *b = &bads[i];

		fd = open_node(&q, 1000);
		say(fd, QS_FRAME, 0, 10, zeros, 60);
		say(fd, b->type, b->nic, b->t, zeros, b->len);
		say(fd, QS_FRAME, 0, 500, zeros, 60);
		sock_read(&q);
		before = core.tx + core.control + core.console + core.lost + core.blocked;
		ksft_test_result(core.ended == 1 && before == 1 && !core.broken,
				 "%s: the node ends (%s)\n", b->what, core.why);
		close_node(&q, fd);
	}
	fd = open_node(&q, 1000);
	if (write(fd, zeros, sizeof(struct qs_msg) - 1) < 0)
		ksft_exit_fail_msg("cannot send\n");
	sock_read(&q);
	ksft_test_result(core.ended == 1, "half a header: the node ends\n");
	close_node(&q, fd);
}

/* Mostly right, so that much of it comes far. */
static void random_message(int fd, uint64_t *t, uint64_t until)
{
	union {
		struct {
			struct qs_msg m;
			struct qs_blocked b;
		} s;
		unsigned char bytes[sizeof(struct qs_msg) + 200];
	} u = { .s.m = { .type = 1 + rnd(7), .nic = rnd(NICS) } };
	size_t n, i;

	*t += rnd(40);
	u.s.m.t = *t;
	u.s.m.len = rnd(200);
	if (u.s.m.type == QS_BLOCKED) {
		u.s.m.len = sizeof(u.s.b);
		u.s.m.t = until + rnd(2);
		u.s.b.next = u.s.m.t + rnd(1000);
	}
	if (u.s.m.type == QS_UNDELIVERED)
		u.s.m.len = sizeof(uint32_t);
	if (u.s.m.type == QS_MOVED)
		u.s.m.len = 0;
	n = sizeof(u.s.m) + u.s.m.len;
	for (i = rnd(8) ? 0 : 1 + rnd(3); i; i--)
		u.bytes[rnd(n)] ^= 1u << rnd(8);
	if (!rnd(16))
		n = rnd(n + 1);
	if (n && write(fd, &u, n) < 0)
		ksft_exit_fail_msg("cannot send: %s\n", strerror(errno));
}

static void random_messages(void)
{
	uint64_t far = 0, t, until;
	struct qemu q;
	int fd, i, j;

	for (i = 0; i < ROUNDS && !core.broken; i++) {
		until = 1 + rnd(2000);
		fd = open_node(&q, until);
		for (t = 0, j = rnd(20); j; j--)
			random_message(fd, &t, until);
		sock_read(&q);
		if (core.ended > 1)
			core.broken = true;
		far += core.tx + core.control;
		close_node(&q, fd);
		if (core.broken)
			ksft_print_msg("round %d\n", i);
	}
	ksft_print_msg("%llu frames and words were right\n", (unsigned long long)far);
	ksft_test_result(!core.broken && far > ROUNDS / 4,
			 "%d rounds of random messages: nothing impossible reaches the core\n",
			 ROUNDS);
}

#define MANY	2000

static void full_socket(void)
{
	static struct { struct qs_msg m; unsigned int nr; char rest[1500]; } in;
	static unsigned int numbers[MANY][400];
	unsigned int i, seen = 0, granted = 0;
	bool was_full, ordered = true;
	struct qemu q;
	int fd = open_node(&q, 0);

	q.running = false;
	for (i = 0; i < MANY; i++) {
		numbers[i][0] = i;
		inject(&vm, 0, i, numbers[i], sizeof(numbers[i]) / 2);
	}
	if (grant(&vm, MANY))
		ordered = false;
	was_full = q.waits;
	while (!granted && recv(fd, &in, sizeof(in), 0) > 0) {
		if (in.m.type == QS_GRANT)
			granted = 1;
		else if (in.nr != seen++ || in.m.t != in.nr)
			ordered = false;
		/* as the loop does when there is room again */
		if (q.waits)
			sock_ready(&q.sock, EPOLLOUT);
	}
	ksft_test_result(was_full && ordered && granted && seen == MANY && !core.ended,
			 "a full socket: %u frames, then the grant, in order\n", seen);
	close_node(&q, fd);
}

static void panic_words(void)
{
	static const char text[] = "[1.0] Kernel panic - not syncing: Fatal\r\nmore\n";
	struct qemu q;
	int fd = open_node(&q, 1000);
	size_t i;

	for (i = 0; i < sizeof(text) - 1; i++)
		on_console(&q, text + i, 1);
	ksft_test_result(!strncmp(q.panic, "Kernel panic - not syncing: Fatal", 33),
			 "a panic is found: %s\n", q.panic);
	close_node(&q, fd);
}

int main(void)
{
	ksft_print_header();
	ksft_set_plan(1 + sizeof(bads) / sizeof(*bads) + 1 + 3);
	if (ns_loop_open())
		ksft_exit_fail_msg("no event loop\n");
	good_messages();
	bad_messages();
	random_messages();
	full_socket();
	panic_words();
	ns_loop_close();
	ksft_finished();
}
