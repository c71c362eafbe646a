// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * KUnit tests of sch_gq's rank queues.
 *
 * The model is an array that is searched whole. An entry's key is its bucket,
 * or the window's first one if it came from below; in a queue that does not
 * slide, the last one if it came from beyond. Expectations:
 *
 * 1. What comes first has the smallest key, at every call.
 * 2. Of one key, those that were never parked leave as they came, and so do those
 *    that were: without parked ones the order is that of a stable sort.
 * 3. The window starts where the model says.
 * 4. Nothing is lost or doubled; removal takes out that entry and no other.
 * 5. A slot's bit is set if and only if its ring is not empty; rings are sound
 *    both ways; each entry is in the slot of its key, or still parked.
 * 6. All that holds for ranks up to U64_MAX, of any distance.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/sched.h>

#include "gq_kunit.h"
#include "gq_rank.h"

#define GQ_RANK_POOL	96	/* the model looks at all of them, each time */

/* How ranks relate to the last that came first. */
enum gq_ranks {
	GQ_MONOTONE,	/* at it or up to two windows after */
	GQ_NEARLY,	/* mostly after, less than a window either way */
	GQ_SAME,	/* a few buckets */
	GQ_RANDOM,	/* anywhere */
	GQ_TOP,		/* at the end of the range */
	GQ_MIXED,	/* each of the above, 0, and any power of two ahead */
	GQ_RANKS
};

/**
 * struct gq_ranked - an entry and what the model knows of it
 * @n: the entry
 * @key: what it is ordered by
 * @seq: when it was inserted
 * @parked: it was beyond the window
 * @inside: it is in the queue
 */
struct gq_ranked {
	struct gq_rnode	n;
	u64		key;
	u64		seq;
	bool		parked;
	bool		inside;
};

/**
 * struct gq_rank_rig - a rank queue beside its model
 * @test: the running test case
 * @q: the queue under test
 * @mem: its memory
 * @rnd: where random numbers come from
 * @base: the model's first bucket of the window
 * @slots: of the queue
 * @shift: of the queue
 * @slide: of the queue
 * @ranks: the kind of ranks at present
 * @last: rank that came first last time
 * @seq: counts insertions
 * @count: entries inside
 * @parked: insertions beyond a sliding window
 * @below: insertions below it
 * @sorted: entries that came first with no parked one of the same key
 * @item: the pool
 */
struct gq_rank_rig {
	struct kunit	*test;
	struct gq_rankq	q;
	void		*mem;
	struct rnd_state rnd;
	u64		base;
	u32		slots;
	u32		shift;
	bool		slide;
	enum gq_ranks	ranks;
	u64		last;
	u64		seq;
	u32		count;
	u64		parked;
	u64		below;
	u64		sorted;
	struct gq_ranked item[GQ_RANK_POOL];
};

static const u32 gq_rank_sizes[] = {
	4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096,
};

#define GQ_RANK_SHIFTS	25	/* 0 .. 24 */

static void gq_rank_size_desc(const u32 *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u slots", *size);
}

KUNIT_ARRAY_PARAM(gq_rank_slots, gq_rank_sizes, gq_rank_size_desc);

static void gq_rank_init(struct gq_rank_rig *r, u32 slots, u32 shift,
			 bool slide)
{
	u32 i;

	r->slots = slots;
	r->shift = shift;
	r->slide = slide;
	r->base = 0;
	r->last = 0;
	r->count = 0;
	for (i = 0; i < GQ_RANK_POOL; i++)
		r->item[i].inside = false;
	if (r->mem)
		gq_test_free(r->test, r->mem);
	r->mem = gq_test_alloc(r->test, gq_rankq_size(slots));
	gq_rankq_init(&r->q, r->mem, slots, shift, slide);
	prandom_seed_state(&r->rnd, gq_test_seed ^ (u64)slots << 8 ^ shift);
}

