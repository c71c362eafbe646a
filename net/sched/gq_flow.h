/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flows of sch_gq: their state, their packets, the table they are found in.
 * Private to sch_gq.c, whose head tells what the states mean.
 */
#ifndef _NET_SCHED_GQ_FLOW_H
#define _NET_SCHED_GQ_FLOW_H

#include <linux/jiffies.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/codel.h>
#include <net/pkt_sched.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "gq_config.h"
#include "gq_edt.h"
#include "gq_hash.h"
#include "gq_order.h"
#include "gq_stats.h"
#include "gq_wheel.h"

/* Idle flows younger than this may soon be wanted again. */
#define GQ_GC_AGE		(3 * HZ)
/* Entries a chain from which on a table is replaced at once ... */
#define GQ_HASH_URGENT		2
/* ... by one of at most 128 KB, which is quickly cleared. */
#define GQ_HASH_URGENT_LOG_MAX	14
/* Flows from which on buckets of the wheel may hold so many that blocks pay ... */
#define GQ_BLOCKS_FROM		4096
/* ... and how many share one: some are not full. */
#define GQ_BLOCK_SHARE		6
/* Spare blocks freed at a time. */
#define GQ_BLOCKS_TRIM		4
/* Chains looked at for each new flow. */
#define GQ_GC_CHAINS		2

/*
 * The first 16 bytes are in the packet's first cache line: what a flow's packet
 * needs is there. One that waits by itself has the same elsewhere, and is changed
 * when it begins to and when it ends. Packed, for 20 bytes are all that there is;
 * it is aligned as a u64 is.
 */
struct gq_cb {
	union {
		struct {
			u64	next_departure;	/* of the one behind it, ns */
			u32	rank;	/* what the band's policy noted of it */
			u16	segs;	/* packets on the wire */
			u8	band;	/* which it is counted for */
			bool	sk_rate;	/* the socket's rate applies */
		};
		struct {
			struct gq_node	node;
			u16	segs;
			u8	band;
			bool	waited;	/* for its departure time */
		} __packed alone;
	} __packed;
} __packed __aligned(4);

static struct gq_cb *gq_cb(struct sk_buff *skb)
{
	qdisc_cb_private_validate(skb, sizeof(struct gq_cb));
	return (struct gq_cb *)qdisc_skb_cb(skb)->data;
}

enum gq_state {
	GQ_IDLE,
	GQ_NEW,
	GQ_OLD,
	GQ_WHEEL,
	GQ_RANKED,
	GQ_GONE,
};

/* One cache line on 64-bit machines: a million flows miss it anyway, once. */
struct gq_flow {
	struct gq_node	node;		/* list or wheel; the deadline */
	struct gq_hent	hent;
	struct sk_buff	*head;
	union {
		struct sk_buff	*tail;		/* while there is a head */
		unsigned long	idle_since;	/* jiffies; IDLE only */
	};
	u32		socket_hash;	/* tells reused sockets apart */
	u32		qlen;		/* packets */
	s32		credit;		/* bytes left in this round */
	u8		state;		/* enum gq_state */
	u8		waited;		/* first packet comes from the wheel */
	u8		band;		/* of the packet that came last */
	bool		codel;		/* has room for CoDel's state */
};

/* What a flow of a qdisc with ranked bands has besides: a line of its own. */
struct gq_ranked_flow {
	struct gq_flow	flow;
	struct gq_entry	entry;
};

/* And with hClock's tags: a third one. */
struct gq_clocked_flow {
	struct gq_flow	flow;
	struct gq_clocked_entry	clocked;
};

static_assert(offsetof(struct gq_ranked_flow, entry) ==
	      offsetof(struct gq_clocked_flow, clocked.entry));

