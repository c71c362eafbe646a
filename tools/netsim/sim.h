/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simulator's core, as its front end sees it. A run is
 *
 *	sim = ns_sim_new(&cfg, &boot, &hooks, ctx);
 *	err = ns_sim_run(sim);		calls the hooks until all nodes have ended
 *	ns_sim_stats(sim, &stats);
 *	ns_sim_free(sim);
 *
 * Everything happens in one thread, in the loop of loop.h; hooks must not block.
 * Virtual time is in ns since the simulation began, which is when the nodes
 * begin to boot. Nodes run in parallel, so what one node does is told in order,
 * but what several do is not.
 */
#ifndef NETSIM_SIM_H
#define NETSIM_SIM_H

#include "backend.h"

/* What nodes boot. Paths are absolute; NULL or empty: there is none. */
struct ns_boot {
	const char *dir;	/* folder of the run; nodes have DIR/nodes/NAME */
	const char *lib;	/* folder of init, and of what backends preload */
	const char *kernel_um, *kernel_x86_64;
	const char *stage_um, *stage_x86_64;
	unsigned int silence_s;	/* wall time without a word that ends a node */
	bool published;		/* scheduling as in the published simulator, see published.c */
};

enum ns_direction { NS_OUT, NS_IN };

/* Any of them may be NULL. */
struct ns_hooks {
	/* A frame left or reached an interface. For each node in order of time. */
	void (*frame)(void *ctx, struct ns_vm *vm, uint32_t nic, enum ns_direction way,
		      uint64_t t_ns, const void *frame, size_t len);
	/* Bytes from PID 1, see guest.h. */
	void (*control)(void *ctx, struct ns_vm *vm, uint64_t t_ns, const void *p, size_t len);
	/* A line of the console, without the newline. */
	void (*console)(void *ctx, struct ns_vm *vm, const char *line);
	/*
	 * A node has ended. why: NULL after a clean power off, else what happened,
	 * as a sentence without the node's name. crashed: a fault of the
	 * configuration took its power.
	 */
	void (*ended)(void *ctx, struct ns_vm *vm, uint64_t t_ns, int status,
		      const char *why, bool crashed);
	/*
	 * All nodes stand at t, which ns_sim_pause_at() asked for. They stay
	 * there until ns_sim_resume().
	 */
	void (*paused)(void *ctx, uint64_t t_ns);
};

struct ns_sim *ns_sim_new(const struct ns_config *cfg, const struct ns_boot *boot,
			  const struct ns_hooks *hooks, void *ctx);
/* Start the nodes and simulate until all have ended or ns_sim_stop(). 0 or -errno. */
int ns_sim_run(struct ns_sim *sim);
/* From a hook or the loop: end all nodes at once; ns_sim_run() returns err. */
void ns_sim_stop(struct ns_sim *sim, int err);
void ns_sim_free(struct ns_sim *sim);

/* How far any node may be ahead of another. */
uint64_t ns_sim_horizon(const struct ns_sim *sim);
/* Nothing that happens before this is still to come. */
uint64_t ns_sim_now(const struct ns_sim *sim);
/*
 * Have the node's PID 1 read these bytes at virtual time t, which is at least
 * ns_sim_horizon() after what caused them. 0 or -errno.
 */
int ns_sim_send(struct ns_sim *sim, uint32_t node, uint64_t t_ns, const void *p, size_t len);
/* The node has said its last word: switch it off, where it stands. */
void ns_sim_off(struct ns_sim *sim, uint32_t node);
/* Faults count from here: time 0 of the commands. */
void ns_sim_zero(struct ns_sim *sim, uint64_t time0_ns);
/* No node passes t; at least ns_sim_horizon() after anything known. */
void ns_sim_pause_at(struct ns_sim *sim, uint64_t t_ns);
void ns_sim_resume(struct ns_sim *sim);
struct ns_vm *ns_sim_vm(struct ns_sim *sim, uint32_t node);

/* Why frames of a path did not arrive, or arrived otherwise. */
enum ns_fate {
	NS_DROP_QUEUE,		/* queue full */
	NS_DROP_LOSS,
	NS_DROP_OUTAGE,
	NS_DROP_PARTITION,
	NS_DROP_CRASH,		/* the destination has no power */
	NS_DROP_DOWN,		/* its interface is not up */
	NS_MARKED,		/* ECN: congestion experienced */
	NS_DUPLICATED,
	NS_CORRUPTED,
	NS_REORDERED,
	NS_FATES
};

extern const char *const ns_fate_names[NS_FATES];	/* queue, loss, ... */

struct ns_path_stats {
	uint64_t sent_frames, sent_bytes, delivered_frames, delivered_bytes;
	uint64_t fate[NS_FATES];
	uint64_t queue_max_bytes;
};

struct ns_stats {
	uint64_t virtual_ns;	/* reached by the last node */
	uint64_t wall_ns, boot_wall_ns;	/* boot: until all nodes first asked for time */
	uint64_t windows;	/* grants, of all nodes */
	uint64_t frames, bytes;	/* sent by all nodes */
	uint64_t deliveries;
	/* Must be 0: a frame that was to arrive too early, or too late to be seen in time. */
	uint64_t causality;
	uint64_t late_frames, late_max_ns;	/* of backends that are not exact */
	/* of the published scheduling: arrivals, how far they were from exact */
	uint64_t error_frames, error_sum_ns, error_max_ns;
	uint8_t hash[32];	/* SHA-256 over the nodes' traces, in order of the nodes */
};

void ns_sim_stats(const struct ns_sim *sim, struct ns_stats *stats);
/* Of the path between two ports of a segment; constant memory of the simulator. */
const struct ns_path_stats *ns_sim_path_stats(const struct ns_sim *sim, uint32_t segment,
					      uint32_t from, uint32_t to);
/* The node's own trace: SHA-256 of (time, interface, length, bytes) of what it sent. */
void ns_sim_node_hash(const struct ns_sim *sim, uint32_t node, uint8_t hash[32]);

#endif
