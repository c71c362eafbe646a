// SPDX-License-Identifier: GPL-2.0-only
/*
 * Properties of the broadcast's state machine, over many seeds. Expected:
 *
 * 1.	the quorums are those of the paper, for all n
 * 2.	with up to f faulty nodes of each mode, every schedule of messages keeps
 *	validity, integrity, agreement and totality
 * 3.	with f + 1 that equivocate, the checker finds two values delivered
 * 4.	with the published thresholds, n = 9 and the 3 faulty ones that these
 *	claim to tolerate: silence ends validity, a selective READY totality
 * 5.	hostile messages are told apart, and change nothing
 * 6.	message counts are those of the analysis: n INITIALs, n^2 ECHOs and READYs
 *
 * The network is a queue for each link, in order as TCP is; a seed decides which
 * link is next, which nodes are faulty, and how they lie.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest.h"
#include "byz.h"

#define MAX_N		16u
#define MESSAGES	3u
#define SEEDS		1000u
#define QUEUE		1024u

enum { VALIDITY = 1, INTEGRITY = 2, AGREEMENT = 4, TOTALITY = 8 };

struct queue {
	struct rbc_msg m[QUEUE];
	unsigned int head, tail;
};

struct net;

struct node {
	struct net *net;
	unsigned int id;
	struct rbc rbc;
	struct byz byz;
	bool faulty, next;
	unsigned int times[MAX_N][MESSAGES + 1];
};

struct net {
	unsigned int n;
	uint64_t random;
	struct node node[MAX_N];
	unsigned long sent[3];
	unsigned int busy[MAX_N * MAX_N], nr_busy;	/* links that hold something */
	struct queue link[MAX_N][MAX_N];
};

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static void enqueue(struct node *from, unsigned int dest, const struct rbc_msg *m)
{
	struct net *net = from->net;
	struct queue *q = &net->link[from->id][dest];

	if (m->type > RBC_READY)	/* the decoder's business */
		return;
	if (q->tail - q->head == QUEUE)
		ksft_exit_fail_msg("a queue is too short\n");
	if (q->head == q->tail)
		net->busy[net->nr_busy++] = from->id * MAX_N + dest;
	q->m[q->tail++ % QUEUE] = *m;
	net->sent[m->type]++;
}

static void emit_byz(void *ctx, unsigned int dest, const struct rbc_msg *m)
{
	enqueue(ctx, dest, m);
}

static void on_send(void *ctx, const struct rbc_msg *m)
{
	struct node *node = ctx;
	unsigned int dest;

	if (node->faulty) {
		byz_send(&node->byz, m);
		return;
	}
	for (dest = 0; dest < node->net->n; dest++)
		if (dest != node->id)
			enqueue(node, dest, m);
}

static void on_deliver(void *ctx, const struct rbc_msg *m)
{
	struct node *node = ctx;

	node->times[m->origin][m->seq]++;
	if (m->origin == node->id)
		node->next = true;
}

static const struct rbc_ops ops = { on_send, on_deliver };

static uint64_t value_of(const struct net *net, unsigned int origin, uint32_t seq)
{
	return (uint64_t)seq * net->n + origin;
}

static void start(struct node *node)
{
	node->next = false;
	if (node->rbc.sent < MESSAGES)
		rbc_broadcast(&node->rbc, value_of(node->net, node->id, node->rbc.sent + 1));
}

static void empty(struct queue *q)
{
	q->head = 0;
	q->tail = 0;
}

static void setup(struct net *net, unsigned int n, unsigned int faulty,
		  const struct byz_mode *mode, bool compat, uint64_t seed)
{
	unsigned int i;

	memset(net, 0, offsetof(struct net, link));
	for (i = 0; i < MAX_N * MAX_N; i++)
		empty(&net->link[i / MAX_N][i % MAX_N]);
	net->n = n;
	net->random = seed;
	for (i = 0; i < n; i++) {
		struct node *node = &net->node[i];

		node->net = net;
		node->id = i;
		node->byz = (struct byz) { .mode = mode, .nodes = n, .self = i, .seed = seed,
					   .emit = emit_byz, .ctx = node };
		if (rbc_init(&node->rbc, n, i, MESSAGES, compat, &ops, node))
			ksft_exit_fail_msg("no memory\n");
	}
	while (faulty) {
		i = next_random(&net->random) % n;
		faulty -= !net->node[i].faulty;
		net->node[i].faulty = true;
	}
}

