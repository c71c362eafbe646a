/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a packet of sch_gq gets into its flow. Private to sch_gq.c.
 *
 * What is always inline here is so for gq_enqueue(), where it costs 2 ns a call;
 * gq_bypass_end() calls it too.
 */
#ifndef _NET_SCHED_GQ_QUEUE_H
#define _NET_SCHED_GQ_QUEUE_H

#include "gq_codel.h"
#include "gq_policy.h"

/* Flows looked at to find one that moves: cheap enough for each packet. */
#define GQ_MOVE_MAX		64

/* The flow of a packet, @sk being gq_flow_sk() of it; NULL: no memory for it */
static __always_inline struct gq_flow *
gq_flow_get(struct gq_sched *q, struct sk_buff *skb, const struct sock *sk)
{
	unsigned long key = gq_flow_key(q, skb, sk);
	struct gq_flow *f = gq_flow_find(q, key);

	if (unlikely(!f))
		f = gq_flow_create(q, key);
	if (unlikely(f && sk && f->socket_hash != sk->sk_hash)) {
		/* Another socket at the same address: it starts afresh. Its
		 * predecessor's packets have left, or it could not be there.
		 */
		f->socket_hash = sk->sk_hash;
		f->credit = q->cfg.initial_quantum;
		if (!f->qlen)
			f->node.deadline = 0;
		if (f->codel)
			codel_vars_init(gq_codel_vars(q, f));
	}
	return f;
}

/*
 * A packet that its sender did not stamp goes by its socket's rate. Whether there
 * is one is asked now, while the sender has the socket in its cache: a socket
 * without one is then not touched when the packet leaves.
 */
static bool gq_sk_rate(const struct sk_buff *skb)
{
	const struct sock *sk = skb->sk;

	return !skb->tstamp && sk && sk_fullsock(sk) &&
	       sk->sk_state != TCP_LISTEN &&
	       READ_ONCE(sk->sk_pacing_rate) != ~0UL;
}

/*
 * The flow has got its first packet: it waits in the wheel or for the link.
 * @idle_since is from before the packet, which has taken its place.
 */
static __always_inline void
gq_flow_activate(struct gq_sched *q, struct gq_flow *f,
		 unsigned long idle_since, u64 departure, u64 now)
{
	q->inactive--;
	/* Time that the flow did not use is no credit for a burst. */
	f->node.deadline = max(f->node.deadline, departure);
	if (unlikely(q->clocked & BIT(f->band)))
		gq_clocked(f)->busy = false;

	switch (f->state) {
	case GQ_IDLE:
		if (time_after(jiffies, idle_since + q->refill_jiffies))
			f->credit = max_t(s32, f->credit, q->cfg.quantum);
		if (f->node.deadline > now)
			gq_flow_set_state(q, f, GQ_WHEEL, now);
		else
			gq_flow_set_state(q, f, GQ_NEW, now);
		break;
	case GQ_WHEEL:
		q->throttled++;
		break;
	default:
		/* Still listed: gq_serve() comes to it. */
		break;
	}
}

/*
 * A flow goes to another band as a whole, and at once: there may be bands that
 * are not served for long. If it is not among the first of a list, which has no
 * way back, only a shell stays there (GQ_GONE), and the flow goes on elsewhere.
 * Without memory for that it follows when it is come to there. Return: the flow
 */
static noinline struct gq_flow *gq_flow_move(struct gq_sched *q,
					     struct gq_flow *f, u32 band,
					     u64 now)
{
	struct gq_band *b = &q->band[f->band];
	struct gq_flow *shell = f;
	bool unlisted = false;

	if (f->state == GQ_RANKED) {
		gq_order_remove(&q->order[f->band], gq_entry(f));
		unlisted = true;
	} else if (f->state == GQ_NEW || f->state == GQ_OLD) {
		unlisted = gq_list_remove(f->state == GQ_NEW ? &b->new : &b->old,
					  &f->node, GQ_MOVE_MAX);
		if (!unlisted)
			f = gq_flow_renew(q, shell);
	}
	if (f != shell) {
		shell->head = NULL;
		shell->qlen = 0;
		gq_flow_set_state(q, shell, GQ_GONE, now);
		unlisted = true;
	}
	f->band = band;
	if (q->ranked & BIT(band))
		gq_flow_note(q, f);
	if (unlisted)
		gq_flow_set_state(q, f, GQ_OLD, now);
	return f;
}

/* Add a packet to a flow, and the flow to the packet's band. Return: the flow */
static __always_inline struct gq_flow *
gq_flow_queue(struct gq_sched *q, struct gq_flow *f, struct sk_buff *skb,
	      u64 departure, u64 now)
{
	u32 band = gq_cb(skb)->band;
	unsigned long idle_since;

	gq_cb(skb)->sk_rate = gq_sk_rate(skb);
	if (unlikely(f->band != band))
		f = gq_flow_move(q, f, band, now);
	idle_since = f->idle_since;
	gq_flow_push(f, skb, departure);
	if (f->qlen == 1)
		gq_flow_activate(q, f, idle_since, departure, now);
	else if (unlikely(f->state == GQ_RANKED))
		gq_rank_queued(q, f);
	return f;
}

#endif /* _NET_SCHED_GQ_QUEUE_H */