/* Counters only grow, each in one place; gq_band.h has what is queued. */
struct gq_band {
/* Written by dequeue */
	struct gq_list		new;
	struct gq_list		old;
	s32			credit;		/* bytes left; weighted bands */
	u64			served;		/* ns, or when it became ready;
						 * only of starvable bands
						 */
	struct gnet_stats_basic_sync	bstats;	/* what was sent */
	u64			left_pkts;	/* sent or evicted */
/* Written by enqueue */
	u64			taken_pkts;
	u64			taken_bytes;
/* Seldom written, or by policies */
	u64			evicted_bytes;
	u64			drops;
	u64			rescues;
	u64			reserved;	/* sent by hClock's reservations */
	u64			vtime;		/* of the packet sent last */
	struct gq_list		due;		/* packets by themselves */
	s32			lead;		/* bytes they are ahead of flows */
};

/* One for each band, and one for all. */
#define GQ_SHAPER_ALL		GQ_BANDS_MAX
#define GQ_SHAPERS		(GQ_BANDS_MAX + 1)
/* Bits for what paces packets of all bands: the shaper for all, maxrate. */
#define GQ_PACED_ALL		(BIT(GQ_SHAPER_ALL) | BIT(GQ_SHAPERS))

struct gq_sched {
/* Read mostly */
	struct gq_config	cfg;
	u64			catch_up;	/* ns that lateness is made up for */
	unsigned long		refill_jiffies;
	void			*wheel_mem;
	void			*edt_mem;	/* NULL: no bypass */
	bool			plain;		/* see gq_serve.h */
	bool			dscp_used;	/* the DSCP map is not empty */
	bool			ordered;	/* some band is strict or ranked */
	u8			strict;		/* bands with GQ_BAND_STRICT */
	u8			starvable;	/* bands with a starvation bound */
	u8			favoured;	/* strict or starvable */
	u8			ranked;		/* bands with a rank queue */
	u8			special;	/* ranked, or with bypass */
	u8			clocked;	/* bands with hClock's tags */
	u8			bypass;		/* see gq_bypass.h */
	u16			shaped;		/* shapers with a rate */
	u16			paced;		/* these, clocked, GQ_PACED_ALL */
	bool			codel_on;
	struct codel_params	codel;
	const struct gq_flow_kind *flow_kind;
	struct tcf_proto __rcu	*filter_list;
	struct tcf_block	*block;

/* Written by enqueue and dequeue */
	u8			ready;		/* bands with listed flows */
	u8			turn;		/* weighted band being served */
	u16			blocked;	/* shapers in the wheel */
	u32			due;		/* packets in bands' lists of these */
	struct gq_hash		hash;
	struct gq_wheel		wheel;
	struct gq_flow		fast;		/* packets without a flow */
	u32			inactive;	/* flows without a packet */
	u32			throttled;	/* flows in the wheel, not empty */
	bool			timer_armed;
	struct gq_flow		*fat;		/* see gq_note_fat() */
	struct gq_band		band[GQ_BANDS_MAX];
	struct gq_node		shaper[GQ_SHAPERS];
	struct gq_order		order[GQ_BANDS_MAX];
	struct gq_edt		edt;		/* packets by themselves */
	struct qdisc_watchdog	watchdog;

/* Seldom written */
	bool			resizing;	/* work or table_ready pending */
	struct gq_table		*table_ready;
	u32			table_log;	/* what the work allocates */
	struct work_struct	table_work;
	bool			peeking;	/* see gq_peek() */
	struct codel_stats	codel_stats;
	struct gq_stats		stats;
};

/* What the flows of a qdisc have room for; CoDel's state comes behind it. */
static struct gq_flow_kind {
	const char		*name[2];	/* without and with CoDel */
	u32			size;
	struct kmem_cache	*cachep[2];
} gq_flow_kinds[] __read_mostly = {
	{ { "gq_flow", "gq_codel_flow" }, sizeof(struct gq_flow) },
	{ { "gq_ranked_flow", "gq_ranked_codel_flow" },
	  sizeof(struct gq_ranked_flow) },
	{ { "gq_clocked_flow", "gq_clocked_codel_flow" },
	  sizeof(struct gq_clocked_flow) },
};

static struct kmem_cache *gq_block_cachep __read_mostly;

static struct sk_buff *gq_node_skb(struct gq_node *node)
{
	void *cb = (void *)node - offsetof(struct gq_cb, alone.node) -
		   offsetof(struct qdisc_skb_cb, data);

