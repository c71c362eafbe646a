// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * KUnit tests of sch_gq's data structures, gq_wheel.h and gq_hash.h.
 *
 * Each structure runs beside a model that has no idea of how it works, and
 * every answer is compared:
 *
 *	bitmaps	a plain bitmap, walked bit by bit
 *	wheel	an rbtree ordered by (bucket, time of insertion)
 *	hash	an array of keys with a flag for "is inside"
 *
 * The expectations:
 *
 * bitmaps
 * 1. next(i) is the first member at or after i, for every i, at every density,
 *    for sizes next to each power of 64; past the end there is none.
 * 2. A bit above the leaves is set if and only if the word below is not zero.
 * 3. A search around the circle from any bucket finds the nearest one.
 * wheel
 * 4. Nothing is released before its deadline.
 * 5. What is released was not yet a granularity late at the call before.
 * 6. Buckets are released in order, a bucket's nodes as they were inserted.
 * 7. Nothing is lost or doubled, and next, due, base, count and reinserts are
 *    right after every call.
 * 8. A slot's bit is set if and only if its list is not empty; each node is in
 *    the slot that the model says.
 * hash
 * 9. An entry is found if and only if it is inside, in every phase of a resize.
 * 10. It is in one chain, of the right index, of the right table.
 * 11. A resize ends after the promised number of steps, load stays <= 1.
 * 12. Sweep takes out what is idle and nothing else; drain takes all.
 *
 * The random numbers depend on the module parameter seed alone.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/rbtree.h>
#include <linux/sched.h>

#include "gq_hash.h"
#include "gq_wheel.h"

static unsigned int ops = 10000000;
module_param(ops, uint, 0444);
MODULE_PARM_DESC(ops, "random operations on wheels of all sizes, 100000 or more");

static unsigned long seed = 1;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "start of the random numbers");

KUNIT_DEFINE_ACTION_WRAPPER(gq_test_kvfree, kvfree, const void *);

/* Zeroed memory of any size, freed when the test case ends. */
static void *gq_test_alloc(struct kunit *test, size_t size)
{
	void *mem = kvzalloc(size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, mem);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, gq_test_kvfree, mem));
	return mem;
}

static void gq_test_free(struct kunit *test, void *mem)
{
	kunit_release_action(test, gq_test_kvfree, mem);
}

static u64 gq_test_u64(struct rnd_state *rnd)
{
	return (u64)prandom_u32_state(rnd) << 32 | prandom_u32_state(rnd);
}

