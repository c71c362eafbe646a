// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's program takes back a switch that did not pay, flow by flow. This is
 * for a model that is wrong as such: it looks at the last switches of all flows,
 * and when these have lost by the mean, and not by chance, the daemon goes on in
 * shadow mode.
 *
 *	before		no switch, or judged: windows enter the mean of the last 8
 *	  | switched by score
 *	watching	the first window is left out, the next 8 are summed
 *	  | 8 of them, or rolled back, switched again, or closed after 3
 *	before
 *
 * The records' reward is relative to the largest throughput of the flow so far, which
 * would make every switch look bad that comes after the first windows. So here the
 * throughput counts as it is: differences of its logarithm are ratios.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"

#define WINDOWS_MEAN	8
#define WINDOWS_MIN	3
#define Q16		65536.0
#define SURE		1.645	/* one side, 5 % by chance */

int guard_init(struct guard *g, unsigned int size, double loss)
{
	memset(g, 0, sizeof(*g));
	g->size = size;
	g->loss = loss;
	if (!size)
		return 0;
	g->gain = calloc(size, sizeof(*g->gain));
	return g->gain ? 0 : -ENOMEM;
}

void guard_free(struct guard *g)
{
	free(g->gain);
	g->gain = NULL;
	g->size = 0;
}

double guard_mean(const struct guard *g)
{
	double sum = 0;
	unsigned int i;

	for (i = 0; i < g->n; i++)
		sum += g->gain[i];
	return g->n ? sum / g->n : 0;
}

static bool trips(const struct guard *g)
{
	double mean = guard_mean(g), squares = 0;
	unsigned int i;

	if (g->n < g->size || mean >= -g->loss)
		return false;
	for (i = 0; i < g->n; i++)
		squares += (g->gain[i] - mean) * (g->gain[i] - mean);
	return mean + SURE * sqrt(squares / g->n / g->n) < 0;
}

static bool judge(struct guard *g, struct guard_flow *f, unsigned int min)
{
	bool first = !g->tripped;

	f->watching = false;
	f->n_before = 0;
	if (f->n_after < min)
		return false;
	g->gain[g->next] = f->after / f->n_after - f->base;
	g->next = (g->next + 1) % g->size;
	g->n += g->n < g->size;
	g->judged++;
	g->tripped |= trips(g);
	return first && g->tripped;
}

static double reward(const struct antelope_record *r)
{
	static const int weights[] = ANTELOPE_DELAY_WEIGHTS;
	double delay = r->delay / Q16 * weights[r->objective] / (1 << ANTELOPE_WEIGHT_BITS);

	return log2((double)r->bytes / r->duration_ns) - delay + r->keep / Q16;
}

static void add_window(struct guard_flow *f, double value)
{
	if (f->watching) {
		if (f->n_after)
			f->after += value;
		f->n_after++;
		return;
	}
	f->n_before += f->n_before < WINDOWS_MEAN;
	f->before += (value - f->before) / f->n_before;
}

/* n_after counts the window that is left out, until it is judged. */
static bool end(struct guard *g, struct guard_flow *f, unsigned int min)
{
	if (!f->watching)
		return false;
	f->n_after -= f->n_after > 0;
	return judge(g, f, min);
}

bool guard_record(struct guard *g, struct guard_flow *f, const struct antelope_record *r)
{
	bool trip = false;

	if (!g->size)
		return false;
	if (r->flags & ANTELOPE_REWARDED && !(r->flags & ANTELOPE_APP_LIMITED) &&
	    r->bytes && r->duration_ns)
		add_window(f, reward(r));
	if (f->watching && f->n_after > WINDOWS_MEAN)
		trip = end(g, f, 1);
	switch (r->why) {
	case ANTELOPE_SWITCHED:
		trip |= end(g, f, WINDOWS_MIN);
		if (f->n_before < WINDOWS_MIN)
			break;
		f->watching = true;
		f->base = f->before;
		f->after = 0;
		f->n_after = 0;
		break;
	case ANTELOPE_ROLLED_BACK:
		trip |= end(g, f, 1);
		break;
	case ANTELOPE_EXPLORED:
	case ANTELOPE_TRIED:
	case ANTELOPE_FOLLOWED:
	case ANTELOPE_OVERRIDDEN:
	case ANTELOPE_CLOSED:
		trip |= end(g, f, WINDOWS_MIN);
		break;
	}
	return trip;
}
