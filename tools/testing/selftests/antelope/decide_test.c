// SPDX-License-Identifier: GPL-2.0
/*
 * How antelope decides, window by window: forests whose scores are given, rewards
 * that are given, the decision code itself run in the kernel. Expected:
 *
 *  1. the first decision at once; later ones after as many windows in a row with the
 *     same winner as the settings ask for, and not before the dwell is over, by time or by windows
 *  2. a winner by no more than the margin changes nothing, and of equals the first
 *  3. no switch while the flow recovers or has nothing to send; the wish stays
 *  4. only what is enabled and has a forest; DCTCP only with ECN
 *  5. without a model nothing, with one that comes later the first decision
 *  6. an override wins over all of that, at once, but not in recovery
 *  7. a switch after which the reward falls is taken back, once; what was bad is not
 *     chosen for 8 windows, the second time for 16; a good one is kept
 *  8. windows that the application limits say nothing about a switch
 *  9. exploration: by its probability, over all that is enabled alike, with the
 *     propensity of what came out; never when a switch is not allowed
 * 10. without a model it explores too, and keeps the CC otherwise
 * 11. the objective picks the forests
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest.h"
#include "unit.h"

enum { RENO, CUBIC, BBR, DCTCP, CCS };

#define MS		1000000ULL
#define NOTHING		ANTELOPE_NO_CC
#define ONE		65536	/* Q16 */
#define UNSAFE_NOW	1
#define RECOVERING	3	/* is unsafe */
#define LIMITED		4

static struct window *w;
static struct flow *f;
static struct antelope_config *config;
static struct antelope_forest forest[ANTELOPE_FORESTS];

/* One window. A CC's score is 1 if it is the best, else 0. */
struct step {
	__u8 best;
	__u16 ms;		/* that it took; 0: 100 */
	__u8 state;		/* UNSAFE_NOW and so on */
	__s32 reward;
	__u8 why, to;		/* expected */
};

static void scores(const __s32 *score)
{
	int objective, cc;

	memset(forest, 0, sizeof(forest));
	for (objective = 0; objective < ANTELOPE_OBJECTIVES; objective++) {
		for (cc = 0; cc < CCS; cc++) {
			struct antelope_forest *t = &forest[objective * ANTELOPE_CCS + cc];

			t->trees = score[cc] != ANTELOPE_NO_SCORE;
			t->base = score[cc];
			t->cc = cc;
		}
	}
	unit_model(forest);
}

static void best_is(__u8 best)
{
	__s32 score[CCS] = { 0 };

	int cc;

	if (best != NOTHING)
		score[best] = ONE;
	for (cc = 0; cc < CCS && best == NOTHING; cc++)
		score[cc] = ANTELOPE_NO_SCORE;
	scores(score);
}

static void new_flow(__u8 cc)
{
	static const char names[CCS][ANTELOPE_CC_NAME] = { "reno", "cubic", "bbr", "dctcp" };

	memset(w, 0, sizeof(*w));
	memset(f, 0, sizeof(*f));
	memset(config, 0, sizeof(*config));
	memcpy(config->cc, names, sizeof(names));
	config->ccs = CCS;
	config->enabled = (1 << CCS) - 1;
	config->confirm = 2;
	config->margin = 100;
	f->cc = cc;
	f->candidate = ANTELOPE_NO_CC;
	f->back = ANTELOPE_NO_CC;
	w->now_ns = 1000 * MS;
	w->ecn = 1;
	unit->bss->with_override = false;
}

/* What the program does with a window after its features. */
static void decide(const struct step *s)
{
	w->now_ns += (s->ms ?: 100) * MS;
	w->r.window = ++f->window;
	w->r.cc = f->cc;
	w->r.flags = ANTELOPE_REWARDED | (s->state & LIMITED ? ANTELOPE_APP_LIMITED : 0);
	w->reward = s->reward;
	w->unsafe = s->state & (UNSAFE_NOW | LIMITED);
	w->recovering = (s->state & RECOVERING) == RECOVERING;
	unit_run(unit->progs.run_judge);
	if (w->to < CCS && w->to != w->r.cc)
		unit_run(unit->progs.run_switched);
}

