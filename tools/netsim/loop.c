// SPDX-License-Identifier: GPL-2.0-only
/*
 * The event loop: epoll.
 *
 * A handler may remove a source whose event was already fetched in the same
 * round. So removal also clears that source from the events still to be handled;
 * nothing else refers to a source, and its owner may free it at once.
 */
#include <errno.h>
#include <stddef.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

#define ROUND	128	/* events fetched at once: two for each of 64 nodes */

static struct {
	int epoll;
	bool quit;
	int nr, at;
	struct epoll_event events[ROUND];
	struct ns_loop_idle *idle;
	uint64_t wall;
} loop = { .epoll = -1 };

int ns_loop_open(void)
{
	loop.epoll = epoll_create1(EPOLL_CLOEXEC);
	loop.quit = false;
	loop.idle = NULL;
	return loop.epoll < 0 ? -errno : 0;
}

void ns_loop_close(void)
{
	if (loop.epoll >= 0)
		close(loop.epoll);
	loop.epoll = -1;
}

int ns_loop_add(struct ns_source *source, int fd, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = source };

	source->fd = fd;
	return epoll_ctl(loop.epoll, EPOLL_CTL_ADD, fd, &e) ? -errno : 0;
}

void ns_loop_del(struct ns_source *source)
{
	int i;

	epoll_ctl(loop.epoll, EPOLL_CTL_DEL, source->fd, NULL);
	for (i = loop.at; i < loop.nr; i++)
		if (loop.events[i].data.ptr == source)
			loop.events[i].data.ptr = NULL;
}

void ns_loop_close_source(struct ns_source *source)
{
	if (source->fd < 0)
		return;
	ns_loop_del(source);
	close(source->fd);
	source->fd = -1;
}

void ns_loop_set_idle(struct ns_loop_idle *idle)
{
	loop.idle = idle;
}

uint64_t ns_loop_wall(void)
{
	struct timespec t;

	if (!loop.wall) {
		clock_gettime(CLOCK_MONOTONIC, &t);
		loop.wall = t.tv_sec * 1000000000ull + t.tv_nsec;
	}
	return loop.wall;
}

int ns_loop_run(void)
{
	loop.quit = false;
	while (!loop.quit) {
		if (loop.idle)
			loop.idle->idle(loop.idle);
		if (loop.quit)
			break;
		loop.nr = epoll_wait(loop.epoll, loop.events, ROUND, -1);
		loop.wall = 0;
		if (loop.nr < 0 && errno != EINTR)
			return -errno;
		for (loop.at = 0; loop.at < loop.nr;) {
			struct epoll_event *e = &loop.events[loop.at++];
			struct ns_source *source = e->data.ptr;

			if (source)
				source->ready(source, e->events);
		}
		loop.nr = 0;
	}
	return 0;
}

void ns_loop_quit(void)
{
	loop.quit = true;
}

int ns_loop_timer(struct ns_source *source, uint64_t period_ns)
{
	struct itimerspec t = {
		.it_interval.tv_sec = period_ns / 1000000000,
		.it_interval.tv_nsec = period_ns % 1000000000,
	};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	int err;

	if (fd < 0)
		return -errno;
	t.it_value = t.it_interval;
	if (timerfd_settime(fd, 0, &t, NULL)) {
		err = -errno;
		goto fail;
	}
	err = ns_loop_add(source, fd, EPOLLIN);
	if (!err)
		return 0;
fail:
	close(fd);
	return err;
}
