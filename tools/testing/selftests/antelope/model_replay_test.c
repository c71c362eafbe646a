// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replay, with logs of a world that is known (model_synth.c), in which who chose
 * mostly took cubic. The model has learnt from another log. Expected:
 *
 * 1.	what the model would have gained, by each estimate, is within 4 standard errors
 *	of the truth; doubly robust has a smaller error
 *	than inverse propensity
 * 2.	without weights (clip 1) the estimate by propensities is far off
 * 3.	a model that is wrong about all rewards is still estimated well by propensities
 *	and doubly robust
 * 4.	scores in the log that the model has made are the same to the bit, and so is
 *	the best; if one tree of the model was another, they are not
 * 5.	choices add up, and are the model's as often as the table says
 * 6.	the error of clustered samples is that of their clusters
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "model_format.h"
#include "model_synth.h"
#include "replay.h"
#include "train.h"

static char folder[32] = "/tmp/model_replay.XXXXXX";
static char path[64];
static char err[MODEL_ERR];

/* cubic 0.8 where it is best, else 0.6 */
static double cubic_policy(const struct synth_path *p, unsigned int cc)
{
	double cubic = synth_best(p) == 1 ? 0.8 : 0.6;

	return cc == 1 ? cubic : (1 - cubic) / 2;
}

static struct antelope_model *learn(void)
{
	struct train t = {
		.boost = { .seed = 1, .trees = 40, .depth = 3, .rate = 0.15, .gamma = 1,
			   .leaf = 4 },
		.clip = 20, .min = 200, .by = { 1000000000, 8 }, .centred = true,
		.model = calloc(1, sizeof(*t.model)),
	};
	struct synth s = synth_regions;
	char * const logs[] = { path };

	s.seed = 1234;
	s.destinations = 400;
	s.flows = 1;
	if (synth_log(&s, path) || samples_read(&t.all, logs, 1, &t.by, err) ||
	    train_fit(&t, err) || model_digest(t.model, t.model->digest))
		ksft_exit_fail_msg("no model: %s\n", err);
	free(t.held);
	free(t.weights);
	samples_free(&t.all);
	return t.model;
}

static void replay(struct replay *r, const struct antelope_model *m, double clip)
{
	char * const logs[] = { path };

	*r = (struct replay){ .model = m, .objective = -1, .clip = clip,
			      .by = { 1000000000, 8 } };
	if (samples_read(&r->all, logs, 1, &r->by, err) || replay_run(r))
		ksft_exit_fail_msg("%s\n", err);
}

/* A queue that all have, so that no reward is near 0. */
static double same_delay(const struct synth_path *p, unsigned int cc)
{
	(void)p;
	(void)cc;
	return 2;
}

/* A log of the policy, with the scores of this model in it. */
static void make(const struct antelope_model *m, struct synth *s)
{
	*s = synth_regions;
	s->policy = cubic_policy;
	s->delay = same_delay;
	s->destinations = 200;
	s->windows = 40;
	s->noise = 0.05;
	s->forest = m->forest;
	s->model = m->digest;
	if (synth_log(s, path))
		ksft_exit_fail_msg("cannot write %s\n", path);
}

/* What the choices of the model would have earned more than those that were made. */
static double true_gain(const struct synth *s, const struct antelope_model *m)
{
	int32_t x[ANTELOPE_FEATURES];
	uint64_t state = s->seed;
	struct synth_path p;
	unsigned int i, cc, best;
	double gain = 0;

	for (i = 0; i < s->destinations; i++) {
		synth_path_draw(&p, &state);
		for (cc = 0; cc < s->ccs; cc++) {
			synth_features(&p, cc, x);
			best = train_best(m, ANTELOPE_BALANCED, x, ~0u);
			gain += s->policy(&p, cc) * (s->rate(&p, best) - s->rate(&p, cc));
		}
	}
	return gain / s->destinations;
}

static bool near(const char *what, struct estimate e, double want)
{
	ksft_print_msg("%s: %.4f +- %.4f, in truth %.4f\n", what, e.mean, e.error, want);
	return fabs(e.mean - want) <= 4 * e.error && e.error > 0 && e.error < 0.1;
}

static void test_estimates(const struct antelope_model *m, const struct synth *s)
{
	double want = true_gain(s, m);
	struct replay r;
	bool good;

	replay(&r, m, 100);
	good = near("inverse propensity", r.ips.gain, want);
	good &= near("self-normalised", r.snips.gain, want);
	good &= near("doubly robust", r.dr.gain, want);
	ksft_test_result(good && want > 0.1, "gains\n");
	ksft_test_result(r.dr.gain.error < r.ips.gain.error,
			 "errors: %.4f by propensity, %.4f doubly robust\n", r.ips.gain.error,
			 r.dr.gain.error);
	ksft_test_result(r.matched < r.tested && r.effective > 100 && r.effective < r.matched &&
			 fabs(r.mean_weight - 1) < 0.1,
			 "%llu of %llu match, worth %.0f\n", (unsigned long long)r.matched,
			 (unsigned long long)r.tested, r.effective);
	samples_free(&r.all);
	replay(&r, m, 1);
	ksft_test_result(fabs(r.ips.gain.mean - want) > 10 * r.ips.gain.error &&
			 r.mean_weight < 0.5,
			 "without weights: %.4f +- %.4f\n", r.ips.gain.mean, r.ips.gain.error);
	samples_free(&r.all);
}

