// SPDX-License-Identifier: GPL-2.0
/*
 * Antelope's program in the kernel, the parts that need no connection, each run in
 * the kernel on what this test puts into memory:
 *
 *  1. log2 of 10^5 numbers of all sizes is off by less than 0.001
 *  2. scores of 10^5 vectors by random forests are those of score.h
 *  3. a sum that does not fit saturates, and is never ANTELOPE_NO_SCORE
 *  4. features and rewards of 10^4 random windows are those of floating point
 *  5. a window without an RTT sample, without a delivery, or all lost
 *  6. peak, loss average, variation and share follow a sequence of windows
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>

#include "kselftest.h"
#include "unit.h"
#include "score.h"

static void test_log2(void)
{
	double worst = 0;
	int i, round;

	for (round = 0; round < 98; round++) {
		for (i = 0; i < VECTORS; i++)
			unit->bss->numbers[i] = unit_random64() >> (unit_random64() & 63);
		unit->bss->numbers[0] = ~0ULL;
		unit->bss->numbers[1] = 1ULL << (round & 63);
		unit_run(unit->progs.run_log2);
		for (i = 0; i < VECTORS; i++) {
			__u64 v = unit->bss->numbers[i];
			double error = unit->bss->logs[i] / 65536. - log2(v ?: 1);

			if (fabs(error) > worst)
				worst = fabs(error);
		}
	}
	ksft_print_msg("log2: largest error %.5f\n", worst);
	ksft_test_result(worst > 0 && worst < 0.001, "log2\n");
}

/* Some vectors sit on thresholds, where < and <= differ. */
static void test_scores(void)
{
	struct antelope_forest *f = &unit->bss->forest;
	int i, j, round, wrong = 0;

	for (round = 0; round < 98; round++) {
		unit_random_forest(f, round % ANTELOPE_TREES + 1);
		for (i = 0; i < VECTORS; i++) {
			struct antelope_tree *t = &f->tree[i % f->trees];

			for (j = 0; j < ANTELOPE_FEATURES; j++)
				unit->bss->vectors[i].x[j] = (int)unit_random64() >> 9;
			j = i % ANTELOPE_NODES;
			unit->bss->vectors[i].x[t->feature[j]] = t->threshold[j] - i % 2;
		}
		unit_run(unit->progs.run_score);
		for (i = 0; i < VECTORS; i++)
			wrong += unit->bss->scores[i] !=
				 score_forest(f, unit->bss->vectors[i].x);
	}
	ksft_test_result(!wrong, "scores of %d vectors, %d differ\n", 98 * VECTORS, wrong);
}

static void test_saturation(void)
{
	struct antelope_forest *f = &unit->bss->forest;
	int i, high, low;

	memset(f, 0, sizeof(*f));
	f->trees = ANTELOPE_TREES;
	for (i = 0; i < ANTELOPE_TREES * ANTELOPE_LEAVES; i++)
		f->tree[i / ANTELOPE_LEAVES].leaf[i % ANTELOPE_LEAVES] = 0x7fffffff;
	unit_run(unit->progs.run_score);
	high = unit->bss->scores[0];
	for (i = 0; i < ANTELOPE_TREES * ANTELOPE_LEAVES; i++)
		f->tree[i / ANTELOPE_LEAVES].leaf[i % ANTELOPE_LEAVES] = ANTELOPE_NO_SCORE;
	unit_run(unit->progs.run_score);
	low = unit->bss->scores[0];
	ksft_test_result(high == 0x7fffffff && low == -0x7fffffff, "sums saturate: %d, %d\n",
			 high, low);
}

/* A window as TCP may leave it; all that the features depend on. */
static void random_window(struct window *w, struct flow *f)
{
	__u32 mean = 100 + unit_random64() % 2000000;

	memset(w, 0, sizeof(*w));
	memset(f, 0, sizeof(*f));
	w->r.min_rtt_us = 1 + mean / (1 + unit_random64() % 100);
	w->r.packets = 1 + unit_random64() % 1000000;
	w->r.lost = unit_random64() % 2 ? unit_random64() % w->r.packets : 0;
	w->r.window = 1 + unit_random64() % 12;
	w->r.objective = unit_random64() % ANTELOPE_OBJECTIVES;
	w->rate = 1000 + unit_random64() % 10000000000;
	w->pacing = 1000 + unit_random64() % 10000000000;
	w->window_bytes = 1500 + unit_random64() % 100000000;
	w->mdev_us = unit_random64() % mean;
	w->marked = unit_random64() % w->r.packets;
	w->flows = 256 + unit_random64() % 100000;
	f->rtt_samples = 1 + unit_random64() % 1000;
	f->rtt_sum_us = (__u64)f->rtt_samples * mean;
	f->rtt_low_us = w->r.min_rtt_us + (mean - w->r.min_rtt_us) / 2;
	f->rtt_high_us = mean + unit_random64() % mean;
	f->mean_rtt_us = 1 + unit_random64() % (2 * mean);
	f->max_rate = unit_random64() % 10000000000;
	f->peak_rtt = unit_random64() % 100000;
	f->loss_mean = unit_random64() % 65536;
	f->variation = unit_random64() % (8 << 16);
	f->log_rate = unit_random64() % 2 ? unit_random64() % (40 << 16) : 0;
}

