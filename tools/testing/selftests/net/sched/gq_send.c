// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gq_send: send numbered, stamped UDP packets.
 *
 * Each flow is a socket of its own; packets go round the flows. Packet i of a
 * flow may carry a departure time (SO_TXTIME)
 *
 *	start + offset + i * interval + pattern[i mod n]
 *
 * where an entry "none" of the pattern is a packet without one. Or a file says of
 * each packet, in order of time, when to send it and what: one line of
 *
 *	AT_NS FLOW SIZE MARK TOS DUE_NS
 *
 * with times from the start, DUE_NS 0 for no departure time. The payload
 * says flow, number, time of the send call and the departure time, so that
 * gq_recv knows when the packet was due.
 */
#include <arpa/inet.h>
#include <linux/net_tstamp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <sys/types.h>
#include <unistd.h>

#include "gq_probe.h"

#define MAX_PATTERN	64
#define MAX_SIZE	65507
#define NO_STAMP	INT64_MIN

struct config {
	const char *to;
	const char *port;
	const char *txtime;	/* "mono" or "tai" */
	const char *pattern;
	const char *trace;
	uint64_t count;
	uint64_t size;		/* bytes of payload */
	uint64_t size_step;
	uint64_t rate;		/* bytes/s */
	uint64_t flows;
	uint64_t first_flow;
	uint64_t interval_ns;
	uint64_t offset_ns;
	uint64_t gap_ns;
	uint64_t stagger_ns;
	uint64_t priority;
	uint64_t mark;
	uint64_t tos;
	uint64_t set_tai;
	bool ecn;
	bool unconnected;
};

#define OPT(name, kind, field, arg, help) \
	{ name, GQ_OPT_##kind, offsetof(struct config, field), arg, help }

static const struct gq_opt opts[] = {
	OPT("to", STR, to, "ADDRESS", "IPv4 or IPv6 address of gq_recv"),
	OPT("port", STR, port, "PORT", "its port (7000)"),
	OPT("count", NUM, count, "N", "packets of each flow (1)"),
	OPT("size", NUM, size, "BYTES", "payload, 32 to 65507 (1000)"),
	OPT("size-step", NUM, size_step, "BYTES", "added for each next flow"),
	OPT("rate", NUM, rate, "BYTES/S", "SO_MAX_PACING_RATE"),
	OPT("flows", NUM, flows, "N", "sockets (1)"),
	OPT("first-flow", NUM, first_flow, "N", "number of the first flow (0)"),
	OPT("txtime", STR, txtime, "CLOCK", "SO_TXTIME: mono or tai"),
	OPT("interval-ns", NUM, interval_ns, "NS", "between two stamps"),
	OPT("offset-ns", NUM, offset_ns, "NS", "first stamp, from the start"),
	OPT("pattern", STR, pattern, "NS,..", "added in turn, signed; or none"),
	OPT("gap-ns", NUM, gap_ns, "NS", "sleep between two rounds"),
	OPT("stagger-ns", NUM, stagger_ns, "NS", "sleep between two flows"),
	OPT("priority", NUM, priority, "N", "SO_PRIORITY"),
	OPT("mark", NUM, mark, "N", "SO_MARK"),
	OPT("tos", NUM, tos, "N", "IP_TOS or IPV6_TCLASS, with ECN bits"),
	OPT("trace", STR, trace, "FILE", "packets; see the head of gq_send.c"),
	OPT("ecn", FLAG, ecn, "", "send ECT(0)"),
	OPT("unconnected", FLAG, unconnected, "", "sendto() on one socket"),
	OPT("set-tai", NUM, set_tai, "S", "first set the clock's TAI offset"),
};

struct sender {
	struct config cfg;
	int64_t pattern[MAX_PATTERN];
	size_t npattern;
	struct sockaddr_storage to;
	socklen_t tolen;
	clockid_t clock;
	int64_t clock_offset;	/* of the stamps' clock */
	int *fds;
	uint64_t blocked;	/* send calls that failed */
};

static int fail(const char *what)
{
	int err = -errno;

	fprintf(stderr, "gq_send: %s: %s\n", what, strerror(-err));
	return err;
}

static int set_int(int fd, int level, int name, int val, const char *what)
{
	if (setsockopt(fd, level, name, &val, sizeof(val)))
		return fail(what);
	return 0;
}

static int set_options(const struct sender *s, int fd)
{
	const struct config *c = &s->cfg;
	bool v6 = s->to.ss_family == AF_INET6;
	struct sock_txtime txtime = { .clockid = s->clock };
	/* unsigned long as the kernel wants it */
	unsigned long rate = c->rate;
	int err = 0;

	if (c->rate && setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate,
				  sizeof(rate)))
		return fail("SO_MAX_PACING_RATE");
	if (c->txtime && setsockopt(fd, SOL_SOCKET, SO_TXTIME, &txtime,
				    sizeof(txtime)))
		return fail("SO_TXTIME");
	if (c->mark)
		err = set_int(fd, SOL_SOCKET, SO_MARK, c->mark, "SO_MARK");
	if (!err && (c->tos || c->ecn))
		err = set_int(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
			      v6 ? IPV6_TCLASS : IP_TOS,
			      c->tos | (c->ecn ? 2 : 0), "TOS");
	/* The TOS sets a priority too, so this is last. */
	if (!err && c->priority)
		err = set_int(fd, SOL_SOCKET, SO_PRIORITY, c->priority,
			      "SO_PRIORITY");
	/* The test, not the socket buffer, says how much is queued. */
	if (!err)
		err = set_int(fd, SOL_SOCKET, SO_SNDBUFFORCE, 1 << 29,
			      "SO_SNDBUFFORCE");
	return err;
}