static bool step(const struct step *s, int n)
{
	decide(s);
	if (w->why == s->why && f->cc == s->to && w->r.propensity == 0xffff)
		return true;
	ksft_print_msg("window %d: why %u to %u, expected why %u to %u\n", n, w->why, f->cc,
		       s->why, s->to);
	return false;
}

/* Until a step that expects nothing: the end. */
static bool follow(const struct step *s)
{
	int i;

	for (i = 0; s[i].why || s[i].to; i++) {
		best_is(s[i].best);
		if (!step(&s[i], i))
			return false;
	}
	return true;
}

static void test_confirm(void)
{
	static const struct step steps[] = {
		{ .best = BBR, .why = ANTELOPE_SWITCHED, .to = BBR },
		{ .best = CUBIC, .why = ANTELOPE_UNCONFIRMED, .to = BBR },
		{ .best = BBR, .why = ANTELOPE_KEPT, .to = BBR },
		{ .best = CUBIC, .why = ANTELOPE_UNCONFIRMED, .to = BBR },
		{ .best = RENO, .why = ANTELOPE_UNCONFIRMED, .to = BBR },
		{ .best = CUBIC, .why = ANTELOPE_UNCONFIRMED, .to = BBR },
		{ .best = CUBIC, .why = ANTELOPE_DWELL, .to = BBR },
		{ .best = CUBIC, .ms = 200, .why = ANTELOPE_DWELL, .to = BBR },
		{ .best = CUBIC, .ms = 200, .why = ANTELOPE_SWITCHED, .to = CUBIC },
		{ .best = CUBIC, .why = ANTELOPE_KEPT, .to = CUBIC },
		{ 0 },
	}, soon[] = {
		{ .best = BBR, .why = ANTELOPE_SWITCHED, .to = BBR },
		{ .best = CUBIC, .why = ANTELOPE_UNCONFIRMED, .to = BBR },
		{ .best = CUBIC, .why = ANTELOPE_DWELL, .to = BBR },
		{ .best = CUBIC, .why = ANTELOPE_SWITCHED, .to = CUBIC },
		{ 0 },
	};
	bool right;

	new_flow(CUBIC);
	config->dwell_ns = 1000 * MS;
	right = follow(steps);
	new_flow(CUBIC);
	config->dwell_ns = 1000 * MS;
	config->dwell_windows = 3;
	ksft_test_result(right && follow(soon), "confirmation and dwell\n");
}

static void test_margin(void)
{
	__s32 score[CCS] = { 100, 0, 100, 100 };
	bool kept, first;

	new_flow(CUBIC);
	scores(score);
	kept = step(&(struct step){ .why = ANTELOPE_KEPT, .to = CUBIC }, 0) &&
	       w->r.best == RENO && w->r.score[BBR] == 100 && !w->r.score[CUBIC];
	score[BBR] = 101;
	score[DCTCP] = 101;
	scores(score);
	config->confirm = 1;
	first = step(&(struct step){ .why = ANTELOPE_SWITCHED, .to = BBR }, 1);
	ksft_test_result(kept && first, "margin\n");
}

static void test_safe(void)
{
	static const struct step steps[] = {
		{ .best = BBR, .state = UNSAFE_NOW, .why = ANTELOPE_UNSAFE, .to = CUBIC },
		{ .best = BBR, .state = RECOVERING, .why = ANTELOPE_UNSAFE, .to = CUBIC },
		{ .best = BBR, .state = LIMITED, .why = ANTELOPE_UNSAFE, .to = CUBIC },
		{ .best = BBR, .why = ANTELOPE_SWITCHED, .to = BBR },
		{ 0 },
	};

	new_flow(CUBIC);
	ksft_test_result(follow(steps), "safe moments only\n");
}

