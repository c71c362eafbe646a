// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gq_wheel.h in userspace, beside models that look at every element.
 *
 * The in-kernel suites sch_gq_ffs and sch_gq_wheel have the long tests. This one
 * proves that the same file builds against the kernel's tools/include, and lets
 * the sanitizers watch it. Expected:
 *
 * 1. next(i) of a bitmap is the first member at or after i, in sets of each
 *    size 1 .. 300 and around 4096, built by random insertions and removals.
 * 2. A wheel releases a node never before its deadline, at the first call at
 *    which its bucket is over, buckets in order, each first in first out.
 * 3. What is beyond the window is released on time all the same.
 * 4. Draining returns what is left, once.
 */
#include <stdlib.h>
#include <string.h>

#include "gq_wheel.h"
#include "gq_random.h"

/* The harness leaves parameters unused. */
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "kselftest_harness.h"

#define NODES	128	/* the model looks at all of them, each time */
#define ROUNDS	40000

static __u32 naive_next(const char *in, __u32 nbits, __u32 from)
{
	for (; from < nbits; from++)
		if (in[from])
			return from;
	return GQ_FFS_NONE;
}

/* Returns the first position with a wrong answer, or -1. */
static int ffs_differs(__u32 nbits, __u32 rounds)
{
	void *mem = calloc(1, gq_ffs_size(nbits));
	char *in = calloc(1, nbits);
	struct gq_ffs f;
	__u64 state = nbits;
	int wrong = 0;
	__u32 i;

	if (!mem || !in)
		goto out;
	gq_ffs_init(&f, mem, nbits);
	wrong = -1;
	for (i = 0; i < rounds && wrong < 0; i++) {
		__u32 bit = rnd(&state) % nbits, from = rnd(&state) % nbits;

		in[bit] ^= 1;
		if (in[bit])
			gq_ffs_set(&f, bit);
		else
			gq_ffs_clear(&f, bit);
		if (gq_ffs_test(&f, bit) != in[bit])
			wrong = bit;
		else if (gq_ffs_next(&f, from) != naive_next(in, nbits, from))
			wrong = from;
	}
	for (i = 0; i < nbits && wrong < 0; i++)
		if (gq_ffs_next(&f, i) != naive_next(in, nbits, i))
			wrong = i;
	if (wrong < 0 && gq_ffs_next(&f, nbits) != GQ_FFS_NONE)
		wrong = nbits;
out:
	free(in);
	free(mem);
	return wrong;
}

TEST(bitmap_of_every_small_size)
{
	for (__u32 nbits = 1; nbits <= 300; nbits++) {
		ASSERT_EQ(-1, ffs_differs(nbits, 600))
			TH_LOG("size %u", nbits);
	}
}

TEST(bitmap_around_levels)
{
	for (__u32 nbits = 4094; nbits <= 4098; nbits++) {
		ASSERT_EQ(-1, ffs_differs(nbits, 5000))
			TH_LOG("size %u", nbits);
	}
	ASSERT_EQ(-1, ffs_differs((1 << 15), 2000));
}

/* One node, and where the model thinks that it is. */
struct item {
	struct gq_node	node;
	__u64		bucket;
	__u64		order;
	int		inside;
};

struct rig {
	struct gq_wheel	w;
	void		*mem;
	struct item	item[NODES];
	__u64		base;
	__u64		order;
	__u64		state;
	__u64		now;
	__u32		inside;
};

FIXTURE(wheel) {
	struct rig	r;
};

FIXTURE_VARIANT(wheel) {
	__u32	slots;
	__u32	shift;
};

FIXTURE_VARIANT_ADD(wheel, tiny) { .slots = 2, .shift = 0 };
FIXTURE_VARIANT_ADD(wheel, one_word) { .slots = 64, .shift = 10 };
FIXTURE_VARIANT_ADD(wheel, two_levels) { .slots = 128, .shift = 13 };
FIXTURE_VARIANT_ADD(wheel, usual) { .slots = 1 << 15, .shift = 13 };
FIXTURE_VARIANT_ADD(wheel, coarse) { .slots = 1 << 12, .shift = 24 };

FIXTURE_SETUP(wheel)
{
	struct rig *r = &self->r;

	r->mem = calloc(1, gq_wheel_size(variant->slots));
	ASSERT_NE(NULL, r->mem);
	gq_wheel_init(&r->w, r->mem, variant->slots, variant->shift);
	r->state = variant->slots + variant->shift;
}

FIXTURE_TEARDOWN(wheel)
{
	free(self->r.mem);
}

/* The item that has to leave first, or NULL. */
static struct item *first_of(struct rig *r)
{
	struct item *first = NULL;

	for (struct item *it = r->item; it < r->item + NODES; it++) {
		if (!it->inside)
			continue;
		if (!first || it->bucket < first->bucket ||
		    (it->bucket == first->bucket && it->order < first->order))
			first = it;
	}
	return first;
}

