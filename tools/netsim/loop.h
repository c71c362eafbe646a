/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one event loop: epoll, and timers on the host's monotonic clock. Handlers
 * may add and remove any source, also their own, at any time.
 */
#ifndef NETSIM_LOOP_H
#define NETSIM_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct ns_source {
	int fd;
	void (*ready)(struct ns_source *source, uint32_t events);
};

/* Calls before each wait; for work that handlers have collected. */
struct ns_loop_idle {
	void (*idle)(struct ns_loop_idle *idle);
};

int ns_loop_open(void);
void ns_loop_close(void);
/* The source stays the caller's; events: EPOLLIN and the like. 0 or -errno. */
int ns_loop_add(struct ns_source *source, int fd, uint32_t events);
/* Does not close the descriptor. No handler of this source runs after this. */
void ns_loop_del(struct ns_source *source);
/* That, and closes it; nothing when its fd is -1 already, which it then is. */
void ns_loop_close_source(struct ns_source *source);
void ns_loop_set_idle(struct ns_loop_idle *idle);
/* Until ns_loop_quit(). 0 or -errno. */
int ns_loop_run(void);
void ns_loop_quit(void);
/* Wall time in ns, read once for each round of the loop. */
uint64_t ns_loop_wall(void);
/* A source that becomes ready every `period_ns` of wall time, or -errno. */
int ns_loop_timer(struct ns_source *source, uint64_t period_ns);

#endif
