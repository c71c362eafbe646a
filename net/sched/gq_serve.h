/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How sch_gq finds the packet that leaves next. Private to sch_gq.c.
 *
 * A band is chosen (gq_band.h), then one of its flows: by turns, by rank
 * (gq_policy.h), or none, if it is the turn of packets that wait by themselves
 * (gq_bypass.h). What the flow sends is accounted for, and says where it goes
 * next: see the states in sch_gq.c.
 *
 * Most of what can be set is seldom set, and asking for each of it cost a tenth
 * of a packet. So all that is here exists twice: where @plain is true, q->plain
 * says that there is nothing but weighted bands, turns, and flows with departure
 * times and rates of their own.
 */
#ifndef _NET_SCHED_GQ_SERVE_H
#define _NET_SCHED_GQ_SERVE_H

#include <linux/log2.h>
#include <linux/prefetch.h>
#include <net/inet_ecn.h>

#include "gq_bypass.h"
#include "gq_codel.h"
#include "gq_policy.h"
#include "gq_shaper.h"

static void gq_note_lateness(struct gq_sched *q, u64 late)
{
	u32 bin = late ? ilog2(late) : 0;

	q->stats.lateness[min_t(u32, bin, GQ_LATENESS_BINS - 1)]++;
}

/*
 * Set the time before which the flow's next packet must not leave, which is the
 * time at which this one was allowed to leave plus what it takes at the flow's
 * rate. gq_pace() says how much of the time that was lost since then is made up
 * for.
 */
static noinline void gq_flow_pace(struct gq_sched *q, struct gq_flow *f,
				  const struct sk_buff *skb, bool sk_rate,
				  u64 now)
{
	u32 len = qdisc_pkt_len(skb);
	u64 rate = q->cfg.maxrate;

	if (!q->cfg.pacing)
		return;

	/* A stamped packet was paced by its sender already. */
	if (sk_rate) {
		unsigned long of_sk = READ_ONCE(skb->sk->sk_pacing_rate);

		if (of_sk != ~0UL)
			rate = min_t(u64, rate, of_sk);
	}
	if (!skb->tstamp) {
		if (rate <= q->cfg.low_rate_threshold) {
			f->credit = 0;
		} else {
			if (f->credit > 0)
				return;
			len = max(len, q->cfg.quantum);
		}
	}
	if (rate == GQ_RATE_UNLIMITED)
		return;

	f->node.deadline = gq_pace(q, f->node.deadline, now, len, rate);
}

/* Account for a packet that leaves. */
static __always_inline void gq_flow_charge(struct gq_sched *q,
					   struct gq_flow *f,
					   struct sk_buff *skb, u64 now,
					   bool plain)
{
	bool sk_rate = gq_cb(skb)->sk_rate;

	f->credit -= qdisc_pkt_len(skb);
	if (sk_rate || (!plain && q->cfg.maxrate != GQ_RATE_UNLIMITED))
		gq_flow_pace(q, f, skb, sk_rate, now);
}

/*
 * The first flow of a list has made room. Those behind it are sent from soon, so
 * what will be looked at of them is asked for, as far ahead as what has been asked
 * for before allows: the second packet of the next flow, the first one of the flow
 * behind that, and the flow after it. Misses of several flows are then under way at
 * the same time.
 */
static __always_inline void gq_look_ahead(const struct gq_list *list)
{
	struct gq_node *node = list->first;
	const struct sk_buff *skb;

	if (!node || !node->next)
		return;
	skb = gq_node_flow(node->next)->head;
	if (skb)
		prefetch(skb->next);
	node = node->next->next;
	if (!node)
		return;
	prefetch(gq_node_flow(node)->head);
	prefetch(node->next);
}

