/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The approximate rank queue of sch_gq: what a band may have instead of the
 * exact one (gq_rank.h).
 *
 * Eiffel's approximate gradient queue (Saeed et al., NSDI 2019, section 3.2).
 * Bucket i, while it is in use, weighs x^i with x = 2^(1/16). Of the buckets in
 * use, two sums are kept:
 *
 *	a = sum of x^i		b = sum of i * x^i
 *
 * b / a is their mean, which the heavy ones draw up to the largest, M. If all
 * below M are in use it is M - 1 / (x - 1), so one division finds the bucket:
 *
 *	M is about b / a + 22.59
 *
 * Indices are 124 < i <= 647: below, the weights grow too little to tell apart,
 * above, b does not fit into 64 bits. Index 647 is the smallest rank.
 *
 * How far off is it? With d = M - i for the others in use,
 *
 *	b / a = M - (sum of d * x^-d) / (1 + sum of x^-d)
 *
 * The fraction is 0 if M is alone: the estimate is 23 too high. It is largest
 * when exactly those with d > 53 are in use, that is 53.2: the estimate is then
 * 30.6 too low. Everything else is between. So:
 * 1. a bucket that is estimated and in use is taken, although a smaller rank may
 *    be up to 31 buckets from there: that is an inversion, which is counted;
 * 2. an empty one starts a search, bucket by bucket, of 31 towards smaller
 *    ranks, and then towards larger ones: this finds the true first.
 * A bitmap of the buckets in use says whether 1. was right. It chooses nothing.
 *
 * The 523 buckets hold the ranks from base on, 2^shift each. Larger ones are parked
 * until all buckets are empty; then they are spread over them, from the smallest
 * on. Smaller ones count as the first bucket; all are spread anew before the next
 * is taken, if as many as there are have come or gone since the last time: which
 * is so when a queue has been filled, and keeps what that costs O(1).
 *
 * Grain. Where more than 30 % of the buckets between the first and the last in
 * use are empty, estimates are poor and searches frequent. This is looked at
 * once in 523 removals, or as many as there are entries if these are more. Then
 * the buckets are made twice as wide, up to 16 times what the policy wants, and
 * all entries spread anew; and half as wide where less than 5 % are empty, which
 * leaves about 22 % so. Wide buckets cost order: they are FIFO. So fewer than 64
 * entries always have the policy's width, since there a search costs little; and
 * with more than 16384 the width stays, since spreading them takes long.
 *
 * This file builds in the kernel and, for tests, in userspace with the kernel's
 * tools/include. It allocates nothing.
 */
#ifndef _NET_SCHED_GQ_APPROX_H
#define _NET_SCHED_GQ_APPROX_H

#include "gq_rank.h"

#ifdef __KERNEL__
#include <linux/math64.h>
#else
/* tools/include has no math64.h. */
#define div64_u64(dividend, divisor)	((dividend) / (divisor))
#endif

#define GQ_APPROX_TOP		647	/* index of the first bucket */
#define GQ_APPROX_BUCKETS	523
#define GQ_APPROX_PARKED	GQ_APPROX_BUCKETS	/* slot */
#define GQ_APPROX_BEHIND	65	/* buckets kept for smaller ranks */
#define GQ_APPROX_LOW		31	/* what an estimate is too low at most */
#define GQ_APPROX_COARSE_LOG	4
#define GQ_APPROX_FEW		64
#define GQ_APPROX_MANY		16384

/**
 * struct gq_approx_stats - what the approximation did
 * @inversions: entries that were first, and not of the smallest bucket
 * @searches: estimates that hit an empty bucket
 * @regrains: changes of the width of a bucket
 */
struct gq_approx_stats {
	u64	inversions;
	u64	searches;
	u64	regrains;
};

/**
 * struct gq_approx - entries by rank, about the smallest first
 * @slots: a ring's first entry for each bucket; then the parked
 * @used: buckets in use; only to count inversions and empty buckets
 * @a: sum of the weights of the buckets in use
 * @b: sum of their weights times their indices
 * @base: number of the first bucket
 * @shift: log2 of the ranks of a bucket
 * @fine: the same, as the policy wants it
 * @count: entries
 * @nused: buckets in use
 * @removed: entries taken out since the grain was looked at
 * @moved: entries put in or taken out since all were spread
 * @below: one of these was of a rank below @base
 * @stats: counters; gq_approx_init() leaves them
 */
