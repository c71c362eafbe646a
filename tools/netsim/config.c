// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a file to struct ns_config, in steps that each rely on the ones before:
 *
 *	text	config_yaml.c: form; libcyaml: struct raw_config, still text
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
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_load.h"

#define EPOCH_DEFAULT	1767225600	/* 2026-01-01, so that certificates are valid */

static int file_error(const char *file, int err, const char *next)
{
	fprintf(stderr, "netsim: %s: cannot read it: %s; %s\n", file, strerror(err), next);
	return -err;
}

int ns_file_read(const char *file, char **text, size_t *len)
{
	struct stat st;
	ssize_t got;
	int fd, err;

	*text = NULL;
	*len = 0;
	/* not to hang on a FIFO that somebody named in a file */
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return file_error(file, errno, "check the name");
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > NS_FILE_MAX) {
		err = file_error(file, EINVAL, "give a regular file of at most 16 MiB");
		goto out;
	}
	err = -ENOMEM;
	*text = malloc(st.st_size + 1);
	if (!*text)
		goto out;
	while (*len < (size_t)st.st_size) {
		got = read(fd, *text + *len, st.st_size - *len);
		if (got < 0) {
			err = file_error(file, errno, "check the file system");
			free(*text);
			goto out;
		}
		if (!got)
			break;
		*len += got;
	}
	(*text)[*len] = '\0';
	err = 0;
out:
	close(fd);
	return err;
}

int ns_load_value(struct ns_load *l, const char *path, const char *key, const char *text,
		  const struct ns_quantity *q, uint64_t min, uint64_t max, uint64_t *value)
{
	char full[NS_PATH_MAX], low[NS_UNIT_TEXT], high[NS_UNIT_TEXT];
	uint64_t v;
	int err;

	if (!text)
		return 0;
	ns_path(full, "%s%s%s", path, key && *path ? "." : "", key ? key : "");
	err = ns_unit_parse(q, text, &v);
	if (err == -EINVAL)
		return ns_yaml_error(&l->yaml, full, "\"%.40s\" is wrong; give %s", text, q->want);
	if (!err && v >= min && v <= max) {
		*value = v;
		return 0;
	}
	ns_unit_format(q, min, low);
	ns_unit_format(q, max, high);
	return ns_yaml_error(&l->yaml, full,
			     "\"%.40s\" is out of range or too fine; give %s to %s", text, low,
			     max == UINT64_MAX ? "2^64-1" : high);
}

static int load_top(struct ns_load *l)
{
	const struct raw_config *raw = l->raw;
	struct ns_config *cfg = l->cfg;
	int err;

	cfg->seed = 1;
	cfg->stop_ns = NS_NEVER;
	cfg->epoch_s = EPOCH_DEFAULT;
	err = ns_load_value(l, "", "seed", raw->seed, &ns_count, 1, UINT64_MAX, &cfg->seed);
	if (!err)
		err = ns_load_value(l, "", "stop", raw->stop, &ns_time, 1, NS_NEVER / 2,
				    &cfg->stop_ns);
	if (!err && raw->epoch &&
	    (ns_epoch_parse(raw->epoch, &cfg->epoch_s) || cfg->epoch_s > UINT32_MAX))
		err = ns_yaml_error(&l->yaml, "epoch",
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

/* Only the first message of libcyaml counts: the rest is its backtrace. */
static void keep_first(cyaml_log_t level, void *ctx, const char *fmt, va_list ap)
{
	char *first = ctx;

	(void)level;
	if (!*first)
		vsnprintf(first, 128, fmt, ap);
	first[strcspn(first, "\n")] = '\0';
}

int ns_config_parse(struct ns_config *cfg, const char *file, const char *text, size_t len)
{
	struct ns_load l = { .cfg = cfg };
	char first[128] = "";
	cyaml_config_t cyaml = {
		.log_fn = keep_first, .log_ctx = first, .mem_fn = cyaml_mem,
		.log_level = CYAML_LOG_ERROR,
	};
	cyaml_err_t bad;
	int err;

	memset(cfg, 0, sizeof(*cfg));
	cfg->path = strdup(file);
	err = cfg->path ? 0 : -ENOMEM;
	if (!err)
		err = ns_yaml_read(&l.yaml, file, text, len, &ns_config_schema);
	if (err)
		goto out;
	bad = cyaml_load_data((const uint8_t *)text, len, &cyaml, &ns_config_schema,
			      (cyaml_data_t **)&l.raw, NULL);
	if (bad || !l.raw) {
		err = ns_yaml_error(&l.yaml, "", "%s; see netsim(1) for the form",
				    *first ? first : cyaml_strerror(bad));
		goto out;
	}
	err = resolve(&l);
	cyaml_free(&cyaml, &ns_config_schema, l.raw, 0);
out:
	ns_yaml_free(&l.yaml);
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
	err = ns_file_read(file, &text, &len);
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
