// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * KUnit tests of sch_gq's bitmaps and lists, and what all its suites share.
 *
 * The model of the bitmaps is a plain one, walked bit by bit. Expectations:
 *
 * 1. next(i) is the first member at or after i, for every i, at every density,
 *    for sizes next to each power of 64; past the end there is none.
 * 2. A bit above the leaves is set if and only if the word below is not zero.
 * 3. Setting a member again, or clearing what is not one, changes nothing.
 * 4. Lists keep their order, whatever is added, spliced or taken.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "gq_kunit.h"

unsigned int gq_test_ops = 10000000;
module_param_named(ops, gq_test_ops, uint, 0444);
MODULE_PARM_DESC(ops,
		 "random operations on wheels of all sizes, and half as many on rank queues; 100000 or more");

unsigned long gq_test_seed = 1;
module_param_named(seed, gq_test_seed, ulong, 0444);
MODULE_PARM_DESC(seed, "start of the random numbers");

KUNIT_DEFINE_ACTION_WRAPPER(gq_test_kvfree, kvfree, const void *);

void *gq_test_alloc(struct kunit *test, size_t size)
{
	void *mem = kvzalloc(size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, mem);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, gq_test_kvfree, mem));
	return mem;
}

void gq_test_free(struct kunit *test, void *mem)
{
	kunit_release_action(test, gq_test_kvfree, mem);
}

void gq_test_stock(struct kunit *test, struct gq_wheel *w, u32 blocks)
{
	/* That is a power of two, and so is aligned as blocks have to be. */
	struct gq_block *b = gq_test_alloc(test, 512 * GQ_BLOCK_ALIGN);

	while (blocks--)
		gq_wheel_stock(w, (void *)b + blocks * GQ_BLOCK_ALIGN);
}

/* Expectation 2, for any set of bitmaps. */
void gq_test_ffs_levels(struct kunit *test, const struct gq_ffs *f)
{
	u32 l, i;

	for (l = 0; l + 1 < f->nlevels; l++) {
		u32 words = (gq_ffs_level_bits(f->nbits, l) + 63) / 64;

		for (i = 0; i < words; i++) {
			bool up = f->level[l + 1][i / 64] >> (i % 64) & 1;

			KUNIT_ASSERT_EQ_MSG(test, up, !!f->level[l][i],
					    "level %u word %u", l, i);
		}
	}
	KUNIT_ASSERT_LE(test, gq_ffs_level_bits(f->nbits, l), 64U);
}

/* ---- bitmaps ---- */

/* 1 and 64^n with their neighbours, and wheels' usual sizes */
static const u32 gq_ffs_sizes[] = {
	1, 2, 3, 63, 64, 65, 127, 128, 129, 4095, 4096, 4097, 1 << 13, 1 << 15,
	(1 << 18) - 1, 1 << 18, (1 << 18) + 1,
};

static void gq_ffs_size_desc(const u32 *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u bits", *size);
}

KUNIT_ARRAY_PARAM(gq_ffs_size, gq_ffs_sizes, gq_ffs_size_desc);

struct gq_ffs_pair {
	struct gq_ffs	f;
	unsigned long	*model;
	u32		nbits;
};

static void gq_ffs_pair_init(struct kunit *test, struct gq_ffs_pair *p,
			     u32 nbits)
{
	p->nbits = nbits;
	p->model = gq_test_alloc(test, BITS_TO_LONGS(nbits) * sizeof(long));
	gq_ffs_init(&p->f, gq_test_alloc(test, gq_ffs_size(nbits)), nbits);
}

static void gq_ffs_pair_toggle(struct gq_ffs_pair *p, u32 bit)
{
	if (test_bit(bit, p->model)) {
		__clear_bit(bit, p->model);
		gq_ffs_clear(&p->f, bit);
	} else {
		__set_bit(bit, p->model);
		gq_ffs_set(&p->f, bit);
	}
}

