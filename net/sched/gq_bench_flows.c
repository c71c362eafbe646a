// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gq_bench: flows and packets, and what they send when.
 *
 * A packet carries its flow's number in skb->mark for all its life. Its socket
 * is that flow's, except with GB_CHURN, where each packet in turn gets the next
 * of four times as many sockets: it is then the first one of a flow that the
 * qdisc does not know, or no longer.
 */

#include <linux/ip.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/pkt_sched.h>

#include "gq_bench.h"

/* 1.2 Mbit/s a flow: what the paper's 20000 flows had on 24 Gbit/s. */
#define GB_RATE_EIFFEL	150000

static const struct gb_trace gb_traces[] = {
	{ "paced", GB_TIMER, GB_STAMP, 2, 1514, GB_RATE_EIFFEL },
	{ "tcp", GB_TIMER, GB_STAMP | GB_KICK, 2, 1514, GB_RATE_EIFFEL },
	{ "lag", GB_TIMER, GB_STAMP | GB_LAG, 2, 1514, GB_RATE_EIFFEL },
	{ "rate", GB_TIMER, GB_RATE, 2, 1514, GB_RATE_EIFFEL },
	{ "zipf", GB_TIMER, GB_STAMP | GB_ZIPF, 2, 1514, GB_RATE_EIFFEL },
	{ "herd", GB_TIMER, GB_STAMP | GB_HERD, 2, 1514, GB_RATE_EIFFEL },
	{ "jitter", GB_TIMER, GB_STAMP | GB_JITTER, 4, 1514, GB_RATE_EIFFEL },
	{ "park", GB_TIMER, GB_STAMP, 2, 1514, 1514 },
	{ "gso", GB_TIMER, GB_STAMP, 2, 65226, 10 * GB_RATE_EIFFEL },
	{ "unpaced", GB_LINK, 0, 2, 1514, 0 },
	{ "elephant", GB_LINK, GB_STAMP | GB_DEEP, 2, 1514, GB_RATE_EIFFEL },
	{ "churn", GB_LINK, GB_CHURN, 1, 1514, 0 },
	{ "idle", GB_IDLE, 0, 1, 1514, 0 },
};

const struct gb_trace *gb_find_trace(const char *name)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(gb_traces); i++)
		if (!strcmp(name, gb_traces[i].name))
			return &gb_traces[i];
	return NULL;
}

/* ---- Flows and packets ---- */

/*
 * Zipf's law: the flow of rank i has a rate in proportion to i^-1.1, so its
 * period is in proportion to i^1.1, taken as linear between powers of two.
 * Together they have the rate that as many equal flows have.
 */
static void gb_zipf(struct gb_bench *b, u64 mean)
{
	u64 low = 1 << 10, high, sum = 0;
	u32 i, base = 1;

	high = low * 21435 / 10000;		/* 2^1.1 */
	for (i = 1; i <= b->nflows; i++) {
		if (i == 2 * base) {
			base = i;
			low = high;
			high = high * 21435 / 10000;
		}
		b->flow[i - 1].period = low + div_u64((high - low) * (i - base),
						      base);
		sum += div64_u64(1ULL << 40, b->flow[i - 1].period);
	}
	/* sum / 2^40 = sum of 1 / period; wanted: flows / mean. */
	for (i = 0; i < b->nflows; i++)
		b->flow[i].period =
			max(1ULL, mul_u64_u64_div_u64(b->flow[i].period * mean,
						      sum, (u64)b->nflows << 40));
}

static struct sock *gb_sock(struct gb_bench *b, u32 index)
{
	u64 rate = b->trace->flags & GB_RATE ? b->trace->rate : 0;
	struct sock *sk = kmem_cache_zalloc(b->sk_cache, GFP_KERNEL);

