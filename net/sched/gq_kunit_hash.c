// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * KUnit tests of sch_gq's flow table.
 *
 * The model is an array of keys with a flag for "is inside". Expectations:
 *
 * 1. An entry is found if and only if it is inside, in every phase of a resize.
 * 2. It is in one chain, of the right index, of the right table.
 * 3. A resize ends after the promised number of steps, load stays <= 1.
 * 4. Sweep takes out what is idle and nothing else; drain takes all.
 * 5. An entry that was used last, and is swept, drained or replaced by a copy, is
 *    not found any more, however it was found before.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/sched.h>

#include "gq_hash.h"
#include "gq_kunit.h"

#define GQ_KEYS		40000	/* more than 2^15: five sizes up */

struct gq_entry {
	struct gq_hent	e;
	u32		mark;	/* the walk that saw it last */
	bool		inside;
	bool		idle;
};

struct gq_hash_rig {
	struct kunit	*test;
	struct gq_hash	h;
	struct rnd_state rnd;
	struct gq_entry	*entry;
	u32		count;
	u32		walks;
	u32		steps;		/* of this resize, until now */
	u32		grown;
	u32		shrunk;
};

static struct gq_table *gq_test_table(struct kunit *test, u32 log)
{
	struct gq_table *t = gq_test_alloc(test, gq_table_size(log));

	t->log = log;
	return t;
}

/* Keys as sch_gq has them: addresses of sockets, small hashes. */
static struct gq_hash_rig *gq_hash_rig_new(struct kunit *test)
{
	struct gq_hash_rig *r = gq_test_alloc(test, sizeof(*r));
	u32 i;

	r->test = test;
	r->entry = gq_test_alloc(test, GQ_KEYS * sizeof(*r->entry));
	r->h.cur = gq_test_table(test, GQ_HASH_LOG_MIN);
	prandom_seed_state(&r->rnd, gq_test_seed);
	for (i = 0; i < GQ_KEYS; i++)
		r->entry[i].e.key = i & 1 ? i : ULONG_MAX - 2176UL * i;
	return r;
}

static void gq_hash_walk_table(struct gq_hash_rig *r, const struct gq_table *t,
			       u32 *count)
{
	const struct gq_hent *e;
	u32 i;

	for (i = 0; i < 1U << t->log; i++) {
		if (t == r->h.old && i < r->h.moved)
			KUNIT_ASSERT_NULL(r->test, t->chain[i]);
		for (e = t->chain[i]; e; e = e->next) {
			struct gq_entry *it =
				container_of(e, struct gq_entry, e);

			KUNIT_ASSERT_EQ(r->test, gq_hash_index(t, e->key), i);
			KUNIT_ASSERT_TRUE(r->test, it->inside);
			KUNIT_ASSERT_NE(r->test, it->mark, r->walks);
			it->mark = r->walks;
			++*count;
		}
	}
}

/* Expectations 1 and 2 */
static void gq_hash_walk(struct gq_hash_rig *r)
{
	u32 count = 0, i;

	r->walks++;
	gq_hash_walk_table(r, r->h.cur, &count);
	if (r->h.old)
		gq_hash_walk_table(r, r->h.old, &count);
	KUNIT_ASSERT_EQ(r->test, count, r->count);
	KUNIT_ASSERT_EQ(r->test, r->h.count, r->count);

	for (i = 0; i < GQ_KEYS; i++) {
		struct gq_entry *it = &r->entry[i];

		KUNIT_ASSERT_PTR_EQ(r->test, gq_hash_find(&r->h, it->e.key),
				    it->inside ? &it->e : NULL);
		/* Expectation 5: all of them in turn, a few at a time. */
		if (it->inside && (i ^ r->walks) % 64 == 0)
			gq_hash_used(&r->h, &it->e);
	}
	cond_resched();
}

/* What sch_gq does after each new flow, with memory at hand. Expectation 3 */
static void gq_hash_turn(struct gq_hash_rig *r)
{
	struct gq_table *done;
	u32 log;

	if (r->h.old) {
		u32 chains = 1U << r->h.old->log;

		done = gq_hash_step(&r->h);
		r->steps++;
		KUNIT_ASSERT_EQ(r->test, !!done,
				r->steps * GQ_HASH_STEP >= chains);
		if (!done)
			return;
		KUNIT_ASSERT_NULL(r->test, r->h.old);
		KUNIT_ASSERT_PTR_NE(r->test, done, r->h.cur);
		gq_test_free(r->test, done);
	}
	log = gq_hash_wants(&r->h);
	if (!log) {
		KUNIT_ASSERT_LE(r->test, r->count, 1U << r->h.cur->log);
		return;
	}
	KUNIT_ASSERT_GE(r->test, log, GQ_HASH_LOG_MIN);
	r->grown += log > r->h.cur->log;
	r->shrunk += log < r->h.cur->log;
	r->steps = 0;
	gq_hash_start(&r->h, gq_test_table(r->test, log));
	KUNIT_ASSERT_EQ(r->test, gq_hash_wants(&r->h), 0U);
}

