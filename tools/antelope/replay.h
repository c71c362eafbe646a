/* SPDX-License-Identifier: GPL-2.0-only */
/* antelope replay: what a model would have done with a log. */
#ifndef ANTELOPE_REPLAY_H
#define ANTELOPE_REPLAY_H

#include <stdio.h>

#include "estimate.h"
#include "samples.h"

/* How the model's choices would have earned; gain is against what was done. */
struct value {
	struct estimate reward;
	struct estimate gain;
};

struct replay {
	const struct antelope_model *model;
	int objective;		/* negative: each record's own */
	double clip;		/* largest weight */
	struct judgement by;
	struct samples all;

	uint64_t decisions;	/* records that say what to do next */
	uint64_t scored;	/* of them, those that the kernel had scored */
	uint64_t same_score;	/* all scores as the model's, to the bit */
	uint64_t same_best;
	uint64_t logs_of_model;	/* logs made with this model */
	uint64_t agree;		/* decisions as the model's */
	uint64_t n[ANTELOPE_CCS][ANTELOPE_CCS];	/* [done][the model's], by samples' numbers */

	uint64_t tested;	/* decisions with a known reward */
	uint64_t matched;	/* of them, those as the model's */
	double effective;	/* samples that the weights are worth */
	double mean_weight;	/* 1 if all that the model would do was tried */
	struct estimate done;
	struct value ips;	/* inverse propensity scoring */
	struct value snips;	/* the same, weights normalised */
	struct value dr;	/* doubly robust */
};

/* 0 or -ENOMEM. */
int replay_run(struct replay *r);

#endif