static int open_flow(struct sender *s, uint64_t i)
{
	int err, fd;

	fd = socket(s->to.ss_family, SOCK_DGRAM, 0);
	if (fd < 0)
		return fail("socket");
	s->fds[i] = fd;
	err = set_options(s, fd);
	if (err || s->cfg.unconnected)
		return err;
	if (connect(fd, (struct sockaddr *)&s->to, s->tolen))
		return fail("connect");
	return 0;
}

static int64_t stamp_of(const struct sender *s, uint64_t seq, int64_t start)
{
	const struct config *c = &s->cfg;
	int64_t extra = s->npattern ? s->pattern[seq % s->npattern] : 0;

	if (!c->txtime || extra == NO_STAMP)
		return 0;
	return start + (int64_t)(c->offset_ns + seq * c->interval_ns) + extra;
}

/* Room for a departure time, a mark and a TOS. */
struct control {
	char buf[3 * CMSG_SPACE(sizeof(uint64_t))];
};

static void add_control(struct msghdr *msg, int level, int type,
			const void *data, size_t len)
{
	struct cmsghdr *cm = (void *)((char *)msg->msg_control +
				      msg->msg_controllen);

	cm->cmsg_level = level;
	cm->cmsg_type = type;
	cm->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(cm), data, len);
	msg->msg_controllen += CMSG_SPACE(len);
}

/* Send what @msg and @p say; the rest of the payload is of no interest. */
static int send_probe(struct sender *s, struct msghdr *msg,
		      const struct gq_probe *probe, size_t size)
{
	static char buf[MAX_SIZE];
	struct gq_probe *p = (struct gq_probe *)buf;
	struct iovec iov = { buf, size };

	msg->msg_iov = &iov;
	msg->msg_iovlen = 1;
	if (s->cfg.unconnected) {
		msg->msg_name = &s->to;
		msg->msg_namelen = s->tolen;
	}
	*p = *probe;
	p->magic = GQ_PROBE_MAGIC;
	if (p->due_ns) {
		uint64_t stamp = p->due_ns + s->clock_offset;

		add_control(msg, SOL_SOCKET, SCM_TXTIME, &stamp,
			    sizeof(stamp));
	}
	p->sent_ns = gq_now(CLOCK_MONOTONIC);
	if (sendmsg(s->fds[p->flow - s->cfg.first_flow], msg, 0) >= 0)
		return 0;
	/* The qdisc dropped it (IP_RECVERR is off: only some are told). */
	if (errno != ENOBUFS)
		return fail("sendmsg");
	s->blocked++;
	return 0;
}

static int send_one(struct sender *s, uint64_t i, uint64_t seq, int64_t start)
{
	struct gq_probe p = {
		.flow = s->cfg.first_flow + i,
		.seq = seq,
		.due_ns = stamp_of(s, seq, start),
	};
	struct control control = { };
	struct msghdr msg = { .msg_control = &control };

	return send_probe(s, &msg, &p, s->cfg.size + i * s->cfg.size_step);
}

