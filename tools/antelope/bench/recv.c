// SPDX-License-Identifier: GPL-2.0-only
/* The receiver, and the player of lines. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "pathload.h"

#define CHUNK	0x1000000

static int listener(uint16_t port)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(port) };
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) || listen(fd, 65535)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* MSG_TRUNC: TCP drops it without a copy. */
static void drain(int fd)
{
	ssize_t n;

	do {
		n = recv(fd, NULL, CHUNK, MSG_TRUNC | MSG_DONTWAIT);
	} while (n > 0);
	if (!n || errno != EAGAIN)
		close(fd);
}

static void take(int ep, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = accept(fd, NULL, NULL) };

	if (ev.data.fd >= 0 && epoll_ctl(ep, EPOLL_CTL_ADD, ev.data.fd, &ev))
		close(ev.data.fd);
}

int cmd_recv(int argc, char **argv)
{
	struct epoll_event ev = { .events = EPOLLIN }, got[64];
	int fd, ep, n, i;

	if (argc != 2 || atoi(argv[1]) < 1 || atoi(argv[1]) > 65535) {
		fprintf(stderr, "pathload: recv: wants a port, 1 to 65535\n");
		return 2;
	}
	fd = listener(atoi(argv[1]));
	ep = epoll_create1(0);
	ev.data.fd = fd;
	if (fd < 0 || ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev))
		return fail("listen");
	while ((n = epoll_wait(ep, got, 64, -1)) >= 0 || errno == EINTR) {
		for (i = 0; i < n; i++) {
			if (got[i].data.fd == fd)
				take(ep, fd);
			else
				drain(got[i].data.fd);
		}
	}
	return fail("epoll_wait");
}

int cmd_play(int argc, char **argv)
{
	FILE *f = argc == 2 ? fopen(argv[1], "r") : NULL;
	uint64_t start = now_ns(), at;
	char *line = NULL, *text;
	size_t room = 0;
	struct timespec ts;

	if (!f)
		return fail(argc == 2 ? argv[1] : "play: wants a file");
	while (getline(&line, &room, f) > 0) {
		at = start + (uint64_t)(strtod(line, &text) * 1e6);
		ts = (struct timespec){ at / 1000000000, at % 1000000000 };
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
			;
		fputs(text + (*text == ' '), stdout);
		if (fflush(stdout))
			break;
	}
	free(line);
	fclose(f);
	return 0;
}