static struct gq_rank_rig *gq_rank_rig_new(struct kunit *test)
{
	struct gq_rank_rig *r = gq_test_alloc(test, sizeof(*r));

	r->test = test;
	return r;
}

/* Where the window starts that has k first, a quarter of it being behind. */
static u64 gq_rank_model_base(const struct gq_rank_rig *r, u64 k)
{
	u64 base = k > r->slots / 4 - 1 ? k - (r->slots / 4 - 1) : 0;

	return min(base, U64_MAX - (r->slots - 1));
}

static void gq_rank_insert(struct gq_rank_rig *r, struct gq_ranked *it,
			   u64 rank)
{
	const u64 k = rank / (1ULL << r->shift);
	u64 last;

	if (r->slide && !r->count)
		r->base = gq_rank_model_base(r, k);
	last = r->base + (r->slots - 1);
	it->parked = r->slide && k > last;
	it->key = max(k, r->base);
	if (!r->slide)
		it->key = min(it->key, last);
	it->seq = r->seq++;
	it->inside = true;
	r->count++;
	r->parked += it->parked;
	r->below += k < r->base;

	it->n.rank = rank;
	gq_rankq_insert(&r->q, &it->n);
	KUNIT_ASSERT_EQ(r->test, r->q.count, r->count);
	KUNIT_ASSERT_EQ(r->test, r->q.base, r->base);
}

static void gq_rank_remove(struct gq_rank_rig *r, struct gq_ranked *it)
{
	gq_rankq_remove(&r->q, &it->n);
	it->inside = false;
	r->count--;
	KUNIT_ASSERT_NULL(r->test, it->n.prev);
	KUNIT_ASSERT_EQ(r->test, r->q.count, r->count);
	KUNIT_ASSERT_EQ(r->test, r->q.base, r->base);
}

/* Expectations 1 to 3. Returns the entry, which is still in the queue. */
static struct gq_ranked *gq_rank_first(struct gq_rank_rig *r)
{
	struct gq_rnode *n = gq_rankq_first(&r->q);
	struct gq_ranked *it, *got = NULL;
	bool tie = false;
	u64 key = U64_MAX;
	u32 i;

	if (!r->count) {
		KUNIT_ASSERT_NULL(r->test, n);
		return NULL;
	}
	KUNIT_ASSERT_NOT_NULL(r->test, n);
	got = container_of(n, struct gq_ranked, n);
	KUNIT_ASSERT_TRUE(r->test, got->inside);

	for (i = 0; i < GQ_RANK_POOL; i++) {
		it = &r->item[i];
		if (it->inside)
			key = min(key, it->key);
	}
	KUNIT_ASSERT_EQ(r->test, got->key, key);
	for (i = 0; i < GQ_RANK_POOL; i++) {
		it = &r->item[i];
		if (!it->inside || it == got || it->key != key)
			continue;
		tie |= it->parked;
		if (it->parked == got->parked)
			KUNIT_ASSERT_GT(r->test, it->seq, got->seq);
	}
	r->sorted += !tie && !got->parked;

	if (r->slide)
		r->base = max(r->base, gq_rank_model_base(r, key));
	KUNIT_ASSERT_EQ(r->test, r->q.base, r->base);
	r->last = n->rank;
	return got;
}

static void gq_rank_pop(struct gq_rank_rig *r)
{
	struct gq_ranked *it = gq_rank_first(r);

	if (it)
		gq_rank_remove(r, it);
}

