// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gq_bench: what a packet costs in a qdisc, measured side by side.
 *
 * The module drives the enqueue() and dequeue() of qdiscs that tc has put on
 * devices of their own, all with the same packets of the same flows, and
 * counts cycles of the time stamp counter. Nothing is sent: the devices'
 * queues are stopped, so that the kernel itself never dequeues.
 *
 * Sockets and packets. A flow is a socket with no more of it filled in than a
 * qdisc reads. Flows, sockets and packets are shuffled in memory. A packet that
 * came out goes back in for the same flow with its next departure time, so a
 * flow always has @depth packets queued. As a sender would, the bench touches
 * packet and socket just before: an enqueue finds both in the cache, a dequeue
 * what the cache still holds of them.
 *
 * Time. What is measured runs with bottom halves disabled, a batch of at most
 * GB_QUOTA packets at a time (the quota of a real transmit softirq). In a
 * user-mode kernel with time-travel=inf-cpu the clock stands still meanwhile
 * and moves only when the bench says so, between the batches: no interrupt
 * falls into a measured region, and however slow the host is, the qdisc sees
 * the same offered load. On other kernels the bench waits for real.
 *
 *	drive	what happens between two batches
 *	TIMER	nothing while packets are due; then the clock is moved to where
 *		the qdisc's own watchdog timer fires
 *	LINK	the time passes that the batch takes on the trace's link
 *	IDLE	nothing: the queue is empty, one packet goes in and comes out
 *
 * Rounds. A round of one qdisc starts empty, creates the flows, fills them,
 * warms up, measures, empties it again and checks that no packet is missing.
 * Rounds of the qdiscs alternate. What is measured is cut in GB_SLICES slices
 * that are the same work in each round of a qdisc; the sum of each slice's
 * fastest round leaves out what the host did at the time ("min"), the median
 * of whole rounds does not ("med").
 *
 * Loading the module runs the bench; debugfs then has the result, a line for
 * each qdisc, in gq_bench/results.csv until it is unloaded.
 */

#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/seq_file.h>
#include <linux/skbuff.h>
#include <linux/timex.h>
#include <linux/vmalloc.h>
#include <linux/vmstat.h>
#include <net/pkt_sched.h>
#include <net/sock.h>

#include "gq_bench.h"

#define GB_FLOWS_MAX	4000000U
/* ns that a full-sized packet takes at 100 Gbit/s */
#define GB_LINK_NS	121U

static char *devs = "gq:gq0,fq:fq0";
module_param(devs, charp, 0444);
MODULE_PARM_DESC(devs, "NAME:DEVICE,... the root qdiscs to measure");

static char *trace = "paced";
module_param(trace, charp, 0444);
MODULE_PARM_DESC(trace, "what the flows send, see gb_traces");

static unsigned int flows = 1000;
module_param(flows, uint, 0444);
MODULE_PARM_DESC(flows, "number of flows");

static unsigned int rounds = 7;
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "rounds of each qdisc");

static unsigned int packets;
module_param(packets, uint, 0444);
MODULE_PARM_DESC(packets, "packets measured a round (0: by flows)");

static unsigned int seed = 1;
module_param(seed, uint, 0444);
MODULE_PARM_DESC(seed, "of the random departure times");

static struct dentry *gb_dir;
static struct gb_bench *gb_bench;

static __always_inline u64 gb_cycles(void)
{
#if defined(CONFIG_UML_X86) && defined(CONFIG_64BIT)
	u32 lo, hi;

	/* User-mode kernels have no get_cycles(), but the instruction. */
	asm volatile("lfence; rdtsc; lfence" : "=a" (lo), "=d" (hi) : : "memory");
	return (u64)hi << 32 | lo;
#else
	return get_cycles();
#endif
}

/* ---- Time ---- */

/* Without the lock: timers fire, and the softirq finds the queue stopped. */
static void gb_advance(u64 ns)
{
	while (ns) {
		u64 step = min_t(u64, ns, NSEC_PER_MSEC);

		ndelay(step);
		ns -= step;
	}
}

