/* SPDX-License-Identifier: GPL-2.0-only */
/* antelope train: its parts. */
#ifndef ANTELOPE_TRAIN_H
#define ANTELOPE_TRAIN_H

#include <stdbool.h>
#include <stdio.h>

#include "boost.h"
#include "model.h"
#include "samples.h"

/* Per objective: what the model would choose, beside what turned out to be best. */
struct confusion {
	uint64_t groups;	/* of them: destinations with several CCs measured */
	uint64_t samples;	/* of these groups, that the model was tested with */
	uint64_t n[ANTELOPE_CCS][ANTELOPE_CCS];	/* [best measured][best predicted] */
	/* What is lost against the best of each group, mean over groups: */
	double regret;		/* by the model */
	double regret_done;	/* by what was chosen when the log was made */
	double regret_fixed[ANTELOPE_CCS];	/* by one CC for all */
};

/* Samples of a destination that count half of what many do. */
#define TRAIN_FEW	10

struct train {
	struct boost boost;
	double holdout;		/* share of the destinations that are kept back */
	double clip;		/* largest weight of a sample */
	double blur;		/* octaves by which features that name a path are off */
	struct judgement by;
	bool centred;		/* learn what is above the destination's level */
	unsigned int min;	/* samples that a forest needs */
	bool flows;		/* keep back flows, not destinations */
	bool progress;
	struct samples all;
	bool *held;		/* by flow */
	struct worth *worth;	/* with a horizon of 0 */
	double *weights;	/* by destination and CC: sum of its samples' weights */
	struct antelope_model *model;
	double gain[ANTELOPE_FEATURES];	/* shares */
	struct confusion confusion[ANTELOPE_OBJECTIVES];
};

/*
 * What a sample counts: all of a destination with its CC together 1, or less, if they
 * are so few that their mean tells little. Where all serve for each CC, all of a
 * destination together 1, and as much its openings, which are few.
 */
static inline double train_weight(const struct train *t, const struct sample *s)
{
	double weight = sample_weight(s, t->clip) /
		(TRAIN_FEW + t->weights[s->group * ANTELOPE_CCS + s->choice]);

	if (!t->worth)
		return weight;
	return s->window ? weight / t->all.ccs : 1.0 / t->all.ccs;
}

/* Keep flows back, grow all forests, try them; 0, or -errno and a message in err. */
int train_fit(struct train *t, char *err);
int train_compare(struct train *t);

/* Greatest score, on equal ones the lowest number; ANTELOPE_NO_CC without forests. */
unsigned int train_best(const struct antelope_model *m, unsigned int objective,
			const int32_t *x, unsigned int enabled);

void train_print(const struct train *t, FILE *to);
int train_print_json(const struct train *t, FILE *to);
/* The importance of features, drawn by gnuplot. */
int train_figure(const struct train *t, const char *path, char *err);

#endif
