/* SPDX-License-Identifier: GPL-2.0-only */
/* The model of one path: from a port of a segment to another. */
#ifndef NETSIM_LINK_H
#define NETSIM_LINK_H

#include "heap.h"
#include "sim.h"

/* What paths share: constant but for time 0. */
struct ns_world {
	const struct ns_config *cfg;
	unsigned char key[16];	/* of the randomness, from the seed */
	uint64_t zero_ns;	/* faults count from here; NS_NEVER: not known yet */
};

/* A frame that waits for the rate, from when on it does not. */
struct ns_waiting {
	uint64_t start_ns;
	uint32_t len;
};

/* Changed only by what its source sends, in order of time. */
struct ns_link {
	const struct ns_path *path;
	uint32_t segment, from, to;		/* ports */
	uint32_t from_node, to_node, to_nic;
	uint64_t packets;			/* so far; numbers the randomness */
	uint64_t busy_ns, busy_frac;		/* rate: last bit leaves at ns + frac / rate */
	uint64_t last_ns;			/* arrival of the last frame in order */
	struct ns_waiting *waiting;		/* a ring of 2^n */
	uint32_t head, nr, size;
	uint64_t waiting_bytes;
	struct ns_path_stats stats;
};

struct ns_arrival {
	uint64_t time_ns;
	struct ns_frame *frame;			/* a reference of its own */
};

void ns_world_init(struct ns_world *world, const struct ns_config *cfg);
/*
 * A frame enters the path at t: when and how it arrives. Returns the number of
 * arrivals, 0 to 2, or -ENOMEM.
 */
int ns_link_send(struct ns_link *link, const struct ns_world *world, uint64_t t_ns,
		 struct ns_frame *frame, struct ns_arrival arrivals[2]);
void ns_link_free(struct ns_link *link);

#endif
