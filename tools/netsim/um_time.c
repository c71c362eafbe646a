// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clock of a user-mode node: the controller's side of the kernel's
 * include/uapi/linux/um_timetravel.h.
 *
 * The kernel connects, says START, and gets memory that both share. The protocol
 * made that memory for one calendar of many nodes of which one runs at a time;
 * here each node has a calendar of its own, in which it is the only client
 * and always the one that runs. So its requests and the time at which it is cost
 * no message: it runs freely up to free_until, then writes into the memory which
 * time it wants, and sends WAIT; RUN lets it go on from there.
 *
 * A window, [now, until), is cut at each time at which something arrives:
 *
 *	WAITS	 want < next arrival:	RUN(want), free until the next arrival
 *		 else:			put it into the guest's memory, tell the
 *					devices' drivers, CALLED
 *		 neither before until:	the window is over
 *	CALLED	 all drivers have heard:	RUN(time of arrival)
 *	RUNS	 WAIT comes:		WAITS
 *
 * The drivers must have heard before RUN. Their handler asks for the time of
 * arrival and lowers free_until to it, so that must be set after that; and where the
 * interrupt was pending already it asks for nothing, and a RUN at that time
 * would find no event there (BUG in time_travel_update_time()).
 *
 * The node writes its present time into the memory before each kick of a
 * device, and stands still until the kick is answered: that is what makes the
 * times of its frames exact.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "um.h"

enum { TT_ACK, TT_START, TT_REQUEST, TT_WAIT, TT_GET, TT_UPDATE, TT_RUN, TT_FREE_UNTIL,
       TT_GET_TOD, TT_BROADCAST };

struct tt_message {
	uint32_t op, seq;
	uint64_t time;
};

#define CLOCK_VERSION	2
#define CLOCK_BYTES	8192u
#define CLIENT_SHARES	1u		/* in capabilities: uses this memory */
#define FOREVER		((uint64_t)INT64_MAX)