/* Expectations 1 and 2: the model is walked downwards, bit by bit. */
static void gq_ffs_check(struct kunit *test, const struct gq_ffs_pair *p)
{
	u32 expect = GQ_FFS_NONE, i;

	KUNIT_ASSERT_EQ(test, gq_ffs_next(&p->f, p->nbits), GQ_FFS_NONE);
	KUNIT_ASSERT_EQ(test, gq_ffs_next(&p->f, p->nbits + 1), GQ_FFS_NONE);
	KUNIT_ASSERT_EQ(test, gq_ffs_next(&p->f, p->nbits + 64), GQ_FFS_NONE);
	KUNIT_ASSERT_EQ(test, gq_ffs_next(&p->f, U32_MAX), GQ_FFS_NONE);

	for (i = p->nbits; i--;) {
		bool in = test_bit(i, p->model);

		if (in)
			expect = i;
		KUNIT_ASSERT_EQ_MSG(test, gq_ffs_test(&p->f, i), in,
				    "bit %u of %u", i, p->nbits);
		KUNIT_ASSERT_EQ_MSG(test, gq_ffs_next(&p->f, i), expect,
				    "from %u of %u", i, p->nbits);
	}
	gq_test_ffs_levels(test, &p->f);
	cond_resched();
}

/* The memory asked for is used whole: the levels fill it without overlap. */
static void gq_ffs_geometry(struct kunit *test)
{
	const u32 nbits = *(const u32 *)test->param_value;
	u32 l, n = nbits, words = 0, levels = 0;
	u64 mem = 0;
	struct gq_ffs f;

	do {
		n = DIV_ROUND_UP(n, 64);
		words += n;
		levels++;
	} while (n > 1);
	KUNIT_EXPECT_EQ(test, gq_ffs_size(nbits), words * sizeof(u64));

	gq_ffs_init(&f, &mem, nbits);
	KUNIT_EXPECT_EQ(test, f.nlevels, levels);
	for (l = 0, n = nbits, words = 0; l < levels; l++) {
		KUNIT_EXPECT_PTR_EQ(test, f.level[l], &mem + words);
		n = DIV_ROUND_UP(n, 64);
		words += n;
	}
}

/* Each member alone, at and around every word's and level's edge. */
static void gq_ffs_single(struct kunit *test)
{
	const u32 nbits = *(const u32 *)test->param_value;
	struct gq_ffs_pair p;
	u32 i, step;

	gq_ffs_pair_init(test, &p, nbits);
	gq_ffs_check(test, &p);

	/* Every bit of small sets; of large ones, edges and a sample. */
	step = nbits <= 129 ? 1 : nbits / 8 | 1;
	for (i = 0; i < nbits; i += step) {
		gq_ffs_pair_toggle(&p, i);
		gq_ffs_check(test, &p);
		gq_ffs_pair_toggle(&p, i);
	}
	for (i = 64; i < nbits; i *= 64) {
		u32 edge;

		for (edge = i - 1; edge <= i + 1 && edge < nbits; edge++) {
			gq_ffs_pair_toggle(&p, edge);
			gq_ffs_check(test, &p);
			gq_ffs_pair_toggle(&p, edge);
		}
	}
	gq_ffs_pair_toggle(&p, nbits - 1);
	gq_ffs_check(test, &p);
	gq_ffs_pair_toggle(&p, nbits - 1);
	gq_ffs_check(test, &p);
}

