// SPDX-License-Identifier: GPL-2.0
/*
 * TCP_ACK_WINDOW beside ACKs that are known to the last bit.
 *
 * The connection leads through a TUN device, behind which this program is the
 * peer: what it reads there is what TCP has sent, and each ACK that TCP sees it has
 * written by hand. A script is a table of steps, with the time of each and, where a
 * window ends, what it must say. Segments have 1000 bytes and are counted from 0.
 *
 *  1. RTTs: smallest, largest, sum; packets, bytes, duration
 *  2. ACKs whose rate sample is limited by the application, and those that are not
 *  3. three SACKs make one loss; time in Open, Disorder and Recovery; what is sent
 *     again counts in the window in which it is sent
 *  4. a loss that three duplicate ACKs tell of, without SACK
 *  5. CE marks that the peer echoes, and time in CWR
 *  6. a retransmission timeout: time in Loss, all packets lost
 *  7. time limited by the peer's window
 *
 * Numbers of packets are exact wherever this runs; times are where time is virtual
 * (NETSTEER_CLOCK), and are left out elsewhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"
#include "tcp_lib.h"

#define MSS		1000
#define PEER_PORT	5001
#define PEER_ISN	7000u
#define RWND		60000
/* The handshake takes this long, and is the first RTT that TCP knows. */
#define HANDSHAKE_MS	10
/* Readings of the virtual clock, and a jiffy for what is counted in jiffies. */
#define NEAR_US		300
#define JIFFY_US	10000

enum op { END, SEND, ACK, WINDOW };

/* What a window must say. */
struct want {
	__u32 delivered, ce, lost, retrans, bytes, app_limited;
	__u32 rtt_samples, rtt_min_ms, rtt_max_ms, rtt_sum_ms;
	__u32 duration_ms, rwnd_ms;
	__u32 state_ms[5];	/* Open, Disorder, CWR, Recovery, Loss */
};

struct step {
	int at_ms;		/* since the connection was established */
	enum op op;
	int n;			/* segments to send, or acknowledged in all */
	int sack[2];		/* these too, the second not included */
	bool ece;
	int rwnd;		/* bytes, 0: RWND */
	struct want want;
};

struct script {
	const char *name;
	int acks;		/* of a window */
	int rwnd;		/* of the SYN+ACK */
	bool sack, ecn;
	struct step step[24];
};

