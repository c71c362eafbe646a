// SPDX-License-Identifier: GPL-2.0-only
/*
 * Grows the forests: for each objective and congestion control (CC) one, from the
 * samples in which that CC was chosen.
 *
 * The one who made the log did not choose at random: where it expects little of a CC,
 * it rarely takes it. So a sample counts by the inverse of its choice's propensity,
 * as if each CC had been chosen equally often in every situation; clipped, since a
 * few very improbable choices would else rule.
 *
 * Windows of one destination resemble each other, and a short round trip makes many of
 * them. So what counts is the destination: all samples of a CC there have together the
 * weight 1, if they are not few. Then what a leaf must hold is a number of destinations,
 * and what a split must gain is evidence from as many.
 *
 * The smallest RTT and the throughput, both absolute, tell one path of the log from all
 * others; by them a forest remembers paths that nobody will meet again. So in training
 * they are blurred, each row by a lot of its own: what holds for a path must hold for
 * those within some octaves of it.
 *
 * What is kept back are destinations, with all their flows: two windows of a flow, and
 * two flows on a path, resemble each other, and a model tested with the neighbour of
 * what it learnt from looks better than it is. Who has only one destination can keep
 * back flows.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "score.h"
#include "train.h"

/* Rows of one forest */
struct rows {
	float *x, *y, *w;
	size_t n;
};

