/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The aggregate rates of sch_gq: of each band, and of the qdisc as a whole.
 * Private to sch_gq.c.
 *
 * Eiffel's unified shaper: a rate limit is a time stamp in the one queue of
 * times that there is. A shaper has a node, as a flow has. When it has sent, its
 * deadline moves by what the packet takes at its rate; while that lies ahead,
 * the node is in the wheel, and the band, or all of them, are passed over. It
 * costs no second queue, no second timer, and no tokens to refill.
 */
#ifndef _NET_SCHED_GQ_SHAPER_H
#define _NET_SCHED_GQ_SHAPER_H

#include "gq_flow.h"

/* When the flow or the shaper may send again: late is made up for, within
 * what the wheel and the timer can be late, or half a packet as fq does, which
 * counts where the processor is later than both.
 */
static u64 gq_pace(struct gq_sched *q, u64 deadline, u64 now, u32 len, u64 rate)
{
	u64 delay = (u64)len * NSEC_PER_SEC;
	u64 window;

	if (likely(rate))
		delay = div64_u64(delay, rate);
	/* The rate may change later, so do not wait for long. */
	if (unlikely(delay > NSEC_PER_SEC)) {
		delay = NSEC_PER_SEC;
		q->stats.pkts_too_long++;
	}
	window = max(q->catch_up, delay / 2);
	if (now > window)
		deadline = max(deadline, now - window);
	return deadline + delay;
}

static bool gq_is_shaper(const struct gq_sched *q, const struct gq_node *node)
{
	return node >= q->shaper && node < q->shaper + GQ_SHAPERS;
}

static void gq_shaper_charge(struct gq_sched *q, u32 i, u64 rate, u32 len,
			     u64 now)
{
	struct gq_node *node = &q->shaper[i];

	node->deadline = gq_pace(q, node->deadline, now, len, rate);
	/* It may still be in the wheel, from before its rate was lifted. */
	if (node->deadline > now && !(q->blocked & BIT(i))) {
		q->blocked |= BIT(i);
		gq_wheel_insert(&q->wheel, node, now);
		q->stats.shaped++;
	}
}

/* A packet has left. */
static void gq_shape(struct gq_sched *q, u32 band, u32 len, u64 now)
{
	if (q->shaped & BIT(band))
		gq_shaper_charge(q, band, q->cfg.band[band].rate, len, now);
	if (q->shaped & BIT(GQ_SHAPER_ALL))
		gq_shaper_charge(q, GQ_SHAPER_ALL, q->cfg.rate, len, now);
}

/* A shaper's bucket is over. What it held back was not starved by others. */
static void gq_shaper_release(struct gq_sched *q, struct gq_node *node, u64 now)
{
	u32 i = node - q->shaper;

	q->blocked &= ~BIT(i);
	if (i < GQ_BANDS_MAX)
		q->band[i].served = now;
}

/* The bands that may send now. */
static u32 gq_shaper_ready(const struct gq_sched *q)
{
	if (likely(!q->blocked))
		return q->ready;
	if (q->blocked & BIT(GQ_SHAPER_ALL))
		return 0;
	return q->ready & ~q->blocked;
}

static void gq_shapers_derive(struct gq_sched *q)
{
	int i;

	q->shaped = 0;
	for (i = 0; i < GQ_BANDS_MAX; i++)
		if (q->cfg.band[i].rate != GQ_RATE_UNLIMITED)
			q->shaped |= BIT(i);
	if (q->cfg.rate != GQ_RATE_UNLIMITED)
		q->shaped |= BIT(GQ_SHAPER_ALL);
	q->paced = q->shaped | q->clocked;
	if (q->cfg.maxrate != GQ_RATE_UNLIMITED)
		q->paced |= BIT(GQ_SHAPERS);
}

/* Called with the wheel drained. */
static void gq_shapers_reset(struct gq_sched *q)
{
	memset(q->shaper, 0, sizeof(q->shaper));
	q->blocked = 0;
}

#endif /* _NET_SCHED_GQ_SHAPER_H */
