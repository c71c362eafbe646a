// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * KUnit tests of sch_gq's packets by departure time (gq_edt.h).
 *
 * Nodes belong to flows whose deadlines never go back, as TCP's do not; many are
 * equal, over on insertion, or far beyond the wheel. Expectations:
 *
 * 1. A flow's nodes are released as they were inserted, however the clock jumps.
 * 2. Nothing is released before its deadline.
 * 3. To a caller that comes at gq_edt_due(), nothing is released more than a
 *    bucket late, and of two nodes not overdue on insertion the one of the earlier
 *    bucket comes first, in a bucket the one that was inserted first.
 * 4. gq_edt_waits() is true when a node is inside whose deadline is over.
 * 5. Nothing is lost or doubled, and the count is right after every call.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/sched.h>

#include "gq_edt.h"
#include "gq_kunit.h"

#define GQ_EDT_POOL	1024	/* nodes, in and out */
#define GQ_EDT_FLOWS	16

struct gq_edt_item {
	struct gq_node	node;
	u64		seq;		/* of all insertions */
	u64		inserted_ns;
	u32		flow;
	bool		inside;
};

struct gq_edt_flow {
	u64	deadline;	/* of the last node */
	u64	released;	/* seq of the last node released, plus one */
};

/**
 * struct gq_edt_rig - a queue and what is known of it
 * @test: the running test case
 * @e: the queue under test
 * @mem: its memory
 * @rnd: where random numbers come from
 * @slots: of the wheel
 * @shift: of the wheel
 * @now: clock, ns
 * @seq: counts insertions
 * @count: nodes inside
 * @bucket: of the node released last, of those not overdue on insertion
 * @bucket_seq: its number
 * @exact: the clock stops wherever the queue wants to be called
 * @flow: the flows
 * @item: the pool
 */
struct gq_edt_rig {
	struct kunit		*test;
	struct gq_edt		e;
	void			*mem;
	struct rnd_state	rnd;
	u32			slots;
	u32			shift;
	u64			now;
	u64			seq;
	u32			count;
	u64			bucket;
	u64			bucket_seq;
	bool			exact;
	struct gq_edt_flow	flow[GQ_EDT_FLOWS];
	struct gq_edt_item	item[GQ_EDT_POOL];
};

static void gq_edt_rig_start(struct kunit *test, struct gq_edt_rig *r,
			     u32 slots, u32 shift, bool exact)
{
	memset(r, 0, sizeof(*r));
	r->test = test;
	r->slots = slots;
	r->shift = shift;
	r->exact = exact;
	r->mem = gq_test_alloc(test, gq_wheel_size(slots));
	prandom_seed_state(&r->rnd, gq_test_seed + slots + shift + exact);
	r->now = 1ULL << 40;
	gq_edt_init(&r->e, r->mem, slots, shift);
	if (slots > 64)
		gq_test_stock(test, &r->e.wheel, 30);
}

/* Mostly a few buckets, or none; sometimes many wheels. */
static u64 gq_edt_ahead(struct gq_edt_rig *r)
{
	u64 span = (u64)r->slots << r->shift;

	switch (gq_test_below(&r->rnd, 8)) {
	case 0:
		return gq_test_u64(&r->rnd) % (4 * span);
	case 1:
		return gq_test_u64(&r->rnd) % (span / 4);
	case 2:
		return gq_test_below(&r->rnd, 2U << r->shift);
	default:
		return 0;
	}
}

static void gq_edt_rig_insert(struct gq_edt_rig *r, struct gq_edt_item *it)
{
	u32 flow = gq_test_below(&r->rnd, GQ_EDT_FLOWS);
	struct gq_edt_flow *f = &r->flow[flow];
	u64 past = gq_test_below(&r->rnd, 3U << r->shift);

	/* A flow that was idle may stamp with what is over already. */
	f->deadline = max(f->deadline, r->now - past) + gq_edt_ahead(r);
	it->node.deadline = f->deadline;
	it->flow = flow;
	it->seq = r->seq++;
	it->inserted_ns = r->now;
	it->inside = true;
	gq_edt_insert(&r->e, &it->node, r->now);
	r->count++;
}

static void gq_edt_check_exact(struct gq_edt_rig *r, struct gq_edt_item *it)
{
	u64 k = gq_wheel_bucket(&r->e.wheel, it->node.deadline);
	u64 since = max(it->node.deadline, it->inserted_ns);

	KUNIT_ASSERT_LE(r->test, r->now - since, 1ULL << r->shift);
	if (it->node.deadline <= it->inserted_ns)
		return;
	KUNIT_ASSERT_TRUE(r->test, k > r->bucket ||
			  (k == r->bucket && it->seq >= r->bucket_seq));
	r->bucket = k;
	r->bucket_seq = it->seq;
}

