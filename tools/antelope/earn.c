// SPDX-License-Identifier: GPL-2.0-only
/*
 * What choices have earned.
 *
 * The record of window k says what the flow looked like (x) and what was chosen for
 * the time after it; the records that follow say what that earned. Those count that
 * begin within the horizon, or are the next four, as long as
 *
 *	- none is missing in between, and the flow is the same,
 *	- the flow has the CC that was chosen at k,
 *	- the application did not limit it.
 *
 * After a switch the first of them is ruled by what the CC before left in the queue,
 * and does not count if there are more. What is left is taken as one long window, and
 * its reward is that of antelope.h but in hindsight: rate and delay are compared not
 * to what the flow had seen until then, but to the greatest rate and the smallest RTT
 * of all flows of this run to this destination. A flow that never had more than a tenth
 * of its path does not know what it lacks; the log of its neighbours does. Every
 * record serves to learn every objective. A flow that stalls would by its logarithm
 * count more than all others; so rewards are bounded, on both sides of the level.
 *
 * How good a destination is at all says nothing about which CC to choose for it, and
 * varies more than what does. The level of a destination is the mean of its CCs'
 * means; what is above it is what the choice has brought.
 *
 * In a lab there is a better way, since it can repeat a path with each CC: with a horizon
 * of 0, a CC is worth what all of its windows at the destination together have earned,
 * and so is every choice of it there (samples_worth()), whatever the flow had before.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "samples.h"

#define WINDOWS		4	/* that count, at least, if there are as many */
#define NSEC_PER_SEC	1000000000.0

/* What the flows of a run to one destination have in common. */
struct path {
	double rate;		/* bytes per second, of the best window */
	double min_rtt_us;
};

/* Windows as one. */
struct sum {
	double duration_ns, bytes, packets, lost;
	double rtt;		/* by time */
};

static bool decided(const struct sample *s)
{
	return s->choice != ANTELOPE_NO_CC && s->cc != ANTELOPE_NO_CC && s->window &&
	       s->propensity > 0 && s->why != ANTELOPE_OPENED && s->why != ANTELOPE_CLOSED;
}

static bool follows(const struct sample *s, const struct sample *next, unsigned int i)
{
	return next->flow == s->flow && next->window == s->window + i &&
	       next->cc == s->choice && !(next->flags & ANTELOPE_APP_LIMITED) &&
	       next->duration_ns;
}

/* Logarithm of a ratio, within the bounds that the kernel's rewards have. */
static double part(double value, double of)
{
	const double max = ANTELOPE_PART_MAX / (double)(1 << ANTELOPE_REWARD_BITS);

	return value > 0 && of > 0 ? fmax(-max, fmin(max, log2(value / of))) : -max;
}

static void earn(struct sample *s, const struct path *path, const struct sum *sum)
{
	static const int weights[ANTELOPE_OBJECTIVES] = ANTELOPE_DELAY_WEIGHTS;
	double rate = part(sum->bytes * NSEC_PER_SEC / sum->duration_ns, path->rate);
	double delay = part(sum->rtt / sum->duration_ns, path->min_rtt_us);
	double keep = part(sum->packets, sum->packets + sum->lost);
	double weight;
	unsigned int o;

	for (o = 0; o < ANTELOPE_OBJECTIVES; o++) {
		weight = (double)weights[o] / (1 << ANTELOPE_WEIGHT_BITS);
		s->earned[o] = rate - weight * delay + keep;
	}
}

static void add_window(struct sum *sum, const struct sample *s)
{
	sum->duration_ns += s->duration_ns;
	sum->bytes += s->bytes;
	sum->packets += s->packets;
	sum->lost += s->lost;
	sum->rtt += (double)s->mean_rtt_us * s->duration_ns;
}

static void look_ahead(struct samples *all, size_t k, const struct path *path,
		       uint64_t horizon_ns)
{
	struct sample *s = &all->s[k], *next;
	struct sum sum = { 0 }, first = { 0 };
	unsigned int i;

	for (i = 1; k + i < all->n && i < UINT8_MAX; i++) {
		next = &all->s[k + i];
		if (!follows(s, next, i) || (i > WINDOWS && sum.duration_ns >= horizon_ns))
			break;
		if (i == 1 && s->choice != s->cc)
			add_window(&first, next);
		else
			add_window(&sum, next);
	}
	s->windows = i - 1;
	if (!s->windows)
		return;
	earn(s, path, sum.duration_ns ? &sum : &first);
	all->usable++;
}

/* All windows of a CC at a destination as one; app-limited ones tell nothing of it. */
static bool counts(const struct sample *s)
{
	return s->cc < ANTELOPE_CCS && s->duration_ns &&
	       !(s->flags & ANTELOPE_APP_LIMITED);
}

