// SPDX-License-Identifier: GPL-2.0-only
/*
 * Watches a device and says how evenly each flow's packets pass it.
 *
 * On the device that a sender's packets reach first, the time between two
 * packets of a flow is what the sender's qdisc (or its TCP) made of it. At a
 * rate R, a packet with B bytes of payload asks for a gap of B / R before the
 * next one. The deviation |gap - B / R| is collected by class. It holds
 * everything that moves a departure: granularity and lateness of timers, other
 * flows that go first, but also TCP's own pauses, such as a full congestion
 * window; p50 speaks of the former, p99 rather of the latter.
 *
 * A packet is what the device is given. A GSO packet of several segments is one
 * packet and one departure.
 *
 * Times are those that the kernel puts on a packet as it arrives. A packet
 * socket holds the headers until a look every POLL_NS: to be woken for each
 * packet would cost more than the packet, and nothing depends on when they are
 * read. What the socket had to drop for want of room is reported, as are
 * packets that belong to no class.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flowgen.h"
#include "histogram.h"

#define POLL_NS		(2 * NSEC_PER_MSEC)
#define BATCH		128
#define HEADER_BYTES	128	/* IPv6 or IPv4 with options, TCP with options */
#define BUFFER_BYTES	(64 << 20)

struct flow {
	uint64_t key[3];	/* addresses folded, ports; all 0: free */
	uint64_t last_ns;	/* previous packet */
	uint32_t last_bytes;	/* and its payload */
};

struct class_stats {
	uint64_t flows;
	uint64_t packets;	/* in the window, with payload */
	uint64_t bytes;
	struct histogram deviation;
};

struct packet {
	uint64_t key[3];
	uint16_t port;		/* destination */
	uint32_t bytes;		/* payload */
	uint64_t ns;
};

struct recorder {
	const struct options *o;
	int fd;
	uint64_t from_ns, until_ns;	/* CLOCK_REALTIME, 0 until the first packet */
	struct flow *flow;		/* open addressing */
	uint32_t mask;
	uint32_t nr_flows;
	uint64_t others, dropped;
	struct class_stats class[MAX_CLASSES];
	uint8_t header[BATCH][HEADER_BYTES];
};

/* TCP over IPv4 or IPv6, the header alone. Offsets are from the IP header. */
static struct sock_filter tcp_only[] = {
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x40, 0, 2),
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
	BPF_JUMP(BPF_JMP | BPF_JA, 2, 0, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x60, 0, 3),
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, HEADER_BYTES),
	BPF_STMT(BPF_RET | BPF_K, 0),
};

