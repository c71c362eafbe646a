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
#include <net/pkt_sched.h>

struct gq_band_config {
	u64	starve;			/* ns; 0: no bound */
	u64	rate;			/* bytes/s */
	u64	reservation;		/* bytes/s, of each flow; 0: none */
	u64	ceil;			/* bytes/s, of each flow */
	u32	weight;			/* bytes a round */
	u32	limit;			/* packets */
	u32	share;			/* of each flow */
	u8	mode;			/* enum gq_band_mode */
	u8	policy;			/* enum gq_policy */
	u8	queue;			/* enum gq_queue */
};

/* All that a user can set. u64 first: no holes. */
struct gq_config {
	u64	maxrate;		/* bytes/s, of each flow */
	u64	rate;			/* bytes/s, of all */
	u64	horizon;		/* ns */
	u64	ce_threshold;		/* ns */
	u64	low_rate_threshold;	/* bytes/s */
	u64	codel_target;		/* ns, or GQ_CODEL_OFF */
	u64	codel_interval;		/* ns */
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
	u8	codel_ecn;
	u8	bypass;
	u8	bands;
	u8	priomap[GQ_PRIOS];	/* all below bands */
	u8	dscpmap[GQ_DSCPS];	/* below bands, or GQ_DSCP_NONE */
	struct gq_band_config band[GQ_BANDS_MAX];
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
	[TCA_GQ_BANDS]			= { .type = NLA_U8 },
	[TCA_GQ_PRIOMAP]		= NLA_POLICY_EXACT_LEN(GQ_PRIOS),
	[TCA_GQ_DSCPMAP]		= NLA_POLICY_EXACT_LEN(GQ_DSCPS),
	[TCA_GQ_BAND_LIST]		= { .type = NLA_NESTED },
	[TCA_GQ_RATE]			= { .type = NLA_U64 },
	[TCA_GQ_CODEL_TARGET]		= { .type = NLA_U64 },
	[TCA_GQ_CODEL_INTERVAL]		= { .type = NLA_U64 },
	[TCA_GQ_CODEL_ECN]		= { .type = NLA_U8 },
	[TCA_GQ_EDT_BYPASS]		= { .type = NLA_U8 },
};

static const struct nla_policy gq_band_policy[TCA_GQ_BAND_MAX + 1] = {
	[TCA_GQ_BAND_PAD]		= NLA_POLICY_EXACT_LEN(0),
	[TCA_GQ_BAND_INDEX]		= { .type = NLA_U8 },
	[TCA_GQ_BAND_MODE]		= { .type = NLA_U8 },
	[TCA_GQ_BAND_WEIGHT]		= { .type = NLA_U32 },
	[TCA_GQ_BAND_LIMIT]		= { .type = NLA_U32 },
	[TCA_GQ_BAND_STARVE]		= { .type = NLA_U64 },
	[TCA_GQ_BAND_POLICY]		= { .type = NLA_U8 },
	[TCA_GQ_BAND_RATE]		= { .type = NLA_U64 },
	[TCA_GQ_BAND_QUEUE]		= { .type = NLA_U8 },
	[TCA_GQ_BAND_RESERVATION]	= { .type = NLA_U64 },
	[TCA_GQ_BAND_CEIL]		= { .type = NLA_U64 },
	[TCA_GQ_BAND_SHARE]		= { .type = NLA_U32 },
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
	[TCA_GQ_BANDS] = {
		"bands", GQ_FIELD(bands), 1, GQ_BANDS_MAX },
	[TCA_GQ_RATE] = {
		"rate", GQ_FIELD(rate), 1, GQ_RATE_UNLIMITED },
	[TCA_GQ_CODEL_TARGET] = {
		"codel target", GQ_FIELD(codel_target), 0, GQ_CODEL_OFF },
	[TCA_GQ_CODEL_INTERVAL] = {
		"codel interval", GQ_FIELD(codel_interval),
		GQ_CODEL_INTERVAL_MIN, GQ_CODEL_INTERVAL_MAX },
	[TCA_GQ_CODEL_ECN] = {
		"codel ecn", GQ_FIELD(codel_ecn), 0, 1 },
	[TCA_GQ_EDT_BYPASS] = {
		"bypass", GQ_FIELD(bypass), 0, 1 },
};

#define GQ_BAND_FIELD(field)	offsetof(struct gq_band_config, field)

