// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * KUnit tests of sch_gq's timing wheel.
 *
 * The model is an rbtree ordered by (bucket, time of insertion). Expectations:
 *
 * 1. A search around the circle from any bucket finds the nearest one.
 * 2. Nothing is released before its deadline.
 * 3. What is released was not yet a granularity late at the call before.
 * 4. Buckets are released in order, a bucket's nodes as they were inserted.
 * 5. Nothing is lost or doubled, and next, due, base, count and reinserts are
 *    right after every call.
 * 6. A slot's bit is set if and only if its list is not empty; each node is in
 *    the slot that the model says.
 * 7. All that holds without blocks, with too few of them and with plenty.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/rbtree.h>
#include <linux/sched.h>

#include "gq_kunit.h"

#define GQ_POOL		2048	/* nodes, in and out of the wheel */

/*
 * A node and what the model knows of it. @rb is in gq_rig.tree while the node
 * is in the wheel, sorted by @bucket, then @seq.
 */
struct gq_item {
	struct gq_node	node;
	struct rb_node	rb;
	u64		bucket;
	u64		seq;
	u64		inserted_ns;
	bool		inside;
};

/**
 * struct gq_rig - a wheel beside its model
 * @test: the running test case
 * @w: the wheel under test
 * @mem: its memory
 * @tree: items inside, in the order in which they have to leave
 * @rnd: where random numbers come from
 * @base: the model's first bucket of the window
 * @slots: of the wheel
 * @shift: of the wheel
 * @seq: counts insertions
 * @count: items inside
 * @reinserts: returns from beyond the window
 * @now: clock, ns
 * @before: clock at the last call of expire, ns
 * @later: what a call of expire found due beyond it
 * @item: the pool
 */
struct gq_rig {
	struct kunit	*test;
	struct gq_wheel	w;
	void		*mem;
	struct rb_root	tree;
	struct rnd_state rnd;
	u64		base;
	u32		slots;
	u32		shift;
	u64		seq;
	u32		count;
	u64		reinserts;
	u64		now;
	u64		before;
	struct gq_item	*later[GQ_POOL];
	struct gq_item	item[GQ_POOL];
};

static const u32 gq_wheel_sizes[] = {
	2, 64, 128, 256, 512, 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14,
	1 << 15,
};

#define GQ_SHIFT_MIN	10
#define GQ_SHIFT_MAX	24
#define GQ_SHIFTS	(GQ_SHIFT_MAX - GQ_SHIFT_MIN + 1)

static void gq_wheel_size_desc(const u32 *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u slots", *size);
}

KUNIT_ARRAY_PARAM(gq_wheel_slots, gq_wheel_sizes, gq_wheel_size_desc);

/* A rig is set up again for every granularity. */
static void gq_rig_init(struct gq_rig *r, u32 slots, u32 shift)
{
	struct kunit *test = r->test;
	u32 i;

	r->slots = slots;
	r->shift = shift;
	r->tree = RB_ROOT;
	r->base = 0;
	r->seq = 0;
	r->count = 0;
	r->reinserts = 0;
	r->now = 0;
	r->before = 0;
	for (i = 0; i < GQ_POOL; i++)
		r->item[i].inside = false;
	if (r->mem)
		gq_test_free(test, r->mem);
	r->mem = gq_test_alloc(test, gq_wheel_size(slots));
	gq_wheel_init(&r->w, r->mem, slots, shift);
	if (shift % 3)
		gq_test_stock(test, &r->w, shift % 3 == 1 ? 20 : 512);
	prandom_seed_state(&r->rnd, gq_test_seed ^ (u64)slots << 8 ^ shift);
}

static struct gq_rig *gq_rig_new(struct kunit *test)
{
	struct gq_rig *r = gq_test_alloc(test, sizeof(*r));

	r->test = test;
	return r;
}

static struct gq_item *gq_model_first(const struct gq_rig *r)
{
	return rb_entry_safe(rb_first(&r->tree), struct gq_item, rb);
}

/*
 * Bucket k holds (k * g, (k + 1) * g]: what is late is in the window's first
 * bucket, what is beyond it in the last but one whose number is a multiple of a
 * 512th of the slots, or if there are no more slots than that in the last one.
 */