static void gb_sleep(struct gb_bench *b, u64 ns)
{
	spin_unlock_bh(qdisc_lock(b->k->sch));
	gb_advance(ns);
	cond_resched();
	spin_lock_bh(qdisc_lock(b->k->sch));
}

/* gq has its table grown by a work item. */
static void gb_yield(struct gb_bench *b)
{
	spin_unlock_bh(qdisc_lock(b->k->sch));
	usleep_range(1, 2);
	spin_lock_bh(qdisc_lock(b->k->sch));
}

/* To where the watchdog fires; without one, a little. */
static void gb_sleep_timer(struct gb_bench *b)
{
	struct hrtimer *timer = b->k->timer;
	s64 ns = 10 * NSEC_PER_USEC;

	if (timer && hrtimer_is_queued(timer))
		ns = hrtimer_get_expires_ns(timer) - ktime_get_ns();
	gb_sleep(b, max_t(s64, ns, NSEC_PER_USEC));
}

/* ---- One batch ---- */

/*
 * Each packet of ours has a second reference, which is ours. The kernel may
 * have put one of its own into the queue, such as a router solicitation.
 */
static bool gb_is_ours(struct sk_buff *skb)
{
	if (likely(refcount_read(&skb->users) == 2))
		return true;
	kfree_skb(skb);
	return false;
}

static void gb_note_timer(struct gb_bench *b)
{
	struct hrtimer *timer = b->k->timer;

	b->queued = timer && hrtimer_is_queued(timer);
	b->soft = b->queued ? hrtimer_get_softexpires(timer) : 0;
}

static void gb_count_arm(struct gb_bench *b)
{
	struct hrtimer *timer = b->k->timer;

	if (timer && hrtimer_is_queued(timer) &&
	    (!b->queued || b->soft != hrtimer_get_softexpires(timer)))
		b->slice->arms++;
}

static void gb_dequeue(struct gb_bench *b)
{
	struct Qdisc *sch = b->k->sch;
	struct sk_buff *skb = NULL;
	u64 start;

	gb_note_timer(b);
	start = gb_cycles();
	while (b->n < GB_QUOTA) {
		skb = sch->dequeue(sch);
		if (!skb)
			break;
		b->batch[b->n++] = skb;
	}
	b->slice->dequeue += gb_cycles() - start - b->overhead;
	gb_count_arm(b);
	b->empty = !skb;
	b->slice->nulls += b->empty;
	b->slice->packets += b->n;
}

/* What a packet of the batch needs before it goes back in; not measured. */
static void gb_note_lateness(struct gb_bench *b, const struct sk_buff *skb,
			     u64 now)
{
	s64 late = now - skb->tstamp;

	if (!skb->tstamp)
		return;
	if (late < 0)
		b->k->early++;
	else
		b->k->late[min_t(u64, late / GB_LATE_NS, GB_LATE_BINS - 1)]++;
}

static void gb_enqueue_one(struct gb_bench *b, struct sk_buff *skb)
{
	struct sk_buff *to_free = NULL;
	struct Qdisc *sch = b->k->sch;

	sch->enqueue(skb, sch, &to_free);
	/* Each packet has a reference of ours: a drop leaves it missing. */
	if (unlikely(to_free))
		kfree_skb_list(to_free);
}

/* Packets that a kick brings out wait for the next batch. */
static void gb_enqueue(struct gb_bench *b)
{
	bool kick = b->trace->flags & GB_KICK;
	struct Qdisc *sch = b->k->sch;
	struct sk_buff *skb;
	u32 i, n = b->n, out = 0;
	u64 start;

	start = gb_cycles();
	for (i = 0; i < n; i++) {
		gb_enqueue_one(b, b->batch[i]);
		if (!kick)
			continue;
		skb = sch->dequeue(sch);
		if (skb)
			b->batch[out++] = skb;	/* out <= i */
	}
	b->slice->enqueue += gb_cycles() - start - b->overhead;
	b->n = out;
}

