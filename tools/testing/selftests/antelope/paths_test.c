// SPDX-License-Identifier: GPL-2.0
/*
 * What flows to one address find out together (path.bpf.h): the decision code itself,
 * run in the kernel, on a path that is made up here. A flow's window has two round
 * trips; what it brings depends on its CC, and, for one that only does well when all
 * have it, on the others'. Expected:
 *
 *  1. a better CC than the model believes in is found, is home then, and stays
 *  2. a worse one is tried, once, and left; all flows are back within two windows
 *  3. one that is clearly bad is left earlier
 *  4. flows change together: one that is good when all have it is found by two flows,
 *     and in each round all flows have one CC, or are one window behind
 *  5. windows that the application limits, the first of a flow, and the first of a
 *     phase do not count
 *  6. a path that gets four times slower and back is measured anew: at the end home
 *     is the best, and known worse CCs are not home meanwhile
 *  7. with trial_rtts 0, in shadow mode or with an override no flow is moved
 *  8. the number of busy flows is counted, to within a tenth
 *  9. a CC that a flow cannot have: its trial ends, or it is home no more, and others
 *     are tried
 * 10. exploration moves single flows, which are back after the dwell
 * 11. of many paths drawn by lot, nine of ten end with the best or one as good, and the
 *     mean cost of trials is below a tenth of an octave
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest.h"
#include "unit.h"

enum { RENO, CUBIC, BBR, VEGAS, CCS };

#define FLOWS		4
#define LOTS		60
#define MS		1000000ULL
#define RTT_US		50000
#define ONE		65536	/* Q16 */
#define MARGIN		(ONE / 8)

static struct window *w;
static struct antelope_path *path;
static struct antelope_config *config;
static struct antelope_forest forest[ANTELOPE_FORESTS];
static struct flow flows[FLOWS];
static int nr_flows;
static double gain[CCS];	/* log2 of the throughput of each */
static bool together;		/* VEGAS needs to be alone */
static double rate = 1e6;	/* bytes/s */
static __u64 now_ns;
static double earned, windows;	/* sum and number of gains */

static void scores(__s32 reno, __s32 cubic, __s32 bbr, __s32 vegas)
{
	const __s32 score[CCS] = { reno, cubic, bbr, vegas };
	int objective, cc;

	memset(forest, 0, sizeof(forest));
	for (objective = 0; objective < ANTELOPE_OBJECTIVES; objective++)
		for (cc = 0; cc < CCS; cc++)
			forest[objective * ANTELOPE_CCS + cc] = (struct antelope_forest) {
				.trees = score[cc] != ANTELOPE_NO_SCORE,
				.base = score[cc],
				.cc = cc,
			};
	unit_model(forest);
}

static void new_path(int flows_on_it, __u8 cc)
{
	static const char names[CCS][ANTELOPE_CC_NAME] = { "reno", "cubic", "bbr", "vegas" };
	int i;

	memset(config, 0, sizeof(*config));
	memcpy(config->cc, names, sizeof(names));
	config->ccs = CCS;
	config->enabled = (1 << CCS) - 1;
	config->confirm = 2;
	config->margin = MARGIN;
	config->trial_rtts = 12;
	config->trial_upside = ONE / 2;
	*path = (struct antelope_path){
		.generation = 1, .flows = 256, .last = ANTELOPE_NO_SCORE,
		.home = ANTELOPE_NO_CC, .trial = ANTELOPE_NO_CC, .tried = ANTELOPE_NO_CC,
	};
	unit->bss->with_path = true;
	unit->bss->with_override = false;
	memset(flows, 0, sizeof(flows));
	for (i = 0; i < FLOWS; i++) {
		flows[i].cc = cc;
		flows[i].candidate = ANTELOPE_NO_CC;
		flows[i].back = ANTELOPE_NO_CC;
	}
	nr_flows = flows_on_it;
	memset(gain, 0, sizeof(gain));
	together = false;
	rate = 1e6;
	now_ns = 1000 * MS;
	earned = 0;
	windows = 0;
}

static double brings(const struct flow *f)
{
	double g = gain[f->cc];
	int i;

	for (i = 0; together && f->cc == VEGAS && i < nr_flows; i++)
		if (flows[i].cc != VEGAS)
			g = -2;
	return g;
}