/* One of fraction bits, and what integers cut off on the way. */
static bool near(const char *what, __s32 got, double want, int bits, double slack)
{
	double max = ANTELOPE_RATIO_MAX / (double)(1 << bits);
	double v = got / (double)(1 << bits);

	if (want > max)
		want = max;
	if (want < -max)
		want = -max;
	if (fabs(v - want) <= 1.01 / (1 << bits) + slack * fabs(want))
		return true;
	ksft_print_msg("%s is %f, expected %f\n", what, v, want);
	return false;
}

static double bounded(double part)
{
	return part > 8 ? 8 : part < -8 ? -8 : part;
}

static bool rtts_are_right(const struct window *w, const struct flow *f)
{
	const __s32 *x = w->r.x;
	double min = w->r.min_rtt_us, mean = f->rtt_sum_us / f->rtt_samples;

	return near("min_rtt", x[ANTELOPE_F_MIN_RTT], log2(min), 8, 0.001) &&
	       near("mean_rtt", x[ANTELOPE_F_MEAN_RTT], mean / min, 10, 0) &&
	       near("low_rtt", x[ANTELOPE_F_LOW_RTT], f->rtt_low_us / min, 10, 0) &&
	       near("high_rtt", x[ANTELOPE_F_HIGH_RTT], f->rtt_high_us / min, 10, 0) &&
	       near("mdev", x[ANTELOPE_F_MDEV], w->mdev_us / mean, 10, 0) &&
	       near("peak_rtt", x[ANTELOPE_F_PEAK_RTT],
		    fmax(mean / min, f->peak_rtt * 15 / 16 / 1024.), 10, 0.001);
}

static bool rates_are_right(const struct window *w, const struct flow *f)
{
	const __s32 *x = w->r.x;
	double max = fmax(f->max_rate, w->rate), packets = w->r.packets;
	double loss = w->r.lost / (packets + w->r.lost), before = f->loss_mean / 65536.;
	double step = f->log_rate ? fabs(log2(w->rate) - f->log_rate / 65536.) : 0;
	double unsteady = f->variation / 65536.;

	return near("throughput", x[ANTELOPE_F_THROUGHPUT], log2(w->rate), 8, 0.001) &&
	       near("share", x[ANTELOPE_F_SHARE], w->rate / max, 10, 0) &&
	       near("variation", x[ANTELOPE_F_VARIATION], unsteady + (step - unsteady) / 8, 10,
		    0.001) &&
	       near("flows", x[ANTELOPE_F_FLOWS], log2(w->flows / 256.), 8, 0.02) &&
	       near("loss", x[ANTELOPE_F_LOSS], loss, 16, 0) &&
	       near("loss_mean", x[ANTELOPE_F_LOSS_MEAN], before + (loss - before) / 8, 16, 0) &&
	       near("marked", x[ANTELOPE_F_MARKED], w->marked / packets, 10, 0) &&
	       near("pacing", x[ANTELOPE_F_PACING], w->pacing / (double)w->rate, 10, 0) &&
	       near("inflight", x[ANTELOPE_F_INFLIGHT],
		    w->window_bytes / floor(max * w->r.min_rtt_us / 1e6), 10, 0);
}

static bool rewards_are_right(const struct window *w, const struct flow *f)
{
	static const double weight[] = { 0.5, 1 / 16., 2 };
	double max = fmax(f->max_rate, w->rate), mean = f->rtt_sum_us / f->rtt_samples;
	double rate = bounded(log2(w->rate / max));
	double delay = bounded(log2(mean / w->r.min_rtt_us));
	double keep = bounded(log2(w->r.packets / (w->r.packets + (double)w->r.lost)));
	double total = rate - weight[w->r.objective] * delay + keep;
	double slack = 0.004;	/* two logarithms, and a ratio of ten bits */

	return w->r.flags & ANTELOPE_REWARDED &&
	       fabs(w->r.rate / 65536. - rate) < slack &&
	       fabs(w->r.delay / 65536. - delay) < slack &&
	       fabs(w->r.keep / 65536. - keep) < slack &&
	       fabs(w->reward / 65536. - total) < 4 * slack;
}

static void test_features(void)
{
	int i, wrong = 0;

	for (i = 0; i < 10000 && wrong < 5; i++) {
		struct flow before;

		random_window(&unit->bss->w, &before);
		unit->bss->f = before;
		unit_run(unit->progs.run_features);
		wrong += !rtts_are_right(&unit->bss->w, &before) ||
			 !rates_are_right(&unit->bss->w, &before) ||
			 !rewards_are_right(&unit->bss->w, &before);
	}
	ksft_test_result(!wrong, "features and rewards of %d random windows\n", i);
}

