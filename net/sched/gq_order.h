/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of the flows of a ranked band of sch_gq. Private to sch_gq.c.
 *
 * A flow that may send is in a rank queue, exact or approximate, as the band is
 * set. With hClock's policy it may be in a second one besides, by the time at
 * which its reservation falls due: always an exact queue, since a reservation
 * that is missed by an inversion is none. A flow leaves both together.
 */
#ifndef _NET_SCHED_GQ_ORDER_H
#define _NET_SCHED_GQ_ORDER_H

#include <linux/container_of.h>

#include "gq_approx.h"

/* Virtual time of a byte at weight 1: large weights must not round to 0. */
#define GQ_STFQ_BYTE_LOG	16
/* Reservations: 33 ms of 8 us each; what is due later is parked. */
#define GQ_DUE_SLOTS		4096
#define GQ_DUE_SHIFT		13
#define GQ_NEVER		U64_MAX

/**
 * struct gq_order_shape - what a policy wants its rank queue to be like
 * @slots: of the exact queue
 * @shift: log2 of the ranks of a bucket
 * @slide: ranks grow without end
 * @clocked: flows are also ordered by their reservations
 */
struct gq_order_shape {
	u32	slots;
	u32	shift;
	bool	slide;
	bool	clocked;
};

/**
 * struct gq_order - the flows of a band that may send
 * @mem: memory of the queues; NULL: the band is not ranked
 * @approximate: which one of @exact and @approx is used
 * @clocked: @due is used
 * @reserved: the flow that came first did so by its reservation
 * @exact: by rank
 * @approx: by rank, nearly
 * @due: by reservation
 */
struct gq_order {
	void			*mem;
	bool			approximate;
	bool			clocked;
	bool			reserved;
	struct gq_rankq		exact;
	struct gq_approx	approx;
	struct gq_rankq		due;
};

/**
 * struct gq_entry - what a flow is in an order by
 * @node: by rank
 * @finish: virtual time at which the flow's next packet starts
 */
struct gq_entry {
	struct gq_rnode		node;
	u64			finish;
};

/**
 * struct gq_clocked_entry - the same, with hClock's tags
 * @entry: by rank
 * @due: by the r-tag, which is its rank; GQ_NEVER without a reservation
 * @limit: the l-tag
 * @busy: had packets all the time since the tags were set
 */
struct gq_clocked_entry {
	struct gq_entry		entry;
	struct gq_rnode		due;
	u64			limit;
	bool			busy;
};

static size_t gq_order_main_size(const struct gq_order_shape *s,
				 bool approximate)
{
	return ALIGN(approximate ? gq_approx_size() :
				   gq_rankq_size(s->slots), sizeof(u64));
}

static size_t gq_order_size(const struct gq_order_shape *s, bool approximate)
{
	return gq_order_main_size(s, approximate) +
	       (s->clocked ? gq_rankq_size(GQ_DUE_SLOTS) : 0);
}

/* @mem: gq_order_size() zeroed bytes. Counters stay. */
static void gq_order_init(struct gq_order *o, const struct gq_order_shape *s,
			  bool approximate, void *mem)
{
	o->mem = mem;
	o->approximate = approximate;
	o->clocked = s->clocked;
	if (approximate)
		gq_approx_init(&o->approx, mem, s->shift);
	else
		gq_rankq_init(&o->exact, mem, s->slots, s->shift, s->slide);
	if (s->clocked)
		gq_rankq_init(&o->due,
			      mem + gq_order_main_size(s, approximate),
			      GQ_DUE_SLOTS, GQ_DUE_SHIFT, true);
}

static struct gq_clocked_entry *gq_clocked_entry(struct gq_entry *e)
{
	return container_of(e, struct gq_clocked_entry, entry);
}

static void gq_order_insert(struct gq_order *o, struct gq_entry *e)
{
	if (o->approximate)
		gq_approx_insert(&o->approx, &e->node);
	else
		gq_rankq_insert(&o->exact, &e->node);
	if (o->clocked && gq_clocked_entry(e)->due.rank != GQ_NEVER)
		gq_rankq_insert(&o->due, &gq_clocked_entry(e)->due);
}

static void gq_order_remove(struct gq_order *o, struct gq_entry *e)
{
	if (o->approximate)
		gq_approx_remove(&o->approx, &e->node);
	else
		gq_rankq_remove(&o->exact, &e->node);
	if (o->clocked && gq_clocked_entry(e)->due.prev)
		gq_rankq_remove(&o->due, &gq_clocked_entry(e)->due);
}

/* Whose reservation is due, else who has the smallest rank; or NULL. */
static struct gq_entry *gq_order_first(struct gq_order *o, u64 now)
{
	struct gq_rnode *n;

	if (o->clocked) {
		n = gq_rankq_first(&o->due);
		o->reserved = n && n->rank <= now;
		if (o->reserved)
			return &container_of(n, struct gq_clocked_entry,
					     due)->entry;
	}
	n = o->approximate ? gq_approx_first(&o->approx) :
			     gq_rankq_first(&o->exact);
	return n ? container_of(n, struct gq_entry, node) : NULL;
}

#endif /* _NET_SCHED_GQ_ORDER_H */
