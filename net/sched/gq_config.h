/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The settings of sch_gq: defaults, netlink in, netlink out.
 *
 * One table says of each attribute what it is called, its range, and where in
 * struct gq_config it is kept; parsing, committing and dumping only walk it. A
 * request is parsed into a copy, so that one with an error changes nothing.
 *
 * Private to sch_gq.c.
 */
#ifndef _NET_SCHED_GQ_CONFIG_H
#define _NET_SCHED_GQ_CONFIG_H

#include <linux/log2.h>
#include <linux/pkt_sched_gq.h>
#include <net/netlink.h>

/* All that a user can set. u64 first: no holes. */
struct gq_config {
	u64	maxrate;		/* bytes/s */
	u64	horizon;		/* ns */
	u64	ce_threshold;		/* ns */
	u64	low_rate_threshold;	/* bytes/s */
	u32	limit;			/* packets */
	u32	flow_limit;		/* packets */
	u32	quantum;		/* bytes */
	u32	initial_quantum;	/* bytes */
	u32	granularity;		/* ns, a power of two */
	u32	buckets;		/* a power of two */
	u32	timer_slack;		/* ns */
	u32	orphan_mask;
	u32	refill_delay;		/* us */
	u8	pacing;
	u8	horizon_drop;
};

static const struct nla_policy gq_policy[TCA_GQ_MAX + 1] = {
	[TCA_GQ_PAD]			= NLA_POLICY_EXACT_LEN(0),
	[TCA_GQ_LIMIT]			= { .type = NLA_U32 },
	[TCA_GQ_FLOW_LIMIT]		= { .type = NLA_U32 },
	[TCA_GQ_QUANTUM]		= { .type = NLA_U32 },
	[TCA_GQ_INITIAL_QUANTUM]	= { .type = NLA_U32 },
	[TCA_GQ_PACING]			= { .type = NLA_U8 },
	[TCA_GQ_MAXRATE]		= { .type = NLA_U64 },
	[TCA_GQ_GRANULARITY]		= { .type = NLA_U32 },
	[TCA_GQ_BUCKETS]		= { .type = NLA_U32 },
	[TCA_GQ_HORIZON]		= { .type = NLA_U64 },
	[TCA_GQ_HORIZON_DROP]		= { .type = NLA_U8 },
	[TCA_GQ_TIMER_SLACK]		= { .type = NLA_U32 },
	[TCA_GQ_CE_THRESHOLD]		= { .type = NLA_U64 },
	[TCA_GQ_ORPHAN_MASK]		= { .type = NLA_U32 },
	[TCA_GQ_REFILL_DELAY]		= { .type = NLA_U32 },
	[TCA_GQ_LOW_RATE_THRESHOLD]	= { .type = NLA_U64 },
};

/* What an attribute is called, where it is kept, and its range. */
struct gq_param {
	const char	*name;
	size_t		offset;
	u64		min;
	u64		max;
};

#define GQ_FIELD(field)	offsetof(struct gq_config, field)

static const struct gq_param gq_params[TCA_GQ_MAX + 1] = {
	[TCA_GQ_LIMIT] = {
		"limit", GQ_FIELD(limit), 1, GQ_LIMIT_MAX },
	[TCA_GQ_FLOW_LIMIT] = {
		"flow_limit", GQ_FIELD(flow_limit), 1, GQ_LIMIT_MAX },
	[TCA_GQ_QUANTUM] = {
		"quantum", GQ_FIELD(quantum), GQ_QUANTUM_MIN, GQ_QUANTUM_MAX },
	[TCA_GQ_INITIAL_QUANTUM] = {
		"initial_quantum", GQ_FIELD(initial_quantum), 0,
		GQ_QUANTUM_MAX },
	[TCA_GQ_PACING] = {
		"pacing", GQ_FIELD(pacing), 0, 1 },
	[TCA_GQ_MAXRATE] = {
		"maxrate", GQ_FIELD(maxrate), 1, GQ_RATE_UNLIMITED },
	[TCA_GQ_GRANULARITY] = {
		"granularity", GQ_FIELD(granularity), GQ_GRANULARITY_MIN,
		GQ_GRANULARITY_MAX },
	[TCA_GQ_BUCKETS] = {
		"buckets", GQ_FIELD(buckets), GQ_BUCKETS_MIN, GQ_BUCKETS_MAX },
	[TCA_GQ_HORIZON] = {
		"horizon", GQ_FIELD(horizon), 1, GQ_HORIZON_MAX },
	[TCA_GQ_HORIZON_DROP] = {
		"horizon_drop", GQ_FIELD(horizon_drop), 0, 1 },
	[TCA_GQ_TIMER_SLACK] = {
		"timer_slack", GQ_FIELD(timer_slack), 0, GQ_TIMER_SLACK_MAX },
	[TCA_GQ_CE_THRESHOLD] = {
		"ce_threshold", GQ_FIELD(ce_threshold), 0,
		GQ_CE_THRESHOLD_OFF },
	[TCA_GQ_ORPHAN_MASK] = {
		"orphan_mask", GQ_FIELD(orphan_mask), 0, U32_MAX },
	[TCA_GQ_REFILL_DELAY] = {
		"refill_delay", GQ_FIELD(refill_delay), 0,
		GQ_REFILL_DELAY_MAX },
	[TCA_GQ_LOW_RATE_THRESHOLD] = {
		"low_rate_threshold", GQ_FIELD(low_rate_threshold), 0,
		U64_MAX },
};