static int take_whole(struct samples *all, const struct path *paths)
{
	struct sum *sums = calloc((size_t)all->groups * ANTELOPE_CCS + 1, sizeof(*sums));
	const struct sum *sum;
	struct sample *s;
	size_t i;

	if (!sums)
		return -ENOMEM;
	for (i = 0; i < all->n; i++)
		if (counts(&all->s[i]))
			add_window(&sums[all->s[i].group * ANTELOPE_CCS + all->s[i].cc],
				   &all->s[i]);
	for (i = 0; i < all->n; i++) {
		s = &all->s[i];
		if (s->why == ANTELOPE_OPENED)
			s->cc = s->choice;
		else if (!counts(s))
			continue;
		s->choice = s->cc;
		s->propensity = 1;
		sum = &sums[s->group * ANTELOPE_CCS + s->cc];
		if (s->cc >= ANTELOPE_CCS || !sum->duration_ns)
			continue;
		s->windows = 1;
		earn(s, &paths[s->group], sum);
		all->usable++;
	}
	free(sums);
	return 0;
}

/* The best that each path has shown. */
static void measure_paths(const struct samples *all, struct path *paths)
{
	const struct sample *s;
	struct path *p;
	size_t i;

	for (i = 0; i < all->n; i++) {
		s = &all->s[i];
		p = &paths[s->group];
		if (s->duration_ns)
			p->rate = fmax(p->rate, s->bytes * NSEC_PER_SEC / s->duration_ns);
		if (s->min_rtt_us && (!p->min_rtt_us || s->min_rtt_us < p->min_rtt_us))
			p->min_rtt_us = s->min_rtt_us;
	}
}

/* Means of a destination by CC, and over its CCs. */
struct level {
	double sum[ANTELOPE_CCS][ANTELOPE_OBJECTIVES];
	uint64_t n[ANTELOPE_CCS];
};

static double level_of(const struct level *l, unsigned int objective, unsigned int *ccs)
{
	uint64_t enough = SAMPLES_MEASURED;
	double sum = 0;
	unsigned int i;

	for (*ccs = 0; !*ccs; enough = 1)
		for (i = 0; i < ANTELOPE_CCS; i++)
			if (l->n[i] >= enough) {
				sum += l->sum[i][objective] / l->n[i];
				++*ccs;
			}
	return sum / *ccs;
}

static void set_levels(struct samples *all, struct level *levels)
{
	unsigned int o, ccs;
	struct sample *s;
	struct level *l;
	size_t i;

	for (i = 0; i < all->n; i++) {
		s = &all->s[i];
		if (!s->windows)
			continue;
		l = &levels[s->group];
		for (o = 0; o < ANTELOPE_OBJECTIVES; o++)
			l->sum[s->choice][o] += s->earned[o];
		l->n[s->choice]++;
	}
	for (i = 0; i < all->n; i++) {
		s = &all->s[i];
		if (!s->windows)
			continue;
		for (o = 0; o < ANTELOPE_OBJECTIVES; o++)
			s->level[o] = level_of(&levels[s->group], o, &ccs);
		s->compared = ccs > 1;
	}
}

static void bound(struct samples *all, double by)
{
	static const int weights[ANTELOPE_OBJECTIVES] = ANTELOPE_DELAY_WEIGHTS;
	struct sample *s;
	unsigned int o;
	double most;
	size_t i;

	for (i = 0; i < all->n; i++) {
		s = &all->s[i];
		for (o = 0; s->windows && o < ANTELOPE_OBJECTIVES; o++) {
			most = by * fmax(1, (double)weights[o] / (1 << ANTELOPE_WEIGHT_BITS));
			s->earned[o] = fmin(s->level[o] + most,
					    fmax(s->level[o] - most, s->earned[o]));
		}
	}
}

struct worth *samples_worth(const struct samples *all)
{
	struct worth *worth = calloc((size_t)all->groups * ANTELOPE_CCS + 1, sizeof(*worth));
	const struct sample *s;
	struct worth *w;
	unsigned int o;
	size_t i;

	for (i = 0; worth && i < all->n; i++) {
		s = &all->s[i];
		if (!s->windows)
			continue;
		w = &worth[s->group * ANTELOPE_CCS + s->choice];
		w->samples++;
		for (o = 0; o < ANTELOPE_OBJECTIVES; o++) {
			w->earned[o] = s->earned[o];
			w->above[o] = s->earned[o] - s->level[o];
		}
	}
	return worth;
}

int samples_earn(struct samples *all, const struct judgement *by)
{
	struct path *paths = calloc(all->groups ?: 1, sizeof(*paths));
	struct level *levels = calloc(all->groups ?: 1, sizeof(*levels));
	int bad = -ENOMEM;
	size_t i;

	if (!paths || !levels)
		goto free_both;
	measure_paths(all, paths);
	if (!by->horizon_ns && take_whole(all, paths))
		goto free_both;
	for (i = 0; by->horizon_ns && i < all->n; i++)
		if (decided(&all->s[i]))
			look_ahead(all, i, &paths[all->s[i].group], by->horizon_ns);
	set_levels(all, levels);
	bound(all, by->bound);
	memset(levels, 0, all->groups * sizeof(*levels));
	set_levels(all, levels);
	bad = 0;
free_both:
	free(paths);
	free(levels);
	return bad;
}
