// SPDX-License-Identifier: GPL-2.0-only
/*
 * All settings, in one table: the file's keys, the options of "antelope run", what
 * --help and --print say, and the limits are all made of it. Two lists that are no
 * single values (objectives, pins) are in config_file.c, and in files only.
 *
 * People give gains in percent; the kernel's program compares logarithms to base 2.
 */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "model.h"
#include "units.h"

#define Q16	65536.0
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PPM	1000000
#define SEC	1000000000ull

struct config_kind {
	const char *form;
	const struct unit_quantity *unit;	/* of numbers */
	int (*set)(void *value, const struct config_key *key, const char *text, char *err);
};

[[gnu::format(printf, 2, 3)]]
static int wrong(char *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, CONFIG_ERR, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int set_number(void *value, const struct config_key *key, const char *text, char *err)
{
	const struct unit_quantity *unit = key->kind->unit;
	char low[UNIT_TEXT], high[UNIT_TEXT];
	uint64_t v;
	int bad = unit_parse(unit, text, &v);

	if (bad == -EINVAL)
		return wrong(err, "\"%.40s\" is wrong; give %s", text, unit->want);
	if (bad || v < key->min || v > key->max)
		return wrong(err, "\"%.40s\" is out of range or too fine; give %s to %s", text,
			     unit_format(unit, key->min, low),
			     unit_format(unit, key->max, high));
	*(uint64_t *)value = v;
	return 0;
}

static int set_chance(void *value, const struct config_key *key, const char *text, char *err)
{
	uint64_t *v = value;
	int bad = set_number(v, key, text, err);

	if (!bad)
		*v = lround(*v * Q16 / PPM);
	return bad;
}

static int set_gain(void *value, const struct config_key *key, const char *text, char *err)
{
	uint64_t *v = value;
	int bad = set_number(v, key, text, err);

	if (!bad)
		*v = lround(Q16 * log2(1.0 + (double)*v / PPM));
	return bad;
}

static int set_loss(void *value, const struct config_key *key, const char *text, char *err)
{
	uint64_t *v = value;
	int bad = set_number(v, key, text, err);

	if (!bad)
		*v = lround(Q16 * -log2(1.0 - (double)*v / PPM));
	return bad;
}

/* One of a few words; its number. */
static int set_word(uint64_t *value, const char *const words[], const char *text, char *err)
{
	unsigned int i;

	for (i = 0; words[i]; i++)
		if (!strcmp(words[i], text)) {
			*value = i;
			return 0;
		}
	return wrong(err, "\"%.40s\" is wrong; give %s or %s", text, words[0], words[1]);
}

static int set_flag(void *value, const struct config_key *key, const char *text, char *err)
{
	static const char *const words[] = { "no", "yes", NULL };
	static const char *const other[] = { "false", "true", NULL };

	(void)key;
	if (!set_word(value, other, text, err))
		return 0;
	return set_word(value, words, text, err);
}

static int set_patched(void *value, const struct config_key *key, const char *text, char *err)
{
	static const char *const words[] = { "auto", "no", NULL };

	(void)key;
	return set_word(value, words, text, err);
}

static int set_objective(void *value, const struct config_key *key, const char *text, char *err)
{
	int objective = model_objective(text);

	(void)key;
	if (objective < 0)
		return wrong(err, "no objective is called \"%.40s\"; give %s", text,
			     "balanced, throughput or latency");
	*(uint64_t *)value = objective;
	return 0;
}

static int set_path(void *value, const struct config_key *key, const char *text, char *err)
{
	char *copy;

	if (strlen(text) > key->max)
		return wrong(err, "%zu bytes; at most %llu are possible", strlen(text),
			     (unsigned long long)key->max);
	if (!*text && key->min)
		return wrong(err, "is empty; give a path");
	copy = strdup(text);
	if (!copy)
		return wrong(err, "no memory");
	free(*(char **)value);
	*(char **)value = copy;
	return 0;
}

static bool is_cc_name(const char *name, size_t len)
{
	return len && len < ANTELOPE_CC_NAME &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") >= len;
}

static int set_first(void *value, const struct config_key *key, const char *text, char *err)
{
	if (!is_cc_name(text, strlen(text)))
		return wrong(err, "\"%.40s\" is no congestion control; give one, or system", text);
	return set_path(value, key, text, err);
}

/* "a,b,c"; value is struct config. */
static int set_ccs(void *value, const struct config_key *key, const char *text, char *err)
{
	char names[ANTELOPE_CCS][ANTELOPE_CC_NAME] = { 0 };
	struct config *c = value;
	unsigned int n = 0, i;
	size_t len;

	(void)key;
	for (;;) {
		len = strcspn(text, ",");
		if (!is_cc_name(text, len))
			return wrong(err,
				     "\"%.*s\" is no congestion control; give names such as cubic,bbr",
				     (int)(len > 40 ? 40 : len), text);
		if (n == ANTELOPE_CCS)
			return wrong(err, "more than %d; leave some out", ANTELOPE_CCS);
		memcpy(names[n], text, len);
		for (i = 0; i < n; i++)
			if (!strcmp(names[i], names[n]))
				return wrong(err, "\"%s\" twice; keep one", names[n]);
		n++;
		if (!text[len])
			break;
		text += len + 1;
	}
	memcpy(c->cc, names, sizeof(names));
	c->ccs = n;
	return 0;
}

static const struct config_kind path = { "FILE", NULL, set_path };
static const struct config_kind folder = { "DIR", NULL, set_path };
static const struct config_kind number = { "N", &unit_count, set_number };
static const struct config_kind size = { "SIZE", &unit_size, set_number };
static const struct config_kind duration = { "TIME", &unit_time, set_number };
static const struct config_kind chance = { "SHARE", &unit_share, set_chance };
static const struct config_kind gain = { "SHARE", &unit_share, set_gain };
static const struct config_kind loss = { "SHARE", &unit_share, set_loss };
static const struct config_kind flag = { "yes|no", NULL, set_flag };
static const struct config_kind objective = { "NAME", NULL, set_objective };
static const struct config_kind patched = { "auto|no", NULL, set_patched };
static const struct config_kind first = { "CC", NULL, set_first };
static const struct config_kind ccs = { "CC,...", NULL, set_ccs };

#define AT(member)	offsetof(struct config, member)

const struct config_key config_keys[] = {
	{ "cgroup", "/sys/fs/cgroup", &folder, AT(cgroup), 1, 4000,
	  "cgroup2 folder; flows of processes in it and below" },
	{ "model", "", &path, AT(model), 0, 4000, "forests that choose; none: nothing is chosen" },
	{ "log", "", &path, AT(log), 0, 4000, "records of all windows, for train and replay" },
	{ "log_size", "64MiB", &size, AT(log_size), 65536, 1ull << 40, "then a new file" },
	{ "log_keep", "4", &number, AT(log_keep), 0, 1000, "old files" },
	{ "control", CONFIG_CONTROL, &path, AT(control), 1, 100, "socket of status, top, ..." },
	{ "cc", "cubic,bbr,illinois,c2tcp,westwood,vegas", &ccs, 0, 0, 0,
	  "what to choose from; modules are loaded" },
	{ "first", "system", &first, AT(first), 1, 15,
	  "while nothing is known of a destination" },
	{ "objective", "balanced", &objective, AT(objective), 0, 0,
	  "balanced, throughput or latency" },
	{ "window_rtts", "2", &number, AT(window_rtts), 1, 1000, "a window has so many RTTs" },
	{ "window_time", "10ms", &duration, AT(window_time), 1000000, 60 * SEC,
	  "and so much time" },
	{ "window_calm", "500ms", &duration, AT(window_calm), 0, 60 * SEC,
	  "that of a calm flow grows to 8 times as many RTTs, or that; 0ms: does not" },
	{ "window_acks", "20", &number, AT(window_acks), 0, 10000,
	  "patched kernel: look each so many ACKs; 0: as unpatched" },
	{ "dwell", "500ms", &duration, AT(dwell), 0, 3600 * SEC, "between switches of a flow" },
	{ "dwell_windows", "4", &number, AT(dwell_windows), 0, 1000,
	  "or so many windows, whichever is over first; 0: time only" },
	{ "confirm", "2", &number, AT(confirm), 1, 100, "windows in a row that must agree" },
	{ "margin", "10%", &gain, AT(margin), 0, 10 * PPM, "gain that is worth a switch" },
	{ "rollback", "10%", &loss, AT(rollback), 0, PPM * 9 / 10,
	  "loss after a switch that undoes it; 0: never" },
	{ "explore", "0%", &chance, AT(explore), 0, PPM, "windows in which lots are drawn" },
	{ "trial_rtts", "12", &number, AT(trial_rtts), 0, 1000,
	  "how long all flows to an address try another CC; 0: never" },
	{ "trial_upside", "10%", &gain, AT(trial_upside), 0, 10 * PPM,
	  "gain over what is expected that makes a trial worth while" },
	{ "shadow", "no", &flag, AT(shadow), 0, 0, "score and log, never switch" },
	{ "patched", "auto", &patched, AT(patched), 0, 0, "use what a patched kernel offers" },
	{ "adopt", "yes", &flag, AT(adopt), 0, 0, "also connections that are open already" },
	{ "learn", "yes", &flag, AT(learn), 0, 0, "first choice by destination, from its flows" },
	{ "prefixes", "4096", &number, AT(prefixes), 1, 65536, "destinations that are known" },
	{ "flows", "65536", &number, AT(flows), 1, 1 << 20, "flows that status knows of" },
	{ "guard_flows", "50", &number, AT(guard_flows), 0, 100000,
	  "last switches that are judged together; 0: none" },
	{ "guard_loss", "10%", &loss, AT(guard_loss), 0, PPM * 9 / 10,
	  "mean loss of these that leads to shadow mode" },
};

const unsigned int config_nr_keys = ARRAY_SIZE(config_keys);
static_assert(ARRAY_SIZE(config_keys) + 2 <= CONFIG_KEYS, "keys and lists of a file");

int config_set(struct config *c, const struct config_key *key, const char *text, char *err)
{
	unsigned int i = key - config_keys;
	int bad = key->kind->set((char *)c + key->offset, key, text, err);
	char *copy;

	if (bad)
		return bad;
	copy = strdup(text);
	if (!copy)
		return wrong(err, "no memory");
	free(c->text[i]);
	c->text[i] = copy;
	return 0;
}

const char *config_form(const struct config_key *key)
{
	return key->kind->form;
}

int config_init(struct config *c)
{
	char err[CONFIG_ERR];
	unsigned int i;
	int bad;

	memset(c, 0, sizeof(*c));
	for (i = 0; i < config_nr_keys; i++) {
		bad = config_set(c, &config_keys[i], config_keys[i].fallback, err);
		if (bad)
			return bad;
	}
	return 0;
}

void config_free(struct config *c)
{
	unsigned int i;

	for (i = 0; i < CONFIG_KEYS; i++)
		free(c->text[i]);
	for (i = 0; i < c->nr_objectives; i++)
		free(c->objectives[i].cgroup);
	free(c->objectives);
	free(c->pins);
	free(c->cgroup);
	free(c->model);
	free(c->log);
	free(c->control);
	free(c->first);
	memset(c, 0, sizeof(*c));
}

unsigned int config_cc(const struct config *c, const char *name)
{
	unsigned int i;

	for (i = 0; i < c->ccs; i++)
		if (!strcmp(c->cc[i], name))
			return i;
	return ANTELOPE_NO_CC;
}

int config_resolve(struct config *c, char *err)
{
	char text[PREFIX_TEXT];
	unsigned int i;

	if (strcmp(c->first, "system") && config_cc(c, c->first) == ANTELOPE_NO_CC)
		return wrong(err, "first: \"%s\" is not in the list cc; add it there", c->first);
	for (i = 0; i < c->nr_pins; i++) {
		c->pins[i].cc = config_cc(c, c->pins[i].name);
		if (c->pins[i].cc == ANTELOPE_NO_CC)
			return wrong(err, "pins: %s: \"%s\" is not in the list cc; add it there",
				     prefix_format(&c->pins[i].to, text), c->pins[i].name);
	}
	return 0;
}

void config_drop_cc(struct config *c, unsigned int cc)
{
	unsigned int i, n = 0;

	memmove(c->cc[cc], c->cc[cc + 1], (ANTELOPE_CCS - 1 - cc) * sizeof(c->cc[0]));
	memset(c->cc[ANTELOPE_CCS - 1], 0, sizeof(c->cc[0]));
	c->ccs--;
	for (i = 0; i < c->nr_pins; i++) {
		if (c->pins[i].cc == cc)
			continue;
		c->pins[n] = c->pins[i];
		c->pins[n++].cc -= c->pins[i].cc > cc;
	}
	c->nr_pins = n;
}

static void print_quoted(const char *text, FILE *to)
{
	const char *c;

	fputc('"', to);
	for (c = text; *c; c++)
		fprintf(to, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
	fputc('"', to);
}

static void print_ccs(const struct config *c, FILE *to)
{
	unsigned int i;

	for (i = 0; i < c->ccs; i++)
		fprintf(to, "%s%s", i ? ", " : "[", c->cc[i]);
	fputs(c->ccs ? "]" : "[]", to);
}

static void print_value(const struct config *c, unsigned int key, FILE *to)
{
	if (config_keys[key].kind == &ccs)
		print_ccs(c, to);
	else if (config_keys[key].kind->set == set_path)
		print_quoted(c->text[key], to);
	else
		fputs(c->text[key], to);
	fputc('\n', to);
}

void config_print(const struct config *c, FILE *to)
{
	char text[PREFIX_TEXT];
	unsigned int i;

	for (i = 0; i < config_nr_keys; i++) {
		fprintf(to, "%s: ", config_keys[i].name);
		print_value(c, i, to);
	}
	if (c->nr_objectives)
		fputs("objectives:\n", to);
	for (i = 0; i < c->nr_objectives; i++) {
		fputs("  - cgroup: ", to);
		print_quoted(c->objectives[i].cgroup, to);
		fprintf(to, "\n    objective: %s\n",
			model_objective_name(c->objectives[i].objective));
	}
	if (c->nr_pins)
		fputs("pins:\n", to);
	for (i = 0; i < c->nr_pins; i++)
		fprintf(to, "  - to: \"%s\"\n    cc: %s\n", prefix_format(&c->pins[i].to, text),
			c->pins[i].name);
}