static void gq_model_insert(struct gq_rig *r, struct gq_item *it)
{
	struct rb_node **link = &r->tree.rb_node, *parent = NULL;
	const u64 g = 1ULL << r->shift;
	u64 k = it->node.deadline / g;

	if (k && it->node.deadline % g == 0)
		k--;
	if (!r->count && r->now / g > r->base)
		r->base = r->now / g;
	if (k < r->base)
		k = r->base;
	if (k > r->base + r->slots - 1) {
		k = r->base + r->slots - 1;
		if (r->slots > 512)
			k -= k % (r->slots / 512) + r->slots / 512;
	}

	it->bucket = k;
	it->seq = r->seq++;
	while (*link) {
		parent = *link;
		/* The newest is the last of its bucket. */
		if (k < rb_entry(parent, struct gq_item, rb)->bucket)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&it->rb, parent, link);
	rb_insert_color(&it->rb, &r->tree);
	it->inside = true;
	r->count++;
}

static void gq_model_remove(struct gq_rig *r, struct gq_item *it)
{
	rb_erase(&it->rb, &r->tree);
	it->inside = false;
	r->count--;
}

/* Expectation 5 */
static void gq_rig_compare(const struct gq_rig *r)
{
	const struct gq_item *first = gq_model_first(r);
	u64 next = first ? first->bucket : GQ_WHEEL_EMPTY;
	u64 due = first ? (first->bucket + 1) << r->shift : U64_MAX;

	KUNIT_ASSERT_EQ(r->test, r->w.next, next);
	KUNIT_ASSERT_EQ(r->test, gq_wheel_due(&r->w), due);
	KUNIT_ASSERT_EQ(r->test, r->w.base, r->base);
	KUNIT_ASSERT_EQ(r->test, r->w.count, r->count);
	KUNIT_ASSERT_EQ(r->test, r->w.reinserts, r->reinserts);
}

/* Expectation 6 */
static void gq_rig_walk(const struct gq_rig *r)
{
	const struct gq_wheel *w = &r->w;
	struct kunit *test = r->test;
	const struct gq_node *node;
	u64 latest = U64_MAX;
	u32 slot, count = 0, left = 0;

	if (w->solo) {
		const struct gq_item *it =
			container_of(w->solo, struct gq_item, node);

		KUNIT_ASSERT_TRUE(test, it->inside);
		KUNIT_ASSERT_EQ(test, it->bucket, w->next);
		latest = max(it->bucket,
			     gq_wheel_bucket(w, it->node.deadline));
		count++;
	}
	for (slot = 0; slot < r->slots; slot++) {
		const struct gq_node *at = w->slots[slot];
		u64 seq = U64_MAX;

		KUNIT_ASSERT_EQ_MSG(test, gq_ffs_test(&w->ffs, slot),
				    !!w->slots[slot], "slot %u", slot);
		while ((node = gq_test_walk(&at, &left))) {
			const struct gq_item *it =
				container_of(node, struct gq_item, node);

			KUNIT_ASSERT_TRUE(test, it->inside);
			KUNIT_ASSERT_EQ(test, it->bucket % r->slots, slot);
			KUNIT_ASSERT_GE(test, it->bucket, r->base);
			KUNIT_ASSERT_LT(test, it->bucket, r->base + r->slots);
			KUNIT_ASSERT_LT(test, it->seq, seq);
			seq = it->seq;
			latest = min(latest,
				     max(it->bucket, gq_wheel_bucket(w, it->node.deadline)));
			KUNIT_ASSERT_LE(test, ++count, r->count);
		}
	}
	KUNIT_ASSERT_EQ(test, count, r->count);
	/* A timer set so late is early enough for each that is parked. */
	if (count) {
		KUNIT_ASSERT_GE(test, gq_wheel_wake(w), gq_wheel_due(w));
		KUNIT_ASSERT_LE(test, (gq_wheel_wake(w) >> r->shift) - 1,
				latest);
	}
	gq_test_ffs_levels(test, &w->ffs);
}

static void gq_rig_insert(struct gq_rig *r, struct gq_item *it, u64 deadline)
{
	it->node.deadline = deadline;
	it->inserted_ns = r->now;
	gq_model_insert(r, it);
	gq_wheel_insert(&r->w, &it->node, r->now);
	gq_rig_compare(r);
}

/*
 * Expectations 2 and 3, which don't depend on the model's idea of buckets. A
 * deadline that was over at insertion counts from the insertion.
 */
static void gq_rig_check_time(const struct gq_rig *r, const struct gq_item *it)
{
	const u64 from = max(it->node.deadline, it->inserted_ns);

	KUNIT_ASSERT_LE(r->test, it->node.deadline, r->now);
	KUNIT_ASSERT_GT(r->test, from + (1ULL << r->shift), r->before);
}