static const struct gq_param gq_band_params[TCA_GQ_BAND_MAX + 1] = {
	[TCA_GQ_BAND_MODE] = {
		"mode", GQ_BAND_FIELD(mode), 0, __GQ_BAND_MODE_MAX - 1 },
	[TCA_GQ_BAND_WEIGHT] = {
		"weight", GQ_BAND_FIELD(weight), GQ_BAND_WEIGHT_MIN,
		GQ_BAND_WEIGHT_MAX },
	[TCA_GQ_BAND_LIMIT] = {
		"band limit", GQ_BAND_FIELD(limit), 1, GQ_LIMIT_MAX },
	[TCA_GQ_BAND_STARVE] = {
		"starve", GQ_BAND_FIELD(starve), 0, GQ_BAND_STARVE_MAX },
	[TCA_GQ_BAND_POLICY] = {
		"policy", GQ_BAND_FIELD(policy), 0, __GQ_POLICY_MAX - 1 },
	[TCA_GQ_BAND_RATE] = {
		"band_rate", GQ_BAND_FIELD(rate), 1, GQ_RATE_UNLIMITED },
	[TCA_GQ_BAND_QUEUE] = {
		"queue", GQ_BAND_FIELD(queue), 0, __GQ_QUEUE_MAX - 1 },
	[TCA_GQ_BAND_RESERVATION] = {
		"reservation", GQ_BAND_FIELD(reservation), 0,
		GQ_RESERVATION_MAX },
	[TCA_GQ_BAND_CEIL] = {
		"ceil", GQ_BAND_FIELD(ceil), 1, GQ_RATE_UNLIMITED },
	[TCA_GQ_BAND_SHARE] = {
		"share", GQ_BAND_FIELD(share), 1, GQ_SHARE_MAX },
};

/* Settings are committed under the qdisc's lock and dumped without it. */
static u64 gq_field_get(const void *field, u8 type)
{
	switch (type) {
	case NLA_U8:
		return READ_ONCE(*(const u8 *)field);
	case NLA_U32:
		return READ_ONCE(*(const u32 *)field);
	default:
		return READ_ONCE(*(const u64 *)field);
	}
}

static void gq_field_set(void *field, u8 type, u64 val)
{
	switch (type) {
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

static u64 gq_attr_get(const struct nlattr *nla, u8 type)
{
	switch (type) {
	case NLA_U8:
		return nla_get_u8(nla);
	case NLA_U32:
		return nla_get_u32(nla);
	default:
		return nla_get_u64(nla);
	}
}

static int gq_attr_put(struct sk_buff *skb, int attr, u8 type, u64 val)
{
	switch (type) {
	case NLA_U8:
		return nla_put_u8(skb, attr, val);
	case NLA_U32:
		return nla_put_u32(skb, attr, val);
	default:
		return nla_put_u64_64bit(skb, attr, val, TCA_GQ_PAD);
	}
}

/* Take the attributes of @tb that @params describes over into @obj. */
static int gq_params_parse(const struct gq_param *params,
			   const struct nla_policy *policy, int max, void *obj,
			   struct nlattr **tb, struct netlink_ext_ack *extack)
{
	int i;

	for (i = 1; i <= max; i++) {
		const struct gq_param *p = &params[i];
		u64 val;

		if (!tb[i] || !p->name)
			continue;
		val = gq_attr_get(tb[i], policy[i].type);
		if (val < p->min || val > p->max) {
			NL_SET_ERR_MSG_FMT_MOD(extack,
					       "%s %llu is not in %llu..%llu",
					       p->name, val, p->min, p->max);
			NL_SET_BAD_ATTR(extack, tb[i]);
			return -ERANGE;
		}
		gq_field_set(obj + p->offset, policy[i].type, val);
	}
	return 0;
}

static int gq_params_put(const struct gq_param *params,
			 const struct nla_policy *policy, int max,
			 const void *obj, struct sk_buff *skb)
{
	int i;

	for (i = 1; i <= max; i++) {
		u8 type = policy[i].type;

		if (params[i].name &&
		    gq_attr_put(skb, i, type,
				gq_field_get(obj + params[i].offset, type)))
			return -EMSGSIZE;
	}
	return 0;
}

static void gq_params_commit(const struct gq_param *params,
			     const struct nla_policy *policy, int max,
			     void *to, const void *from)
{
	int i;

	for (i = 1; i <= max; i++) {
		u8 type = policy[i].type;
		size_t at = params[i].offset;

		if (params[i].name)
			gq_field_set(to + at, type,
				     gq_field_get(from + at, type));
	}
}

static int gq_band_parse(struct gq_config *cfg, const struct nlattr *entry,
			 struct netlink_ext_ack *extack)
{
	struct nlattr *tb[TCA_GQ_BAND_MAX + 1];
	int err;
	u8 i;

	err = nla_parse(tb, TCA_GQ_BAND_MAX, nla_data(entry), nla_len(entry),
			gq_band_policy, extack);
	if (err)
		return err;
	if (!tb[TCA_GQ_BAND_INDEX]) {
		NL_SET_ERR_MSG_MOD(extack, "a band entry has no index");
		return -EINVAL;
	}
	i = nla_get_u8(tb[TCA_GQ_BAND_INDEX]);
	if (i >= GQ_BANDS_MAX) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "band %u is not in 0..%u", i,
				       GQ_BANDS_MAX - 1);
		NL_SET_BAD_ATTR(extack, tb[TCA_GQ_BAND_INDEX]);
		return -ERANGE;
	}
	return gq_params_parse(gq_band_params, gq_band_policy, TCA_GQ_BAND_MAX,
			       &cfg->band[i], tb, extack);
}