/* 0 .. ceil - 1, near enough to uniform for ceil far below 2^32 */
static u32 gq_test_below(struct rnd_state *rnd, u32 ceil)
{
	return (u64)prandom_u32_state(rnd) * ceil >> 32;
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

/* Expectation 2, for any set of bitmaps. */
static void gq_ffs_check_levels(struct kunit *test, const struct gq_ffs *f)
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
	gq_ffs_check_levels(test, &p->f);
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

	prandom_seed_state(&rnd, seed + nbits);
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

/* Setting a member again, or clearing what is not one, changes nothing. */
static void gq_ffs_idempotent(struct kunit *test)
{
	const u32 nbits = *(const u32 *)test->param_value;
	struct gq_ffs_pair p;
	struct rnd_state rnd;
	u32 i;

	prandom_seed_state(&rnd, seed + nbits);
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

/* ---- wheel ---- */

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
	prandom_seed_state(&r->rnd, seed ^ (u64)slots << 8 ^ shift);
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
 * bucket, what is beyond it in its last one.
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
	if (k > r->base + r->slots - 1)
		k = r->base + r->slots - 1;

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

/* Expectation 7 */
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

/* Expectation 8 */
static void gq_rig_walk(const struct gq_rig *r)
{
	const struct gq_wheel *w = &r->w;
	struct kunit *test = r->test;
	const struct gq_node *node;
	u32 slot, count = 0;

	for (slot = 0; slot < r->slots; slot++) {
		u64 seq = U64_MAX;

		KUNIT_ASSERT_EQ_MSG(test, gq_ffs_test(&w->ffs, slot),
				    !!w->slots[slot], "slot %u", slot);
		for (node = w->slots[slot]; node; node = node->next) {
			const struct gq_item *it =
				container_of(node, struct gq_item, node);

			KUNIT_ASSERT_TRUE(test, it->inside);
			KUNIT_ASSERT_EQ(test, it->bucket % r->slots, slot);
			KUNIT_ASSERT_GE(test, it->bucket, r->base);
			KUNIT_ASSERT_LT(test, it->bucket, r->base + r->slots);
			KUNIT_ASSERT_LT(test, it->seq, seq);
			seq = it->seq;
			KUNIT_ASSERT_LE(test, ++count, r->count);
		}
	}
	KUNIT_ASSERT_EQ(test, count, r->count);
	gq_ffs_check_levels(test, &w->ffs);
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
 * Expectations 4 and 5, which don't depend on the model's idea of buckets. A
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

/* Expectations 4 to 8: its share of the operations, at every granularity. */
static void gq_wheel_random(struct kunit *test)
{
	const u32 slots = *(const u32 *)test->param_value;
	const u32 share = ops / (ARRAY_SIZE(gq_wheel_sizes) * GQ_SHIFTS) + 1;
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

/* Expectation 3: from every bucket, several turns of the wheel on. */
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

/* A whole pool with one deadline leaves as it came, window after window. */
static void gq_wheel_herd(struct kunit *test)
{
	struct gq_rig *r = gq_rig_new(test);
	u64 t = 0;
	u32 i, turn;

	gq_rig_init(r, 128, 12);
	for (turn = 0; turn < 300; turn++) {
		for (i = 0; i < GQ_POOL; i++)
			gq_rig_insert(r, &r->item[(i * 5 + turn) % GQ_POOL],
				      t + 4096 * 100);
		KUNIT_ASSERT_EQ(test, r->w.count, GQ_POOL);
		t += 4096 * 100;
		gq_rig_expire(r, t - 1);
		KUNIT_ASSERT_EQ(test, r->w.count, GQ_POOL);
		gq_rig_expire(r, t);
		KUNIT_ASSERT_EQ(test, r->w.count, 0U);
	}
}

/* ---- hash ---- */

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
	prandom_seed_state(&r->rnd, seed);
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

/* Expectations 9 and 10 */
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
	}
	cond_resched();
}

/* What sch_gq does after each new flow, with memory at hand. Expectation 11 */
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

/* Expectation 12: one round of sweeps meets every entry, and spares the busy */
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
	struct gq_table table = { };
	struct gq_hash h = { .cur = &table };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		table.log = cases[i].log;
		h.count = cases[i].count;
		KUNIT_EXPECT_EQ_MSG(test, gq_hash_wants(&h), cases[i].wants,
				    "log %u count %u", table.log, h.count);
	}
}

/* A chain of a table twice as large holds part of one chain of the smaller. */
static void gq_hash_nests(struct kunit *test)
{
	struct gq_table small = { }, large = { };
	struct rnd_state rnd;
	u32 i;

	prandom_seed_state(&rnd, seed);
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

static struct kunit_case sch_gq_cases[] = {
	KUNIT_CASE_PARAM(gq_ffs_geometry, gq_ffs_size_gen_params),
	KUNIT_CASE_PARAM(gq_ffs_single, gq_ffs_size_gen_params),
	KUNIT_CASE_PARAM(gq_ffs_random, gq_ffs_size_gen_params),
	KUNIT_CASE_PARAM(gq_ffs_idempotent, gq_ffs_size_gen_params),
	KUNIT_CASE(gq_list_order),
	KUNIT_CASE_PARAM(gq_wheel_wrap, gq_wheel_slots_gen_params),
	KUNIT_CASE(gq_wheel_edges),
	KUNIT_CASE(gq_wheel_beyond),
	KUNIT_CASE(gq_wheel_idle),
	KUNIT_CASE(gq_wheel_herd),
	KUNIT_CASE_PARAM_ATTR(gq_wheel_random, gq_wheel_slots_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE(gq_hash_bounds),
	KUNIT_CASE(gq_hash_nests),
	KUNIT_CASE(gq_hash_sweeps),
	KUNIT_CASE(gq_hash_drains),
	KUNIT_CASE_SLOW(gq_hash_resize),
	KUNIT_CASE_SLOW(gq_hash_random),
	{ }
};

static struct kunit_suite sch_gq_suite = {
	.name = "sch_gq",
	.test_cases = sch_gq_cases,
};

kunit_test_suite(sch_gq_suite);

MODULE_DESCRIPTION("KUnit tests of sch_gq's wheel and flow table");
MODULE_LICENSE("GPL");
