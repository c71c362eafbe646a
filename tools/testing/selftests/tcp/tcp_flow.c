// SPDX-License-Identifier: GPL-2.0-only
/*
 * One TCP flow that always has something to send, and what its sender sees:
 *
 *   tcp_flow recv PORT
 *   tcp_flow send ADDRESS PORT CC SECONDS [SKIP [TOS]]
 *
 * CC - leaves the choice to the system. send looks at TCP_INFO each 10 ms, and
 * after SKIP seconds keeps the smoothed RTT and the window. It prints, in us,
 * packets, and bytes per second:
 *
 *   p50=... p95=... max=... min=... cwnd=... goodput=... retrans=... cc=...
 *
 * recv takes connections until it is killed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SAMPLE_NS	10000000ull
#define MAX_SAMPLES	100000u

static uint32_t rtt[MAX_SAMPLES], cwnd[MAX_SAMPLES];

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static int fail(const char *what)
{
	fprintf(stderr, "tcp_flow: %s: %s\n", what, strerror(errno));
	return 1;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int receive(uint16_t port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int one = 1, off = 0, fd, conn;
	static char buf[1 << 16];

	fd = socket(AF_INET6, SOCK_STREAM, 0);
	if (fd < 0)
		return fail("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) || listen(fd, 8))
		return fail("listen");
	signal(SIGCHLD, SIG_IGN);
	while ((conn = accept(fd, NULL, NULL)) >= 0) {
		switch (fork()) {
		case -1:
			return fail("fork");
		case 0:
			while (read(conn, buf, sizeof(buf)) > 0)
				;
			return 0;
		}
		close(conn);
	}
	return fail("accept");
}

/* "0" leaves it as it is. */
static int set_tos(int fd, int family, int tos)
{
	if (!tos)
		return 0;
	if (family == AF_INET)
		return setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	return setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof(tos));
}

static int open_flow(const char *address, const char *port, const char *cc, int tos)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST }, *to;
	int fd, lowat = 1 << 16;

	if (getaddrinfo(address, port, &hints, &to))
		return -1;
	fd = socket(to->ai_family, SOCK_STREAM, 0);
	if (fd < 0 || set_tos(fd, to->ai_family, tos) ||
	    (*cc != '-' && setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, cc, strlen(cc))) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat, sizeof(lowat)) ||
	    connect(fd, to->ai_addr, to->ai_addrlen)) {
		fail(address);
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(to);
	return fd;
}

static bool info_of(int fd, struct tcp_info *info)
{
	socklen_t len = sizeof(*info);

	return !getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len);
}

static void print_result(unsigned int n, const struct tcp_info *first,
			 const struct tcp_info *last, double seconds, const char *cc)
{
	qsort(rtt, n, sizeof(*rtt), by_value);
	qsort(cwnd, n, sizeof(*cwnd), by_value);
	printf("p50=%u p95=%u max=%u min=%u cwnd=%u goodput=%.0f retrans=%u cc=%s\n", rtt[n / 2],
	       rtt[n * 95 / 100], rtt[n - 1], last->tcpi_min_rtt, cwnd[n / 2],
	       (last->tcpi_bytes_acked - first->tcpi_bytes_acked) / seconds,
	       last->tcpi_total_retrans, cc);
}

static int send_flow(const char *address, const char *port, const char *cc, double seconds,
		     double skip, int tos)
{
	struct tcp_info first = { 0 }, info = { 0 };
	uint64_t start, next, now, from = 0;
	static const char zeros[1 << 14];
	int fd = open_flow(address, port, cc, tos);
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	unsigned int n = 0;
	char used[16] = "";
	socklen_t len = sizeof(used);

	if (fd < 0)
		return 1;
	start = now_ns();
	next = start + skip * 1e9;
	for (now = start; now < start + seconds * 1e9; now = now_ns()) {
		struct timespec ts = { 0, next > now ? (next - now) % 1000000000 : 0 };

		if (ppoll(&pfd, 1, &ts, NULL) > 0 &&
		    send(fd, zeros, sizeof(zeros), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
		    errno != EAGAIN)
			return fail("send");
		if (now < next || n == MAX_SAMPLES || !info_of(fd, &info))
			continue;
		next += SAMPLE_NS;
		if (!n) {
			first = info;
			from = now;
		}
		rtt[n] = info.tcpi_rtt;
		cwnd[n++] = info.tcpi_snd_cwnd;
	}
	if (!n)
		return fail("no samples");
	getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, used, &len);
	print_result(n, &first, &info, (now - from) / 1e9, used);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "recv"))
		return receive(atoi(argv[2]));
	if (argc >= 6 && argc <= 8 && !strcmp(argv[1], "send"))
		return send_flow(argv[2], argv[3], argv[4], atof(argv[5]),
				 argc >= 7 ? atof(argv[6]) : 0, argc == 8 ? atoi(argv[7]) : 0);
	fprintf(stderr, "usage: tcp_flow recv PORT | send ADDRESS PORT CC SECONDS [SKIP [TOS]]\n");
	return 2;
}
