// SPDX-License-Identifier: GPL-2.0-only
/*
 * What came out of a run, as summary.json, and for each node as status.json; and
 * the same as a table. report, check and diff read the file back, so that they
 * work on runs of other machines too.
 *
 * Hashes: "trace_hash" is over what every node sent, with the times (core);
 * "console_hash" over the kernels' consoles; "output_hash" over what commands
 * wrote. Each combines the nodes in their order. All depend on virtual time and
 * inputs only; numbers of wall time are apart, in "speed".
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "run.h"

#define PRETTY	(JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE)
#define SECOND	1e9

char *ns_hex(const uint8_t *hash, char text[NS_HEX_MAX])
{
	return sodium_bin2hex(text, NS_HEX_MAX, hash, crypto_hash_sha256_BYTES);
}

static void put_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_object_new_string(text));
}

static void put_number(struct json_object *o, const char *key, uint64_t v)
{
	json_object_object_add(o, key, json_object_new_uint64(v));
}

static void put_flag(struct json_object *o, const char *key, bool v)
{
	json_object_object_add(o, key, json_object_new_boolean(v));
}

/* Three digits of a measured number are enough. */
static void put_measure(struct json_object *o, const char *key, double v)
{
	char text[32];

	snprintf(text, sizeof(text), "%.6g", isfinite(v) ? v : 0);
	json_object_object_add(o, key, json_object_new_double_s(v, text));
}

static void put_hash(struct json_object *o, const char *key, const uint8_t *hash)
{
	char text[NS_HEX_MAX];

	put_text(o, key, ns_hex(hash, text));
}

static const char *command_state(const struct ns_run_node *n, const struct ns_run_command *c)
{
	if (c->stopped)
		return "stopped";
	if (c->ended)
		return WIFSIGNALED(c->status) ? "signal" : "exit";
	return n->crashed ? "crashed" : "unfinished";
}

static struct json_object *command_json(const struct ns_command *cfg, struct ns_run_node *n,
					uint32_t i)
{
	struct json_object *o = json_object_new_object();
	struct ns_run_command *c = &n->commands[i];
	crypto_hash_sha256_state copy = c->hash;
	uint8_t hash[crypto_hash_sha256_BYTES];
	const char *state = command_state(n, c);

	put_text(o, "run", cfg->run);
	put_number(o, "start_ns", cfg->start_ns);
	put_flag(o, "background", cfg->background);
	put_text(o, "state", state);
	if (c->ended) {
		put_number(o, "status", WIFSIGNALED(c->status) ? WTERMSIG(c->status) :
						 WEXITSTATUS(c->status));
		put_number(o, "ended_ns", c->ended_ns);
	}
	put_number(o, "output_bytes", c->bytes);
	crypto_hash_sha256_final(&copy, hash);
	put_hash(o, "output_hash", hash);
	return o;
}

static struct json_object *node_json(struct ns_run *run, uint32_t i)
{
	const struct ns_node *cfg = &run->cfg->nodes[i];
	const struct ns_vm *vm = ns_sim_vm(run->sim, i);
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	struct ns_run_node *n = &run->nodes[i];
	uint8_t hash[crypto_hash_sha256_BYTES];
	uint32_t c;

	put_text(o, "name", cfg->name);
	put_text(o, "backend", cfg->backend);
	put_flag(o, "crashed", n->crashed);
	put_flag(o, "clean", n->ended && !n->why && !n->crashed);
	if (n->why)
		put_text(o, "why", n->why);
	if (n->ended)
		put_number(o, "ended_ns", n->ended_ns);
	put_number(o, "windows", vm->windows);
	put_number(o, "late_frames", vm->late_frames);
	put_number(o, "late_max_ns", vm->late_max_ns);
	ns_sim_node_hash(run->sim, i, hash);
	put_hash(o, "trace_hash", hash);
	for (c = 0; c < cfg->nr_commands; c++)
		json_object_array_add(list, command_json(&cfg->commands[c], n, c));
	json_object_object_add(o, "commands", list);
	return o;
}

static void add_path(const struct ns_run *run, struct json_object *list, uint32_t segment,
		     uint32_t from, uint32_t to)
{
	const struct ns_path_stats *s = ns_sim_path_stats(run->sim, segment, from, to);
	const struct ns_segment *cfg = &run->cfg->segments[segment];
	struct json_object *o, *fates;
	int i;

	if (!s || !s->sent_frames)
		return;
	o = json_object_new_object();
	fates = json_object_new_object();
	put_text(o, "segment", cfg->name);
	put_text(o, "from", run->cfg->nodes[cfg->ports[from].node].name);
	put_text(o, "to", run->cfg->nodes[cfg->ports[to].node].name);
	put_number(o, "sent_frames", s->sent_frames);
	put_number(o, "sent_bytes", s->sent_bytes);
	put_number(o, "delivered_frames", s->delivered_frames);
	put_number(o, "delivered_bytes", s->delivered_bytes);
	put_number(o, "queue_max_bytes", s->queue_max_bytes);
	for (i = 0; i < NS_FATES; i++)
		if (s->fate[i])
			put_number(fates, ns_fate_names[i], s->fate[i]);
	json_object_object_add(o, "fates", fates);
	json_object_array_add(list, o);
}

static struct json_object *paths_json(const struct ns_run *run)
{
	struct json_object *list = json_object_new_array();
	uint32_t s, i, n;

	for (s = 0; s < run->cfg->nr_segments; s++) {
		n = run->cfg->segments[s].nr_ports;
		for (i = 0; i < n * n; i++)
			if (i / n != i % n)
				add_path(run, list, s, i / n, i % n);
	}
	return list;
}

