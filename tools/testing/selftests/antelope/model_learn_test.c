// SPDX-License-Identifier: GPL-2.0-only
/*
 * Training, with logs of a world that is known (model_synth.c). Expected:
 *
 * 1.	the best congestion control (CC) of each region is learnt: on paths which were
 *	not in the log it is predicted for 95 %, and the error is below 0.7 of that
 *	when the mean is predicted
 *	also when the log names the CCs in another order than the model does
 * 2.	when the choices in the log have nothing to do with what was earned, nothing is
 *	learnt from them: fewer than 60 % right
 * 3.	each objective learns its own best, where rate and delay are at odds
 * 4.	who chose knew more than the features show, and so the worse CC looks better;
 *	with weights by propensity it does not, without (clip 1) it does
 * 5.	the same log gives the same bytes, another seed others; flows in another order
 *	in the file change nothing
 * 6.	by the whole of what a CC has earned at its destination (horizon 0), more is right
 *	than by what follows each choice, when there are few paths and rewards are noisy;
 *	all windows of a destination are samples for each CC
 * 7.	a log whose last record is cut is read up to there; a damaged one is refused;
 *	one with other features too; too few samples are told
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "kselftest.h"
#include "log.h"
#include "model_synth.h"
#include "train.h"

static char folder[32] = "/tmp/model_learn.XXXXXX";
static char path[64], other[64];
static char err[MODEL_ERR];

static int learn_by(struct train *t, const char *from, uint64_t seed, double clip,
		    uint64_t horizon_ns)
{
	char * const logs[] = { (char *)from };
	int bad;

	*t = (struct train){
		.boost = { .seed = seed, .trees = 40, .depth = 3, .rate = 0.15, .gamma = 1,
			   .leaf = 4 },
		.holdout = 0.2, .clip = clip, .min = 200,
		.by = { horizon_ns, 8 }, .centred = true, .flows = true,
		.model = calloc(1, sizeof(*t->model)),
	};
	t->model->version = 1;
	bad = samples_read(&t->all, logs, 1, &t->by, err);
	return bad ?: train_fit(t, err) ?: train_compare(t);
}

static int learn(struct train *t, const char *from, uint64_t seed, double clip)
{
	return learn_by(t, from, seed, clip, 1000000000);
}

static void forget(struct train *t)
{
	free(t->held);
	free(t->worth);
	free(t->weights);
	samples_free(&t->all);
	model_free(t->model);
}

static void make(const struct synth *s, const char *to)
{
	if (synth_log(s, to))
		ksft_exit_fail_msg("cannot write %s\n", to);
}

/* Share of new paths for which the CC that is best is predicted. */
static double right(const struct train *t, unsigned int objective,
		    unsigned int (*best)(const struct synth_path *p))
{
	unsigned int i, good = 0, n = 3000;
	int32_t x[ANTELOPE_FEATURES];
	uint64_t state = 99;
	struct synth_path p;

	for (i = 0; i < n; i++) {
		synth_path_draw(&p, &state);
		synth_features(&p, i % 3, x);
		good += train_best(t->model, objective, x, ~0u) == best(&p);
	}
	return (double)good / n;
}

static void test_regions(void)
{
	const struct confusion *c;
	struct synth s = synth_regions;
	const struct model_quality *q;
	struct train t;
	double share;

	make(&s, path);
	if (learn(&t, path, 1, 20))
		ksft_exit_fail_msg("%s\n", err);
	share = right(&t, ANTELOPE_BALANCED, synth_best);
	q = &t.model->quality[1];
	c = &t.confusion[ANTELOPE_BALANCED];
	ksft_test_result(share > 0.95 && q->held && q->rmse < 0.7 * q->rmse_mean,
			 "regions: %.3f right, error %.3f, by mean %.3f\n", share, q->rmse,
			 q->rmse_mean);
	ksft_test_result(c->groups > 20 && c->groups <= s.destinations && c->regret < 0.1 &&
			 c->regret_done > 0.5 && c->regret_fixed[0] > 0.3 &&
			 t.gain[ANTELOPE_F_LOSS] + t.gain[ANTELOPE_F_MIN_RTT] > 0.9,
			 "lost against the oracle: %.3f, by lot %.3f, bbr always %.3f\n",
			 c->regret, c->regret_done, c->regret_fixed[0]);
	forget(&t);
}