static void test_extremes(void)
{
	struct window *w = &unit->bss->w;
	struct flow *f = &unit->bss->f;
	bool silent, stalled, lost;

	memset(w, 0, sizeof(*w));
	memset(f, 0, sizeof(*f));
	w->r.min_rtt_us = 1000;
	f->max_rate = 1 << 20;
	unit_run(unit->progs.run_features);
	silent = !(w->r.flags & ANTELOPE_REWARDED) && w->r.mean_rtt_us == 1000 &&
		 w->r.x[ANTELOPE_F_MEAN_RTT] == 1024 && !w->r.x[ANTELOPE_F_VARIATION] &&
		 !w->r.keep && !w->r.x[ANTELOPE_F_LOSS];
	f->rtt_samples = 1;
	f->rtt_sum_us = 4000000;
	f->rtt_low_us = 4000000;
	f->rtt_high_us = 4000000;
	w->r.lost = 10;
	unit_run(unit->progs.run_features);
	lost = w->r.keep == -ANTELOPE_PART_MAX && w->r.x[ANTELOPE_F_LOSS] == 65536;
	stalled = w->r.rate == -ANTELOPE_PART_MAX && w->r.delay == ANTELOPE_PART_MAX &&
		  w->r.flags & ANTELOPE_REWARDED && w->r.x[ANTELOPE_F_MEAN_RTT] == 4000 << 10;
	f->rtt_sum_us = 0xffffffff;
	f->rtt_high_us = 0xffffffff;
	w->r.min_rtt_us = 1;
	unit_run(unit->progs.run_features);
	ksft_test_result(silent && lost && stalled &&
			 w->r.x[ANTELOPE_F_MEAN_RTT] == ANTELOPE_RATIO_MAX,
			 "windows with nothing, with losses only, with an endless RTT\n");
}

/* RTT 10 ms, then twice that, then back: each feature with a memory keeps its own. */
static void test_memory(void)
{
	static const struct {
		__u32 rtt_us, lost;
		__u64 rate;
		__s32 peak, variation, share, loss_mean;
	} step[] = {
		{ 10000, 0, 1 << 20, 1024, 0, 1024, 0 },
		{ 20000, 100, 1 << 20, 2048, 0, 1024, 4096 },
		{ 10000, 0, 1 << 19, 1920, 128, 512, 3584 },
		{ 10000, 0, 1 << 21, 1800, 368, 1024, 3136 },
	};
	struct window *w = &unit->bss->w;
	struct flow *f = &unit->bss->f;
	bool right = true;
	size_t i;

	memset(f, 0, sizeof(*f));
	for (i = 0; i < sizeof(step) / sizeof(*step); i++) {
		memset(w, 0, sizeof(*w));
		w->r.min_rtt_us = 10000;
		w->r.packets = 100;
		w->r.lost = step[i].lost;
		w->rate = step[i].rate;
		f->rtt_samples = 1;
		f->rtt_sum_us = step[i].rtt_us;
		f->rtt_low_us = step[i].rtt_us;
		f->rtt_high_us = step[i].rtt_us;
		unit_run(unit->progs.run_features);
		if (w->r.x[ANTELOPE_F_PEAK_RTT] == step[i].peak &&
		    w->r.x[ANTELOPE_F_VARIATION] == step[i].variation &&
		    w->r.x[ANTELOPE_F_SHARE] == step[i].share &&
		    w->r.x[ANTELOPE_F_LOSS_MEAN] == step[i].loss_mean)
			continue;
		right = false;
		ksft_print_msg("window %zu: peak %d variation %d share %d loss %d\n", i,
			       w->r.x[ANTELOPE_F_PEAK_RTT], w->r.x[ANTELOPE_F_VARIATION],
			       w->r.x[ANTELOPE_F_SHARE], w->r.x[ANTELOPE_F_LOSS_MEAN]);
	}
	ksft_test_result(right, "features that remember\n");
}

/*
 * What it costs, where the clock says so: for the reader, nothing depends on it. Six
 * congestion controls, forests as large as they may be, another vector each time.
 */
static void print_cost(void)
{
	static struct antelope_forest forest[ANTELOPE_FORESTS];
	__u64 decisions = ~0ULL, features = ~0ULL;
	int i, j;

	for (i = 0; i < ANTELOPE_FORESTS; i++)
		unit_random_forest(&forest[i], ANTELOPE_TREES);
	unit_model(forest);
	unit->data->config.ccs = 6;
	unit->data->config.enabled = 0x3f;
	for (i = 0; i < VECTORS; i++)
		for (j = 0; j < ANTELOPE_FEATURES; j++)
			unit->bss->vectors[i].x[j] = (int)unit_random64() >> 9;
	for (i = 0; i < 20; i++) {
		unit_run(unit->progs.run_decisions);
		decisions = unit->bss->spent_ns < decisions ? unit->bss->spent_ns : decisions;
		unit_run(unit->progs.run_all_features);
		features = unit->bss->spent_ns < features ? unit->bss->spent_ns : features;
	}
	if (decisions)
		ksft_print_msg("a decision takes %llu ns, features %llu ns\n",
			       decisions / VECTORS, features / VECTORS);
}

int main(void)
{
	ksft_print_header();
	unit_open();
	ksft_set_plan(6);
	test_log2();
	test_scores();
	test_saturation();
	test_features();
	test_extremes();
	test_memory();
	print_cost();
	unit_close();
	ksft_finished();
}