static const struct script scripts[] = {
	{ "RTTs", .acks = 4, .sack = true, .step = {
		{ 0, SEND, 4 },
		{ 10, ACK, 1 }, { 12, ACK, 2 }, { 15, ACK, 3 }, { 30, ACK, 4 },
		{ 30, WINDOW, .want = {
			.delivered = 4, .bytes = 4000, .app_limited = 4, .rtt_samples = 4,
			.rtt_min_ms = 10, .rtt_max_ms = 30, .rtt_sum_ms = 67,
			.duration_ms = 30, .state_ms = { 30 } } },
	} },
	/* Ten go at once, after a bubble; each ACK lets two more go, after none. */
	{ "limited by the application", .acks = 10, .sack = true, .step = {
		{ 0, SEND, 40 },
		{ 10, ACK, 1 }, { 11, ACK, 2 }, { 12, ACK, 3 }, { 13, ACK, 4 },
		{ 14, ACK, 5 }, { 15, ACK, 6 }, { 16, ACK, 7 }, { 17, ACK, 8 },
		{ 18, ACK, 9 }, { 19, ACK, 10 },
		{ 19, WINDOW, .want = {
			.delivered = 10, .bytes = 10000, .app_limited = 10,
			.rtt_samples = 10, .rtt_min_ms = 10, .rtt_max_ms = 19,
			.rtt_sum_ms = 145, .duration_ms = 19, .state_ms = { 19 } } },
		{ 20, ACK, 11 }, { 21, ACK, 13 }, { 22, ACK, 15 }, { 23, ACK, 17 },
		{ 24, ACK, 19 }, { 25, ACK, 21 }, { 26, ACK, 23 }, { 27, ACK, 25 },
		{ 28, ACK, 27 }, { 29, ACK, 29 },
		{ 29, WINDOW, .want = {
			.delivered = 19, .bytes = 19000, .app_limited = 0,
			.rtt_samples = 10, .rtt_min_ms = 10, .rtt_max_ms = 10,
			.rtt_sum_ms = 100, .duration_ms = 10, .state_ms = { 10 } } },
	} },
	/* What is sent again is sent after the bubble. */
	{ "a loss, by SACK", .acks = 4, .sack = true, .step = {
		{ 0, SEND, 8 },
		{ 10, ACK, 1 }, { 12, ACK, 1, { 2, 3 } }, { 15, ACK, 1, { 2, 4 } },
		{ 20, ACK, 1, { 2, 5 } },
		{ 20, WINDOW, .want = {
			.delivered = 4, .bytes = 1000, .lost = 1, .app_limited = 4,
			.rtt_samples = 4, .rtt_min_ms = 10, .rtt_max_ms = 20,
			.rtt_sum_ms = 57, .duration_ms = 20, .state_ms = { 12, 8 } } },
		{ 22, ACK, 1, { 2, 6 } }, { 24, ACK, 1, { 2, 7 } },
		{ 26, ACK, 1, { 2, 8 } }, { 30, ACK, 8 },
		{ 30, WINDOW, .want = {
			.delivered = 4, .bytes = 7000, .retrans = 1, .app_limited = 3,
			.rtt_samples = 3, .rtt_min_ms = 22, .rtt_max_ms = 26,
			.rtt_sum_ms = 72, .duration_ms = 10, .state_ms = { 0, 0, 0, 10 } } },
	} },
	{ "a loss, by duplicate ACKs", .acks = 4, .step = {
		{ 0, SEND, 8 },
		{ 10, ACK, 1 }, { 12, ACK, 1 }, { 15, ACK, 1 }, { 20, ACK, 1 },
		{ 20, WINDOW, .want = {
			.delivered = 4, .bytes = 1000, .lost = 1, .app_limited = 1,
			.rtt_samples = 1, .rtt_min_ms = 10, .rtt_max_ms = 10,
			.rtt_sum_ms = 10, .duration_ms = 20, .state_ms = { 12, 8 } } },
	} },
	{ "CE marks", .acks = 2, .sack = true, .ecn = true, .step = {
		{ 0, SEND, 8 },
		{ 10, ACK, 2 }, { 12, ACK, 5, .ece = true },
		{ 12, WINDOW, .want = {
			.delivered = 5, .ce = 3, .bytes = 5000, .app_limited = 2,
			.rtt_samples = 2, .rtt_min_ms = 10, .rtt_max_ms = 12,
			.rtt_sum_ms = 22, .duration_ms = 12, .state_ms = { 12 } } },
		{ 16, ACK, 7 }, { 20, ACK, 8 },
		{ 20, WINDOW, .want = {
			.delivered = 3, .bytes = 3000, .app_limited = 2,
			.rtt_samples = 2, .rtt_min_ms = 16, .rtt_max_ms = 20,
			.rtt_sum_ms = 36, .duration_ms = 8, .state_ms = { 0, 0, 8 } } },
	} },
	/* 200 ms, the mean RTT of 10 ms, and up to the next jiffy */
	{ "a timeout", .acks = 1, .sack = true, .step = {
		{ 0, SEND, 2 },
		{ 300, ACK, 2 },
		{ 300, WINDOW, .want = {
			.delivered = 2, .bytes = 2000, .lost = 2, .retrans = 1,
			.app_limited = 1, .duration_ms = 300,
			.state_ms = { 220, 0, 0, 0, 80 } } },
	} },
	/* Three fit; the rest may go at 60 ms. */
	{ "the peer's window", .acks = 2, .rwnd = 3000, .sack = true, .step = {
		{ 0, SEND, 8 },
		{ 60, ACK, 3 }, { 70, ACK, 8 },
		{ 70, WINDOW, .want = {
			.delivered = 8, .bytes = 8000, .app_limited = 1,
			.rtt_samples = 2, .rtt_min_ms = 10, .rtt_max_ms = 60,
			.rtt_sum_ms = 70, .duration_ms = 70, .rwnd_ms = 60,
			.state_ms = { 70 } } },
	} },
};

/* The peer, and the socket that it talks to. */
static struct {
	int tun, sock;
	__u16 port;
	__u32 isn;		/* of the socket */
	struct timespec start;
	bool exact;
} net;

struct packet {
	struct iphdr ip;
	struct tcphdr tcp;
	__u8 options[20];
};

