// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * KUnit tests of sch_gq's approximate rank queue, and of what it stands on.
 *
 * The model is an array that is searched whole; it knows the queue's base and
 * width and says from these which bucket a rank belongs to. Expectations:
 *
 * 1. Of an exact gradient queue, weights 2^i, ceil(b / a) is the largest index:
 *    for each set of one and of two, and for random ones.
 * 2. Of buckets in use without a gap, the estimate is the first one, to one, if
 *    they are 130 or more; for fewer it is too high, by up to 23.
 * 3. No set's estimate is more than 31 too low or 23 too high. That of a leader
 *    some 53 before the others is 31 too low: so much is needed.
 * 4. What comes first is of the bucket of the model's choice: the estimated one
 *    if in use, else the smallest. The inversions are what the model counts.
 * 5. Nothing is lost or doubled; removal takes out that entry and no other.
 * 6. Each entry is in the bucket of its rank; sums and bits are those of the
 *    buckets in use; rings are sound both ways.
 * 7. Entries of one rank leave as they came, over changes of the grain.
 * 8. Where most buckets are empty, they get wider, and narrower again; order is
 *    then that of the wider buckets.
 * 9. A queue that was filled in any order is sorted, also below its first rank.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/sched.h>

#include "gq_approx.h"
#include "gq_kunit.h"

#define GQ_APPROX_POOL	256	/* the model looks at all of them, each time */
#define GQ_APPROX_HERD	2000	/* more than fit into the buckets one each */

struct gq_approx_item {
	struct gq_rnode	n;
	u32		seq;
	bool		inside;
};

/**
 * struct gq_approx_rig - an approximate queue beside its model
 * @test: the running test case
 * @q: the queue under test
 * @mem: its memory
 * @rnd: where random numbers come from
 * @last: rank that came first last time
 * @count: entries inside
 * @inserted: all that ever were
 * @inversions: as the model counts them
 * @item: the pool
 */
struct gq_approx_rig {
	struct kunit	*test;
	struct gq_approx q;
	void		*mem;
	struct rnd_state rnd;
	u64		last;
	u32		count;
	u64		inserted;
	u64		inversions;
	struct gq_approx_item item[GQ_APPROX_HERD];
};

/* ---- Sums ---- */

/* Expectation 1, of one set; 58 * 2^58 and all below fit into 64 bits. */
static void gq_gradient_check(struct kunit *test, u64 set)
{
	u64 a = 0, b = 0;
	u32 i;

	for (i = 0; i < 58; i++) {
		if (!(set >> i & 1))
			continue;
		a += 1ULL << i;
		b += (u64)i << i;
	}
	KUNIT_ASSERT_EQ_MSG(test, div64_u64(b + a - 1, a), __fls(set),
			    "set %llx", set);
}

static void gq_gradient_theorem(struct kunit *test)
{
	struct rnd_state rnd;
	u32 i, j;

	prandom_seed_state(&rnd, gq_test_seed);
	for (i = 0; i < 58; i++)
		for (j = 0; j <= i; j++)
			gq_gradient_check(test, 1ULL << i | 1ULL << j);
	for (i = 0; i < 100000; i++) {
		u64 set = gq_test_u64(&rnd) & ((1ULL << 58) - 1);

		/* Dense sets, sparse ones, and such of small numbers */
		if (i & 1)
			set &= gq_test_u64(&rnd) & gq_test_u64(&rnd);
		gq_gradient_check(test, set >> i % 58 ?: 1);
	}
	gq_gradient_check(test, (1ULL << 58) - 1);
}

static struct gq_approx_rig *gq_approx_rig_new(struct kunit *test, u32 shift)
{
	struct gq_approx_rig *r = gq_test_alloc(test, sizeof(*r));

	r->test = test;
	r->mem = gq_test_alloc(test, gq_approx_size());
	gq_approx_init(&r->q, r->mem, shift);
	prandom_seed_state(&r->rnd, gq_test_seed ^ shift);
	return r;
}

