/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flow table of sch_gq: chained hashing that is resized in small steps.
 *
 * The load stays at or below about one, so a lookup costs one or two cache
 * misses however many flows there are. A table of another size can only be
 * allocated where sleeping is allowed, and a million flows can't be moved
 * while packets wait. So a resize has three phases:
 *
 *	STEADY	one table. gq_hash_wants() says when another size is due; the
 *		holder then has a table of that size allocated elsewhere and
 *		hands it over with gq_hash_start().
 *	MOVING	two tables. New entries go into the new one. Each call of
 *		gq_hash_step() moves some chains, in order; chains of the old
 *		table below @moved are empty. A lookup probes the chain of the
 *		old table only if it has not been moved yet.
 *	(done)	the call of gq_hash_step() that moved the last chain returns the
 *		old table for the holder to free; STEADY again.
 *
 * The holder serialises all calls. This file builds in the kernel and, for
 * tests, in userspace with the kernel's tools/include.
 */
#ifndef _NET_SCHED_GQ_HASH_H
#define _NET_SCHED_GQ_HASH_H

#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>

#define GQ_HASH_LOG_MIN		10
#define GQ_HASH_LOG_MAX		22
/* log2 of the entries that are remembered as the last ones used. */
#define GQ_HASH_RECENT_LOG	8
/* Chains moved a step: a table that has doubled is done long before the next. */
#define GQ_HASH_STEP		4

/**
 * struct gq_hent - an entry, to be embedded
 * @next: next of the chain
 * @key: what it is found by
 */
struct gq_hent {
	struct gq_hent	*next;
	unsigned long	key;
};

/**
 * struct gq_table - one size of the table
 * @log: log2 of the number of chains
 * @chain: the chains
 */
struct gq_table {
	u32		log;
	struct gq_hent	*chain[];
};

/**
 * struct gq_hash - the flow table
 * @cur: the table, while MOVING the new one
 * @old: while MOVING the old one, else NULL
 * @moved: while MOVING: chains of @old that are already moved
 * @sweep: where gq_hash_sweep() goes on
 * @count: entries
 * @recent: those used last, see gq_hash_used()
 */
struct gq_hash {
	struct gq_table	*cur;
	struct gq_table	*old;
	u32		moved;
	u32		sweep;
	u32		count;
	struct gq_hent	*recent[1 << GQ_HASH_RECENT_LOG];
};

/**
 * gq_table_size() - memory that a table needs
 * @log: GQ_HASH_LOG_MIN .. GQ_HASH_LOG_MAX
 *
 * Return: bytes, which must be zeroed; then set gq_table.log
 */
static inline size_t gq_table_size(u32 log)
{
	return sizeof(struct gq_table) + (sizeof(struct gq_hent *) << log);
}

/* The high bits, so that chains of tables of two sizes nest. */
static inline u32 gq_hash_index(const struct gq_table *t, unsigned long key)
{
	return hash_long(key, t->log);
}

static inline u32 gq_hash_recent(unsigned long key)
{
	return hash_long(key, GQ_HASH_RECENT_LOG);
}

/**
 * gq_hash_used() - an entry was used, and is likely to be looked up soon
 * @h: the hash
 * @e: the entry, which is in the hash
 *
 * Then neither its chain, a cache miss of its own among many flows, nor what else
 * is in that has to be looked at.
 */
static inline void gq_hash_used(struct gq_hash *h, struct gq_hent *e)
{
	h->recent[gq_hash_recent(e->key)] = e;
}

/* An entry is no longer there; @copy, if not NULL, is in its place. */
static inline void gq_hash_forget(struct gq_hash *h, const struct gq_hent *e,
				  struct gq_hent *copy)
{
	struct gq_hent **recent = &h->recent[gq_hash_recent(e->key)];

	if (*recent == e)
		*recent = copy;
}

/**
 * gq_hash_find() - look an entry up
 * @h: the hash
 * @key: its key
 *
 * Return: the entry or NULL
 */
static inline struct gq_hent *gq_hash_find(const struct gq_hash *h,
					   unsigned long key)
{
	struct gq_hent *e;
	u32 i;

	e = h->recent[gq_hash_recent(key)];
	if (e && e->key == key)
		return e;

	for (e = h->cur->chain[gq_hash_index(h->cur, key)]; e; e = e->next)
		if (e->key == key)
			return e;
	if (likely(!h->old))
		return NULL;

	i = gq_hash_index(h->old, key);
	if (i < h->moved)
		return NULL;
	for (e = h->old->chain[i]; e; e = e->next)
		if (e->key == key)
			return e;
	return NULL;
}

static inline void gq_table_push(struct gq_table *t, struct gq_hent *e)
{
	struct gq_hent **chain = &t->chain[gq_hash_index(t, e->key)];

	e->next = *chain;
	*chain = e;
}

