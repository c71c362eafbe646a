// SPDX-License-Identifier: GPL-2.0-only
/*
 * Forests that libxgboost has grown, as integers. For 7 forests of 1 to 40 trees, of
 * depth 1 to 3, each on 14336 random vectors, 100352 in all, of which one in two lies
 * on or beside a threshold. Expected, with TREES that of the forest:
 *
 * 1.	score.h's score is off from libxgboost's by at most (TREES + 1) / 2^17
 * 2.	so is that of the program in the kernel, run there; it equals score.h's
 * 3.	without the ceiling of thresholds, or with coarser leaves, 1 would fail: the
 *	bound is not so wide that it holds for anything
 */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "kselftest.h"
#include "boost.h"
#include "model.h"
#include "model_synth.h"
#include "score.h"
#include "unit.h"

#define SAMPLES	4000
#define ROUNDS	14

static uint64_t state = 11;
static const double one = 1 << ANTELOPE_REWARD_BITS;

/* In ranges that windows have, some of them signed, some narrow. */
static void draw_vector(float *x)
{
	unsigned int i;

	for (i = 0; i < ANTELOPE_FEATURES; i++)
		x[i] = synth_draw(&state) % (i % 3 ? 65536 : 4194304);
	x[ANTELOPE_F_CC] = synth_draw(&state) % ANTELOPE_CCS;
	x[ANTELOPE_F_VARIATION] -= 32768;
}

static double target(const float *x)
{
	return (x[ANTELOPE_F_LOSS] > 20000 ? -1.5 : 0.3) +
	       (x[ANTELOPE_F_VARIATION] < -100 ? 0.7 : 0) * (x[ANTELOPE_F_CC] > 3 ? 1 : 2) -
	       x[ANTELOPE_F_MIN_RTT] / 1e5 + synth_normal(&state);
}

static BoosterHandle grow(const struct boost *b, struct antelope_forest *to)
{
	float *x = malloc(SAMPLES * ANTELOPE_FEATURES * sizeof(*x));
	static float y[SAMPLES], w[SAMPLES];
	int32_t base = (int)(synth_draw(&state) % 300000) - 150000;
	char err[MODEL_ERR] = "";
	BoosterHandle booster;
	unsigned int i, j;

	for (i = 0; i < SAMPLES; i++) {
		draw_vector(&x[i * ANTELOPE_FEATURES]);
		/* between integers, so that thresholds are */
		for (j = 1; j < ANTELOPE_FEATURES; j += 2)
			x[i * ANTELOPE_FEATURES + j] += 0.5;
		y[i] = target(&x[i * ANTELOPE_FEATURES]);
		w[i] = 0.5 + synth_uniform(&state);
	}
	if (boost_fit(b, x, y, w, SAMPLES, base, &booster, err) ||
	    boost_export(booster, base, to, NULL, err))
		ksft_exit_fail_msg("%s\n", err);
	free(x);
	return booster;
}

/* VECTORS of them; every other has one number at a threshold, or one below it. */
static void draw_vectors(const struct antelope_forest *f, float *x)
{
	const struct antelope_tree *t;
	unsigned int i, node;

	for (i = 0; i < VECTORS; i++, x += ANTELOPE_FEATURES) {
		draw_vector(x);
		t = &f->tree[synth_draw(&state) % f->trees];
		node = synth_draw(&state) % ANTELOPE_NODES;
		if (i % 2)
			x[t->feature[node]] = t->threshold[node] - (int)(synth_draw(&state) % 2);
	}
}

static void predict(BoosterHandle booster, const float *x, float *to)
{
	DMatrixHandle rows;
	const float *out;
	bst_ulong n;

	if (XGDMatrixCreateFromMat(x, VECTORS, ANTELOPE_FEATURES, NAN, &rows) ||
	    XGBoosterPredict(booster, rows, 0, 0, 0, &n, &out) || n != VECTORS)
		ksft_exit_fail_msg("libxgboost: %s\n", XGBGetLastError());
	memcpy(to, out, VECTORS * sizeof(*to));
	XGDMatrixFree(rows);
}

