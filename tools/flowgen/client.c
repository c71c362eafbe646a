// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opens the flows and keeps each of them busy.
 *
 *   WAITING --start time--> CONNECTING --EPOLLOUT--> SENDING --end--> DONE
 *                               |                       |
 *                               +--------error----------+--> FAILED
 *
 *   WAITING      no socket
 *   CONNECTING   socket, wants EPOLLOUT, which tells how connect() ended
 *   SENDING      socket, wants EPOLLOUT; one write per event, so that a flow
 *                with a large window does not hold up the others
 *   DONE         no socket, TCP_INFO taken
 *   FAILED       no socket, counted, first cause told
 *
 * move() alone changes the state. There is always data to send: what limits a
 * flow is its pacing rate, its congestion window or the path, never this
 * program. TCP_NOTSENT_LOWAT keeps the unsent part small, so that hundreds of
 * flows need little memory and the reset at the end throws little away.
 *
 * Plain epoll rather than sd-event: one kind of descriptor, one deadline.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flowgen.h"

#define CHUNK_BYTES	(32 * 1024)
#define BATCH		64
/* Every flow's last measured gap has to end, also that of a slow one. */
#define TAIL_NS		(NSEC_PER_SEC / 2)

enum state { WAITING, CONNECTING, SENDING, DONE, FAILED };

struct flow {
	enum state state;
	int fd;
	unsigned int class;
	uint64_t start_ns;
	struct tcp_info info;
};

struct client {
	const struct options *o;
	int epoll;
	struct sockaddr_storage addr;
	socklen_t addr_len;
	struct flow *flow;		/* by start time */
	unsigned int next;		/* first that is WAITING */
	unsigned int nr_failed;
	bool stopped;			/* by a signal */
};

/* Sebastiano Vigna's splitmix64: start times that are the same on any libc. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static int by_start(const void *a, const void *b)
{
	const struct flow *x = a, *y = b;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	return (x->class > y->class) - (x->class < y->class);
}

static int make_flows(struct client *c)
{
	const struct options *o = c->o;
	uint64_t seed = o->seed;
	unsigned int i, j, n = 0;

	c->flow = calloc(o->nr_flows, sizeof(*c->flow));
	if (!c->flow)
		return fail(ENOMEM, "cannot hold %u flows", o->nr_flows);
	for (i = 0; i < o->nr_classes; i++) {
		for (j = 0; j < o->class[i].flows; j++, n++) {
			c->flow[n].fd = -1;
			c->flow[n].class = i;
			c->flow[n].start_ns = next_random(&seed) % (o->spread_ns + 1);
		}
	}
	qsort(c->flow, n, sizeof(*c->flow), by_start);
	return 0;
}

static int resolve(struct client *c)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
	int err = getaddrinfo(c->o->operand, NULL, &hints, &found);

	if (err) {
		fprintf(stderr, "flowgen: host %s: %s\n", c->o->operand, gai_strerror(err));
		return -EADDRNOTAVAIL;
	}
	memcpy(&c->addr, found->ai_addr, found->ai_addrlen);
	c->addr_len = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

static int set_options(const struct client *c, const struct flow *f)
{
	const struct flow_class *class = &c->o->class[f->class];
	unsigned long rate = class->rate_bps / 8;
	int lowat = CHUNK_BYTES;

	if (setsockopt(f->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat, sizeof(lowat)))
		return -errno;
	if (class->rate_bps &&
	    setsockopt(f->fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, sizeof(rate)))
		return -errno;
	if (!c->o->cc ||
	    !setsockopt(f->fd, IPPROTO_TCP, TCP_CONGESTION, c->o->cc, strlen(c->o->cc)))
		return 0;
	return c->nr_failed ? -errno :
		fail(errno, "congestion control %s (tcp(7) says how to list them)", c->o->cc);
}

static int start_connect(struct client *c, struct flow *f)
{
	struct epoll_event ev = { .events = EPOLLOUT, .data.ptr = f };
	uint16_t port = htons(c->o->port + f->class);
	int err;

	f->fd = socket(c->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (f->fd < 0)
		return -errno;
	if (c->addr.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&c->addr)->sin6_port = port;
	else
		((struct sockaddr_in *)&c->addr)->sin_port = port;
	err = set_options(c, f);
	if (err)
		return err;
	if (connect(f->fd, (struct sockaddr *)&c->addr, c->addr_len) && errno != EINPROGRESS)
		return -errno;
	return epoll_ctl(c->epoll, EPOLL_CTL_ADD, f->fd, &ev) ? -errno : 0;
}

/* A reset instead of a close: unsent data would prolong the run. */
static void drop_socket(struct flow *f)
{
	struct linger reset = { .l_onoff = 1 };

	if (f->fd < 0)
		return;
	setsockopt(f->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(f->fd);
	f->fd = -1;
}

static void move(struct client *c, struct flow *f, enum state to, int err)
{
	socklen_t len = sizeof(f->info);

	switch (to) {
	case CONNECTING:
		f->state = to;
		err = start_connect(c, f);
		if (err)
			move(c, f, FAILED, err);
		return;
	case DONE:
		if (f->state == SENDING)
			getsockopt(f->fd, IPPROTO_TCP, TCP_INFO, &f->info, &len);
		drop_socket(f);
		break;
	case FAILED:
		if (!c->nr_failed++)
			fail(-err, "flow to %s port %u", c->o->operand, c->o->port + f->class);
		drop_socket(f);
		break;
	case WAITING:
	case SENDING:
		break;
	}
	f->state = to;
}

static int socket_error(int fd)
{
	socklen_t len = sizeof(int);
	int err = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len))
		err = errno;
	return -err;
}

