/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bands of sch_gq: which band a packet is put into, and which band is
 * served next. Private to sch_gq.c.
 *
 * A packet's band is said by, in this order: a tc filter (flowid 1:BAND+1), its
 * skb->priority if that names this qdisc (major = handle), its DSCP if the DSCP
 * map has it, the priomap. A flow is in the band of the packet that it got last,
 * as a whole: packets of one flow never overtake each other.
 *
 * The bands that have a flow which may send (q->ready) are served so:
 *
 * 1. one that has waited for its starvation bound, by one packet;
 * 2. the strict ones, the lowest number first;
 * 3. the weighted ones in turn, each until the bytes of its weight are used up.
 */
#ifndef _NET_SCHED_GQ_BAND_H
#define _NET_SCHED_GQ_BAND_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/dsfield.h>
#include <net/pkt_cls.h>

#include "gq_flow.h"

/* The DSCP of an IP packet, also below a VLAN tag; -1 for others. */
static int gq_dscp(const struct sk_buff *skb)
{
	union {
		struct iphdr ip4;
		struct ipv6hdr ip6;
	} buf;
	int at = skb_network_offset(skb);
	const void *hdr;

	switch (skb_protocol(skb, true)) {
	case htons(ETH_P_IP):
		hdr = skb_header_pointer(skb, at, sizeof(buf.ip4), &buf);
		return hdr ? ipv4_get_dsfield(hdr) >> 2 : -1;
	case htons(ETH_P_IPV6):
		hdr = skb_header_pointer(skb, at, sizeof(buf.ip6), &buf);
		return hdr ? ipv6_get_dsfield(hdr) >> 2 : -1;
	default:
		return -1;
	}
}

/* A filter's verdict: the band, GQ_BANDS_MAX if it has none, -1: no packet. */
static noinline int gq_filter_band(const struct gq_sched *q,
				   struct sk_buff *skb, int *ret)
{
	struct tcf_proto *filter = rcu_dereference_bh(q->filter_list);
	struct tcf_result res;
	u32 minor;

	switch (filter ? tcf_classify(skb, NULL, filter, &res, false) : -1) {
	case TC_ACT_STOLEN:
	case TC_ACT_QUEUED:
	case TC_ACT_TRAP:
		*ret = NET_XMIT_SUCCESS | __NET_XMIT_STOLEN;
		return -1;
	case TC_ACT_SHOT:
		*ret = NET_XMIT_SUCCESS | __NET_XMIT_BYPASS;
		return -1;
	case -1:
		return GQ_BANDS_MAX;
	default:
		minor = TC_H_MIN(res.classid);
		return minor && minor <= q->cfg.bands ? minor - 1 : GQ_BANDS_MAX;
	}
}

/* Return: the band, or -1 if a filter took the packet: *@ret says how */
static int gq_select_band(const struct Qdisc *sch, struct sk_buff *skb,
			  int *ret)
{
	const struct gq_sched *q = qdisc_priv(sch);
	u32 prio = skb->priority;
	int band;

	if (rcu_access_pointer(q->filter_list)) {
		band = gq_filter_band(q, skb, ret);
		if (band < GQ_BANDS_MAX)
			return band;
	}
	if (TC_H_MAJ(prio) == sch->handle && TC_H_MIN(prio) &&
	    TC_H_MIN(prio) <= q->cfg.bands)
		return TC_H_MIN(prio) - 1;

	if (q->dscp_used) {
		int dscp = gq_dscp(skb);

		if (dscp >= 0 && q->cfg.dscpmap[dscp] != GQ_DSCP_NONE)
			return q->cfg.dscpmap[dscp];
	}
	return q->cfg.priomap[prio % GQ_PRIOS];
}

/* A band that is ready has waited for as long as it may. */
static bool gq_band_waits(const struct gq_sched *q, u32 band, u64 now)
{
	return q->starvable & BIT(band) &&
	       now - q->band[band].served >= q->cfg.band[band].starve;
}

/* A band that has waited for as long as it may; GQ_BANDS_MAX if there is none */
static u32 gq_band_starving(const struct gq_sched *q, u32 ready, u64 now)
{
	u32 waiting = ready & q->starvable;
	u32 i;

	for (; waiting; waiting &= waiting - 1) {
		i = __ffs(waiting);
		if (gq_band_waits(q, i, now))
			return i;
	}
	return GQ_BANDS_MAX;
}

