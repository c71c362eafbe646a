/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ranking policies of sch_gq's bands. Private to sch_gq.c.
 *
 * In a band with a policy other than DRR, the flows that may send are in a rank
 * queue. As in Eiffel, what is ranked is the flow: its packets stay in a FIFO,
 * and a rank is given to it
 *
 *	listed	when it comes into the queue, out of the wheel or idle;
 *	queued	when a packet is added to it there (SRPT, pFabric);
 *	sent	when a packet has left: the rank for the next one.
 *
 * What a rank needs to know of a packet is noted in the packet when it is taken
 * in, so that nothing but the flow and its first packet is looked at later.
 * include/uapi/linux/pkt_sched_gq.h tells what each policy means; the sources
 * are: STFQ: Goyal, Vin, Cheng, SIGCOMM 1996; pFabric: Alizadeh et al., SIGCOMM
 * 2013; LSTF: Mittal et al., NSDI 2016; all on one queue: Eiffel.
 */
#ifndef _NET_SCHED_GQ_POLICY_H
#define _NET_SCHED_GQ_POLICY_H

#include "gq_band.h"
#include "gq_hclock.h"

#define GQ_RANK_SLOTS		4096

/**
 * struct gq_policy_ops - a policy
 * @shape: of the rank queue
 * @note: what to remember of a packet
 * @listed: rank of a flow that comes into the queue
 * @queued: new rank of a flow in the queue that got a packet, its last; or NULL
 * @sent: called for each packet that has left; rank of its flow, if it goes on
 */
struct gq_policy_ops {
	struct gq_order_shape	shape;
	u32	(*note)(const struct sk_buff *skb);
	u64	(*listed)(struct gq_sched *q, struct gq_flow *f, u64 now);
	u64	(*queued)(struct gq_flow *f);
	u64	(*sent)(struct gq_sched *q, struct gq_flow *f,
			struct sk_buff *skb, u64 now);
};

static u32 gq_note_nothing(const struct sk_buff *skb)
{
	return 0;
}

static u64 gq_edt_listed(struct gq_sched *q, struct gq_flow *f, u64 now)
{
	return f->node.deadline;
}

static u64 gq_edt_sent(struct gq_sched *q, struct gq_flow *f,
		       struct sk_buff *skb, u64 now)
{
	return f->node.deadline;
}

static u32 gq_prio_note(const struct sk_buff *skb)
{
	int dscp = gq_dscp(skb);

	return GQ_DSCPS - 1 - max(dscp, 0);
}

/* The rank of a flow is what was noted of its first packet. */
static u64 gq_head_listed(struct gq_sched *q, struct gq_flow *f, u64 now)
{
	return gq_cb(f->head)->rank;
}

static u64 gq_head_sent(struct gq_sched *q, struct gq_flow *f,
			struct sk_buff *skb, u64 now)
{
	return f->head ? gq_cb(f->head)->rank : 0;
}

static u32 gq_stfq_note(const struct sk_buff *skb)
{
	return (skb->mark & 0xffff) ?: 1;
}

/* Its start tag: where it stopped, or where all are now if that is later. */
static u64 gq_stfq_listed(struct gq_sched *q, struct gq_flow *f, u64 now)
{
	return max(q->band[f->band].vtime, gq_entry(f)->finish);
}

static u64 gq_stfq_sent(struct gq_sched *q, struct gq_flow *f,
			struct sk_buff *skb, u64 now)
{
	struct gq_entry *e = gq_entry(f);
	u64 len = (u64)qdisc_pkt_len(skb) << GQ_STFQ_BYTE_LOG;

	q->band[f->band].vtime = max(q->band[f->band].vtime, e->node.rank);
	e->finish = e->node.rank + div_u64(len, gq_cb(skb)->rank);
	return e->finish;
}

static u64 gq_srpt_listed(struct gq_sched *q, struct gq_flow *f, u64 now)
{
	return f->qlen;
}

static u64 gq_srpt_queued(struct gq_flow *f)
{
	return f->qlen;
}