static int gq_bands_parse(struct gq_config *cfg, const struct nlattr *list,
			  struct netlink_ext_ack *extack)
{
	const struct nlattr *entry;
	int err, rem;

	nla_for_each_nested(entry, list, rem) {
		if (nla_type(entry) != TCA_GQ_BAND_ENTRY) {
			NL_SET_ERR_MSG_MOD(extack, "not a band entry");
			NL_SET_BAD_ATTR(extack, entry);
			return -EINVAL;
		}
		err = gq_band_parse(cfg, entry, extack);
		if (err)
			return err;
	}
	return 0;
}

/*
 * Maps must fit the number of bands. When that number shrinks and a map is not
 * given with it, what pointed to a band that is gone points to the last one.
 */
static int gq_map_parse(u8 *map, u32 len, const struct nlattr *nla, u8 bands,
			const char *name, struct netlink_ext_ack *extack)
{
	bool none = len == GQ_DSCPS;
	u32 i;

	if (nla)
		memcpy(map, nla_data(nla), len);
	for (i = 0; i < len; i++) {
		if (map[i] < bands || (none && map[i] == GQ_DSCP_NONE))
			continue;
		if (nla) {
			NL_SET_ERR_MSG_FMT_MOD(extack,
					       "%s %u: band %u is not below %u",
					       name, i, map[i], bands);
			NL_SET_BAD_ATTR(extack, nla);
			return -ERANGE;
		}
		map[i] = bands - 1;
	}
	return 0;
}

/* Change @cfg as @opt asks; nothing else, so that an error changes nothing. */
static int gq_config_parse(struct gq_config *cfg, struct nlattr *opt,
			   struct netlink_ext_ack *extack)
{
	struct nlattr *tb[TCA_GQ_MAX + 1];
	int err;

	/* Not nla_parse_nested(): tc does not set NLA_F_NESTED. */
	err = nla_parse(tb, TCA_GQ_MAX, nla_data(opt), nla_len(opt), gq_policy,
			extack);
	if (err)
		return err;

	err = gq_params_parse(gq_params, gq_policy, TCA_GQ_MAX, cfg, tb,
			      extack);
	if (err)
		return err;
	if (tb[TCA_GQ_BAND_LIST]) {
		err = gq_bands_parse(cfg, tb[TCA_GQ_BAND_LIST], extack);
		if (err)
			return err;
	}
	err = gq_map_parse(cfg->priomap, GQ_PRIOS, tb[TCA_GQ_PRIOMAP],
			   cfg->bands, "priority", extack);
	if (err)
		return err;
	err = gq_map_parse(cfg->dscpmap, GQ_DSCPS, tb[TCA_GQ_DSCPMAP],
			   cfg->bands, "DSCP", extack);
	if (err)
		return err;

	cfg->granularity = rounddown_pow_of_two(cfg->granularity);
	cfg->buckets = roundup_pow_of_two(cfg->buckets);
	return 0;
}

