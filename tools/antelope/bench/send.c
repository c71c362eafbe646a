// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sender. Each lane is, at any time, in one of
 *
 *   WAITING     until "next_ns", for its start or the gap between two connections
 *   CONNECTING  the handshake; it counts to the connection's time, as for a user
 *   SENDING     always something to send, TCP_INFO sampled
 *   DONE        after the last connection
 *
 * A connection ends by a reset: what its socket still holds is nobody's business
 * any more. What the network holds goes away in the gap.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "pathload.h"

enum state { WAITING, CONNECTING, SENDING, DONE };

struct lane {
	char cc[128];	/* or several, each after a "/" */
	double start, each, gap;
	unsigned int flows;

	enum state state;
	int fd;
	unsigned int flow;
	uint64_t begun_ns, next_ns;
	struct samples rtt;
	struct tcp_info info;
};

static struct lane *lanes;
static unsigned int lane_count;
static struct samples all;
static struct { double bytes, sent, again, busy_s; } sum;
static struct sockaddr_in to = { .sin_family = AF_INET };
static uint64_t sample_ns = 10000000, origin_ns;
static int ep;

static int parse_lane(struct lane *l, const char *text)
{
	static const struct { const char *key; size_t offset; } numbers[] = {
		{ "start", offsetof(struct lane, start) },
		{ "each", offsetof(struct lane, each) },
		{ "gap", offsetof(struct lane, gap) },
	};
	char copy[256], *save = NULL, *word, *value, *end;
	double number;
	size_t i;

	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return -EINVAL;
	word = strtok_r(copy, ",", &save);
	*l = (struct lane){ .fd = -1, .each = 10, .gap = 1, .flows = 1 };
	if (!word || strlen(word) >= sizeof(l->cc))
		return -EINVAL;
	memcpy(l->cc, word, strlen(word) + 1);
	while ((word = strtok_r(NULL, ",", &save))) {
		value = strchr(word, '=');
		if (!value)
			return -EINVAL;
		*value++ = 0;
		number = strtod(value, &end);
		if (end == value || *end || number < 0)
			return -EINVAL;
		for (i = 0; i < 3 && strcmp(word, numbers[i].key); i++)
			;
		if (i < 3)
			*(double *)((char *)l + numbers[i].offset) = number;
		else if (!strcmp(word, "flows") && number >= 1)
			l->flows = number;
		else
			return -EINVAL;
	}
	return 0;
}

/* The CC of the present connection: those of the lane take turns. */
static void next_cc(const struct lane *l, char cc[16])
{
	const char *s = l->cc;
	unsigned int n = 1, i;

	for (i = 0; s[i]; i++)
		n += s[i] == '/';
	for (n = l->flow % n; n; n--)
		s = strchr(s, '/') + 1;
	for (i = 0; i < 15 && s[i] && s[i] != '/'; i++)
		cc[i] = s[i];
	cc[i] = 0;
}

static int open_flow(struct lane *l, uint64_t now)
{
	char cc[16];
	struct epoll_event ev = { .events = EPOLLOUT, .data.ptr = l };
	int lowat = 1 << 17;

	if (strcmp(l->cc, "bandit"))
		next_cc(l, cc);
	else
		snprintf(cc, sizeof(cc), "%s", bandit_choose());
	l->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return fail("socket");
	if ((*cc != '-' && setsockopt(l->fd, IPPROTO_TCP, TCP_CONGESTION, cc, strlen(cc))) ||
	    setsockopt(l->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat, sizeof(lowat)) ||
	    (connect(l->fd, (struct sockaddr *)&to, sizeof(to)) && errno != EINPROGRESS) ||
	    epoll_ctl(ep, EPOLL_CTL_ADD, l->fd, &ev))
		return fail(cc);
	l->state = CONNECTING;
	l->begun_ns = now;
	l->next_ns = now + l->each * 1e9;
	l->info = (struct tcp_info){ 0 };
	return 0;
}

static void print_flow(struct lane *l, const char *cc)
{
	const struct tcp_info *i = &l->info;

	printf("{\"lane\":%td,\"flow\":%u,\"cc\":\"%s\",\"start_s\":%.3f,", l - lanes, l->flow, cc,
	       (l->begun_ns - origin_ns) / 1e9);
	printf("\"goodput_bps\":%.0f,\"min_us\":%u,\"sent\":%llu,\"again\":%llu,\"acked\":%llu,",
	       i->tcpi_bytes_acked * 8 / l->each, i->tcpi_min_rtt,
	       (unsigned long long)i->tcpi_bytes_sent, (unsigned long long)i->tcpi_bytes_retrans,
	       (unsigned long long)i->tcpi_bytes_acked);
	samples_print(&l->rtt);
	puts("}");
}