static int open_socket(struct recorder *r)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct sock_fprog prog = {
		.len = sizeof(tcp_only) / sizeof(*tcp_only), .filter = tcp_only,
	};
	int on = 1, bytes = BUFFER_BYTES;

	ll.sll_ifindex = if_nametoindex(r->o->operand);
	if (!ll.sll_ifindex)
		return fail(errno, "device %s; see \"ip link\"", r->o->operand);
	r->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (r->fd < 0)
		return fail(errno, "cannot watch %s (needs CAP_NET_RAW; run as root)",
			    r->o->operand);
	if (setsockopt(r->fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) ||
	    setsockopt(r->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)))
		return fail(errno, "cannot set up the socket on %s", r->o->operand);
	/* without CAP_NET_ADMIN a smaller one: losses are counted */
	if (setsockopt(r->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(r->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (bind(r->fd, (struct sockaddr *)&ll, sizeof(ll)))
		return fail(errno, "cannot bind to %s", r->o->operand);
	return 0;
}

static uint64_t fold(const void *addr, size_t bytes)
{
	const uint8_t *p = addr;
	uint64_t v = 0xcbf29ce484222325ull;

	while (bytes--)
		v = (v ^ *p++) * 0x100000001b3ull;
	return v;
}

/* Returns false for what is no TCP header of a whole packet. */
static bool parse(const uint8_t *p, size_t have, struct packet *pkt)
{
	const struct ip6_hdr *ip6 = (const void *)p;
	const struct iphdr *ip = (const void *)p;
	const struct tcphdr *tcp;
	size_t at, total;

	if (have >= sizeof(*ip) && ip->version == 4) {
		at = ip->ihl * 4;
		total = ntohs(ip->tot_len);
		pkt->key[0] = fold(&ip->saddr, 4);
		pkt->key[1] = fold(&ip->daddr, 4);
	} else if (have >= sizeof(*ip6) && p[0] >> 4 == 6) {
		at = sizeof(*ip6);
		total = at + ntohs(ip6->ip6_plen);
		pkt->key[0] = fold(&ip6->ip6_src, 16);
		pkt->key[1] = fold(&ip6->ip6_dst, 16);
	} else {
		return false;
	}
	if (at + sizeof(*tcp) > have)
		return false;
	tcp = (const void *)(p + at);
	at += tcp->doff * 4;
	if (at > total)
		return false;
	pkt->key[2] = (uint64_t)ntohs(tcp->source) << 16 | ntohs(tcp->dest);
	pkt->port = ntohs(tcp->dest);
	pkt->bytes = total - at;
	return true;
}

static struct flow *find_flow(struct recorder *r, const struct packet *pkt)
{
	uint32_t i = (pkt->key[0] ^ pkt->key[1] ^ pkt->key[2] * 0x9e3779b97f4a7c15ull) >> 32;
	struct flow *f;

	for (;; i++) {
		f = &r->flow[i & r->mask];
		if (!memcmp(f->key, pkt->key, sizeof(f->key)))
			return f;
		if (!f->key[2])
			break;
	}
	/* half of the table stays free, so that the search above ends */
	if (r->nr_flows > r->mask / 2)
		return NULL;
	memcpy(f->key, pkt->key, sizeof(f->key));
	r->nr_flows++;
	return f;
}

static void open_window(struct recorder *r, uint64_t ns)
{
	r->from_ns = ns + r->o->warmup_ns;
	r->until_ns = r->o->duration_ns ? r->from_ns + r->o->duration_ns : UINT64_MAX;
}

static void take(struct recorder *r, const struct packet *pkt)
{
	unsigned int class = pkt->port - r->o->port;
	struct class_stats *k;
	uint64_t gap, ideal, rate;
	struct flow *f;

	if (pkt->port < r->o->port || class >= r->o->nr_classes) {
		r->others++;
		return;
	}
	if (!pkt->bytes)
		return;
	if (!r->from_ns)
		open_window(r, pkt->ns);
	f = find_flow(r, pkt);
	if (!f) {
		r->others++;
		return;
	}
	k = &r->class[class];
	rate = r->o->class[class].rate_bps;
	if (!f->last_ns)
		k->flows++;
	if (pkt->ns >= r->from_ns && pkt->ns < r->until_ns) {
		k->packets++;
		k->bytes += pkt->bytes;
		if (f->last_ns >= r->from_ns && rate) {
			gap = pkt->ns - f->last_ns;
			ideal = f->last_bytes * (8.0 * NSEC_PER_SEC) / rate;
			hist_add(&k->deviation, gap > ideal ? gap - ideal : ideal - gap);
		}
	}
	f->last_ns = pkt->ns;
	f->last_bytes = pkt->bytes;
}

static uint64_t arrival_ns(struct msghdr *msg)
{
	struct cmsghdr *c;
	struct timespec ts;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
			memcpy(&ts, CMSG_DATA(c), sizeof(ts));
			return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
		}
	}
	return 0;
}

