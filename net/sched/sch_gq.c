// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gq: the Eiffel packet scheduler as a queueing discipline.
 *
 * Saeed, Zhao, Dukkipati, Ammar, Zegura, Harras, Vahdat: "Eiffel: Efficient
 * and Flexible Software Packet Scheduling", USENIX NSDI 2019.
 *
 * Theory of operation
 *
 * A flow is a socket, or for packets without one a hash. A flow's packets wait
 * in a FIFO, so that they never overtake each other; what is scheduled is the
 * flow. A flow has a deadline: the time before which its first packet must not
 * leave. It is the later of that packet's own departure time (skb->tstamp: TCP,
 * SO_TXTIME, BPF) and of the time that the flow's rate allows (SO_MAX_PACING_RATE
 * of the socket, maxrate of the qdisc).
 *
 *                  enqueue                     dequeue
 *                     |
 *      +--------------+---------------+
 *      | no flow      | deadline over | deadline ahead
 *      | needed       |               |
 *      v              v               v
 *   fast path      NEW, OLD  <----  WHEEL       (timer at the end of the
 *   one FIFO       of 8 bands ---->  cFFS        earliest bucket in use)
 *      |              |
 *      +------> link <+
 *
 * Flows of the WHEEL become OLD when their bucket is over. Each band has a NEW
 * and an OLD list, served by deficit round robin, NEW first; a flow that has
 * sent is OLD, or goes into the wheel if its next deadline lies ahead. Which
 * band is served is told in gq_band.h. Bands with a ranking policy have a rank
 * queue in the place of the two lists: gq_policy.h. A packet whose own departure
 * time is all that counts may wait without its flow: gq_bypass.h.
 *
 *   state  has packets  held by       left when
 *   IDLE   no           -             a packet arrives -> NEW or WHEEL; gc
 *   NEW    yes          its band      credit used up, or empty -> OLD; -> WHEEL
 *   OLD    perhaps      its band (2)  found empty -> IDLE; deadline -> WHEEL
 *   WHEEL  perhaps (1)  q->wheel      bucket over -> OLD or RANKED
 *   RANKED yes          its band      empty -> IDLE; deadline -> WHEEL
 *   GONE   no           its band      come to: freed (gq_flow_move())
 *   (1) none after an eviction; the flow is then found empty once OLD
 *   (2) or the band of an earlier packet, until it is come to there
 *
 * An emptied NEW flow passes through OLD so that it can't gain by always being
 * new (as in fq_codel and fq).
 *
 * Invariants
 * 1. A packet never leaves before its deadline, and the scheduler adds at most
 *    granularity + timer_slack to it.
 * 2. Packets of one flow leave in the order of arrival; gq_bypass.h says which
 *    of those that bypass it do.
 * 3. enqueued = dequeued + evicted + queued.
 *
 * Locking: everything in struct gq_sched is changed under the qdisc's lock.
 * gq_config is changed only by gq_change(), under RTNL too. The one exception
 * is a larger flow table: a work item allocates it and leaves it in
 * q->table_ready, where the next enqueue takes it.
 */

#include <linux/module.h>
#include <linux/types.h>
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/log2.h>
#include <linux/prefetch.h>
#include <linux/skbuff.h>
#include <linux/vmalloc.h>
#include <net/netlink.h>
#include <net/pkt_sched.h>
#include <net/sock.h>

#include "gq_bypass.h"
#include "gq_class.h"
#include "gq_codel.h"
#include "gq_dump.h"
#include "gq_evict.h"
#include "gq_memory.h"
#include "gq_policy.h"
#include "gq_queue.h"
#include "gq_serve.h"
#include "gq_shaper.h"

/* What a processor may take until it comes to a timer that has expired. */
#define GQ_CPU_LATE_NS		(20 * NSEC_PER_USEC)
/* More packets than this without a flow could be unfair to the others. */
#define GQ_FASTPATH_MAX		8

/* ---- Classification ---- */

/*
 * The fast path takes packets that may leave now and that no other packet has
 * a better claim to precede. No flow may be waiting for the link, also none
 * whose bucket is over but which has not been released yet; there must be
 * nothing that paces the packet's flow, and no packet of the flow in the wheel.
 * The last is asked for TCP too: its departure times only grow, but a maxrate
 * that has just been lifted may still hold earlier packets back.
 */