/* How much higher the estimate is than the first slot in use. */
static int gq_approx_off(struct gq_approx_rig *r)
{
	u64 a = r->q.a;
	u64 i = div64_u64(r->q.b + a * 23 + a / 12, a);
	u32 first = GQ_APPROX_TOP - gq_ffs_next(&r->q.used, 0);

	/* Not above the top: then the queue takes the top. */
	KUNIT_ASSERT_EQ(r->test, gq_approx_estimate(&r->q),
			GQ_APPROX_TOP - min_t(u64, i, GQ_APPROX_TOP));
	return (int)i - (int)first;
}

/* Expectation 2 */
static void gq_approx_dense(struct kunit *test)
{
	struct gq_approx_rig *r = gq_approx_rig_new(test, 0);
	int first, last, off;

	for (last = GQ_APPROX_BUCKETS - 1; last > 0; last -= 29) {
		for (first = last; first >= 0; first--) {
			gq_approx_use(&r->q, first, true);
			off = gq_approx_off(r);
			KUNIT_ASSERT_GE(test, off, 0);
			KUNIT_ASSERT_LE(test, off, 23);
			if (last - first + 1 >= 130)
				KUNIT_ASSERT_LE(test, off, 1);
		}
		for (first = last; first >= 0; first--)
			gq_approx_use(&r->q, first, false);
		KUNIT_ASSERT_EQ(test, r->q.a, 0ULL);
		KUNIT_ASSERT_EQ(test, r->q.b, 0ULL);
	}
}

/* Expectation 3, the worst kind: one leader, the others close together */
static void gq_approx_leader(struct kunit *test)
{
	struct gq_approx_rig *r = gq_approx_rig_new(test, 0);
	int ahead, len, i, off, worst = 0, at = 0;

	for (ahead = 1; ahead < GQ_APPROX_BUCKETS; ahead++) {
		for (len = 1; ahead + len <= GQ_APPROX_BUCKETS; len *= 2) {
			gq_approx_use(&r->q, 0, true);
			for (i = ahead; i < ahead + len; i++)
				gq_approx_use(&r->q, i, true);
			off = gq_approx_off(r);
			KUNIT_ASSERT_GE(test, off, -GQ_APPROX_LOW);
			KUNIT_ASSERT_LE(test, off, 23);
			if (off < worst) {
				worst = off;
				at = ahead;
			}
			for (i = ahead; i < ahead + len; i++)
				gq_approx_use(&r->q, i, false);
			gq_approx_use(&r->q, 0, false);
		}
	}
	KUNIT_EXPECT_EQ(test, worst, -GQ_APPROX_LOW);
	kunit_info(test, "worst is a leader %d ahead: %d\n", at, worst);
}

/* Expectation 3, random sets of any density, in pieces */
static void gq_approx_sets(struct kunit *test)
{
	struct gq_approx_rig *r = gq_approx_rig_new(test, 0);
	u32 i, j, keep;
	bool on;
	int off;

	for (i = 0; i < 2000; i++) {
		keep = 0;
		for (j = 0; j < GQ_APPROX_BUCKETS; j++) {
			/* Change the density now and then. */
			if (!gq_test_below(&r->rnd, 40))
				keep = gq_test_below(&r->rnd, 101);
			on = gq_test_below(&r->rnd, 100) < keep;
			if (on != gq_ffs_test(&r->q.used, j))
				gq_approx_use(&r->q, j, on);
		}
		if (!r->q.nused)
			continue;
		off = gq_approx_off(r);
		KUNIT_ASSERT_GE(test, off, -GQ_APPROX_LOW);
		KUNIT_ASSERT_LE(test, off, 23);
	}
}

/* ---- The queue ---- */

/* Where the model has a rank; the parked are behind all buckets. */
static u32 gq_approx_model_slot(const struct gq_approx_rig *r, u64 rank)
{
	u64 k = rank / (1ULL << r->q.shift);

	if (k < r->q.base)
		return 0;
	return min_t(u64, k - r->q.base, GQ_APPROX_BUCKETS);
}