/* A window of the flow, which ends now. */
static void window(struct flow *f, __u8 flags, int duration_ms)
{
	double g = brings(f), bytes = rate * exp2(g) * duration_ms / 1000 / nr_flows;

	memset(w, 0, sizeof(*w));
	w->now_ns = now_ns;
	w->r.window = ++f->window;
	w->r.cc = f->cc;
	w->r.flags = ANTELOPE_REWARDED | flags;
	w->r.duration_ns = duration_ms * MS;
	w->r.bytes = bytes;
	w->r.packets = bytes / 1000;
	w->r.mean_rtt_us = RTT_US;
	w->r.min_rtt_us = RTT_US;
	w->flows = path->flows;
	w->reward = g * ONE;
	unit->bss->f = *f;
	unit_run(unit->progs.run_judge);
	if (w->to < CCS && w->to != w->r.cc && w->why != ANTELOPE_SHADOW)
		unit_run(unit->progs.run_switched);
	*f = unit->bss->f;
	earned += g;
	windows++;
}

/* Windows of two round trips, of all flows in turn; how often one had this CC. */
static int rounds(int n, __u8 cc)
{
	int had = 0, i;

	while (n--) {
		now_ns += 2 * RTT_US * 1000ULL;
		for (i = 0; i < nr_flows; i++) {
			had += flows[i].cc == cc;
			window(&flows[i], 0, 2 * RTT_US / 1000);
		}
	}
	return had;
}

static bool is(const char *what, double got, double low, double high)
{
	if (got >= low && got <= high)
		return true;
	ksft_print_msg("%s: %g, expected %g to %g\n", what, got, low, high);
	return false;
}

static void test_better(void)
{
	bool right;

	new_path(1, BBR);
	scores(-2 * ONE, -2 * ONE, 0, -ONE / 4);
	gain[VEGAS] = 1;
	rounds(60, BBR);
	right = is("home", path->home, VEGAS, VEGAS) && is("CC", flows[0].cc, VEGAS, VEGAS);
	ksft_test_result(right && is("windows", rounds(100, VEGAS), 80, 100),
			 "a better one is found\n");
}

static void test_worse(void)
{
	bool right;

	new_path(1, BBR);
	scores(-2 * ONE, -2 * ONE, 0, -ONE / 4);
	gain[VEGAS] = -0.4;
	right = is("windows on trial", rounds(40, VEGAS), 7, 8) &&
		is("trials", path->trials, 1, 1) && is("home", path->home, BBR, BBR) &&
		is("value", (path->value[VEGAS] - path->value[BBR]) / 65536., -0.41, -0.39);
	ksft_test_result(right, "a worse one is left\n");
}

static void test_bad(void)
{
	new_path(1, BBR);
	scores(-2 * ONE, -2 * ONE, 0, -ONE / 4);
	gain[VEGAS] = -1.5;
	ksft_test_result(is("windows on trial", rounds(40, VEGAS), 4, 4) &&
			 is("home", path->home, BBR, BBR), "a bad one is left early\n");
}

static void test_together(void)
{
	int i, apart = 0;

	new_path(2, BBR);
	scores(-2 * ONE, -2 * ONE, 0, -ONE / 4);
	gain[VEGAS] = 0.6;
	together = true;
	for (i = 0; i < 60; i++) {
		rounds(1, BBR);
		apart += flows[0].cc != flows[1].cc;
	}
	/* both decide at the end of the same round, so they are never seen apart for long */
	ksft_test_result(is("home", path->home, VEGAS, VEGAS) && is("rounds apart", apart, 0, 4),
			 "flows change together\n");
}

static void test_not_counted(void)
{
	bool right;
	int i;

	new_path(1, BBR);
	scores(0, 0, 0, 0);
	rounds(5, BBR);		/* START, and the first of the phase */
	right = is("packets at the start", path->packets, 0, 0);
	rounds(1, BBR);
	right &= is("packets of a window", path->packets, 99, 100);
	for (i = 0; i < 20; i++) {
		now_ns += 100 * MS;
		window(&flows[0], ANTELOPE_APP_LIMITED, 100);
	}
	ksft_test_result(right && is("packets of limited windows", path->packets, 99, 100),
			 "windows that do not count\n");
}

static void test_slower(void)
{
	int i, elsewhere = 0;

	new_path(1, BBR);
	scores(-2 * ONE, -ONE / 8, 0, -ONE / 8);
	gain[VEGAS] = -0.5;
	gain[CUBIC] = -0.5;
	rounds(100, BBR);
	rate /= 4;
	for (i = 0; i < 150; i++) {
		rounds(1, BBR);
		elsewhere += path->home != BBR;
	}
	rate *= 4;
	for (i = 0; i < 150; i++) {
		rounds(1, BBR);
		elsewhere += path->home != BBR;
	}
	ksft_test_result(is("home", path->home, BBR, BBR) &&
			 is("rounds with another home", elsewhere, 0, 40), "a path that changes\n");
}