struct um_clock {
	union {
		struct {
			uint32_t version, len;
			uint64_t free_until, current;
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

static inline uint64_t load(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline void store(uint64_t *p, uint64_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

int um_clock_init(struct um *um)
{
	um->clock_fd = memfd_create("netsim-clock", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (um->clock_fd < 0)
		return -errno;
	/* sealed, so that the guest cannot take it away from under us */
	if (ftruncate(um->clock_fd, CLOCK_BYTES) ||
	    fcntl(um->clock_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return -errno;
	um->clock = mmap(NULL, CLOCK_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, um->clock_fd, 0);
	if (um->clock == MAP_FAILED) {
		um->clock = NULL;
		return -errno;
	}
	um->clock->version = CLOCK_VERSION;
	um->clock->len = CLOCK_BYTES;
	um->clock->max_clients = 1;
	return 0;
}

void um_clock_free(struct um *um)
{
	if (um->clock)
		munmap(um->clock, CLOCK_BYTES);
	if (um->clock_fd >= 0)
		close(um->clock_fd);
	free(um->input);
	um->clock = NULL;
	um->clock_fd = -1;
	um->input = NULL;
}

int um_clock_now(struct um *um, uint64_t *t_ns)
{
	*t_ns = load(&um->clock->current);
	if (*t_ns < um->step_ns || (*t_ns >= um->until && um->until))
		return -EPROTO;
	return 0;
}

static void send_message(struct um *um, const struct tt_message *m, bool with_fds)
{
	struct iovec iov = { (void *)m, sizeof(*m) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	/* the kernel maps the first and closes both; it needs both */
	int fds[2] = { um->clock_fd, um->clock_fd };
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(fds))];
	} control = { 0 };

	if (with_fds) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(fds));
		memcpy(CMSG_DATA(&control.head), fds, sizeof(fds));
	}
	/* EPIPE: it is about to end, which the socket tells as well */
	if (sendmsg(um->sock.fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof(*m) &&
	    errno != EPIPE && errno != ECONNRESET)
		um_fail(um, "does not read what its clock says");
}

static void ack(struct um *um, const struct tt_message *m, uint64_t time)
{
	struct tt_message reply = { TT_ACK, m->seq, time };

	send_message(um, &reply, m->op == TT_START);
}

static void run_at(struct um *um, uint64_t t, uint64_t limit)
{
	struct tt_message m = { TT_RUN, 0, t };

	store(&um->clock->current, t);
	store(&um->clock->free_until, limit);
	um->state = UM_RUNS;
	um->step_ns = t;
	ns_sim_moved(um->vm, t);
	send_message(um, &m, false);
}

static uint64_t input_time(const struct um *um)
{
	return um->input_at < um->input_nr ? um->input[um->input_at].time : NS_NEVER;
}

static uint64_t limit_of(const struct um *um)
{
	uint64_t next = input_time(um);

	return next < um->until ? next : um->until;
}

/* All that arrives at t, where the node now stands. */
static int deliver(struct um *um, uint64_t t)
{
	unsigned int i;
	int err;

	store(&um->clock->current, t);
	store(&um->clock->free_until, t);
	um->step_ns = t;
	for (; input_time(um) == t; um->input_at++) {
		const struct um_input *in = &um->input[um->input_at];

		err = um_dev_deliver(&um->devs[in->dev], t, in->p, in->len);
		if (err)
			return err;
	}
	for (i = 0; i < um->nr_devs; i++) {
		if (!um->devs[i].call)
			continue;
		um->devs[i].call = false;
		err = um_dev_call(&um->devs[i], 0, true);
		if (err)
			return err;
		um->calls++;
	}
	return 0;
}

static void blocked(struct um *um)
{
	um->input_nr = 0;
	um->input_at = 0;
	ns_sim_blocked(um->vm, um->want >= FOREVER ? NS_NEVER : um->want);
}

/* The node stands still and wants to go on at `want`. */
static void step(struct um *um)
{
	while (um->state == UM_WAITS) {
		uint64_t next = input_time(um);

		if (um->want < limit_of(um)) {
			run_at(um, um->want, limit_of(um));
		} else if (next < um->until) {
			if (deliver(um, next)) {
				um_fail(um, "does not take its interrupts");
				return;
			}
			if (um->calls)
				um->state = UM_CALLED;
		} else {
			blocked(um);
			return;
		}
	}
}

void um_clock_called(struct um *um)
{
	uint64_t want = load(&um->clock->client.want);

	if (um->state != UM_CALLED || !um->calls) {
		um_fail(um, "answers interrupts that there were not");
		return;
	}
	if (--um->calls)
		return;
	if (want < um->step_ns || want > um->want) {
		um_fail(um, "asks for a time that is over");
		return;
	}
	um->state = UM_WAITS;
	um->want = want;
	/* what it wants may be this very instant: run_at() by step(), or an arrival before */
	if (want < limit_of(um))
		run_at(um, want, limit_of(um));
	else
		step(um);
}

static void start(struct um *um, const struct tt_message *m)
{
	if (um->spoke) {
		um_fail(um, "starts its clock twice");
		return;
	}
	um->spoke = true;
	ack(um, m, 0);
}

static void waits(struct um *um)
{
	const struct um_clock *c = um->clock;
	bool boots = um->state == UM_BOOTS;
	uint64_t want = load(&c->client.want);

	if (!um->spoke || (!boots && um->state != UM_RUNS)) {
		um_fail(um, "waits out of turn");
		return;
	}
	if (!(c->client.capabilities & CLIENT_SHARES)) {
		um_fail(um, "has a kernel that shares no clock (older than 6.12)");
		return;
	}
	if (want < um->step_ns) {
		um_fail(um, "asks for a time that is over");
		return;
	}
	um->want = want;
	um->state = UM_WAITS;
	if (boots)
		blocked(um);
	else
		step(um);
}

static void handle(struct um *um, const struct tt_message *m)
{
	switch (m->op) {
	case TT_START:
		start(um, m);
		break;
	case TT_WAIT:
		waits(um);
		break;
	case TT_GET_TOD:
		ack(um, m, um->vm->config->epoch_s * 1000000000ull);
		break;
	case TT_BROADCAST:	/* from a guest's root to all others; has no time */
		ack(um, m, 0);
		break;
	default:
		um_fail(um, "speaks another protocol of time");
		break;
	}
}

static void clock_ready(struct ns_source *source, uint32_t events)
{
	struct um *um = (struct um *)((char *)source - offsetof(struct um, sock));
	struct tt_message m;
	ssize_t n;

	(void)events;
	ns_sim_heard(um->vm);
	n = recv(source->fd, &m, sizeof(m), MSG_DONTWAIT);
	if (n == sizeof(m)) {
		handle(um, &m);
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* The end; the exit status tells whether it is a good one. */
	ns_loop_del(source);
	um->off = true;
	if (n > 0)
		um_fail(um, "sends half a message about time");
}

void um_clock_accept(struct ns_source *source, uint32_t events)
{
	struct um *um = (struct um *)((char *)source - offsetof(struct um, listen));
	int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC);

	(void)events;
	if (fd < 0)
		return;
	um_unlisten(um, source, "time");
	um->sock.ready = clock_ready;
	if (ns_loop_add(&um->sock, fd, EPOLLIN)) {
		close(fd);
		um->sock.fd = -1;
		um_fail(um, "cannot be listened to");
	}
}

int um_clock_input(struct um *um, uint64_t t_ns, unsigned int dev, const void *p, size_t len)
{
	if (um->input_nr == um->input_size) {
		size_t size = um->input_size ? 2 * um->input_size : 16;
		struct um_input *in = realloc(um->input, size * sizeof(*in));

		if (!in)
			return -ENOMEM;
		um->input = in;
		um->input_size = size;
	}
	um->input[um->input_nr++] = (struct um_input){ t_ns, p, len, dev };
	return 0;
}

int um_clock_grant(struct um *um, uint64_t until_ns)
{
	um->until = until_ns;
	step(um);
	return 0;
}
