// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a file to struct ns_config, in steps that each rely on the ones before:
 *
 *	text	tools/lib/yml.c: form and struct raw_config, still text
 *	nodes	config_nodes.c: names, groups ("count"), resources
 *	net	config_net.c: links and matrix to segments, interfaces; addresses
 *	faults	config_faults.c
 *	words	config_nodes.c: sysctls, setup, commands, with {id} and the like
 *
 * Every check that a later part of the simulator relies on is made here, once,
 * and names the line. A latency matrix becomes the raw configuration that says
 * the same, so that there is one way through the steps.
 *
 * Memory is owned by struct ns_config from the moment it is allocated; a failed
 * step leaves the freeing to ns_config_free().
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_load.h"

#define EPOCH_DEFAULT	1767225600	/* 2026-01-01, so that certificates are valid */

int ns_load_value(struct ns_load *l, const char *path, const char *key, const char *text,
		  const struct unit_quantity *q, uint64_t min, uint64_t max, uint64_t *value)
{
	char full[YML_PATH_MAX];

	yml_path(full, "%s%s%s", path, key && *path ? "." : "", key ? key : "");
	return yml_quantity(&l->yaml, full, text, q, min, max, value);
}

static int load_top(struct ns_load *l)
{
	const struct raw_config *raw = l->raw;
	struct ns_config *cfg = l->cfg;
	int err;

	cfg->seed = 1;
	cfg->stop_ns = NS_NEVER;
	cfg->epoch_s = EPOCH_DEFAULT;
	err = ns_load_value(l, "", "seed", raw->seed, &unit_count, 1, UINT64_MAX, &cfg->seed);
	if (!err)
		err = ns_load_value(l, "", "stop", raw->stop, &unit_time, 1, NS_NEVER / 2,
				    &cfg->stop_ns);
	if (!err && raw->epoch &&
	    (unit_epoch(raw->epoch, &cfg->epoch_s) || cfg->epoch_s > UINT32_MAX))
		err = yml_error(&l->yaml, "epoch",
				"\"%.40s\" is wrong; give seconds since 1970, or %s",
				raw->epoch, "2026-01-31T12:00:00Z");
	return err;
}

static int resolve(struct ns_load *l)
{
	static int (*const steps[])(struct ns_load *l) = {
		load_top, ns_load_node_list, ns_load_segments, ns_load_addresses,
		ns_load_faults, ns_load_commands,
	};
	size_t i;
	int err = 0;

	for (i = 0; !err && i < ARRAY_SIZE(steps); i++)
		err = steps[i](l);
	return err;
}

int ns_config_parse(struct ns_config *cfg, const char *file, const char *text, size_t len)
{
	struct ns_load l = { .cfg = cfg };
	void *raw = NULL;
	int err;

	memset(cfg, 0, sizeof(*cfg));
	cfg->path = strdup(file);
	err = cfg->path ? 0 : -ENOMEM;
	if (!err)
		err = yml_load(&l.yaml, file, text, len, &ns_config_schema, &raw);
	l.raw = raw;
	if (!err)
		err = resolve(&l);
	yml_unload(&ns_config_schema, raw);
	yml_free(&l.yaml);
	if (err == -ENOMEM)
		fprintf(stderr, "netsim: %s: no memory\n", file);
	if (err)
		ns_config_free(cfg);
	return err;
}

/* n nodes n0, n1, ... on one switch. */
static int load_matrix(struct ns_config *cfg, const char *file)
{
	struct ns_matrix *m = malloc(sizeof(*m));
	char count[12];
	struct raw_node node = { .name = "n", .count = count };
	struct raw_matrix matrix = { .file = (char *)file };
	struct raw_config raw = { .nodes = &node, .nodes_count = 1, .matrix = &matrix };
	struct ns_load l = { .yaml.file = file, .raw = &raw, .cfg = cfg };
	int err;

	memset(cfg, 0, sizeof(*cfg));
	err = m ? ns_matrix_read(m, file) : -ENOMEM;
	if (err)
		goto out;
	snprintf(count, sizeof(count), "%u", m->n);
	cfg->path = strdup(file);
	err = cfg->path ? resolve(&l) : -ENOMEM;
	if (err)
		ns_config_free(cfg);
out:
	free(m);
	return err;
}

int ns_config_load(struct ns_config *cfg, const char *file)
{
	size_t len = strlen(file);
	char *text;
	int err;

	memset(cfg, 0, sizeof(*cfg));
	if (len > 4 && !strcmp(file + len - 4, ".txt"))
		return load_matrix(cfg, file);
	err = file_read(file, NS_FILE_MAX, &text, &len);
	if (!err)
		err = ns_config_parse(cfg, file, text, len);
	free(text);
	return err;
}

static void free_list(char **list, uint32_t n)
{
	while (n)
		free(list[--n]);
	free(list);
}

static void free_node(struct ns_node *node)
{
	uint32_t i;

	for (i = 0; i < node->nr_sysctls; i++) {
		free(node->sysctls[i].key);
		free(node->sysctls[i].value);
	}
	for (i = 0; i < node->nr_commands; i++)
		free(node->commands[i].run);
	free(node->sysctls);
	free(node->commands);
	free_list(node->modules, node->nr_modules);
	free_list(node->setup, node->nr_setup);
	free_list(node->programs, node->nr_programs);
}

void ns_config_free(struct ns_config *cfg)
{
	uint32_t i;

	for (i = 0; i < cfg->nr_nodes; i++)
		free_node(&cfg->nodes[i]);
	for (i = 0; i < cfg->nr_segments; i++) {
		free(cfg->segments[i].ports);
		free(cfg->segments[i].paths);
	}
	free(cfg->nodes);
	free(cfg->segments);
	free(cfg->faults);
	free(cfg->path);
	memset(cfg, 0, sizeof(*cfg));
}
