/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What sch_gq tells of its present state: flows, bands. Private to sch_gq.c.
 */
#ifndef _NET_SCHED_GQ_DUMP_H
#define _NET_SCHED_GQ_DUMP_H

#include <net/netlink.h>

#include "gq_band.h"

static int gq_put_gauges(struct sk_buff *skb, const struct gq_sched *q,
			 u64 due, u64 now)
{
	if (nla_put_u32(skb, TCA_GQ_STATS_FLOWS, q->hash.count) ||
	    nla_put_u32(skb, TCA_GQ_STATS_INACTIVE_FLOWS, q->inactive) ||
	    nla_put_u32(skb, TCA_GQ_STATS_THROTTLED_FLOWS, q->throttled) ||
	    nla_put_u32(skb, TCA_GQ_STATS_HASH_BUCKETS, 1U << q->hash.cur->log))
		return -EMSGSIZE;
	if (due != U64_MAX &&
	    nla_put_s64(skb, TCA_GQ_STATS_NEXT_EVENT, due - now,
			TCA_GQ_STATS_PAD))
		return -EMSGSIZE;
	return 0;
}

/* What ranked bands count besides. */
static int gq_put_ranked(struct sk_buff *skb, const struct gq_band *b,
			 const struct gq_approx_stats *st)
{
	if (nla_put_u64_64bit(skb, TCA_GQ_BAND_STATS_RESERVED, b->reserved,
			      TCA_GQ_BAND_STATS_PAD) ||
	    nla_put_u64_64bit(skb, TCA_GQ_BAND_STATS_INVERSIONS,
			      st->inversions, TCA_GQ_BAND_STATS_PAD) ||
	    nla_put_u64_64bit(skb, TCA_GQ_BAND_STATS_SEARCHES,
			      st->searches, TCA_GQ_BAND_STATS_PAD) ||
	    nla_put_u64_64bit(skb, TCA_GQ_BAND_STATS_REGRAINS,
			      st->regrains, TCA_GQ_BAND_STATS_PAD))
		return -EMSGSIZE;
	return 0;
}

static int gq_put_bands(struct sk_buff *skb, const struct gq_sched *q)
{
	struct nlattr *list, *entry;
	int i;

	list = nla_nest_start(skb, TCA_GQ_STATS_BANDS);
	if (!list)
		return -EMSGSIZE;
	for (i = 0; i < GQ_BANDS_MAX; i++) {
		const struct gq_band *b = &q->band[i];

		if (i >= q->cfg.bands && !gq_band_qlen(b))
			continue;
		entry = nla_nest_start(skb, TCA_GQ_BAND_ENTRY);
		if (!entry || gq_put_ranked(skb, b, &q->order[i].approx.stats) ||
		    nla_put_u8(skb, TCA_GQ_BAND_STATS_INDEX, i) ||
		    nla_put_u32(skb, TCA_GQ_BAND_STATS_QLEN,
				gq_band_qlen(b)) ||
		    nla_put_u32(skb, TCA_GQ_BAND_STATS_BACKLOG,
				gq_band_backlog(b)) ||
		    nla_put_u64_64bit(skb, TCA_GQ_BAND_STATS_PACKETS,
				      u64_stats_read(&b->bstats.packets),
				      TCA_GQ_BAND_STATS_PAD) ||
		    nla_put_u64_64bit(skb, TCA_GQ_BAND_STATS_BYTES,
				      u64_stats_read(&b->bstats.bytes),
				      TCA_GQ_BAND_STATS_PAD) ||
		    nla_put_u64_64bit(skb, TCA_GQ_BAND_STATS_DROPS,
				      b->drops, TCA_GQ_BAND_STATS_PAD) ||
		    nla_put_u64_64bit(skb, TCA_GQ_BAND_STATS_RESCUES,
				      b->rescues, TCA_GQ_BAND_STATS_PAD))
			return -EMSGSIZE;
		nla_nest_end(skb, entry);
	}
	nla_nest_end(skb, list);
	return 0;
}

#endif /* _NET_SCHED_GQ_DUMP_H */
