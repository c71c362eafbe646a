// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gq_approx.h in userspace, beside a model that looks at every entry.
 *
 * The in-kernel suite sch_gq_approx has the long tests and the sums. This one
 * proves that the same file builds against the kernel's tools/include, and lets
 * the sanitizers watch the memory: entries come from malloc() and go back when
 * they are taken out, so that a stale link is a use after free. Expected:
 *
 * 1. What comes first is the least rank's bucket, or an inversion is counted; it
 *    is never more than 31 buckets behind.
 * 2. All entries leave, once; ranks of all sizes up to the largest.
 */
#include <stdlib.h>

#include "gq_approx.h"
#include "gq_random.h"

/* The harness leaves parameters unused. */
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "kselftest_harness.h"

#define ENTRIES	300	/* the model looks at all of them, each time */
#define ROUNDS	60000

struct rig {
	struct gq_approx q;
	void		*mem;
	struct gq_rnode	*inside[ENTRIES];
	__u64		state;
	__u64		now;		/* rank that came first last time */
	__u64		inversions;
	__u64		inserted;
};

FIXTURE(approx) {
	struct rig	r;
};

FIXTURE_VARIANT(approx) {
	__u32	shift;
	__u64	spread;		/* of ranks, in buckets */
};

FIXTURE_VARIANT_ADD(approx, dense) { .spread = 200 };
FIXTURE_VARIANT_ADD(approx, window) { .shift = 3, .spread = 523 };
FIXTURE_VARIANT_ADD(approx, sparse) { .shift = 10, .spread = 4000 };
FIXTURE_VARIANT_ADD(approx, far) { .shift = 24, .spread = 1000000 };

FIXTURE_SETUP(approx)
{
	struct rig *r = &self->r;

	r->mem = calloc(1, gq_approx_size());
	ASSERT_NE(NULL, r->mem);
	gq_approx_init(&r->q, r->mem, variant->shift);
	r->state = variant->shift + 1;
}

FIXTURE_TEARDOWN(approx)
{
	for (int i = 0; i < ENTRIES; i++)
		free(self->r.inside[i]);
	free(self->r.mem);
}

/* Mostly a little ahead of the last; now and then anywhere at all. */
static __u64 pick(struct rig *r, __u64 width)
{
	__u64 dice = rnd(&r->state) >> 58, by = rnd(&r->state) % width;

	if (dice == 0)
		return rnd(&r->state) >> (by & 31);
	if (dice == 1)
		return ~0ULL - by;
	if (dice < 8 || r->now > ~0ULL - width)
		return r->now - (by < r->now ? by : r->now);
	return r->now + by;
}

static const char *insert(struct rig *r, int i, __u64 width)
{
	struct gq_rnode *n = malloc(sizeof(*n));

	if (!n)
		return "no memory";
	n->rank = pick(r, width);
	r->inside[i] = n;
	r->inserted++;
	gq_approx_insert(&r->q, n);
	return NULL;
}

static void take(struct rig *r, int i)
{
	gq_approx_remove(&r->q, r->inside[i]);
	free(r->inside[i]);
	r->inside[i] = NULL;
}

static __u64 bucket_of(const struct rig *r, const struct gq_rnode *n)
{
	__u64 bucket = n->rank >> r->q.shift;

	return bucket < r->q.base ? r->q.base : bucket;
}

/* Expectation 1. Returns what is wrong, or NULL. */
static const char *pop(struct rig *r)
{
	struct gq_rnode *n = gq_approx_first(&r->q);
	__u64 least = ~0ULL;
	int at = -1;

	for (int i = 0; i < ENTRIES; i++) {
		if (!r->inside[i])
			continue;
		if (!n)
			return "nothing is first";
		if (r->inside[i] == n)
			at = i;
		least = min(least, bucket_of(r, r->inside[i]));
	}
	if (!n)
		return NULL;
	if (at < 0)
		return "what is first is not inside";
	if (bucket_of(r, n) - least > 31)
		return "another is of a bucket far before";
	r->inversions += bucket_of(r, n) != least;
	if (r->inversions != r->q.stats.inversions)
		return "inversions are counted wrong";
	r->now = n->rank;
	take(r, at);
	return NULL;
}

TEST_F(approx, random)
{
	struct rig *r = &self->r;
	__u64 width = variant->spread << variant->shift;
	const char *wrong;

	for (int i = 0; i < ROUNDS; i++) {
		__u64 dice = rnd(&r->state) >> 32;
		int at = dice % ENTRIES;

		wrong = NULL;
		if (dice >> 29 < 3)
			wrong = pop(r);
		else if (!r->inside[at])
			wrong = insert(r, at, width);
		else if (dice >> 29 == 7)
			take(r, at);
		ASSERT_EQ(NULL, wrong)
			TH_LOG("step %d: %s", i, wrong);

		/* Expectation 2. Empty, it starts anywhere. */
		for (int n = 0; i % 5000 == 4999 && r->q.count; n++) {
			ASSERT_LT(n, ENTRIES);
			wrong = pop(r);
			ASSERT_EQ(NULL, wrong)
				TH_LOG("step %d: %s", i, wrong);
		}
		if (i % 5000 == 4999) {
			ASSERT_EQ(NULL, gq_approx_first(&r->q));
			for (int n = 0; n < ENTRIES; n++)
				ASSERT_EQ(NULL, r->inside[n]);
			r->now = rnd(&r->state) >> (i / 5000 % 64);
		}
	}
	/* A run in which little happened would prove little. */
	EXPECT_GT(r->inserted, ROUNDS / 4U);
	EXPECT_GT(r->q.stats.searches, 0U);
}

TEST_HARNESS_MAIN
