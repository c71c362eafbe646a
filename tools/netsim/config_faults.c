// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults on a schedule. A fault that names a group of nodes becomes one of
 * struct ns_fault for each node or pair of nodes; a partition stays one: nodes
 * that it does not name are on a side of their own.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_load.h"

static int add_fault(struct ns_load *l, const struct ns_fault *fault)
{
	struct ns_config *cfg = l->cfg;
	struct ns_fault *more;

	more = realloc(cfg->faults, (cfg->nr_faults + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	cfg->faults = more;
	more[cfg->nr_faults++] = *fault;
	return 0;
}

static int load_outage(struct ns_load *l, const char *path, const struct raw_fault *raw,
		       struct ns_fault *fault)
{
	struct ns_span a, b;
	uint32_t i, j;
	int err;

	if (raw->nodes_count != 2)
		return yml_error(&l->yaml, path, "an outage is between two; give %s",
				 "\"nodes\" with two names");
	err = ns_load_nodes(l, path, raw->nodes[0], &a);
	if (!err)
		err = ns_load_nodes(l, path, raw->nodes[1], &b);
	if (!err && a.first < b.first + b.count && b.first < a.first + a.count)
		err = yml_error(&l->yaml, path, "\"%s\" and \"%s\" overlap; name others",
				raw->nodes[0], raw->nodes[1]);
	for (i = 0; !err && i < a.count; i++)
		for (j = 0; !err && j < b.count; j++) {
			fault->a = a.first + i;
			fault->b = b.first + j;
			err = add_fault(l, fault);
		}
	return err;
}

static int load_side(struct ns_load *l, const char *path, const struct raw_group *side,
		     uint8_t number, struct ns_fault *fault)
{
	struct ns_span span;
	uint32_t i, j;
	int err;

	for (i = 0; i < side->nodes_count; i++) {
		err = ns_load_nodes(l, path, side->nodes[i], &span);
		if (err)
			return err;
		for (j = span.first; j < span.first + span.count; j++) {
			if (fault->group[j])
				return yml_error(&l->yaml, path, "\"%s\" is on two sides; %s",
						 l->cfg->nodes[j].name, "name it once");
			fault->group[j] = number;
		}
	}
	return 0;
}

static int load_partition(struct ns_load *l, const char *path, const struct raw_fault *raw,
			  struct ns_fault *fault)
{
	uint32_t i;
	int err;

	if (!raw->groups_count)
		return yml_error(&l->yaml, path, "a partition has sides; give \"groups\"");
	for (i = 0; i < raw->groups_count; i++) {
		err = load_side(l, path, &raw->groups[i], i + 1, fault);
		if (err)
			return err;
	}
	for (i = 1; i < l->cfg->nr_nodes; i++)
		if (fault->group[i] != fault->group[0])
			return add_fault(l, fault);
	return yml_error(&l->yaml, path, "all nodes are on one side; name fewer");
}

static int load_crash(struct ns_load *l, const char *path, const struct raw_fault *raw,
		      struct ns_fault *fault)
{
	struct ns_span span;
	uint32_t i;
	int err;

	if (!raw->node || raw->end)
		return yml_error(&l->yaml, path, "a crash is of one node, for good; %s",
				 "give \"node\" and \"start\" alone");
	err = ns_load_nodes(l, path, raw->node, &span);
	for (i = 0; !err && i < span.count; i++) {
		fault->a = span.first + i;
		err = add_fault(l, fault);
	}
	return err;
}

static const struct kind {
	const char *name;
	enum ns_fault_kind kind;
	bool node, nodes, groups;	/* the keys it has */
	int (*load)(struct ns_load *l, const char *path, const struct raw_fault *raw,
		    struct ns_fault *fault);
} kinds[] = {
	{ "outage", NS_FAULT_OUTAGE, .nodes = true, .load = load_outage },
	{ "partition", NS_FAULT_PARTITION, .groups = true, .load = load_partition },
	{ "crash", NS_FAULT_CRASH, .node = true, .load = load_crash },
};

static int load_fault(struct ns_load *l, uint32_t nr)
{
	const struct raw_fault *raw = &l->raw->faults[nr];
	struct ns_fault fault = { .end_ns = NS_NEVER };
	char path[YML_PATH_MAX];
	size_t i;
	int err;

	yml_path(path, "faults[%u]", nr);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(raw->kind, kinds[i].name))
			break;
	if (i == ARRAY_SIZE(kinds))
		return yml_error(&l->yaml, path, "kind \"%.40s\" is unknown; use %s",
				 raw->kind, "outage, partition or crash");
	if ((raw->node && !kinds[i].node) || (raw->nodes && !kinds[i].nodes) ||
	    (raw->groups && !kinds[i].groups))
		return yml_error(&l->yaml, path, "%s has no \"%s\"; remove it", raw->kind,
				 raw->node && !kinds[i].node ? "node" :
				 raw->nodes && !kinds[i].nodes ? "nodes" : "groups");
	if (!raw->start)
		return yml_error(&l->yaml, path, "\"start\" is missing; add it");
	err = ns_load_value(l, path, "start", raw->start, &unit_time, 0, NS_NEVER / 2,
			    &fault.start_ns);
	if (!err)
		err = ns_load_value(l, path, "end", raw->end, &unit_time, 0, NS_NEVER / 2,
				    &fault.end_ns);
	if (!err && fault.end_ns <= fault.start_ns)
		err = yml_error(&l->yaml, path, "ends before it starts; raise \"end\"");
	if (err)
		return err;
	fault.kind = kinds[i].kind;
	return kinds[i].load(l, path, raw, &fault);
}

int ns_load_faults(struct ns_load *l)
{
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < l->raw->faults_count; i++)
		err = load_fault(l, i);
	return err;
}