/* Let the clock say @now, and compare what leaves with the model. */
static void gq_rig_expire(struct gq_rig *r, u64 now)
{
	u32 released, later = 0, n = 0, i;
	struct kunit *test = r->test;
	struct gq_list due = { };
	struct gq_item *it;

	r->now = now;
	released = gq_wheel_expire(&r->w, now, &due);

	while ((it = gq_model_first(r)) && it->bucket < now >> r->shift) {
		gq_model_remove(r, it);
		if (it->node.deadline > now) {
			r->later[later++] = it;
			continue;
		}
		KUNIT_ASSERT_PTR_EQ(test, gq_list_pop(&due), &it->node);
		gq_rig_check_time(r, it);
		n++;
	}
	KUNIT_ASSERT_NULL(test, due.first);
	KUNIT_ASSERT_EQ(test, released, n);

	r->base = max(r->base, now >> r->shift);
	for (i = 0; i < later; i++)
		gq_model_insert(r, r->later[i]);
	r->reinserts += later;
	r->before = now;
	gq_rig_compare(r);
}

static void gq_rig_drain(struct gq_rig *r)
{
	struct gq_list all = { };
	struct gq_item *it;

	gq_wheel_drain(&r->w, &all);
	while ((it = gq_model_first(r))) {
		gq_model_remove(r, it);
		KUNIT_ASSERT_PTR_EQ(r->test, gq_list_pop(&all), &it->node);
	}
	KUNIT_ASSERT_NULL(r->test, all.first);
	gq_rig_compare(r);
}

/* How far from the clock the next deadline or the next tick is. */
enum gq_reach {
	GQ_HERE,	/* within a bucket */
	GQ_NEAR,	/* a few buckets */
	GQ_INSIDE,	/* anywhere in the window */
	GQ_BEYOND,	/* up to eight windows */
	GQ_HOURS,	/* up to 4.9 hours */
	GQ_REACHES
};

static u64 gq_rig_reach(struct gq_rig *r, enum gq_reach reach)
{
	const u64 g = 1ULL << r->shift;
	const u64 span[GQ_REACHES] = {
		[GQ_HERE] = g,
		[GQ_NEAR] = 8 * g,
		[GQ_INSIDE] = r->slots * g,
		[GQ_BEYOND] = 8 * r->slots * g,
		[GQ_HOURS] = 1ULL << 44,
	};

	/* Every span is a power of two. */
	return gq_test_u64(&r->rnd) & (span[reach] - 1);
}

/* Early and late ones, and those on a bucket's very edges. */
static u64 gq_rig_deadline(struct gq_rig *r)
{
	const u64 g = 1ULL << r->shift;
	const u32 dice = gq_test_below(&r->rnd, 64);
	u64 d;

	if (dice == 0)
		return 0;
	if (dice == 1)
		return U64_MAX - gq_rig_reach(r, GQ_HERE);
	if (dice < 10)
		return r->now - min(r->now, gq_rig_reach(r, GQ_INSIDE));

	/* Hours are rare: they would fill the last bucket for good. */
	if (dice == 10)
		d = r->now + gq_rig_reach(r, GQ_HOURS);
	else
		d = r->now + gq_rig_reach(r, dice % GQ_HOURS);
	if (dice >= 50)		/* one of -1, 0, 1 around an edge */
		d = (d | (g - 1)) + dice % 3;
	return d;
}

/* Mostly small steps; standing still, on edges, over the window, hours. */
static u64 gq_rig_tick(struct gq_rig *r)
{
	const u64 g = 1ULL << r->shift;
	const u32 dice = gq_test_below(&r->rnd, 1024);

	if (dice == 0)
		return r->now + gq_rig_reach(r, GQ_HOURS);
	if (dice < 8)
		return r->now + gq_rig_reach(r, GQ_BEYOND);
	if (dice < 32)
		return r->now + gq_rig_reach(r, GQ_INSIDE);
	if (dice < 64)
		return r->now;
	if (dice < 300) {	/* when the watchdog would fire, or just not */
		u64 due = gq_wheel_due(&r->w) - (dice & 1);

		if (r->w.count && due > r->now)
			return due;
	}
	if (dice < 500)
		return (r->now | (g - 1)) + dice % 3;
	return r->now + gq_rig_reach(r, dice & 1 ? GQ_HERE : GQ_NEAR);
}

/* One random operation: insertions and expiries, or now and then a drain. */
static void gq_rig_random_op(struct gq_rig *r)
{
	const u32 dice = gq_test_below(&r->rnd, 1 << 16);

	if (dice == 0) {
		gq_rig_drain(r);
	} else if (dice < 1 << 13) {
		gq_rig_expire(r, gq_rig_tick(r));
	} else {
		u32 i = gq_test_below(&r->rnd, GQ_POOL);

		/* Packets are also enqueued between two expiries. */
		if (dice & 1)
			r->now += gq_rig_reach(r, GQ_HERE) >> 3;
		if (!r->item[i].inside)
			gq_rig_insert(r, &r->item[i], gq_rig_deadline(r));
		else
			gq_rig_expire(r, gq_rig_tick(r));
	}
}

