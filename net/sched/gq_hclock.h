/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hClock's ranking policy for sch_gq: each flow of a band has a reservation, a
 * limit and a share. Private to sch_gq.c.
 *
 * Billaud, Gulati: "hClock: Hierarchical QoS for Packet Scheduling in a
 * Hypervisor", EuroSys 2013; without its hierarchy, which bands are here. A flow
 * that is never idle gets what clamps lambda * share between its reservation and
 * its limit, with the one lambda that uses up the link. It has three tags:
 *
 *	r  real time	when its reservation is due	+= length / reservation
 *	l  real time	when its limit allows more	+= length / limit
 *	s  virtual time	when it is its turn		+= length / share
 *
 * Next is the flow of the smallest r that is over (*reserved*), else that of the
 * smallest s. One whose l lies ahead is not asked: it is in the wheel, since l is
 * a deadline as any other. Where the tags differ from the paper's:
 *
 * - r moves only by what was sent as reserved. A flow that got more than its
 *   reservation by its share has not used it up in advance.
 * - r is at most GQ_HCLOCK_DEBT behind: with more reserved than the link has,
 *   what was missed is not all made up for later. An idle flow saves up nothing.
 * - s moves by all that is sent, so that a reservation counts as share; but what
 *   was reserved moves it to at most twice a quantum before the present virtual
 *   time. A flow whose reservation exceeds its share would otherwise be passed
 *   over for as long again once shares are worth more.
 * - Virtual time is the s-tag of the packet that was sent last by shares.
 * - Of two r-tags, 8 us are the same.
 *
 * A packet's mark may replace the band's settings for its flow; the head of
 * include/uapi/linux/pkt_sched_gq.h tells how.
 */
#ifndef _NET_SCHED_GQ_HCLOCK_H
#define _NET_SCHED_GQ_HCLOCK_H

#include <linux/overflow.h>

#include "gq_flow.h"
#include "gq_shaper.h"

#define GQ_HCLOCK_DEBT		((u64)NSEC_PER_SEC)

static struct gq_clocked_entry *gq_clocked(struct gq_flow *f)
{
	return gq_clocked_entry(gq_entry(f));
}

/* A rate of the band, as often as a byte of the mark says, or @none. */
static u64 gq_hclock_rate(u64 rate, u8 times, u64 none)
{
	if (times == GQ_HCLOCK_NONE)
		return none;
	if (!times || rate == none)
		return rate;
	return check_mul_overflow(rate, (u64)times, &rate) ? U64_MAX : rate;
}

static u64 gq_hclock_reservation(const struct gq_band_config *b, u32 mark)
{
	return gq_hclock_rate(b->reservation, mark >> GQ_HCLOCK_RESERVATION_SHIFT,
			      0);
}

static u64 gq_hclock_ceil(const struct gq_band_config *b, u32 mark)
{
	return gq_hclock_rate(b->ceil, mark >> GQ_HCLOCK_CEIL_SHIFT,
			      GQ_RATE_UNLIMITED);
}

static u64 gq_hclock_virtual(const struct gq_band_config *b, u32 mark, u32 len)
{
	u32 share = (mark & GQ_HCLOCK_SHARE_MASK) ?: b->share;

	return div_u64((u64)len << GQ_STFQ_BYTE_LOG, share);
}

/* Whether the first packet has a reservation may differ from the one before. */
static void gq_hclock_reserve(struct gq_sched *q, struct gq_flow *f, u64 now)
{
	struct gq_clocked_entry *c = gq_clocked(f);

	if (!gq_hclock_reservation(&q->cfg.band[f->band],
				   gq_cb(f->head)->rank))
		c->due.rank = GQ_NEVER;
	else if (c->due.rank == GQ_NEVER)
		c->due.rank = now;
}

static u32 gq_hclock_note(const struct sk_buff *skb)
{
	return skb->mark;
}

static u64 gq_hclock_listed(struct gq_sched *q, struct gq_flow *f, u64 now)
{
	struct gq_clocked_entry *c = gq_clocked(f);

	gq_hclock_reserve(q, f, now);
	/* Not after a stay in the wheel: what that took is owed. */
	if (!c->busy) {
		c->due.rank = max(c->due.rank, now);
		c->limit = max(c->limit, f->node.deadline);
	}
	c->busy = true;
	return max(q->band[f->band].vtime, c->entry.finish);
}

/* The packet left because it was reserved. */
static void gq_hclock_reserved(struct gq_sched *q, struct gq_flow *f, u32 mark,
			       u32 len, u64 now)
{
	const struct gq_band_config *b = &q->cfg.band[f->band];
	u64 reservation = gq_hclock_reservation(b, mark);
	struct gq_clocked_entry *c = gq_clocked(f);
	u64 ahead;

	ahead = q->band[f->band].vtime +
		2 * gq_hclock_virtual(b, mark, max(len, q->cfg.quantum));
	c->entry.finish = max(c->entry.node.rank,
			      min(c->entry.finish, ahead));
	/* It may have been lifted since the packet was ranked. */
	if (reservation)
		c->due.rank = max(c->due.rank, now - min(now, GQ_HCLOCK_DEBT)) +
			      div64_u64((u64)len * NSEC_PER_SEC, reservation);
	q->band[f->band].reserved++;
}

static u64 gq_hclock_sent(struct gq_sched *q, struct gq_flow *f,
			  struct sk_buff *skb, u64 now)
{
	const struct gq_band_config *b = &q->cfg.band[f->band];
	struct gq_clocked_entry *c = gq_clocked(f);
	struct gq_band *band = &q->band[f->band];
	u32 len = qdisc_pkt_len(skb), mark = gq_cb(skb)->rank;
	u64 ceil = gq_hclock_ceil(b, mark);

	c->entry.finish = c->entry.node.rank + gq_hclock_virtual(b, mark, len);
	if (q->order[f->band].reserved)
		gq_hclock_reserved(q, f, mark, len, now);
	else
		band->vtime = max(band->vtime, c->entry.node.rank);

	if (ceil != GQ_RATE_UNLIMITED) {
		c->limit = gq_pace(q, c->limit, now, len, ceil);
		f->node.deadline = max(f->node.deadline, c->limit);
	}
	c->busy = f->head;
	if (f->head)
		gq_hclock_reserve(q, f, now);
	return c->entry.finish;
}

#endif /* _NET_SCHED_GQ_HCLOCK_H */