static void gq_hash_add(struct gq_hash_rig *r, u32 i)
{
	struct gq_entry *it = &r->entry[i];
	struct gq_hent *found = gq_hash_find(&r->h, it->e.key);

	KUNIT_ASSERT_PTR_EQ(r->test, found, it->inside ? &it->e : NULL);
	if (!found) {
		gq_hash_insert(&r->h, &it->e);
		it->inside = true;
		r->count++;
		KUNIT_ASSERT_PTR_EQ(r->test, gq_hash_find(&r->h, it->e.key),
				    &it->e);
	}
	gq_hash_turn(r);
	KUNIT_ASSERT_LE(r->test, r->count, 1U << r->h.cur->log);
}

static bool gq_entry_idle(const struct gq_hent *e, const void *ctx)
{
	return container_of(e, const struct gq_entry, e)->idle;
}

static u32 gq_hash_sweep_once(struct gq_hash_rig *r)
{
	struct gq_hent *e, *next;
	u32 n = 0;

	for (e = gq_hash_sweep(&r->h, gq_entry_idle, NULL); e; e = next) {
		struct gq_entry *it = container_of(e, struct gq_entry, e);

		next = e->next;
		KUNIT_ASSERT_TRUE(r->test, it->inside);
		KUNIT_ASSERT_TRUE(r->test, it->idle);
		it->inside = false;
		r->count--;
		n++;
	}
	KUNIT_ASSERT_EQ(r->test, r->h.count, r->count);
	return n;
}

/* Up through five doublings, down again by sweeping, twice. */
static void gq_hash_resize(struct kunit *test)
{
	struct gq_hash_rig *r = gq_hash_rig_new(test);
	u32 round, i, n;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < GQ_KEYS; i++) {
			gq_hash_add(r, i);
			if (i % 2500 == 0 || (r->h.old && i % 577 == 0))
				gq_hash_walk(r);
		}
		KUNIT_EXPECT_EQ(test, r->count, GQ_KEYS);
		KUNIT_EXPECT_EQ(test, r->h.cur->log, 16U);
		gq_hash_walk(r);

		for (i = 0; i < GQ_KEYS; i++)
			r->entry[i].idle = true;
		for (n = 0; r->count || r->h.old || gq_hash_wants(&r->h); n++) {
			gq_hash_sweep_once(r);
			gq_hash_turn(r);
			if (n % 8192 == 0)
				gq_hash_walk(r);
			KUNIT_ASSERT_LT(test, n, 1U << 20);
		}
		KUNIT_EXPECT_EQ(test, r->h.cur->log, GQ_HASH_LOG_MIN);
	}
	KUNIT_EXPECT_EQ(test, r->grown, 12U);
	KUNIT_EXPECT_EQ(test, r->shrunk, 12U);
}

/* Random keys come, go idle, and are swept, while the size breathes. */
static void gq_hash_random(struct kunit *test)
{
	struct gq_hash_rig *r = gq_hash_rig_new(test);
	u32 i, keys = GQ_KEYS, swept = 0;

	for (i = 0; i < 1000000; i++) {
		u32 k;

		/* A wide set of keys, then a narrow one */
		if (i % 125000 == 0)
			keys = keys == GQ_KEYS ? 100 : GQ_KEYS;
		k = gq_test_below(&r->rnd, GQ_KEYS);
		r->entry[k].idle = k >= keys || gq_test_below(&r->rnd, 8) == 0;
		gq_hash_add(r, gq_test_below(&r->rnd, keys));
		swept += gq_hash_sweep_once(r);
		if (i % 10007 == 0)
			gq_hash_walk(r);
	}
	gq_hash_walk(r);
	KUNIT_EXPECT_GE(test, r->grown, 6U);
	KUNIT_EXPECT_GE(test, r->shrunk, 6U);
	KUNIT_EXPECT_GT(test, swept, (u32)GQ_KEYS);
}

/* Expectation 4: one round of sweeps meets every entry, and spares the busy */
static void gq_hash_sweeps(struct kunit *test)
{
	struct gq_hash_rig *r = gq_hash_rig_new(test);
	u32 i, swept = 0;

	for (i = 0; i < 1000; i++) {
		gq_hash_add(r, i);
		r->entry[i].idle = i % 3 == 0;
	}
	for (i = 0; i < 1U << GQ_HASH_LOG_MIN; i++)
		swept += gq_hash_sweep_once(r);
	KUNIT_EXPECT_EQ(test, swept, 334U);
	KUNIT_EXPECT_EQ(test, r->h.sweep, 0U);
	gq_hash_walk(r);
	for (i = 0; i < 1000; i++)
		KUNIT_EXPECT_EQ(test, r->entry[i].inside, i % 3 != 0);
}

