// SPDX-License-Identifier: GPL-2.0-only
/*
 * All keys of a configuration, for libcyaml and for tools/lib/yml.c. Every scalar
 * but the two flags of a command is loaded as text, since it may have a unit.
 * The limits of lists bound what a hostile file can make us allocate.
 */
#include "config.h"
#include "config_schema.h"

#define TEXT_MAX	65536	/* a command may be a script */
#define LIST_MAX	256
#define OPT		(CYAML_FLAG_OPTIONAL | CYAML_FLAG_POINTER)

#define TEXT(key, flags, type, member) \
	CYAML_FIELD_STRING_PTR(key, flags, type, member, 1, TEXT_MAX)
#define LIST(key, flags, type, member, entry, min, max) \
	CYAML_FIELD_SEQUENCE(key, flags, type, member, entry, min, max)

static const cyaml_schema_value_t text_entry = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, TEXT_MAX),
};

static const cyaml_schema_field_t override_fields[] = {
	TEXT("from", OPT, struct raw_override, from),
	TEXT("to", OPT, struct raw_override, to),
	TEXT("latency", OPT, struct raw_override, path.latency),
	TEXT("jitter", OPT, struct raw_override, path.jitter),
	TEXT("rate", OPT, struct raw_override, path.rate),
	TEXT("queue", OPT, struct raw_override, path.queue),
	TEXT("ecn", OPT, struct raw_override, path.ecn),
	TEXT("loss", OPT, struct raw_override, path.loss),
	TEXT("duplicate", OPT, struct raw_override, path.duplicate),
	TEXT("corrupt", OPT, struct raw_override, path.corrupt),
	TEXT("reorder", OPT, struct raw_override, path.reorder),
	TEXT("reorder_by", OPT, struct raw_override, path.reorder_by),
	CYAML_FIELD_END
};

static const cyaml_schema_value_t override_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_override, override_fields),
};

static const cyaml_schema_field_t link_fields[] = {
	TEXT("name", OPT, struct raw_link, name),
	LIST("nodes", CYAML_FLAG_POINTER, struct raw_link, nodes, &text_entry, 1, NS_NODES_MAX),
	TEXT("latency", OPT, struct raw_link, path.latency),
	TEXT("jitter", OPT, struct raw_link, path.jitter),
	TEXT("rate", OPT, struct raw_link, path.rate),
	TEXT("queue", OPT, struct raw_link, path.queue),
	TEXT("ecn", OPT, struct raw_link, path.ecn),
	TEXT("loss", OPT, struct raw_link, path.loss),
	TEXT("duplicate", OPT, struct raw_link, path.duplicate),
	TEXT("corrupt", OPT, struct raw_link, path.corrupt),
	TEXT("reorder", OPT, struct raw_link, path.reorder),
	TEXT("reorder_by", OPT, struct raw_link, path.reorder_by),
	LIST("paths", OPT, struct raw_link, paths, &override_entry, 0,
	     NS_NODES_MAX * NS_NODES_MAX),
	CYAML_FIELD_END
};

static const cyaml_schema_value_t link_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_link, link_fields),
};

static const cyaml_schema_field_t matrix_fields[] = {
	TEXT("name", OPT, struct raw_matrix, name),
	TEXT("file", OPT, struct raw_matrix, file),
	LIST("rows", OPT, struct raw_matrix, rows, &text_entry, NS_NODES_MIN, NS_NODES_MAX),
	LIST("nodes", OPT, struct raw_matrix, nodes, &text_entry, 1, NS_NODES_MAX),
	TEXT("jitter", OPT, struct raw_matrix, path.jitter),
	TEXT("rate", OPT, struct raw_matrix, path.rate),
	TEXT("queue", OPT, struct raw_matrix, path.queue),
	TEXT("ecn", OPT, struct raw_matrix, path.ecn),
	TEXT("loss", OPT, struct raw_matrix, path.loss),
	TEXT("duplicate", OPT, struct raw_matrix, path.duplicate),
	TEXT("corrupt", OPT, struct raw_matrix, path.corrupt),
	TEXT("reorder", OPT, struct raw_matrix, path.reorder),
	TEXT("reorder_by", OPT, struct raw_matrix, path.reorder_by),
	CYAML_FIELD_END
};

static const cyaml_schema_field_t command_fields[] = {
	TEXT("run", CYAML_FLAG_POINTER, struct raw_command, run),
	TEXT("start", OPT, struct raw_command, start),
	CYAML_FIELD_BOOL("background", CYAML_FLAG_OPTIONAL, struct raw_command, background),
	CYAML_FIELD_BOOL("may_fail", CYAML_FLAG_OPTIONAL, struct raw_command, may_fail),
	CYAML_FIELD_END
};

static const cyaml_schema_value_t command_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_command, command_fields),
};

static const cyaml_schema_field_t node_fields[] = {
	TEXT("name", CYAML_FLAG_POINTER, struct raw_node, name),
	TEXT("count", OPT, struct raw_node, count),
	TEXT("backend", OPT, struct raw_node, backend),
	TEXT("memory", OPT, struct raw_node, memory),
	LIST("addresses", OPT, struct raw_node, addresses, &text_entry, 0, 2 * NS_NICS_MAX),
	LIST("sysctls", OPT, struct raw_node, sysctls, &text_entry, 0, LIST_MAX),
	LIST("modules", OPT, struct raw_node, modules, &text_entry, 0, LIST_MAX),
	TEXT("qdisc", OPT, struct raw_node, qdisc),
	LIST("setup", OPT, struct raw_node, setup, &text_entry, 0, LIST_MAX),
	LIST("commands", OPT, struct raw_node, commands, &command_entry, 0, LIST_MAX),
	LIST("programs", OPT, struct raw_node, programs, &text_entry, 0, LIST_MAX),
	CYAML_FIELD_END
};

static const cyaml_schema_value_t node_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_node, node_fields),
};

static const cyaml_schema_field_t group_fields[] = {
	LIST("nodes", CYAML_FLAG_POINTER, struct raw_group, nodes, &text_entry, 1, NS_NODES_MAX),
	CYAML_FIELD_END
};

static const cyaml_schema_value_t group_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_group, group_fields),
};

static const cyaml_schema_field_t fault_fields[] = {
	TEXT("kind", CYAML_FLAG_POINTER, struct raw_fault, kind),
	TEXT("start", OPT, struct raw_fault, start),
	TEXT("end", OPT, struct raw_fault, end),
	TEXT("node", OPT, struct raw_fault, node),
	LIST("nodes", OPT, struct raw_fault, nodes, &text_entry, 1, NS_NODES_MAX),
	LIST("groups", OPT, struct raw_fault, groups, &group_entry, 1, NS_NODES_MAX),
	CYAML_FIELD_END
};

static const cyaml_schema_value_t fault_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_fault, fault_fields),
};

static const cyaml_schema_field_t top_fields[] = {
	TEXT("seed", OPT, struct raw_config, seed),
	TEXT("stop", OPT, struct raw_config, stop),
	TEXT("epoch", OPT, struct raw_config, epoch),
	LIST("nodes", CYAML_FLAG_POINTER, struct raw_config, nodes, &node_entry, 1, NS_NODES_MAX),
	LIST("links", OPT, struct raw_config, links, &link_entry, 0, LIST_MAX),
	CYAML_FIELD_MAPPING_PTR("matrix", OPT, struct raw_config, matrix, matrix_fields),
	LIST("faults", OPT, struct raw_config, faults, &fault_entry, 0, LIST_MAX),
	CYAML_FIELD_END
};

const cyaml_schema_value_t ns_config_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_config, top_fields),
};