static void test_mask(void)
{
	static const struct step unable[] = {
		{ .best = BBR, .why = ANTELOPE_KEPT, .to = CUBIC },
		{ 0 },
	}, no_ecn[] = {
		{ .best = DCTCP, .why = ANTELOPE_KEPT, .to = CUBIC },
		{ 0 },
	}, ecn[] = {
		{ .best = DCTCP, .why = ANTELOPE_SWITCHED, .to = DCTCP },
		{ 0 },
	};
	__s32 score[CCS] = { 1, ANTELOPE_NO_SCORE, ANTELOPE_NO_SCORE, 0 };
	bool right;

	new_flow(CUBIC);
	config->enabled &= ~(1 << BBR);
	right = follow(unable) && w->r.score[BBR] == ANTELOPE_NO_SCORE;
	new_flow(CUBIC);
	w->ecn = 0;
	right &= follow(no_ecn);
	new_flow(CUBIC);
	right &= follow(ecn);
	/* the present one has no forest: it can't be compared, and is left */
	new_flow(CUBIC);
	scores(score);
	right &= step(&(struct step){ .why = ANTELOPE_SWITCHED, .to = RENO }, 0) &&
		 w->r.x[ANTELOPE_F_CC] == ANTELOPE_CCS;
	right &= step(&(struct step){ .why = ANTELOPE_KEPT, .to = RENO }, 1) &&
		 w->r.x[ANTELOPE_F_CC] == RENO;
	ksft_test_result(right, "what may be chosen\n");
}

static void test_no_model(void)
{
	static const struct step steps[] = {
		{ .best = NOTHING, .why = ANTELOPE_NO_MODEL, .to = CUBIC },
		{ .best = NOTHING, .why = ANTELOPE_NO_MODEL, .to = CUBIC },
		{ .best = BBR, .why = ANTELOPE_SWITCHED, .to = BBR },
		{ 0 },
	};

	new_flow(CUBIC);
	ksft_test_result(follow(steps), "without a model\n");
}

static void test_override(void)
{
	static const struct step before[] = {
		{ .best = BBR, .why = ANTELOPE_SWITCHED, .to = BBR },
		{ 0 },
	}, during[] = {
		{ .best = BBR, .state = RECOVERING, .why = ANTELOPE_OVERRIDDEN, .to = BBR },
		{ .best = BBR, .state = LIMITED, .why = ANTELOPE_OVERRIDDEN, .to = RENO },
		{ .best = BBR, .reward = -8 * ONE, .why = ANTELOPE_OVERRIDDEN, .to = RENO },
		{ .best = BBR, .reward = -8 * ONE, .why = ANTELOPE_OVERRIDDEN, .to = RENO },
		{ 0 },
	}, after[] = {
		{ .best = BBR, .ms = 1000, .why = ANTELOPE_UNCONFIRMED, .to = RENO },
		{ .best = BBR, .why = ANTELOPE_SWITCHED, .to = BBR },
		{ 0 },
	};
	bool right;

	new_flow(CUBIC);
	config->dwell_ns = 1000 * MS;
	config->rollback = ONE / 4;
	unit->bss->o.cc = RENO;
	unit->bss->o.epoch = 42;
	right = follow(before);
	unit->bss->with_override = true;
	right &= follow(during) && w->r.epoch == 42;
	unit->bss->with_override = false;
	ksft_test_result(right && follow(after), "override\n");
}

/* n windows in which one CC is the best, another in use. */
static bool windows(int n, struct step s)
{
	best_is(s.best);
	while (n--) {
		if (!step(&s, n))
			return false;
	}
	return true;
}