/* Called under the qdisc's lock. */
static void gq_config_commit(struct gq_config *to, const struct gq_config *from)
{
	int i;

	gq_params_commit(gq_params, gq_policy, TCA_GQ_MAX, to, from);
	for (i = 0; i < GQ_BANDS_MAX; i++)
		gq_params_commit(gq_band_params, gq_band_policy,
				 TCA_GQ_BAND_MAX, &to->band[i], &from->band[i]);
	for (i = 0; i < GQ_PRIOS; i++)
		WRITE_ONCE(to->priomap[i], from->priomap[i]);
	for (i = 0; i < GQ_DSCPS; i++)
		WRITE_ONCE(to->dscpmap[i], from->dscpmap[i]);
}

static void gq_config_init(struct gq_config *cfg, u32 mtu)
{
	/* Those of fq: nine to three to one. */
	static const u32 weight[] = { 9 << 16, 3 << 16, 1 << 16 };
	int i;

	mtu = clamp(mtu, 1U, GQ_QUANTUM_MAX);
	*cfg = (struct gq_config){
		.limit			= 10000,
		.flow_limit		= 100,
		.quantum		= clamp_t(u32, 2 * mtu, GQ_QUANTUM_MIN,
						  GQ_QUANTUM_MAX),
		.initial_quantum	= min_t(u32, 10 * mtu, GQ_QUANTUM_MAX),
		.pacing			= 1,
		.maxrate		= GQ_RATE_UNLIMITED,
		.rate			= GQ_RATE_UNLIMITED,
		.granularity		= 8192,
		.buckets		= 32768,
		.horizon		= 10ULL * NSEC_PER_SEC,
		.horizon_drop		= 1,
		.timer_slack		= 10 * NSEC_PER_USEC,
		.ce_threshold		= GQ_CE_THRESHOLD_OFF,
		.orphan_mask		= 1023,
		.refill_delay		= 40 * USEC_PER_MSEC,
		.low_rate_threshold	= 550000 / 8,
		.codel_target		= GQ_CODEL_OFF,
		.codel_interval		= 100 * NSEC_PER_MSEC,
		.bands			= ARRAY_SIZE(weight),
	};
	memcpy(cfg->priomap, sch_default_prio2band, GQ_PRIOS);
	memset(cfg->dscpmap, GQ_DSCP_NONE, GQ_DSCPS);
	for (i = 0; i < GQ_BANDS_MAX; i++) {
		cfg->band[i].weight = weight[min_t(int, i, cfg->bands - 1)];
		cfg->band[i].limit = GQ_LIMIT_MAX;
		cfg->band[i].rate = GQ_RATE_UNLIMITED;
		cfg->band[i].ceil = GQ_RATE_UNLIMITED;
		cfg->band[i].share = 1;
	}
}

static int gq_bands_put(const struct gq_config *cfg, struct sk_buff *skb)
{
	struct nlattr *list, *entry;
	int i;

	list = nla_nest_start(skb, TCA_GQ_BAND_LIST);
	if (!list)
		return -EMSGSIZE;
	for (i = 0; i < READ_ONCE(cfg->bands); i++) {
		entry = nla_nest_start(skb, TCA_GQ_BAND_ENTRY);
		if (!entry || nla_put_u8(skb, TCA_GQ_BAND_INDEX, i) ||
		    gq_params_put(gq_band_params, gq_band_policy,
				  TCA_GQ_BAND_MAX, &cfg->band[i], skb))
			return -EMSGSIZE;
		nla_nest_end(skb, entry);
	}
	nla_nest_end(skb, list);
	return 0;
}

static int gq_config_dump(const struct gq_config *cfg, struct sk_buff *skb)
{
	struct nlattr *opts;

	opts = nla_nest_start_noflag(skb, TCA_OPTIONS);
	if (!opts)
		return -EMSGSIZE;

	if (gq_params_put(gq_params, gq_policy, TCA_GQ_MAX, cfg, skb) ||
	    nla_put(skb, TCA_GQ_PRIOMAP, GQ_PRIOS, cfg->priomap) ||
	    nla_put(skb, TCA_GQ_DSCPMAP, GQ_DSCPS, cfg->dscpmap) ||
	    gq_bands_put(cfg, skb)) {
		nla_nest_cancel(skb, opts);
		return -EMSGSIZE;
	}
	return nla_nest_end(skb, opts);
}

#endif /* _NET_SCHED_GQ_CONFIG_H */
