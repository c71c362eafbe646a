// SPDX-License-Identifier: GPL-2.0
/* See tcp_lib.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tcp_lib.h"

#define LISTEN_PORT	5001

static int run(const char *fmt, const char *arg)
{
	char line[256];

	snprintf(line, sizeof(line), fmt, arg);
	return system(line) ? -EIO : 0;
}

int net_init(const char *netem)
{
	if (unshare(CLONE_NEWNET))
		return -errno;
	return run("ip link set lo mtu 1500 up%s", "") ?:
	       run("tc qdisc add dev lo root netem limit 100000 %s", netem);
}

int net_change(const char *netem)
{
	return run("tc qdisc replace dev lo root netem limit 100000 %s", netem);
}

int net_sysctl(const char *name, const char *value)
{
	char path[128];
	int fd, ret = 0;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/%s", name);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* Lines come in twos: names, then values, each with its group in front. */
long net_counter(const char *name)
{
	static char names[16384], values[16384];
	FILE *f = fopen("/proc/net/netstat", "r");
	long found = -1;

	while (f && found < 0 && fgets(names, sizeof(names), f) &&
	       fgets(values, sizeof(values), f)) {
		char *a, *b, *n, *v;

		n = strtok_r(names, "\n ", &a);
		v = strtok_r(values, "\n ", &b);
		while (n && v) {
			if (!strcmp(n, name))
				found = atol(v);
			n = strtok_r(NULL, "\n ", &a);
			v = strtok_r(NULL, "\n ", &b);
		}
	}
	if (f)
		fclose(f);
	return found;
}

static int fail(struct pair *p, int listener)
{
	int err = -errno;

	if (listener >= 0)
		close(listener);
	pair_close(p);
	return err;
}

int pair_open(struct pair *p, const char *cc, int window)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_port = htons(LISTEN_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int l = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	p->receiver = -1;
	p->sender = socket(AF_INET, SOCK_STREAM, 0);
	if (l < 0 || p->sender < 0)
		return fail(p, l);
	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(l, (struct sockaddr *)&a, sizeof(a)) || listen(l, 1) ||
	    (window && set_window(l, window)) || (cc && set_cc(p->sender, cc)) ||
	    connect(p->sender, (struct sockaddr *)&a, sizeof(a)))
		return fail(p, l);
	p->receiver = accept(l, NULL, NULL);
	if (p->receiver < 0)
		return fail(p, l);
	close(l);
	fcntl(p->sender, F_SETFL, O_NONBLOCK);
	fcntl(p->receiver, F_SETFL, O_NONBLOCK);
	return 0;
}

void pair_close(struct pair *p)
{
	if (p->sender >= 0)
		close(p->sender);
	if (p->receiver >= 0)
		close(p->receiver);
	p->sender = -1;
	p->receiver = -1;
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

long pair_run(struct pair *p, int ms, long bytes)
{
	static char buf[65536];
	long end = now_ms() + ms, sent = 0, got = 0, n;

	while (got < bytes && now_ms() < end) {
		struct pollfd fds[2] = {
			{ .fd = p->receiver, .events = POLLIN },
			{ .fd = p->sender, .events = sent < bytes ? POLLOUT : 0 },
		};

		if (poll(fds, 2, end - now_ms()) < 0)
			break;
		if (fds[0].revents) {
			n = read(p->receiver, buf, sizeof(buf));
			if (n <= 0 && errno != EAGAIN)
				break;
			got += n > 0 ? n : 0;
		}
		if (fds[1].revents & POLLOUT) {
			n = bytes - sent;
			n = write(p->sender, buf, n < (long)sizeof(buf) ? n : (long)sizeof(buf));
			if (n < 0 && errno != EAGAIN)
				break;
			sent += n > 0 ? n : 0;
		}
	}
	return got;
}

int set_window(int fd, int acks)
{
	return setsockopt(fd, IPPROTO_TCP, TCP_ACK_WINDOW, &acks, sizeof(acks)) ? -errno : 0;
}

int get_window(int fd, struct tcp_ack_window *w)
{
	socklen_t len = sizeof(*w);

	memset(w, 0, sizeof(*w));
	return getsockopt(fd, IPPROTO_TCP, TCP_ACK_WINDOW, w, &len) ? -errno : 0;
}

int set_cc(int fd, const char *name)
{
	return setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, strlen(name)) ? -errno : 0;
}

struct tcp_info get_info(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	return info;
}
