/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What runs a node: one small table, so that a node is a user-mode kernel, an
 * unpatched QEMU under icount, or later a QEMU that is stopped in slices, mixed
 * in one run.
 *
 * States of a node, as the simulator sees it:
 *
 *	STARTING  process starts, handshakes; until ns_sim_blocked() first comes
 *	BLOCKED	  stands at virtual time `now`, wants to run at `next`; only
 *		  here may inject(), control() and grant() be called
 *	RUNNING	  was granted [now, until); sends frames by ns_sim_tx() with times
 *		  in it, ends with ns_sim_blocked()
 *	ENDED	  powered off, died or was stopped
 *
 * Rules: what is injected at t was not yet passed by the node's clock, t >= now;
 * frames and control bytes come together in order of t, all with t < until, and
 * the grant follows at once. Their memory is the simulator's and stays until
 * the node is BLOCKED again. A backend that is exact delivers at t to the ns; one
 * that is not counts how late it was in `late`. A node that got a frame at t may
 * act from t on, whatever its own `next` was. All calls return at once; what
 * takes time happens in the handlers that the backend registered with loop.h.
 *
 * The simulator alone changes what is in struct ns_vm; the backend calls
 * ns_sim_moved() when a node gets on in its window, and ns_sim_heard() for every
 * sign of life.
 */
#ifndef NETSIM_BACKEND_H
#define NETSIM_BACKEND_H

#include "config.h"

struct ns_sim;
struct ns_boot;		/* what nodes boot, see sim.h */

enum ns_node_state {
	NS_STARTING,
	NS_BLOCKED,
	NS_RUNNING,
	NS_ENDED,
};

/* A node that runs: common head, the backend's own state behind `priv`. */
struct ns_vm {
	struct ns_sim *sim;
	const struct ns_config *config;
	const struct ns_node *cfg;
	const struct ns_boot *boot;
	const struct ns_backend *backend;
	uint32_t id;
	enum ns_node_state state;
	uint64_t now, next, until;
	uint64_t windows, late_frames, late_max_ns;
	uint64_t heard_ns;	/* wall time of the last sign of life */
	char dir[256];		/* its own folder below the run's, with GUEST_CONF */
	void *priv;
};

struct ns_backend {
	const char *name;
	bool exact;
	const char *cpu_model;	/* what a second of computing costs in virtual time */
	/* Why this host cannot run it, or NULL; for doctor and before a start. */
	const char *(*missing)(const struct ns_boot *boot);
	int (*start)(struct ns_vm *vm);		/* 0 or -errno, error printed */
	int (*inject)(struct ns_vm *vm, uint32_t nic, uint64_t t_ns,
		      const void *frame, size_t len);
	/* Bytes for the guest's PID 1 (guest.h), that it sees at t. */
	int (*control)(struct ns_vm *vm, uint64_t t_ns, const void *p, size_t len);
	int (*grant)(struct ns_vm *vm, uint64_t until_ns);
	/* End the process and remove everything but the folder; any state. */
	void (*stop)(struct ns_vm *vm);
};

extern const struct ns_backend ns_backend_um, ns_backend_qemu;
const struct ns_backend *ns_backend_find(const char *name);

/* Called by backends. */
/* A frame that left the node's interface at t, now <= t < until. */
void ns_sim_tx(struct ns_vm *vm, uint32_t nic, uint64_t t_ns,
	       const void *frame, size_t len);
/* Everything before `until` is done; `next`: own next event, or NS_NEVER. */
void ns_sim_blocked(struct ns_vm *vm, uint64_t next_ns);
/* Bytes that PID 1 wrote on its control channel (guest.h), at t. */
void ns_sim_control(struct ns_vm *vm, uint64_t t_ns, const void *p, size_t len);
/* A frame that was injected found no interface that is up, or its ring full for too long. */
void ns_sim_undelivered(struct ns_vm *vm, uint32_t nic, uint64_t t_ns, size_t len);
/* Bytes of the kernel's console, as they come. */
void ns_sim_console(struct ns_vm *vm, const char *p, size_t len);
void ns_sim_heard(struct ns_vm *vm);
/* The node is past everything before t; others may go further. */
void ns_sim_moved(struct ns_vm *vm, uint64_t t_ns);
/*
 * The node is gone. status as wait() has it; why: NULL after a clean power off,
 * else a sentence. The simulator then calls stop(), from the loop.
 */
void ns_sim_ended(struct ns_vm *vm, int status, const char *why);

#endif