static void gq_approx_put(struct gq_approx_rig *r, struct gq_approx_item *it,
			  u64 rank)
{
	it->n.rank = rank;
	it->seq = r->inserted++;
	it->inside = true;
	r->count++;
	gq_approx_insert(&r->q, &it->n);
	KUNIT_ASSERT_EQ(r->test, r->q.count, r->count);
}

static void gq_approx_take(struct gq_approx_rig *r, struct gq_approx_item *it)
{
	gq_approx_remove(&r->q, &it->n);
	it->inside = false;
	r->count--;
	KUNIT_ASSERT_NULL(r->test, it->n.prev);
	KUNIT_ASSERT_EQ(r->test, r->q.count, r->count);
}

/* Expectation 6 */
static void gq_approx_walk(struct gq_approx_rig *r)
{
	struct kunit *test = r->test;
	u32 slot, count = 0, nused = 0;
	u64 a = 0, b = 0;

	for (slot = 0; slot <= GQ_APPROX_PARKED; slot++) {
		const struct gq_rnode *first = r->q.slots[slot], *n = first;

		if (slot < GQ_APPROX_BUCKETS)
			KUNIT_ASSERT_EQ(test, gq_ffs_test(&r->q.used, slot),
					!!first);
		if (!first)
			continue;
		if (slot < GQ_APPROX_BUCKETS) {
			u32 i = GQ_APPROX_TOP - slot;

			nused++;
			a += gq_approx_weight(i);
			b += gq_approx_weight(i) * i;
		}
		do {
			KUNIT_ASSERT_EQ(test, n->slot, slot);
			KUNIT_ASSERT_EQ(test, slot,
					gq_approx_model_slot(r, n->rank));
			KUNIT_ASSERT_PTR_EQ(test, n->next->prev, n);
			KUNIT_ASSERT_PTR_EQ(test, n->prev->next, n);
			KUNIT_ASSERT_LE(test, ++count, r->count);
			n = n->next;
		} while (n != first);
	}
	KUNIT_ASSERT_EQ(test, count, r->count);
	KUNIT_ASSERT_EQ(test, nused, r->q.nused);
	KUNIT_ASSERT_EQ(test, a, r->q.a);
	KUNIT_ASSERT_EQ(test, b, r->q.b);
	gq_test_ffs_levels(test, &r->q.used);
	cond_resched();
}

/* Expectation 4, of the first @pool entries, which are all there are */
static struct gq_approx_item *gq_approx_look(struct gq_approx_rig *r, u32 pool)
{
	struct gq_rnode *n = gq_approx_first(&r->q);
	u32 slot, least = GQ_APPROX_PARKED, guess, want, i;
	struct gq_approx_item *got;
	bool hit = false;

	if (!r->count) {
		KUNIT_ASSERT_NULL(r->test, n);
		return NULL;
	}
	KUNIT_ASSERT_NOT_NULL(r->test, n);
	got = container_of(n, struct gq_approx_item, n);
	KUNIT_ASSERT_TRUE(r->test, got->inside);

	guess = gq_approx_estimate(&r->q);
	for (i = 0; i < pool; i++) {
		if (!r->item[i].inside)
			continue;
		slot = gq_approx_model_slot(r, r->item[i].n.rank);
		least = min(least, slot);
		hit |= slot == guess;
	}
	want = hit ? guess : least;
	KUNIT_ASSERT_EQ(r->test, gq_approx_model_slot(r, n->rank), want);
	KUNIT_ASSERT_LT(r->test, want, GQ_APPROX_BUCKETS);
	r->inversions += want != least;
	KUNIT_ASSERT_EQ(r->test, r->q.stats.inversions, r->inversions);
	r->last = n->rank;
	return got;
}

static u64 gq_approx_pick(struct gq_approx_rig *r)
{
	const u64 window = (u64)GQ_APPROX_BUCKETS << r->q.fine;
	const u64 rnd = gq_test_u64(&r->rnd);
	u64 by;

	switch (gq_test_below(&r->rnd, 8)) {
	case 0:
		return rnd >> rnd % 61;
	case 1:
		return U64_MAX - rnd % window;
	case 2:
		return r->last - min(r->last, rnd % window);
	case 3:
		by = rnd % (8 * window);
		break;
	case 4:
		by = 1ULL << rnd % 60;
		break;
	default:
		by = rnd % (window / 2);
	}
	return r->last > U64_MAX - by ? U64_MAX : r->last + by;
}