	if (!sk)
		return NULL;
	sk->sk_state = TCP_ESTABLISHED;
	sk->sk_family = AF_INET;
	sk->sk_type = rate ? SOCK_DGRAM : SOCK_STREAM;
	sk->sk_protocol = rate ? IPPROTO_UDP : IPPROTO_TCP;
	sk->sk_hash = hash_32(index + 1, 32);
	sk->sk_max_pacing_rate = rate ?: ~0UL;
	sk->sk_pacing_rate = sk->sk_max_pacing_rate;
	return sk;
}

/* Headers are there for the qdiscs that look at them. */
static struct sk_buff *gb_skb(struct gb_bench *b, u32 index)
{
	struct sk_buff *skb = alloc_skb(64, GFP_KERNEL);
	struct tcphdr *th;
	struct iphdr *ip;

	if (!skb)
		return NULL;
	skb_get(skb);
	skb_reset_network_header(skb);
	ip = skb_put_zero(skb, sizeof(*ip));
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 64;
	ip->protocol = IPPROTO_TCP;
	ip->saddr = htonl(0x0a000001);
	ip->daddr = htonl(0x0a800000 + (index >> 8));
	skb_reset_transport_header(skb);
	th = skb_put_zero(skb, sizeof(*th));
	th->source = htons(1024 + (index & 0xff));
	th->dest = htons(5001);
	th->doff = 5;
	skb->protocol = htons(ETH_P_IP);
	skb->priority = TC_PRIO_BESTEFFORT;
	skb->mark = index;
	skb_set_hash(skb, hash_32(index + 1, 32), PKT_HASH_TYPE_L4);
	if (b->trace->len > ETH_DATA_LEN + ETH_HLEN) {
		skb_shinfo(skb)->gso_size = 1448;
		skb_shinfo(skb)->gso_segs = DIV_ROUND_UP(b->trace->len, 1448);
		skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4;
	}
	return skb;
}

void gb_free_flows(struct gb_bench *b)
{
	u32 i;

	for (i = 0; b->skb && i < b->nskb; i++) {
		if (!b->skb[i])
			continue;
		b->skb[i]->sk = NULL;
		if (refcount_read(&b->skb[i]->users) == 2)
			consume_skb(b->skb[i]);
		consume_skb(b->skb[i]);
		cond_resched();
	}
	for (i = 0; b->sk && i < b->nsk && b->sk[i]; i++)
		kmem_cache_free(b->sk_cache, b->sk[i]);
	kmem_cache_destroy(b->sk_cache);
	kvfree(b->skb);
	kvfree(b->sk);
	kvfree(b->flow);
}

/* Neighbours among the flows are no neighbours in memory. */
static void gb_shuffle(struct gb_bench *b)
{
	u32 i;

	for (i = b->nsk - 1; i; i--)
		swap(b->sk[i], b->sk[gb_random(b, i + 1)]);
}

int gb_make_flows(struct gb_bench *b)
{
	const struct gb_trace *t = b->trace;
	u64 period = t->rate ? div64_u64((u64)t->len * NSEC_PER_SEC, t->rate) : 0;
	u32 i;

	b->nsk = t->flags & GB_CHURN ? 4 * b->nflows : b->nflows;
	b->nskb = t->depth * b->nflows + (t->flags & GB_DEEP ? GB_ELEPHANT : 0);
	b->sk_cache = kmem_cache_create("gq_bench_sock", sizeof(struct sock), 0,
					SLAB_HWCACHE_ALIGN, NULL);
	b->flow = kvcalloc(b->nflows, sizeof(*b->flow), GFP_KERNEL);
	b->sk = kvcalloc(b->nsk, sizeof(*b->sk), GFP_KERNEL);
	b->skb = kvcalloc(b->nskb, sizeof(*b->skb), GFP_KERNEL);
	if (!b->sk_cache || !b->flow || !b->sk || !b->skb)
		return -ENOMEM;

	for (i = 0; i < b->nsk; i++) {
		b->sk[i] = gb_sock(b, i);
		if (!b->sk[i])
			return -ENOMEM;
		cond_resched();
	}
	gb_shuffle(b);
	for (i = 0; i < b->nflows; i++) {
		b->flow[i].sk = b->sk[i];
		b->flow[i].period = period;
	}
	if (t->flags & GB_ZIPF)
		gb_zipf(b, period);
	/* By a stride through the flows: packets are shuffled, too. */
	for (i = 0; i < b->nskb; i++) {
		bool more = i >= t->depth * b->nflows;
		u32 f = more ? 0 : gb_visit(b, i % b->nflows);
		u32 level = more ? i : i - i % b->nflows;
		struct sk_buff **skb = &b->skb[level + f];

		*skb = gb_skb(b, f);
		if (!*skb)
			return -ENOMEM;
		(*skb)->sk = b->flow[f].sk;
		cond_resched();
	}
	return 0;
}