	return container_of(cb, struct sk_buff, cb);
}

static struct gq_flow *gq_node_flow(struct gq_node *node)
{
	return container_of(node, struct gq_flow, node);
}

static struct gq_flow *gq_hent_flow(const struct gq_hent *e)
{
	return container_of(e, struct gq_flow, hent);
}

static struct gq_entry *gq_entry(struct gq_flow *f)
{
	return &container_of(f, struct gq_ranked_flow, flow)->entry;
}

static struct gq_flow *gq_entry_flow(struct gq_entry *e)
{
	return &container_of(e, struct gq_ranked_flow, entry)->flow;
}

/* In gq_policy.h. */
static u64 gq_rank_listed(struct gq_sched *q, struct gq_flow *f, u64 now);

static void gq_band_ready(struct gq_sched *q, u32 band, u64 now)
{
	if (q->ready & BIT(band))
		return;
	q->ready |= BIT(band);
	q->band[band].served = now;
}

static noinline void gq_ranked_add(struct gq_sched *q, struct gq_flow *f,
				   u64 now)
{
	/* Emptied by an eviction while it waited: nothing to rank. */
	if (!f->qlen) {
		f->state = GQ_IDLE;
		f->idle_since = jiffies;
		return;
	}
	f->state = GQ_RANKED;
	gq_entry(f)->node.rank = gq_rank_listed(q, f, now);
	gq_order_insert(&q->order[f->band], gq_entry(f));
	gq_band_ready(q, f->band, now);
}

/*
 * The one place where a flow's state changes. It is in no list when called. Of
 * those that leave the wheel, gq_release() has taken account. Inline, for the
 * state is a constant: each caller has only its own case.
 */
static __always_inline void gq_flow_set_state(struct gq_sched *q,
					      struct gq_flow *f,
					      enum gq_state state, u64 now)
{
	f->state = state;

	switch (state) {
	case GQ_IDLE:
		f->idle_since = jiffies;
		break;
	case GQ_NEW:
	case GQ_OLD:
	case GQ_RANKED:
		if (unlikely(q->ranked & BIT(f->band))) {
			gq_ranked_add(q, f, now);
			break;
		}
		gq_list_add_tail(state == GQ_NEW ? &q->band[f->band].new :
						   &q->band[f->band].old,
				 &f->node);
		gq_band_ready(q, f->band, now);
		break;
	case GQ_WHEEL:
		gq_wheel_insert(&q->wheel, &f->node, now);
		f->waited = 1;
		q->throttled++;
		q->stats.throttled++;
		break;
	case GQ_GONE:
		break;
	}
}

/*
 * A packet keeps the departure time of the one behind it, not its own: that is
 * what is wanted when it leaves, and the other need not be in the cache then.
 */
static void gq_flow_push(struct gq_flow *f, struct sk_buff *skb, u64 departure)
{
	skb->next = NULL;
	if (f->head) {
		f->tail->next = skb;
		gq_cb(f->tail)->next_departure = departure;
	} else {
		f->head = skb;
	}
	f->tail = skb;
	f->qlen++;
}

/* The flow must have a packet. Return: its first one */
static struct sk_buff *gq_flow_pop(struct gq_flow *f)
{
	struct sk_buff *skb = f->head;

	f->head = skb->next;
	f->qlen--;
	skb_mark_not_on_list(skb);
	return skb;
}

/*
 * Take out the oldest packet, not to be sent. A flow in the wheel stays in its
 * bucket: should its next packet be due only later, the wheel finds that out
 * when the bucket is over. One in a rank queue is never empty.
 */
static struct sk_buff *gq_flow_evict(struct gq_sched *q, struct gq_flow *f)
{
	struct sk_buff *skb = gq_flow_pop(f);

	if (f->head) {
		f->node.deadline = max(f->node.deadline,
				       gq_cb(skb)->next_departure);
		return skb;
	}
	q->inactive++;
	if (f->state == GQ_WHEEL) {
		q->throttled--;
	} else if (f->state == GQ_RANKED) {
		gq_order_remove(&q->order[f->band], gq_entry(f));
		gq_flow_set_state(q, f, GQ_IDLE, 0);
	}
	return skb;
}