static bool bad_trial(int barred)
{
	const struct step good = { .best = BBR, .why = ANTELOPE_UNCONFIRMED, .to = CUBIC };
	const struct step to_bbr = { .best = BBR, .why = ANTELOPE_SWITCHED, .to = BBR };
	const struct step bad = { .best = BBR, .reward = -ONE, .why = ANTELOPE_KEPT, .to = BBR };
	const struct step back = { .best = BBR, .reward = -ONE, .why = ANTELOPE_ROLLED_BACK,
				   .to = CUBIC };
	/* barred: then no other is better than what there is */
	const struct step wait = { .best = BBR, .why = ANTELOPE_KEPT, .to = CUBIC };

	return windows(1, good) && windows(1, to_bbr) && windows(1, bad) && windows(1, back) &&
	       windows(barred - 1, wait);
}

static void test_rollback(void)
{
	const struct step kept = { .best = CUBIC, .why = ANTELOPE_KEPT, .to = CUBIC };
	const struct step good = { .best = BBR, .why = ANTELOPE_UNCONFIRMED, .to = CUBIC };
	const struct step to_bbr = { .best = BBR, .why = ANTELOPE_SWITCHED, .to = BBR };
	const struct step same = { .best = BBR, .reward = -ONE / 8, .why = ANTELOPE_KEPT,
				   .to = BBR };
	const struct step ignored = { .best = BBR, .reward = -8 * ONE, .why = ANTELOPE_KEPT,
				      .to = BBR };
	bool bad, fine, off;

	new_flow(CUBIC);
	config->rollback = ONE / 4;
	bad = windows(4, kept) && bad_trial(8) && bad_trial(16);
	new_flow(CUBIC);
	config->rollback = ONE / 4;
	fine = windows(4, kept) && windows(1, good) && windows(1, to_bbr) && windows(20, same) &&
	       f->back == ANTELOPE_NO_CC;
	new_flow(CUBIC);
	off = windows(4, kept) && windows(1, good) && windows(1, to_bbr) &&
	      windows(20, ignored);
	ksft_test_result(bad && fine && off, "rollback\n");
}

static void test_rollback_limited(void)
{
	const struct step kept = { .best = CUBIC, .why = ANTELOPE_KEPT, .to = CUBIC };
	const struct step good = { .best = BBR, .why = ANTELOPE_UNCONFIRMED, .to = CUBIC };
	const struct step to_bbr = { .best = BBR, .why = ANTELOPE_SWITCHED, .to = BBR };
	const struct step idle = { .best = BBR, .state = LIMITED, .reward = -8 * ONE,
				   .why = ANTELOPE_KEPT, .to = BBR };
	const struct step bad = { .best = BBR, .reward = -8 * ONE, .why = ANTELOPE_KEPT,
				  .to = BBR };
	const struct step unsafe = { .best = BBR, .state = UNSAFE_NOW, .reward = -8 * ONE,
				     .why = ANTELOPE_UNSAFE, .to = BBR };
	const struct step back = { .best = BBR, .reward = -8 * ONE, .why = ANTELOPE_ROLLED_BACK,
				   .to = CUBIC };

	new_flow(CUBIC);
	config->rollback = ONE / 4;
	ksft_test_result(windows(4, kept) && windows(1, good) && windows(1, to_bbr) &&
			 windows(10, idle) && windows(1, bad) && windows(3, unsafe) &&
			 windows(1, back), "rollback: windows that count, safe moments\n");
}

#define DRAWS	20000

/* How often each CC came out, and how often by lot; propensities as they must be. */
static bool draw(int *explored, int came[CCS], double p, int greedy, int n)
{
	bool right = true;
	int i;

	*explored = 0;
	memset(came, 0, CCS * sizeof(*came));
	for (i = 0; i < DRAWS; i++) {
		struct flow saved = *f;
		double want = p / n;

		decide(&(struct step){ 0 });
		*explored += w->why == ANTELOPE_EXPLORED;
		came[w->to]++;
		if (w->to == greedy)
			want += 1 - p;
		right &= fabs(w->r.propensity / 65536. - want) < 0.0002;
		saved.window = f->window;
		*f = saved;
	}
	return right;
}