static void model_insert(struct rig *r, struct item *it)
{
	__u64 d = it->node.deadline, last;

	if (!r->inside && r->now >> r->w.shift > r->base)
		r->base = r->now >> r->w.shift;
	last = r->base + r->w.mask;
	it->bucket = d ? (d - 1) >> r->w.shift : 0;
	if (it->bucket < r->base)
		it->bucket = r->base;
	if (it->bucket > last) {
		it->bucket = last;
		if (r->w.mask >= 512)
			it->bucket -= last % ((r->w.mask + 1) / 512) +
				      (r->w.mask + 1) / 512;
	}
	it->order = r->order++;
	it->inside = 1;
	r->inside++;
}

/* The next deadline: now and then over, mostly in the window, or beyond it. */
static __u64 pick(struct rig *r)
{
	__u64 window = (r->w.mask + 1ULL) << r->w.shift;
	__u64 d = rnd(&r->state), dice = rnd(&r->state) % 16;

	if (dice == 0)
		return r->now - d % (r->now + 1);
	if (dice == 1)
		return r->now + d % (window * 20);
	if (dice == 2)		/* the edge of a bucket */
		return (r->now + d % window) >> r->w.shift <<
			r->w.shift;
	return r->now + d % window;
}

/* Expectations 2 and 3. Returns what is wrong, or NULL. */
static const char *expire(struct rig *r)
{
	__u64 limit = r->now >> r->w.shift;
	struct item *it, *later[NODES];
	struct gq_list due = { };
	__u32 n, released = 0, nlater = 0;

	n = gq_wheel_expire(&r->w, r->now, &due);
	while ((it = first_of(r)) && it->bucket < limit) {
		it->inside = 0;
		r->inside--;
		if (it->node.deadline > r->now) {
			later[nlater++] = it;
			continue;
		}
		if (gq_list_pop(&due) != &it->node)
			return "another node was released first";
		released++;
	}
	if (gq_list_pop(&due))
		return "a node was released early";
	if (n != released)
		return "the number of released nodes is wrong";
	if (limit > r->base)
		r->base = limit;
	for (n = 0; n < nlater; n++)
		model_insert(r, later[n]);
	return NULL;
}

static const char *compare(struct rig *r)
{
	struct item *first = first_of(r);

	if (r->w.count != r->inside)
		return "count";
	if (r->w.base != r->base)
		return "base";
	if (r->w.next != (first ? first->bucket : GQ_WHEEL_EMPTY))
		return "next";
	if (first && gq_wheel_due(&r->w) !=
		     (first->bucket + 1) << r->w.shift)
		return "due";
	return NULL;
}

static const char *step(struct rig *r)
{
	struct item *it = &r->item[rnd(&r->state) % NODES];
	__u64 g = 1ULL << r->w.shift;
	const char *wrong = NULL;

	if (!it->inside) {
		it->node.deadline = pick(r);
		model_insert(r, it);
		gq_wheel_insert(&r->w, &it->node, r->now);
	} else {
		__u64 due = gq_wheel_due(&r->w), dice = rnd(&r->state) % 64;

		if (dice == 0)		/* a jump of up to a window */
			r->now += rnd(&r->state) % (g << 1) * r->w.mask / 2;
		else if (dice < 32 && due > r->now)
			r->now = due - dice % 2;
		else
			r->now += rnd(&r->state) % (g * 2);
		wrong = expire(r);
	}
	return wrong ? wrong : compare(r);
}

TEST_F(wheel, random)
{
	struct rig *r = &self->r;
	const char *wrong;

	for (int i = 0; i < ROUNDS; i++) {
		wrong = step(r);
		ASSERT_EQ(NULL, wrong)
			TH_LOG("step %d: %s", i, wrong);
	}
	/* A run in which little happened would prove little. */
	EXPECT_GT(r->order, ROUNDS / 4U);
	EXPECT_GT(r->w.reinserts, 0U);

	/* The clock goes on until all have left: none is lost. */
	for (int i = 0; r->w.count; i++) {
		ASSERT_LT(i, 100 * NODES);
		r->now = gq_wheel_due(&r->w);
		wrong = expire(r);
		ASSERT_EQ(NULL, wrong)
			TH_LOG("end: %s", wrong);
	}
	EXPECT_EQ(0U, r->inside);
}

TEST_F(wheel, drain)
{
	struct rig *r = &self->r;
	struct gq_list all = { };
	struct item *it;

	for (int i = 0; i < NODES; i++) {
		it = &r->item[i];
		it->node.deadline = pick(r);
		model_insert(r, it);
		gq_wheel_insert(&r->w, &it->node, r->now);
	}
	gq_wheel_drain(&r->w, &all);
	while ((it = first_of(r))) {
		ASSERT_EQ(&it->node, gq_list_pop(&all));
		it->inside = 0;
		r->inside--;
	}
	EXPECT_EQ(NULL, gq_list_pop(&all));
	EXPECT_EQ(0U, r->w.count);
	EXPECT_EQ(GQ_WHEEL_EMPTY, r->w.next);
	EXPECT_EQ(GQ_FFS_NONE, gq_ffs_next(&r->w.ffs, 0));
}

TEST_HARNESS_MAIN
