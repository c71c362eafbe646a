// SPDX-License-Identifier: GPL-2.0-only
/*
 * antelope export: the records of a log as text, a line each, CSV or JSON; or what a
 * model says of itself. A record is a list of columns, made once and written in either
 * form, so that both have the same names: numbers in their units, logarithms and
 * features as decimal fractions, CCs and reasons by name.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "cmd.h"
#include "log.h"
#include "model_format.h"
#include "names.h"

#define VERB	"export"

struct output {
	FILE *to;
	bool json;
	bool names;		/* the line with the names of columns, of CSV */
	bool first;
};

static void column(struct output *o, const char *name)
{
	if (!o->first)
		fputc(',', o->to);
	o->first = false;
	if (o->json || o->names)
		fprintf(o->to, o->json ? "\"%s\":" : "%s", name);
}

[[gnu::format(printf, 3, 4)]]
static void put(struct output *o, const char *name, const char *fmt, ...)
{
	va_list ap;

	column(o, name);
	if (o->names)
		return;
	va_start(ap, fmt);
	vfprintf(o->to, fmt, ap);
	va_end(ap);
}

/* Nothing in it needs to be quoted: names, addresses. */
static void put_text(struct output *o, const char *name, const char *text)
{
	put(o, name, o->json ? "\"%s\"" : "%s", text);
}

static void put_cc(struct output *o, const char *name, unsigned int cc, const struct log_header *h)
{
	if (cc < h->ccs)
		put_text(o, name, h->cc[cc]);
	else
		put(o, name, "%s", o->json ? "null" : "");
}

static void put_address(struct output *o, const char *name, const uint8_t *address, bool ipv6)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(ipv6 ? AF_INET6 : AF_INET, ipv6 ? address : address + 12, text, sizeof(text));
	put_text(o, name, text);
}

static void put_flags(struct output *o, unsigned int flags)
{
	static const struct { const char *name; unsigned int flag; } all[] = {
		{ "adopted", ANTELOPE_ADOPTED }, { "acks", ANTELOPE_ACKS },
		{ "app_limited", ANTELOPE_APP_LIMITED }, { "rewarded", ANTELOPE_REWARDED },
	};
	unsigned int i;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		put(o, all[i].name, "%d", !!(flags & all[i].flag));
}

static void put_decision(struct output *o, const struct log_header *h,
			 const struct antelope_record *r)
{
	put(o, "cookie", "%llu", r->cookie);
	put(o, "time_ns", "%llu", r->time_ns);
	put(o, "duration_ns", "%llu", r->duration_ns);
	put(o, "cgroup", "%llu", r->cgroup);
	put(o, "window", "%u", r->window);
	put(o, "epoch", "%u", r->epoch);
	put_text(o, "why", why_names[r->why].name);
	put_cc(o, "cc", r->cc, h);
	put_cc(o, "best", r->best, h);
	put_cc(o, "choice", r->choice, h);
	put_text(o, "objective", model_objective_name(r->objective));
	put(o, "propensity", "%.5f", r->propensity == 0xffff ? 1 : r->propensity / 65536.0);
	put(o, "switches", "%u", r->switches);
	put(o, "error", "%d", r->error);
	put_flags(o, r->flags);
}

static void put_record(struct output *o, const struct log_header *h,
		       const struct antelope_record *r)
{
	const double one = 1 << ANTELOPE_REWARD_BITS;
	const struct feature_name *f;
	char name[40];
	unsigned int i;

	put_decision(o, h, r);
	put(o, "rate_log2", "%.5f", r->rate / one);
	put(o, "delay_log2", "%.5f", r->delay / one);
	put(o, "keep_log2", "%.5f", r->keep / one);
	put(o, "bytes", "%u", r->bytes);
	put(o, "packets", "%u", r->packets);
	put(o, "lost", "%u", r->lost);
	put(o, "mean_rtt_us", "%u", r->mean_rtt_us);
	put(o, "min_rtt_us", "%u", r->min_rtt_us);
	for (i = 0; i < ANTELOPE_FEATURES; i++) {
		f = &feature_names[i];
		snprintf(name, sizeof(name), "x_%s", f->name);
		put(o, name, "%.*f", f->bits ? 5 : 0, r->x[i] / (double)(1 << f->bits));
	}
	for (i = 0; i < h->ccs; i++) {
		snprintf(name, sizeof(name), "score_%s", h->cc[i]);
		if (r->score[i] == ANTELOPE_NO_SCORE)
			put(o, name, "%s", o->json ? "null" : "");
		else
			put(o, name, "%.5f", r->score[i] / one);
	}
	put_address(o, "local", r->local, r->flags & ANTELOPE_IPV6);
	put(o, "local_port", "%u", r->local_port);
	put_address(o, "remote", r->remote, r->flags & ANTELOPE_IPV6);
	put(o, "remote_port", "%u", r->remote_port);
}