/* Reads what has come; returns how many packets, or -errno. */
static int drain(struct recorder *r)
{
	union {
		char buf[CMSG_SPACE(sizeof(struct timespec))];
		struct cmsghdr align;
	} control[BATCH];
	struct sockaddr_ll from[BATCH];
	struct mmsghdr msg[BATCH] = { 0 };
	struct iovec iov[BATCH];
	struct packet pkt;
	int i, n;

	for (i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ r->header[i], HEADER_BYTES };
		msg[i].msg_hdr = (struct msghdr){
			.msg_name = &from[i], .msg_namelen = sizeof(from[i]),
			.msg_iov = &iov[i], .msg_iovlen = 1,
			.msg_control = &control[i], .msg_controllen = sizeof(control[i]),
		};
	}
	n = recvmmsg(r->fd, msg, BATCH, MSG_DONTWAIT, NULL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 :
			fail(errno, "cannot read packets of %s", r->o->operand);
	for (i = 0; i < n; i++) {
		/* acks that go out of the same device */
		if (from[i].sll_pkttype == PACKET_OUTGOING)
			continue;
		pkt.ns = arrival_ns(&msg[i].msg_hdr);
		if (parse(r->header[i], msg[i].msg_len, &pkt))
			take(r, &pkt);
	}
	return n;
}

static int loop(struct recorder *r)
{
	struct timespec pause = ns_to_timespec(POLL_NS);
	struct pollfd stop = { .fd = r->o->signals, .events = POLLIN };
	int n;

	for (;;) {
		do {
			n = drain(r);
		} while (n == BATCH);
		if (n < 0)
			return n;
		if (stop.revents || (r->from_ns && now_ns(CLOCK_REALTIME) >= r->until_ns))
			return 0;
		ppoll(&stop, 1, &pause, NULL);
	}
}

static void report_class(const struct recorder *r, unsigned int class, FILE *out)
{
	const struct flow_class *c = &r->o->class[class];
	const struct class_stats *k = &r->class[class];
	const char *sep = "";
	unsigned int i;

	fprintf(out, "    {\"name\": \"%s\", \"rate_bps\": %ju, \"flows\": %ju, ",
		c->name, c->rate_bps, k->flows);
	fprintf(out, "\"packets\": %ju, \"bytes\": %ju, \"gaps\": %ju,\n     ",
		k->packets, k->bytes, k->deviation.count);
	fprintf(out, "\"deviation_ns\": {\"p50\": %ju, \"p90\": %ju, ",
		hist_quantile(&k->deviation, 0.5), hist_quantile(&k->deviation, 0.9));
	fprintf(out, "\"p99\": %ju, \"max\": %ju},\n",
		hist_quantile(&k->deviation, 0.99), k->deviation.max);
	fputs("     \"deviation_bins\": [", out);
	for (i = 0; i < HIST_BINS; i++) {
		if (!k->deviation.bin[i])
			continue;
		fprintf(out, "%s[%ju, %ju]", sep, hist_upper(i),
			k->deviation.bin[i]);
		sep = ", ";
	}
	fprintf(out, "]}%s\n", class + 1 < r->o->nr_classes ? "," : "");
}

static void report(struct recorder *r, FILE *out)
{
	struct tpacket_stats st = { 0 };
	socklen_t len = sizeof(st);
	unsigned int i;

	getsockopt(r->fd, SOL_PACKET, PACKET_STATISTICS, &st, &len);
	fprintf(out, "{\"mode\": \"record\", \"device\": \"%s\", ", r->o->operand);
	fprintf(out, "\"missed\": %u, \"others\": %ju, \"classes\": [\n", st.tp_drops, r->others);
	for (i = 0; i < r->o->nr_classes; i++)
		report_class(r, i, out);
	fprintf(out, "  ]}\n");
}

int record_run(const struct options *o, FILE *out)
{
	struct recorder *r = calloc(1, sizeof(*r));
	uint32_t size = 64;
	int err;

	if (!r)
		return fail(ENOMEM, "cannot hold the recorder");
	r->o = o;
	r->fd = -1;
	/* flows that reconnect take a place each */
	while (size < 8 * o->nr_flows)
		size *= 2;
	r->mask = size - 1;
	r->flow = calloc(size, sizeof(*r->flow));
	if (!r->flow)
		err = fail(ENOMEM, "cannot hold %u flows", o->nr_flows);
	else
		err = open_socket(r);
	if (!err)
		err = loop(r);
	if (!err)
		report(r, out);
	if (r->fd >= 0)
		close(r->fd);
	free(r->flow);
	free(r);
	return err;
}
