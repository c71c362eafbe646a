// SPDX-License-Identifier: GPL-2.0-only
/*
 * antelope train: a model from logs. The parts are samples.c, which reads the logs,
 * train_fit.c, which grows the forests, train_compare.c, which tries them, and
 * model_write.c.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "cmd.h"
#include "train.h"

struct train_options {
	const char *out, *parent, *figure;
	unsigned long seed, trees, depth, min;
	double horizon, rate, gamma, holdout, clip, leaf, bound, blur;
	bool json, level, flows;
};

static const char examples[] =
	"  antelope train windows.log -o my.model\n"
	"  antelope train run*.log -o new.model --parent old.model --figure gain.svg\n"
	"  antelope train windows.log -o my.model --json | jq .forests\n";

static int parse(int argc, char **argv, struct train_options *o)
{
	const struct arg table[] = {
		{ "output", 'o', ARG_TEXT, &o->out, 0, 0, "MODEL", "file to write" },
		{ "parent", 0, ARG_TEXT, &o->parent, 0, 0, "MODEL",
		  "model that this one follows: version is one more" },
		{ "seed", 0, ARG_COUNT, &o->seed, 0, 9007199254740992.0, "N",
		  "of what is drawn by lot" },
		{ "trees", 0, ARG_COUNT, &o->trees, 1, ANTELOPE_TREES, "N", "of a forest" },
		{ "depth", 0, ARG_COUNT, &o->depth, 1, ANTELOPE_DEPTH, "N", "of a tree" },
		{ "rate", 0, ARG_NUMBER, &o->rate, 0.001, 1, "R",
		  "share of its correction that a tree gives" },
		{ "gamma", 0, ARG_NUMBER, &o->gamma, 0, 1e9, "G", "what a split must gain" },
		{ "leaf", 0, ARG_NUMBER, &o->leaf, 0, 1e9, "N",
		  "destinations (their weights) that a leaf must hold" },
		{ "min", 0, ARG_COUNT, &o->min, 1, 1e9, "N", "samples that a forest needs" },
		samples_horizon(&o->horizon, true),
		{ "clip", 0, ARG_NUMBER, &o->clip, 1, 65535, "W",
		  "largest weight of a sample, which is\n"
		  "1 / the propensity of its choice" },
		samples_bound(&o->bound),
		{ "blur", 0, ARG_NUMBER, &o->blur, 0, 16, "OCTAVES",
		  "by which the RTT of a path is taken for that of\n"
		  "another, in training; 1.5 times that the rate" },
		{ "level", 0, ARG_FLAG, &o->level, 0, 0, NULL,
		  "learn rewards as they are; without it, what is\n"
		  "above the mean of the destination" },
		{ "holdout", 0, ARG_NUMBER, &o->holdout, 0, 0.9, "P",
		  "share of destinations kept back for the test" },
		{ "flows", 0, ARG_FLAG, &o->flows, 0, 0, NULL,
		  "keep back flows, not whole destinations" },
		{ "figure", 0, ARG_TEXT, &o->figure, 0, 0, "FILE.svg",
		  "draw the importance of features, by gnuplot" },
		{ "json", 0, ARG_FLAG, &o->json, 0, 0, NULL, "report as JSON" },
		{ 0 }
	};
	const struct args args = {
		.verb = "train", .operands = "LOG... -o MODEL [OPTIONS]", .table = table,
		.about = "Learns from logs what each congestion control earns, and writes a model.",
		.examples = examples,
		.missing = SAMPLES_NONE,
	};
	int first = args_parse(argc, argv, &args);

	if (first > 0 && !o->out) {
		args_fail("train", "where to? give -o MODEL");
		return -EINVAL;
	}
	return first;
}

static int set_parent(struct antelope_model *m, const char *path, char *err)
{
	struct antelope_model *parent;
	int bad;

	m->version = 1;
	if (!path)
		return 0;
	bad = model_load(&parent, path, err);
	if (bad)
		return bad;
	m->version = parent->version + 1;
	memcpy(m->parent, parent->digest, sizeof(m->parent));
	model_free(parent);
	return 0;
}

static int check_forests(const struct train *t, char *err)
{
	unsigned int i;

	for (i = 0; i < ANTELOPE_FORESTS; i++)
		if (t->model->forest[i].trees)
			return 0;
	snprintf(err, MODEL_ERR,
		 "no CC has %u of the %llu samples; log more, with exploration",
		 t->min, (unsigned long long)t->all.usable);
	return -ENODATA;
}

static int train(struct train *t, const struct train_options *o, char **logs, unsigned int n,
		 char *err)
{
	int bad;

	bad = set_parent(t->model, o->parent, err);
	if (!bad)
		bad = samples_read(&t->all, logs, n, &t->by, err);
	if (!bad)
		bad = train_fit(t, err);
	if (!bad)
		bad = check_forests(t, err);
	if (bad)
		return bad;
	if (train_compare(t)) {
		snprintf(err, MODEL_ERR, "no memory for %u destinations", t->all.groups);
		return -ENOMEM;
	}
	bad = model_save(t->model, o->out, err);
	if (!bad && o->figure)
		bad = train_figure(t, o->figure, err);
	return bad;
}

static void print_options(const struct train_options *o)
{
	printf("seed %lu, trees %lu, depth %lu, rate %g, gamma %g, leaf %g, min %lu\n", o->seed,
	       o->trees, o->depth, o->rate, o->gamma, o->leaf, o->min);
	printf("horizon %g s, clip %g, bound %g, blur %g, holdout %g%s\n\n", o->horizon, o->clip,
	       o->bound, o->blur, o->holdout, o->level ? ", with the level" : "");
}

int cmd_train(int argc, char **argv)
{
	struct train_options o = {
		.seed = 1, .trees = ANTELOPE_TREES, .depth = ANTELOPE_DEPTH, .rate = 0.15,
		.gamma = 0.5, .leaf = 3, .min = 200, .horizon = 2, .clip = 5, .holdout = 0.2,
		.bound = 1, .blur = 0.5,
	};
	int first = parse(argc, argv, &o), bad;
	struct train t = {
		.boost = { .seed = o.seed, .trees = o.trees, .depth = o.depth, .rate = o.rate,
			   .gamma = o.gamma, .leaf = o.leaf },
		.holdout = o.holdout, .clip = o.clip, .min = o.min, .blur = o.blur,
		.by = { o.horizon * 1e9, o.bound }, .centred = !o.level, .flows = o.flows,
		.progress = isatty(2),
	};
	char err[MODEL_ERR] = "";

	if (first <= 0)
		return first ? ANTELOPE_USAGE : 0;
	t.model = calloc(1, sizeof(*t.model));
	if (!t.model)
		return args_fail("train", "no memory");
	if (!o.json)
		print_options(&o);
	/* a gnuplot that ends early is an error with a message */
	signal(SIGPIPE, SIG_IGN);
	bad = train(&t, &o, argv + first, argc - first, err);
	if (bad)
		args_fail("train", "%s", err);
	else if (o.json)
		train_print_json(&t, stdout);
	else
		train_print(&t, stdout);
	if (!bad && !o.json)
		printf("\n%s: version %u, digest %.16s\n", o.out, t.model->version,
		       t.model->digest);
	free(t.held);
	free(t.weights);
	free(t.worth);
	samples_free(&t.all);
	model_free(t.model);
	return bad ? ANTELOPE_USAGE : 0;
}