static void put_line(struct output *o, const struct log_header *h,
		     const struct antelope_record *r)
{
	o->first = true;
	if (o->json)
		fputc('{', o->to);
	put_record(o, h, r);
	fputs(o->json ? "}\n" : "\n", o->to);
}

static int export_log(struct log_reader *log, const char *path, bool json)
{
	struct output o = { .to = stdout, .json = json };
	struct antelope_record r = { 0 };
	char err[LOG_ERR];
	int got;

	if (!json) {
		o.names = true;
		put_line(&o, log_header(log), &r);
		o.names = false;
	}
	while ((got = log_next(log, &r, err)) == 1)
		put_line(&o, log_header(log), &r);
	if (got)
		return args_fail(VERB, "%s", err);
	if (log_cut(log))
		fprintf(stderr, "antelope export: %s ends in half a record; it was left out\n",
			path);
	return 0;
}

static void print_model(const struct antelope_model *m)
{
	const struct model_training *t = &m->training;
	unsigned int i, o, number;

	printf("version %u, digest %s\nparent %s\nschema %s\n", m->version, m->digest,
	       *m->parent ? m->parent : "none", model_schema());
	printf("%u trees of depth %u, rate %g, gamma %g, seed %llu, from %u logs\n", t->trees,
	       t->depth, t->rate, t->gamma, (unsigned long long)t->seed, t->sources);
	printf("\n%-11s %-15s %6s %10s %10s %10s %10s\n", "objective", "cc", "trees", "samples",
	       "kept back", "error", "by mean");
	for (i = 0; i < ANTELOPE_OBJECTIVES * m->ccs; i++) {
		o = i / m->ccs;
		number = o * ANTELOPE_CCS + i % m->ccs;
		printf("%-11s %-15s %6u %10llu %10llu %10.4f %10.4f\n", model_objective_name(o),
		       m->cc[i % m->ccs], m->forest[number].trees,
		       (unsigned long long)m->quality[number].samples,
		       (unsigned long long)m->quality[number].held, m->quality[number].rmse,
		       m->quality[number].rmse_mean);
	}
}

static int export_model(const char *path, bool json)
{
	struct antelope_model *m;
	char err[MODEL_ERR];

	if (model_load(&m, path, err))
		return args_fail(VERB, "%s", err);
	if (json)
		model_write(stdout, m, m->digest);
	else
		print_model(m);
	model_free(m);
	return 0;
}

/* A model is text that begins with a brace; all else is a log, or an error of one. */
static bool is_model(const char *path)
{
	FILE *f = fopen(path, "re");
	int c = f ? getc(f) : EOF;

	if (f)
		fclose(f);
	return c == '{';
}

static const char examples[] =
	"  antelope export windows.log --csv >windows.csv\n"
	"  antelope export windows.log --json | jq 'select(.why == \"switched\")'\n"
	"  antelope export my.model\n";

int cmd_export(int argc, char **argv)
{
	bool json = false, csv = false;
	const struct arg table[] = {
		{ "csv", 0, ARG_FLAG, &csv, 0, 0, NULL, "a log as CSV, with names; as without" },
		{ "json", 0, ARG_FLAG, &json, 0, 0, NULL,
		  "a log as one JSON object a line, a model as\n"
		  "its canonical text" },
		{ 0 }
	};
	const struct args args = {
		.verb = VERB, .operands = "LOG|MODEL [OPTIONS]", .table = table,
		.about = "Writes the records of a log as text, or tells what a model is.",
		.examples = examples,
	};
	int first = args_parse(argc, argv, &args), bad;
	struct log_reader *log;
	char err[LOG_ERR];

	if (first <= 0)
		return first ? ANTELOPE_USAGE : 0;
	if (argc - first != 1)
		return args_fail(VERB, "give one log or model, not %d; see antelope export --help",
				 argc - first);
	if (json && csv)
		return args_fail(VERB, "--csv and --json exclude each other");
	if (is_model(argv[first]))
		return export_model(argv[first], json);
	if (log_open(&log, argv[first], err))
		return args_fail(VERB, "%s", err);
	bad = export_log(log, argv[first], json);
	log_close(log);
	if (!bad && (fflush(stdout) || ferror(stdout)))
		return args_fail(VERB, "cannot write the output: %s", strerror(errno));
	return bad;
}