/* Expectations 2 to 6: its share of the operations, at every granularity. */
static void gq_wheel_random(struct kunit *test)
{
	const u32 slots = *(const u32 *)test->param_value;
	const u32 share = gq_test_ops / (ARRAY_SIZE(gq_wheel_sizes) * GQ_SHIFTS) + 1;
	struct gq_rig *r = gq_rig_new(test);
	u64 released = 0, reinserts = 0;
	u32 shift, i;

	for (shift = GQ_SHIFT_MIN; shift <= GQ_SHIFT_MAX; shift++) {
		gq_rig_init(r, slots, shift);
		/* A clock that starts at 0, or with days of uptime. */
		if (shift & 1)
			gq_rig_expire(r, gq_test_u64(&r->rnd) >> 14);
		for (i = 0; i < share; i++) {
			gq_rig_random_op(r);
			if (i % (share / 8 + 1) == 0) {
				gq_rig_walk(r);
				cond_resched();
			}
		}
		released += r->seq - r->reinserts - r->count;
		reinserts += r->reinserts;
		gq_rig_drain(r);
		gq_rig_walk(r);
	}
	/* A run in which little happened would prove little. */
	KUNIT_EXPECT_GT(test, released, (u64)share);
	KUNIT_EXPECT_GT(test, reinserts, 0ULL);
	kunit_info(test, "%u operations, %llu released, %llu reinserted\n",
		   share * GQ_SHIFTS, released, reinserts);
}

/* Expectation 1: from every bucket, several turns of the wheel on. */
static void gq_wheel_wrap(struct kunit *test)
{
	const u32 slots = *(const u32 *)test->param_value;
	const u64 turns[] = { 0, slots, 1000ULL * slots };
	struct gq_rig *r = gq_rig_new(test);
	struct gq_wheel *w = &r->w;
	u32 bits, i, t;

	gq_rig_init(r, slots, GQ_SHIFT_MIN);
	KUNIT_EXPECT_EQ(test, gq_wheel_seek(w, 0), GQ_WHEEL_EMPTY);
	KUNIT_EXPECT_EQ(test, gq_wheel_seek(w, slots - 1), GQ_WHEEL_EMPTY);

	for (bits = 0; bits < 24; bits++) {
		u64 expect = GQ_WHEEL_EMPTY;

		/* 0, then the last, then random ones */
		gq_ffs_set(&w->ffs, bits == 0 ? 0 : bits == 1 ? slots - 1 :
			   gq_test_below(&r->rnd, slots));

		/* Two turns back: the first of them finds the nearest. */
		for (i = 2 * slots; i--;) {
			if (gq_ffs_test(&w->ffs, i % slots))
				expect = i;
			if (i >= slots)
				continue;
			for (t = 0; t < ARRAY_SIZE(turns); t++)
				KUNIT_ASSERT_EQ(test, expect + turns[t],
						gq_wheel_seek(w, i + turns[t]));
		}
		cond_resched();
	}
}

/* One node, by the clock: due when its bucket is over, not 1 ns before. */
static void gq_wheel_edges(struct kunit *test)
{
	static const struct {
		u64 deadline, due;
	} cases[] = {
		{ 0, 1024 }, { 1, 1024 }, { 1023, 1024 }, { 1024, 1024 },
		{ 1025, 2048 }, { 2047, 2048 }, { 2048, 2048 },
		{ 2049, 3072 }, { 63 * 1024 + 1, 64 * 1024 },
		{ 64 * 1024, 64 * 1024 },
	};
	struct gq_rig *r = gq_rig_new(test);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		gq_rig_init(r, 64, 10);
		gq_rig_insert(r, &r->item[0], cases[i].deadline);
		KUNIT_EXPECT_EQ(test, gq_wheel_due(&r->w), cases[i].due);
		gq_rig_expire(r, cases[i].due - 1);
		KUNIT_EXPECT_EQ(test, r->w.count, 1U);
		gq_rig_expire(r, cases[i].due);
		KUNIT_EXPECT_EQ(test, r->w.count, 0U);
		KUNIT_EXPECT_EQ(test, r->w.reinserts, 0ULL);
	}
	KUNIT_EXPECT_EQ(test, gq_wheel_due(&r->w), U64_MAX);
}