static void gb_batch(struct gb_bench *b)
{
	struct sk_buff *skb;
	u32 i, n;
	u64 now;

	gb_dequeue(b);
	now = ktime_get_ns();
	for (i = n = 0; i < b->n; i++) {
		skb = b->batch[i];
		if (!gb_is_ours(skb))
			continue;
		gb_note_lateness(b, skb, now);
		skb = gb_lag(b, skb);
		if (!skb)
			continue;
		gb_prepare(b, skb, now);
		b->batch[n++] = skb;
	}
	b->n = n;
	gb_note_timer(b);
	gb_enqueue(b);
	gb_count_arm(b);

	if (b->trace->flags & GB_CHURN)
		gb_sleep(b, n * div_u64(4ULL * NSEC_PER_SEC, b->nsk));
	else if (b->trace->drive == GB_LINK)
		gb_sleep(b, n * GB_LINK_NS);
	else if (b->empty && !b->n)
		gb_sleep_timer(b);
}

/* One in, one out, and the dequeue that finds nothing more. */
static void gb_batch_idle(struct gb_bench *b, u32 first)
{
	struct Qdisc *sch = b->k->sch;
	u64 start, now = ktime_get_ns();
	struct sk_buff *skb;
	u32 i, n;

	n = min(GB_QUOTA, b->nskb - first);
	for (i = 0; i < n; i++)
		gb_prepare(b, b->skb[first + i], now);
	start = gb_cycles();
	for (i = 0; i < n; i++) {
		gb_enqueue_one(b, b->skb[first + i]);
		skb = sch->dequeue(sch);
		b->slice->packets += !!skb;
		if (skb)
			skb = sch->dequeue(sch);
		b->slice->nulls += !skb;
	}
	b->slice->dequeue += gb_cycles() - start - b->overhead;
	gb_sleep(b, n * GB_LINK_NS);
}

/* ---- One round ---- */

/* Run until @target packets came out, in @nslices slices of the same size. */
static void gb_run(struct gb_bench *b, struct gb_slice *slices, u32 nslices,
		   u32 target)
{
	u32 s, done = 0, idle = 0;

	spin_lock_bh(qdisc_lock(b->k->sch));
	for (s = 0; s < nslices; s++) {
		b->slice = &slices[s];
		/* A queue that lost all its packets must end the run. */
		while (done + b->slice->packets <
		       (u64)target * (s + 1) / nslices && b->k->sch->q.qlen +
		       b->n + (b->trace->drive == GB_IDLE)) {
			if (b->trace->drive == GB_IDLE) {
				gb_batch_idle(b, idle);
				idle += GB_QUOTA;
				if (idle >= b->nskb)
					idle = 0;
			} else {
				gb_batch(b);
			}
		}
		done += b->slice->packets;
	}
	spin_unlock_bh(qdisc_lock(b->k->sch));
}

/* One packet of each flow. */
static u64 gb_fill(struct gb_bench *b, u32 level, bool shuffle)
{
	struct Qdisc *sch = b->k->sch;
	u64 cycles = 0, start, now;
	struct sk_buff *skb;
	u32 i;

	spin_lock_bh(qdisc_lock(sch));
	for (i = 0; i < flows; i++) {
		now = ktime_get_ns();
		skb = b->skb[level * flows + (shuffle ? gb_visit(b, i) : i)];
		gb_prepare(b, skb, now);
		start = gb_cycles();
		gb_enqueue_one(b, skb);
		cycles += gb_cycles() - start - b->overhead;
		if (i % 1024 == 1023)
			gb_yield(b);
	}
	spin_unlock_bh(qdisc_lock(sch));
	return cycles;
}

/* What the elephant has more than others. */
static void gb_fill_rest(struct gb_bench *b, u32 first)
{
	u64 now = ktime_get_ns();
	u32 i;

	spin_lock_bh(qdisc_lock(b->k->sch));
	for (i = first; i < b->nskb; i++) {
		gb_prepare(b, b->skb[i], now);
		gb_enqueue_one(b, b->skb[i]);
	}
	spin_unlock_bh(qdisc_lock(b->k->sch));
}