/* Hashes that run.c collected, in order of the nodes. */
static void put_hashes(struct json_object *o, struct ns_run *run)
{
	crypto_hash_sha256_state console, output, one;
	uint8_t hash[crypto_hash_sha256_BYTES];
	uint32_t i, c;

	crypto_hash_sha256_init(&console);
	crypto_hash_sha256_init(&output);
	for (i = 0; i < run->cfg->nr_nodes; i++) {
		one = run->nodes[i].console_hash;
		crypto_hash_sha256_final(&one, hash);
		crypto_hash_sha256_update(&console, hash, sizeof(hash));
		for (c = 0; c < run->cfg->nodes[i].nr_commands; c++) {
			one = run->nodes[i].commands[c].hash;
			crypto_hash_sha256_final(&one, hash);
			crypto_hash_sha256_update(&output, hash, sizeof(hash));
		}
	}
	put_hash(o, "trace_hash", run->stats.hash);
	crypto_hash_sha256_final(&console, hash);
	put_hash(o, "console_hash", hash);
	crypto_hash_sha256_final(&output, hash);
	put_hash(o, "output_hash", hash);
}

/* How far arrivals were from exact, under the published scheduling. */
static struct json_object *published_json(const struct ns_stats *s)
{
	struct json_object *o = json_object_new_object();

	put_number(o, "arrivals", s->error_frames);
	put_number(o, "error_mean_ns", s->error_frames ? s->error_sum_ns / s->error_frames : 0);
	put_number(o, "error_max_ns", s->error_max_ns);
	return o;
}

static struct json_object *speed_json(const struct ns_run *run)
{
	const struct ns_stats *s = &run->stats;
	struct json_object *o = json_object_new_object();
	double wall = s->wall_ns / SECOND, run_wall = (s->wall_ns - s->boot_wall_ns) / SECOND;

	put_measure(o, "wall_s", wall);
	put_measure(o, "boot_wall_s", s->boot_wall_ns / SECOND);
	put_measure(o, "ratio", s->virtual_ns / SECOND / wall);
	put_measure(o, "windows_per_s", s->windows / run_wall);
	put_measure(o, "frames_per_s", s->frames / run_wall);
	return o;
}

/* What a second of computing costs in virtual time decides what results mean. */
static struct json_object *models_json(const struct ns_run *run)
{
	struct json_object *o = json_object_new_object();
	uint32_t i;

	for (i = 0; i < run->cfg->nr_nodes; i++) {
		const struct ns_backend *b = ns_sim_vm(run->sim, i)->backend;

		if (!json_object_object_get_ex(o, b->name, NULL))
			put_text(o, b->name, b->cpu_model);
	}
	return o;
}

static struct json_object *summary_json(struct ns_run *run)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	const struct ns_stats *s = &run->stats;
	uint32_t i;

	put_text(o, "version", NS_VERSION);
	put_text(o, "file", run->cfg->path);
	put_text(o, "folder", run->dir);
	put_number(o, "seed", run->cfg->seed);
	put_flag(o, "ok", !run->nr_reasons && !run->interrupted);
	put_flag(o, "interrupted", run->interrupted);
	for (i = 0; i < run->nr_reasons; i++)
		json_object_array_add(list, json_object_new_string(run->reasons[i]));
	json_object_object_add(o, "reasons", list);
	put_number(o, "virtual_ns", s->virtual_ns);
	if (run->time0_ns != NS_NEVER)
		put_number(o, "time0_ns", run->time0_ns);
	put_number(o, "windows", s->windows);
	put_number(o, "frames", s->frames);
	put_number(o, "bytes", s->bytes);
	put_number(o, "deliveries", s->deliveries);
	put_number(o, "causality", s->causality);
	put_number(o, "late_frames", s->late_frames);
	put_number(o, "late_max_ns", s->late_max_ns);
	if (run->opt->published)
		json_object_object_add(o, "published", published_json(s));
	put_hashes(o, run);
	json_object_object_add(o, "speed", speed_json(run));
	json_object_object_add(o, "cpu_model", models_json(run));
	list = json_object_new_array();
	for (i = 0; i < run->cfg->nr_nodes; i++)
		json_object_array_add(list, node_json(run, i));
	json_object_object_add(o, "nodes", list);
	json_object_object_add(o, "paths", paths_json(run));
	return o;
}

static int write_json(const char *path, struct json_object *o)
{
	if (!json_object_to_file_ext(path, o, PRETTY))
		return 0;
	fprintf(stderr, "netsim: %s: cannot write it: %s; check the file system\n", path,
		strerror(errno));
	return -EIO;
}

int ns_summary_write(struct ns_run *run)
{
	struct json_object *o = summary_json(run), *nodes;
	char path[512];
	uint32_t i;
	int err;

	snprintf(path, sizeof(path), "%s/summary.json", run->dir);
	err = write_json(path, o);
	json_object_object_get_ex(o, "nodes", &nodes);
	for (i = 0; !err && i < run->cfg->nr_nodes; i++) {
		snprintf(path, sizeof(path), "%s/nodes/%s/status.json", run->dir,
			 run->cfg->nodes[i].name);
		err = write_json(path, json_object_array_get_idx(nodes, i));
	}
	json_object_put(o);
	return err;
}

struct json_object *ns_summary_read(const char *dir)
{
	struct json_object *o, *nodes;
	char path[512];

	snprintf(path, sizeof(path), "%s/summary.json", dir);
	o = json_object_from_file(path);
	if (o && json_object_object_get_ex(o, "nodes", &nodes) &&
	    json_object_is_type(nodes, json_type_array))
		return o;
	fprintf(stderr, "netsim: %s: no summary in it; give the folder of a finished run\n", dir);
	json_object_put(o);
	return NULL;
}