/*
 * Nodes beyond the window wait in its last bucket, come back once in a window,
 * and leave on time; a jump of hours brings each back at most once.
 */
static void gq_wheel_beyond(struct kunit *test)
{
	const u64 g = 1 << 10, window = 64 * g;
	struct gq_rig *r = gq_rig_new(test);
	u64 t;
	u32 i;

	gq_rig_init(r, 64, 10);
	gq_rig_insert(r, &r->item[0], 10 * window);
	gq_rig_insert(r, &r->item[1], window + 1);
	gq_rig_insert(r, &r->item[2], window);
	KUNIT_EXPECT_EQ(test, r->w.next, 63ULL);
	for (t = 0; t < 10 * window; t += g / 4)
		gq_rig_expire(r, t);
	KUNIT_EXPECT_EQ(test, r->w.count, 1U);
	/* item 1 once; item 0 at the end of each of nine windows */
	KUNIT_EXPECT_EQ(test, r->w.reinserts, 10ULL);
	gq_rig_expire(r, t);
	KUNIT_EXPECT_EQ(test, r->w.count, 0U);

	gq_rig_init(r, 64, 10);
	for (i = 0; i < 100; i++)
		gq_rig_insert(r, &r->item[i], U64_MAX - i);
	gq_rig_insert(r, &r->item[i], 1ULL << 43);
	gq_rig_expire(r, (1ULL << 43) - 1);
	KUNIT_EXPECT_EQ(test, r->w.reinserts, 101ULL);
	KUNIT_EXPECT_EQ(test, gq_wheel_due(&r->w), 1ULL << 43);
	gq_rig_expire(r, 1ULL << 43);
	KUNIT_EXPECT_EQ(test, r->w.count, 100U);
	gq_rig_walk(r);
	gq_rig_drain(r);
}

/* The first node after a long silence finds a window that begins at now. */
static void gq_wheel_idle(struct kunit *test)
{
	struct gq_rig *r = gq_rig_new(test);
	const u64 day = 86400ULL * NSEC_PER_SEC;

	gq_rig_init(r, 1 << 15, 13);
	r->now = day;
	gq_rig_insert(r, &r->item[0], day + (1ULL << 27));
	gq_rig_expire(r, day + (1ULL << 26));
	KUNIT_EXPECT_EQ(test, r->w.count, 1U);
	gq_rig_expire(r, day + (1ULL << 27) + (1 << 13));
	KUNIT_EXPECT_EQ(test, r->w.count, 0U);
	KUNIT_EXPECT_EQ(test, r->w.reinserts, 0ULL);
}

/* A whole pool with one deadline leaves as it came, window after window, first
 * with no blocks, then with some, then with as many as are needed.
 */
static void gq_wheel_herd(struct kunit *test)
{
	struct gq_rig *r = gq_rig_new(test);
	u32 i, turn, blocks;
	u64 t = 0;

	for (turn = 0; turn < 300; turn++) {
		if (turn % 100 == 0) {
			gq_rig_init(r, 128, 12 + turn / 100);
			t = 0;
		}
		blocks = r->w.nspare;
		for (i = 0; i < GQ_POOL; i++)
			gq_rig_insert(r, &r->item[(i * 5 + turn) % GQ_POOL],
				      t + (100ULL << r->shift));
		KUNIT_ASSERT_EQ(test, r->w.count, GQ_POOL);
		/* All but the first, which is in the slot itself. */
		KUNIT_ASSERT_EQ(test, blocks - r->w.nspare,
				min(blocks, (GQ_POOL - 1) / GQ_BLOCK_NODES + 1));
		t += 100ULL << r->shift;
		gq_rig_expire(r, t - 1);
		KUNIT_ASSERT_EQ(test, r->w.count, GQ_POOL);
		gq_rig_expire(r, t);
		KUNIT_ASSERT_EQ(test, r->w.count, 0U);
		KUNIT_ASSERT_EQ(test, r->w.nspare, blocks);
	}
}

static struct kunit_case gq_wheel_cases[] = {
	KUNIT_CASE_PARAM(gq_wheel_wrap, gq_wheel_slots_gen_params),
	KUNIT_CASE(gq_wheel_edges),
	KUNIT_CASE(gq_wheel_beyond),
	KUNIT_CASE(gq_wheel_idle),
	KUNIT_CASE(gq_wheel_herd),
	KUNIT_CASE_PARAM_ATTR(gq_wheel_random, gq_wheel_slots_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{ }
};

static struct kunit_suite gq_wheel_suite = {
	.name = "sch_gq_wheel",
	.test_cases = gq_wheel_cases,
};

kunit_test_suite(gq_wheel_suite);