/* Expectations 4 to 6: insert, look, take the first, take any */
static void gq_approx_random(struct kunit *test)
{
	const u32 ops = max(gq_test_ops / 200, 20000U);
	u32 shift, i, dice;

	for (shift = 0; shift <= 24; shift += 8) {
		struct gq_approx_rig *r = gq_approx_rig_new(test, shift);

		for (i = 0; i < ops; i++) {
			struct gq_approx_item *it =
				&r->item[gq_test_below(&r->rnd, GQ_APPROX_POOL)];

			dice = gq_test_below(&r->rnd, 16);
			if (dice < 3) {
				it = gq_approx_look(r, GQ_APPROX_POOL);
				if (it && dice)
					gq_approx_take(r, it);
			} else if (!it->inside) {
				gq_approx_put(r, it, gq_approx_pick(r));
			} else if (dice < 5) {
				gq_approx_take(r, it);
			}
			if (i % (ops / 64) == 0)
				gq_approx_walk(r);
		}
		while (r->count)
			gq_approx_take(r, gq_approx_look(r, GQ_APPROX_POOL));
		KUNIT_ASSERT_NULL(test, gq_approx_first(&r->q));
		gq_approx_walk(r);
		/* A run in which little happened would prove little. */
		KUNIT_EXPECT_GT(test, r->inserted, ops / 8ULL);
		KUNIT_EXPECT_GT(test, r->inversions, 0ULL);
		KUNIT_EXPECT_GT(test, r->q.stats.searches, 0ULL);
		KUNIT_EXPECT_GT(test, r->q.stats.regrains, 0ULL);
		kunit_info(test, "shift %u: %llu inserted, %llu inversions, %llu searches, %llu grains\n",
			   shift, r->inserted, r->inversions,
			   r->q.stats.searches, r->q.stats.regrains);
	}
}

/*
 * Expectation 4: a leader 20 before many others is some 16 above the estimate,
 * which is an empty bucket, so it is found; but not if that one is in use.
 */
static void gq_approx_inverts(struct kunit *test)
{
	u32 i, alone, inverted = 0;

	for (alone = 0; alone < 20; alone++) {
		struct gq_approx_rig *r = gq_approx_rig_new(test, 0);

		for (i = 0; i < 200; i++)
			gq_approx_put(r, &r->item[i], 1020 + i);
		gq_approx_put(r, &r->item[i++], 1000);
		if (alone)
			gq_approx_put(r, &r->item[i++], 1000 + alone);
		gq_approx_look(r, i);
		KUNIT_EXPECT_EQ(test, r->q.stats.searches + r->inversions, 1ULL);
		if (!alone)
			KUNIT_EXPECT_EQ(test, r->inversions, 0ULL);
		inverted += r->inversions;
		gq_approx_walk(r);
	}
	KUNIT_EXPECT_GE(test, inverted, 1U);
}

/* Expectation 4: no inversions where all buckets are in use */
static void gq_approx_full(struct kunit *test)
{
	struct gq_approx_rig *r = gq_approx_rig_new(test, 3);
	struct gq_approx_item *it;
	u32 i;

	for (i = 0; i < GQ_APPROX_HERD; i++)
		gq_approx_put(r, &r->item[i],
			      i * 739 % GQ_APPROX_HERD * 8 + i % 8);
	gq_approx_walk(r);
	for (i = 0; i < GQ_APPROX_HERD; i++) {
		it = gq_approx_look(r, GQ_APPROX_HERD);
		KUNIT_ASSERT_EQ(test, it->n.rank / 8, (u64)i);
		gq_approx_take(r, it);
	}
	KUNIT_EXPECT_EQ(test, r->q.stats.inversions, 0ULL);
	KUNIT_EXPECT_EQ(test, r->q.stats.regrains, 0ULL);
}

