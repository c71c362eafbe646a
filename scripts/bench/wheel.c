// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the wheel of sch_gq costs by itself, against the red-black tree that
 * sch_fq keeps throttled flows in.
 *
 * N nodes have deadlines spread over a period. Time goes forward in steps of a
 * bucket; what is due is taken out and goes back in a period later, give or
 * take a quarter. All of that is in one function, drive(), so that
 *
 *	valgrind --tool=callgrind --toggle-collect='drive*' wheel cffs 20000 100000
 *
 * counts its instructions and nothing else. Without valgrind the time counts.
 * Nodes are as large as the qdiscs' flows, and shuffled in memory.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <linux/rbtree.h>

#include "gq_wheel.h"

#define SLOTS		32768u
#define SHIFT		13
#define PERIOD_NS	10000000ull

struct node {
	union {
		struct gq_node	wheel;
		struct {
			struct rb_node	rb;
			u64		deadline;
		};
	};
	u64 flow[8];
};

struct bench {
	struct node	*nodes;
	struct node	**order;
	u64		*mem;
	struct gq_wheel	wheel;
	struct rb_root	root;
	u64		random;
};

struct kind {
	const char	*name;
	void		(*insert)(struct bench *b, struct node *n, u64 deadline,
				  u64 now);
	u64		(*step)(struct bench *b, u64 now);
};

/* xorshift64: the same sequence for both */
static u64 next_random(struct bench *b)
{
	b->random ^= b->random << 13;
	b->random ^= b->random >> 7;
	b->random ^= b->random << 17;
	return b->random;
}

static u64 later(struct bench *b, u64 deadline)
{
	return deadline + PERIOD_NS * 3 / 4 + next_random(b) % (PERIOD_NS / 2);
}

static void cffs_insert(struct bench *b, struct node *n, u64 deadline, u64 now)
{
	n->wheel.deadline = deadline;
	gq_wheel_insert(&b->wheel, &n->wheel, now);
}

static u64 cffs_step(struct bench *b, u64 now)
{
	struct gq_list due = { 0 };
	struct gq_node *node;
	u64 n = 0;

	gq_wheel_expire(&b->wheel, now, &due);
	while ((node = gq_list_pop(&due))) {
		cffs_insert(b, (struct node *)node, later(b, node->deadline),
			    now);
		n++;
	}
	return n;
}

static void rb_insert(struct bench *b, struct node *n, u64 deadline, u64 now)
{
	struct rb_node **p = &b->root.rb_node, *parent = NULL;

	(void)now;
	n->deadline = deadline;
	while (*p) {
		parent = *p;
		p = deadline >= rb_entry(parent, struct node, rb)->deadline ?
		    &parent->rb_right : &parent->rb_left;
	}
	rb_link_node(&n->rb, parent, p);
	rb_insert_color(&n->rb, &b->root);
}

static u64 rb_step(struct bench *b, u64 now)
{
	struct rb_node *first;
	struct node *node;
	u64 n = 0;

	while ((first = rb_first(&b->root))) {
		node = rb_entry(first, struct node, rb);
		if (node->deadline > now)
			break;
		rb_erase(first, &b->root);
		rb_insert(b, node, later(b, node->deadline), now);
		n++;
	}
	return n;
}

static const struct kind kinds[] = {
	{ "cffs", cffs_insert, cffs_step },
	{ "rbtree", rb_insert, rb_step },
};

/* Return: nodes taken out and put back, at least @ops */
static noinline u64 drive(struct bench *b, const struct kind *k, u64 *now,
			  u64 ops)
{
	u64 done = 0;

	while (done < ops) {
		*now += 1ull << SHIFT;
		done += k->step(b, *now);
	}
	return done;
}

static u64 clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static int setup(struct bench *b, const struct kind *k, unsigned long n)
{
	unsigned long i, j;
	struct node *swap;

	b->random = 88172645463325252ull;
	b->root = RB_ROOT;
	b->nodes = calloc(n, sizeof(*b->nodes));
	b->order = calloc(n, sizeof(*b->order));
	b->mem = calloc(1, gq_wheel_size(SLOTS));
	if (!b->nodes || !b->order || !b->mem)
		return -ENOMEM;

	gq_wheel_init(&b->wheel, b->mem, SLOTS, SHIFT);
	for (i = 0; i < n; i++)
		b->order[i] = &b->nodes[i];
	for (i = n - 1; i; i--) {
		j = next_random(b) % (i + 1);
		swap = b->order[i];
		b->order[i] = b->order[j];
		b->order[j] = swap;
	}
	for (i = 0; i < n; i++)
		k->insert(b, b->order[i], 1 + next_random(b) % PERIOD_NS, 0);
	return 0;
}

static int run(const struct kind *k, unsigned long n, unsigned long ops)
{
	struct bench b = { 0 };
	u64 now = 0, start, done;
	int err;

	err = setup(&b, k, n);
	if (err) {
		fprintf(stderr, "wheel: no memory for %lu nodes; use fewer\n", n);
	} else {
		start = clock_ns();
		done = drive(&b, k, &now, ops);
		printf("%s,%lu,%llu,%.1f\n", k->name, n,
		       (unsigned long long)done,
		       (double)(clock_ns() - start) / done);
	}
	free(b.nodes);
	free(b.order);
	free(b.mem);
	return err;
}

/* Cycles of the time stamp counter in a millisecond, which is its kHz. */
static int print_tsc(void)
{
	u64 ns = clock_ns(), tsc = __builtin_ia32_rdtsc(), end;

	do {
		end = clock_ns();
	} while (end - ns < 300000000);
	printf("%llu\n", (unsigned long long)
	       ((__builtin_ia32_rdtsc() - tsc) * 1000000 / (end - ns)));
	return 0;
}

static int usage(FILE *out)
{
	fputs("call: wheel cffs|rbtree NODES OPERATIONS   name,nodes,operations,ns each\n"
	      "      wheel tsc                            kHz of the time stamp counter\n"
	      "\n"
	      "examples:\n"
	      "  wheel cffs 20000 1000000\n"
	      "  valgrind --tool=callgrind --toggle-collect='drive*' wheel rbtree 1000 100000\n",
	      out);
	return out == stdout ? 0 : 1;
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;
	unsigned long ops = argc > 3 ? strtoul(argv[3], NULL, 0) : 0;
	size_t i;

	if (argc == 2 && !strcmp(argv[1], "--help"))
		return usage(stdout);
	if (argc == 2 && !strcmp(argv[1], "tsc"))
		return print_tsc();
	for (i = 0; argc == 4 && n && ops && i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(argv[1], kinds[i].name))
			return run(&kinds[i], n, ops) ? 1 : 0;
	return usage(stderr);
}