static void run(struct net *net)
{
	unsigned int i, pick, link;

	for (i = 0; i < net->n; i++)
		start(&net->node[i]);
	while (net->nr_busy) {
		struct queue *q;
		struct node *to;

		pick = next_random(&net->random) % net->nr_busy;
		link = net->busy[pick];
		q = &net->link[link / MAX_N][link % MAX_N];
		to = &net->node[link % MAX_N];
		rbc_receive(&to->rbc, link / MAX_N, &q->m[q->head++ % QUEUE]);
		if (q->head == q->tail)
			net->busy[pick] = net->busy[--net->nr_busy];
		if (to->next)
			start(to);
	}
}

/* One key: what the correct nodes made of it. Returns what is violated. */
static unsigned int check_key(const struct net *net, unsigned int origin, uint32_t seq)
{
	unsigned int i, correct = 0, delivered = 0, bad = 0;
	uint64_t value, first = 0;

	for (i = 0; i < net->n; i++) {
		const struct node *node = &net->node[i];

		if (node->faulty)
			continue;
		correct++;
		if (node->times[origin][seq] > 1)
			bad |= INTEGRITY;
		if (!rbc_delivered(&node->rbc, origin, seq, &value))
			continue;
		if (!net->node[origin].faulty && value != value_of(net, origin, seq))
			bad |= INTEGRITY;
		if (delivered++ && value != first)
			bad |= AGREEMENT;
		first = value;
	}
	if (!net->node[origin].faulty && delivered < correct)
		bad |= VALIDITY;
	if (delivered && delivered < correct)
		bad |= TOTALITY;
	return bad;
}

static unsigned int check(const struct net *net)
{
	unsigned int origin, bad = 0;
	uint32_t seq;

	for (origin = 0; origin < net->n; origin++)
		for (seq = 1; seq <= MESSAGES; seq++)
			bad |= check_key(net, origin, seq);
	return bad;
}

static unsigned int violations(struct net *net, unsigned int n, unsigned int faulty,
			       const char *mode, bool compat, uint64_t seed)
{
	unsigned int i, bad;

	setup(net, n, faulty, byz_find(mode), compat, seed);
	run(net);
	bad = check(net);
	for (i = 0; i < n; i++)
		rbc_free(&net->node[i].rbc);
	return bad;
}

static void test_quorums(void)
{
	bool ok = true;
	struct rbc_quorum q;
	unsigned int n, f;

	for (n = 1; n <= RBC_MAX_NODES; n++) {
		rbc_quorum(&q, n, false);
		f = q.faulty;
		ok &= n > 3 * f && n <= 3 * (f + 1);
		ok &= 2 * q.echoes >= n + f + 1 && 2 * (q.echoes - 1) < n + f + 1;
		/* two quorums of echoes share a correct node; all correct ones make one */
		ok &= 2 * q.echoes - n > f && q.echoes <= n - f;
		ok &= q.readies == f + 1 && q.deliver == 2 * f + 1;
	}
	rbc_quorum(&q, 9, true);
	ok &= q.faulty == 3 && q.echoes == 6 && q.readies == 4 && q.deliver == 7;
	ksft_test_result(ok, "quorums of 1 to %u nodes\n", RBC_MAX_NODES);
}

static void test_tolerated(struct net *net, const struct byz_mode *mode)
{
	static const unsigned int sizes[] = { 4, 5, 7, 9, 10, 16 };
	unsigned int i, n, faulty, bad = 0;
	uint64_t seed;

	for (seed = 0; seed < SEEDS && !bad; seed++) {
		i = seed % ARRAY_SIZE(sizes);
		n = sizes[i];
		faulty = seed / ARRAY_SIZE(sizes) % ((n - 1) / 3 + 1);
		if (seed % 4)
			faulty = (n - 1) / 3;
		bad = violations(net, n, faulty, mode->name, false, seed);
		if (bad)
			ksft_print_msg("n %u, %u faulty, seed %llu: violated 0x%x\n", n, faulty,
				       (unsigned long long)seed, bad);
	}
	ksft_test_result(!bad, "%u seeds, up to f nodes: %s\n", SEEDS, mode->name);
}