/* Random members, from none to all and back. */
static void gq_ffs_random(struct kunit *test)
{
	const u32 nbits = *(const u32 *)test->param_value;
	struct gq_ffs_pair p;
	struct rnd_state rnd;
	u32 round, i;

	prandom_seed_state(&rnd, gq_test_seed + nbits);
	gq_ffs_pair_init(test, &p, nbits);

	for (round = 0; round < 8; round++) {
		for (i = 0; i <= nbits >> (round * 2); i++)
			gq_ffs_pair_toggle(&p, gq_test_below(&rnd, nbits));
		gq_ffs_check(test, &p);
	}
	for (i = 0; i < nbits; i++)
		if (!test_bit(i, p.model))
			gq_ffs_pair_toggle(&p, i);
	gq_ffs_check(test, &p);

	/* Thin out from the full set: clears must climb only when empty. */
	for (round = 0; round < 4; round++) {
		for (i = 0; i < nbits; i++)
			if (test_bit(i, p.model) && gq_test_below(&rnd, 8))
				gq_ffs_pair_toggle(&p, i);
		gq_ffs_check(test, &p);
	}
	for (i = 0; i < nbits; i++)
		if (test_bit(i, p.model))
			gq_ffs_pair_toggle(&p, i);
	gq_ffs_check(test, &p);
	KUNIT_EXPECT_EQ(test, gq_ffs_next(&p.f, 0), GQ_FFS_NONE);
	for (i = 0; i < p.f.nlevels; i++)
		KUNIT_EXPECT_EQ(test, p.f.level[i][0], 0ULL);
}

/* Expectation 3 */
static void gq_ffs_idempotent(struct kunit *test)
{
	const u32 nbits = *(const u32 *)test->param_value;
	struct gq_ffs_pair p;
	struct rnd_state rnd;
	u32 i;

	prandom_seed_state(&rnd, gq_test_seed + nbits);
	gq_ffs_pair_init(test, &p, nbits);
	for (i = 0; i < nbits / 4 + 1; i++) {
		u32 bit = gq_test_below(&rnd, nbits);

		gq_ffs_set(&p.f, bit);
		gq_ffs_set(&p.f, bit);
		__set_bit(bit, p.model);
		bit = gq_test_below(&rnd, nbits);
		gq_ffs_clear(&p.f, bit);
		gq_ffs_clear(&p.f, bit);
		__clear_bit(bit, p.model);
	}
	gq_ffs_check(test, &p);
}

/* ---- lists ---- */

static void gq_list_order(struct kunit *test)
{
	struct gq_list a = { }, b = { }, none = { };
	struct gq_node n[6], *node;
	u32 i;

	gq_list_splice_tail(&a, &none);
	KUNIT_EXPECT_NULL(test, gq_list_pop(&a));

	for (i = 0; i < 3; i++)
		gq_list_add_tail(&b, &n[i]);
	gq_list_splice_tail(&a, &b);
	b = none;
	for (i = 3; i < 5; i++)
		gq_list_add_tail(&b, &n[i]);
	gq_list_splice_tail(&a, &b);
	gq_list_splice_tail(&a, &none);
	gq_list_add_tail(&a, &n[5]);

	for (i = 0; i < 6; i++)
		KUNIT_EXPECT_PTR_EQ(test, gq_list_pop(&a), &n[i]);
	KUNIT_EXPECT_NULL(test, gq_list_pop(&a));

	/* A list that was emptied forgets its old tail. */
	gq_list_add_tail(&a, &n[0]);
	node = gq_list_pop(&a);
	KUNIT_EXPECT_PTR_EQ(test, node, &n[0]);
	KUNIT_EXPECT_NULL(test, gq_list_pop(&a));
}

static struct kunit_case gq_ffs_cases[] = {
	KUNIT_CASE_PARAM(gq_ffs_geometry, gq_ffs_size_gen_params),
	KUNIT_CASE_PARAM(gq_ffs_single, gq_ffs_size_gen_params),
	KUNIT_CASE_PARAM(gq_ffs_random, gq_ffs_size_gen_params),
	KUNIT_CASE_PARAM(gq_ffs_idempotent, gq_ffs_size_gen_params),
	KUNIT_CASE(gq_list_order),
	{ }
};

static struct kunit_suite gq_ffs_suite = {
	.name = "sch_gq_ffs",
	.test_cases = gq_ffs_cases,
};

kunit_test_suite(gq_ffs_suite);

MODULE_DESCRIPTION("KUnit tests of sch_gq's data structures");
MODULE_LICENSE("GPL");