/*
 * Remember the fattest of the flows that still grow: it is who pays at the
 * limit. To compare each flow that gets a packet with the one remembered is
 * enough: a fatter one that gets none has no part in the queue's growth.
 */
static void gq_note_fat(struct gq_sched *q, struct gq_flow *f)
{
	if (!q->fat || f->qlen > q->fat->qlen)
		q->fat = f;
}

/* ---- Blocks of the wheels ---- */

static void gq_blocks_add(struct gq_wheel *w)
{
	struct gq_block *b;

	b = kmem_cache_alloc(gq_block_cachep, GFP_ATOMIC | __GFP_NOWARN);
	if (likely(b))
		gq_wheel_stock(w, b);
}

/* Leave a wheel @keep spare blocks, or come some nearer to that. */
static void gq_blocks_trim(struct gq_wheel *w, u32 keep)
{
	int n = GQ_BLOCKS_TRIM;

	while (unlikely(w->nspare > keep) && n--)
		kmem_cache_free(gq_block_cachep, gq_wheel_unstock(w));
}

static void gq_blocks_free(struct gq_wheel *w)
{
	struct gq_block *b;

	while ((b = gq_wheel_unstock(w)))
		kmem_cache_free(gq_block_cachep, b);
}

/* ---- Flow table ---- */

static void gq_table_work(struct work_struct *work)
{
	struct gq_sched *q = container_of(work, struct gq_sched, table_work);
	u32 log = READ_ONCE(q->table_log);
	struct gq_table *t;

	t = kvzalloc(gq_table_size(log), GFP_KERNEL | __GFP_NOWARN);
	if (!t) {
		/* The table in use only gets slower; ask again later. */
		WRITE_ONCE(q->resizing, false);
		return;
	}
	t->log = log;
	/* Pairs with the acquire in gq_hash_maintain(). */
	smp_store_release(&q->table_ready, t);
}

/*
 * Who never sleeps may keep the work from running. A table that is far too small
 * then takes what small table can be had at once; the one that the work comes up
 * with later goes unused, if it is not of the size that is wanted then.
 */
static struct gq_table *gq_table_urgent(const struct gq_hash *h)
{
	u32 log = h->cur->log + 1;
	struct gq_table *t;

	if (h->count >> h->cur->log < GQ_HASH_URGENT ||
	    log > GQ_HASH_URGENT_LOG_MAX)
		return NULL;
	t = kzalloc(gq_table_size(log), GFP_ATOMIC | __GFP_NOWARN);
	if (t)
		t->log = log;
	return t;
}

static void gq_hash_grow(struct gq_sched *q, struct gq_table *t)
{
	if (t->log != gq_hash_wants(&q->hash)) {
		kvfree(t);
		return;
	}
	gq_hash_start(&q->hash, t);
	q->stats.hash_resizes++;
}

/* Called once for each new flow: any resize is over long before the next. */
static void gq_hash_maintain(struct gq_sched *q)
{
	struct gq_table *t;
	u32 log;

	if (unlikely(q->hash.old)) {
		kvfree(gq_hash_step(&q->hash));
		return;
	}

	if (unlikely(READ_ONCE(q->resizing))) {
		/* Pairs with the release in gq_table_work(). */
		t = smp_load_acquire(&q->table_ready);
		if (t) {
			q->table_ready = NULL;
			WRITE_ONCE(q->resizing, false);
		} else {
			t = gq_table_urgent(&q->hash);
		}
		if (t)
			gq_hash_grow(q, t);
		return;
	}

	log = gq_hash_wants(&q->hash);
	if (unlikely(log)) {
		WRITE_ONCE(q->resizing, true);
		WRITE_ONCE(q->table_log, log);
		queue_work(system_unbound_wq, &q->table_work);
	}
}

static bool gq_flow_collectable(const struct gq_hent *e, const void *ctx)
{
	const struct gq_flow *f = gq_hent_flow(e);

	return f->state == GQ_IDLE &&
	       time_after(jiffies, f->idle_since + GQ_GC_AGE);
}