/* Send a line of the trace. */
static int send_line(struct sender *s, const char *line, uint64_t *seqs,
		     int64_t start)
{
	bool v6 = s->to.ss_family == AF_INET6;
	struct control control = { };
	struct msghdr msg = { .msg_control = &control };
	struct gq_probe p = { };
	long long at, due;
	unsigned int flow, size;
	int mark, tos;

	if (sscanf(line, "%lld %u %u %d %d %lld", &at, &flow, &size, &mark,
		   &tos, &due) != 6 ||
	    flow >= s->cfg.flows || size < sizeof(p) || size > MAX_SIZE) {
		fprintf(stderr, "gq_send: --trace: not a packet: %s", line);
		return -EINVAL;
	}
	if (mark)
		add_control(&msg, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
	if (tos)
		add_control(&msg, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
			    v6 ? IPV6_TCLASS : IP_TOS, &tos, sizeof(tos));
	p.flow = s->cfg.first_flow + flow;
	p.seq = seqs[flow]++;
	p.due_ns = due ? start + due : 0;
	if (at)
		gq_sleep_until(start + at);
	return send_probe(s, &msg, &p, size);
}

static int send_trace(struct sender *s)
{
	uint64_t *seqs = calloc(s->cfg.flows, sizeof(*seqs));
	FILE *f = fopen(s->cfg.trace, "r");
	int64_t start = gq_now(CLOCK_MONOTONIC);
	char line[256];
	int err = 0;

	/* Else wake-ups are put off to whatever timer comes next. */
	prctl(PR_SET_TIMERSLACK, 1);
	if (!f)
		err = fail(s->cfg.trace);
	else if (!seqs)
		err = -ENOMEM;
	while (!err && fgets(line, sizeof(line), f))
		err = send_line(s, line, seqs, start);
	if (f)
		fclose(f);
	free(seqs);
	return err;
}

static int send_all(struct sender *s)
{
	int64_t start = gq_now(CLOCK_MONOTONIC);
	uint64_t seq, i, pause;
	int err = 0;

	for (seq = 0; seq < s->cfg.count && !err; seq++) {
		for (i = 0; i < s->cfg.flows && !err; i++) {
			pause = seq * s->cfg.gap_ns + i * s->cfg.stagger_ns;
			if (pause)
				gq_sleep_until(start + pause);
			err = send_one(s, i, seq, start);
		}
	}
	return err;
}

static int parse_pattern(struct sender *s)
{
	char *end, *at = (char *)s->cfg.pattern;

	for (; at && *at; at = *end ? end + 1 : end) {
		if (s->npattern == MAX_PATTERN)
			return -E2BIG;
		if (!strncmp(at, "none", 4)) {
			end = at + 4;
			s->pattern[s->npattern++] = NO_STAMP;
		} else {
			s->pattern[s->npattern++] = strtoll(at, &end, 10);
		}
		if (end == at || (*end && *end != ','))
			return -EINVAL;
	}
	return 0;
}

static int prepare(struct sender *s)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST }, *ai;
	struct config *c = &s->cfg;

	if (!c->to || getaddrinfo(c->to, c->port, &hints, &ai)) {
		fprintf(stderr, "gq_send: --to and --port: numeric address and port needed\n");
		return -EINVAL;
	}
	memcpy(&s->to, ai->ai_addr, ai->ai_addrlen);
	s->tolen = ai->ai_addrlen;
	freeaddrinfo(ai);
	if (c->size < sizeof(struct gq_probe) || !c->flows ||
	    c->flows > 1 << 20 || c->size_step > MAX_SIZE ||
	    c->size + (c->flows - 1) * c->size_step > MAX_SIZE ||
	    parse_pattern(s)) {
		fprintf(stderr, "gq_send: --size, --flows or --pattern out of range; see --help\n");
		return -EINVAL;
	}
	if (c->set_tai) {
		struct timex tx = { .modes = ADJ_TAI, .constant = c->set_tai };

		if (adjtimex(&tx) < 0)
			return fail("--set-tai");
	}
	if (c->txtime && !strcmp(c->txtime, "tai")) {
		s->clock = CLOCK_TAI;
		s->clock_offset = gq_clock_offset(CLOCK_TAI);
	}
	s->fds = calloc(c->flows, sizeof(*s->fds));
	return s->fds ? 0 : -ENOMEM;
}

int main(int argc, char **argv)
{
	struct sender s = {
		.cfg = { .port = "7000", .count = 1, .size = 1000, .flows = 1 },
		.clock = CLOCK_MONOTONIC,
	};
	uint64_t i;
	int err;

	err = gq_parse(argc, argv, opts, ARRAY_SIZE(opts), &s.cfg);
	if (err > 0)
		gq_help(opts, ARRAY_SIZE(opts), "usage: gq_send --to ADDRESS [OPTION]...\n",
			"  gq_send --to 192.0.2.2 --rate 125000 --count 1000\n"
			"  gq_send --to 2001:db8::2 --txtime tai --interval-ns 1000000 --count 9\n"
			"  gq_send --to 192.0.2.2 --flows 100 --count 1 --stagger-ns 5000000\n"
			"  gq_send --to 192.0.2.2 --flows 10 --trace packets\n");
	if (err)
		return err < 0;
	err = prepare(&s);
	for (i = 0; i < s.cfg.flows && !err; i++)
		err = open_flow(&s, i);
	if (!err)
		err = s.cfg.trace ? send_trace(&s) : send_all(&s);
	if (!err)
		printf("refused %llu\n", (unsigned long long)s.blocked);
	free(s.fds);
	return !!err;
}