static __always_inline bool
gq_fastpath(const struct Qdisc *sch, struct sk_buff *skb, const struct sock *sk,
	    u64 departure, u64 now)
{
	const struct gq_sched *q = qdisc_priv(sch);
	const struct gq_flow *f;

	/* What fails most often on a busy queue comes first. */
	if (departure > now ||
	    q->hash.count != q->inactive + q->throttled)
		return false;

	if (unlikely(q->paced & (BIT(gq_cb(skb)->band) | GQ_PACED_ALL)))
		return false;

	if (skb->sk && sk_fullsock(skb->sk) && !sk_is_tcp(skb->sk) &&
	    skb->sk->sk_max_pacing_rate != ~0UL)
		return false;

	if (!sch->q.qlen)
		return true;

	if (unlikely(q->bypass) && (q->due || gq_edt_waits(&q->edt, now)))
		return false;

	/* Behind others in a FIFO, neither band nor rank would count. */
	if (q->ordered)
		return false;

	if (q->fast.qlen >= GQ_FASTPATH_MAX || gq_wheel_due(&q->wheel) <= now)
		return false;

	if (!q->throttled)
		return true;

	f = gq_flow_find(q, gq_flow_key(q, skb, sk));
	return !f || !f->qlen;
}

/* Tell TCP that it need not pace: we do. */
static void gq_take_pacing(const struct gq_sched *q, struct sock *sk)
{
	if (q->cfg.pacing && READ_ONCE(sk->sk_pacing_status) != SK_PACING_FQ) {
		/* Pairs with what TCP reads before it starts its own timer. */
		smp_store_release(&sk->sk_pacing_status, SK_PACING_FQ);
	}
}

/* The packet's flow, or NULL for the fast path. */
static struct gq_flow *gq_classify(struct Qdisc *sch, struct sk_buff *skb,
				   u64 departure, u64 now)
{
	struct gq_sched *q = qdisc_priv(sch);
	struct sock *sk = gq_flow_sk(skb);

	if (sk)
		gq_take_pacing(q, sk);

	if (gq_fastpath(sch, skb, sk, departure, now)) {
		q->stats.fastpath++;
		return NULL;
	}

	return gq_flow_get(q, skb, sk);
}

/* ---- Enqueue ---- */

/*
 * Departure times come in the clock that the sender chose (SO_TXTIME). The
 * packet keeps its own, which a driver with launch time may want to see.
 */
static u64 gq_departure(struct gq_sched *q, const struct sk_buff *skb)
{
	u64 tstamp = skb->tstamp;

	if (likely(skb->tstamp_type == SKB_CLOCK_MONOTONIC))
		return tstamp;

	q->stats.clocks_converted++;
	return ktime_sub(tstamp,
			 ktime_mono_to_any(0, skb->tstamp_type == SKB_CLOCK_TAI ?
					      TK_OFFS_TAI : TK_OFFS_REAL));
}

/* Return: the departure time, or U64_MAX if the packet must be dropped */
static u64 gq_stamp(struct gq_sched *q, struct sk_buff *skb, u64 now)
{
	s64 wait;

	gq_cb(skb)->segs = skb_is_gso(skb) ? skb_shinfo(skb)->gso_segs : 1;
	if (!skb->tstamp)
		return now;

	wait = gq_departure(q, skb) - now;
	if (unlikely(wait > (s64)q->cfg.horizon)) {
		if (q->cfg.horizon_drop)
			return U64_MAX;
		q->stats.horizon_caps++;
		skb->tstamp -= wait - q->cfg.horizon;
		wait = q->cfg.horizon;
	}
	return now + max_t(s64, wait, 0);
}

/* Have a packet wait by itself. Return: false if it need not wait at all */
static noinline bool gq_bypass(struct Qdisc *sch, struct sk_buff *skb,
			       u64 departure, u64 now)
{
	struct gq_sched *q = qdisc_priv(sch);
	struct sock *sk = gq_flow_sk(skb);

	if (gq_fastpath(sch, skb, sk, departure, now))
		return false;
	if (sk)
		gq_take_pacing(q, sk);
	gq_bypass_add(q, skb, departure, now);
	q->stats.bypassed++;
	return true;
}