/* Copies take the place of entries, half of which were used, amid a resize. */
static void gq_hash_replaces(struct kunit *test)
{
	struct gq_hash_rig *r = gq_hash_rig_new(test);
	struct gq_entry *copy;
	u32 i, n;

	for (n = 0; n <= 1U << GQ_HASH_LOG_MIN || r->h.moved < 512; n++)
		gq_hash_add(r, n);
	KUNIT_ASSERT_NOT_NULL(test, r->h.old);
	copy = gq_test_alloc(test, n * sizeof(*copy));
	for (i = 0; i < n; i++) {
		if (i & 1)
			gq_hash_used(&r->h, &r->entry[i].e);
		copy[i] = r->entry[i];
		gq_hash_replace(&r->h, &r->entry[i].e, &copy[i].e);
		KUNIT_ASSERT_PTR_EQ(test, gq_hash_find(&r->h, copy[i].e.key),
				    &copy[i].e);
	}
	for (i = 0; i < n; i++) {
		memset(&r->entry[i], 0xff, sizeof(r->entry[i]));
		KUNIT_ASSERT_PTR_EQ(test, gq_hash_find(&r->h, copy[i].e.key),
				    &copy[i].e);
	}
	KUNIT_EXPECT_EQ(test, r->h.count, n);
}

/* Drain in the middle of a resize takes all, and the resize can still end. */
static void gq_hash_drains(struct kunit *test)
{
	struct gq_hash_rig *r = gq_hash_rig_new(test);
	struct gq_hent *e, *next;
	u32 i;

	for (i = 0; i <= 1U << GQ_HASH_LOG_MIN || r->h.moved < 512; i++)
		gq_hash_add(r, i);
	KUNIT_ASSERT_NOT_NULL(test, r->h.old);
	gq_hash_walk(r);

	for (e = gq_hash_drain(&r->h); e; e = next) {
		struct gq_entry *it = container_of(e, struct gq_entry, e);

		next = e->next;
		KUNIT_ASSERT_TRUE(test, it->inside);
		it->inside = false;
		r->count--;
	}
	KUNIT_EXPECT_EQ(test, r->count, 0U);
	gq_hash_walk(r);

	for (i = 0; i < GQ_KEYS; i += 7)
		gq_hash_add(r, i);
	gq_hash_walk(r);
}

/* When a table wants another size, up to the ends of the range. */
static void gq_hash_bounds(struct kunit *test)
{
	const u32 min = GQ_HASH_LOG_MIN, max = GQ_HASH_LOG_MAX;
	const struct {
		u32 log, count, wants;
	} cases[] = {
		{ min, 0, 0 },
		{ min, 1U << min, 0 },
		{ min, (1U << min) + 1, min + 1 },
		{ min + 1, (1U << min) / 4 - 1, min },
		{ min + 1, (1U << min) / 4, 0 },
		{ min + 1, 1U << min, 0 },
		{ max - 1, (1U << (max - 1)) + 1, max },
		{ max, U32_MAX, 0 },
		{ max, (1U << max) / 8 - 1, max - 1 },
	};
	struct gq_hash *h = gq_test_alloc(test, sizeof(*h));
	struct gq_table table = { };
	u32 i;

	h->cur = &table;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		table.log = cases[i].log;
		h->count = cases[i].count;
		KUNIT_EXPECT_EQ_MSG(test, gq_hash_wants(h), cases[i].wants,
				    "log %u count %u", table.log, h->count);
	}
}

/* A chain of a table twice as large holds part of one chain of the smaller. */
static void gq_hash_nests(struct kunit *test)
{
	struct gq_table small = { }, large = { };
	struct rnd_state rnd;
	u32 i;

	prandom_seed_state(&rnd, gq_test_seed);
	for (i = 0; i < 100000; i++) {
		unsigned long key = gq_test_u64(&rnd) >> (i & 63);

		small.log = GQ_HASH_LOG_MIN + i % 12;
		large.log = small.log + 1;
		KUNIT_ASSERT_LT(test, gq_hash_index(&small, key),
				1U << small.log);
		KUNIT_ASSERT_EQ(test, gq_hash_index(&large, key) >> 1,
				gq_hash_index(&small, key));
	}
}

static struct kunit_case gq_hash_cases[] = {
	KUNIT_CASE(gq_hash_bounds),
	KUNIT_CASE(gq_hash_nests),
	KUNIT_CASE(gq_hash_sweeps),
	KUNIT_CASE(gq_hash_drains),
	KUNIT_CASE(gq_hash_replaces),
	KUNIT_CASE_SLOW(gq_hash_resize),
	KUNIT_CASE_SLOW(gq_hash_random),
	{ }
};

static struct kunit_suite gq_hash_suite = {
	.name = "sch_gq_hash",
	.test_cases = gq_hash_cases,
};

kunit_test_suite(gq_hash_suite);
