// SPDX-License-Identifier: GPL-2.0-only
/*
 * How far a node may run: conservative synchronisation (Chandy and Misra, 1979;
 * Bryant, 1977) with a global view instead of null messages.
 *
 * low[j] is the earliest time at which node j can still do anything: its clock
 * while it runs, else its next timer or the next frame under way to it. Whatever j
 * does reaches node i, directly or by nodes that answer or forward, no earlier
 * than low[j] + distance(j, i), where the distance is the shortest path over all
 * segments, by latency alone: rate, queue and jitter only add to it. For i itself
 * that is the shortest cycle: the soonest answer to a frame of its own. So
 *
 *	until(i) = min over all j of low[j] + distance(j, i)
 *
 * and every node that has something to do before its bound runs, all at once. The
 * node with the smallest low always may, since all latencies are above 0.
 *
 * The horizon limits by how much one node can be ahead of another; it matters
 * where there is no path, and for what must happen at all nodes at one time.
 */
#include <errno.h>
#include <stdlib.h>

#include "sim_core.h"

#define HORIZON_MAX_NS	1000000000ull
#define HORIZON_MIN_NS	1000000ull

static void direct(struct ns_sim *sim, const struct ns_segment *s)
{
	uint32_t from, to;

	for (from = 0; from < s->nr_ports; from++)
		for (to = 0; to < s->nr_ports; to++) {
			uint64_t *d = &sim->distance[s->ports[from].node * sim->nr +
						     s->ports[to].node];
			uint64_t l = s->paths[from * s->nr_ports + to].latency_ns;

			if (from != to && l < *d)
				*d = l;
		}
}

/* Floyd and Warshall. The diagonal begins as "never", so it ends as a cycle. */
static void all_pairs(struct ns_sim *sim)
{
	uint64_t *d = sim->distance, sum;
	uint32_t n = sim->nr, i, j, k;

	for (k = 0; k < n; k++)
		for (i = 0; i < n; i++)
			for (j = 0; j < n; j++) {
				sum = ns_add(d[i * n + k], d[k * n + j]);
				if (sum < d[i * n + j])
					d[i * n + j] = sum;
			}
}

int ns_bound_init(struct ns_sim *sim)
{
	size_t i, n = (size_t)sim->nr * sim->nr;
	uint64_t max = HORIZON_MIN_NS;

	sim->distance = malloc(n * sizeof(*sim->distance));
	if (!sim->distance)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		sim->distance[i] = NS_NEVER;
	for (i = 0; i < sim->cfg->nr_segments; i++)
		direct(sim, &sim->cfg->segments[i]);
	all_pairs(sim);
	for (i = 0; i < n; i++)
		if (sim->distance[i] > max)
			max = sim->distance[i];
	sim->horizon_ns = max < HORIZON_MAX_NS ? max : HORIZON_MAX_NS;
	return 0;
}

uint64_t ns_bound_low(const struct ns_sim_node *node)
{
	uint64_t next = node->vm.next, frame = ns_heap_time(&node->heap);

	switch (node->vm.state) {
	case NS_STARTING:
	case NS_RUNNING:
		return node->vm.now;
	case NS_BLOCKED:
		return next < frame ? next : frame;
	case NS_ENDED:
		break;
	}
	return NS_NEVER;
}

uint64_t ns_bound_until(const struct ns_sim *sim, const uint64_t *low, uint32_t i)
{
	const uint64_t *d = &sim->distance[i];
	uint64_t until = NS_NEVER, first = NS_NEVER, t;
	uint32_t j, n = sim->nr;

	for (j = 0; j < n; j++, d += n) {
		t = ns_add(low[j], *d);
		if (t < until)
			until = t;
		if (low[j] < first)
			first = low[j];
	}
	t = ns_add(first, sim->horizon_ns);
	return t < until ? t : until;
}