static void test_whole(void)
{
	struct synth s = synth_regions;
	struct train by_next, by_whole;
	double next, whole;
	size_t samples;

	s.destinations = 40;
	s.noise *= 4;
	make(&s, path);
	if (learn(&by_next, path, 1, 20) || learn_by(&by_whole, path, 1, 20, 0))
		ksft_exit_fail_msg("%s\n", err);
	next = right(&by_next, ANTELOPE_BALANCED, synth_best);
	whole = right(&by_whole, ANTELOPE_BALANCED, synth_best);
	samples = by_whole.model->quality[0].samples;
	ksft_test_result(whole > next && whole > 0.8 &&
			 samples > 2 * by_next.model->quality[0].samples,
			 "few noisy paths: %.3f right by the whole, %.3f by what follows\n", whole,
			 next);
	forget(&by_next);
	forget(&by_whole);
}

static unsigned int best_reversed(const struct synth_path *p)
{
	return 2 - synth_best(p);
}

/* Numbers in the log are of its names, in whatever order these are. */
static void test_names(void)
{
	struct synth s = synth_regions;
	unsigned int wrong = 0;
	struct train t;
	double share;
	size_t i;

	s.cc[0] = "vegas";
	s.cc[2] = "bbr";
	make(&s, path);
	if (learn(&t, path, 1, 20))
		ksft_exit_fail_msg("%s\n", err);
	for (i = 0; i < t.all.n; i++)
		wrong += t.all.s[i].x[ANTELOPE_F_CC] != t.all.s[i].cc;
	share = right(&t, ANTELOPE_BALANCED, best_reversed);
	ksft_test_result(share > 0.95 && !strcmp(t.model->cc[0], "bbr") && t.all.n && !wrong,
			 "names in another order: %.3f right, %u wrong\n", share, wrong);
	forget(&t);
}

static void test_shuffled(void)
{
	struct synth s = synth_regions;
	struct train t;
	double share;

	s.shuffled = true;
	make(&s, path);
	if (learn(&t, path, 1, 20))
		ksft_exit_fail_msg("%s\n", err);
	share = right(&t, ANTELOPE_BALANCED, synth_best);
	ksft_test_result(share < 0.6, "shuffled: %.3f right\n", share);
	forget(&t);
}

/* cubic has the rate and a queue four times as long as the path, vegas neither. */
static double odds_rate(const struct synth_path *p, unsigned int cc)
{
	(void)p;
	return cc == 1 ? 0 : cc == 2 ? -0.8 : -3;
}

static double odds_delay(const struct synth_path *p, unsigned int cc)
{
	(void)p;
	return cc == 1 ? 2 : 0;
}

static unsigned int always_cubic(const struct synth_path *p)
{
	(void)p;
	return 1;
}

static unsigned int always_vegas(const struct synth_path *p)
{
	(void)p;
	return 2;
}

static void test_objectives(void)
{
	struct synth s = synth_regions;
	double rate, delay, both;
	struct train t;

	s.rate = odds_rate;
	s.delay = odds_delay;
	make(&s, path);
	if (learn(&t, path, 1, 20))
		ksft_exit_fail_msg("%s\n", err);
	/* balanced: cubic earns 0 - 2/2, vegas -0.8 */
	rate = right(&t, ANTELOPE_THROUGHPUT, always_cubic);
	both = right(&t, ANTELOPE_BALANCED, always_vegas);
	delay = right(&t, ANTELOPE_LATENCY, always_vegas);
	ksft_test_result(rate > 0.95 && both > 0.9 && delay > 0.95,
			 "objectives: throughput %.3f, balanced %.3f, latency %.3f right\n",
			 rate, both, delay);
	forget(&t);
}

/* vegas is better by 0.5 everywhere; on lucky paths all is better by 2. */
static double hidden_rate(const struct synth_path *p, unsigned int cc)
{
	return (p->lucky ? 0 : -2) + (cc == 2 ? 0 : cc == 1 ? -0.5 : -3);
}

/* Who chooses takes cubic on lucky paths, mostly. */
static double hidden_policy(const struct synth_path *p, unsigned int cc)
{
	if (cc == 0)
		return 0.1;
	return (cc == 1) == p->lucky ? 0.85 : 0.05;
}

/* All to one address, so that hindsight does not tell who was lucky. */
static void test_propensity(void)
{
	struct synth s = synth_regions;
	struct train t;
	double with, without;

	s.rate = hidden_rate;
	s.policy = hidden_policy;
	s.destinations = 1000;
	s.flows = 1;
	s.windows = 30;
	s.one_address = true;
	make(&s, path);
	if (learn(&t, path, 1, 50))
		ksft_exit_fail_msg("%s\n", err);
	with = right(&t, ANTELOPE_BALANCED, always_vegas);
	forget(&t);
	if (learn(&t, path, 1, 1))
		ksft_exit_fail_msg("%s\n", err);
	without = right(&t, ANTELOPE_BALANCED, always_vegas);
	forget(&t);
	ksft_test_result(with > 0.9 && without < 0.5,
			 "biased log: %.3f right with weights, %.3f without\n", with, without);
}