/**
 * gq_hash_insert() - add an entry
 * @h: the hash
 * @e: the entry, its key set and not yet in the hash
 */
static inline void gq_hash_insert(struct gq_hash *h, struct gq_hent *e)
{
	gq_table_push(h->cur, e);
	h->count++;
}

/* The link to an entry, NULL if it is not in the table. */
static inline struct gq_hent **gq_table_link(struct gq_table *t,
					     const struct gq_hent *e)
{
	struct gq_hent **link = &t->chain[gq_hash_index(t, e->key)];

	while (*link && *link != e)
		link = &(*link)->next;
	return *link ? link : NULL;
}

/**
 * gq_hash_replace() - put a copy of an entry into its place
 * @h: the hash
 * @e: the entry, which is in the hash
 * @copy: the same, elsewhere
 */
static inline void gq_hash_replace(struct gq_hash *h, const struct gq_hent *e,
				   struct gq_hent *copy)
{
	struct gq_hent **link = gq_table_link(h->cur, e);

	if (!link)
		link = gq_table_link(h->old, e);
	*link = copy;
	gq_hash_forget(h, e, copy);
}

/**
 * gq_hash_wants() - is another size due?
 * @h: the hash
 *
 * Above one entry a chain the table doubles, below one in eight chains it
 * halves: the two are far enough apart not to alternate.
 *
 * Return: log2 of the size that it should have, 0 when it should stay
 */
static inline u32 gq_hash_wants(const struct gq_hash *h)
{
	u32 log = h->cur->log;

	if (h->old)
		return 0;
	if (h->count > 1U << log && log < GQ_HASH_LOG_MAX)
		return log + 1;
	if (h->count < (1U << log) / 8 && log > GQ_HASH_LOG_MIN)
		return log - 1;
	return 0;
}

/**
 * gq_hash_start() - begin to move into another table
 * @h: the hash, not MOVING
 * @t: the table; it is the hash's from now on
 */
static inline void gq_hash_start(struct gq_hash *h, struct gq_table *t)
{
	h->old = h->cur;
	h->cur = t;
	h->moved = 0;
	h->sweep = 0;
}

/**
 * gq_hash_step() - move some chains
 * @h: the hash, MOVING: there must be an old table
 *
 * Return: the old table, to be freed, once nothing is left in it; else NULL
 */
static inline struct gq_table *gq_hash_step(struct gq_hash *h)
{
	struct gq_table *old = h->old;
	struct gq_hent *e, *next;
	u32 n;

	for (n = 0; n < GQ_HASH_STEP && h->moved < 1U << old->log; n++) {
		for (e = old->chain[h->moved]; e; e = next) {
			next = e->next;
			gq_table_push(h->cur, e);
		}
		old->chain[h->moved++] = NULL;
	}
	if (h->moved < 1U << old->log)
		return NULL;
	h->old = NULL;
	return old;
}

/**
 * gq_hash_sweep() - take one chain's idle entries out
 * @h: the hash
 * @idle: says whether an entry may go
 * @ctx: passed to @idle
 *
 * Each call looks at the next chain of the table, so that calling it once or
 * more for every new entry bounds the idle ones.
 *
 * Return: the entries taken out, linked by gq_hent.next; NULL when none
 */
static inline struct gq_hent *
gq_hash_sweep(struct gq_hash *h,
	      bool (*idle)(const struct gq_hent *e, const void *ctx),
	      const void *ctx)
{
	struct gq_hent **link, *e, *out = NULL;

	link = &h->cur->chain[h->sweep];
	h->sweep = (h->sweep + 1) & ((1U << h->cur->log) - 1);
	while ((e = *link)) {
		if (!idle(e, ctx)) {
			link = &e->next;
			continue;
		}
		*link = e->next;
		gq_hash_forget(h, e, NULL);
		e->next = out;
		out = e;
		h->count--;
	}
	return out;
}

/* All entries of one table, in a chain. */
static inline struct gq_hent *gq_table_drain(struct gq_table *t,
					     struct gq_hent *out)
{
	struct gq_hent *e, *next;
	u32 i;

	for (i = 0; t && i < 1U << t->log; i++) {
		for (e = t->chain[i]; e; e = next) {
			next = e->next;
			e->next = out;
			out = e;
		}
		t->chain[i] = NULL;
	}
	return out;
}

/**
 * gq_hash_drain() - take all entries out
 * @h: the hash; it keeps its tables
 *
 * Return: the entries, linked by gq_hent.next; NULL when there were none
 */
static inline struct gq_hent *gq_hash_drain(struct gq_hash *h)
{
	h->count = 0;
	memset(h->recent, 0, sizeof(h->recent));
	return gq_table_drain(h->cur, gq_table_drain(h->old, NULL));
}

#endif /* _NET_SCHED_GQ_HASH_H */