static noinline int gq_drop(struct sk_buff *skb, struct Qdisc *sch, u32 band,
			    struct sk_buff **to_free, u64 *counter,
			    enum skb_drop_reason reason)
{
	struct gq_sched *q = qdisc_priv(sch);

	(*counter)++;
	q->band[band].drops++;
	return qdisc_drop_reason(skb, sch, to_free, reason);
}

/*
 * One packet too many was taken in, of @len bytes, into @f: drop the oldest of
 * the fattest flow. If that is @f, the sender is told, and the parents, which
 * are about to count what was taken in, must not.
 */
static noinline int gq_drop_fattest(struct Qdisc *sch, const struct gq_flow *f,
				    u32 len, struct sk_buff **to_free)
{
	struct gq_sched *q = qdisc_priv(sch);
	struct sk_buff *skb = gq_flow_evict(q, q->fat);
	u32 dropped = qdisc_pkt_len(skb);

	gq_count_evicted(sch, skb);
	qdisc_drop_reason(skb, sch, to_free, SKB_DROP_REASON_QDISC_DROP);
	if (q->fat == f) {
		qdisc_tree_reduce_backlog(sch, 0, dropped - len);
		return NET_XMIT_CN;
	}
	qdisc_tree_reduce_backlog(sch, 1, dropped);
	return NET_XMIT_SUCCESS;
}

static int gq_enqueue(struct sk_buff *skb, struct Qdisc *sch,
		      struct sk_buff **to_free)
{
	struct gq_sched *q = qdisc_priv(sch);
	u64 departure, now = ktime_get_ns();
	u32 len = qdisc_pkt_len(skb);
	struct gq_flow *f = NULL;
	struct gq_band *b;
	int band, ret;

	band = gq_select_band(sch, skb, &ret);
	if (unlikely(band < 0)) {
		if (ret & __NET_XMIT_BYPASS)
			qdisc_qstats_drop(sch);
		__qdisc_drop(skb, to_free);
		return ret;
	}
	if (unlikely(sch->q.qlen >= q->cfg.limit && (!q->fat || !q->fat->qlen)))
		return gq_drop(skb, sch, band, to_free, &q->stats.limit_drops,
			       SKB_DROP_REASON_QDISC_DROP);
	b = &q->band[band];
	if (unlikely(gq_band_qlen(b) >= q->cfg.band[band].limit))
		return gq_drop(skb, sch, band, to_free,
			       &q->stats.band_limit_drops,
			       SKB_DROP_REASON_FQ_BAND_LIMIT);
	departure = gq_stamp(q, skb, now);
	if (unlikely(departure == U64_MAX))
		return gq_drop(skb, sch, band, to_free,
			       &q->stats.horizon_drops,
			       SKB_DROP_REASON_FQ_HORIZON_LIMIT);
	gq_cb(skb)->band = band;
	if (unlikely(q->special & BIT(band))) {
		if (q->ranked & BIT(band))
			gq_cb(skb)->rank = gq_policy_of(q, band)->note(skb);
		else if (gq_may_bypass(q, skb) &&
			 gq_bypass(sch, skb, departure, now))
			goto taken;
	}

	f = gq_classify(sch, skb, departure, now);
	if (f) {
		if (unlikely(f->qlen >= q->cfg.flow_limit))
			return gq_drop(skb, sch, band, to_free,
				       &q->stats.flow_limit_drops,
				       SKB_DROP_REASON_FQ_FLOW_LIMIT);
		f = gq_flow_queue(q, f, skb, departure, now);
		gq_note_fat(q, f);
	} else {
		gq_flow_push(&q->fast, skb, departure);
	}

taken:
	b->taken_pkts++;
	b->taken_bytes += len;
	sch->qstats.backlog += len;
	sch->q.qlen++;
	if (unlikely(sch->q.qlen > q->cfg.limit))
		return gq_drop_fattest(sch, f, len, to_free);
	return NET_XMIT_SUCCESS;
}

/* ---- Dequeue ---- */