static void test_not_moved(void)
{
	bool right;

	new_path(1, BBR);
	scores(0, 0, 0, 0);
	gain[VEGAS] = 1;
	config->trial_rtts = 0;
	right = is("without trials", rounds(60, BBR), 60, 60);
	config->trial_rtts = 12;
	config->shadow = 1;
	right &= is("in shadow mode", rounds(60, BBR), 60, 60);
	config->shadow = 0;
	unit->bss->o = (struct antelope_override){ .cc = BBR, .expiry_ns = ~0ULL };
	unit->bss->with_override = true;
	ksft_test_result(right && is("with an override", rounds(60, BBR), 60, 60) &&
			 is("trials", path->trials, 0, 0), "flows that are not moved\n");
}

static void test_counted(void)
{
	bool right = true;
	int n;

	for (n = 1; n <= FLOWS; n++) {
		new_path(n, BBR);
		scores(0, 0, 0, 0);
		unit->bss->with_flows = true;
		rounds(40, BBR);
		unit->bss->with_flows = false;
		right &= is("flows", path->flows / 256., n * 0.9, n * 1.15);
	}
	ksft_test_result(right, "busy flows are counted\n");
}

/* As after a switch that the kernel has refused. */
static void refuse(__u8 cc)
{
	flows[0].barred_until[cc] = 100000;
}

static void test_refused(void)
{
	bool right;
	int i;

	new_path(1, BBR);
	scores(-2 * ONE, -ONE / 3, 0, -ONE / 4);
	gain[CUBIC] = 0.5;
	for (i = 0; i < 40 && path->trial != VEGAS; i++)
		rounds(1, BBR);
	flows[0].cc = BBR;
	refuse(VEGAS);
	rounds(1, BBR);
	right = is("trial", path->trial, ANTELOPE_NO_CC, ANTELOPE_NO_CC);
	rounds(60, BBR);
	right &= is("home", path->home, CUBIC, CUBIC);
	refuse(BBR);
	path->home = BBR;
	rounds(1, BBR);
	ksft_test_result(right && is("home, refused", path->home, CUBIC, CUBIC),
			 "a CC that cannot be had\n");
}

static void test_explore(void)
{
	int i, explored = 0, away = 0;

	new_path(1, BBR);
	scores(-2 * ONE, -2 * ONE, 0, -2 * ONE);
	config->explore = ONE / 10;
	config->dwell_ns = 250 * MS;
	for (i = 0; i < 400; i++) {
		rounds(1, BBR);
		explored += w->why == ANTELOPE_EXPLORED && w->to != w->r.cc;
		away += w->r.cc != BBR;
	}
	ksft_print_msg("explored %d times, %d windows away\n", explored, away);
	/* one in ten, three of four of them to another, which then has three windows */
	ksft_test_result(is("explored", explored, 10, 60) &&
			 is("windows each", (double)away / explored, 1.5, 4.5) &&
			 is("home", path->home, BBR, BBR), "exploration\n");
}

/* From -1 to 1 */
static double lot(void)
{
	return (int)(unit_random64() >> 32) / 2147483648.0;
}

static void test_many(void)
{
	int i, k, cc, best, right = 0;
	double lost = 0;

	for (i = 0; i < LOTS; i++) {
		new_path(1 + i % 3, BBR);
		for (cc = 0, best = 0; cc < CCS; cc++) {
			gain[cc] = lot();
			best = gain[cc] > gain[best] ? cc : best;
		}
		/* what the model says is off by up to half an octave */
		scores(ONE * (gain[0] + lot() / 2), ONE * (gain[1] + lot() / 2),
		       ONE * (gain[2] + lot() / 2), ONE * (gain[3] + lot() / 2));
		for (k = 0; k < 150; k++)
			rounds(1, best);
		right += gain[path->home] > gain[best] - 0.15;
		earned = 0;
		windows = 0;
		for (k = 0; k < 150; k++)
			rounds(1, best);
		lost += gain[path->home] - earned / windows;
	}
	ksft_print_msg("the best of %d of %d paths; trials cost %.3f octaves\n", right, LOTS,
		       lost / LOTS);
	ksft_test_result(is("paths", right, 0.9 * LOTS, LOTS) && is("octaves", lost / LOTS, 0, 0.1),
			 "paths drawn by lot\n");
}

int main(void)
{
	ksft_print_header();
	unit_open();
	w = &unit->bss->w;
	path = &unit->bss->path;
	config = &unit->data->config;
	ksft_set_plan(11);
	test_better();
	test_worse();
	test_bad();
	test_together();
	test_not_counted();
	test_slower();
	test_not_moved();
	test_counted();
	test_refused();
	test_explore();
	test_many();
	unit_close();
	ksft_finished();
}
