/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What sch_gq allocates for its settings, before it takes the qdisc's lock: a
 * change gets all that it needs, or changes nothing. Private to sch_gq.c.
 */
#ifndef _NET_SCHED_GQ_MEMORY_H
#define _NET_SCHED_GQ_MEMORY_H

#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "gq_policy.h"

/* The memory that other settings need; what stays is NULL. */
struct gq_memory {
	void	*wheel;
	void	*edt;
	void	*order[GQ_BANDS_MAX];
};

static void gq_memory_free(struct gq_memory *mem)
{
	int i;

	kvfree(mem->wheel);
	kvfree(mem->edt);
	for (i = 0; i < GQ_BANDS_MAX; i++)
		kvfree(mem->order[i]);
}

static void *gq_wheel_memory(const struct gq_config *cfg, int node,
			     struct netlink_ext_ack *extack)
{
	/* A power of two and a little: kmalloc would take twice that. */
	void *mem = vzalloc_node(gq_wheel_size(cfg->buckets), node);

	if (!mem)
		NL_SET_ERR_MSG_FMT_MOD(extack, "no memory for %u buckets",
				       cfg->buckets);
	return mem;
}

static int gq_memory_get(struct gq_memory *mem, struct Qdisc *sch,
			 const struct gq_config *cfg,
			 struct netlink_ext_ack *extack)
{
	int node = netdev_queue_numa_node_read(sch->dev_queue);
	struct gq_sched *q = qdisc_priv(sch);
	bool reshaped = cfg->buckets != q->cfg.buckets ||
			cfg->granularity != q->cfg.granularity;
	int i;

	if (!q->wheel_mem || reshaped) {
		mem->wheel = gq_wheel_memory(cfg, node, extack);
		if (!mem->wheel)
			return -ENOMEM;
	}
	if (cfg->bypass && (!q->edt_mem || reshaped)) {
		mem->edt = gq_wheel_memory(cfg, node, extack);
		if (!mem->edt)
			goto err_free;
	}
	for (i = 0; i < GQ_BANDS_MAX; i++) {
		const struct gq_band_config *b = &cfg->band[i];

		if (b->policy == GQ_POLICY_DRR ||
		    !gq_band_reordered(b, &q->cfg.band[i]))
			continue;
		mem->order[i] = kvzalloc_node(gq_band_order_size(b), GFP_KERNEL,
					      node);
		if (!mem->order[i]) {
			NL_SET_ERR_MSG_FMT_MOD(extack,
					       "no memory to rank band %d", i);
			goto err_free;
		}
	}
	return 0;

err_free:
	gq_memory_free(mem);
	return -ENOMEM;
}

/* ---- Memory of flows ---- */

static void gq_flow_caches_destroy(void)
{
	int i;

	kmem_cache_destroy(gq_block_cachep);
	for (i = 0; i < ARRAY_SIZE(gq_flow_kinds); i++) {
		kmem_cache_destroy(gq_flow_kinds[i].cachep[0]);
		kmem_cache_destroy(gq_flow_kinds[i].cachep[1]);
	}
}

static int gq_flow_caches_create(void)
{
	struct gq_flow_kind *k;
	int i, codel;
	u32 size;

	gq_block_cachep = kmem_cache_create("gq_block", sizeof(struct gq_block),
					    GQ_BLOCK_ALIGN, 0, NULL);
	if (!gq_block_cachep)
		return -ENOMEM;
	for (i = 0; i < 2 * ARRAY_SIZE(gq_flow_kinds); i++) {
		k = &gq_flow_kinds[i / 2];
		codel = i % 2;
		size = k->size + codel * sizeof(struct codel_vars);
		k->cachep[codel] = kmem_cache_create(k->name[codel], size, 0,
						     SLAB_HWCACHE_ALIGN, NULL);
		if (!k->cachep[codel]) {
			gq_flow_caches_destroy();
			return -ENOMEM;
		}
	}
	return 0;
}

/* Flows have room for a rank if some band had a policy when gq was added, and
 * for hClock's tags if that was hClock's.
 */
static int gq_choose_flow_kind(struct gq_sched *q,
			       const struct gq_config *cfg,
			       struct netlink_ext_ack *extack)
{
	const struct gq_flow_kind *want = gq_flow_kinds;
	const struct gq_flow_kind *kind;
	int i;

	for (i = 0; i < GQ_BANDS_MAX; i++) {
		kind = gq_flow_kinds;
		if (cfg->band[i].policy == GQ_POLICY_HCLOCK)
			kind += 2;
		else if (cfg->band[i].policy != GQ_POLICY_DRR)
			kind += 1;
		want = max(want, kind);
	}

	if (!q->flow_kind)
		q->flow_kind = want;
	if (want > q->flow_kind) {
		if (want == gq_flow_kinds + 1)
			NL_SET_ERR_MSG_MOD(extack,
					   "its flows have no ranks: delete gq, and add it with the policy");
		else
			NL_SET_ERR_MSG_MOD(extack,
					   "its flows have no tags for hclock: delete gq, and add it with the policy");
		return -EOPNOTSUPP;
	}
	return 0;
}

#endif /* _NET_SCHED_GQ_MEMORY_H */
