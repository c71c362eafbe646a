// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gq_stream: TCP flows, sender (--to) or receiver, at the socket's own rate.
 *
 * The sender writes as fast as it may on each connection for --ms and closes.
 * The receiver prints "ready", accepts --flows connections, reads them to their
 * ends and then says how many bytes came in the first --ms, how many ns lie
 * between the first and the last read of these, and the least and the most bytes
 * of one connection. (What follows is left out: the end of a stream is late or
 * early by a whole socket buffer.)
 */
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gq_probe.h"

#define CHUNK		65536
#define MAX_FLOWS	4096

struct config {
	const char *to;
	const char *port;
	uint64_t flows;
	uint64_t ms;
	uint64_t rate;
	uint64_t chunk;
	uint64_t gap_ns;
};

#define OPT(name, kind, field, arg, help) \
	{ name, GQ_OPT_##kind, offsetof(struct config, field), arg, help }

static const struct gq_opt opts[] = {
	OPT("to", STR, to, "ADDRESS", "send there; without it: receive"),
	OPT("port", STR, port, "PORT", "(7001)"),
	OPT("flows", NUM, flows, "N", "connections, 1 to 4096 (1)"),
	OPT("ms", NUM, ms, "MS", "sends, or counts, for so long (1000)"),
	OPT("rate", NUM, rate, "BYTES/S", "sender: SO_MAX_PACING_RATE"),
	OPT("chunk", NUM, chunk, "BYTES", "sender: of a write (65536)"),
	OPT("gap-ns", NUM, gap_ns, "NS", "sender: sleep between two rounds"),
};

static struct pollfd fds[MAX_FLOWS];
static char buf[CHUNK];

static int fail(const char *what)
{
	int err = -errno;

	fprintf(stderr, "gq_stream: %s: %s\n", what, strerror(-err));
	return err;
}

static int connect_all(const struct config *c)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST }, *ai;
	unsigned long rate = c->rate;
	const int on = 1;
	uint64_t i;
	int fd, err = 0;

	if (getaddrinfo(c->to, c->port, &hints, &ai)) {
		fprintf(stderr, "gq_stream: --to, --port: numeric ones needed\n");
		return -EINVAL;
	}
	for (i = 0; i < c->flows && !err; i++) {
		fd = socket(ai->ai_family, SOCK_STREAM, 0);
		fds[i] = (struct pollfd){ .fd = fd, .events = POLLOUT };
		/* No delay: each write is a packet, if the kernel likes. */
		if (fd < 0 ||
		    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) ||
		    (rate && setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE,
					&rate, sizeof(rate))) ||
		    connect(fd, ai->ai_addr, ai->ai_addrlen))
			err = fail("connect");
	}
	freeaddrinfo(ai);
	return err;
}

static int send_all(const struct config *c)
{
	int64_t now, start = gq_now(CLOCK_MONOTONIC);
	int64_t end = start + c->ms * 1000000;
	uint64_t i, round = 0;

	while ((now = gq_now(CLOCK_MONOTONIC)) < end) {
		if (c->gap_ns)
			gq_sleep_until(start + ++round * c->gap_ns);
		if (poll(fds, c->flows, (end - now) / 1000000 + 1) < 0)
			return fail("poll");
		for (i = 0; i < c->flows; i++)
			if (fds[i].revents &&
			    send(fds[i].fd, buf, c->chunk,
				 MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
			    errno != EAGAIN)
				return fail("send");
	}
	return 0;
}

static int accept_all(const struct config *c)
{
	struct sockaddr_in6 any = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(atoi(c->port)),
	};
	const int off = 0, on = 1;
	uint64_t i;
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	if (fd < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&any, sizeof(any)) ||
	    listen(fd, MAX_FLOWS))
		return fail("listen");
	printf("ready\n");
	fflush(stdout);
	for (i = 0; i < c->flows; i++) {
		fds[i].fd = accept(fd, NULL, NULL);
		fds[i].events = POLLIN;
		if (fds[i].fd < 0)
			return fail("accept");
	}
	close(fd);
	return 0;
}

static int receive_all(const struct config *c)
{
	static uint64_t bytes[MAX_FLOWS];
	uint64_t i, open = c->flows, sum = 0, least = UINT64_MAX, most = 0;
	int64_t first = 0, last = 0, now;
	ssize_t len;

	while (open) {
		if (poll(fds, c->flows, -1) < 0)
			return fail("poll");
		for (i = 0; i < c->flows; i++) {
			if (!fds[i].revents)
				continue;
			len = recv(fds[i].fd, buf, sizeof(buf), MSG_DONTWAIT);
			if (len > 0) {
				now = gq_now(CLOCK_MONOTONIC);
				first = first ? first : now;
				if (now - first > (int64_t)c->ms * 1000000)
					continue;
				last = now;
				bytes[i] += len;
			} else if (!len || errno != EAGAIN) {
				fds[i].fd = -1;
				open--;
			}
		}
	}
	for (i = 0; i < c->flows; i++) {
		sum += bytes[i];
		least = bytes[i] < least ? bytes[i] : least;
		most = bytes[i] > most ? bytes[i] : most;
	}
	printf("ns %lld\nbytes %llu\nflow_bytes_min %llu\nflow_bytes_max %llu\n",
	       (long long)(last - first), (unsigned long long)sum,
	       (unsigned long long)least, (unsigned long long)most);
	return 0;
}

int main(int argc, char **argv)
{
	struct config c = { .port = "7001", .flows = 1, .ms = 1000,
			    .chunk = CHUNK };
	int err;

	err = gq_parse(argc, argv, opts, ARRAY_SIZE(opts), &c);
	if (err > 0)
		gq_help(opts, ARRAY_SIZE(opts), "usage: gq_stream [OPTION]...\n",
			"  gq_stream --flows 2\n"
			"  gq_stream --to 192.0.2.2 --flows 2 --rate 1250000 --ms 5000\n");
	if (err)
		return err < 0;
	if (!c.flows || c.flows > MAX_FLOWS || !c.chunk || c.chunk > CHUNK) {
		fprintf(stderr, "gq_stream: --flows or --chunk out of range; see --help\n");
		return 1;
	}
	if (c.to)
		err = connect_all(&c) ?: send_all(&c);
	else
		err = accept_all(&c) ?: receive_all(&c);
	return !!err;
}