/* Out of line, as all that a packet does not need each time. */
static noinline void gq_release(struct gq_sched *q, u64 now)
{
	struct gq_list due = { };
	struct gq_node *node;
	struct gq_flow *f;

	gq_wheel_expire(&q->wheel, now, &due);
	while ((node = gq_list_pop(&due))) {
		if (unlikely(gq_is_shaper(q, node))) {
			gq_shaper_release(q, node, now);
			continue;
		}
		f = gq_flow_want_codel(q, gq_node_flow(node));
		prefetch(f->head);
		if (f->qlen)
			q->throttled--;
		gq_flow_set_state(q, f, GQ_OLD, now);
	}
}

/* Count the timer's last expiry, if that was not yet. */
static void gq_note_timer(struct gq_sched *q)
{
	if (q->timer_armed && !hrtimer_is_queued(&q->watchdog.timer)) {
		q->timer_armed = false;
		q->stats.timer_fires++;
	}
}

static noinline void gq_arm(struct gq_sched *q)
{
	struct hrtimer *timer = &q->watchdog.timer;
	u64 due = gq_edt_due(&q->edt);

	if (q->wheel.count)
		due = min(due, gq_wheel_wake(&q->wheel));
	if (due == U64_MAX)
		return;
	/* qdisc_watchdog_schedule_range_ns() has the same test: it would do
	 * nothing, and would not tell.
	 */
	if (hrtimer_is_queued(timer) &&
	    (u64)hrtimer_get_softexpires_tv64(timer) - due <= q->cfg.timer_slack)
		return;

	gq_note_timer(q);
	q->stats.timer_arms++;
	q->timer_armed = true;
	qdisc_watchdog_schedule_range_ns(&q->watchdog, due, q->cfg.timer_slack);
}

static __always_inline struct sk_buff *
gq_sent(struct Qdisc *sch, struct gq_sched *q, struct sk_buff *skb)
{
	struct gq_band *b = &q->band[gq_cb(skb)->band];
	u32 len = qdisc_pkt_len(skb);
	/* The shared info would be a cold line for a number seen before. */
	u32 segs = gq_cb(skb)->segs;

	b->left_pkts++;
	_bstats_update(&b->bstats, len, segs);
	_bstats_update(&sch->bstats, len, segs);
	sch->qstats.backlog -= len;
	sch->q.qlen--;
	return skb;
}

/* @plain: see gq_serve.h */
static __always_inline struct sk_buff *
gq_dequeue_flow(struct Qdisc *sch, bool plain)
{
	struct gq_sched *q = qdisc_priv(sch);
	u64 now = ktime_get_ns();
	struct sk_buff *skb;

	if (gq_wheel_due(&q->wheel) <= now)
		gq_release(q, now);
	if (unlikely(!plain && q->bypass) && gq_edt_due(&q->edt) <= now)
		gq_bypass_release(q, now);
	skb = gq_serve(q, now, plain);
	if (skb)
		gq_sent(sch, q, skb);
	else
		gq_arm(q);
	if (unlikely(!plain && q->codel_stats.drop_count && !q->peeking))
		gq_codel_tell(sch);
	return skb;
}

/* Apart, so that the fast path does not save registers that it needs not. */
static noinline struct sk_buff *gq_dequeue_plain(struct Qdisc *sch)
{
	return gq_dequeue_flow(sch, true);
}

static noinline struct sk_buff *gq_dequeue_all(struct Qdisc *sch)
{
	return gq_dequeue_flow(sch, false);
}

static struct sk_buff *gq_dequeue(struct Qdisc *sch)
{
	struct gq_sched *q = qdisc_priv(sch);

	if (!sch->q.qlen)
		return NULL;
	if (q->fast.head)
		return gq_sent(sch, q, gq_flow_pop(&q->fast));
	return q->plain ? gq_dequeue_plain(sch) : gq_dequeue_all(sch);
}

/*
 * A packet that is peeked at is still queued. Parents must not be told that the
 * queue is empty before that is counted.
 */
static struct sk_buff *gq_peek(struct Qdisc *sch)
{
	struct gq_sched *q = qdisc_priv(sch);
	struct sk_buff *skb;