/* How many of 100 seeds violate what. */
static void test_broken(struct net *net, unsigned int n, unsigned int faulty, bool compat,
			const char *mode, unsigned int what, const char *name)
{
	unsigned int found = 0, seed;

	for (seed = 0; seed < 100; seed++)
		found += !!(violations(net, n, faulty, mode, compat, seed) & what);
	ksft_print_msg("n %u, %u x %s%s: %u of 100 seeds\n", n, faulty, mode,
		       compat ? ", published thresholds" : "", found);
	ksft_test_result(found, "%s\n", name);
}

static void test_hostile(void)
{
	static struct net net;
	const struct rbc_msg cases[] = {
		{ RBC_INITIAL, 2, 1, 7 },		/* from 1: forged */
		{ RBC_ECHO, 4, 1, 7 },			/* no such node */
		{ RBC_ECHO, 2, 0, 7 },
		{ RBC_READY, 2, MESSAGES + 1, 7 },
		{ BYZ_GARBAGE, 2, 1, 7 },
		{ RBC_READY, 65535, UINT32_MAX, 7 },
	};
	const struct rbc_msg lie = { RBC_READY, 2, 1, 7 }, other = { RBC_READY, 2, 1, 8 };
	unsigned int i, taken = 0;
	struct rbc *r;

	setup(&net, 4, 0, byz_find("silent"), false, 1);
	r = &net.node[0].rbc;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		taken += rbc_receive(r, 1, &cases[i]) == RBC_TAKEN;
	taken += rbc_receive(r, 0, &lie) == RBC_TAKEN;		/* in the node's own name */
	taken += rbc_receive(r, 4, &lie) == RBC_TAKEN;
	ksft_test_result(!taken && !net.sent[RBC_ECHO] && !net.sent[RBC_READY],
			 "hostile messages have no effect\n");
	for (i = 0; i < 10; i++) {
		rbc_receive(r, 1, &lie);
		rbc_receive(r, 1, &other);
	}
	ksft_test_result(!net.sent[RBC_READY], "a peer counts once, whatever it says\n");
	for (i = 0; i < 4; i++)
		rbc_free(&net.node[i].rbc);
}

static void test_counts(struct net *net)
{
	unsigned long n = 9, all = n * (n - 1) * MESSAGES;
	unsigned int bad = violations(net, n, 0, "silent", false, 1);

	ksft_test_result(!bad && net->sent[RBC_INITIAL] == all &&
			 net->sent[RBC_ECHO] == n * all && net->sent[RBC_READY] == n * all,
			 "messages sent by 9 nodes: %lu, %lu, %lu\n", net->sent[RBC_INITIAL],
			 net->sent[RBC_ECHO], net->sent[RBC_READY]);
}

int main(void)
{
	static struct net net;
	const struct byz_mode *m;
	unsigned int modes = 0;

	for (m = byz_modes; m->name; m++)
		modes++;
	ksft_print_header();
	ksft_set_plan(modes + 8);
	test_quorums();
	for (m = byz_modes; m->name; m++)
		test_tolerated(&net, m);
	test_broken(&net, 4, 2, false, "equivocate", AGREEMENT,
		    "n 4: 2 that equivocate end agreement, and it is found");
	test_broken(&net, 9, 3, false, "equivocate", AGREEMENT,
		    "n 9: 3 that equivocate end agreement, and it is found");
	test_broken(&net, 9, 3, true, "silent", VALIDITY,
		    "published thresholds, n 9: 3 that are silent end validity");
	test_broken(&net, 9, 3, true, "selective", TOTALITY,
		    "published thresholds, n 9: 3 that are selective end totality");
	test_hostile();
	test_counts(&net);
	ksft_finished();
}
