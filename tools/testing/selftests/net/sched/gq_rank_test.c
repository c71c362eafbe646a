// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gq_rank.h in userspace, beside a model that looks at every entry.
 *
 * The in-kernel suite sch_gq_rank has the long tests. This one proves that the
 * same file builds against the kernel's tools/include, and lets the sanitizers
 * watch the memory: entries come from malloc() and go back when they are taken
 * out, so that a stale link is a use after free. Expected:
 *
 * 1. What comes first has the smallest bucket, ranks below the window being
 *    taken for its first bucket; in a fixed queue, those beyond for its last.
 * 2. Of one bucket, those that were never parked leave as they came, and so do
 *    those that were.
 * 3. All of them leave, once; ranks of all sizes up to the largest.
 */
#include <stdlib.h>

#include "gq_rank.h"
#include "gq_random.h"

/* The harness leaves parameters unused. */
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "kselftest_harness.h"

#define ENTRIES	64	/* the model looks at all of them, each time */
#define ROUNDS	60000

struct entry {
	struct gq_rnode	n;
	__u64		bucket;
	__u64		order;
	bool		parked;
};

struct rig {
	struct gq_rankq	q;
	void		*mem;
	struct entry	*inside[ENTRIES];
	__u64		state;
	__u64		order;
	__u64		parked;
	__u64		now;		/* what came first last time */
};

FIXTURE(rank) {
	struct rig	r;
};

FIXTURE_VARIANT(rank) {
	__u32	slots;
	__u32	shift;
	bool	slide;
};

FIXTURE_VARIANT_ADD(rank, tiny) { .slots = 4, .slide = true };
FIXTURE_VARIANT_ADD(rank, one_word) { .slots = 64, .shift = 10, .slide = true };
FIXTURE_VARIANT_ADD(rank, usual) { .slots = 4096, .shift = 10, .slide = true };
FIXTURE_VARIANT_ADD(rank, coarse) { .slots = 512, .shift = 24, .slide = true };
FIXTURE_VARIANT_ADD(rank, fixed_small) { .slots = 64 };
FIXTURE_VARIANT_ADD(rank, fixed) { .slots = 4096, .shift = 3 };

FIXTURE_SETUP(rank)
{
	struct rig *r = &self->r;

	r->mem = calloc(1, gq_rankq_size(variant->slots));
	ASSERT_NE(NULL, r->mem);
	gq_rankq_init(&r->q, r->mem, variant->slots, variant->shift,
		      variant->slide);
	r->state = variant->slots + variant->shift;
}

FIXTURE_TEARDOWN(rank)
{
	for (int i = 0; i < ENTRIES; i++)
		free(self->r.inside[i]);
	free(self->r.mem);
}

/* Mostly within two windows of the last; now and then anywhere at all. */
static __u64 pick(struct rig *r)
{
	__u64 window = (r->q.mask + 1ULL) << r->q.shift;
	__u64 dice = rnd(&r->state) >> 60, by = rnd(&r->state) >> 8;

	if (dice == 0)
		return by << (by & 15);
	if (dice == 1)
		return ~0ULL - by % window;
	if (dice < 5 || r->now > ~0ULL - 2 * window)
		return r->now - (by % window < r->now ? by % window : r->now);
	return r->now + by % (dice < 7 ? 2 * window : window / 2);
}

static const char *insert(struct rig *r, int i)
{
	struct entry *it = malloc(sizeof(*it));
	__u64 k, last;

	if (!it)
		return "no memory";
	it->n.rank = pick(r);
	it->order = r->order++;
	r->inside[i] = it;
	gq_rankq_insert(&r->q, &it->n);

	/* The window of now is that of the insertion. */
	k = it->n.rank >> r->q.shift;
	last = r->q.base + r->q.mask;
	if (last < r->q.base)
		return "the window wraps around";
	it->parked = r->q.slide && k > last;
	it->bucket = k < r->q.base ? r->q.base : k;
	if (!r->q.slide && k > last)
		it->bucket = last;
	r->parked += it->parked;
	return NULL;
}

static void take(struct rig *r, int i)
{
	gq_rankq_remove(&r->q, &r->inside[i]->n);
	free(r->inside[i]);
	r->inside[i] = NULL;
}

/* Expectations 1 and 2. Returns what is wrong, or NULL. */
static const char *pop(struct rig *r)
{
	struct gq_rnode *n = gq_rankq_first(&r->q);
	struct entry *got = (struct entry *)n, *it;
	int at = -1;

	for (int i = 0; i < ENTRIES; i++) {
		it = r->inside[i];
		if (it && it == got)
			at = i;
		if (!it || it == got)
			continue;
		if (!got)
			return "nothing is first";
		if (it->bucket < got->bucket)
			return "another is of a smaller bucket";
		if (it->bucket == got->bucket && it->parked == got->parked &&
		    it->order < got->order)
			return "another came earlier";
	}
	if (!got)
		return NULL;
	if (at < 0)
		return "what is first is not inside";
	r->now = got->n.rank;
	take(r, at);
	return NULL;
}

TEST_F(rank, random)
{
	struct rig *r = &self->r;
	const char *wrong;

	for (int i = 0; i < ROUNDS; i++) {
		__u64 dice = rnd(&r->state) >> 32;
		int at = dice % ENTRIES;

		wrong = NULL;
		if (dice >> 29 < 3)
			wrong = pop(r);
		else if (!r->inside[at])
			wrong = insert(r, at);
		else
			take(r, at);
		ASSERT_EQ(NULL, wrong)
			TH_LOG("step %d: %s", i, wrong);

		/* Empty, it starts anywhere. */
		for (int n = 0; i % 1000 == 0 && r->q.count; n++) {
			ASSERT_LT(n, ENTRIES);
			wrong = pop(r);
			ASSERT_EQ(NULL, wrong)
				TH_LOG("step %d: %s", i, wrong);
		}
		if (i % 1000 == 0) {
			ASSERT_EQ(NULL, gq_rankq_first(&r->q));
			for (int n = 0; n < ENTRIES; n++)
				ASSERT_EQ(NULL, r->inside[n]);
			r->now = rnd(&r->state) >> (i / 1000 % 64);
		}
	}
	/* A run in which little happened would prove little. */
	EXPECT_GT(r->order, ROUNDS / 4U);
	EXPECT_GE(r->parked, variant->slide ? ROUNDS / 64U : 0U);
}

TEST_HARNESS_MAIN
