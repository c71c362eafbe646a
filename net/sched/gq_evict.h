/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How packets and flows of sch_gq go that are not sent: all of them at a reset,
 * and at a lower limit as many as are too many. Private to sch_gq.c.
 */
#ifndef _NET_SCHED_GQ_EVICT_H
#define _NET_SCHED_GQ_EVICT_H

#include "gq_codel.h"
#include "gq_policy.h"
#include "gq_shaper.h"

/*
 * Take out all packets that wait by themselves (gq_bypass.h), in an order that
 * keeps that of each flow.
 */
static void gq_bypass_drain(struct gq_sched *q, struct gq_list *all)
{
	int i;

	for (i = 0; i < GQ_BANDS_MAX; i++) {
		gq_list_splice_tail(all, &q->band[i].due);
		q->band[i].due.first = NULL;
		q->band[i].lead = 0;
	}
	q->due = 0;
	gq_edt_drain(&q->edt, all);
}

/* What flows that have moved have left behind; all else is in the flow table. */
static void gq_free_gone(struct gq_sched *q)
{
	struct gq_list all = { };
	struct gq_node *node;
	int i;

	for (i = 0; i < GQ_BANDS_MAX; i++) {
		gq_list_splice_tail(&all, &q->band[i].new);
		gq_list_splice_tail(&all, &q->band[i].old);
	}
	while ((node = gq_list_pop(&all)))
		if (gq_node_flow(node)->state == GQ_GONE)
			kfree(gq_node_flow(node));
}

static void gq_reset(struct Qdisc *sch)
{
	struct gq_sched *q = qdisc_priv(sch);
	struct gq_list gone = { };
	struct gq_hent *e, *next;
	struct gq_node *node;
	struct gq_flow *f;

	sch->q.qlen = 0;
	sch->qstats.backlog = 0;
	rtnl_kfree_skbs(q->fast.head, q->fast.tail);
	memset(&q->fast, 0, sizeof(q->fast));

	/* The wheel is what gq_init() makes last. */
	if (!q->wheel_mem)
		return;

	qdisc_watchdog_cancel(&q->watchdog);
	q->timer_armed = false;

	gq_bypass_drain(q, &gone);
	while ((node = gq_list_pop(&gone)))
		rtnl_kfree_skbs(gq_node_skb(node), gq_node_skb(node));
	gq_wheel_drain(&q->wheel, &gone);
	q->wheel.reinserts = 0;
	gq_blocks_free(&q->wheel);
	gq_blocks_free(&q->edt.wheel);
	gq_free_gone(q);
	gq_bands_reset(q);
	gq_ranks_reset(q);
	gq_shapers_reset(q);
	q->fat = NULL;
	for (e = gq_hash_drain(&q->hash); e; e = next) {
		next = e->next;
		f = gq_hent_flow(e);
		rtnl_kfree_skbs(f->head, f->tail);
		kfree(f);
	}
	kvfree(q->hash.old);
	q->hash.old = NULL;
	q->inactive = 0;
	q->throttled = 0;
	memset(&q->stats, 0, sizeof(q->stats));
	codel_stats_init(&q->codel_stats);
}

static void gq_evicted(struct Qdisc *sch, struct sk_buff *skb,
		       unsigned int *bytes)
{
	gq_count_evicted(sch, skb);
	qdisc_qstats_drop(sch);
	*bytes += qdisc_pkt_len(skb);
	rtnl_kfree_skbs(skb, skb);
}

/* Drop the oldest packet of each flow of a table, until @limit is kept. */
static void gq_evict_round(struct Qdisc *sch, struct gq_table *t, u32 limit,
			   unsigned int *bytes)
{
	struct gq_sched *q = qdisc_priv(sch);
	struct gq_hent *e;
	struct gq_flow *f;
	u32 i;

	for (i = 0; t && i < 1U << t->log; i++) {
		for (e = t->chain[i]; e; e = e->next) {
			if (sch->q.qlen <= limit)
				return;
			f = gq_hent_flow(e);
			if (!f->qlen)
				continue;
			gq_evicted(sch, gq_flow_evict(q, f), bytes);
		}
	}
}

/* Bring the queue down to @limit packets, under RTNL. */
static void gq_evict(struct Qdisc *sch, u32 limit)
{
	struct gq_sched *q = qdisc_priv(sch);
	u64 before = q->stats.evicted;
	unsigned int bytes = 0;
	u64 round;

	while (sch->q.qlen > limit && q->fast.head)
		gq_evicted(sch, gq_flow_pop(&q->fast), &bytes);
	do {
		round = q->stats.evicted;
		gq_evict_round(sch, q->hash.cur, limit, &bytes);
		gq_evict_round(sch, q->hash.old, limit, &bytes);
	} while (q->stats.evicted != round);

	/* A qdisc that is being added has no parent yet that could be told. */
	if (q->stats.evicted != before)
		qdisc_tree_reduce_backlog(sch, q->stats.evicted - before,
					  bytes);
}

#endif /* _NET_SCHED_GQ_EVICT_H */
