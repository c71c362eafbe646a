// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into a user-mode kernel: the far end of everything by which that kernel
 * reaches the outside, so that it needs the simulator once for each window.
 *
 * A user-mode kernel with time-travel=ext: asks a controller for time over a
 * socket (the kernel's include/uapi/linux/um_timetravel.h), and its virtio
 * devices are processes behind sockets too. Each message would be two switches
 * between processes, six for each frame. So the few calls of the C library that
 * carry them are taken over here, and answered in the process itself:
 *
 *	START	an ACK with memory that holds the clock. The kernel then writes its
 *		requests there instead of sending them, and runs freely up to the
 *		time it finds there as the end
 *	WAIT	the node stands still at `want`. What arrives first is put into
 *		the guest's memory at its time, then RUN; with nothing left in the
 *		window, BLOCKED goes to the simulator, and its GRANT opens the next
 *	kick	of a device: what is in its ring leaves now, see um_shim_dev.c
 *
 * The kernel made that memory for one calendar of many nodes, of which one runs
 * at a time. Here each node is alone in its own and always the one that runs.
 *
 * An interrupt is a byte stream that the kernel gets SIGIO for. While it stands
 * still, in poll(), it handles that before send() returns: asks for the time of
 * the interrupt, and lowers the free time to it. So both are set anew after
 * that. Where the same interrupt was pending already it asks for nothing, and is
 * left alone until the time it did ask for: RUN at a time without an event is a
 * BUG in its time_travel_update_time().
 *
 * getrandom() is the only true randomness of such a kernel; here it depends
 * on the seed alone (SplitMix64: Steele, Lea and Flood, OOPSLA 2014).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "um_shim.h"

enum {
	TT_ACK, TT_START, TT_REQUEST, TT_WAIT, TT_GET, TT_UPDATE, TT_RUN, TT_FREE_UNTIL,
	TT_GET_TOD, TT_BROADCAST
};

struct tt_message {
	uint32_t op, seq;
	uint64_t time;
};

#define CLOCK_VERSION	2
#define CLOCK_BYTES	8192u
#define CLIENT_SHARES	1u		/* in capabilities: uses this memory */
#define FOREVER		((uint64_t)INT64_MAX)

struct clock {
	union {
		struct {
			uint32_t version, len;
			uint64_t free_until, now;
			uint16_t running, max_clients;
		};
		char head[4096];
	};
	struct {
		uint32_t capabilities, flags;
		uint64_t want, name;
		char reserved[104];
	} client;
};

static struct {
	struct um_memory *memory;	/* NULL: not the kernel, but what starts it */
	struct clock *clock;
	int fd, clock_fd;		/* the clock's socket; 0: not yet */
	bool waits;			/* for RUN */
	bool has_answer;
	struct tt_message answer;
	uint64_t until;
	uint32_t in_at, in_bytes, out_bytes;
} shim;

/* The kernel writes these from a signal handler, while send() has not returned. */
static uint64_t load(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static void store(uint64_t *p, uint64_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

void shim_die(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	dprintf(UM_CONSOLE_FD, "netsim: %s\n", text);
	_exit(1);
}

__attribute__((constructor))
static void setup(void)
{
	void *p = mmap(NULL, sizeof(struct um_memory), PROT_READ | PROT_WRITE, MAP_SHARED,
		       UM_MEMORY_FD, 0);

	if (p != MAP_FAILED)
		shim.memory = p;
}

uint64_t shim_now(void)
{
	return shim.clock ? load(&shim.clock->now) : 0;
}

/* turns with the simulator */

static void tell(enum um_op op, uint64_t time)
{
	struct um_message m = { op, shim.out_bytes, time };

	if (syscall(SYS_sendto, UM_CHANNEL_FD, &m, sizeof(m), MSG_NOSIGNAL, NULL, 0) != sizeof(m))
		shim_die("the simulator is gone");
	shim.out_bytes = 0;
}

static void hear(enum um_op op, struct um_message *m)
{
	ssize_t n;

	do {
		n = syscall(SYS_recvfrom, UM_CHANNEL_FD, m, sizeof(*m), 0, NULL, NULL);
	} while (n < 0 && errno == EINTR);
	if (n != sizeof(*m) || m->op != op)
		shim_die("the simulator is gone");
}

/* Power off: what is still in out[] has happened. */
__attribute__((destructor))
static void flush(void)
{
	struct um_message m;

	if (!shim.fd || !shim.out_bytes)
		return;
	tell(UM_FLUSH, shim_now());
	hear(UM_FLUSHED, &m);
}

unsigned char *shim_out(enum um_kind kind, unsigned int dev, uint32_t len, uint32_t size)
{
	struct um_record *r;
	struct um_message m;

	if (shim.out_bytes + um_record_bytes(len) > UM_OUT_BYTES) {
		tell(UM_FLUSH, shim_now());
		hear(UM_FLUSHED, &m);
	}
	r = (void *)(shim.memory->out + shim.out_bytes);
	*r = (struct um_record){
		.time = shim_now(), .len = len, .size = size, .kind = kind, .dev = dev,
	};
	shim.out_bytes += um_record_bytes(len);
	return (unsigned char *)(r + 1);
}

/* time */

static const struct um_record *next_input(void)
{
	if (shim.in_at == shim.in_bytes)
		return NULL;
	return (void *)(shim.memory->in + shim.in_at);
}

static uint64_t next_time(void)
{
	const struct um_record *r = next_input();

	return r ? r->time : NS_NEVER;
}

/* All that arrives at t, where the node now stands. */
static void deliver(uint64_t t)
{
	const struct um_record *r;

	store(&shim.clock->now, t);
	store(&shim.clock->free_until, t);
	for (r = next_input(); r && r->time == t; r = next_input()) {
		shim_dev_deliver(r, r + 1);
		shim.in_at += um_record_bytes(r->len);
	}
	shim_dev_interrupt();
}

static void window(uint64_t want)
{
	struct um_message m;

	tell(UM_BLOCKED, want >= FOREVER ? NS_NEVER : want);
	hear(UM_GRANT, &m);
	shim.until = m.time;
	shim.in_at = 0;
	shim.in_bytes = m.bytes;
}

/* The node waits: let time pass until there is something for it to do. */
static void advance(void)
{
	uint64_t next, limit, want;

	for (;;) {
		next = next_time();
		limit = next < shim.until ? next : shim.until;
		want = load(&shim.clock->client.want);
		if (want < limit)
			break;
		if (next < shim.until)
			deliver(next);
		else
			window(want);
	}
	store(&shim.clock->now, want);
	store(&shim.clock->free_until, limit);
	shim.waits = false;
	shim.answer = (struct tt_message){ TT_RUN, 0, want };
	shim.has_answer = true;
}

static int make_clock(void)
{
	struct clock *c;

	shim.clock_fd = memfd_create("clock", MFD_CLOEXEC);
	if (shim.clock_fd < 0 || ftruncate(shim.clock_fd, CLOCK_BYTES))
		return -1;
	c = mmap(NULL, CLOCK_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, shim.clock_fd, 0);
	if (c == MAP_FAILED)
		return -1;
	c->version = CLOCK_VERSION;
	c->len = CLOCK_BYTES;
	c->max_clients = 1;
	shim.clock = c;
	return 0;
}

static void asked(const struct tt_message *m)
{
	shim.answer = (struct tt_message){ TT_ACK, m->seq, 0 };
	shim.has_answer = true;
	switch (m->op) {
	case TT_START:
	case TT_BROADCAST:	/* from a guest's root to all others; has no time */
		break;
	case TT_GET_TOD:
		shim.answer.time = shim.memory->epoch_ns + shim_now();
		break;
	case TT_WAIT:
		shim.has_answer = false;
		shim.waits = true;
		break;
	default:
		shim_die("this kernel shares no clock (operation %u); it must be 6.12 or newer",
			 m->op);
	}
}

static ssize_t answered(void *buf, size_t len)
{
	if (!shim.has_answer && shim.waits)
		advance();
	if (!shim.has_answer || len != sizeof(shim.answer))
		shim_die("the kernel reads its clock out of turn");
	shim.has_answer = false;
	memcpy(buf, &shim.answer, sizeof(shim.answer));
	return sizeof(shim.answer);
}

/* The answer to START carries two descriptors; the kernel maps the first, closes both. */
static ssize_t started(struct msghdr *msg)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	int fds[2] = { dup(shim.clock_fd), dup(shim.clock_fd) };

	if (!c || msg->msg_controllen < CMSG_LEN(sizeof(fds)))
		shim_die("this kernel shares no clock; it must be 6.12 or newer");
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(c), fds, sizeof(fds));
	return answered(msg->msg_iov->iov_base, msg->msg_iov->iov_len);
}

/* calls of the C library */

int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	static const char dir[] = UM_DIR "/dev/";
	const struct sockaddr_un *sa = (const void *)addr;
	int err;

	if (!shim.memory || addr->sa_family != AF_UNIX ||
	    strncmp(sa->sun_path, dir, sizeof(dir) - 1))
		return syscall(SYS_connect, fd, addr, len);
	if (!strcmp(sa->sun_path + sizeof(dir) - 1, "time")) {
		if (shim.memory->booted++)
			shim_die("rebooted; a node can only be switched off");
		if (make_clock())
			shim_die("no memory for the clock");
		shim.fd = fd;
		return 0;
	}
	err = shim_dev_connect(fd, sa->sun_path + sizeof(dir) - 1, shim.memory);
	errno = -err;
	return err ? -1 : 0;
}

