/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The file as libcyaml loads it: text, not yet understood. The schema in
 * config_schema.c is the list of all keys; netsim(1) documents each.
 */
#ifndef NETSIM_CONFIG_SCHEMA_H
#define NETSIM_CONFIG_SCHEMA_H

#include <cyaml/cyaml.h>
#include <stdbool.h>

struct raw_path {
	char *latency, *jitter, *rate, *queue, *ecn;
	char *loss, *duplicate, *corrupt, *reorder, *reorder_by;
};

/* Other values for what goes from one node to another. */
struct raw_override {
	char *from, *to;
	struct raw_path path;
};

struct raw_link {
	char *name;
	char **nodes;
	unsigned int nodes_count;
	struct raw_path path;
	struct raw_override *paths;
	unsigned int paths_count;
};

struct raw_matrix {
	char *name, *file;
	char **rows, **nodes;
	unsigned int rows_count, nodes_count;
	struct raw_path path;
};

struct raw_command {
	char *run, *start;
	bool background, may_fail;
};

struct raw_node {
	char *name, *count, *backend, *memory, *qdisc;
	char **addresses, **sysctls, **modules, **setup, **programs;
	unsigned int addresses_count, sysctls_count, modules_count, setup_count;
	unsigned int programs_count;
	struct raw_command *commands;
	unsigned int commands_count;
};

struct raw_group {
	char **nodes;
	unsigned int nodes_count;
};

struct raw_fault {
	char *kind, *start, *end, *node;
	char **nodes;
	unsigned int nodes_count;
	struct raw_group *groups;
	unsigned int groups_count;
};

struct raw_config {
	char *seed, *stop, *epoch;
	struct raw_node *nodes;
	unsigned int nodes_count;
	struct raw_link *links;
	unsigned int links_count;
	struct raw_matrix *matrix;
	struct raw_fault *faults;
	unsigned int faults_count;
};

extern const cyaml_schema_value_t ns_config_schema;

#endif
