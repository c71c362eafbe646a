/* SPDX-License-Identifier: GPL-2.0-only */
/* First choices by destination; see prior.c. */
#ifndef ANTELOPE_PRIOR_H
#define ANTELOPE_PRIOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "prefix.h"

struct prior;

/* Of a flow: what it began with, and what came of it so far. */
struct prior_flow {
	uint64_t duration_ns;
	uint64_t since_ns;	/* it has its present CC */
	uint64_t bytes;
	uint64_t packets;
	uint64_t lost;
	uint64_t rtt_us;	/* sum over packets */
	uint32_t windows;
	uint8_t began;
	bool opened;		/* its start was seen */
	bool judged;
};

struct priors {
	struct prior *table;	/* oldest first */
	unsigned int max;
	unsigned int n;
	uint64_t judged;	/* flows */
	uint64_t changes;
	uint64_t evicted;
	/* To the kernel; cc is ANTELOPE_NO_CC when the prefix is to be forgotten. */
	int (*write)(void *arg, const struct antelope_prefix *to, uint8_t cc);
	void *arg;
};

/* Learn from a record that log_check() has passed, of this flow. 0 or -errno. */
int priors_record(struct priors *p, struct prior_flow *f, const struct antelope_record *r);
/* Calls fn for each that has a choice, until it returns other than 0. */
int priors_each(const struct priors *p, int (*fn)(void *arg, const struct antelope_prefix *to,
						  uint8_t cc), void *arg);
void priors_free(struct priors *p);

#endif