	q->peeking = true;
	skb = qdisc_peek_dequeued(sch);
	q->peeking = false;
	if (q->codel_stats.drop_count)
		gq_codel_tell(sch);
	return skb;
}

/* ---- Configuration ---- */

/* Put the flows of the wheel into one of another shape. */
static void *gq_swap_wheel(struct gq_sched *q, const struct gq_config *cfg,
			   void *mem)
{
	void *old = q->wheel_mem;
	struct gq_list all = { };
	struct gq_node *node;
	u64 now = ktime_get_ns();

	if (old)
		gq_wheel_drain(&q->wheel, &all);
	gq_blocks_free(&q->wheel);
	q->stats.reinserts += q->wheel.reinserts;
	gq_wheel_init(&q->wheel, mem, cfg->buckets, ilog2(cfg->granularity));
	q->wheel_mem = mem;
	while ((node = gq_list_pop(&all)))
		gq_wheel_insert(&q->wheel, node, now);
	return old;
}

/* Which of the paths that cost more packets must take. */
static void gq_paths_derive(struct gq_sched *q)
{
	q->special = q->ranked | q->bypass;
	q->plain = !(q->favoured || q->ranked || q->bypass || q->shaped ||
		     q->codel_on || q->cfg.maxrate != GQ_RATE_UNLIMITED ||
		     q->cfg.ce_threshold != GQ_CE_THRESHOLD_OFF);
}

static int gq_apply(struct Qdisc *sch, const struct gq_config *cfg,
		    struct netlink_ext_ack *extack)
{
	struct gq_sched *q = qdisc_priv(sch);
	u64 now = ktime_get_ns();
	struct gq_memory mem = { };
	struct gq_list moved = { };
	u8 changed = 0;
	bool anew;
	int err, i;

	err = gq_choose_flow_kind(q, cfg, extack);
	if (!err)
		err = gq_memory_get(&mem, sch, cfg, extack);
	if (err)
		return err;

	sch_tree_lock(sch);
	anew = mem.edt || gq_bypass_bands(cfg) != q->bypass ||
	       cfg->limit < sch->q.qlen;
	if (anew)
		gq_bypass_end(sch, now);
	gq_bypass_swap(q, cfg, &mem);
	if (mem.wheel)
		mem.wheel = gq_swap_wheel(q, cfg, mem.wheel);
	for (i = 0; i < GQ_BANDS_MAX; i++)
		if (gq_band_reordered(&cfg->band[i], &q->cfg.band[i]))
			changed |= BIT(i);
	gq_config_commit(&q->cfg, cfg);
	WRITE_ONCE(sch->limit, cfg->limit);
	q->refill_jiffies = usecs_to_jiffies(cfg->refill_delay);
	q->catch_up = (u64)cfg->granularity + cfg->timer_slack + GQ_CPU_LATE_NS;
	gq_bands_derive(q, now);
	gq_shapers_derive(q);
	gq_codel_derive(q);
	for (i = 0; i < GQ_BANDS_MAX; i++)
		if (changed & BIT(i))
			mem.order[i] = gq_band_swap(q, i, mem.order[i],
						    &moved);
	gq_relist(q, &moved, now);
	gq_evict(sch, cfg->limit);
	if (anew)
		gq_bypass_begin(q, now);
	gq_paths_derive(q);
	sch_tree_unlock(sch);

	gq_memory_free(&mem);
	return 0;
}

static int gq_change(struct Qdisc *sch, struct nlattr *opt,
		     struct netlink_ext_ack *extack)
{
	struct gq_sched *q = qdisc_priv(sch);
	struct gq_config cfg = q->cfg;
	int err;

	err = gq_config_parse(&cfg, opt, extack);
	if (!err)
		err = gq_apply(sch, &cfg, extack);
	/* The timer may be set for a bucket that no longer exists. */
	if (!err && sch->q.qlen)
		__netif_schedule(qdisc_root(sch));
	return err;
}