static u64 gq_srpt_sent(struct gq_sched *q, struct gq_flow *f,
			struct sk_buff *skb, u64 now)
{
	return f->qlen;
}

static u32 gq_pfabric_note(const struct sk_buff *skb)
{
	return skb->mark ?: U32_MAX;
}

static u64 gq_pfabric_queued(struct gq_flow *f)
{
	return min_t(u64, gq_entry(f)->node.rank, gq_cb(f->tail)->rank);
}

static u64 gq_pfabric_sent(struct gq_sched *q, struct gq_flow *f,
			   struct sk_buff *skb, u64 now)
{
	return f->head ? min(gq_cb(skb)->rank, gq_cb(f->head)->rank) : 0;
}

static u32 gq_lstf_note(const struct sk_buff *skb)
{
	return skb->mark;
}

static u64 gq_lstf_listed(struct gq_sched *q, struct gq_flow *f, u64 now)
{
	return f->node.deadline + (u64)gq_cb(f->head)->rank * NSEC_PER_USEC;
}

static u64 gq_lstf_sent(struct gq_sched *q, struct gq_flow *f,
			struct sk_buff *skb, u64 now)
{
	return f->head ? gq_lstf_listed(q, f, now) : 0;
}

static const struct gq_policy_ops gq_policies[__GQ_POLICY_MAX] = {
	[GQ_POLICY_EDT] = {
		.shape = { GQ_RANK_SLOTS, 10, true },
		.note = gq_note_nothing, .listed = gq_edt_listed,
		.sent = gq_edt_sent },
	[GQ_POLICY_PRIO] = {
		.shape = { GQ_DSCPS }, .note = gq_prio_note,
		.listed = gq_head_listed, .sent = gq_head_sent },
	[GQ_POLICY_STFQ] = {
		.shape = { GQ_RANK_SLOTS, GQ_STFQ_BYTE_LOG + 8, true },
		.note = gq_stfq_note,
		.listed = gq_stfq_listed, .sent = gq_stfq_sent },
	[GQ_POLICY_SRPT] = {
		.shape = { GQ_RANK_SLOTS }, .note = gq_note_nothing,
		.listed = gq_srpt_listed, .queued = gq_srpt_queued,
		.sent = gq_srpt_sent },
	[GQ_POLICY_PFABRIC] = {
		.shape = { GQ_RANK_SLOTS }, .note = gq_pfabric_note,
		.listed = gq_head_listed, .queued = gq_pfabric_queued,
		.sent = gq_pfabric_sent },
	[GQ_POLICY_LSTF] = {
		.shape = { GQ_RANK_SLOTS, 10, true },
		.note = gq_lstf_note, .listed = gq_lstf_listed,
		.sent = gq_lstf_sent },
	[GQ_POLICY_HCLOCK] = {
		.shape = { GQ_RANK_SLOTS, GQ_STFQ_BYTE_LOG + 8, true, true },
		.note = gq_hclock_note, .listed = gq_hclock_listed,
		.sent = gq_hclock_sent },
};

static const struct gq_policy_ops *gq_policy_of(const struct gq_sched *q,
						u32 band)
{
	return &gq_policies[q->cfg.band[band].policy];
}

/* Memory of the rank queue that a band's settings need. */
static size_t gq_band_order_size(const struct gq_band_config *b)
{
	return gq_order_size(&gq_policies[b->policy].shape,
			     b->queue == GQ_QUEUE_APPROX);
}

/* Whether settings that differ need another rank queue. */
static bool gq_band_reordered(const struct gq_band_config *a,
			      const struct gq_band_config *b)
{
	return a->policy != b->policy ||
	       (a->policy != GQ_POLICY_DRR && a->queue != b->queue);
}

static void gq_band_order_init(struct gq_sched *q, u32 band, void *mem)
{
	gq_order_init(&q->order[band], &gq_policy_of(q, band)->shape,
		      q->cfg.band[band].queue == GQ_QUEUE_APPROX, mem);
}