/* Expectation 5, of one ring. Returns the number of its entries. */
static u32 gq_rank_walk_ring(const struct gq_rank_rig *r, u32 slot)
{
	const struct gq_rnode *first = r->q.slots[slot], *n = first;
	struct kunit *test = r->test;
	/* The bucket that the window has in this slot */
	const u64 k = r->base + ((slot - r->base) & (r->slots - 1));
	u32 count = 0;

	do {
		const struct gq_ranked *it =
			container_of(n, struct gq_ranked, n);

		KUNIT_ASSERT_TRUE(test, it->inside);
		KUNIT_ASSERT_EQ(test, n->slot, slot);
		KUNIT_ASSERT_PTR_EQ(test, n->next->prev, n);
		KUNIT_ASSERT_PTR_EQ(test, n->prev->next, n);
		if (slot == r->slots) {
			KUNIT_ASSERT_TRUE(test, it->parked);
			KUNIT_ASSERT_GT(test, it->key, r->q.end);
		} else {
			KUNIT_ASSERT_EQ(test, it->key, k);
		}
		KUNIT_ASSERT_LE(test, ++count, r->count);
		n = n->next;
	} while (n != first);
	return count;
}

/* Expectation 5 */
static void gq_rank_walk(const struct gq_rank_rig *r)
{
	struct kunit *test = r->test;
	u32 slot, count = 0;

	for (slot = 0; slot < r->slots; slot++) {
		KUNIT_ASSERT_EQ_MSG(test, gq_ffs_test(&r->q.ffs, slot),
				    !!r->q.slots[slot], "slot %u", slot);
		if (r->q.slots[slot])
			count += gq_rank_walk_ring(r, slot);
	}
	if (r->q.slots[slot])
		count += gq_rank_walk_ring(r, slot);
	KUNIT_ASSERT_EQ(test, count, r->count);
	gq_test_ffs_levels(test, &r->q.ffs);
	cond_resched();
}

/* Expectation 4 */
static void gq_rank_empty(struct gq_rank_rig *r)
{
	while (r->count)
		gq_rank_pop(r);
	KUNIT_ASSERT_NULL(r->test, gq_rankq_first(&r->q));
	gq_rank_walk(r);
}

/* Sums stop at the ends of the range: ranks grow, and need not wrap. */
static u64 gq_rank_ahead(u64 rank, u64 by)
{
	return rank > U64_MAX - by ? U64_MAX : rank + by;
}

static u64 gq_rank_pick(struct gq_rank_rig *r)
{
	const u64 g = 1ULL << r->shift, window = r->slots * g;
	const u64 rnd = gq_test_u64(&r->rnd);
	const u32 dice = gq_test_below(&r->rnd, 8);
	enum gq_ranks ranks = r->ranks;

	if (ranks == GQ_MIXED)
		ranks = gq_test_below(&r->rnd, GQ_RANKS);
	switch (ranks) {
	case GQ_MONOTONE:
		return gq_rank_ahead(r->last, rnd & ((window << !dice) - 1));
	case GQ_NEARLY:
		if (!dice)
			return r->last - min(r->last, rnd & (window - 1));
		return gq_rank_ahead(r->last, rnd & (window / 2 - 1));
	case GQ_SAME:
		return gq_rank_ahead(r->last, rnd & (4 * g - 1));
	case GQ_RANDOM:
		return rnd;
	case GQ_TOP:
		return U64_MAX - (rnd & ((dice < 4 ? window : g) - 1));
	default:
		return dice ? gq_rank_ahead(r->last, 1ULL << (rnd & 63)) : 0;
	}
}

/* One operation: insert, look, take the first, take any, or change a rank. */
static void gq_rank_random_op(struct gq_rank_rig *r)
{
	struct gq_ranked *it = &r->item[gq_test_below(&r->rnd, GQ_RANK_POOL)];
	const u32 dice = gq_test_below(&r->rnd, 16);

	if (dice < 5) {
		gq_rank_pop(r);
	} else if (!it->inside) {
		gq_rank_insert(r, it, gq_rank_pick(r));
	} else if (dice < 8) {
		gq_rank_first(r);
	} else {
		gq_rank_remove(r, it);
		if (dice < 12)
			gq_rank_insert(r, it, gq_rank_pick(r));
	}
}