static void gq_destroy(struct Qdisc *sch)
{
	struct gq_sched *q = qdisc_priv(sch);
	int i;

	qdisc_watchdog_cancel(&q->watchdog);
	cancel_work_sync(&q->table_work);
	tcf_block_put(q->block);
	gq_reset(sch);
	kvfree(q->table_ready);
	kvfree(q->hash.cur);
	kvfree(q->wheel_mem);
	kvfree(q->edt_mem);
	for (i = 0; i < GQ_BANDS_MAX; i++)
		kvfree(q->order[i].mem);
}

static int gq_init(struct Qdisc *sch, struct nlattr *opt,
		   struct netlink_ext_ack *extack)
{
	struct gq_sched *q = qdisc_priv(sch);
	struct gq_config cfg;
	int err;

	/* First what gq_destroy() needs: it runs after a failure here too. */
	qdisc_watchdog_init_clockid(&q->watchdog, sch, CLOCK_MONOTONIC);
	INIT_WORK(&q->table_work, gq_table_work);
	gq_bands_reset(q);
	q->edt.wheel.next = GQ_WHEEL_EMPTY;

	gq_config_init(&cfg, psched_mtu(qdisc_dev(sch)));
	if (opt) {
		err = gq_config_parse(&cfg, opt, extack);
		if (err)
			return err;
	}
	err = tcf_block_get(&q->block, &q->filter_list, sch, extack);
	if (err)
		return err;
	q->hash.cur = kvzalloc(gq_table_size(GQ_HASH_LOG_MIN), GFP_KERNEL);
	if (!q->hash.cur) {
		NL_SET_ERR_MSG_MOD(extack, "no memory for the flow table");
		return -ENOMEM;
	}
	q->hash.cur->log = GQ_HASH_LOG_MIN;
	return gq_apply(sch, &cfg, extack);
}

/* ---- Dump ---- */

static int gq_dump(struct Qdisc *sch, struct sk_buff *skb)
{
	struct gq_sched *q = qdisc_priv(sch);

	return gq_config_dump(&q->cfg, skb);
}

/* All under the lock, so that the figures agree with each other. */
static int gq_dump_stats(struct Qdisc *sch, struct gnet_dump *d)
{
	struct gq_sched *q = qdisc_priv(sch);
	struct gq_stats st;
	struct nlattr *nest;
	int err;

	nest = nla_nest_start_noflag(d->skb, TCA_STATS_APP);
	if (!nest)
		return -EMSGSIZE;

	sch_tree_lock(sch);
	gq_note_timer(q);
	st = q->stats;
	st.reinserts += q->wheel.reinserts;
	gq_bands_sum(q, &st);
	/* What a parent peeked at, or the device refused, is still queued. */
	st.dequeued -= skb_queue_len(&sch->gso_skb);
	err = gq_put_gauges(d->skb, q,
			    min(gq_wheel_due(&q->wheel), gq_edt_due(&q->edt)),
			    ktime_get_ns());
	if (!err)
		err = gq_stats_put(d->skb, &st);
	if (!err)
		err = gq_put_bands(d->skb, q);
	sch_tree_unlock(sch);

	if (err)
		nla_nest_cancel(d->skb, nest);
	else
		nla_nest_end(d->skb, nest);
	return err;
}

static struct Qdisc_ops gq_qdisc_ops __read_mostly = {
	.id		= "gq",
	.cl_ops		= &gq_class_ops,
	.priv_size	= sizeof(struct gq_sched),
	.enqueue	= gq_enqueue,
	.dequeue	= gq_dequeue,
	.peek		= gq_peek,
	.init		= gq_init,
	.reset		= gq_reset,
	.destroy	= gq_destroy,
	.change		= gq_change,
	.dump		= gq_dump,
	.dump_stats	= gq_dump_stats,
	.owner		= THIS_MODULE,
};
MODULE_ALIAS_NET_SCH("gq");

static int __init gq_module_init(void)
{
	int err = gq_flow_caches_create();

	if (err)
		return err;
	err = register_qdisc(&gq_qdisc_ops);
	if (err)
		gq_flow_caches_destroy();
	return err;
}

static void __exit gq_module_exit(void)
{
	unregister_qdisc(&gq_qdisc_ops);
	gq_flow_caches_destroy();
}

module_init(gq_module_init)
module_exit(gq_module_exit)
MODULE_AUTHOR("netsteer developers");
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("gq: the Eiffel packet scheduler");