static bool same_file(const char *a, const char *b)
{
	FILE *f = fopen(a, "re"), *g = fopen(b, "re");
	int c, d;

	if (!f || !g)
		ksft_exit_fail_msg("cannot read %s or %s\n", a, b);
	do {
		c = getc(f);
		d = getc(g);
	} while (c == d && c != EOF);
	fclose(f);
	fclose(g);
	return c == d;
}

static bool same_forests(const char *a, const char *b)
{
	struct antelope_model *m, *n;
	bool same;

	if (model_load(&m, a, err) || model_load(&n, b, err))
		ksft_exit_fail_msg("%s\n", err);
	same = !memcmp(m->forest, n->forest, sizeof(m->forest));
	model_free(m);
	model_free(n);
	return same;
}

static void learn_into(const char *log, uint64_t seed, const char *model)
{
	struct train t;

	if (learn(&t, log, seed, 20) || model_save(t.model, model, err))
		ksft_exit_fail_msg("%s\n", err);
	forget(&t);
}

static void test_repeat(void)
{
	struct synth s = synth_regions;
	char first[80], second[80], third[80], mixed[80];

	snprintf(first, sizeof(first), "%s/1", folder);
	snprintf(second, sizeof(second), "%s/2", folder);
	snprintf(third, sizeof(third), "%s/3", folder);
	snprintf(mixed, sizeof(mixed), "%s/4", folder);
	make(&s, path);
	learn_into(path, 1, first);
	learn_into(path, 1, second);
	learn_into(path, 2, third);
	if (synth_mix(path, other))
		ksft_exit_fail_msg("cannot write %s\n", other);
	learn_into(other, 1, mixed);
	ksft_test_result(same_file(first, second) && !same_file(first, third) &&
			 same_forests(first, mixed) && !same_forests(first, third) &&
			 !same_file(path, other),
			 "same log, same bytes; another seed, others\n");
	unlink(first);
	unlink(second);
	unlink(third);
	unlink(mixed);
}

static int read_log(const char *from, struct samples *all)
{
	const struct judgement by = { 1000000000, 8 };
	char * const logs[] = { (char *)from };
	int bad;

	memset(err, 0, sizeof(err));
	bad = samples_read(all, logs, 1, &by, err);
	samples_free(all);
	return bad;
}

/* Put a byte into the file. */
static void poke(const char *into, long at, int byte)
{
	FILE *f = fopen(into, "r+e");

	if (!f || fseek(f, at, SEEK_SET) || fputc(byte, f) == EOF || fclose(f))
		ksft_exit_fail_msg("cannot change %s\n", into);
}

static void test_damage(void)
{
	const long record = sizeof(struct antelope_record), header = sizeof(struct log_header);
	struct synth s = synth_regions;
	struct samples all;
	struct train t;
	bool good;

	make(&s, path);
	if (truncate(path, header + 100 * record + 7))
		ksft_exit_fail_msg("truncate: %s\n", strerror(errno));
	good = learn(&t, path, 1, 20) == 0 && t.all.n == 100 && t.all.cut == 1;
	/* 98 samples of three CCs: none has 200 */
	good &= t.all.usable > 90 && !t.model->forest[0].trees;
	ksft_test_result(good, "cut log: %zu records, %llu samples\n", t.all.n,
			 (unsigned long long)t.all.usable);
	forget(&t);
	poke(path, header + 5 * record + offsetof(struct antelope_record, x) + 3, 0x7f);
	ksft_test_result(read_log(path, &all) && strstr(err, "record 6 is damaged"),
			 "feature out of range: %s\n", err);
	poke(path, header + 4 * record + offsetof(struct antelope_record, choice), 5);
	ksft_test_result(read_log(path, &all) && strstr(err, "\"choice\" of record 4"),
			 "choice out of range: %s\n", err);
	poke(path, offsetof(struct log_header, schema), 'x');
	ksft_test_result(read_log(path, &all) && strstr(err, "schema"), "other features: %s\n",
			 err);
	ksft_test_result(read_log(folder, &all) && strstr(err, folder), "no log: %s\n", err);
}

int main(void)
{
	ksft_print_header();
	ksft_set_plan(13);
	if (!mkdtemp(folder))
		ksft_exit_fail_msg("%s: %s\n", folder, strerror(errno));
	snprintf(path, sizeof(path), "%s/log", folder);
	snprintf(other, sizeof(other), "%s/log", folder);
	strcat(other, "_mixed");
	test_regions();
	test_names();
	test_whole();
	test_shuffled();
	test_objectives();
	test_propensity();
	test_repeat();
	test_damage();
	unlink(path);
	unlink(other);
	rmdir(folder);
	ksft_finished();
}