/* All expectations, at every granularity, fixed and sliding */
static void gq_rank_random(struct kunit *test)
{
	const u32 slots = *(const u32 *)test->param_value;
	const u32 configs = 2 * GQ_RANK_SHIFTS;
	const u32 share = gq_test_ops / 2 /
			  (configs * ARRAY_SIZE(gq_rank_sizes)) + 1;
	struct gq_rank_rig *r = gq_rank_rig_new(test);
	u32 config, i;

	for (config = 0; config < configs; config++) {
		gq_rank_init(r, slots, config / 2, config & 1);
		for (i = 0; i < share; i++) {
			/* Ranks of a new kind, in what the old one left */
			if (i % 256 == 0)
				r->ranks = gq_test_below(&r->rnd, GQ_RANKS);
			if (gq_test_below(&r->rnd, 512) == 0) {
				gq_rank_empty(r);
				r->last = gq_test_u64(&r->rnd) >>
					  gq_test_below(&r->rnd, 64);
			}
			gq_rank_random_op(r);
			if (i % (share / 16 + 1) == 0)
				gq_rank_walk(r);
		}
		gq_rank_walk(r);
		gq_rank_empty(r);
	}
	/* A run in which little happened would prove little. */
	KUNIT_EXPECT_GT(test, r->seq, (u64)share * configs / 4);
	KUNIT_EXPECT_GT(test, r->sorted, r->seq / 4);
	KUNIT_EXPECT_GT(test, r->parked, r->seq / 64);
	KUNIT_EXPECT_GT(test, r->below, r->seq / 64);
	kunit_info(test, "%u operations, %llu inserted, %llu parked, %llu below, %llu sorted\n",
		   share * configs, r->seq, r->parked, r->below, r->sorted);
}

/* Within the window, from either end: exactly the sorted sequence. */
static void gq_rank_sorts(struct kunit *test)
{
	const u32 slots = *(const u32 *)test->param_value;
	struct gq_rank_rig *r = gq_rank_rig_new(test);
	u32 slide, i, k;

	for (slide = 0; slide < 2; slide++) {
		gq_rank_init(r, slots, 3, slide);
		for (i = 0; i < GQ_RANK_POOL; i++)
			gq_rank_insert(r, &r->item[i],
				       i * 61 % GQ_RANK_POOL % slots * 8 + i % 8);
		/* Bucket by bucket, in the order of insertion */
		for (k = 0; k < slots && k < GQ_RANK_POOL; k++) {
			for (i = 0; i < GQ_RANK_POOL; i++) {
				if (i * 61 % GQ_RANK_POOL % slots != k)
					continue;
				KUNIT_ASSERT_PTR_EQ(test, gq_rank_first(r),
						    &r->item[i]);
				gq_rank_remove(r, &r->item[i]);
			}
		}
		gq_rank_empty(r);
	}
}

/* A change of rank, and removal at the head, in the middle, at the tail. */
static void gq_rank_rings(struct kunit *test)
{
	struct gq_rank_rig *r = gq_rank_rig_new(test);
	u32 len, out, i;

	for (len = 1; len <= 5; len++) {
		for (out = 0; out < len; out++) {
			gq_rank_init(r, 4, 0, false);
			for (i = 0; i < len; i++)
				gq_rank_insert(r, &r->item[i], 2);
			gq_rank_walk(r);
			gq_rank_remove(r, &r->item[out]);
			gq_rank_walk(r);
			gq_rank_insert(r, &r->item[out], 2);
			gq_rank_walk(r);
			for (i = 0; i < len; i++) {
				if (i == out)
					continue;
				KUNIT_ASSERT_PTR_EQ(test, gq_rank_first(r),
						    &r->item[i]);
				gq_rank_remove(r, &r->item[i]);
			}
			KUNIT_ASSERT_PTR_EQ(test, gq_rank_first(r),
					    &r->item[out]);
			gq_rank_empty(r);
		}
	}
}

