// SPDX-License-Identifier: GPL-2.0-only
/* The table of a run, from its summary. */
#include <stdlib.h>
#include <string.h>

#include "run.h"

#define SECOND		1e9
#define PATHS_MAX	16	/* shown; all are in summary.json */

static uint64_t number(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) ? json_object_get_uint64(v) : 0;
}

static double measure(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) ? json_object_get_double(v) : 0;
}

static const char *text(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) ? json_object_get_string(v) : "";
}

static struct json_object *list(struct json_object *o, const char *key, size_t *n)
{
	struct json_object *v;

	*n = 0;
	if (!json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, json_type_array))
		return NULL;
	*n = json_object_array_length(v);
	return v;
}

static void print_command(struct json_object *node, struct json_object *c, uint64_t time0,
			  FILE *f)
{
	const char *run = text(c, "run"), *state = text(c, "state");
	char end[32] = "-", how[32];
	struct json_object *v;

	snprintf(how, sizeof(how), "%.16s", state);
	if (!strcmp(state, "exit") || !strcmp(state, "signal"))
		snprintf(how, sizeof(how), "%s %u", state, (unsigned int)number(c, "status"));
	if (json_object_object_get_ex(c, "ended_ns", &v))
		snprintf(end, sizeof(end), "%.6f s",
			 (json_object_get_int64(v) - (int64_t)time0) / SECOND);
	fprintf(f, "%-12s %-10s %16s  %.*s%s\n", text(node, "name"), how, end,
		(int)strcspn(run, "\n") < 50 ? (int)strcspn(run, "\n") : 50, run,
		strlen(run) > 50 || strchr(run, '\n') ? "..." : "");
}

static void print_nodes(struct json_object *summary, FILE *f)
{
	struct json_object *nodes, *node, *commands, *v;
	uint64_t time0 = number(summary, "time0_ns");
	size_t i, j, n, m;

	nodes = list(summary, "nodes", &n);
	fprintf(f, "%-12s %-10s %16s  %s\n", "node", "command", "ended at", "");
	for (i = 0; i < n; i++) {
		node = json_object_array_get_idx(nodes, i);
		commands = list(node, "commands", &m);
		for (j = 0; j < m; j++)
			print_command(node, json_object_array_get_idx(commands, j), time0, f);
		if (!m)
			fprintf(f, "%-12s -\n", text(node, "name"));
		if (json_object_object_get_ex(node, "crashed", &v) && json_object_get_boolean(v))
			fprintf(f, "%-12s lost power at %.6f s\n", text(node, "name"),
				((int64_t)number(node, "ended_ns") - (int64_t)time0) / SECOND);
	}
}

/* Only paths on which something else happened than a delivery. */
static void print_fates(struct json_object *summary, FILE *f)
{
	struct json_object *paths, *path, *fates;
	size_t i, n, shown = 0;

	paths = list(summary, "paths", &n);
	for (i = 0; i < n; i++) {
		path = json_object_array_get_idx(paths, i);
		if (!json_object_object_get_ex(path, "fates", &fates) ||
		    !json_object_object_length(fates))
			continue;
		if (++shown > PATHS_MAX)
			continue;
		fprintf(f, "%s to %s: %llu sent", text(path, "from"), text(path, "to"),
			(unsigned long long)number(path, "sent_frames"));
		json_object_object_foreach(fates, key, v)
			fprintf(f, ", %s %llu", key,
				(unsigned long long)json_object_get_uint64(v));
		fputc('\n', f);
	}
	if (shown > PATHS_MAX)
		fprintf(f, "and %zu paths more; see summary.json\n", shown - PATHS_MAX);
}

void ns_summary_print(struct json_object *summary, FILE *f)
{
	struct json_object *speed = NULL, *models = NULL, *reasons, *v;
	size_t i, n;

	print_nodes(summary, f);
	print_fates(summary, f);
	json_object_object_get_ex(summary, "speed", &speed);
	fprintf(f, "virtual %.3f s, wall %.3f s (boot %.3f s), %.2fx; %llu frames, %.0f a second\n",
		number(summary, "virtual_ns") / SECOND, measure(speed, "wall_s"),
		measure(speed, "boot_wall_s"), measure(speed, "ratio"),
		(unsigned long long)number(summary, "frames"), measure(speed, "frames_per_s"));
	fprintf(f, "causality violated %llu times, late frames %llu, seed %llu\n",
		(unsigned long long)number(summary, "causality"),
		(unsigned long long)number(summary, "late_frames"),
		(unsigned long long)number(summary, "seed"));
	if (json_object_object_get_ex(summary, "published", &speed))
		fprintf(f, "published scheduling, arrivals off: mean %.0f ns, at most %llu ns\n",
			measure(speed, "error_mean_ns"),
			(unsigned long long)number(speed, "error_max_ns"));
	if (json_object_object_get_ex(summary, "cpu_model", &models)) {
		json_object_object_foreach(models, key, model)
			fprintf(f, "CPU model of %s: %s\n", key, json_object_get_string(model));
	}
	fprintf(f, "trace %.16s, outputs %.16s, consoles %.16s\n", text(summary, "trace_hash"),
		text(summary, "output_hash"), text(summary, "console_hash"));
	if (json_object_object_get_ex(summary, "interrupted", &v) && json_object_get_boolean(v))
		fputs("interrupted: what is here ends in the middle\n", f);
	reasons = list(summary, "reasons", &n);
	for (i = 0; i < n; i++)
		fprintf(f, "failed: %s\n",
			json_object_get_string(json_object_array_get_idx(reasons, i)));
	fprintf(f, "folder %s\n", text(summary, "folder"));
}
