/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the KUnit tests of sch_gq's data structures share.
 *
 * The module sch_gq_kunit has one suite for each structure, each in a file of
 * its own: gq_kunit_ffs.c (which also holds what is declared here),
 * gq_kunit_wheel.c, gq_kunit_hash.c, gq_kunit_rank.c, gq_kunit_approx.c,
 * gq_kunit_edt.c. Each
 * structure runs beside a model that has no idea of how it works, and every
 * answer is compared. The random numbers depend on the parameter seed alone.
 */
#ifndef _NET_SCHED_GQ_KUNIT_H
#define _NET_SCHED_GQ_KUNIT_H

#include <kunit/test.h>
#include <linux/prandom.h>

#include "gq_wheel.h"

/* Module parameters: random operations of a long test, start of the numbers */
extern unsigned int gq_test_ops;
extern unsigned long gq_test_seed;

/* Zeroed memory of any size, freed when the test case ends. */
void *gq_test_alloc(struct kunit *test, size_t size);
void gq_test_free(struct kunit *test, void *mem);

/* Give a wheel spare blocks, 1 to 512, freed when the test case ends. */
void gq_test_stock(struct kunit *test, struct gq_wheel *w, u32 blocks);

/* A bit above the leaves is set if and only if the word below is not zero. */
void gq_test_ffs_levels(struct kunit *test, const struct gq_ffs *f);

/* The next node of a slot, newest first; @at begins as the slot, @left as 0. */
static inline const struct gq_node *gq_test_walk(const struct gq_node **at,
						 u32 *left)
{
	const struct gq_node *node = *at;

	if (!gq_is_block(node)) {
		*at = node ? node->next : NULL;
		return node;
	}
	if (!*left)
		*left = gq_block_count(node);
	node = gq_block(*at)->node[--*left];
	if (!*left)
		*at = gq_block(*at)->below;
	return node;
}

static inline u64 gq_test_u64(struct rnd_state *rnd)
{
	return (u64)prandom_u32_state(rnd) << 32 | prandom_u32_state(rnd);
}

/* 0 .. ceil - 1, near enough to uniform for ceil far below 2^32 */
static inline u32 gq_test_below(struct rnd_state *rnd, u32 ceil)
{
	return (u64)prandom_u32_state(rnd) * ceil >> 32;
}

#endif /* _NET_SCHED_GQ_KUNIT_H */
