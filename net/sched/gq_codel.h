/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CoDel for each flow of sch_gq: RFC 8289, the kernel's implementation of it in
 * net/codel_impl.h. Private to sch_gq.c.
 *
 * CoDel looks at how long a packet was in the queue when it leaves. What counts
 * here is the time since the packet could have left, had the link been free: its
 * sojourn begins at the flow's deadline, which is the latest of the packet's
 * arrival, its own departure time, and the time that the flow's rate allows. To
 * wait for these is what the sender or the administrator asked for and no queue
 * that a sender could drain; only waiting for other flows, for a rate of the band
 * or of the qdisc, and for the device is. The flow's deadline is at hand whenever
 * its first packet leaves, so packets carry no time stamp for it.
 *
 * A flow that holds one more packet than leaves, of at most an MTU, is left
 * alone, as the RFC says. Its bytes are not counted: they are taken to be as many
 * as if all packets were like the first one.
 *
 * The state is behind the flow in its memory (f->codel). A flow that was made
 * while CoDel was off is moved to larger memory the next time that it is its turn.
 */
#ifndef _NET_SCHED_GQ_CODEL_H
#define _NET_SCHED_GQ_CODEL_H

#include <net/codel.h>
#include <net/codel_impl.h>

#include "gq_band.h"

struct gq_codel_run {
	struct Qdisc	*sch;
	struct gq_flow	*f;
	u64		now;
	u64		next_departure;	/* behind the packet popped last */
	u32		backlog;	/* bytes of the flow, about */
};

static struct codel_vars *gq_codel_vars(const struct gq_sched *q,
					struct gq_flow *f)
{
	return (void *)f + q->flow_kind->size;
}

/* The packet's link to the next departure time is free once it is popped. */
static codel_time_t gq_codel_time(const struct sk_buff *skb)
{
	return gq_cb((struct sk_buff *)skb)->next_departure >> CODEL_SHIFT;
}

/* The flow's next packet, if it may leave now. */
static struct sk_buff *gq_codel_pop(struct codel_vars *vars, void *ctx)
{
	struct gq_codel_run *run = ctx;
	struct gq_flow *f = run->f;
	struct sk_buff *skb;

	if (run->next_departure && f->head)
		f->node.deadline = max(f->node.deadline, run->next_departure);
	if (!f->head || f->node.deadline > run->now)
		return NULL;

	skb = gq_flow_pop(f);
	run->next_departure = gq_cb(skb)->next_departure;
	gq_cb(skb)->next_departure = f->node.deadline;
	run->backlog = f->qlen;
	if (f->head)
		run->backlog *= qdisc_pkt_len(f->head);
	return skb;
}

static void gq_codel_drop(struct sk_buff *skb, void *ctx)
{
	struct gq_codel_run *run = ctx;

	gq_count_evicted(run->sch, skb);
	qdisc_qstats_drop(run->sch);
	kfree_skb_reason(skb, SKB_DROP_REASON_QDISC_DROP);
}

/*
 * The packet of the flow that leaves now. Return: NULL if all that might were
 * dropped; the flow is then empty, or its deadline lies ahead
 */
static noinline struct sk_buff *gq_codel_send(struct gq_sched *q,
					      struct gq_flow *f, u64 now)
{
	struct gq_codel_run run = {
		.sch = qdisc_from_priv(q), .f = f, .now = now,
	};
	struct sk_buff *skb;

	skb = codel_dequeue(&run, &run.backlog, &q->codel,
			    gq_codel_vars(q, f), &q->codel_stats,
			    qdisc_pkt_len, gq_codel_time, gq_codel_drop,
			    gq_codel_pop);
	if (skb)	/* give back what gq_codel_pop() has borrowed */
		gq_cb(skb)->next_departure = run.next_departure;
	else if (!f->head)
		q->inactive++;
	q->stats.codel_marks += q->codel_stats.ecn_mark;
	q->codel_stats.ecn_mark = 0;
	return skb;
}

/* Tell the parents what was dropped; not before they can count what is left. */
static noinline void gq_codel_tell(struct Qdisc *sch)
{
	struct gq_sched *q = qdisc_priv(sch);
	struct codel_stats *st = &q->codel_stats;

	q->stats.codel_drops += st->drop_count;
	qdisc_tree_reduce_backlog(sch, st->drop_count, st->drop_len);
	st->drop_count = 0;
	st->drop_len = 0;
}

static void gq_codel_derive(struct gq_sched *q)
{
	codel_params_init(&q->codel);
	q->codel_on = q->cfg.codel_target != GQ_CODEL_OFF;
	q->codel.target = min(q->cfg.codel_target, GQ_CODEL_INTERVAL_MAX) >>
			  CODEL_SHIFT;
	q->codel.interval = q->cfg.codel_interval >> CODEL_SHIFT;
	q->codel.ecn = q->cfg.codel_ecn;
	q->codel.mtu = psched_mtu(qdisc_dev(qdisc_from_priv(q)));
}

#endif /* _NET_SCHED_GQ_CODEL_H */
