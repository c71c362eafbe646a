/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Histogram of durations in fixed memory: 32 bins to each power of two, so a
 * quantile is at most 1/32 (3 %) above the true one, from 1 ns to centuries.
 * Values below 64 have a bin each and are exact.
 */
#ifndef FLOWGEN_HISTOGRAM_H
#define FLOWGEN_HISTOGRAM_H

#include <stdint.h>

#define HIST_SUB_LOG	5	/* of HIST_SUB */
#define HIST_SUB	32u
#define HIST_BINS	((64 - HIST_SUB_LOG) * HIST_SUB + HIST_SUB)

struct histogram {
	uint64_t count;
	uint64_t max;
	uint64_t bin[HIST_BINS];
};

static inline unsigned int hist_index(uint64_t v)
{
	unsigned int shift;

	if (v < 2 * HIST_SUB)
		return v;
	shift = 63 - __builtin_clzll(v) - HIST_SUB_LOG;
	return shift * HIST_SUB + (v >> shift);
}

/* The largest value that falls into bin i. */
static inline uint64_t hist_upper(unsigned int i)
{
	unsigned int shift;

	if (i < 2 * HIST_SUB)
		return i;
	shift = i / HIST_SUB - 1;
	return (((uint64_t)(i % HIST_SUB + HIST_SUB) + 1) << shift) - 1;
}

static inline void hist_add(struct histogram *h, uint64_t v)
{
	h->bin[hist_index(v)]++;
	h->count++;
	if (v > h->max)
		h->max = v;
}

/* The value that a share of q (0 .. 1) of all values does not exceed. */
static inline uint64_t hist_quantile(const struct histogram *h, double q)
{
	uint64_t rank = q * h->count, seen = 0;
	unsigned int i;

	for (i = 0; i < HIST_BINS; i++) {
		seen += h->bin[i];
		if (seen > rank)
			return hist_upper(i) < h->max ? hist_upper(i) : h->max;
	}
	return h->max;
}

#endif
