// SPDX-License-Identifier: GPL-2.0-only
/* antelope replay: command line and report; replay_run.c has what it does. */
#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <string.h>

#include "args.h"
#include "cmd.h"
#include "replay.h"

#define VERB		"replay"
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

struct replay_options {
	const char *model, *objective;
	double horizon, clip, bound;
	bool json;
};

static const char examples[] =
	"  antelope replay windows.log --model new.model\n"
	"  antelope replay windows.log --model new.model --objective latency\n"
	"  antelope replay windows.log --model new.model --json | jq .doubly_robust.gain\n";

static int parse(int argc, char **argv, struct replay_options *o)
{
	const struct arg table[] = {
		{ "model", 'm', ARG_TEXT, &o->model, 0, 0, "MODEL", "what is asked" },
		{ "objective", 0, ARG_TEXT, &o->objective, 0, 0, "O",
		  "balanced, throughput or latency; without\n"
		  "it, each record's own" },
		samples_horizon(&o->horizon, false),
		samples_bound(&o->bound),
		{ "clip", 0, ARG_NUMBER, &o->clip, 1, 65535, "W", "largest weight of a record" },
		{ "json", 0, ARG_FLAG, &o->json, 0, 0, NULL, "report as JSON" },
		{ 0 }
	};
	const struct args args = {
		.verb = VERB, .operands = "LOG... --model MODEL [OPTIONS]", .table = table,
		.about = "Tells from logs what a model would have chosen and earned.",
		.examples = examples,
		.missing = SAMPLES_NONE,
	};
	int first = args_parse(argc, argv, &args);

	if (first > 0 && !o->model) {
		args_fail(VERB, "which model? give --model MODEL");
		return -EINVAL;
	}
	return first;
}

static void print_value(const char *name, const struct value *v)
{
	printf("%-20s %9.4f +- %.4f   gain %+9.4f +- %.4f\n", name, v->reward.mean,
	       v->reward.error, v->gain.mean, v->gain.error);
}

static void print_choices(const struct replay *r)
{
	unsigned int i, j;

	printf("\nchoice made (row), of the model (column)\n%-15s", "");
	for (i = 0; i < r->all.ccs; i++)
		printf(" %9.9s", r->all.cc[i]);
	putchar('\n');
	for (i = 0; i < r->all.ccs; i++) {
		printf("%-15s", r->all.cc[i]);
		for (j = 0; j < r->all.ccs; j++)
			printf(" %9llu", (unsigned long long)r->n[i][j]);
		putchar('\n');
	}
}

static void print_text(const struct replay *r)
{
	printf("%u logs, %zu records, %u flows; %llu logs were made with this model\n",
	       r->all.files, r->all.n, r->all.flows, (unsigned long long)r->logs_of_model);
	printf("%llu decisions, %llu as the model's\n", (unsigned long long)r->decisions,
	       (unsigned long long)r->agree);
	if (r->scored)
		printf("%llu scored in the kernel: %llu same scores, %llu same best\n",
		       (unsigned long long)r->scored, (unsigned long long)r->same_score,
		       (unsigned long long)r->same_best);
	print_choices(r);
	printf("\n%llu decisions with a known reward, %llu as the model's, worth %.1f\n",
	       (unsigned long long)r->tested, (unsigned long long)r->matched, r->effective);
	if (!r->tested)
		return;
	printf("%-20s %9.4f +- %.4f\n", "done", r->done.mean, r->done.error);
	if (!r->matched) {
		printf("the model would never have chosen what was chosen: log with exploration\n");
		return;
	}
	if (fabs(r->mean_weight - 1) > 0.1)
		printf("weights have the mean %.2f, not 1: too little exploration for these:\n",
		       r->mean_weight);
	print_value("inverse propensity", &r->ips);
	print_value("self-normalised", &r->snips);
	print_value("doubly robust", &r->dr);
	printf("mean rewards, logarithms to base 2; after +- the standard error, by flows\n");
}

/* JSON has no NAN: null says that it is not known. */
static json_object *json_number(double value)
{
	return isfinite(value) ? json_object_new_double(value) : NULL;
}

static json_object *json_estimate(const struct estimate *e)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "mean", json_number(e->mean));
	json_object_object_add(o, "standard_error", json_number(e->error));
	return o;
}

static void add_value(json_object *root, const char *name, const struct value *v)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "reward", json_estimate(&v->reward));
	json_object_object_add(o, "gain", json_estimate(&v->gain));
	json_object_object_add(root, name, o);
}

static json_object *json_choices(const struct replay *r)
{
	json_object *o = json_object_new_object(), *row;
	unsigned int i, j;

	for (i = 0; i < r->all.ccs; i++) {
		row = json_object_new_object();
		for (j = 0; j < r->all.ccs; j++)
			json_object_object_add(row, r->all.cc[j],
					       json_object_new_int64(r->n[i][j]));
		json_object_object_add(o, r->all.cc[i], row);
	}
	return o;
}

static void print_json(const struct replay *r)
{
	const struct { const char *name; uint64_t value; } counts[] = {
		{ "logs", r->all.files }, { "records", r->all.n }, { "flows", r->all.flows },
		{ "logs_cut", r->all.cut }, { "logs_of_model", r->logs_of_model },
		{ "decisions", r->decisions }, { "agree", r->agree }, { "scored", r->scored },
		{ "same_score", r->same_score }, { "same_best", r->same_best },
		{ "tested", r->tested }, { "matched", r->matched },
	};
	json_object *root = json_object_new_object();
	size_t i;

	json_object_object_add(root, "model", json_object_new_string(r->model->digest));
	for (i = 0; i < ARRAY_SIZE(counts); i++)
		json_object_object_add(root, counts[i].name,
				       json_object_new_int64(counts[i].value));
	json_object_object_add(root, "effective", json_number(r->effective));
	json_object_object_add(root, "mean_weight", json_number(r->mean_weight));
	json_object_object_add(root, "choices", json_choices(r));
	json_object_object_add(root, "done", json_estimate(&r->done));
	add_value(root, "inverse_propensity", &r->ips);
	add_value(root, "self_normalised", &r->snips);
	add_value(root, "doubly_robust", &r->dr);
	printf("%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
	json_object_put(root);
}

static int replay(struct replay *r, char **logs, unsigned int n, char *err)
{
	int bad = samples_read(&r->all, logs, n, &r->by, err);

	if (bad)
		return bad;
	bad = replay_run(r);
	if (bad)
		snprintf(err, MODEL_ERR, "no memory for %zu records; give fewer logs", r->all.n);
	return bad;
}

int cmd_replay(int argc, char **argv)
{
	struct replay_options o = { .horizon = 2, .clip = 100, .bound = 1 };
	int first = parse(argc, argv, &o), bad;
	struct replay r = { .objective = -1, .clip = o.clip,
		.by = { o.horizon * 1e9, o.bound } };
	struct antelope_model *model;
	char err[MODEL_ERR] = "";

	if (first <= 0)
		return first ? ANTELOPE_USAGE : 0;
	if (o.objective) {
		r.objective = model_objective(o.objective);
		if (r.objective < 0)
			return args_fail(VERB, "--objective: \"%.40s\"; see --help",
					 o.objective);
	}
	if (model_load(&model, o.model, err))
		return args_fail(VERB, "%s", err);
	r.model = model;
	bad = replay(&r, argv + first, argc - first, err);
	if (bad)
		args_fail(VERB, "%s", err);
	else if (o.json)
		print_json(&r);
	else
		print_text(&r);
	samples_free(&r.all);
	model_free(model);
	return bad ? ANTELOPE_USAGE : 0;
}