static void gb_drain(struct gb_bench *b, u32 expect)
{
	struct Qdisc *sch = b->k->sch;
	struct sk_buff *skb;
	u32 tries, n = 0;

	spin_lock_bh(qdisc_lock(sch));
	n += b->n + gb_take_lagging(b);
	b->n = 0;
	for (tries = 0; tries < 100 && sch->q.qlen; tries++) {
		gb_sleep(b, 100 * NSEC_PER_MSEC);
		while ((skb = sch->dequeue(sch))) {
			n += gb_is_ours(skb);
			if (n % 4096 == 0)
				gb_yield(b);
		}
	}
	spin_unlock_bh(qdisc_lock(sch));
	b->k->missing += expect - n;
}

static void gb_clear(struct gb_bench *b)
{
	struct Qdisc *sch = b->k->sch;

	rtnl_lock();
	sch_tree_lock(sch);
	qdisc_reset(sch);
	sch_tree_unlock(sch);
	rtnl_unlock();
}

static void gb_round(struct gb_bench *b, struct gb_kind *k, u32 round)
{
	struct gb_slice scratch = { };
	struct gb_slice *slices = &k->slices[round * GB_SLICES];
	u64 start;
	s64 pages;
	u32 level;

	b->k = k;
	b->slice = &scratch;
	gb_clear(b);
	gb_reset_flows(b);
	pages = global_zone_page_state(NR_FREE_PAGES);
	if (b->trace->drive != GB_IDLE)
		k->create[round] = gb_fill(b, 0, false);
	if (!round)
		k->pages = pages - (s64)global_zone_page_state(NR_FREE_PAGES);
	if (b->trace->drive == GB_LINK && !(b->trace->flags & GB_CHURN)) {
		/* Not served in the order of creation, which is memory's. */
		gb_drain(b, flows);
		gb_reset_flows(b);
		gb_fill(b, 0, true);
	}
	for (level = 1; level < b->trace->depth; level++)
		gb_fill(b, level, true);
	gb_fill_rest(b, level * flows);
	b->filling = false;

	gb_run(b, &scratch, 1, min(b->npackets / 4, 65536U));
	start = ktime_get_ns();
	gb_run(b, slices, GB_SLICES, b->npackets);
	k->span = ktime_get_ns() - start;
	gb_drain(b, b->trace->drive == GB_IDLE ? 0 : b->nskb);
}

/* ---- Qdiscs ---- */

/*
 * A qdisc keeps its watchdog somewhere in its private memory. It is found by
 * what a watchdog holds: the one timer function and a pointer to the qdisc. Ours tells
 * that function; it is never armed. A timer on the stack would have to say so.
 */
static struct hrtimer *gb_find_timer(struct Qdisc *sch)
{
	u32 i, words = sch->ops->priv_size / sizeof(void *);
	u32 need = sizeof(struct qdisc_watchdog) / sizeof(void *);
	static struct qdisc_watchdog ours;
	struct qdisc_watchdog *wd;
	void **priv = qdisc_priv(sch);

	qdisc_watchdog_init(&ours, sch);
	for (i = 0; i + need <= words; i++) {
		wd = (struct qdisc_watchdog *)&priv[i];
		if (wd->timer.function == ours.timer.function &&
		    wd->qdisc == sch)
			return &wd->timer;
	}
	return NULL;
}