/* A flow at the head of a list has sent, and may not yet again. */
static void gq_flow_wait(struct gq_sched *q, struct gq_list *list,
			 struct gq_flow *f, u64 now)
{
	gq_list_pop(list);
	gq_look_ahead(list);
	/* Its round ends here: it need not be listed twice for one. */
	if (f->credit <= 0)
		f->credit += q->cfg.quantum;
	gq_flow_set_state(q, f, GQ_WHEEL, now);
}

static noinline void gq_mark_ce(struct gq_sched *q, struct sk_buff *skb)
{
	if (INET_ECN_set_ce(skb))
		q->stats.ce_marks++;
}

/* A flow that may send: its first packet leaves, or NULL: all were dropped. */
static __always_inline struct sk_buff *
gq_flow_send(struct gq_sched *q, struct gq_flow *f, u64 now, bool plain)
{
	struct sk_buff *skb;

	if (f->waited) {
		f->waited = 0;
		gq_note_lateness(q, now - f->node.deadline);
	}
	if (unlikely(!plain && q->codel_on && f->codel)) {
		skb = gq_codel_send(q, f, now);
		if (!skb)
			return NULL;
	} else {
		skb = gq_flow_pop(f);
	}
	prefetch(f->head);
	gq_hash_used(&q->hash, &f->hent);
	if (unlikely(!plain &&
		     now - f->node.deadline > q->cfg.ce_threshold))
		gq_mark_ce(q, skb);
	gq_flow_charge(q, f, skb, now, plain);
	if (f->head)
		f->node.deadline = max(f->node.deadline,
				       gq_cb(skb)->next_departure);
	else
		q->inactive++;
	return skb;
}

/* A band with a ranking policy. Return: as gq_drr_serve() */
static noinline struct sk_buff *gq_ranked_serve(struct gq_sched *q, u32 band, u64 now)
{
	struct gq_order *o = &q->order[band];
	struct gq_entry *e = gq_order_first(o, now);
	struct sk_buff *skb;
	struct gq_flow *f;
	u64 rank;

	if (!e) {
		q->ready &= ~BIT(band);
		return NULL;
	}
	gq_order_remove(o, e);
	f = gq_flow_want_codel(q, gq_entry_flow(e));
	e = gq_entry(f);
	skb = gq_flow_send(q, f, now, false);
	if (unlikely(!skb)) {
		if (f->head)
			gq_flow_set_state(q, f, GQ_WHEEL, now);
		else
			gq_flow_set_state(q, f, GQ_IDLE, now);
		return NULL;
	}
	rank = gq_policy_of(q, band)->sent(q, f, skb, now);
	/* There are no rounds here: credit only says when to pace. */
	if (f->credit <= 0)
		f->credit = q->cfg.quantum;

	if (!f->head) {
		gq_flow_set_state(q, f, GQ_IDLE, now);
	} else if (f->node.deadline > now) {
		gq_flow_set_state(q, f, GQ_WHEEL, now);
	} else {
		e->node.rank = rank;
		gq_order_insert(o, e);
	}
	return skb;
}

/* A flow that was the first one of a list, and is not served now. */
static __always_inline void gq_drr_pass(struct gq_sched *q, struct gq_flow *f,
					bool new, u64 now, bool plain)
{
	if (!plain)
		f = gq_flow_want_codel(q, f);
	if (!f->head) {
		if (unlikely(f->state == GQ_GONE))
			kfree(f);
		else if (new)
			gq_flow_set_state(q, f, GQ_OLD, now);
		else
			gq_flow_set_state(q, f, GQ_IDLE, now);
	} else if (f->node.deadline > now) {
		/* It got a packet while it was empty and listed. */
		gq_flow_set_state(q, f, GQ_WHEEL, now);
	} else {
		if (f->credit <= 0)
			f->credit += q->cfg.quantum;
		gq_flow_set_state(q, f, GQ_OLD, now);
	}
}

/*
 * Deficit round robin over a band's NEW flows, then its OLD ones. Return: NULL
 * if none may send; the band is then not ready any more.
 */