static void gq_edt_rig_expire(struct gq_edt_rig *r)
{
	struct gq_list due = { };
	struct gq_node *node;

	gq_edt_expire(&r->e, r->now, &due);
	while ((node = gq_list_pop(&due))) {
		struct gq_edt_item *it;

		it = container_of(node, struct gq_edt_item, node);
		KUNIT_ASSERT_TRUE(r->test, it->inside);
		KUNIT_ASSERT_LE(r->test, node->deadline, r->now);
		KUNIT_ASSERT_GE(r->test, it->seq, r->flow[it->flow].released);
		r->flow[it->flow].released = it->seq + 1;
		if (r->exact)
			gq_edt_check_exact(r, it);
		it->inside = false;
		r->count--;
	}
	KUNIT_ASSERT_EQ(r->test, r->count, gq_edt_count(&r->e));
}

static void gq_edt_check_waits(struct gq_edt_rig *r)
{
	u32 i;

	if (gq_edt_waits(&r->e, r->now))
		return;
	for (i = 0; i < GQ_EDT_POOL; i++)
		if (r->item[i].inside)
			KUNIT_ASSERT_GT(r->test, r->item[i].node.deadline,
					r->now);
}

/* Let time pass, by a little or up to twice the wheel. */
static void gq_edt_rig_step(struct gq_edt_rig *r)
{
	u64 span = (u64)r->slots << r->shift;
	u64 to, due;

	if (gq_test_below(&r->rnd, 32))
		to = r->now + gq_test_below(&r->rnd, 4U << r->shift);
	else
		to = r->now + gq_test_u64(&r->rnd) % (2 * span);
	while (r->exact && (due = gq_edt_due(&r->e)) <= to) {
		r->now = max(r->now, due);
		gq_edt_rig_expire(r);
	}
	r->now = to;
	if (gq_test_below(&r->rnd, 2))
		gq_edt_rig_expire(r);
}

/* Until nothing is left; the last ones are four wheels and more ahead. */
static void gq_edt_rig_finish(struct gq_edt_rig *r)
{
	u32 calls;

	for (calls = 0; r->count && calls < 100000; calls++) {
		r->now = max(r->now, gq_edt_due(&r->e));
		gq_edt_rig_expire(r);
	}
	KUNIT_ASSERT_EQ(r->test, r->count, 0);
	KUNIT_ASSERT_EQ(r->test, gq_edt_due(&r->e), U64_MAX);
}

static void gq_edt_run(struct kunit *test, bool exact)
{
	static const struct { u32 slots, shift; } shape[] = {
		{ 64, 10 }, { 128, 13 }, { 4096, 13 }, { 32768, 13 },
	};
	struct gq_edt_rig *r = gq_test_alloc(test, sizeof(*r));
	struct gq_edt_item *it;
	u32 i, op;

	for (i = 0; i < ARRAY_SIZE(shape); i++) {
		gq_edt_rig_start(test, r, shape[i].slots, shape[i].shift,
				 exact);
		for (op = 0; op < gq_test_ops / 16; op++) {
			it = &r->item[gq_test_below(&r->rnd, GQ_EDT_POOL)];
			if (!it->inside && gq_test_below(&r->rnd, 4))
				gq_edt_rig_insert(r, it);
			else
				gq_edt_rig_step(r);
			if (op % 64 == 0)
				gq_edt_check_waits(r);
			if (op % 4096 == 0)
				cond_resched();
		}
		gq_edt_rig_finish(r);
		gq_test_free(test, r->mem);
	}
	gq_test_free(test, r);
}

static void gq_edt_in_time(struct kunit *test)
{
	gq_edt_run(test, true);
}

static void gq_edt_jumps(struct kunit *test)
{
	gq_edt_run(test, false);
}

/* What is taken out at once is all there is, in the order of each flow. */
static void gq_edt_drains(struct kunit *test)
{
	struct gq_edt_rig *r = gq_test_alloc(test, sizeof(*r));
	struct gq_list all = { };
	struct gq_node *node;
	u32 i;

	gq_edt_rig_start(test, r, 64, 10, false);
	for (i = 0; i < GQ_EDT_POOL; i++)
		gq_edt_rig_insert(r, &r->item[i]);
	KUNIT_EXPECT_GT(test, r->e.nfar, 0);
	gq_edt_drain(&r->e, &all);
	while ((node = gq_list_pop(&all))) {
		struct gq_edt_item *it;

		it = container_of(node, struct gq_edt_item, node);
		KUNIT_ASSERT_GE(test, it->seq, r->flow[it->flow].released);
		r->flow[it->flow].released = it->seq + 1;
		r->count--;
	}
	KUNIT_EXPECT_EQ(test, r->count, 0);
	KUNIT_EXPECT_EQ(test, gq_edt_count(&r->e), 0);
	KUNIT_EXPECT_EQ(test, gq_edt_due(&r->e), U64_MAX);
	gq_test_free(test, r->mem);
	gq_test_free(test, r);
}

static struct kunit_case gq_edt_cases[] = {
	KUNIT_CASE_SLOW(gq_edt_in_time),
	KUNIT_CASE_SLOW(gq_edt_jumps),
	KUNIT_CASE(gq_edt_drains),
	{}
};

static struct kunit_suite gq_edt_suite = {
	.name = "sch_gq_edt",
	.test_cases = gq_edt_cases,
};

kunit_test_suite(gq_edt_suite);
