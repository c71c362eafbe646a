// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gq_recv: receive what gq_send sends and compare it with gq's theory.
 *
 * Prints "ready" once its socket is bound; after --count packets, or --idle-ms
 * without one, "name value" lines. Times are those of the kernel's receive
 * path (SO_TIMESTAMPNS), converted to CLOCK_MONOTONIC; over a veth pair that is
 * when the packet left the qdisc. Lengths are those that the qdisc sees.
 *
 * The model is written from the documentation, not from the module. A packet is
 * due at max(due of the flow, time of the send call, its departure time). It
 * moves the flow's due time by length / rate if rate <= --low-rate; otherwise
 * packets use up a credit of --initial bytes, and the one that ends it moves the
 * due time by max(length, quantum) / rate and refills it by whole quanta. All is
 * monotone in its inputs, and the send call comes before the qdisc, so "early_ns"
 * above 0 is an error on any machine; "late_ns" includes the machine's doings.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/param.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gq_probe.h"

#define MAX_FLOWS	65536
#define ETH_HLEN	14
#define UDP_HLEN	8
#define CHUNK		65536

struct config {
	const char *port;
	const char *csv;
	uint64_t count;
	uint64_t idle_ms;
	uint64_t rate;
	uint64_t low_rate;
	uint64_t quantum;
	uint64_t initial;
};

#define OPT(name, kind, field, arg, help) \
	{ name, GQ_OPT_##kind, offsetof(struct config, field), arg, help }

static const struct gq_opt opts[] = {
	OPT("port", STR, port, "PORT", "to listen on (7000)"),
	OPT("count", NUM, count, "N", "end after so many packets"),
	OPT("idle-ms", NUM, idle_ms, "MS", "end after such a silence (2000)"),
	OPT("csv", STR, csv, "FILE", "write all arrivals there"),
	OPT("rate", NUM, rate, "BYTES/S", "model: rate of each flow"),
	OPT("low-rate", NUM, low_rate, "BYTES/S", "model: low_rate_threshold"),
	OPT("quantum", NUM, quantum, "BYTES", "model: quantum (3028)"),
	OPT("initial", NUM, initial, "BYTES", "model: initial_quantum (15140)"),
};

struct arrival {
	struct gq_probe probe;
	int64_t at_ns;		/* CLOCK_MONOTONIC */
	uint32_t len;		/* as the qdisc counts */
	bool ce;
};

/* The model's state of a flow, and what was seen of it. */
struct flow {
	int64_t due_ns;
	int64_t credit;
	uint64_t next_seq;
	uint64_t packets;
	uint64_t bytes;
};

struct result {
	uint64_t packets, flows, bytes, ce;
	uint64_t disorder;	/* packets behind a later one of their flow */
	uint64_t gaps;		/* numbers skipped: lost or overtaken */
	int64_t early_ns, late_ns;
	int64_t first_ns, last_ns;
	uint64_t flow_bytes_min, flow_bytes_max;
};

static struct flow flows[MAX_FLOWS];

static int fail(const char *what)
{
	int err = -errno;

	fprintf(stderr, "gq_recv: %s: %s\n", what, strerror(-err));
	return err;
}

/* One socket for both families. */
static int open_socket(const struct config *c)
{
	struct sockaddr_in6 any = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(atoi(c->port)),
	};
	const int off = 0, on = 1, room = 1 << 29;
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	if (fd < 0)
		return fail("socket");
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&any, sizeof(any)))
		return fail("bind");
	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on)) ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof(on)))
		return fail("setsockopt");
	return fd;
}

/* Arrival time and ECN of a message. */
static void read_control(struct msghdr *msg, int64_t offset, struct arrival *a)
{
	struct cmsghdr *cm;
	struct timespec ts;
	int tos = 0;

	for (cm = CMSG_FIRSTHDR(msg); cm; cm = CMSG_NXTHDR(msg, cm)) {
		if (cm->cmsg_level == SOL_SOCKET &&
		    cm->cmsg_type == SCM_TIMESTAMPNS) {
			memcpy(&ts, CMSG_DATA(cm), sizeof(ts));
			a->at_ns = ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec -
				   offset;
		} else if (cm->cmsg_level == IPPROTO_IP &&
			   cm->cmsg_type == IP_TOS) {
			tos = *(uint8_t *)CMSG_DATA(cm);
		} else if (cm->cmsg_level == IPPROTO_IPV6 &&
			   cm->cmsg_type == IPV6_TCLASS) {
			memcpy(&tos, CMSG_DATA(cm), sizeof(tos));
		}
	}
	a->ce = (tos & 3) == 3;
}