/* ---- What the flows send ---- */

/* The same departure times in each round of each qdisc. */
void gb_reset_flows(struct gb_bench *b)
{
	const struct gb_trace *t = b->trace;
	u64 now = ktime_get_ns() + 10 * NSEC_PER_MSEC + b->nflows * 200ULL;
	struct gb_flow *f;
	u32 i;

	prandom_seed_state(&b->rnd, b->seed);
	b->next_sk = 0;
	b->filling = true;
	b->n = 0;
	for (i = 0; i < b->nflows; i++) {
		f = &b->flow[i];
		f->next = now;
		if (!(t->flags & GB_HERD))
			f->next += gb_random(b, f->period);
	}
	for (i = 0; i < b->nskb; i++)
		if (refcount_read(&b->skb[i]->users) == 1)
			skb_get(b->skb[i]);
}

/* What a packet needs before it goes (back) in; not measured. */
void gb_prepare(struct gb_bench *b, struct sk_buff *skb, u64 now)
{
	const struct gb_trace *t = b->trace;
	u32 index = skb->mark;
	struct gb_flow *f = &b->flow[index];

	skb->tstamp = 0;
	if (t->flags & GB_CHURN) {
		skb->sk = b->sk[b->next_sk];
		b->next_sk = b->next_sk + 1 == b->nsk ? 0 : b->next_sk + 1;
	} else if (t->flags & GB_STAMP &&
		   !(t->flags & GB_DEEP && !index)) {
		/* As TCP does: time that was not used is lost. */
		if (f->next < now)
			f->next = now;
		skb->tstamp = f->next;
		if (t->flags & GB_JITTER)
			skb->tstamp += gb_random(b, 2 * f->period);
		skb->tstamp_type = SKB_CLOCK_MONOTONIC;
		f->next += f->period;
	} else if (t->flags & GB_RATE && b->filling) {
		/* The first ones start the flow at its own time. */
		skb->tstamp = f->next;
		skb->tstamp_type = SKB_CLOCK_MONOTONIC;
	}
	qdisc_skb_cb(skb)->pkt_len = t->len;
	/* The sender has them in its cache. */
	READ_ONCE(skb->sk->sk_state);
	READ_ONCE(skb->sk->sk_hash);
	READ_ONCE(skb->sk->sk_pacing_rate);
	READ_ONCE(skb->sk->sk_pacing_status);
	READ_ONCE(skb->sk->sk_protocol);
	READ_ONCE(skb_shinfo(skb)->gso_segs);
}

/*
 * With GB_LAG, the packet that goes back in for one that came out: as if it took
 * a while until a sender sends again. Return: NULL while the ring is filled
 */
struct sk_buff *gb_lag(struct gb_bench *b, struct sk_buff *skb)
{
	if (!(b->trace->flags & GB_LAG))
		return skb;
	swap(b->lagging[b->lag_at], skb);
	b->lag_at = (b->lag_at + 1) % GB_LAG_PACKETS;
	return skb;
}

/* Return: how many packets were in the ring, which is empty then */
u32 gb_take_lagging(struct gb_bench *b)
{
	u32 i, n = 0;

	for (i = 0; i < GB_LAG_PACKETS; i++)
		n += !!b->lagging[i];
	memset(b->lagging, 0, sizeof(b->lagging));
	return n;
}