/* Within five standard deviations: one run of two million fails by chance. */
static bool binomial(const char *what, int got, double p)
{
	double mean = DRAWS * p, deviation = sqrt(DRAWS * p * (1 - p));

	if (fabs(got - mean) <= 5 * deviation)
		return true;
	ksft_print_msg("%s: %d, expected %.0f +- %.0f\n", what, got, mean, 5 * deviation);
	return false;
}

static void test_explore(void)
{
	int explored, came[CCS], cc;
	const double p = 0.25;
	bool right;

	new_flow(CUBIC);
	f->decided = 1;
	config->explore = ONE * p;
	best_is(CUBIC);
	right = draw(&explored, came, p, CUBIC, CCS) && binomial("explored", explored, p);
	for (cc = 0; cc < CCS; cc++)
		right &= binomial(config->cc[cc], came[cc], p / CCS + (cc == CUBIC) * (1 - p));
	/* DCTCP is out of the lot, and what the winner is does not matter until it is due */
	w->ecn = 0;
	best_is(BBR);
	right &= draw(&explored, came, p, CUBIC, CCS - 1) && !came[DCTCP] &&
		 binomial("reno of three", came[RENO], p / 3);
	config->confirm = 1;
	right &= draw(&explored, came, p, BBR, CCS - 1) &&
		 binomial("the winner", came[BBR], p / 3 + 1 - p);
	ksft_test_result(right, "exploration: frequencies and propensities\n");
}

static void test_explore_when(void)
{
	static const struct step never[] = {
		{ .best = CUBIC, .state = UNSAFE_NOW, .why = ANTELOPE_KEPT, .to = CUBIC },
		{ .best = CUBIC, .state = LIMITED, .why = ANTELOPE_KEPT, .to = CUBIC },
		{ 0 },
	};
	int i, explored, came[CCS];
	bool right = true;

	new_flow(CUBIC);
	config->explore = ONE;
	for (i = 0; i < 100; i++)
		right &= follow(never);
	f->switched_ns = w->now_ns;
	f->decided = 1;
	config->dwell_ns = 1000 * MS;
	right &= windows(9, (struct step){ .best = CUBIC, .why = ANTELOPE_KEPT, .to = CUBIC });
	best_is(NOTHING);
	decide(&(struct step){ .ms = 200 });
	right &= w->why == ANTELOPE_EXPLORED && w->r.best == ANTELOPE_NO_CC;
	new_flow(CUBIC);
	config->explore = ONE / 2;
	right &= draw(&explored, came, 0.5, CUBIC, CCS) && binomial("without", explored, 0.5);
	ksft_test_result(right, "exploration: when, and without a model\n");
}

static void test_objectives(void)
{
	bool right = true;
	int objective;

	memset(forest, 0, sizeof(forest));
	for (objective = 0; objective < ANTELOPE_OBJECTIVES; objective++) {
		static const int best[] = { RENO, BBR, DCTCP };
		int cc;

		for (cc = 0; cc < CCS; cc++) {
			forest[objective * ANTELOPE_CCS + cc].trees = 1;
			forest[objective * ANTELOPE_CCS + cc].base = ONE * (cc == best[objective]);
		}
	}
	unit_model(forest);
	for (objective = 0; objective < ANTELOPE_OBJECTIVES; objective++) {
		static const int best[] = { RENO, BBR, DCTCP };

		new_flow(CUBIC);
		w->r.objective = objective;
		right &= step(&(struct step){ .why = ANTELOPE_SWITCHED, .to = best[objective] },
			      objective);
	}
	ksft_test_result(right, "objectives\n");
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_confirm, test_margin, test_safe, test_mask, test_no_model, test_override,
		test_rollback, test_rollback_limited, test_explore, test_explore_when,
		test_objectives,
	};
	size_t i;

	ksft_print_header();
	unit_open();
	w = &unit->bss->w;
	f = &unit->bss->f;
	config = &unit->data->config;
	ksft_set_plan(sizeof(tests) / sizeof(*tests));
	for (i = 0; i < sizeof(tests) / sizeof(*tests); i++)
		tests[i]();
	unit_close();
	ksft_finished();
}
