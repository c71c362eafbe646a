// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a model would have earned, from a log of what others chose.
 *
 * A log tells the reward r of the choice a that was made, with propensity p, where
 * the flow looked like x; the model would have chosen m(x). With w = [a = m(x)] / p
 *
 *	inverse propensity	mean of w r: right whatever the model believes, but
 *				of large variance, and blind where p is 0
 *	self-normalised		sum of w r / sum of w: little bias, less variance
 *	doubly robust		mean of q(x, m(x)) + w (r - q(x, a)), q the model's own
 *				score: right if the propensities or the scores are
 *				(Dudik, Langford, Li, ICML 2011)
 *
 * All of them take a decision as one of a kind: what the flow looks like later is
 * taken as it was. So they say which model is the better one, not to the last digit
 * by how much. Margin, confirmation and dwell are not replayed: the model's choice is
 * its greatest score.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"
#include "score.h"
#include "train.h"

/* One for each decision with a known reward. */
struct columns {
	double *ips, *dr, *weight, *reward, *one, *delta;
	uint32_t *flow;
	size_t n;
};

/* Numbers of the samples' CCs in the model. */
static void map_ccs(const struct replay *r, uint8_t *number)
{
	unsigned int i;

	for (i = 0; i < ANTELOPE_CCS; i++)
		number[i] = i < r->all.ccs ? model_cc(r->model, r->all.cc[i]) : ANTELOPE_NO_CC;
}

static unsigned int map_mask(unsigned int mask, const uint8_t *number)
{
	unsigned int i, to = 0;

	for (i = 0; i < ANTELOPE_CCS; i++)
		if (mask & 1 << i && number[i] < ANTELOPE_CCS)
			to |= 1 << number[i];
	return to;
}

/* In terms of the log: a model may know only what is above the destination's level. */
static double score(const struct replay *r, const struct sample *s, unsigned int objective,
		    unsigned int cc, const int32_t *x)
{
	const struct antelope_forest *f;

	if (cc >= ANTELOPE_CCS)
		return 0;
	f = &r->model->forest[objective * ANTELOPE_CCS + cc];
	return (double)score_forest(f, x) / (1 << ANTELOPE_REWARD_BITS) +
	       (r->model->training.centred ? s->level[objective] : 0);
}

/* Does the kernel's program say the same? By the record's own objective. */
static void check_scores(struct replay *r, const struct sample *s, const int32_t *x,
			 const uint8_t *number, unsigned int enabled)
{
	const struct antelope_forest *f;
	unsigned int i, best;
	bool same = true;

	if (s->best == ANTELOPE_NO_CC)
		return;
	r->scored++;
	for (i = 0; i < r->all.ccs; i++) {
		if (number[i] >= ANTELOPE_CCS || s->score[i] == ANTELOPE_NO_SCORE)
			continue;
		f = &r->model->forest[s->objective * ANTELOPE_CCS + number[i]];
		same &= f->trees && score_forest(f, x) == s->score[i];
	}
	best = train_best(r->model, s->objective, x, enabled);
	r->same_score += same;
	r->same_best += best == number[s->best];
}

static void add_row(struct replay *r, const struct sample *s, const int32_t *x,
		    unsigned int objective, unsigned int best, unsigned int choice,
		    struct columns *c)
{
	bool match = best == choice;
	double w = match ? sample_weight(s, r->clip) : 0;
	double reward = s->earned[objective];
	size_t i = c->n++;

	c->weight[i] = w;
	c->ips[i] = w * reward;
	c->dr[i] = score(r, s, objective, best, x);
	if (match)
		c->dr[i] += w * (reward - score(r, s, objective, choice, x));
	c->reward[i] = reward;
	c->one[i] = 1;
	c->flow[i] = s->flow;
	r->matched += match;
}

static void look_at(struct replay *r, const struct sample *s, const uint8_t *number,
		    struct columns *c)
{
	unsigned int objective = r->objective < 0 ? s->objective : (unsigned int)r->objective;
	unsigned int enabled = map_mask(s->enabled, number), best, i, choice;
	int32_t x[ANTELOPE_FEATURES];

	if (s->choice == ANTELOPE_NO_CC || s->cc == ANTELOPE_NO_CC || !s->window ||
	    s->why == ANTELOPE_OPENED || s->why == ANTELOPE_CLOSED)
		return;
	memcpy(x, s->x, sizeof(x));
	x[ANTELOPE_F_CC] = number[s->cc];
	if (number[s->cc] >= ANTELOPE_CCS ||
	    !r->model->forest[s->objective * ANTELOPE_CCS + number[s->cc]].trees)
		x[ANTELOPE_F_CC] = ANTELOPE_CCS;
	check_scores(r, s, x, number, enabled);
	best = train_best(r->model, objective, x, enabled);
	if (best == ANTELOPE_NO_CC)
		return;
	choice = number[s->choice];
	r->decisions++;
	r->agree += best == choice;
	for (i = 0; i < r->all.ccs; i++)
		if (number[i] == best)
			r->n[s->choice][i]++;
	if (s->windows)
		add_row(r, s, x, objective, best, choice, c);
}

static struct value value_of(const struct columns *c, const double *value, const double *weight)
{
	struct value v;
	size_t i;

	v.reward = estimate_ratio(value, weight, c->flow, c->n);
	/* The gain's error is that of the difference, which flow by flow is smaller. */
	for (i = 0; i < c->n; i++)
		c->delta[i] = value[i] - c->reward[i] * weight[i];
	v.gain = estimate_ratio(c->delta, weight, c->flow, c->n);
	return v;
}

static void summarise(struct replay *r, const struct columns *c)
{
	double sum = 0, squares = 0;
	size_t i;

	r->tested = c->n;
	for (i = 0; i < c->n; i++) {
		sum += c->weight[i];
		squares += c->weight[i] * c->weight[i];
	}
	r->effective = squares > 0 ? sum * sum / squares : 0;
	r->mean_weight = c->n ? sum / c->n : 0;
	r->done = estimate_ratio(c->reward, c->one, c->flow, c->n);
	r->ips = value_of(c, c->ips, c->one);
	r->dr = value_of(c, c->dr, c->one);
	r->snips = value_of(c, c->ips, c->weight);
	/* its gain is against all that was done; by linearisation of the ratio */
	for (i = 0; i < c->n && sum > 0; i++)
		c->delta[i] = (c->ips[i] - r->snips.reward.mean * c->weight[i]) * c->n / sum +
			      r->snips.reward.mean - c->reward[i];
	r->snips.gain = estimate_ratio(c->delta, c->one, c->flow, c->n);
}

int replay_run(struct replay *r)
{
	size_t room = r->all.n ?: 1, i;
	double *all = malloc(6 * room * sizeof(*all));
	struct columns c = { .flow = malloc(room * sizeof(*c.flow)) };
	uint8_t number[ANTELOPE_CCS];
	int bad = -ENOMEM;

	if (!all || !c.flow)
		goto free_columns;
	c.ips = all;
	c.dr = all + room;
	c.weight = all + 2 * room;
	c.reward = all + 3 * room;
	c.one = all + 4 * room;
	c.delta = all + 5 * room;
	map_ccs(r, number);
	for (i = 0; i < r->all.files; i++)
		r->logs_of_model += !strcmp(r->all.model[i], r->model->digest);
	for (i = 0; i < r->all.n; i++)
		look_at(r, &r->all.s[i], number, &c);
	summarise(r, &c);
	bad = 0;
free_columns:
	free(all);
	free(c.flow);
	return bad;
}
