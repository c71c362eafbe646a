/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The counters of sch_gq and their way to netlink. Private to sch_gq.c.
 */
#ifndef _NET_SCHED_GQ_STATS_H
#define _NET_SCHED_GQ_STATS_H

#include <linux/pkt_sched_gq.h>
#include <net/netlink.h>

struct gq_stats {
	u64	enqueued;
	u64	dequeued;
	u64	evicted;
	u64	fastpath;
	u64	bypassed;
	u64	throttled;
	u64	shaped;
	u64	reinserts;		/* of wheels that change() replaced */
	u64	timer_arms;
	u64	timer_fires;
	u64	limit_drops;
	u64	band_limit_drops;
	u64	flow_limit_drops;
	u64	horizon_drops;
	u64	horizon_caps;
	u64	ce_marks;
	u64	clocks_converted;
	u64	pkts_too_long;
	u64	alloc_errors;
	u64	gc_flows;
	u64	hash_resizes;
	u64	codel_drops;
	u64	codel_marks;
	u64	lateness[GQ_LATENESS_BINS];
};

#define GQ_STAT(attr, field)						\
	[attr] = offsetof(struct gq_stats, field) + 1

/* Where a counter is kept, plus one; 0: not a plain counter. */
static const u16 gq_counters[TCA_GQ_STATS_MAX + 1] = {
	GQ_STAT(TCA_GQ_STATS_ENQUEUED, enqueued),
	GQ_STAT(TCA_GQ_STATS_DEQUEUED, dequeued),
	GQ_STAT(TCA_GQ_STATS_EVICTED, evicted),
	GQ_STAT(TCA_GQ_STATS_FASTPATH, fastpath),
	GQ_STAT(TCA_GQ_STATS_BYPASSED, bypassed),
	GQ_STAT(TCA_GQ_STATS_THROTTLED, throttled),
	GQ_STAT(TCA_GQ_STATS_SHAPED, shaped),
	GQ_STAT(TCA_GQ_STATS_REINSERTS, reinserts),
	GQ_STAT(TCA_GQ_STATS_TIMER_ARMS, timer_arms),
	GQ_STAT(TCA_GQ_STATS_TIMER_FIRES, timer_fires),
	GQ_STAT(TCA_GQ_STATS_LIMIT_DROPS, limit_drops),
	GQ_STAT(TCA_GQ_STATS_BAND_LIMIT_DROPS, band_limit_drops),
	GQ_STAT(TCA_GQ_STATS_FLOW_LIMIT_DROPS, flow_limit_drops),
	GQ_STAT(TCA_GQ_STATS_HORIZON_DROPS, horizon_drops),
	GQ_STAT(TCA_GQ_STATS_HORIZON_CAPS, horizon_caps),
	GQ_STAT(TCA_GQ_STATS_CE_MARKS, ce_marks),
	GQ_STAT(TCA_GQ_STATS_CLOCKS_CONVERTED, clocks_converted),
	GQ_STAT(TCA_GQ_STATS_PKTS_TOO_LONG, pkts_too_long),
	GQ_STAT(TCA_GQ_STATS_ALLOC_ERRORS, alloc_errors),
	GQ_STAT(TCA_GQ_STATS_GC_FLOWS, gc_flows),
	GQ_STAT(TCA_GQ_STATS_HASH_RESIZES, hash_resizes),
	GQ_STAT(TCA_GQ_STATS_CODEL_DROPS, codel_drops),
	GQ_STAT(TCA_GQ_STATS_CODEL_MARKS, codel_marks),
};

static int gq_stats_put(struct sk_buff *skb, const struct gq_stats *st)
{
	int i;

	for (i = 1; i <= TCA_GQ_STATS_MAX; i++) {
		const void *counter = (const void *)st + gq_counters[i] - 1;

		if (gq_counters[i] &&
		    nla_put_u64_64bit(skb, i, *(const u64 *)counter,
				      TCA_GQ_STATS_PAD))
			return -EMSGSIZE;
	}
	return nla_put(skb, TCA_GQ_STATS_LATENESS, sizeof(st->lateness),
		       st->lateness);
}

#endif /* _NET_SCHED_GQ_STATS_H */