static int gb_open_kind(struct gb_kind *k, char *spec)
{
	char *dev = strchr(spec, ':');

	if (!dev) {
		pr_err("gq_bench: devs: no device in \"%s\", want NAME:DEVICE\n",
		       spec);
		return -EINVAL;
	}
	*dev++ = '\0';
	k->name = spec;
	k->dev = dev_get_by_name(&init_net, dev);
	if (!k->dev) {
		pr_err("gq_bench: no device %s; add it: ip link add %s type dummy\n",
		       dev, dev);
		return -ENODEV;
	}
	rtnl_lock();
	k->sch = rtnl_dereference(k->dev->qdisc);
	if (!netif_running(k->dev) || !(k->sch->flags & TCQ_F_ONETXQUEUE) ||
	    k->sch->flags & TCQ_F_NOLOCK) {
		rtnl_unlock();
		pr_err("gq_bench: %s must be up, with one queue and a locked root qdisc\n",
		       dev);
		return -EINVAL;
	}
	qdisc_refcount_inc(k->sch);
	netif_tx_stop_all_queues(k->dev);
	rtnl_unlock();

	k->timer = gb_find_timer(k->sch);
	k->slices = kvcalloc(rounds * GB_SLICES, sizeof(*k->slices), GFP_KERNEL);
	k->late = kvcalloc(GB_LATE_BINS, sizeof(*k->late), GFP_KERNEL);
	return k->slices && k->late ? 0 : -ENOMEM;
}

/* What the kernel may send again is nothing: the queue is empty. */
static void gb_close_kind(struct gb_kind *k)
{
	if (k->sch) {
		rtnl_lock();
		netif_tx_wake_all_queues(k->dev);
		qdisc_put(k->sch);
		rtnl_unlock();
	}
	dev_put(k->dev);
	kvfree(k->slices);
	kvfree(k->late);
}

static int gb_results_show(struct seq_file *m, void *v)
{
	gb_show(m, m->private);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(gb_results);

/* ---- Module ---- */

static void gb_free(struct gb_bench *b)
{
	u32 i;

	gb_free_flows(b);
	for (i = 0; i < b->nkinds; i++)
		gb_close_kind(&b->kind[i]);
	kfree(b->devs);
	kvfree(b);
}

static int gb_check_params(struct gb_bench *b)
{
	b->trace = gb_find_trace(trace);
	if (!b->trace) {
		pr_err("gq_bench: no trace \"%s\"\n", trace);
		return -EINVAL;
	}
	if (!flows || flows > GB_FLOWS_MAX || !rounds ||
	    rounds > GB_ROUNDS_MAX) {
		pr_err("gq_bench: want flows=1..%u rounds=1..%u\n",
		       GB_FLOWS_MAX, GB_ROUNDS_MAX);
		return -ERANGE;
	}
	b->nflows = flows;
	b->rounds = rounds;
	b->seed = seed;
	b->npackets = packets ?: clamp(flows, 65536U, 262144U);
	return 0;
}

static void gb_calibrate(struct gb_bench *b)
{
	u64 start, cycles;
	u32 i;

	b->overhead = ~0ULL;
	for (i = 0; i < 10000; i++) {
		start = gb_cycles();
		cycles = gb_cycles() - start;
		b->overhead = min(b->overhead, cycles);
	}
}

static int __init gb_init(void)
{
	struct gb_bench *b = kvzalloc(sizeof(*b), GFP_KERNEL);
	char *spec, *rest;
	u32 r, i;
	int err;

	if (!b)
		return -ENOMEM;
	b->devs = kstrdup(devs, GFP_KERNEL);
	rest = b->devs;
	err = b->devs ? gb_check_params(b) : -ENOMEM;
	while (!err && (spec = strsep(&rest, ",")) && b->nkinds < GB_KINDS_MAX)
		err = gb_open_kind(&b->kind[b->nkinds++], spec);
	if (!err)
		err = gb_make_flows(b);
	if (err)
		goto out_free;

	gb_calibrate(b);
	for (r = 0; r < rounds; r++)
		for (i = 0; i < b->nkinds; i++)
			gb_round(b, &b->kind[i], r);

	gb_bench = b;
	gb_dir = debugfs_create_dir("gq_bench", NULL);
	debugfs_create_file("results.csv", 0444, gb_dir, b, &gb_results_fops);
	return 0;

out_free:
	gb_free(b);
	return err;
}

static void __exit gb_exit(void)
{
	debugfs_remove_recursive(gb_dir);
	gb_free(gb_bench);
}

module_init(gb_init)
module_exit(gb_exit)
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("cost of a packet in gq, fq and other qdiscs");
