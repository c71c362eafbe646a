// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model's choice beside the oracle's.
 *
 * Nobody knows what another congestion control (CC) would have earned in the same
 * window. But flows of one run to one destination share a path; where several CCs
 * were tried there, the one whose mean reward was greatest is the best that could
 * have been known. The means are weighted as in training and of all flows; the model
 * is tested with those that were kept back, or with all if none were. What is lost is
 * a mean over destinations, each of which counts the same.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "score.h"
#include "train.h"

struct cell {
	double sum, weight, mean;
	uint64_t n;
};

unsigned int train_best(const struct antelope_model *m, unsigned int objective,
			const int32_t *x, unsigned int enabled)
{
	unsigned int i, best = ANTELOPE_NO_CC;
	const struct antelope_forest *f;
	int32_t score, top = 0;

	for (i = 0; i < m->ccs; i++) {
		f = &m->forest[objective * ANTELOPE_CCS + i];
		if (!f->trees || !(enabled & 1 << i))
			continue;
		score = score_forest(f, x);
		if (best == ANTELOPE_NO_CC || score > top) {
			best = i;
			top = score;
		}
	}
	return best;
}

static void measure(const struct train *t, unsigned int objective, struct cell *cells)
{
	const struct sample *s;
	struct cell *c;
	size_t i;
	double w;

	for (i = 0; i < t->all.n; i++) {
		s = &t->all.s[i];
		if (!s->windows)
			continue;
		w = sample_weight(s, t->clip);
		c = &cells[s->group * ANTELOPE_CCS + s->choice];
		c->sum += w * s->earned[objective];
		c->weight += w;
		c->n++;
	}
	for (i = 0; i < (size_t)t->all.groups * ANTELOPE_CCS; i++)
		cells[i].mean = cells[i].weight ? cells[i].sum / cells[i].weight : 0;
}

/* The best of a group, when there is more than one to compare. */
static unsigned int oracle(const struct cell *group)
{
	unsigned int i, measured = 0, best = ANTELOPE_NO_CC;

	for (i = 0; i < ANTELOPE_CCS; i++) {
		if (group[i].n < SAMPLES_MEASURED)
			continue;
		measured++;
		if (best == ANTELOPE_NO_CC || group[i].mean > group[best].mean)
			best = i;
	}
	return measured > 1 ? best : ANTELOPE_NO_CC;
}

/* What is not measured there is as bad as the worst that is: nothing speaks for it. */
static double regret(const struct cell *group, unsigned int best, unsigned int cc)
{
	double worst = group[best].mean;
	unsigned int i;

	if (cc < ANTELOPE_CCS && group[cc].n >= SAMPLES_MEASURED)
		return group[best].mean - group[cc].mean;
	for (i = 0; i < ANTELOPE_CCS; i++)
		if (group[i].n >= SAMPLES_MEASURED && group[i].mean < worst)
			worst = group[i].mean;
	return group[best].mean - worst;
}

static void add_loss(struct train *t, struct confusion *c, const struct cell *group,
		     const struct sample *s, unsigned int objective, double weight)
{
	unsigned int best = oracle(group), i;
	unsigned int predicted = train_best(t->model, objective, s->x, ~0u);

	c->samples++;
	c->n[best][predicted]++;
	c->regret += weight * regret(group, best, predicted);
	c->regret_done += weight * regret(group, best, s->choice);
	for (i = 0; i < t->all.ccs; i++)
		c->regret_fixed[i] += weight * regret(group, best, i);
}

static bool serves(const struct train *t, const struct cell *cells, const struct sample *s,
		   unsigned int objective)
{
	return s->windows && (t->holdout <= 0 || t->held[s->flow]) &&
	       oracle(&cells[s->group * ANTELOPE_CCS]) != ANTELOPE_NO_CC &&
	       train_best(t->model, objective, s->x, ~0u) != ANTELOPE_NO_CC;
}

static void compare(struct train *t, unsigned int objective, const struct cell *cells,
		    uint64_t *windows)
{
	struct confusion *c = &t->confusion[objective];
	uint64_t groups = 0;
	const struct sample *s;
	size_t k;

	memset(windows, 0, t->all.groups * sizeof(*windows));
	for (k = 0; k < t->all.n; k++) {
		s = &t->all.s[k];
		if (serves(t, cells, s, objective))
			groups += !windows[s->group]++;
	}
	for (k = 0; k < t->all.n; k++) {
		s = &t->all.s[k];
		if (serves(t, cells, s, objective))
			add_loss(t, c, &cells[s->group * ANTELOPE_CCS], s, objective,
				 1.0 / groups / windows[s->group]);
	}
	c->groups = groups;
}

int train_compare(struct train *t)
{
	size_t n = (size_t)t->all.groups * ANTELOPE_CCS;
	struct cell *cells = calloc(n + 1, sizeof(*cells));
	uint64_t *windows = calloc(t->all.groups + 1, sizeof(*windows));
	unsigned int objective;
	int bad = -ENOMEM;

	if (!cells || !windows)
		goto free_both;
	for (objective = 0; objective < ANTELOPE_OBJECTIVES; objective++) {
		memset(cells, 0, n * sizeof(*cells));
		measure(t, objective, cells);
		compare(t, objective, cells, windows);
	}
	bad = 0;
free_both:
	free(cells);
	free(windows);
	return bad;
}