static u64 gq_param_get(int attr, const struct gq_config *cfg)
{
	const void *field = (const void *)cfg + gq_params[attr].offset;

	switch (gq_policy[attr].type) {
	case NLA_U8:
		return READ_ONCE(*(const u8 *)field);
	case NLA_U32:
		return READ_ONCE(*(const u32 *)field);
	default:
		return READ_ONCE(*(const u64 *)field);
	}
}

static void gq_param_set(int attr, struct gq_config *cfg, u64 val)
{
	void *field = (void *)cfg + gq_params[attr].offset;

	switch (gq_policy[attr].type) {
	case NLA_U8:
		WRITE_ONCE(*(u8 *)field, val);
		break;
	case NLA_U32:
		WRITE_ONCE(*(u32 *)field, val);
		break;
	default:
		WRITE_ONCE(*(u64 *)field, val);
		break;
	}
}

static u64 gq_attr_get(int attr, const struct nlattr *nla)
{
	switch (gq_policy[attr].type) {
	case NLA_U8:
		return nla_get_u8(nla);
	case NLA_U32:
		return nla_get_u32(nla);
	default:
		return nla_get_u64(nla);
	}
}

static int gq_attr_put(int attr, struct sk_buff *skb, u64 val)
{
	switch (gq_policy[attr].type) {
	case NLA_U8:
		return nla_put_u8(skb, attr, val);
	case NLA_U32:
		return nla_put_u32(skb, attr, val);
	default:
		return nla_put_u64_64bit(skb, attr, val, TCA_GQ_PAD);
	}
}

/* Change @cfg as @opt asks; nothing else, so that an error changes nothing. */
static int gq_config_parse(struct gq_config *cfg, struct nlattr *opt,
			   struct netlink_ext_ack *extack)
{
	struct nlattr *tb[TCA_GQ_MAX + 1];
	int err, i;

	/* Not nla_parse_nested(): tc does not set NLA_F_NESTED. */
	err = nla_parse(tb, TCA_GQ_MAX, nla_data(opt), nla_len(opt), gq_policy,
			extack);
	if (err)
		return err;

	for (i = 1; i <= TCA_GQ_MAX; i++) {
		const struct gq_param *p = &gq_params[i];
		u64 val;

		if (!tb[i] || !p->name)
			continue;
		val = gq_attr_get(i, tb[i]);
		if (val < p->min || val > p->max) {
			NL_SET_ERR_MSG_FMT_MOD(extack,
					       "%s %llu is not in %llu..%llu",
					       p->name, val, p->min, p->max);
			NL_SET_BAD_ATTR(extack, tb[i]);
			return -ERANGE;
		}
		gq_param_set(i, cfg, val);
	}
	cfg->granularity = rounddown_pow_of_two(cfg->granularity);
	cfg->buckets = roundup_pow_of_two(cfg->buckets);
	return 0;
}

/* Called under the qdisc's lock: dumps read without it. */
static void gq_config_commit(struct gq_config *to, const struct gq_config *from)
{
	int i;

	for (i = 1; i <= TCA_GQ_MAX; i++)
		if (gq_params[i].name)
			gq_param_set(i, to, gq_param_get(i, from));
}

static void gq_config_init(struct gq_config *cfg, u32 mtu)
{
	mtu = clamp(mtu, 1U, GQ_QUANTUM_MAX);
	*cfg = (struct gq_config){
		.limit			= 10000,
		.flow_limit		= 100,
		.quantum		= clamp_t(u32, 2 * mtu, GQ_QUANTUM_MIN,
						  GQ_QUANTUM_MAX),
		.initial_quantum	= min_t(u32, 10 * mtu, GQ_QUANTUM_MAX),
		.pacing			= 1,
		.maxrate		= GQ_RATE_UNLIMITED,
		.granularity		= 8192,
		.buckets		= 32768,
		.horizon		= 10ULL * NSEC_PER_SEC,
		.horizon_drop		= 1,
		.timer_slack		= 10 * NSEC_PER_USEC,
		.ce_threshold		= GQ_CE_THRESHOLD_OFF,
		.orphan_mask		= 1023,
		.refill_delay		= 40 * USEC_PER_MSEC,
		.low_rate_threshold	= 550000 / 8,
	};
}

static int gq_config_dump(const struct gq_config *cfg, struct sk_buff *skb)
{
	struct nlattr *opts;
	int i;

	opts = nla_nest_start_noflag(skb, TCA_OPTIONS);
	if (!opts)
		return -EMSGSIZE;

	for (i = 1; i <= TCA_GQ_MAX; i++) {
		if (gq_params[i].name &&
		    gq_attr_put(i, skb, gq_param_get(i, cfg))) {
			nla_nest_cancel(skb, opts);
			return -EMSGSIZE;
		}
	}
	return nla_nest_end(skb, opts);
}

#endif /* _NET_SCHED_GQ_CONFIG_H */
