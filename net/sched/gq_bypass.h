/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets of sch_gq that wait without their flow. Private to sch_gq.c.
 *
 * A flow is needed to pace, to share by turns and to rank. A packet that has a
 * departure time of its own may need none of that: its sender has paced it. With
 * TCA_GQ_EDT_BYPASS it waits for that time by itself, in a queue of packets
 * (gq_edt.h), then in its band's list of such packets, which is FIFO. No flow is
 * looked up, made, or brought into the cache.
 *
 *	enqueue ----> q->edt ----> b->due ----> sent
 *	    `-----------------------^
 *	     departure time over, and none like it in q->edt
 *
 * Which packets (gq_may_bypass()): those of a socket, in a band that serves its
 * flows by turns, while neither maxrate nor CoDel has to know their flow.
 *
 * Order. Packets leave in the order of the buckets of their departure times, and
 * of one bucket as they came. TCP depends on order, and has it: a TCP socket
 * stamps all that it sends, with times that never go back (tcp_wstamp_ns), so
 * that of two packets the later one is in no earlier bucket. Hence:
 * - its packets are never in two places at once. They go through q->edt also
 *   when their time has come, as long as anything there may be as late; the fast
 *   path has the same condition, and what it holds is sent before all else;
 * - what of it waits in flows when the bypass begins is taken out of them, and
 *   what waits by itself when it ends goes into flows: see gq_apply();
 * - capped at the horizon, times still do not go back.
 * The exceptions: packets of another band, for a flow is no longer moved as a
 * whole; and a packet from which a filter or a program took its departure time.
 * Other sockets say of each packet when it is to leave, so that is what happens;
 * those of their packets that have no time are not kept behind those that have.
 *
 * A band's packets by themselves and its flows share the band's bytes equally
 * while both may send, since the former have no flows that could take turns.
 */
#ifndef _NET_SCHED_GQ_BYPASS_H
#define _NET_SCHED_GQ_BYPASS_H

#include <linux/log2.h>

#include "gq_evict.h"
#include "gq_memory.h"
#include "gq_queue.h"

/* The bands in which packets may wait by themselves. */
static u8 gq_bypass_bands(const struct gq_config *cfg)
{
	u8 bands = 0;
	int i;

	if (!cfg->bypass || cfg->maxrate != GQ_RATE_UNLIMITED ||
	    cfg->codel_target != GQ_CODEL_OFF)
		return 0;
	for (i = 0; i < GQ_BANDS_MAX; i++)
		if (cfg->band[i].policy == GQ_POLICY_DRR)
			bands |= BIT(i);
	return bands;
}

/*
 * A closed TCP socket's packets are of another flow (gq_flow_sk()). Packets
 * without a socket may be TCP's, of which only some were stamped on their way.
 */
static bool gq_may_bypass(const struct gq_sched *q, struct sk_buff *skb)
{
	const struct sock *sk = skb->sk;

	return q->bypass & BIT(gq_cb(skb)->band) && skb->tstamp && sk &&
	       sk_fullsock(sk) && (!sk_is_tcp(sk) || gq_flow_sk(skb));
}

static void gq_bypass_ready(struct gq_sched *q, struct gq_node *node, u64 now)
{
	u32 band = container_of(node, struct gq_cb, alone.node)->alone.band;

	gq_list_add_tail(&q->band[band].due, node);
	q->due++;
	gq_band_ready(q, band, now);
}

static void gq_bypass_add(struct gq_sched *q, struct sk_buff *skb,
			  u64 departure, u64 now)
{
	struct gq_cb *cb = gq_cb(skb);
	u16 segs = cb->segs;
	u8 band = cb->band;

	cb->alone.segs = segs;
	cb->alone.band = band;
	cb->alone.waited = departure > now;
	cb->alone.node.deadline = departure;
	if (!cb->alone.waited && !gq_edt_waits(&q->edt, now)) {
		gq_bypass_ready(q, &cb->alone.node, now);
		return;
	}
	if (unlikely(!q->edt.wheel.spare) &&
	    q->edt.wheel.count > GQ_BLOCKS_FROM)
		gq_blocks_add(&q->edt.wheel);
	gq_edt_insert(&q->edt, &cb->alone.node, now);
}

/* A packet that has waited by itself is as others are. Return: its deadline */
static u64 gq_bypass_restore(struct sk_buff *skb)
{
	struct gq_cb *cb = gq_cb(skb);
	u64 deadline = cb->alone.node.deadline;
	u16 segs = cb->alone.segs;
	u8 band = cb->alone.band;

	cb->segs = segs;
	cb->band = band;
	return deadline;
}

static noinline void gq_bypass_release(struct gq_sched *q, u64 now)
{
	struct gq_list due = { };
	struct gq_node *node;

	gq_edt_expire(&q->edt, now, &due);
	while ((node = gq_list_pop(&due)))
		gq_bypass_ready(q, node, now);
	gq_blocks_trim(&q->edt.wheel,
		       GQ_BLOCKS_FROM + q->edt.wheel.count / GQ_BLOCK_SHARE);
}

/* ---- Changes ---- */

/* All such packets go into their flows. Under RTNL and the qdisc's lock. */
static void gq_bypass_end(struct Qdisc *sch, u64 now)
{
	struct gq_sched *q = qdisc_priv(sch);
	u64 before = q->stats.evicted;
	struct gq_list all = { };
	unsigned int bytes = 0;
	struct gq_node *node;

	gq_bypass_drain(q, &all);
	while ((node = gq_list_pop(&all))) {
		struct sk_buff *skb = gq_node_skb(node);
		struct gq_flow *f = gq_flow_get(q, skb, gq_flow_sk(skb));
		u64 departure = gq_bypass_restore(skb);

		if (unlikely(!f)) {
			/* Nothing says any more when it may leave. */
			gq_evicted(sch, skb, &bytes);
			continue;
		}
		f = gq_flow_queue(q, f, skb, departure, now);
		gq_note_fat(q, f);
	}
	if (q->stats.evicted != before)
		qdisc_tree_reduce_backlog(sch, q->stats.evicted - before,
					  bytes);
}

static void gq_bypass_take(struct gq_sched *q, const struct gq_table *t,
			   u64 now)
{
	struct gq_hent *e;
	u32 i;

	for (i = 0; t && i < 1U << t->log; i++) {
		for (e = t->chain[i]; e; e = e->next) {
			struct gq_flow *f = gq_hent_flow(e);

			while (f->qlen && gq_may_bypass(q, f->head)) {
				u64 departure = f->node.deadline;

				gq_bypass_add(q, gq_flow_evict(q, f), departure,
					      now);
			}
		}
	}
}

/* By the settings that hold from now on. */
static void gq_bypass_begin(struct gq_sched *q, u64 now)
{
	q->bypass = gq_bypass_bands(&q->cfg);
	if (!q->bypass)
		return;
	gq_bypass_take(q, q->hash.cur, now);
	gq_bypass_take(q, q->hash.old, now);
}

/* Take the new memory over and leave the old, or what is of no use any more. */
static void gq_bypass_swap(struct gq_sched *q, const struct gq_config *cfg,
			   struct gq_memory *mem)
{
	if (!mem->edt && cfg->bypass)
		return;
	swap(q->edt_mem, mem->edt);
	gq_blocks_free(&q->edt.wheel);
	if (q->edt_mem)
		gq_edt_init(&q->edt, q->edt_mem, cfg->buckets,
			    ilog2(cfg->granularity));
}

#endif /* _NET_SCHED_GQ_BYPASS_H */