static int end_flow(struct lane *l, uint64_t now)
{
	struct linger reset = { 1, 0 };
	socklen_t len = sizeof(l->info);
	char cc[16] = "";
	int err;

	getsockopt(l->fd, IPPROTO_TCP, TCP_INFO, &l->info, &len);
	len = sizeof(cc);
	getsockopt(l->fd, IPPROTO_TCP, TCP_CONGESTION, cc, &len);
	if (!strcmp(l->cc, "bandit"))
		bandit_learn(cc, &l->info);
	print_flow(l, cc);
	sum.bytes += l->info.tcpi_bytes_acked;
	sum.sent += l->info.tcpi_bytes_sent;
	sum.again += l->info.tcpi_bytes_retrans;
	sum.busy_s += l->each;
	err = samples_join(&all, &l->rtt);
	samples_free(&l->rtt);
	setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(l->fd);
	l->fd = -1;
	l->state = ++l->flow < l->flows ? WAITING : DONE;
	l->next_ns = now + l->gap * 1e9;
	return err;
}

static int sample(struct lane *l)
{
	socklen_t len = sizeof(l->info);

	if (getsockopt(l->fd, IPPROTO_TCP, TCP_INFO, &l->info, &len))
		return fail("TCP_INFO");
	if (!strcmp(l->cc, "bandit") && bandit_gives_up(&l->info))
		setsockopt(l->fd, IPPROTO_TCP, TCP_CONGESTION, "bbr", 3);
	return l->state == SENDING ? samples_add(&l->rtt, l->info.tcpi_rtt) : 0;
}

static int push(struct lane *l, uint32_t events)
{
	static const char zeros[1 << 16];
	int err = 0;
	socklen_t len = sizeof(err);

	if (l->state == CONNECTING) {
		getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &err, &len);
		errno = err;
		if (err)
			return fail("connect");
		l->state = SENDING;
	}
	if (events & EPOLLERR || (send(l->fd, zeros, sizeof(zeros), MSG_NOSIGNAL) < 0 &&
				  errno != EAGAIN))
		return fail("send");
	return 0;
}

/* What is due by the clock. Returns how many lanes are not done, or < 0. */
static int tick(uint64_t now, bool look)
{
	int left = 0, err = 0;
	struct lane *l;

	for (l = lanes; l < lanes + lane_count && !err; l++) {
		if (l->state == WAITING && now >= l->next_ns)
			err = open_flow(l, now);
		else if (l->state != WAITING && l->state != DONE && now >= l->next_ns)
			err = end_flow(l, now);
		else if (look && l->fd >= 0)
			err = sample(l);
		left += l->state != DONE;
	}
	return err ? -1 : left;
}

static int loop(void)
{
	uint64_t now = now_ns(), next = now;
	struct epoll_event got[64];
	struct timespec ts;
	int n, i, left = 1;

	origin_ns = now;
	for (i = 0; i < (int)lane_count; i++)
		lanes[i].next_ns = now + lanes[i].start * 1e9;
	for (;;) {
		now = now_ns();
		if (now >= next) {
			left = tick(now, true);
			if (left <= 0)
				return left;
			next = now + sample_ns;
		}
		ts = (struct timespec){ 0, next - now };
		n = epoll_pwait2(ep, got, 64, &ts, NULL);
		for (i = 0; i < n; i++) {
			struct lane *l = got[i].data.ptr;

			if (l->fd >= 0 && push(l, got[i].events))
				return -1;
		}
	}
}

static int prepare(int argc, char **argv)
{
	unsigned int i;

	lane_count = argc - 2;
	lanes = calloc(lane_count, sizeof(*lanes));
	ep = epoll_create1(0);
	if (!lanes || ep < 0)
		return fail("prepare");
	to.sin_port = htons(atoi(argv[1]));
	if (inet_pton(AF_INET, argv[0], &to.sin_addr) != 1) {
		fprintf(stderr, "pathload: %s: not an IPv4 address\n", argv[0]);
		return 2;
	}
	for (i = 0; i < lane_count; i++) {
		if (!parse_lane(&lanes[i], argv[i + 2]))
			continue;
		fprintf(stderr, "pathload: lane %u: cannot read \"%s\"; see --help\n", i + 1,
			argv[i + 2]);
		return 2;
	}
	return 0;
}

int cmd_send(int argc, char **argv)
{
	int err;

	if (argc > 2 && !strcmp(argv[1], "--sample") && atof(argv[2]) > 0) {
		sample_ns = atof(argv[2]) * 1e6;
		argc -= 2;
		argv += 2;
	}
	if (argc < 4) {
		fprintf(stderr, "pathload: send: wants ADDRESS PORT LANE...; see --help\n");
		return 2;
	}
	err = prepare(argc - 1, argv + 1);
	if (!err && loop() < 0)
		err = 1;
	if (!err) {
		printf("{\"lane\":\"all\",\"goodput_bps\":%.0f,\"sent\":%.0f,\"again\":%.0f,",
		       sum.busy_s ? sum.bytes * 8 / sum.busy_s : 0, sum.sent, sum.again);
		samples_print(&all);
		puts("}");
	}
	samples_free(&all);
	free(lanes);
	return err;
}