/* The model takes bbr for cubic and back, and is off by 1 everywhere. */
static void test_wrong_model(const struct antelope_model *m, const struct synth *s)
{
	struct antelope_model *wrong = malloc(sizeof(*wrong));
	struct replay r;
	double want;
	bool good;

	if (!wrong)
		ksft_exit_fail_msg("no memory\n");
	*wrong = *m;
	wrong->forest[0] = m->forest[1];
	wrong->forest[1] = m->forest[0];
	wrong->forest[0].base += 1 << ANTELOPE_REWARD_BITS;
	wrong->forest[1].base += 1 << ANTELOPE_REWARD_BITS;
	wrong->forest[2].base += 1 << ANTELOPE_REWARD_BITS;
	want = true_gain(s, wrong);
	replay(&r, wrong, 100);
	good = near("inverse propensity", r.ips.gain, want);
	good &= near("doubly robust", r.dr.gain, want);
	ksft_test_result(good && want < -0.1, "a wrong model's loss\n");
	samples_free(&r.all);
	free(wrong);
}

static void test_scores(const struct antelope_model *m)
{
	struct antelope_model *other = malloc(sizeof(*other));
	uint64_t sum = 0, diagonal = 0;
	unsigned int i, j;
	struct replay r;

	if (!other)
		ksft_exit_fail_msg("no memory\n");
	replay(&r, m, 100);
	for (i = 0; i < ANTELOPE_CCS; i++)
		for (j = 0; j < ANTELOPE_CCS; j++) {
			sum += r.n[i][j];
			diagonal += i == j ? r.n[i][j] : 0;
		}
	ksft_test_result(r.scored && r.same_score == r.scored && r.same_best == r.scored &&
			 r.logs_of_model == 1, "%llu scored, %llu the same\n",
			 (unsigned long long)r.scored, (unsigned long long)r.same_score);
	ksft_test_result(sum == r.decisions && diagonal == r.agree && r.agree < r.decisions,
			 "%llu choices, %llu agree\n", (unsigned long long)sum,
			 (unsigned long long)diagonal);
	samples_free(&r.all);
	*other = *m;
	for (i = 0; i < ANTELOPE_LEAVES; i++)
		other->forest[1].tree[7].leaf[i]++;
	memset(other->digest, '0', MODEL_DIGEST - 1);
	replay(&r, other, 100);
	ksft_test_result(!r.same_score && !r.logs_of_model, "one tree is off by 2^-16, %llu same\n",
			 (unsigned long long)r.same_score);
	samples_free(&r.all);
	free(other);
}

/* Pairs of equal values are worth one each. */
static void test_clusters(void)
{
	const double value[] = { 1, 1, 3, 3, 5, 5, 7, 7 }, one[] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	const uint32_t pairs[] = { 0, 0, 1, 1, 2, 2, 3, 3 }, same[] = { 0, 0, 0, 0, 0, 0, 0, 0 };
	struct estimate e = estimate_ratio(value, one, pairs, 8);
	/* 1 3 5 7: variance 20 / 3, of the mean a quarter of it */
	double want = sqrt(20.0 / 3 / 4);

	ksft_test_result(e.mean == 4 && fabs(e.error - want) < 0.000001,
			 "clusters: %.3f +- %.6f, %.6f\n", e.mean, e.error, want);
	e = estimate_ratio(value, one, same, 8);
	ksft_test_result(e.mean == 4 && isnan(e.error), "one cluster has no error\n");
	e = estimate_ratio(value, one, pairs, 0);
	ksft_test_result(isnan(e.mean) && isnan(e.error), "nothing has no mean\n");
}

int main(void)
{
	struct antelope_model *m;
	struct synth s;

	ksft_print_header();
	ksft_set_plan(11);
	if (!mkdtemp(folder))
		ksft_exit_fail_msg("%s: %s\n", folder, strerror(errno));
	snprintf(path, sizeof(path), "%s/log", folder);
	m = learn();
	make(m, &s);
	test_estimates(m, &s);
	test_wrong_model(m, &s);
	test_scores(m);
	test_clusters();
	model_free(m);
	unlink(path);
	rmdir(folder);
	ksft_finished();
}
