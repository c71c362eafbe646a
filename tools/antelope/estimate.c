// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ratio of two sums with the error of clustered samples (Cochran, Sampling Techniques,
 * 1977, chapters 6 and 9): residuals are summed by flow, and these sums vary.
 */
#include <math.h>

#include "estimate.h"

struct estimate estimate_ratio(const double *value, const double *weight, const uint32_t *flow,
			       size_t n)
{
	double values = 0, weights = 0, cluster = 0, squares = 0;
	struct estimate e = { .mean = NAN, .error = NAN, .n = n };
	uint64_t flows = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		values += value[i];
		weights += weight[i];
	}
	if (!(weights > 0))
		return e;
	e.mean = values / weights;
	for (i = 0; i < n; i++) {
		cluster += value[i] - e.mean * weight[i];
		if (i + 1 < n && flow[i + 1] == flow[i])
			continue;
		squares += cluster * cluster;
		cluster = 0;
		flows++;
	}
	if (flows > 1)
		e.error = sqrt(squares * flows / (flows - 1)) / weights;
	return e;
}