static void gq_gc(struct gq_sched *q)
{
	struct gq_hent *e, *next;
	int i;

	for (i = 0; i < GQ_GC_CHAINS; i++) {
		e = gq_hash_sweep(&q->hash, gq_flow_collectable, NULL);
		for (; e; e = next) {
			next = e->next;
			if (q->fat == gq_hent_flow(e))
				q->fat = NULL;
			kfree(gq_hent_flow(e));
			q->inactive--;
			q->stats.gc_flows++;
		}
	}
	gq_blocks_trim(&q->wheel, q->hash.count / GQ_BLOCK_SHARE);
}

static noinline struct gq_flow *gq_flow_create(struct gq_sched *q,
					       unsigned long key)
{
	struct gq_flow *f;

	gq_gc(q);
	gq_hash_maintain(q);

	f = kmem_cache_zalloc(q->flow_kind->cachep[q->codel_on],
			      GFP_ATOMIC | __GFP_NOWARN);
	if (unlikely(!f)) {
		q->stats.alloc_errors++;
		return NULL;
	}
	f->hent.key = key;
	f->codel = q->codel_on;
	f->credit = q->cfg.initial_quantum;
	f->idle_since = jiffies;
	gq_hash_insert(&q->hash, &f->hent);
	q->inactive++;
	if (q->hash.count > GQ_BLOCKS_FROM &&
	    q->hash.count % GQ_BLOCK_SHARE == 0)
		gq_blocks_add(&q->wheel);
	return f;
}

/*
 * Move a flow to memory of the present kind, which has room for CoDel if that is
 * on. Return: the flow, where it was if there is no memory; else the old place is
 * the caller's, with what led to it from the lists
 */
static noinline struct gq_flow *gq_flow_renew(struct gq_sched *q,
					      struct gq_flow *old)
{
	u32 size = q->flow_kind->size;
	struct gq_flow *f;

	f = kmem_cache_zalloc(q->flow_kind->cachep[q->codel_on],
			      GFP_ATOMIC | __GFP_NOWARN);
	if (unlikely(!f))
		return old;
	if (q->codel_on && old->codel)
		size += sizeof(struct codel_vars);
	memcpy(f, old, size);
	f->codel = q->codel_on;
	gq_hash_replace(&q->hash, &old->hent, &f->hent);
	if (q->fat == old)
		q->fat = f;
	return f;
}

/* Before its turn, in no list: a flow made before CoDel was on gets room for it. */
static struct gq_flow *gq_flow_want_codel(struct gq_sched *q, struct gq_flow *f)
{
	struct gq_flow *old = f;

	if (likely(!q->codel_on || f->codel))
		return f;
	f = gq_flow_renew(q, old);
	if (f != old)
		kfree(old);
	return f;
}

/* ---- Keys ---- */

/*
 * The socket whose flow the packet belongs to, or NULL if it is hashed:
 * forwarded packets, SYN-ACKs and TIME-WAIT answers (their sockets are not
 * full ones, and are no flow yet or any more), packets of listeners, and those
 * of unconnected sockets, which may go to many destinations.
 */
static struct sock *gq_flow_sk(const struct sk_buff *skb)
{
	struct sock *sk = skb->sk;

	if (!sk || !sk_fullsock(sk) || sk->sk_state == TCP_LISTEN ||
	    sk->sk_state == TCP_CLOSE)
		return NULL;
	return sk;
}

/* Sockets are aligned: an odd key is a hash. */
static unsigned long gq_flow_key(const struct gq_sched *q, struct sk_buff *skb,
				 const struct sock *sk)
{
	if (sk)
		return (unsigned long)sk;
	return (unsigned long)(skb_get_hash(skb) & q->cfg.orphan_mask) << 1 | 1;
}

static struct gq_flow *gq_flow_find(const struct gq_sched *q, unsigned long key)
{
	struct gq_hent *e = gq_hash_find(&q->hash, key);

	return e ? gq_hent_flow(e) : NULL;
}

#endif /* _NET_SCHED_GQ_FLOW_H */