struct worst {
	double here;		/* in units of the bound */
	double kernel;
	double coarse;		/* leaves of 2^-12 */
	double floored;		/* thresholds one too low */
	unsigned int differ;
};

static double off(double score, float want, unsigned int trees)
{
	return fabs(score - want) / ((trees + 1) / 131072.0);
}

static void spoil(const struct antelope_forest *f, struct antelope_forest *coarse,
		  struct antelope_forest *floored)
{
	unsigned int i, j;

	*coarse = *f;
	*floored = *f;
	for (i = 0; i < f->trees; i++) {
		for (j = 0; j < ANTELOPE_LEAVES; j++)
			coarse->tree[i].leaf[j] &= ~15;
		for (j = 0; j < ANTELOPE_NODES; j++)
			floored->tree[i].threshold[j]--;
	}
}

static void compare(BoosterHandle booster, const struct antelope_forest *f, bool kernel,
		    struct worst *w)
{
	static float x[VECTORS * ANTELOPE_FEATURES], want[VECTORS];
	static struct antelope_forest coarse, floored;
	int32_t v[ANTELOPE_FEATURES], score;
	unsigned int i, j;

	draw_vectors(f, x);
	predict(booster, x, want);
	spoil(f, &coarse, &floored);
	if (kernel) {
		unit->bss->forest = *f;
		for (i = 0; i < VECTORS * ANTELOPE_FEATURES; i++)
			unit->bss->vectors[i / ANTELOPE_FEATURES].x[i % ANTELOPE_FEATURES] = x[i];
		unit_run(unit->progs.run_score);
	}
	for (i = 0; i < VECTORS; i++) {
		for (j = 0; j < ANTELOPE_FEATURES; j++)
			v[j] = x[i * ANTELOPE_FEATURES + j];
		score = score_forest(f, v);
		w->here = fmax(w->here, off(score / one, want[i], f->trees));
		w->coarse = fmax(w->coarse, off(score_forest(&coarse, v) / one, want[i], f->trees));
		w->floored = fmax(w->floored,
				  off(score_forest(&floored, v) / one, want[i], f->trees));
		if (!kernel)
			continue;
		w->kernel = fmax(w->kernel, off(unit->bss->scores[i] / one, want[i], f->trees));
		w->differ += unit->bss->scores[i] != score;
	}
}

int main(void)
{
	static const struct { uint32_t trees, depth; } shapes[] = {
		{ 1, 1 }, { 1, 3 }, { 5, 2 }, { 13, 3 }, { 40, 1 }, { 40, 2 }, { 40, 3 } };
	bool kernel = !geteuid();
	static struct antelope_forest forest;
	struct worst w = { 0 };
	struct boost b = { .seed = 1, .rate = 0.15, .gamma = 1, .leaf = 20 };
	BoosterHandle booster;
	unsigned int i, j;

	ksft_print_header();
	ksft_set_plan(3);
	if (kernel)
		unit_open();
	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		b.trees = shapes[i].trees;
		b.depth = shapes[i].depth;
		booster = grow(&b, &forest);
		if (forest.trees != b.trees)
			ksft_exit_fail_msg("%u trees, not %u\n", forest.trees, b.trees);
		for (j = 0; j < ROUNDS; j++)
			compare(booster, &forest, kernel, &w);
		XGBoosterFree(booster);
	}
	ksft_print_msg("%u vectors; largest errors by the bound: %.3f here, %.3f in the kernel\n",
		       i * ROUNDS * VECTORS, w.here, w.kernel);
	ksft_test_result(w.here > 0 && w.here <= 1, "score.h against libxgboost\n");
	if (kernel)
		ksft_test_result(w.kernel > 0 && w.kernel <= 1 && !w.differ,
				 "the kernel against both, %u differ from score.h\n", w.differ);
	else
		ksft_test_result_skip("the kernel: needs root\n");
	ksft_test_result(w.coarse > 1 && w.floored > 1,
			 "coarser leaves are off by %.1f bounds, lower thresholds by %.1f\n",
			 w.coarse, w.floored);
	if (kernel)
		unit_close();
	ksft_finished();
}
