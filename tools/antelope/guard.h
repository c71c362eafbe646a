/* SPDX-License-Identifier: GPL-2.0-only */
/* Does switching pay? See guard.c. */
#ifndef ANTELOPE_GUARD_H
#define ANTELOPE_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "antelope.h"

/* Of a flow: windows before a switch, then windows after it. */
struct guard_flow {
	double before;		/* mean reward of the last windows */
	double base;		/* the same at the switch that is looked at */
	double after;		/* sum since */
	uint8_t n_before;
	uint8_t n_after;
	bool watching;
};

struct guard {
	unsigned int size;	/* switches that are judged together; 0: no guard */
	double loss;		/* mean that is too much, a logarithm */
	unsigned int n;
	unsigned int next;
	double *gain;		/* of the last switches, logarithms */
	uint64_t judged;
	bool tripped;
};

int guard_init(struct guard *g, unsigned int size, double loss);
void guard_free(struct guard *g);
/* True when this record makes it trip. */
bool guard_record(struct guard *g, struct guard_flow *f, const struct antelope_record *r);
double guard_mean(const struct guard *g);

#endif
