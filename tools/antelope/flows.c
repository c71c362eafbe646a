// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "flows.h"
#include "names.h"

#define Q16	65536.0

struct flow {
	struct flow_head head;
	UT_hash_handle hh;
};

static struct flow *find(struct flows *f, uint64_t cookie)
{
	struct flow *flow;

	HASH_FIND(hh, f->table, &cookie, sizeof(cookie), flow);
	return flow;
}

struct flow_head *flows_find(struct flows *f, uint64_t cookie)
{
	struct flow *flow = find(f, cookie);

	return flow ? &flow->head : NULL;
}

static void count_flow(struct flows *f, uint8_t cc, int by)
{
	if (cc < ANTELOPE_CCS)
		f->cc[cc].flows += by;
}

static void drop(struct flows *f, struct flow *flow)
{
	count_flow(f, flow->head.last.choice, -1);
	HASH_DEL(f->table, flow);
	free(flow);
	f->n--;
}

/* The order of uthash is that of insertion: so the oldest comes first. */
static struct flow *touch(struct flows *f, uint64_t cookie)
{
	struct flow *flow = find(f, cookie);

	if (flow) {
		HASH_DEL(f->table, flow);
	} else {
		while (f->n >= f->max) {
			drop(f, f->table);
			f->evicted++;
		}
		flow = calloc(1, sizeof(*flow));
		if (!flow)
			return NULL;
		flow->head.cookie = cookie;
		flow->head.last.choice = ANTELOPE_NO_CC;
		f->n++;
	}
	HASH_ADD(hh, f->table, head.cookie, sizeof(cookie), flow);
	return flow;
}

static void add_sums(struct flows *f, const struct antelope_record *r)
{
	struct cc_sums *cc;

	f->records++;
	f->why[r->why]++;
	f->opened += r->why == ANTELOPE_OPENED;
	f->closed += r->why == ANTELOPE_CLOSED;
	if (r->cc >= ANTELOPE_CCS || r->why == ANTELOPE_OPENED)
		return;
	cc = &f->cc[r->cc];
	cc->windows++;
	cc->bytes += r->bytes;
	if (r->flags & ANTELOPE_REWARDED) {
		cc->rewarded++;
		cc->reward += record_reward(r) / Q16;
	}
}

struct flow_head *flows_record(struct flows *f, const struct antelope_record *r)
{
	struct flow *flow = touch(f, r->cookie);

	add_sums(f, r);
	if (!flow)
		return NULL;
	flow->head.windows += r->why != ANTELOPE_OPENED;
	flow->head.bytes += r->bytes;
	return &flow->head;
}

void flows_done(struct flows *f, struct flow_head *head, const struct antelope_record *r)
{
	count_flow(f, head->last.choice, -1);
	count_flow(f, r->choice, 1);
	head->last = *r;
	if (r->why == ANTELOPE_CLOSED)
		drop(f, (struct flow *)head);
}

/* Keep the list sorted while it grows: it is short, and what does not fit is not in it. */
size_t flows_busiest(struct flows *f, const struct flow_head **list, size_t max)
{
	struct flow *flow, *next;
	size_t n = 0, i;

	HASH_ITER(hh, f->table, flow, next) {
		for (i = n; i > 0 && list[i - 1]->last.bytes < flow->head.last.bytes; i--)
			if (i < max)
				list[i] = list[i - 1];
		if (i < max)
			list[i] = &flow->head;
		n += n < max;
	}
	return n;
}

void flows_free(struct flows *f)
{
	struct flow *flow, *next;

	HASH_ITER(hh, f->table, flow, next) {
		HASH_DEL(f->table, flow);
		free(flow);
	}
	memset(f, 0, sizeof(*f));
}
