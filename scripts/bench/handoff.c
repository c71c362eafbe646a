// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One TCP flow that changes its congestion control, and what it does around the
 * change.
 *
 *	handoff recv PORT
 *	handoff send ADDRESS PORT FROM TO SECONDS
 *
 * send always has something to send. After SECONDS it changes from FROM to TO.
 * From BEFORE_MS before the change until AFTER_MS after it, it prints a line each
 * STEP_MS, in ms (of the change: 0), bytes, us, packets:
 *
 *	time,bytes_acked,rtt,cwnd,retransmits
 *
 * The RTT is the smoothed one. recv takes connections one after the other until
 * it is killed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define STEP_MS		10
#define BEFORE_MS	2000
#define AFTER_MS	6000

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static int fail(const char *what)
{
	fprintf(stderr, "handoff: %s: %s\n", what, strerror(errno));
	return 1;
}

static int cmd_recv(char **arg)
{
	struct sockaddr_in any = {
		.sin_family = AF_INET,
		.sin_port = htons(atoi(arg[0])),
	};
	static char buf[1 << 16];
	int fd, conn;

	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)) || listen(fd, 8))
		return fail("listen");
	while ((conn = accept(fd, NULL, NULL)) >= 0) {
		while (read(conn, buf, sizeof(buf)) > 0)
			;
		close(conn);
	}
	return fail("accept");
}

static int set_cc(int fd, const char *cc)
{
	if (!setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, cc, strlen(cc)))
		return 0;
	return fail(cc);
}

static int connect_to(const char *address, const char *port, const char *cc)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(atoi(port)),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0), lowat = 1 << 16;

	if (fd >= 0 && inet_pton(AF_INET, address, &to.sin_addr) == 1 && !set_cc(fd, cc) &&
	    !setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat, sizeof(lowat)) &&
	    !connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return fd;
	fail(address);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Send until a time, and take what the socket's buffer has no room for later. */
static int send_until(int fd, long long until)
{
	static const char zeros[1 << 14];
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	long long left;

	while ((left = until - now_ns()) > 0) {
		struct timespec ts = { left / 1000000000, left % 1000000000 };

		if (ppoll(&p, 1, &ts, NULL) > 0 &&
		    send(fd, zeros, sizeof(zeros), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
		    errno != EAGAIN)
			return fail("send");
	}
	return 0;
}

static int print_sample(int fd, int ms)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		return fail("TCP_INFO");
	printf("%d,%llu,%u,%u,%u\n", ms, (unsigned long long)info.tcpi_bytes_acked,
	       info.tcpi_rtt, info.tcpi_snd_cwnd, info.tcpi_total_retrans);
	return 0;
}

static int cmd_send(char **arg)
{
	int fd = connect_to(arg[0], arg[1], arg[2]), ms, ret = 1;
	long long change;

	if (fd < 0)
		return 1;
	change = now_ns() + (long long)(atof(arg[4]) * 1e9);
	for (ms = -BEFORE_MS; ms <= AFTER_MS; ms += STEP_MS) {
		if (send_until(fd, change + ms * 1000000ll) || print_sample(fd, ms) ||
		    (!ms && set_cc(fd, arg[3])))
			goto close;
	}
	ret = 0;
close:
	close(fd);
	return ret;
}

static const struct {
	const char *name;
	int args;
	int (*run)(char **arg);
} commands[] = {
	{ "recv", 1, cmd_recv },
	{ "send", 5, cmd_send },
};

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (argc == commands[i].args + 2 && !strcmp(argv[1], commands[i].name))
			return commands[i].run(argv + 2);
	}
	fprintf(stderr, "usage: handoff recv PORT | send ADDRESS PORT FROM TO SECONDS\n");
	return 2;
}
