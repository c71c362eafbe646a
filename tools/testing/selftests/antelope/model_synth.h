/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Logs of a world that is known: paths, what each congestion control earns on them,
 * and who chose how. What is learnt from such a log can be compared with the truth.
 */
#ifndef MODEL_SYNTH_H
#define MODEL_SYNTH_H

#include <stdbool.h>
#include <stdint.h>

#include "antelope.h"

/* What a flow looks like, and what its features do not show. */
struct synth_path {
	int32_t min_rtt;	/* ANTELOPE_F_MIN_RTT, 0 to 4096 */
	int32_t loss;		/* ANTELOPE_F_LOSS, 0 to 65535 */
	bool lucky;		/* all is better, and no feature says so */
};

struct synth {
	unsigned int ccs;
	const char *cc[ANTELOPE_CCS];
	/* Means: log of the rate, log of RTT by smallest RTT. */
	double (*rate)(const struct synth_path *p, unsigned int cc);
	double (*delay)(const struct synth_path *p, unsigned int cc);
	/* Probability with which a CC is chosen. */
	double (*policy)(const struct synth_path *p, unsigned int cc);
	double noise;		/* standard deviation of the rate's logarithm */
	unsigned int destinations, flows, windows;	/* flows of each, windows of each */
	uint64_t seed;		/* paths are drawn by synth_path_draw() with it */
	bool one_address;	/* all destinations are one */
	bool shuffled;		/* the log says a choice, the world had another */
	/* Scores that a kernel would have had in its records, or NULL. */
	const struct antelope_forest *forest;
	const char *model;	/* digest in the header, or NULL */
};

uint64_t synth_draw(uint64_t *state);
double synth_uniform(uint64_t *state);		/* 0 to below 1 */
double synth_normal(uint64_t *state);
void synth_path_draw(struct synth_path *p, uint64_t *state);
/* The features that a flow on it has. */
void synth_features(const struct synth_path *p, unsigned int cc, int32_t *x);
/* 0 or -errno, after a message. */
int synth_log(const struct synth *s, const char *path);
/* The same records, the last flow first. */
int synth_mix(const char *from, const char *to);

/* Ready ones: the best CC by region, or always the same probability. */
unsigned int synth_best(const struct synth_path *p);
extern const struct synth synth_regions;
double synth_uniform_policy(const struct synth_path *p, unsigned int cc);
double synth_no_delay(const struct synth_path *p, unsigned int cc);

#endif