/* Expectation 9: the first rank is in the middle, and there are few. */
static void gq_approx_filled(struct kunit *test)
{
	struct gq_approx_rig *r = gq_approx_rig_new(test, 4);
	struct gq_approx_item *it;
	u32 i;

	for (i = 0; i < 60; i++)
		gq_approx_put(r, &r->item[i], (i * 37 + 30) % 60 * 160);
	for (i = 0; i < 60; i++) {
		it = gq_approx_look(r, 60);
		KUNIT_ASSERT_EQ(test, it->n.rank, i * 160ULL);
		gq_approx_take(r, it);
	}
	KUNIT_EXPECT_EQ(test, r->inversions, 0ULL);
}

/* Expectation 7 */
static void gq_approx_fifo(struct kunit *test)
{
	static const u64 ranks[] = { 90, 91, 5000, 5001 };
	struct gq_approx_rig *r = gq_approx_rig_new(test, 0);
	struct gq_approx_item *it;
	u32 i, seen[4] = { };

	/* Four ranks: two in the buckets, two beyond; then all are near. */
	for (i = 0; i < 400; i++)
		gq_approx_put(r, &r->item[i],
			      ranks[i % 4]);
	for (i = 0; i < 400; i++) {
		it = gq_approx_look(r, 400);
		KUNIT_ASSERT_EQ(test, it->seq / 4, seen[it->seq % 4]);
		seen[it->seq % 4]++;
		gq_approx_take(r, it);
	}
}

/*
 * Expectation 8. Each bucket's rank is one, but flows have ranks of one in
 * twelve, as with few flows of large packets.
 */
static void gq_approx_grains(struct kunit *test)
{
	struct gq_approx_rig *r = gq_approx_rig_new(test, 0);
	struct gq_approx_item *it;
	u64 last, most = 0;
	u32 i, wide;

	for (i = 0; i < 300; i++)
		gq_approx_put(r, &r->item[i], i * 12);
	for (i = 0; i < 5000; i++) {
		it = gq_approx_look(r, 300);
		last = it->n.rank;
		most = max(most, last);
		KUNIT_ASSERT_LT(test, most - last, 32ULL << r->q.shift);
		gq_approx_take(r, it);
		gq_approx_put(r, it, last + 3600);
		if (i % 100 == 0)
			gq_approx_walk(r);
	}
	wide = r->q.shift;
	KUNIT_EXPECT_GE(test, wide, 3U);

	/* Then ranks are close together again, and there are more entries. */
	for (i = 300; i < 1000; i++)
		gq_approx_put(r, &r->item[i], most + i / 3);
	for (i = 0; i < 25000; i++) {
		it = gq_approx_look(r, 1000);
		last = it->n.rank;
		gq_approx_take(r, it);
		gq_approx_put(r, it, last + 300);
	}
	KUNIT_EXPECT_EQ(test, r->q.shift, 0U);
	KUNIT_EXPECT_GE(test, r->q.stats.regrains, 2ULL);
	gq_approx_walk(r);
	kunit_info(test, "%u, then %u; %llu inversions, %llu searches\n", wide,
		   r->q.shift, r->inversions, r->q.stats.searches);
	while (r->count)
		gq_approx_take(r, gq_approx_look(r, 1000));
}

static struct kunit_case gq_approx_cases[] = {
	KUNIT_CASE(gq_gradient_theorem),
	KUNIT_CASE(gq_approx_dense),
	KUNIT_CASE(gq_approx_leader),
	KUNIT_CASE(gq_approx_sets),
	KUNIT_CASE(gq_approx_inverts),
	KUNIT_CASE(gq_approx_full),
	KUNIT_CASE(gq_approx_filled),
	KUNIT_CASE(gq_approx_fifo),
	KUNIT_CASE(gq_approx_grains),
	KUNIT_CASE_SLOW(gq_approx_random),
	{ }
};

static struct kunit_suite gq_approx_suite = {
	.name = "sch_gq_approx",
	.test_cases = gq_approx_cases,
};

kunit_test_suite(gq_approx_suite);
