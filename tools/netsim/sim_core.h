/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the parts of the simulator's core: sim.c, bound.c, switch.c. */
#ifndef NETSIM_SIM_CORE_H
#define NETSIM_SIM_CORE_H

#include "heap.h"
#include "link.h"
#include "loop.h"
#include "sim.h"
#include "trace.h"

#define NS_LINE_MAX	240

struct ns_sim_node {
	struct ns_vm vm;	/* first: a backend's pointer is a pointer to this */
	struct ns_heap heap;
	/* What was injected for the present window, in order; told up to `told`. */
	struct ns_event *window;
	size_t window_nr, window_size, told;
	uint64_t seq;		/* of what it sends */
	struct ns_trace trace;
	uint64_t crash_ns;	/* absolute, or NS_NEVER */
	int status;
	char why[160];
	bool gone;		/* ended, but not buried yet */
	char line[NS_LINE_MAX];	/* of the console, not complete yet */
	unsigned int line_len;
};

/* Port to port: links[from * nr_ports + to]. */
struct ns_switch {
	const struct ns_segment *cfg;
	struct ns_link *links;
	uint64_t *macs;		/* of each port's interface */
};

struct ns_sim {
	const struct ns_config *cfg;
	struct ns_hooks hooks;
	void *ctx;
	struct ns_world world;
	uint32_t nr;
	struct ns_sim_node *nodes;
	struct ns_switch *switches;
	uint64_t *distance;	/* [from * nr + to]: soonest effect; on itself: by an answer */
	uint64_t horizon_ns, pause_ns;
	uint64_t control_seq;
	bool dirty, paused, ending, any_gone;
	bool published;		/* scheduling */
	uint64_t poll_phase_ns, shift_ns;	/* of that: see published.c */
	int err;
	uint32_t alive;
	struct ns_loop_idle idle;
	struct ns_source watch;
	uint64_t start_wall, boot_wall;
	struct ns_stats stats;
};

static inline struct ns_sim_node *ns_sim_node(struct ns_vm *vm)
{
	return (struct ns_sim_node *)vm;
}

static inline uint64_t ns_add(uint64_t a, uint64_t b)
{
	return a > NS_NEVER - b ? NS_NEVER : a + b;
}

/* bound.c: how far may each node go? */
int ns_bound_init(struct ns_sim *sim);
/* The earliest time at which the node may still do something. */
uint64_t ns_bound_low(const struct ns_sim_node *node);
/* No effect of any node can reach `i` before this; low[]: of all nodes. */
uint64_t ns_bound_until(const struct ns_sim *sim, const uint64_t *low, uint32_t i);

/* published.c: another scheduling, to compare with. */
/* The node to run next, and until when; NULL while one runs. */
struct ns_sim_node *ns_published_next(struct ns_sim *sim, uint64_t *until);
uint64_t ns_published_time(struct ns_sim *sim, uint64_t t_ns);
void ns_published_arrival(struct ns_sim *sim, uint64_t exact_ns, uint64_t used_ns);

/* switch.c: frames from a node to others. */
int ns_switch_init(struct ns_sim *sim);
void ns_switch_free(struct ns_sim *sim);
/* Tell the front end about what arrived up to and including t. */
void ns_switch_tell(struct ns_sim_node *node, uint64_t t_ns);
/* What is under way to a node that is no more. */
void ns_switch_lost(struct ns_sim_node *node);

#endif
