/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timing wheel of sch_gq: a circular cFFS queue.
 *
 * cFFS (Saeed et al., "Eiffel: Efficient and Flexible Software Packet
 * Scheduling", NSDI 2019, section 3.1) is a bucketed priority queue in which a
 * tree of bitmaps says which buckets hold something (gq_ffs.h).
 *
 * The wheel puts N = 2^n buckets of g = 2^s ns around a circle. With absolute
 * bucket numbers k = 0, 1, 2 .. since the epoch of the clock:
 *
 *	bucket k holds the deadlines in (k * g, (k + 1) * g]
 *	bucket k is kept in slot k mod N
 *	bucket k is released as a whole when now >= (k + 1) * g
 *
 * hence nothing is released early, and nothing later than g after its deadline
 * (plus the lateness of whoever calls gq_wheel_expire()).
 *
 *	 base                                       base + N - 1
 *	  v                                               v
 *	+---+---+---+---+---+---+---+---+---+---+---+---+---+
 *	|   | a |   |   | b |   |   |   | c |   |   |   | d |  <- and all beyond
 *	+---+---+---+---+---+---+---+---+---+---+---+---+---+
 *	      ^ next
 *
 * Invariants, between calls:
 * 1. every node is in a bucket in [base, base + N), base <= next;
 * 2. next is the earliest bucket in use, GQ_WHEEL_EMPTY when there is none;
 * 3. a slot's bit is set if and only if the slot's list is not empty;
 * 4. a node whose deadline is beyond the window is parked: it is in one of the
 *    window's last buckets, with its own deadline kept, and when that bucket
 *    expires it is inserted again. Only every 64th bucket (of 2^15) is used for
 *    that, and with 64 buckets left between it and the window's end: until
 *    then nothing parked is due, so that what expires anyway takes the parked
 *    along, and they seldom need a timer of their own (gq_wheel_wake()).
 *    If the clock jumps past both, it leaves with the bucket that it waited in,
 *    before later buckets with earlier deadlines: all that leave in a call are
 *    overdue alike, and their exact order would take a sort.
 *
 * A bucket is one pointer. Insertion pushes at its head and so touches no
 * memory but the slot and the new node; expiry turns the list round, which
 * makes the bucket a FIFO and brings the nodes into the cache that are about
 * to be served. Single nodes can't be removed: sch_gq never needs to, because
 * a flow in the wheel only ever gets later.
 *
 * To walk a list of nodes that are not in the cache costs a miss after the other.
 * So the holder may stock the wheel with blocks of pointers (struct gq_block), and
 * from the second node on a bucket's nodes are noted there, as long as there are
 * any spare; expiry then has many misses at a time. A pointer to a block has its
 * lowest bit set, and the bits above say how many nodes the block holds:
 *
 *	slot -> block [3 nodes] -> block [7 nodes] -> node -> NULL
 *
 * Blocks hold as much in the same order as a list would: nothing else changes.
 *
 * A node that is alone is in no slot: a single paced flow would miss the cache
 * in a new one each time.
 *
 * This file builds in the kernel and, for tests and instruction counts, in
 * userspace with the kernel's tools/include. It allocates nothing.
 */
#ifndef _NET_SCHED_GQ_WHEEL_H
#define _NET_SCHED_GQ_WHEEL_H

#include "gq_ffs.h"

/**
 * struct gq_node - what the wheel and the lists hold
 * @next: the next of a list, of the holder's order
 * @deadline: ns, of the clock that the holder uses throughout
 */
struct gq_node {
	struct gq_node	*next;
	u64		deadline;
};

/**
 * struct gq_list - a singly linked list of nodes with both ends
 * @first: the head, NULL when the list is empty
 * @last: the tail, undefined when the list is empty
 */
struct gq_list {
	struct gq_node	*first;
	struct gq_node	*last;
};

static inline void gq_list_add_tail(struct gq_list *list, struct gq_node *node)
{
	node->next = NULL;
	if (list->first)
		list->last->next = node;
	else
		list->first = node;
	list->last = node;
}

static inline void gq_list_push(struct gq_list *list, struct gq_node *node)
{
	node->next = list->first;
	if (!list->first)
		list->last = node;
	list->first = node;
}

static inline struct gq_node *gq_list_pop(struct gq_list *list)
{
	struct gq_node *node = list->first;

	if (node)
		list->first = node->next;
	return node;
}

/* Take a node out, if it is one of the first @max; else return false. */
static inline bool gq_list_remove(struct gq_list *list, struct gq_node *node,
				  u32 max)
{
	struct gq_node *prev = NULL, *n = list->first;

	while (n && n != node && --max) {
		prev = n;
		n = n->next;
	}
	if (n != node)
		return false;
	if (prev)
		prev->next = n->next;
	else
		list->first = n->next;
	if (list->last == n)
		list->last = prev;
	return true;
}

static inline void gq_list_splice_tail(struct gq_list *list,
				       const struct gq_list *more)
{
	if (!more->first)
		return;
	if (list->first)
		list->last->next = more->first;
	else
		list->first = more->first;
	list->last = more->last;
}

/* Pointers to nodes; a cache line on 64-bit machines. */
#define GQ_BLOCK_NODES		7
#define GQ_BLOCK_ALIGN		64
#define GQ_BLOCK_FLAG		1UL
#define GQ_BLOCK_ONE		2UL	/* a node in it */

/**
 * struct gq_block - nodes of a bucket, in the order of insertion
 * @below: what the bucket held before, as a slot has it; of a spare one the next
 * @node: the nodes
 */
struct gq_block {
	struct gq_node	*below;
	struct gq_node	*node[GQ_BLOCK_NODES];
};

static inline bool gq_is_block(const struct gq_node *at)
{
	return (unsigned long)at & GQ_BLOCK_FLAG;
}

static inline struct gq_block *gq_block(const struct gq_node *at)
{
	return (void *)((unsigned long)at & ~(GQ_BLOCK_ALIGN - 1UL));
}

static inline u32 gq_block_count(const struct gq_node *at)
{
	return ((unsigned long)at & (GQ_BLOCK_ALIGN - 1)) / GQ_BLOCK_ONE;
}

#define GQ_WHEEL_EMPTY	(~0ULL)
/* Nodes beyond the window meet in so many of its buckets. */
#define GQ_WHEEL_PARKS		512

/**
 * struct gq_wheel - nodes by their deadline
 * @next: number of the earliest bucket in use, or GQ_WHEEL_EMPTY
 * @base: number of the first bucket of the window
 * @slots: a list head for each bucket of the window
 * @solo: the node, if there is one only and it is in no slot; or NULL
 * @ffs: slots in use
 * @mask: slots - 1
 * @park_log: log2 of the distance of the buckets where nodes are parked
 * @shift: log2 of the ns of a bucket
 * @count: nodes in the wheel
 * @spare: blocks that hold nothing
 * @nspare: their number
 * @reinserts: nodes from beyond the window that were inserted again
 * @parked: of the slots where nodes are parked: it holds nothing else. Valid
 *	while the slot is in use
 */
struct gq_wheel {
	u64		next;
	u64		base;
	struct gq_node	**slots;
	struct gq_node	*solo;
	struct gq_ffs	ffs;
	u32		mask;
	u32		park_log;
	u32		shift;
	u32		count;
	u32		nspare;
	struct gq_block	*spare;
	u64		reinserts;
	u64		parked[GQ_WHEEL_PARKS / 64];
};

/**
 * gq_wheel_size() - memory that a wheel needs
 * @slots: a power of two, 2 .. 2^24
 *
 * Return: bytes
 */
static inline size_t gq_wheel_size(u32 slots)
{
	return gq_ffs_size(slots) + slots * sizeof(struct gq_node *);
}

/**
 * gq_wheel_init() - make an empty wheel
 * @w: the wheel
 * @mem: gq_wheel_size() zeroed bytes, aligned to 8; they stay the caller's
 * @slots: a power of two, 2 .. 2^24
 * @shift: log2 of the ns of a bucket, 0 .. 40
 */
static inline void gq_wheel_init(struct gq_wheel *w, void *mem, u32 slots,
				 u32 shift)
{
	gq_ffs_init(&w->ffs, mem, slots);
	w->slots = mem + gq_ffs_size(slots);
	w->mask = slots - 1;
	w->park_log = 0;
	while (slots >> w->park_log > GQ_WHEEL_PARKS)
		w->park_log++;
	w->shift = shift;
	w->solo = NULL;
	w->spare = NULL;
	w->nspare = 0;
	w->next = GQ_WHEEL_EMPTY;
	w->base = 0;
	w->count = 0;
	w->reinserts = 0;
}

/* Bucket k holds (k * g, (k + 1) * g]; 0 has no bucket below. */
static inline u64 gq_wheel_bucket(const struct gq_wheel *w, u64 deadline)
{
	return deadline ? (deadline - 1) >> w->shift : 0;
}

/**
 * gq_wheel_due() - when the earliest node is released
 * @w: the wheel
 *
 * Return: ns, never less than the deadline of any node that is then released;
 * U64_MAX when the wheel is empty
 */
static inline u64 gq_wheel_due(const struct gq_wheel *w)
{
	if (w->next == GQ_WHEEL_EMPTY)
		return ~0ULL;
	return (w->next + 1) << w->shift;
}

/* May nodes be parked in bucket k? */
static inline bool gq_wheel_is_park(const struct gq_wheel *w, u64 k)
{
	return w->park_log && !(k & ((1ULL << w->park_log) - 1));
}

static inline bool gq_wheel_parked(const struct gq_wheel *w, u64 k)
{
	u32 park = (k & w->mask) >> w->park_log;

	return w->parked[park / 64] >> (park & 63) & 1;
}

static inline void gq_wheel_note_park(struct gq_wheel *w, u64 k, bool parked)
{
	u32 park = (k & w->mask) >> w->park_log;
	u64 bit = 1ULL << (park & 63);

	if (!parked)
		w->parked[park / 64] &= ~bit;
	else if (!w->slots[k & w->mask])
		w->parked[park / 64] |= bit;
}

/* Give the wheel a block. It is the wheel's until gq_wheel_unstock(). */
static inline void gq_wheel_stock(struct gq_wheel *w, struct gq_block *b)
{
	b->below = (struct gq_node *)w->spare;
	w->spare = b;
	w->nspare++;
}

/* Take a spare block back; NULL if there is none. */
static inline struct gq_block *gq_wheel_unstock(struct gq_wheel *w)
{
	struct gq_block *b = w->spare;

	if (b) {
		w->spare = (struct gq_block *)b->below;
		w->nspare--;
	}
	return b;
}

/* Put a node on top of those of a bucket. */
static inline void gq_wheel_push(struct gq_wheel *w, struct gq_node **slot,
				 struct gq_node *node)
{
	struct gq_block *b = gq_block(*slot);
	u32 n = gq_block_count(*slot);

	if (!gq_is_block(*slot) || n == GQ_BLOCK_NODES) {
		b = gq_wheel_unstock(w);
		if (!b) {
			node->next = *slot;
			*slot = node;
			return;
		}
		b->below = *slot;
		*slot = (void *)((unsigned long)b | GQ_BLOCK_FLAG);
		n = 0;
	}
	b->node[n] = node;
	*slot = (void *)((unsigned long)*slot + GQ_BLOCK_ONE);
}

/* Put a node into the slot of bucket k. */
static inline void gq_wheel_place(struct gq_wheel *w, struct gq_node *node,
				  u64 k)
{
	struct gq_node **slot = &w->slots[k & w->mask];

	if (unlikely(gq_wheel_is_park(w, k)))
		gq_wheel_note_park(w, k, gq_wheel_bucket(w, node->deadline) > k);
	if (*slot) {
		gq_wheel_push(w, slot, node);
		return;
	}
	gq_ffs_set(&w->ffs, k & w->mask);
	node->next = NULL;
	*slot = node;
}

/* An empty wheel may have been left far behind: let it take all its span. */
static inline void gq_wheel_begin(struct gq_wheel *w, u64 now)
{
	if (!w->count && now >> w->shift > w->base)
		w->base = now >> w->shift;
}

/**
 * gq_wheel_insert() - put a node into the wheel, O(1)
 * @w: the wheel
 * @node: the node, its deadline set, in no list
 * @now: ns; not before that of an earlier call
 *
 * A deadline that is over goes into the first bucket of the window.
 */
static inline void gq_wheel_insert(struct gq_wheel *w, struct gq_node *node,
				   u64 now)
{
	u64 k = gq_wheel_bucket(w, node->deadline);

	gq_wheel_begin(w, now);
	k = max(k, w->base);
	if (unlikely(k > w->base + w->mask)) {
		k = w->base + w->mask;
		if (w->park_log)
			k = ((k >> w->park_log) - 1) << w->park_log;
	}

	if (!w->count++) {
		node->next = NULL;
		w->solo = node;
		w->next = k;
		return;
	}
	if (unlikely(w->solo)) {
		gq_wheel_place(w, w->solo, w->next);
		w->solo = NULL;
	}
	gq_wheel_place(w, node, k);
	if (k < w->next)
		w->next = k;
}

/* Number of the earliest bucket in use, k being at or before it. */
static inline u64 gq_wheel_seek(const struct gq_wheel *w, u64 k)
{
	u32 slot = k & w->mask;
	u32 found = gq_ffs_next(&w->ffs, slot);

	if (found == GQ_FFS_NONE)
		found = gq_ffs_next(&w->ffs, 0);
	if (found == GQ_FFS_NONE)
		return GQ_WHEEL_EMPTY;
	return k + ((found - slot) & w->mask);
}

/**
 * gq_wheel_wake() - when gq_wheel_expire() must be called at the latest
 * @w: the wheel, not empty
 *
 * Return: ns; as gq_wheel_due(), except that nodes which are only parked may
 * be left so for longer
 */
static inline u64 gq_wheel_wake(const struct gq_wheel *w)
{
	u64 k = w->next;

	if (unlikely(gq_wheel_is_park(w, k))) {
		u64 last = k + (1ULL << w->park_log);

		if (w->solo)
			k = clamp(gq_wheel_bucket(w, w->solo->deadline), k, last);
		else if (gq_wheel_parked(w, k))
			k = min(gq_wheel_seek(w, k + 1), last);
	}
	return (k + 1) << w->shift;
}

/*
 * Put a block's nodes before those of a list. Nothing is read of them: all of
 * them may come into the cache at the same time. Return: what is below
 */
static inline struct gq_node *gq_wheel_unpack(struct gq_wheel *w,
					      struct gq_node *at,
					      struct gq_list *list)
{
	struct gq_block *b = gq_block(at);
	struct gq_node *below = b->below;
	u32 n = gq_block_count(at);

	if (gq_is_block(below))
		__builtin_prefetch(gq_block(below));
	w->count -= n;
	while (n--)
		gq_list_push(list, b->node[n]);
	gq_wheel_stock(w, b);
	return below;
}

/* Take the earliest bucket's nodes out, oldest first. */
static inline void gq_wheel_pop(struct gq_wheel *w, struct gq_list *list)
{
	u32 slot = w->next & w->mask;
	struct gq_node *at = w->slots[slot];

	if (w->solo) {
		list->first = w->solo;
		list->last = w->solo;
		w->solo = NULL;
		w->count = 0;
		w->next = GQ_WHEEL_EMPTY;
		return;
	}
	list->first = NULL;
	while (at) {
		if (gq_is_block(at)) {
			at = gq_wheel_unpack(w, at, list);
		} else {
			struct gq_node *next = at->next;

			gq_list_push(list, at);
			at = next;
			w->count--;
		}
	}
	w->slots[slot] = NULL;
	gq_ffs_clear(&w->ffs, slot);
	w->next = w->count ? gq_wheel_seek(w, w->next) : GQ_WHEEL_EMPTY;
}

/**
 * gq_wheel_expire() - release every bucket that is over
 * @w: the wheel
 * @now: ns; not before that of an earlier call
 * @due: the released nodes are added here: bucket by bucket, within a bucket
 *	in the order of insertion
 *
 * Nodes of the last bucket which are due beyond it go back into the wheel, but
 * only after the window has moved, so that each does so once a call however
 * far the clock has jumped.
 *
 * Return: released nodes
 */
static inline u32 gq_wheel_expire(struct gq_wheel *w, u64 now,
				  struct gq_list *due)
{
	u64 limit = now >> w->shift;
	struct gq_list later = { };
	struct gq_node *node;
	u32 released = 0;

	while (w->next < limit) {
		struct gq_list bucket;

		gq_wheel_pop(w, &bucket);
		while ((node = gq_list_pop(&bucket))) {
			if (node->deadline > now) {
				gq_list_add_tail(&later, node);
			} else {
				gq_list_add_tail(due, node);
				released++;
			}
		}
	}
	if (limit > w->base)
		w->base = limit;
	while ((node = gq_list_pop(&later))) {
		gq_wheel_insert(w, node, now);
		w->reinserts++;
	}
	return released;
}

/**
 * gq_wheel_drain() - take everything out
 * @w: the wheel, empty afterwards
 * @all: the nodes are added here, in the order of their buckets
 */
static inline void gq_wheel_drain(struct gq_wheel *w, struct gq_list *all)
{
	while (w->next != GQ_WHEEL_EMPTY) {
		struct gq_list bucket;

		gq_wheel_pop(w, &bucket);
		gq_list_splice_tail(all, &bucket);
	}
}

#endif /* _NET_SCHED_GQ_WHEEL_H */
