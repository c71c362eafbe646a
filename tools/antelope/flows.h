/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the daemon knows of flows, from their records: the last of each, and sums.
 * Bounded: when there is no room, the flow goes that was silent for longest; it
 * comes back with its next record. Decisions need none of this.
 */
#ifndef ANTELOPE_FLOWS_H
#define ANTELOPE_FLOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "antelope.h"
#include "guard.h"
#include "prior.h"

struct flow;	/* flows.c; one begins with struct flow_head */

struct flow_head {
	uint64_t cookie;
	uint64_t windows;
	uint64_t bytes;
	uint64_t override_ns;	/* expiry of our override; 0: none */
	bool pinned;
	struct guard_flow guard;
	struct prior_flow prior;
	struct antelope_record last;
};

struct cc_sums {
	uint64_t flows;		/* that have it now */
	uint64_t windows;
	uint64_t rewarded;	/* windows that the sum is of */
	uint64_t bytes;
	double reward;		/* summed; logarithm to base 2 */
};

struct flows {
	struct flow *table;	/* oldest first */
	unsigned int max;
	unsigned int n;
	uint64_t records;
	uint64_t opened;
	uint64_t closed;
	uint64_t evicted;
	uint64_t impossible;	/* records that cannot be */
	uint64_t why[ANTELOPE_WHYS];
	struct cc_sums cc[ANTELOPE_CCS];
};

/*
 * Take in a record that log_check() has passed. The flow, with its last record not
 * replaced yet, or NULL without memory; flows_done() ends what this begins.
 */
struct flow_head *flows_record(struct flows *f, const struct antelope_record *r);
void flows_done(struct flows *f, struct flow_head *flow, const struct antelope_record *r);

struct flow_head *flows_find(struct flows *f, uint64_t cookie);
/* Up to max of them, most bytes in the last window first. */
size_t flows_busiest(struct flows *f, const struct flow_head **list, size_t max);
void flows_free(struct flows *f);

#endif
