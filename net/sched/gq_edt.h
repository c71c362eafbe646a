/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets of sch_gq by their own departure times, in an order that can be relied
 * upon: a wheel whose buckets are FIFO whatever happens.
 *
 * gq_wheel.h holds flows, one node each, and so need not care in which order
 * nodes of the same bucket were inserted: one that is due beyond the window is
 * parked in an earlier bucket and may come to its own one after others that were
 * inserted later. Packets of one flow may be in one bucket, and those must leave
 * as they came. So here nothing is parked. As in Eiffel's cFFS there are two
 * windows (NSDI 2019, section 3.1): what is due beyond the first waits unsorted.
 *
 *	 base                          end
 *	  v                             v
 *	+---+---+---+---+---+---+---+---+
 *	|   | a |   |   | b |   |   | c |	far: f, d, e (as they came)
 *	+---+---+---+---+---+---+---+---+
 *
 * Nodes of buckets up to @end are in the wheel, all others in @far. @end stays
 * where it is until half of the window is over. Then it moves to the end of
 * the wheel's present window, and @far is gone through once, in its order. A node
 * that could go into the wheel at once was hence inserted after all that came to
 * the same bucket from @far. When @far is empty, @end follows the wheel's window.
 *
 * 1. Of two nodes the one of the earlier bucket is released first; in a bucket,
 *    the one that was inserted first. Only of nodes that were overdue on their
 *    insertion, or by half a wheel in @far, the earlier deadline does not count.
 * 2. Nothing is released before its deadline, nor more than a bucket later
 *    by a caller that comes at gq_edt_due().
 *
 * This file builds in the kernel and, for tests, in userspace with the kernel's
 * tools/include. It allocates nothing.
 */
#ifndef _NET_SCHED_GQ_EDT_H
#define _NET_SCHED_GQ_EDT_H

#include "gq_wheel.h"

/**
 * struct gq_edt - nodes by their deadline, FIFO within a bucket
 * @wheel: those of the first window
 * @far: those due later
 * @nfar: their number
 * @end: number of the last bucket of the first window
 */
struct gq_edt {
	struct gq_wheel	wheel;
	struct gq_list	far;
	u32		nfar;
	u64		end;
};

/**
 * gq_edt_init() - make an empty queue
 * @e: the queue
 * @mem: gq_wheel_size() zeroed bytes, aligned to 8; they stay the caller's
 * @slots: a power of two, 64 .. 2^24
 * @shift: log2 of the ns of a bucket, 0 .. 40
 */
static inline void gq_edt_init(struct gq_edt *e, void *mem, u32 slots,
			       u32 shift)
{
	gq_wheel_init(&e->wheel, mem, slots, shift);
	e->far.first = NULL;
	e->nfar = 0;
	e->end = 0;
}

static inline u32 gq_edt_count(const struct gq_edt *e)
{
	return e->wheel.count + e->nfar;
}

/* The bucket from which on what is far is gone through. */
static inline u64 gq_edt_turn(const struct gq_edt *e)
{
	return e->end - e->wheel.mask / 2;
}

/**
 * gq_edt_due() - when gq_edt_expire() must be called
 * @e: the queue
 *
 * Return: ns; U64_MAX when the queue is empty
 */
static inline u64 gq_edt_due(const struct gq_edt *e)
{
	u64 due = gq_wheel_due(&e->wheel);

	if (likely(!e->far.first))
		return due;
	return min(due, gq_edt_turn(e) << e->wheel.shift);
}

/**
 * gq_edt_waits() - may a node be held whose deadline is over?
 * @e: the queue
 * @now: ns
 *
 * Return: false only if there is none
 */
static inline bool gq_edt_waits(const struct gq_edt *e, u64 now)
{
	if (e->wheel.next != GQ_WHEEL_EMPTY &&
	    e->wheel.next << e->wheel.shift <= now)
		return true;
	return e->far.first && (e->end + 1) << e->wheel.shift < now;
}

/**
 * gq_edt_insert() - add a node, O(1)
 * @e: the queue
 * @node: the node, its deadline set, in no list
 * @now: ns; not before that of an earlier call
 */
static inline void gq_edt_insert(struct gq_edt *e, struct gq_node *node,
				 u64 now)
{
	struct gq_wheel *w = &e->wheel;

	if (likely(!e->far.first)) {
		gq_wheel_begin(w, now);
		e->end = w->base + w->mask;
	}
	if (likely(gq_wheel_bucket(w, node->deadline) <= e->end)) {
		gq_wheel_insert(w, node, now);
		return;
	}
	gq_list_add_tail(&e->far, node);
	e->nfar++;
}

/* The second window becomes the first. */
static inline void gq_edt_advance(struct gq_edt *e, u64 now)
{
	struct gq_list far = e->far;
	struct gq_node *node;

	e->end = e->wheel.base + e->wheel.mask;
	e->far.first = NULL;
	e->nfar = 0;
	while ((node = gq_list_pop(&far))) {
		if (gq_wheel_bucket(&e->wheel, node->deadline) <= e->end) {
			gq_wheel_insert(&e->wheel, node, now);
			continue;
		}
		gq_list_add_tail(&e->far, node);
		e->nfar++;
	}
}

/**
 * gq_edt_expire() - release what is due
 * @e: the queue
 * @now: ns; not before that of an earlier call
 * @due: the released nodes are added here, in the order of 1. above
 */
static inline void gq_edt_expire(struct gq_edt *e, u64 now,
				 struct gq_list *due)
{
	gq_wheel_expire(&e->wheel, now, due);
	if (unlikely(e->far.first) && now >> e->wheel.shift >= gq_edt_turn(e))
		gq_edt_advance(e, now);
}

/**
 * gq_edt_drain() - take everything out
 * @e: the queue, empty afterwards
 * @all: the nodes are added here, in the order in which they would be released,
 *	those that are far as they came
 */
static inline void gq_edt_drain(struct gq_edt *e, struct gq_list *all)
{
	gq_wheel_drain(&e->wheel, all);
	gq_list_splice_tail(all, &e->far);
	e->far.first = NULL;
	e->nfar = 0;
}

#endif /* _NET_SCHED_GQ_EDT_H */