/* Return: 1 for a packet of gq_send, 0 for another, or -errno */
static int receive(int fd, int64_t offset, struct arrival *a)
{
	static char buf[CHUNK];
	union {
		struct cmsghdr hdr;
		char buf[256];
	} control;
	struct sockaddr_in6 from;
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = {
		.msg_name = &from, .msg_namelen = sizeof(from),
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	ssize_t len = recvmsg(fd, &msg, 0);

	if (len < 0)
		return fail("recvmsg");
	memcpy(&a->probe, buf, sizeof(a->probe));
	if ((size_t)len < sizeof(a->probe) ||
	    a->probe.magic != GQ_PROBE_MAGIC || a->probe.flow >= MAX_FLOWS)
		return 0;
	read_control(&msg, offset, a);
	a->len = len + UDP_HLEN + ETH_HLEN +
		 (IN6_IS_ADDR_V4MAPPED(&from.sin6_addr) ? 20 : 40);
	return 1;
}

static void model(const struct config *c, struct flow *f,
		  const struct arrival *a, struct result *r)
{
	int64_t due = f->due_ns, wait;
	uint64_t charge = a->len;

	due = MAX(due, a->probe.sent_ns);
	due = MAX(due, a->probe.due_ns);
	wait = a->at_ns - due;
	r->early_ns = MAX(r->early_ns, -wait);
	r->late_ns = MAX(r->late_ns, wait);
	f->due_ns = due;
	if (!c->rate || a->probe.due_ns)
		return;

	if (c->rate > c->low_rate) {
		while (f->credit <= 0)
			f->credit += c->quantum;
		f->credit -= a->len;
		if (f->credit > 0)
			return;
		charge = MAX(charge, c->quantum);
	}
	f->due_ns += charge * NSEC_PER_SEC / c->rate;
}

static void account(const struct config *c, const struct arrival *a,
		    struct result *r)
{
	struct flow *f = &flows[a->probe.flow];

	if (!f->packets++) {
		r->flows++;
		f->credit = c->initial;
	}
	if (!r->packets++)
		r->first_ns = a->at_ns;
	r->last_ns = a->at_ns;
	f->bytes += a->len;
	r->bytes += a->len;
	r->ce += a->ce;
	if (a->probe.seq < f->next_seq) {
		r->disorder++;
	} else {
		r->gaps += a->probe.seq - f->next_seq;
		f->next_seq = a->probe.seq + 1;
	}
	model(c, f, a, r);
}

static void put(const char *name, uint64_t val)
{
	printf("%s %llu\n", name, (unsigned long long)val);
}

/* "bytes" leaves the last packet out: it ends the time, but took none of it. */
static void print_all(const struct config *c, const struct result *r,
		      const struct arrival *last)
{
	uint64_t least = UINT64_MAX, most = 0;
	unsigned int i;

	for (i = 0; i < MAX_FLOWS; i++) {
		if (flows[i].packets)
			least = MIN(least, flows[i].bytes);
		most = MAX(most, flows[i].bytes);
	}
	put("wanted", c->count);
	put("packets", r->packets);
	put("flows", r->flows);
	put("disorder", r->disorder);
	put("gaps", r->gaps);
	put("ce", r->ce);
	put("early_ns", r->early_ns);
	put("late_ns", r->late_ns);
	put("ns", r->last_ns - r->first_ns);
	put("bytes", r->packets ? r->bytes - last->len : 0);
	put("flow_bytes_min", r->flows ? least : 0);
	put("flow_bytes_max", most);
}

static int receive_all(const struct config *c, int fd)
{
	int64_t offset = gq_clock_offset(CLOCK_REALTIME);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct arrival a = { };
	struct result r = { };
	FILE *csv = NULL;
	int err = 0;

	if (c->csv) {
		csv = fopen(c->csv, "w");
		if (!csv)
			return fail(c->csv);
		fprintf(csv, "at_ns,flow,seq,sent_ns,due_ns,bytes,ce\n");
	}
	while ((!c->count || r.packets < c->count) &&
	       poll(&p, 1, c->idle_ms) > 0) {
		err = receive(fd, offset, &a);
		if (err < 0)
			break;
		if (!err)
			continue;
		account(c, &a, &r);
		if (csv)
			fprintf(csv, "%lld,%u,%llu,%lld,%lld,%u,%d\n",
				(long long)a.at_ns, a.probe.flow,
				(unsigned long long)a.probe.seq,
				(long long)a.probe.sent_ns,
				(long long)a.probe.due_ns, a.len, a.ce);
	}
	if (csv && fclose(csv))
		err = fail(c->csv);
	print_all(c, &r, &a);
	return err < 0 ? err : 0;
}

int main(int argc, char **argv)
{
	struct config c = {
		.port = "7000", .idle_ms = 2000, .quantum = 3028,
		.initial = 15140, .low_rate = 68750,
	};
	int err, fd;

	err = gq_parse(argc, argv, opts, ARRAY_SIZE(opts), &c);
	if (err > 0)
		gq_help(opts, ARRAY_SIZE(opts), "usage: gq_recv [OPTION]...\n",
			"  gq_recv --count 1000 --rate 125000\n"
			"  gq_recv --idle-ms 500 --csv arrivals.csv\n");
	if (err)
		return err < 0;
	fd = open_socket(&c);
	if (fd < 0)
		return 1;
	printf("ready\n");
	fflush(stdout);
	err = receive_all(&c, fd);
	close(fd);
	return !!err;
}
