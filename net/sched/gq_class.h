/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bands of sch_gq as classes: "tc -s class show" lists them, and filters
 * of the qdisc name them (flowid MAJOR:BAND+1). They can't be added, deleted or
 * grafted: the qdisc's options say how many there are and how they share.
 * Private to sch_gq.c.
 */
#ifndef _NET_SCHED_GQ_CLASS_H
#define _NET_SCHED_GQ_CLASS_H

#include <net/gen_stats.h>
#include <net/pkt_cls.h>

#include "gq_band.h"

static unsigned long gq_class_find(struct Qdisc *sch, u32 classid)
{
	struct gq_sched *q = qdisc_priv(sch);
	u32 minor = TC_H_MIN(classid);

	return minor <= q->cfg.bands ? minor : 0;
}

static unsigned long gq_class_bind(struct Qdisc *sch, unsigned long parent,
				   u32 classid)
{
	return gq_class_find(sch, classid);
}

/* Classes are not counted: they live as long as the qdisc. */
static void gq_class_unbind(struct Qdisc *sch, unsigned long cl)
{
}

static struct Qdisc *gq_class_leaf(struct Qdisc *sch, unsigned long cl)
{
	return NULL;
}

static struct tcf_block *gq_tcf_block(struct Qdisc *sch, unsigned long cl,
				      struct netlink_ext_ack *extack)
{
	struct gq_sched *q = qdisc_priv(sch);

	return cl ? NULL : q->block;
}

static void gq_class_walk(struct Qdisc *sch, struct qdisc_walker *arg)
{
	struct gq_sched *q = qdisc_priv(sch);
	u32 i;

	if (arg->stop)
		return;
	for (i = 1; i <= q->cfg.bands; i++)
		if (!tc_qdisc_stats_dump(sch, i, arg))
			break;
}

static int gq_class_dump(struct Qdisc *sch, unsigned long cl,
			 struct sk_buff *skb, struct tcmsg *tcm)
{
	tcm->tcm_handle |= TC_H_MIN(cl);
	return 0;
}

static int gq_class_dump_stats(struct Qdisc *sch, unsigned long cl,
			       struct gnet_dump *d)
{
	struct gq_sched *q = qdisc_priv(sch);
	struct gq_band *b = &q->band[cl - 1];
	struct gnet_stats_queue qs = { };

	qs.backlog = gq_band_backlog(b);
	qs.drops = b->drops;
	if (gnet_stats_copy_basic(d, NULL, &b->bstats, true) < 0)
		return -1;
	return gnet_stats_copy_queue(d, NULL, &qs, gq_band_qlen(b));
}

static const struct Qdisc_class_ops gq_class_ops = {
	.leaf		= gq_class_leaf,
	.find		= gq_class_find,
	.walk		= gq_class_walk,
	.tcf_block	= gq_tcf_block,
	.bind_tcf	= gq_class_bind,
	.unbind_tcf	= gq_class_unbind,
	.dump		= gq_class_dump,
	.dump_stats	= gq_class_dump_stats,
};

#endif /* _NET_SCHED_GQ_CLASS_H */
