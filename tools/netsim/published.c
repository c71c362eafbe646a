// SPDX-License-Identifier: GPL-2.0-only
/*
 * The published simulator's idea of scheduling, to be compared with ours on the
 * same nodes: one node at a time, always the one with the smallest clock, until
 * the smallest of all others' clocks plus the latency from there, in slices of
 * whole milliseconds. What it sends it sends at a time that the host's clock
 * tells, when a poll finds it: up to POLL_NS late. What is to arrive where the
 * clock is past it arrives at once.
 *
 * Nodes stop exactly where they are told to and cost no time while they idle; those
 * of the published simulator do neither. So its speed and its errors here are
 * better than they were. Since the nodes know the exact time of each frame,
 * the error of each arrival is known, and counted.
 */
#include <time.h>

#include "sim_core.h"

#define SLICE_NS	1000000ull
#define POLL_NS		500000ull

/* When a poll of the host's finds what was sent at t. */
uint64_t ns_published_time(struct ns_sim *sim, uint64_t t_ns)
{
	return t_ns + (sim->poll_phase_ns + POLL_NS - t_ns % POLL_NS) % POLL_NS;
}

void ns_published_arrival(struct ns_sim *sim, uint64_t exact_ns, uint64_t used_ns)
{
	uint64_t error = used_ns - exact_ns;

	sim->stats.error_frames++;
	sim->stats.error_sum_ns += error;
	if (error > sim->stats.error_max_ns)
		sim->stats.error_max_ns = error;
}

static struct ns_sim_node *first(struct ns_sim *sim)
{
	struct ns_sim_node *node = NULL;
	uint32_t i;

	for (i = 0; i < sim->nr; i++) {
		struct ns_vm *vm = &sim->nodes[i].vm;

		if (vm->state == NS_STARTING || vm->state == NS_RUNNING)
			return NULL;
		if (vm->state == NS_BLOCKED && (!node || vm->until < node->vm.until))
			node = &sim->nodes[i];
	}
	return node;
}

struct ns_sim_node *ns_published_next(struct ns_sim *sim, uint64_t *until)
{
	struct ns_sim_node *node = first(sim);
	uint64_t end = NS_NEVER, t;
	struct timespec now;
	uint32_t j;

	if (!node)
		return NULL;
	for (j = 0; j < sim->nr; j++) {
		const struct ns_vm *vm = &sim->nodes[j].vm;

		t = ns_add(vm->until, sim->distance[j * sim->nr + node->vm.id]);
		if (vm->state != NS_ENDED && j != node->vm.id && t < end)
			end = t;
	}
	if (end == NS_NEVER)
		end = node->vm.until + sim->horizon_ns;
	end = (end - node->vm.until) / SLICE_NS * SLICE_NS;
	*until = node->vm.until + (end ? end : SLICE_NS);
	clock_gettime(CLOCK_MONOTONIC, &now);
	sim->poll_phase_ns = now.tv_nsec % POLL_NS;
	return node;
}
