/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the parts that turn a file's text into struct ns_config. */
#ifndef NETSIM_CONFIG_LOAD_H
#define NETSIM_CONFIG_LOAD_H

#include "config.h"
#include "config_schema.h"
#include "file.h"
#include "units.h"
#include "yml.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif
#define NS_FILE_MAX	16777216	/* bytes of a configuration or a matrix */

/* The nodes that one entry of "nodes" makes: its name stands for all of them. */
struct ns_span {
	uint32_t first, count;
};

struct ns_load {
	struct yml yaml;
	struct raw_config *raw;
	struct ns_config *cfg;
	struct ns_span spans[NS_NODES_MAX];
};

/*
 * The value at PATH.KEY (or PATH, if key is NULL), within [min, max]; text NULL:
 * *value keeps its default.
 */
int ns_load_value(struct ns_load *l, const char *path, const char *key, const char *text,
		  const struct unit_quantity *q, uint64_t min, uint64_t max, uint64_t *value);
/* The node, or all nodes of the group, of that name. */
int ns_load_nodes(struct ns_load *l, const char *path, const char *name,
		  struct ns_span *span);
int ns_load_node_list(struct ns_load *l);
int ns_load_segments(struct ns_load *l);
int ns_load_addresses(struct ns_load *l);
int ns_load_commands(struct ns_load *l);
int ns_load_faults(struct ns_load *l);

/* matrix.c: latencies[to * n + from], in ns; n * n of them. */
struct ns_matrix {
	uint32_t n;
	uint64_t latency_ns[NS_NODES_MAX * NS_NODES_MAX];
};

int ns_matrix_read(struct ns_matrix *m, const char *file);
int ns_matrix_parse(struct ns_matrix *m, const char *file, char *text);
/* One row: its number of entries, or -EINVAL with the reason in why. */
int ns_matrix_row(char *text, uint32_t row, uint64_t *entries, char *why, size_t size);

/* Text with {id}, {n}, {name}, {i} replaced, to be freed; NULL: no memory. */
char *ns_expand(const struct ns_config *cfg, const struct ns_node *node, const char *text);

#endif