struct gq_approx {
	struct gq_rnode	**slots;
	struct gq_ffs	used;
	u64		a;
	u64		b;
	u64		base;
	u32		shift;
	u32		fine;
	u32		count;
	u32		nused;
	u32		removed;
	u32		moved;
	bool		below;
	struct gq_approx_stats	stats;
};

/**
 * gq_approx_size() - memory that a queue needs
 *
 * Return: bytes
 */
static inline size_t gq_approx_size(void)
{
	return gq_ffs_size(GQ_APPROX_BUCKETS) +
	       (GQ_APPROX_BUCKETS + 1) * sizeof(struct gq_rnode *);
}

/**
 * gq_approx_init() - make an empty queue
 * @q: the queue
 * @mem: gq_approx_size() zeroed bytes, aligned to 8; they stay the caller's
 * @shift: log2 of the ranks of a bucket, 0 .. 40
 */
static inline void gq_approx_init(struct gq_approx *q, void *mem, u32 shift)
{
	gq_ffs_init(&q->used, mem, GQ_APPROX_BUCKETS);
	q->slots = mem + gq_ffs_size(GQ_APPROX_BUCKETS);
	q->a = 0;
	q->b = 0;
	q->base = 0;
	q->shift = shift;
	q->fine = shift;
	q->count = 0;
	q->nused = 0;
	q->removed = 0;
	q->moved = 0;
	q->below = false;
}

/**
 * gq_approx_weight() - x^i in 1/256
 * @i: the index, above 124, not above GQ_APPROX_TOP
 *
 * The sum of all of them times their indices is below 2^63.
 *
 * Return: the weight
 */
static inline u64 gq_approx_weight(u32 i)
{
	/* 65536 * 2^(n / 16) */
	static const u32 root[16] = {
		65536, 68438, 71468, 74632, 77936, 81386, 84990, 88752,
		92682, 96785, 101070, 105545, 110218, 115098, 120194, 125515,
	};

	return (u64)root[i % 16] << i / 16 >> 8;
}

static inline void gq_approx_use(struct gq_approx *q, u32 slot, bool on)
{
	u32 i = GQ_APPROX_TOP - slot;
	u64 w = gq_approx_weight(i);

	if (on) {
		gq_ffs_set(&q->used, slot);
		q->a += w;
		q->b += w * i;
		q->nused++;
	} else {
		gq_ffs_clear(&q->used, slot);
		q->a -= w;
		q->b -= w * i;
		q->nused--;
	}
}

/* The first bucket if k is the smallest; the last one's number must fit. */
static inline u64 gq_approx_base(u64 k)
{
	return min_t(u64, k - min_t(u64, k, GQ_APPROX_BEHIND),
		     ~0ULL - (GQ_APPROX_BUCKETS - 1));
}

/* Link an entry where its rank belongs. */
static inline void gq_approx_place(struct gq_approx *q, struct gq_rnode *n)
{
	u64 k = n->rank >> q->shift;

	n->slot = k <= q->base ? 0 : min_t(u64, k - q->base, GQ_APPROX_PARKED);
	if (gq_ring_add(&q->slots[n->slot], n) && n->slot != GQ_APPROX_PARKED)
		gq_approx_use(q, n->slot, true);
}

/**
 * gq_approx_insert() - add an entry, O(1)
 * @q: the queue
 * @n: the entry, its rank set, in no queue
 */
static inline void gq_approx_insert(struct gq_approx *q, struct gq_rnode *n)
{
	/* Empty: what suits this one is as good as anything. */
	if (!q->count++) {
		q->shift = q->fine;
		q->base = gq_approx_base(n->rank >> q->shift);
	}
	q->below |= n->rank >> q->shift < q->base;
	q->moved++;
	gq_approx_place(q, n);
}

/**
 * gq_approx_remove() - take an entry out, O(1)
 * @q: the queue
 * @n: an entry of it
 */