static uint64_t mix(uint64_t z)
{
	/* splitmix64: Steele, Lea, Flood, OOPSLA 2014 */
	z += 0x9e3779b97f4a7c15ull;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static void keep_back(struct train *t)
{
	const struct sample *s;
	uint64_t id;
	size_t i;

	for (i = 0; i < t->all.n; i++) {
		s = &t->all.s[i];
		id = t->flows ? s->cookie : s->group;
		t->held[s->flow] = ldexp(mix(mix(mix(t->boost.seed) ^ s->run) ^ id), -64) <
				   t->holdout;
	}
}

static const struct worth *worth_of(const struct train *t, const struct sample *s,
				    unsigned int cc)
{
	return &t->worth[s->group * ANTELOPE_CCS + cc];
}

/* What is to be predicted. */
static double target(const struct train *t, const struct sample *s, unsigned int cc,
		     unsigned int objective)
{
	if (t->worth)
		return t->centred ? worth_of(t, s, cc)->above[objective] :
			worth_of(t, s, cc)->earned[objective];
	return s->earned[objective] - (t->centred ? s->level[objective] : 0);
}

/*
 * Where nothing was compared, nothing can be above the level. Where it is known what a
 * CC is worth, all windows there can tell how to know such a place.
 */
static bool serves(const struct train *t, const struct sample *s, unsigned int cc)
{
	if (!s->windows || (!s->compared && t->centred))
		return false;
	return t->worth ? worth_of(t, s, cc)->samples >= SAMPLES_MEASURED : s->choice == cc;
}

static void weigh(struct train *t)
{
	const struct sample *s;
	size_t i;

	for (i = 0; i < t->all.n; i++) {
		s = &t->all.s[i];
		if (s->windows)
			t->weights[s->group * ANTELOPE_CCS + s->choice] +=
				sample_weight(s, t->clip);
	}
}

/* A number from -1 to 1, by what identifies the row and the use. */
static double lot(const struct train *t, size_t row, unsigned int use)
{
	return ldexp(mix(mix(t->boost.seed + use) ^ row), -63) - 1;
}

static void put_features(const struct train *t, size_t row, float *x)
{
	const struct sample *s = &t->all.s[row];
	const double one = 1 << 8;
	unsigned int i;

	for (i = 0; i < ANTELOPE_FEATURES; i++)
		x[i] = s->x[i];
	x[ANTELOPE_F_MIN_RTT] += nearbyint(t->blur * one * lot(t, row, 0));
	x[ANTELOPE_F_THROUGHPUT] += nearbyint(1.5 * t->blur * one * lot(t, row, 1));
}

static void collect(const struct train *t, unsigned int cc, unsigned int objective,
		    struct rows *r)
{
	const struct sample *s;
	size_t i;

	r->n = 0;
	for (i = 0; i < t->all.n; i++) {
		s = &t->all.s[i];
		if (!serves(t, s, cc) || t->held[s->flow])
			continue;
		put_features(t, i, &r->x[r->n * ANTELOPE_FEATURES]);
		r->y[r->n] = target(t, s, cc, objective);
		r->w[r->n] = train_weight(t, s);
		r->n++;
	}
}

static double mean(const struct rows *r)
{
	double sum = 0, weights = 0;
	size_t i;

	for (i = 0; i < r->n; i++) {
		sum += (double)r->y[i] * r->w[i];
		weights += r->w[i];
	}
	return sum / weights;
}

/* With the integers that the kernel will have, not with libxgboost's trees. */
static void try_forest(const struct train *t, unsigned int cc, unsigned int objective)
{
	unsigned int n = objective * ANTELOPE_CCS + cc;
	const struct antelope_forest *f = &t->model->forest[n];
	struct model_quality *q = &t->model->quality[n];
	const double one = 1 << ANTELOPE_REWARD_BITS;
	double sum = 0, sum_mean = 0, weights = 0, w;
	const struct sample *s;
	size_t i;

	for (i = 0; i < t->all.n; i++) {
		s = &t->all.s[i];
		if (!serves(t, s, cc) || !t->held[s->flow])
			continue;
		w = train_weight(t, s);
		sum += w * pow(score_forest(f, s->x) / one - target(t, s, cc, objective), 2);
		sum_mean += w * pow(f->base / one - target(t, s, cc, objective), 2);
		weights += w;
		q->held++;
	}
	q->rmse = weights ? sqrt(sum / weights) : 0;
	q->rmse_mean = weights ? sqrt(sum_mean / weights) : 0;
}

static int fit_one(struct train *t, unsigned int cc, unsigned int objective, struct rows *r,
		   char *err)
{
	unsigned int n = objective * ANTELOPE_CCS + cc;
	BoosterHandle booster;
	int32_t base;
	int bad;

	if (t->progress)
		fprintf(stderr, "\r===> %-10s %-15s", model_objective_name(objective),
			t->all.cc[cc]);
	collect(t, cc, objective, r);
	if (r->n < t->min || !r->n)
		return 0;
	t->model->quality[n].samples = r->n;
	base = nearbyint(mean(r) * (1 << ANTELOPE_REWARD_BITS));
	bad = boost_fit(&t->boost, r->x, r->y, r->w, r->n, base, &booster, err);
	if (bad)
		return bad;
	bad = boost_export(booster, base, &t->model->forest[n], t->gain, err);
	boost_free(booster);
	if (!bad)
		try_forest(t, cc, objective);
	return bad;
}

static void share_gain(struct train *t)
{
	double sum = 0;
	unsigned int i;

	for (i = 0; i < ANTELOPE_FEATURES; i++)
		sum += t->gain[i];
	for (i = 0; i < ANTELOPE_FEATURES && sum > 0; i++)
		t->gain[i] /= sum;
}

/* So that the model says what it was made of, and what its scores mean. */
static void describe(const struct train *t)
{
	struct model_training *to = &t->model->training;

	to->seed = t->boost.seed;
	to->trees = t->boost.trees;
	to->depth = t->boost.depth;
	to->rate = t->boost.rate;
	to->gamma = t->boost.gamma;
	to->leaf = t->boost.leaf;
	to->horizon_s = t->by.horizon_ns / 1e9;
	to->bound = t->by.bound;
	to->centred = t->centred;
	to->holdout = t->holdout;
	to->clip = t->clip;
	to->blur = t->blur;
	to->sources = t->all.files;
	memcpy(to->source, t->all.source, sizeof(to->source));
}

int train_fit(struct train *t, char *err)
{
	size_t room = t->all.usable ?: 1;
	struct rows r = {
		.x = malloc(room * ANTELOPE_FEATURES * sizeof(*r.x)),
		.y = malloc(room * sizeof(*r.y)),
		.w = malloc(room * sizeof(*r.w)),
	};
	unsigned int cc, objective;
	int bad = -ENOMEM;

	if (!t->by.horizon_ns)
		t->worth = samples_worth(&t->all);
	t->held = calloc(t->all.flows ?: 1, sizeof(*t->held));
	t->weights = calloc((size_t)t->all.groups * ANTELOPE_CCS + 1, sizeof(*t->weights));
	if (!r.x || !r.y || !r.w || !t->held || !t->weights ||
	    (!t->by.horizon_ns && !t->worth)) {
		snprintf(err, MODEL_ERR, "no memory for %zu samples; train from fewer logs", room);
		goto free_rows;
	}
	keep_back(t);
	weigh(t);
	describe(t);
	t->model->ccs = t->all.ccs;
	memcpy(t->model->cc, t->all.cc, sizeof(t->model->cc));
	bad = 0;
	for (objective = 0; objective < ANTELOPE_OBJECTIVES && !bad; objective++)
		for (cc = 0; cc < t->all.ccs && !bad; cc++)
			bad = fit_one(t, cc, objective, &r, err);
	if (t->progress)
		fprintf(stderr, "\r%32s\r", "");
	share_gain(t);
free_rows:
	free(r.x);
	free(r.y);
	free(r.w);
	return bad;
}
