/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A mean of windows and its standard error, where windows of a flow depend on each
 * other: what counts as one observation for the error is the flow.
 */
#ifndef ANTELOPE_ESTIMATE_H
#define ANTELOPE_ESTIMATE_H

#include <stddef.h>
#include <stdint.h>

struct estimate {
	double mean;
	double error;		/* standard error; NAN with fewer than two flows */
	uint64_t n;
};

/*
 * Sum of value over sum of weight, and the error of that ratio by linearisation. All
 * weights 1 make it a mean. The values of a flow stand beside each other.
 */
struct estimate estimate_ratio(const double *value, const double *weight, const uint32_t *flow,
			       size_t n);

#endif