static inline void gq_approx_remove(struct gq_approx *q, struct gq_rnode *n)
{
	if (gq_ring_del(&q->slots[n->slot], n) && n->slot != GQ_APPROX_PARKED)
		gq_approx_use(q, n->slot, false);
	q->count--;
	q->removed++;
	q->moved++;
}

/* ---- Grain ---- */

/* Take all entries out, in order of their buckets; singly linked. */
static inline struct gq_rnode *gq_approx_drain(struct gq_approx *q)
{
	struct gq_rnode *all = NULL, **tail = &all;
	u32 slot;

	for (slot = 0; slot <= GQ_APPROX_PARKED; slot++) {
		struct gq_rnode *first = q->slots[slot];

		if (!first)
			continue;
		*tail = first;
		tail = &first->prev->next;
		q->slots[slot] = NULL;
		if (slot != GQ_APPROX_PARKED)
			gq_approx_use(q, slot, false);
	}
	*tail = NULL;
	return all;
}

/* Spread all entries anew, over buckets of 2^shift ranks. */
static inline void gq_approx_spread(struct gq_approx *q, u32 shift)
{
	struct gq_rnode *all = gq_approx_drain(q), *n;
	u64 least = ~0ULL;

	for (n = all; n; n = n->next)
		least = min(least, n->rank);
	q->stats.regrains += shift != q->shift;
	q->shift = shift;
	q->base = gq_approx_base(least >> shift);
	q->moved = 0;
	q->below = false;
	while ((n = all)) {
		all = n->next;
		gq_approx_place(q, n);
	}
}

static inline u32 gq_approx_last(const struct gq_approx *q)
{
	u32 slot = GQ_APPROX_BUCKETS;

	while (slot-- && !q->slots[slot])
		;
	return slot;
}

/* The grain that suits what the buckets hold now; seldom asked. */
static inline u32 gq_approx_grain(struct gq_approx *q)
{
	u32 span, empty;

	q->removed = 0;
	if (q->count < GQ_APPROX_FEW)
		return q->fine;
	if (q->count > GQ_APPROX_MANY)
		return q->shift;

	span = gq_approx_last(q) - gq_ffs_next(&q->used, 0) + 1;
	empty = span - q->nused;
	if (empty * 10 > span * 3 && q->shift < q->fine + GQ_APPROX_COARSE_LOG)
		return q->shift + 1;
	if (empty * 20 < span && q->shift > q->fine)
		return q->shift - 1;
	return q->shift;
}

/* ---- Estimate ---- */

/* The slot that is likely to be the first in use; some is in use. */
static inline u32 gq_approx_estimate(const struct gq_approx *q)
{
	/* 23 + 1/12 is 1 / (x - 1), and a half to round it. */
	u64 i = div64_u64(q->b + q->a * 23 + q->a / 12, q->a);

	return GQ_APPROX_TOP - min_t(u64, i, GQ_APPROX_TOP);
}

/* From an empty slot: the first in use above, or the next one below. */
static inline u32 gq_approx_search(const struct gq_approx *q, u32 slot)
{
	u32 up = slot - min_t(u32, slot, GQ_APPROX_LOW);

	for (; up < slot; up++)
		if (q->slots[up])
			return up;
	while (!q->slots[slot])
		slot++;
	return slot;
}

/**
 * gq_approx_first() - about the entry of the smallest rank
 * @q: the queue
 *
 * May spread the entries anew.
 *
 * Return: the entry, still in the queue; NULL when there is none
 */
static inline struct gq_rnode *gq_approx_first(struct gq_approx *q)
{
	u32 shift, slot;

	if (!q->count)
		return NULL;
	if (!q->nused || (q->below && q->moved >= q->count))
		gq_approx_spread(q, q->shift);
	if (q->removed >= max_t(u32, q->count, GQ_APPROX_BUCKETS)) {
		shift = gq_approx_grain(q);
		if (shift != q->shift)
			gq_approx_spread(q, shift);
	}

	slot = gq_approx_estimate(q);
	if (!q->slots[slot]) {
		q->stats.searches++;
		slot = gq_approx_search(q, slot);
	}
	q->stats.inversions += slot != gq_ffs_next(&q->used, 0);
	return q->slots[slot];
}

#endif /* _NET_SCHED_GQ_APPROX_H */