/* Parked ones are passed by the window, come in turn, and don't overtake. */
static void gq_rank_parks(struct kunit *test)
{
	const u32 slots = *(const u32 *)test->param_value;
	struct gq_rank_rig *r = gq_rank_rig_new(test);
	u32 i;

	gq_rank_init(r, slots, 0, true);
	gq_rank_insert(r, &r->item[0], 0);
	/* Three bundles: in the last bucket, beyond it, and far beyond */
	for (i = 1; i < 10; i++)
		gq_rank_insert(r, &r->item[i],
			       i < 4 ? slots - 1 : i < 7 ? slots : 5ULL << 40);
	KUNIT_EXPECT_EQ(test, r->parked, 6ULL);
	gq_rank_remove(r, &r->item[0]);
	for (i = 1; i < 4; i++)
		gq_rank_pop(r);
	KUNIT_EXPECT_PTR_EQ(test, gq_rank_first(r), &r->item[4]);
	gq_rank_walk(r);
	/* Those that come now go before the far ones, whichever was first. */
	gq_rank_insert(r, &r->item[10], (5ULL << 40) - 1);
	gq_rank_insert(r, &r->item[11], slots + 1);
	for (i = 4; i < 7; i++) {
		KUNIT_EXPECT_PTR_EQ(test, gq_rank_first(r), &r->item[i]);
		gq_rank_pop(r);
	}
	KUNIT_EXPECT_PTR_EQ(test, gq_rank_first(r), &r->item[11]);
	gq_rank_pop(r);
	KUNIT_EXPECT_PTR_EQ(test, gq_rank_first(r), &r->item[10]);
	gq_rank_pop(r);
	for (i = 7; i < 10; i++) {
		KUNIT_EXPECT_PTR_EQ(test, gq_rank_first(r), &r->item[i]);
		gq_rank_pop(r);
	}
	gq_rank_empty(r);
}

/* Expectation 6: windows up to the last rank, in one step from anywhere */
static void gq_rank_extremes(struct kunit *test)
{
	const u32 slots = *(const u32 *)test->param_value;
	struct gq_rank_rig *r = gq_rank_rig_new(test);
	u32 shift, i;

	for (shift = 0; shift < GQ_RANK_SHIFTS; shift++) {
		gq_rank_init(r, slots, shift, true);
		/* The first keeps the window at 0, then leaves it there. */
		gq_rank_insert(r, &r->item[0], 0);
		for (i = 1; i < GQ_RANK_POOL; i++)
			gq_rank_insert(r, &r->item[i],
				       U64_MAX - (i * 37ULL % 64 << shift));
		gq_rank_remove(r, &r->item[0]);
		gq_rank_first(r);
		gq_rank_walk(r);
		gq_rank_empty(r);

		/* Empty, then the last rank of all: the window ends there. */
		for (i = 0; i < GQ_RANK_POOL; i++)
			gq_rank_insert(r, &r->item[i], U64_MAX - i);
		KUNIT_EXPECT_GE(test, r->q.base + r->q.mask, r->q.base);
		gq_rank_walk(r);
		gq_rank_empty(r);

		/* The powers of two: each is parked again and again. */
		for (i = 0; i < 64; i++)
			gq_rank_insert(r, &r->item[63 - i], 1ULL << i);
		for (i = 0; i < 32; i++)
			gq_rank_pop(r);
		gq_rank_walk(r);
		gq_rank_empty(r);
	}
}

static struct kunit_case gq_rank_cases[] = {
	KUNIT_CASE_PARAM(gq_rank_sorts, gq_rank_slots_gen_params),
	KUNIT_CASE(gq_rank_rings),
	KUNIT_CASE_PARAM(gq_rank_parks, gq_rank_slots_gen_params),
	KUNIT_CASE_PARAM(gq_rank_extremes, gq_rank_slots_gen_params),
	KUNIT_CASE_PARAM_ATTR(gq_rank_random, gq_rank_slots_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{ }
};

static struct kunit_suite gq_rank_suite = {
	.name = "sch_gq_rank",
	.test_cases = gq_rank_cases,
};

kunit_test_suite(gq_rank_suite);
