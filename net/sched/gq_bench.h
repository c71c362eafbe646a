/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of gq_bench: gq_bench_main.c drives the qdiscs and measures,
 * gq_bench_flows.c makes flows and packets and says what they send when,
 * gq_bench_result.c turns cycles into a table.
 */
#ifndef _NET_SCHED_GQ_BENCH_H
#define _NET_SCHED_GQ_BENCH_H

#include <linux/netdevice.h>
#include <linux/prandom.h>
#include <linux/seq_file.h>
#include <linux/skbuff.h>
#include <net/sch_generic.h>
#include <net/sock.h>

#define GB_QUOTA	64U		/* packets of a batch */
#define GB_SLICES	64U		/* of a round */
#define GB_ROUNDS_MAX	99U
#define GB_KINDS_MAX	8U
#define GB_ELEPHANT	64U		/* packets that flow 0 has more */
#define GB_LAG_PACKETS	4096U
#define GB_LATE_NS	256U		/* ns of a bin of lateness */
#define GB_LATE_BINS	8192U

enum gb_drive {
	GB_TIMER,
	GB_LINK,
	GB_IDLE,
};

enum gb_flags {
	GB_STAMP = 1,		/* packets carry departure times, as TCP's */
	GB_RATE = 2,		/* the socket has a pacing rate instead */
	GB_ZIPF = 4,		/* rates by Zipf's law, exponent 1.1 */
	GB_HERD = 8,		/* all flows are due at the same times */
	GB_KICK = 16,		/* a dequeue after each enqueue, as by a sender */
	GB_CHURN = 32,		/* each packet is the first of a new flow */
	GB_DEEP = 64,	/* flow 0 is deep and not paced */
	GB_JITTER = 128,	/* departure times of a flow are out of order */
	GB_LAG = 256,	/* a packet goes back in after GB_LAG_PACKETS others */
};

/**
 * struct gb_trace - what the flows send
 * @name: of the module parameter
 * @drive: what moves the clock
 * @flags: see above
 * @depth: packets that a flow always has queued
 * @len: bytes of a packet
 * @rate: bytes/s of a flow, on average
 */
struct gb_trace {
	const char	*name;
	enum gb_drive	drive;
	u32		flags;
	u32		depth;
	u32		len;
	u64		rate;
};

struct gb_flow {
	struct sock	*sk;
	u64		next;		/* ns, the next departure time */
	u64		period;		/* ns between two */
};

/* Cycles of one slice of one round. */
struct gb_slice {
	u64		enqueue;
	u64		dequeue;
	u32		packets;
	u32		arms;		/* of the timer */
	u32		nulls;		/* dequeues without a packet */
};

struct gb_kind {
	char			*name;
	struct net_device	*dev;
	struct Qdisc		*sch;
	struct hrtimer		*timer;		/* its watchdog, or NULL */
	struct gb_slice		*slices;	/* [round][slice] */
	u32			*late;		/* [GB_LATE_BINS] */
	u64			create[GB_ROUNDS_MAX];	/* cycles, all flows */
	u64			span;		/* ns of the last round */
	u64			early;
	u64			missing;
	s64			pages;		/* that the flows took */
};

struct gb_bench {
	char			*devs;		/* the parameter, cut into names */
	const struct gb_trace	*trace;
	u32			nflows;
	u32			rounds;
	u32			seed;
	struct gb_flow		*flow;
	struct sk_buff		**skb;
	struct sock		**sk;		/* flows', and more for churn */
	struct kmem_cache	*sk_cache;
	u32			nsk;
	u32			nskb;
	u32			next_sk;
	bool			filling;	/* before the first dequeue */
	u32			npackets;	/* a round */
	u64			overhead;	/* cycles that measuring takes */
	struct rnd_state	rnd;
	struct sk_buff		*lagging[GB_LAG_PACKETS];	/* a ring */
	u32			lag_at;
	u32			nkinds;
	struct gb_kind		kind[GB_KINDS_MAX];

/* Of the batch at hand */
	struct gb_kind		*k;
	struct gb_slice		*slice;
	struct sk_buff		*batch[2 * GB_QUOTA];
	u32			n;		/* packets in it */
	bool			empty;		/* the dequeue ended with NULL */
	ktime_t			soft;		/* the timer before */
	bool			queued;
};

/* Uniform in 0 .. @below - 1 */
static inline u64 gb_random(struct gb_bench *b, u64 below)
{
	return mul_u64_u32_shr(below, prandom_u32_state(&b->rnd), 32);
}

/*
 * All flows once, in an order that memory does not follow: the stride is prime
 * and greater than any number of flows.
 */
static inline u32 gb_visit(const struct gb_bench *b, u32 i)
{
	u64 n = i * 15485863ULL;

	return do_div(n, b->nflows);
}

const struct gb_trace *gb_find_trace(const char *name);
int gb_make_flows(struct gb_bench *b);
void gb_free_flows(struct gb_bench *b);
void gb_reset_flows(struct gb_bench *b);
void gb_prepare(struct gb_bench *b, struct sk_buff *skb, u64 now);
struct sk_buff *gb_lag(struct gb_bench *b, struct sk_buff *skb);
u32 gb_take_lagging(struct gb_bench *b);
void gb_show(struct seq_file *m, struct gb_bench *b);

#endif /* _NET_SCHED_GQ_BENCH_H */
