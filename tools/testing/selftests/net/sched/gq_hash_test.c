// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gq_hash.h in userspace, beside an array of flags.
 *
 * The in-kernel suite sch_gq_hash has the long tests. This one proves that the same
 * file builds against the kernel's tools/include, and lets the sanitizers
 * watch the memory: tables come from and go back to malloc(), and so do the
 * entries that are swept, so that a stale link is a use after free. Expected:
 *
 * 1. An entry is found if and only if it is inside, while the table grows from
 *    2^10 to 2^14 chains and shrinks back.
 * 2. Each resize ends after 2^log / GQ_HASH_STEP steps; load stays <= 1.
 * 3. Sweeping takes out idle entries only; draining takes all, once. Those that
 *    were used last are not remembered any longer.
 */
#include <stdlib.h>
#include <string.h>

#include "gq_hash.h"

/* The harness leaves parameters unused. */
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "kselftest_harness.h"

#define KEYS	10000

struct entry {
	struct gq_hent	e;
	__u32		id;
};

struct rig {
	struct gq_hash	h;
	struct entry	*inside[KEYS];
	__u32		count;
	__u32		steps;
	__u32		resizes;
};

FIXTURE(hash) {
	struct rig	r;
};

static struct gq_table *table_new(__u32 log)
{
	struct gq_table *t = calloc(1, gq_table_size(log));

	if (t)
		t->log = log;
	return t;
}

FIXTURE_SETUP(hash)
{
	struct rig *r = &self->r;

	r->h.cur = table_new(GQ_HASH_LOG_MIN);
	ASSERT_NE(NULL, r->h.cur);
}

FIXTURE_TEARDOWN(hash)
{
	struct rig *r = &self->r;
	struct gq_hent *e = gq_hash_drain(&r->h), *next;

	for (; e; e = next) {
		next = e->next;
		free(e);
	}
	free(r->h.cur);
	free(r->h.old);
}

/* Keys that look like addresses of sockets. */
static unsigned long key_of(__u32 id)
{
	return 0x7f0000001000UL + 2176UL * id;
}

/* Expectation 2. Returns what is wrong, or NULL. */
static const char *turn(struct rig *r)
{
	struct gq_table *t;
	__u32 log;

	if (r->h.old) {
		__u32 chains = 1U << r->h.old->log;

		t = gq_hash_step(&r->h);
		if (!t != (++r->steps * GQ_HASH_STEP < chains))
			return "a resize took a wrong number of steps";
		free(t);
	}
	log = gq_hash_wants(&r->h);
	if (log) {
		t = table_new(log);
		if (!t)
			return "no memory";
		gq_hash_start(&r->h, t);
		r->steps = 0;
		r->resizes++;
	}
	if (r->count > 1U << r->h.cur->log)
		return "the load is above 1";
	return NULL;
}

static const char *add(struct rig *r, __u32 id)
{
	struct entry *it = malloc(sizeof(*it));

	if (!it)
		return "no memory";
	it->id = id;
	it->e.key = key_of(id);
	gq_hash_insert(&r->h, &it->e);
	r->inside[id] = it;
	r->count++;
	return turn(r);
}

/* Idle are those whose number has no bit in common with the mask. */
static bool is_idle(const struct gq_hent *e, const void *mask)
{
	const struct entry *it = (const void *)e;

	return !(it->id & *(const __u32 *)mask);
}

static const char *sweep(struct rig *r, __u32 mask)
{
	struct gq_hent *e = gq_hash_sweep(&r->h, is_idle, &mask), *next;
	const char *wrong = NULL;

	for (; e; e = next) {
		struct entry *it = (struct entry *)e;

		next = e->next;
		if (it->id & mask)
			wrong = "a busy entry was swept";
		if (r->inside[it->id] != it)
			wrong = "an entry was swept twice";
		r->inside[it->id] = NULL;
		r->count--;
		free(it);
	}
	return wrong ? wrong : turn(r);
}

/* Expectation 1. Returns the first key with a wrong answer, or -1. */
static int differs(struct rig *r)
{
	for (__u32 id = 0; id < KEYS; id++) {
		struct gq_hent *e = gq_hash_find(&r->h, key_of(id));

		if (e != (struct gq_hent *)r->inside[id])
			return id;
		if (e && id % 7 == 0)
			gq_hash_used(&r->h, e);
	}
	return r->h.count == r->count ? -1 : KEYS;
}

TEST_F(hash, grows_and_shrinks)
{
	struct rig *r = &self->r;
	const char *wrong;

	for (__u32 id = 0; id < KEYS; id++) {
		wrong = add(r, id);
		ASSERT_EQ(NULL, wrong)
			TH_LOG("add %u: %s", id, wrong);
		ASSERT_EQ(-1, id % 97 ? -1 : differs(r));
	}
	EXPECT_EQ(14U, r->h.cur->log);
	ASSERT_EQ(-1, differs(r));

	/* The odd ones stay for a round, then all go. */
	for (__u32 i = 0; i < 1 << 17; i++) {
		wrong = sweep(r, i < 1 << 15);
		ASSERT_EQ(NULL, wrong)
			TH_LOG("sweep %u: %s", i, wrong);
		ASSERT_EQ(-1, i % 997 ? -1 : differs(r));
		if (i == 1 << 15) {
			ASSERT_GE(KEYS / 2U, r->count);
			ASSERT_LT(0U, r->count);
		}
	}
	EXPECT_EQ(0U, r->count);
	EXPECT_EQ(0U + GQ_HASH_LOG_MIN, r->h.cur->log);
	EXPECT_EQ(8U, r->resizes);
}

TEST_F(hash, drains_amid_a_resize)
{
	struct rig *r = &self->r;
	struct gq_hent *e, *next;
	const char *wrong;
	__u32 id;

	for (id = 0; id <= 1U << GQ_HASH_LOG_MIN || r->h.moved < 100; id++) {
		wrong = add(r, id);
		ASSERT_EQ(NULL, wrong)
			TH_LOG("add %u: %s", id, wrong);
	}
	ASSERT_NE(NULL, r->h.old);
	ASSERT_EQ(-1, differs(r));
	for (e = gq_hash_drain(&r->h); e; e = next) {
		struct entry *it = (struct entry *)e;

		next = e->next;
		ASSERT_EQ(it, r->inside[it->id]);
		r->inside[it->id] = NULL;
		r->count--;
		free(it);
	}
	EXPECT_EQ(0U, r->count);
	EXPECT_EQ(-1, differs(r));
}

TEST_HARNESS_MAIN