static void flow_event(struct client *c, struct flow *f)
{
	static const char zeros[CHUNK_BYTES];
	int err = 0;

	if (f->state == CONNECTING) {
		err = socket_error(f->fd);
		if (!err)
			move(c, f, SENDING, 0);
	}
	if (!err && send(f->fd, zeros, sizeof(zeros), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
	    errno != EAGAIN && errno != EINTR)
		err = -errno;
	if (err)
		move(c, f, FAILED, err);
}

static int loop(struct client *c)
{
	const struct options *o = c->o;
	uint64_t start = now_ns(CLOCK_MONOTONIC), now = 0, until;
	uint64_t end = o->warmup_ns + o->duration_ns + TAIL_NS;
	struct epoll_event ev[BATCH];
	struct timespec ts;
	int i, n;

	while (!c->stopped && c->nr_failed < o->nr_flows) {
		now = now_ns(CLOCK_MONOTONIC) - start;
		if (now >= end)
			break;
		while (c->next < o->nr_flows && c->flow[c->next].start_ns <= now)
			move(c, &c->flow[c->next++], CONNECTING, 0);
		until = end;
		if (c->next < o->nr_flows && c->flow[c->next].start_ns < end)
			until = c->flow[c->next].start_ns;
		ts = ns_to_timespec(until - now);
		n = epoll_pwait2(c->epoll, ev, BATCH, &ts, NULL);
		if (n < 0 && errno != EINTR)
			return fail(errno, "cannot wait for sockets");
		for (i = 0; i < n; i++) {
			if (ev[i].data.ptr)
				flow_event(c, ev[i].data.ptr);
			else
				c->stopped = true;
		}
	}
	return 0;
}

static void report_class(const struct client *c, unsigned int class, FILE *out)
{
	const struct flow_class *k = &c->o->class[class];
	uint64_t retrans = 0, segs = 0, sent = 0, acked = 0;
	unsigned int i, done = 0, failed = 0;
	const char *sep = "";
	const struct flow *f;

	fprintf(out, "    {\"name\": \"%s\", \"rate_bps\": %ju, \"flows\": %u, \"tcp_info\": [",
		k->name, k->rate_bps, k->flows);
	for (i = 0; i < c->o->nr_flows; i++) {
		f = &c->flow[i];
		if (f->class != class)
			continue;
		failed += f->state == FAILED;
		if (f->state != DONE || !f->info.tcpi_segs_out)
			continue;
		done++;
		retrans += f->info.tcpi_total_retrans;
		segs += f->info.tcpi_data_segs_out;
		sent += f->info.tcpi_bytes_sent;
		acked += f->info.tcpi_bytes_acked;
		fprintf(out, "%s\n      {\"start_ns\": %ju, \"retransmits\": %u, ",
			sep, f->start_ns, f->info.tcpi_total_retrans);
		fprintf(out, "\"segments\": %u, \"bytes_acked\": %llu, ",
			f->info.tcpi_data_segs_out, f->info.tcpi_bytes_acked);
		fprintf(out, "\"pacing_bps\": %.0f, \"delivery_bps\": %.0f, ",
			f->info.tcpi_pacing_rate * 8.0,
			f->info.tcpi_delivery_rate * 8.0);
		fprintf(out, "\"rtt_us\": %u, \"min_rtt_us\": %u, \"cwnd\": %u}",
			f->info.tcpi_rtt, f->info.tcpi_min_rtt, f->info.tcpi_snd_cwnd);
		sep = ",";
	}
	fprintf(out, "],\n     \"ended\": %u, \"failed\": %u, \"retransmits\": %ju, ",
		done, failed, retrans);
	fprintf(out, "\"segments\": %ju, \"bytes_sent\": %ju, \"bytes_acked\": %ju}%s\n",
		segs, sent, acked, class + 1 < c->o->nr_classes ? "," : "");
}

static void report(const struct client *c, FILE *out)
{
	unsigned int i;

	fprintf(out, "{\"mode\": \"client\", \"host\": \"%s\", \"seed\": %ju,\n",
		c->o->operand, c->o->seed);
	fprintf(out, "  \"failed\": %u, \"classes\": [\n", c->nr_failed);
	for (i = 0; i < c->o->nr_classes; i++)
		report_class(c, i, out);
	fprintf(out, "  ]}\n");
}

int client_run(const struct options *o, FILE *out)
{
	struct epoll_event stop = { .events = EPOLLIN };
	struct client c = { .o = o };
	unsigned int i;
	int err;

	c.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (c.epoll < 0 || epoll_ctl(c.epoll, EPOLL_CTL_ADD, o->signals, &stop))
		return fail(errno, "cannot make an epoll instance");
	err = resolve(&c);
	if (!err)
		err = make_flows(&c);
	if (!err)
		err = loop(&c);
	if (!err) {
		for (i = 0; i < c.next; i++)
			if (c.flow[i].state != FAILED)
				move(&c, &c.flow[i], DONE, 0);
		report(&c, out);
		if (c.nr_failed)
			err = -ECONNABORTED;
	}
	for (i = 0; c.flow && i < o->nr_flows; i++)
		drop_socket(&c.flow[i]);
	free(c.flow);
	close(c.epoll);
	return err;
}