static u64 gq_rank_listed(struct gq_sched *q, struct gq_flow *f, u64 now)
{
	return gq_policy_of(q, f->band)->listed(q, f, now);
}

/*
 * The packets of a flow were noted for another policy than that of the band in
 * which the flow is now, and virtual time is another one here.
 */
static void gq_flow_note(const struct gq_sched *q, struct gq_flow *f)
{
	const struct gq_policy_ops *p = gq_policy_of(q, f->band);
	struct sk_buff *skb;

	gq_entry(f)->finish = 0;
	if (q->clocked & BIT(f->band))
		gq_clocked(f)->busy = false;
	for (skb = f->qlen ? f->head : NULL; skb; skb = skb->next)
		gq_cb(skb)->rank = p->note(skb);
}

/* A flow in its band's rank queue has got a packet, its last. */
static void gq_rank_queued(struct gq_sched *q, struct gq_flow *f)
{
	const struct gq_policy_ops *p = gq_policy_of(q, f->band);
	struct gq_order *o = &q->order[f->band];
	struct gq_entry *e = gq_entry(f);
	u64 rank;

	if (!p->queued)
		return;
	rank = p->queued(f);
	if (rank == e->node.rank)
		return;
	gq_order_remove(o, e);
	e->node.rank = rank;
	gq_order_insert(o, e);
}

/* ---- Change of a band's policy ---- */

static void gq_table_note(const struct gq_sched *q, const struct gq_table *t,
			  u32 band)
{
	struct gq_hent *e;
	u32 i;

	for (i = 0; t && i < 1U << t->log; i++) {
		for (e = t->chain[i]; e; e = e->next) {
			struct gq_flow *f = gq_hent_flow(e);

			if (f->band == band)
				gq_flow_note(q, f);
		}
	}
}

/*
 * Give a band what its new policy needs; @mem is the memory of the rank queue
 * for it, or NULL. Its flows are added to @all: they may belong to a band that is
 * to be changed next, and so can be listed only after all bands are. Returns the
 * memory of the old queue.
 */
static void *gq_band_swap(struct gq_sched *q, u32 band, void *mem,
			  struct gq_list *all)
{
	struct gq_order *o = &q->order[band];
	struct gq_approx_stats stats = o->approx.stats;
	struct gq_band *b = &q->band[band];
	void *old = o->mem;
	struct gq_entry *e;

	gq_list_splice_tail(all, &b->new);
	gq_list_splice_tail(all, &b->old);
	b->new.first = NULL;
	b->old.first = NULL;
	while (old && (e = gq_order_first(o, 0))) {
		gq_order_remove(o, e);
		gq_list_add_tail(all, &gq_entry_flow(e)->node);
	}
	/* That was no service. */
	o->approx.stats = stats;

	o->mem = mem;
	if (mem) {
		gq_band_order_init(q, band, mem);
		q->ranked |= BIT(band);
		gq_table_note(q, q->hash.cur, band);
		gq_table_note(q, q->hash.old, band);
	} else {
		q->ranked &= ~BIT(band);
	}
	return old;
}

static void gq_relist(struct gq_sched *q, struct gq_list *all, u64 now)
{
	struct gq_node *node;

	while ((node = gq_list_pop(all))) {
		struct gq_flow *f = gq_node_flow(node);

		if (f->state == GQ_GONE)
			kfree(f);
		else
			gq_flow_set_state(q, f, f->qlen ? GQ_OLD : GQ_IDLE,
					  now);
	}
}

static void gq_ranks_reset(struct gq_sched *q)
{
	struct gq_order *o;
	int i;

	for (i = 0; i < GQ_BANDS_MAX; i++) {
		o = &q->order[i];
		memset(&o->approx.stats, 0, sizeof(o->approx.stats));
		if (!o->mem)
			continue;
		memset(o->mem, 0, gq_band_order_size(&q->cfg.band[i]));
		gq_band_order_init(q, i, o->mem);
	}
}

#endif /* _NET_SCHED_GQ_POLICY_H */
