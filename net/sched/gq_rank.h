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
 *		virtual or real time does. It is kept N / 4 - 1 buckets behind
 *		it, since a rank smaller than the smallest may come.
 *	fixed	base stays 0, for ranks from a small range.
 *
 * A rank below the window counts as its first bucket. One beyond counts as the
 * last in a fixed queue; a sliding one parks it, in a ring of its own, until the
 * first bucket in use is past the end that the window had when that ring began.
 * Then all that is parked is gone through once: the window moves to the smallest
 * of it, or to the first bucket in use if that is smaller, and what is in it
 * then is put where it belongs. Hence, when sliding,
 * 1. what comes first is of the smallest bucket, ranks that were below the
 *    window when they came being taken for its first bucket of that time;
 * 2. a bucket's entries leave as they came, except that those once parked and
 *    the others are ordered only among themselves;
 * 3. a call of gq_rankq_first() handles a parked entry at most once, over
 *    whatever distance the window moves.
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
 * @slot: where it is; the number of slots: parked
 */
struct gq_rnode {
	struct gq_rnode	*next;
	struct gq_rnode	*prev;
	u64		rank;
	u32		slot;
};

/* Add an entry at the end of a bucket's ring; true if the bucket was empty. */
static inline bool gq_ring_add(struct gq_rnode **ring, struct gq_rnode *n)
{
	struct gq_rnode *first = *ring;

	if (!first) {
		n->next = n;
		n->prev = n;
		*ring = n;
		return true;
	}
	n->next = first;
	n->prev = first->prev;
	first->prev->next = n;
	first->prev = n;
	return false;
}

/* Take an entry out of its bucket's ring; true if the bucket is empty now. */
static inline bool gq_ring_del(struct gq_rnode **ring, struct gq_rnode *n)
{
	bool last = n->next == n;

	if (last) {
		*ring = NULL;
	} else {
		n->prev->next = n->next;
		n->next->prev = n->prev;
		if (*ring == n)
			*ring = n->next;
	}
	n->prev = NULL;
	return last;
}

/**
 * struct gq_rankq - entries by rank
 * @slots: a ring's first entry for each bucket of the window; then the parked
 * @ffs: slots in use
 * @base: number of the first bucket of the window
 * @end: if any is parked: all that is parked is of buckets after this one
 * @mask: slots - 1
 * @shift: log2 of the ranks of a bucket
 * @slide: the window follows the smallest rank
 * @count: entries
 */
struct gq_rankq {
	struct gq_rnode	**slots;
	struct gq_ffs	ffs;
	u64		base;
	u64		end;
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
	return gq_ffs_size(slots) + (slots + 1) * sizeof(struct gq_rnode *);
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
	q->end = 0;
	q->mask = slots - 1;
	q->shift = shift;
	q->slide = slide;
	q->count = 0;
}

/* Where the window starts when k is first; its end must not wrap around. */
static inline u64 gq_rankq_base(const struct gq_rankq *q, u64 k)
{
	return min_t(u64, k - min_t(u64, k, q->mask / 4), ~0ULL - q->mask);
}

static inline void gq_rankq_link(struct gq_rankq *q, struct gq_rnode *n,
				 u32 slot)
{
	n->slot = slot;
	if (gq_ring_add(&q->slots[slot], n) && slot <= q->mask)
		gq_ffs_set(&q->ffs, slot);
}

/* Link an entry where its rank belongs. */
static inline void gq_rankq_place(struct gq_rankq *q, struct gq_rnode *n)
{
	u64 k = n->rank >> q->shift, last = q->base + q->mask;

	if (q->slide && k > last) {
		if (!q->slots[q->mask + 1])
			q->end = last;
		gq_rankq_link(q, n, q->mask + 1);
		return;
	}
	gq_rankq_link(q, n, clamp(k, q->base, last) & q->mask);
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
		q->base = gq_rankq_base(q, k);
	gq_rankq_place(q, n);
	q->count++;
}

/**
 * gq_rankq_remove() - take an entry out, O(1)
 * @q: the queue
 * @n: an entry of it
 */
static inline void gq_rankq_remove(struct gq_rankq *q, struct gq_rnode *n)
{
	if (gq_ring_del(&q->slots[n->slot], n) && n->slot <= q->mask)
		gq_ffs_clear(&q->ffs, n->slot);
	q->count--;
}

/* Number of the first bucket in use; ~0ULL when all entries are parked. */
static inline u64 gq_rankq_seek(const struct gq_rankq *q)
{
	u32 at = q->base & q->mask;
	u32 slot = gq_ffs_next(&q->ffs, at);

	if (slot == GQ_FFS_NONE)
		slot = gq_ffs_next(&q->ffs, 0);
	if (slot == GQ_FFS_NONE)
		return ~0ULL;
	return q->base + ((slot - at) & q->mask);
}

/* Move the window to the smallest parked bucket, or to k if that is smaller. */
static inline void gq_rankq_unpark(struct gq_rankq *q, u64 k)
{
	struct gq_rnode *n = q->slots[q->mask + 1], *last = n->prev, *next;

	for (next = n; next != last; next = next->next)
		k = min(k, next->rank >> q->shift);
	k = min(k, last->rank >> q->shift);
	q->base = max(q->base, gq_rankq_base(q, k));

	q->slots[q->mask + 1] = NULL;
	for (;; n = next) {
		next = n->next;
		gq_rankq_place(q, n);
		if (n == last)
			break;
	}
}

/**
 * gq_rankq_first() - the entry of the smallest rank
 * @q: the queue
 *
 * Moves the window.
 *
 * Return: the entry, still in the queue; NULL when there is none
 */
static inline struct gq_rnode *gq_rankq_first(struct gq_rankq *q)
{
	u64 k;

	if (!q->count)
		return NULL;
	k = gq_rankq_seek(q);
	if (q->slots[q->mask + 1] && k > q->end) {
		gq_rankq_unpark(q, k);
		k = gq_rankq_seek(q);
	}
	if (q->slide)
		q->base = max(q->base, gq_rankq_base(q, k));
	return q->slots[k & q->mask];
}

#endif /* _NET_SCHED_GQ_RANK_H */
