/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rank queues of sch_gq: entries by rank, the smallest first, each of which
 * can be taken out again at any time.
 *
 * Eiffel's cFFS (gq_wheel.h tells of the bitmaps) over ranks instead of time.
 * Rank r is in bucket r >> shift; buckets are FIFO, so the order is that of a
 * stable sort by bucket. N slots hold the buckets [base, base + N):
 *
 *	SLIDE	the window follows the smallest rank, for ranks that grow as
 *		virtual or real time does. It is kept a quarter of its size
 *		behind it, since a rank smaller than the smallest may come.
 *	fixed	base stays 0, for ranks from a small range.
 *
 * A rank below the window counts as its first bucket, one beyond as its last.
 * The entries there are ordered among themselves only by arrival, until the
 * window, sliding, reaches them: when the last bucket becomes the first one in
 * use, its entries are put where they belong in a window that starts there.
 *
 * Entries are linked both ways, since a change of rank takes them out; heads
 * are one pointer, to the first of a ring.
 *
 * This file builds in the kernel and, for tests, in userspace with the kernel's
 * tools/include. It allocates nothing.
 */
#ifndef _NET_SCHED_GQ_RANK_H
#define _NET_SCHED_GQ_RANK_H

#include "gq_wheel.h"

/**
 * struct gq_rnode - an entry, to be embedded
 * @next: next of the bucket's ring
 * @prev: previous of the bucket's ring; NULL: in no queue
 * @rank: set by the holder before insertion
 * @slot: where it is
 */
struct gq_rnode {
	struct gq_rnode	*next;
	struct gq_rnode	*prev;
	u64		rank;
	u32		slot;
};

/**
 * struct gq_rankq - entries by rank
 * @slots: a ring's first entry for each bucket of the window
 * @ffs: slots in use
 * @base: number of the first bucket of the window
 * @mask: slots - 1
 * @shift: log2 of the ranks of a bucket
 * @slide: the window follows the smallest rank
 * @count: entries
 */
struct gq_rankq {
	struct gq_rnode	**slots;
	struct gq_ffs	ffs;
	u64		base;
	u32		mask;
	u32		shift;
	bool		slide;
	u32		count;
};

/**
 * gq_rankq_size() - memory that a queue needs
 * @slots: a power of two, 4 .. 2^24
 *
 * Return: bytes
 */
static inline size_t gq_rankq_size(u32 slots)
{
	return gq_ffs_size(slots) + slots * sizeof(struct gq_rnode *);
}

/**
 * gq_rankq_init() - make an empty queue
 * @q: the queue
 * @mem: gq_rankq_size() zeroed bytes, aligned to 8; they stay the caller's
 * @slots: a power of two, 4 .. 2^24
 * @shift: log2 of the ranks of a bucket, 0 .. 40
 * @slide: the window follows the smallest rank
 */
static inline void gq_rankq_init(struct gq_rankq *q, void *mem, u32 slots,
				 u32 shift, bool slide)
{
	gq_ffs_init(&q->ffs, mem, slots);
	q->slots = mem + gq_ffs_size(slots);
	q->base = 0;
	q->mask = slots - 1;
	q->shift = shift;
	q->slide = slide;
	q->count = 0;
}

/* The bucket of the window that a rank is kept in. */
static inline u64 gq_rankq_bucket(const struct gq_rankq *q, u64 rank)
{
	return clamp(rank >> q->shift, q->base, q->base + q->mask);
}

static inline void gq_rankq_link(struct gq_rankq *q, struct gq_rnode *n, u64 k)
{
	struct gq_rnode **slot = &q->slots[k & q->mask];
	struct gq_rnode *first = *slot;

	n->slot = k & q->mask;
	if (!first) {
		n->next = n;
		n->prev = n;
		*slot = n;
		gq_ffs_set(&q->ffs, n->slot);
		return;
	}
	n->next = first;
	n->prev = first->prev;
	first->prev->next = n;
	first->prev = n;
}

static inline void gq_rankq_unlink(struct gq_rankq *q, struct gq_rnode *n)
{
	struct gq_rnode **slot = &q->slots[n->slot];

	if (n->next == n) {
		*slot = NULL;
		gq_ffs_clear(&q->ffs, n->slot);
	} else {
		n->prev->next = n->next;
		n->next->prev = n->prev;
		if (*slot == n)
			*slot = n->next;
	}
	n->prev = NULL;
}

/**
 * gq_rankq_insert() - add an entry, O(1)
 * @q: the queue
 * @n: the entry, its rank set, in no queue
 */
static inline void gq_rankq_insert(struct gq_rankq *q, struct gq_rnode *n)
{
	u64 k = n->rank >> q->shift;

	/* Empty: any window will do, so take the one that suits the entry. */
	if (q->slide && !q->count)
		q->base = k - min_t(u64, k, q->mask / 4);
	gq_rankq_link(q, n, gq_rankq_bucket(q, n->rank));
	q->count++;
}

/**
 * gq_rankq_remove() - take an entry out, O(1)
 * @q: the queue
 * @n: an entry of it
 */
static inline void gq_rankq_remove(struct gq_rankq *q, struct gq_rnode *n)
{
	gq_rankq_unlink(q, n);
	q->count--;
}

/**
 * gq_rankq_first() - the entry of the smallest rank
 * @q: the queue
 *
 * Moves the window. An entry that was beyond it when it was inserted, and has
 * come first with the last bucket of that time, is put where it belongs; it
 * lands behind the bucket that it came from, so this ends.
 *
 * Return: the entry, still in the queue; NULL when there is none
 */
static inline struct gq_rnode *gq_rankq_first(struct gq_rankq *q)
{
	while (q->count) {
		u32 at = q->base & q->mask;
		u32 slot = gq_ffs_next(&q->ffs, at);
		struct gq_rnode *n;
		u64 k;

		if (slot == GQ_FFS_NONE)
			slot = gq_ffs_next(&q->ffs, 0);
		n = q->slots[slot];
		if (!q->slide)
			return n;

		k = q->base + ((slot - at) & q->mask);
		if (k > q->base + q->mask / 4)
			q->base = k - q->mask / 4;
		if (n->rank >> q->shift <= k)
			return n;
		gq_rankq_unlink(q, n);
		gq_rankq_link(q, n, gq_rankq_bucket(q, n->rank));
	}
	return NULL;
}

#endif /* _NET_SCHED_GQ_RANK_H */
