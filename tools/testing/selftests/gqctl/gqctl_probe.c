// SPDX-License-Identifier: GPL-2.0-only
/*
 * One-way delays of UDP packets between two processes of one machine:
 *
 *	gqctl_probe recv PORT COUNT
 *	gqctl_probe send ADDRESS PORT COUNT BYTES GAP_US
 *
 * The sender puts the time into each packet; the receiver waits for COUNT of
 * them, or until none has come for 5 s after the first one, and prints received
 * packets, median and 99th percentile of the delay in us.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SILENCE_MS	5000
#define FIRST_MS	60000
#define BYTES_MAX	1400

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static int fail(const char *what)
{
	fprintf(stderr, "gqctl_probe: %s: %s\n", what, strerror(errno));
	return 1;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int receive(uint16_t port, size_t count)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct pollfd p = { .fd = socket(AF_INET6, SOCK_DGRAM, 0), .events = POLLIN };
	int64_t *delay = calloc(count, sizeof(*delay)), sent;
	size_t n = 0;

	if (p.fd < 0 || !delay || bind(p.fd, (struct sockaddr *)&any, sizeof(any)))
		return fail("cannot open the port");
	while (n < count && poll(&p, 1, n ? SILENCE_MS : FIRST_MS) > 0)
		if (recv(p.fd, &sent, sizeof(sent), 0) == sizeof(sent))
			delay[n++] = now_ns() - sent;
	qsort(delay, n, sizeof(*delay), compare);
	printf("%zu %ld %ld\n", n, n ? (long)(delay[n / 2] / 1000) : -1L,
	       n ? (long)(delay[(n - 1) * 99 / 100] / 1000) : -1L);
	free(delay);
	return 0;
}

static int transmit(const char *address, uint16_t port, size_t count, size_t bytes, long gap_us)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	const struct timespec gap = { gap_us / 1000000, gap_us % 1000000 * 1000 };
	char mapped[64], buf[BYTES_MAX] = { 0 };
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	int64_t now;

	snprintf(mapped, sizeof(mapped), "%s%s", strchr(address, ':') ? "" : "::ffff:", address);
	if (fd < 0 || inet_pton(AF_INET6, mapped, &to.sin6_addr) != 1 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return fail("cannot send");
	while (count--) {
		now = now_ns();
		memcpy(buf, &now, sizeof(now));
		/* a full queue is a loss, which the receiver sees */
		if (send(fd, buf, bytes, 0) < 0 && errno != ENOBUFS && errno != EAGAIN)
			return fail("cannot send");
		nanosleep(&gap, NULL);
	}
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "recv") && atol(argv[3]) > 0)
		return receive(atoi(argv[2]), atol(argv[3]));
	if (argc == 7 && !strcmp(argv[1], "send") && atol(argv[5]) >= 8 &&
	    atol(argv[5]) <= BYTES_MAX)
		return transmit(argv[2], atoi(argv[3]), atol(argv[4]), atol(argv[5]),
				atol(argv[6]));
	fputs("usage: gqctl_probe recv PORT COUNT\n"
	      "       gqctl_probe send ADDRESS PORT COUNT BYTES GAP_US\n"
	      "example: gqctl_probe send 192.0.2.2 7000 300 1000 5000\n", stderr);
	return argc > 1 && !strcmp(argv[1], "--help") ? 0 : 2;
}