ssize_t write(int fd, const void *buf, size_t len)
{
	if (!shim.fd || fd != shim.fd)
		return syscall(SYS_write, fd, buf, len);
	if (len == sizeof(struct tt_message))
		asked(buf);
	return len;
}

ssize_t read(int fd, void *buf, size_t len)
{
	if (!shim.fd || fd != shim.fd)
		return syscall(SYS_read, fd, buf, len);
	return answered(buf, len);
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	if (!shim.fd || fd != shim.fd)
		return syscall(SYS_recvmsg, fd, msg, flags);
	return started(msg);
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	if (!shim_dev_owns(fd))
		return syscall(SYS_sendmsg, fd, msg, flags);
	return shim_dev_send(fd, msg);
}

/* not by <poll.h>, which says that fds is only written */
int poll(struct pollfd *fds, unsigned long n, int timeout);

/* Of the clock alone, or of a device whose answer is there already, and the clock. */
int poll(struct pollfd *fds, unsigned long n, int timeout)
{
	if (!shim.fd || !n || fds[n - 1].fd != shim.fd)
		return syscall(SYS_poll, fds, n, timeout);
	fds[n - 1].revents = 0;
	if (n > 1)
		return syscall(SYS_poll, fds, n - 1, timeout);
	if (!shim.has_answer && shim.waits)
		advance();
	fds[0].revents = POLLIN;
	return 1;
}

ssize_t getrandom(void *buf, size_t len, unsigned int flags)
{
	static uint64_t state;
	unsigned char *p = buf;
	size_t done, n;
	uint64_t z;

	if (!shim.memory)
		return syscall(SYS_getrandom, buf, len, flags);
	for (done = 0; done < len; done += n) {
		state += 0x9e3779b97f4a7c15ull;
		z = state + shim.memory->seed;
		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
		z ^= z >> 31;
		n = len - done < sizeof(z) ? len - done : sizeof(z);
		memcpy(p + done, &z, n);
	}
	return len;
}