static __u32 sum16(const void *data, size_t len, __u32 sum)
{
	const __u8 *b = data;
	size_t i;

	for (i = 0; i < len; i++)
		sum += i & 1 ? b[i] : b[i] << 8;
	return sum;
}

static __u16 fold(__u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

/* Fill in what all packets have, and write it; options are padded with NOPs. */
static void put(struct packet *p, int options)
{
	int tcp_len = sizeof(p->tcp) + options;
	__u32 sum;

	p->ip.version = 4;
	p->ip.ihl = 5;
	p->ip.ttl = 64;
	p->ip.protocol = IPPROTO_TCP;
	p->ip.tot_len = htons(sizeof(p->ip) + tcp_len);
	p->ip.saddr = htonl(0xc0000202);
	p->ip.daddr = htonl(0xc0000201);
	p->ip.check = fold(sum16(&p->ip, sizeof(p->ip), 0));
	p->tcp.source = htons(PEER_PORT);
	p->tcp.dest = net.port;
	p->tcp.doff = tcp_len / 4;
	sum = sum16(&p->ip.saddr, 8, IPPROTO_TCP + tcp_len);
	p->tcp.check = fold(sum16(&p->tcp, tcp_len, sum));
	if (write(net.tun, p, sizeof(p->ip) + tcp_len) < 0)
		ksft_exit_fail_msg("no packet to the device: %s\n", strerror(errno));
}

static void put_be32(__u8 *to, __u32 value)
{
	value = htonl(value);
	memcpy(to, &value, sizeof(value));
}

static void put_ack(const struct step *s)
{
	struct packet p = { 0 };
	int options = 0;

	p.tcp.seq = htonl(PEER_ISN + 1);
	p.tcp.ack_seq = htonl(net.isn + 1 + s->n * MSS);
	p.tcp.ack = 1;
	p.tcp.ece = s->ece;
	p.tcp.window = htons(s->rwnd ?: RWND);
	if (s->sack[1]) {
		memcpy(p.options, (const __u8 []){ 1, 1, 5, 10 }, 4);
		put_be32(p.options + 4, net.isn + 1 + s->sack[0] * MSS);
		put_be32(p.options + 8, net.isn + 1 + s->sack[1] * MSS);
		options = 12;
	}
	put(&p, options);
}

static void put_syn_ack(const struct script *s)
{
	/* MSS, then SACK permitted or NOPs */
	static const __u8 options[] = { 2, 4, MSS >> 8, MSS & 0xff, 1, 1, 4, 2 };
	struct packet p = { 0 };

	p.tcp.seq = htonl(PEER_ISN);
	p.tcp.ack_seq = htonl(net.isn + 1);
	p.tcp.syn = 1;
	p.tcp.ack = 1;
	p.tcp.ece = s->ecn;
	p.tcp.window = htons(s->rwnd ?: RWND);
	memcpy(p.options, options, sizeof(options));
	put(&p, s->sack ? 8 : 4);
}

/* Sleep until so many ms after the start. */
static void at(int ms)
{
	struct timespec t = net.start;

	t.tv_nsec += ms * 1000000L;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static void drain(void)
{
	struct packet p;

	while (read(net.tun, &p, sizeof(p)) > 0)
		;
}

static void connect_socket(const struct script *s)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(PEER_PORT),
		.sin_addr.s_addr = htonl(0xc0000202),
	};
	struct pollfd in = { .fd = net.tun, .events = POLLIN };
	struct packet p = { 0 };
	int one = 1;

	net_sysctl("tcp_ecn", s->ecn ? "1" : "0");
	net.sock = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(net.sock, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (set_cc(net.sock, "cubic") || !connect(net.sock, (struct sockaddr *)&to, sizeof(to)) ||
	    errno != EINPROGRESS)
		ksft_exit_fail_msg("no connection to the device\n");
	do {
		if (poll(&in, 1, 5000) != 1)
			ksft_exit_fail_msg("no SYN at the device\n");
	} while (read(net.tun, &p, sizeof(p)) < 40 || p.ip.version != 4 || !p.tcp.syn);
	net.port = p.tcp.source;
	net.isn = ntohl(p.tcp.seq);
	usleep(HANDSHAKE_MS * 1000);
	put_syn_ack(s);
	clock_gettime(CLOCK_MONOTONIC, &net.start);
	if (set_window(net.sock, s->acks))
		ksft_exit_fail_msg("no window of %d ACKs\n", s->acks);
}

static bool near_ms(const char *what, __u64 got_us, __u32 want_ms, __u32 slack_us)
{
	__u64 want_us = want_ms * 1000ULL;

	if (!net.exact || (got_us + slack_us >= want_us && got_us <= want_us + slack_us))
		return true;
	ksft_print_msg("%s is %llu us, not %llu\n", what, got_us, want_us);
	return false;
}

static bool equal(const char *what, __u64 got, __u64 want)
{
	if (got == want)
		return true;
	ksft_print_msg("%s is %llu, not %llu\n", what, got, want);
	return false;
}

static bool window_is(const struct want *want)
{
	static const char * const states[] = { "Open", "Disorder", "CWR", "Recovery", "Loss" };
	struct tcp_ack_window w;
	bool good = !get_window(net.sock, &w);
	int i;

	good &= equal("delivered", w.taw_delivered, want->delivered);
	good &= equal("delivered_ce", w.taw_delivered_ce, want->ce);
	good &= equal("lost", w.taw_lost, want->lost);
	good &= equal("retrans", w.taw_retrans, want->retrans);
	good &= equal("bytes_acked", w.taw_bytes_acked, want->bytes);
	good &= equal("app_limited_acks", w.taw_app_limited_acks, want->app_limited);
	good &= equal("rtt_samples", w.taw_rtt_samples, want->rtt_samples);
	good &= near_ms("rtt_min", w.taw_rtt_min_us, want->rtt_min_ms, NEAR_US);
	good &= near_ms("rtt_max", w.taw_rtt_max_us, want->rtt_max_ms, NEAR_US);
	good &= near_ms("rtt_sum", w.taw_rtt_sum_us, want->rtt_sum_ms, NEAR_US);
	good &= near_ms("duration", w.taw_duration_us, want->duration_ms, NEAR_US);
	good &= near_ms("rwnd_limited", w.taw_rwnd_limited_us, want->rwnd_ms, JIFFY_US);
	for (i = 0; i < 5; i++)
		good &= near_ms(states[i], w.taw_state_us[i], want->state_ms[i],
				want->state_ms[4] ? JIFFY_US : NEAR_US);
	return good;
}

static bool play(const struct script *s)
{
	static const char data[40 * MSS];
	const struct step *t;
	bool good = true;

	connect_socket(s);
	for (t = s->step; t->op != END; t++) {
		at(t->at_ms);
		if (t->op == SEND)
			good &= write(net.sock, data, t->n * MSS) == t->n * MSS;
		else if (t->op == ACK)
			put_ack(t);
		else
			good &= window_is(&t->want);
		drain();
	}
	close(net.sock);
	return good;
}

static int open_tun(void)
{
	struct ifreq r = { .ifr_name = "tun0", .ifr_flags = IFF_TUN | IFF_NO_PI };

	net.tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
	if (net.tun < 0)
		return -errno;
	if (ioctl(net.tun, TUNSETIFF, &r))
		return -errno;
	if (system("ip addr add 192.0.2.1/24 dev tun0") ||
	    system("ip link set tun0 up mtu 1500 gso_max_segs 1"))
		return -EIO;
	return 0;
}

int main(void)
{
	const char *clock = getenv("NETSTEER_CLOCK");
	size_t i;

	ksft_print_header();
	if (geteuid())
		ksft_exit_skip("needs root for a network namespace\n");
	if (access("/proc/sys/net/ipv4/tcp_ack_window", F_OK))
		ksft_exit_skip("this kernel has no net.ipv4.tcp_ack_window (patches/6.12)\n");
	if (net_init("delay 0ms") || net_sysctl("tcp_ack_window", "1") ||
	    net_sysctl("tcp_no_metrics_save", "1") || net_sysctl("tcp_timestamps", "0") ||
	    net_sysctl("tcp_early_retrans", "0") ||
	    net_sysctl("tcp_wmem", "4096 1048576 1048576"))
		ksft_exit_fail_msg("no network namespace\n");
	if (open_tun())
		ksft_exit_skip("no TUN device: %s\n", strerror(errno));
	net.exact = clock && !strcmp(clock, "virtual");
	ksft_set_plan(sizeof(scripts) / sizeof(*scripts));
	for (i = 0; i < sizeof(scripts) / sizeof(*scripts); i++)
		ksft_test_result(play(&scripts[i]), "%s\n", scripts[i].name);
	ksft_finished();
}