static __always_inline struct sk_buff *
gq_drr_serve(struct gq_sched *q, u32 band, u64 now, bool plain)
{
	struct gq_band *b = &q->band[band];
	struct gq_list *list;
	struct gq_node *node;
	struct sk_buff *skb;
	struct gq_flow *f;

	for (;;) {
		list = &b->new;
		node = b->new.first;
		if (!node) {
			list = &b->old;
			node = b->old.first;
			if (unlikely(!node)) {
				q->ready &= ~BIT(band);
				return NULL;
			}
		}
		f = gq_node_flow(node);

		if (f->head && f->credit > 0 && f->node.deadline <= now &&
		    f->band == band) {
			skb = gq_flow_send(q, f, now, plain);
			if (unlikely(!plain && !skb))
				continue;
			/* One that is empty stays where it is, to be found so
			 * in its turn, and to keep its place if more comes.
			 */
			if (f->head && f->node.deadline > now)
				gq_flow_wait(q, list, f, now);
			return skb;
		}

		gq_list_pop(list);
		/* NEW ones have just got a packet, and are in the cache. */
		if (list == &b->old)
			gq_look_ahead(list);
		gq_drr_pass(q, f, list == &b->new, now, plain);
	}
}

/*
 * Packets that waited by themselves are due in a band. While flows may send too,
 * each side gets half of the bytes: it is the turn of such a packet while these
 * are not ahead.
 */
static bool gq_due_turn(const struct gq_sched *q, u32 band)
{
	return q->band[band].due.first && q->band[band].lead <= 0;
}

/* Flows of the band had a turn: @skb is what was sent, or NULL. */
static noinline void gq_due_passed(struct gq_sched *q, u32 band,
				   const struct sk_buff *skb)
{
	struct gq_band *b = &q->band[band];

	if (!b->due.first)
		return;
	if (skb) {
		b->lead -= qdisc_pkt_len(skb);
	} else {
		b->lead = 0;
		q->ready |= BIT(band);
	}
}

static noinline struct sk_buff *gq_due_serve(struct gq_sched *q, u32 band,
					     u64 now)
{
	struct gq_band *b = &q->band[band];
	struct sk_buff *skb;
	bool waited;
	u64 late;

	skb = gq_node_skb(gq_list_pop(&b->due));
	prefetch(b->due.first);
	q->due--;
	waited = gq_cb(skb)->alone.waited;
	late = now - gq_bypass_restore(skb);
	if (waited)
		gq_note_lateness(q, late);
	if (unlikely(late > q->cfg.ce_threshold))
		gq_mark_ce(q, skb);
	b->lead += qdisc_pkt_len(skb);
	if (!b->due.first || (!b->new.first && !b->old.first))
		b->lead = 0;
	return skb;
}

static __always_inline struct sk_buff *
gq_serve(struct gq_sched *q, u64 now, bool plain)
{
	struct sk_buff *skb;
	u32 ready, band;

	while ((ready = plain ? q->ready : gq_shaper_ready(q))) {
		band = plain ? gq_band_weighted(q, ready) :
			       gq_band_next(q, ready, now);

		if (unlikely(!plain && q->due) && gq_due_turn(q, band)) {
			skb = gq_due_serve(q, band, now);
		} else if (unlikely(!plain && q->ranked & BIT(band))) {
			skb = gq_ranked_serve(q, band, now);
		} else {
			skb = gq_drr_serve(q, band, now, plain);
			if (unlikely(!plain && q->due))
				gq_due_passed(q, band, skb);
		}
		if (skb) {
			u32 len = qdisc_pkt_len(skb);

			q->band[band].credit -= len;
			if (!plain)
				gq_band_served(q, band, now);
			if (unlikely(!plain && q->shaped))
				gq_shape(q, band, len, now);
			return skb;
		}
	}
	return NULL;
}

#endif /* _NET_SCHED_GQ_SERVE_H */