/* The next weighted band that is ready, and has bytes left after its refill. */
static noinline u32 gq_band_turn(struct gq_sched *q, u32 ready)
{
	struct gq_band *b;

	do {
		u32 above = ready & ~(BIT(q->turn + 1) - 1);
		u32 weight;

		q->turn = __ffs(above ? above : ready);
		b = &q->band[q->turn];
		weight = q->cfg.band[q->turn].weight;
		b->credit = min_t(s32, b->credit + weight, weight);
	} while (b->credit <= 0);
	return q->turn;
}

static u32 gq_band_weighted(struct gq_sched *q, u32 ready)
{
	if (likely(ready & BIT(q->turn) && q->band[q->turn].credit > 0))
		return q->turn;
	return gq_band_turn(q, ready);
}

/* The band to be served next, of those in @ready, which is not 0. */
static u32 gq_band_next(struct gq_sched *q, u32 ready, u64 now)
{
	u32 strict = ready & q->strict;
	u32 i;

	if (likely(!(ready & q->favoured)))
		return gq_band_weighted(q, ready);
	i = gq_band_starving(q, ready, now);
	if (i < GQ_BANDS_MAX)
		return i;
	return strict ? __ffs(strict) : gq_band_weighted(q, ready);
}

/* A packet was sent. */
static void gq_band_served(struct gq_sched *q, u32 band, u64 now)
{
	struct gq_band *b = &q->band[band];

	if (unlikely(q->starvable & BIT(band))) {
		if (gq_band_waits(q, band, now))
			b->rescues++;
		b->served = now;
	}
}

/* Packets that are queued in it. */
static u32 gq_band_qlen(const struct gq_band *b)
{
	return b->taken_pkts - b->left_pkts;
}

static u32 gq_band_backlog(const struct gq_band *b)
{
	return b->taken_bytes - u64_stats_read(&b->bstats.bytes) -
	       b->evicted_bytes;
}

/* A packet that had been taken in will not be sent. */
static void gq_count_evicted(struct Qdisc *sch, struct sk_buff *skb)
{
	struct gq_sched *q = qdisc_priv(sch);
	struct gq_band *b = &q->band[gq_cb(skb)->band];

	sch->q.qlen--;
	qdisc_qstats_backlog_dec(sch, skb);
	b->left_pkts++;
	b->evicted_bytes += qdisc_pkt_len(skb);
	b->drops++;
	q->stats.evicted++;
}

/* What was taken in and sent is counted by band only. */
static void gq_bands_sum(const struct gq_sched *q, struct gq_stats *st)
{
	int i;

	for (i = 0; i < GQ_BANDS_MAX; i++) {
		st->enqueued += q->band[i].taken_pkts;
		st->dequeued += q->band[i].left_pkts;
	}
	st->dequeued -= st->evicted;
}

/* What follows from the settings of all bands; under the qdisc's lock. */
static void gq_bands_derive(struct gq_sched *q, u64 now)
{
	int i;

	q->strict = 0;
	q->starvable = 0;
	q->clocked = 0;
	q->ordered = false;
	for (i = 0; i < GQ_BANDS_MAX; i++) {
		if (q->cfg.band[i].mode == GQ_BAND_STRICT)
			q->strict |= BIT(i);
		if (q->cfg.band[i].starve)
			q->starvable |= BIT(i);
		q->band[i].served = now;
		if (q->cfg.band[i].policy != GQ_POLICY_DRR)
			q->ordered = true;
		if (q->cfg.band[i].policy == GQ_POLICY_HCLOCK)
			q->clocked |= BIT(i);
	}
	q->ordered |= q->strict;
	q->favoured = q->strict | q->starvable;
	q->dscp_used = memchr_inv(q->cfg.dscpmap, GQ_DSCP_NONE, GQ_DSCPS);
}

static void gq_bands_reset(struct gq_sched *q)
{
	int i;

	q->ready = 0;
	q->turn = 0;
	memset(q->band, 0, sizeof(q->band));
	for (i = 0; i < GQ_BANDS_MAX; i++)
		gnet_stats_basic_sync_init(&q->band[i].bstats);
}

#endif /* _NET_SCHED_GQ_BAND_H */
