// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nodes: names and groups, resources, and the words that they execute. An entry
 * with "count" is a group: its nodes are NAME0, NAME1, ..., and NAME stands for
 * all of them wherever the file names nodes.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_load.h"

/*
 * Memory is only used when it is touched, but a kernel needs 1.6 % of it to
 * manage it, and limits TCP's buffers by it: with 256 MiB a socket may have
 * 2 MiB. An emulated machine touches more of its own.
 */
static const struct backend {
	const char *name;
	uint32_t mem_mib;
} backends[] = {
	{ "um", 256 },
	{ "qemu", 128 },
};

static int check_name(struct ns_load *l, const char *path, const char *name, size_t digits)
{
	size_t i, len = strlen(name);

	if (len + digits >= NS_NAME_MAX)
		return yml_error(&l->yaml, path, "\"%.40s\" is too long; at most %u letters%s",
				 name, NS_NAME_MAX - 1, digits ? " with the number" : "");
	for (i = 0; i < len; i++)
		if (!(isalnum((unsigned char)name[i]) || (i && name[i] == '-')))
			break;
	if (i < len || isdigit((unsigned char)*name) || name[len - 1] == '-')
		return yml_error(&l->yaml, path, "\"%.40s\" is no host name; %s", name,
				 "use letters, digits and -, beginning with a letter");
	return 0;
}

static const struct backend *find_backend(struct ns_load *l, const char *path,
					  const char *name)
{
	char full[YML_PATH_MAX];
	size_t i;

	if (!name)
		return &backends[0];
	for (i = 0; i < ARRAY_SIZE(backends); i++)
		if (!strcmp(backends[i].name, name))
			return &backends[i];
	yml_path(full, "%s.backend", path);
	yml_error(&l->yaml, full, "\"%.40s\" is unknown; use um or qemu", name);
	return NULL;
}

static int add_node(struct ns_load *l, const char *path, const char *name,
		    const struct ns_node *like)
{
	struct ns_config *cfg = l->cfg;
	uint32_t i;

	for (i = 0; i < cfg->nr_nodes; i++)
		if (!strcasecmp(cfg->nodes[i].name, name))
			return yml_error(&l->yaml, path,
					 "node \"%s\" is there already; use another name",
					 name);
	cfg->nodes[cfg->nr_nodes] = *like;
	snprintf(cfg->nodes[cfg->nr_nodes].name, NS_NAME_MAX, "%.31s", name);
	cfg->nr_nodes++;
	return 0;
}

static int load_entry(struct ns_load *l, uint32_t n)
{
	const struct raw_node *raw = &l->raw->nodes[n];
	uint64_t count = 1, mem;
	char path[YML_PATH_MAX], full[YML_PATH_MAX], name[2 * NS_NAME_MAX];
	const struct backend *b;
	struct ns_node like = { 0 };
	uint32_t i;
	int err;

	yml_path(path, "nodes[%u]", n);
	yml_path(full, "nodes[%u].name", n);
	b = find_backend(l, path, raw->backend);
	if (!b)
		return -EINVAL;
	mem = (uint64_t)b->mem_mib << 20;
	err = ns_load_value(l, path, "count", raw->count, &unit_count, 1, NS_NODES_MAX, &count);
	if (!err)
		err = check_name(l, full, raw->name, raw->count ? 2 : 0);
	if (!err)
		err = ns_load_value(l, path, "memory", raw->memory, &unit_size, 32u << 20,
				    64ull << 30, &mem);
	if (err)
		return err;
	if (count > NS_NODES_MAX - l->cfg->nr_nodes)
		return yml_error(&l->yaml, path, "too many nodes; at most %u are possible",
				 NS_NODES_MAX);
	like.backend = b->name;
	like.mem_mib = mem >> 20;
	l->spans[n].first = l->cfg->nr_nodes;
	l->spans[n].count = count;
	for (i = 0; !err && i < count; i++) {
		snprintf(name, sizeof(name), "%s", raw->name);
		if (raw->count)
			snprintf(name, sizeof(name), "%s%u", raw->name, i);
		err = add_node(l, full, name, &like);
	}
	return err;
}

int ns_load_node_list(struct ns_load *l)
{
	uint32_t i;
	int err = 0;

	l->cfg->nodes = calloc(NS_NODES_MAX, sizeof(*l->cfg->nodes));
	if (!l->cfg->nodes)
		return -ENOMEM;
	for (i = 0; !err && i < l->raw->nodes_count; i++)
		err = load_entry(l, i);
	if (!err && l->cfg->nr_nodes < NS_NODES_MIN)
		err = yml_error(&l->yaml, "nodes", "one node; a network needs at least %u",
				NS_NODES_MIN);
	return err;
}

int ns_load_nodes(struct ns_load *l, const char *path, const char *name,
		  struct ns_span *span)
{
	uint32_t i;

	for (i = 0; i < l->raw->nodes_count; i++) {
		*span = l->spans[i];
		if (!strcmp(l->raw->nodes[i].name, name))
			return 0;
	}
	span->count = 1;
	for (i = 0; i < l->cfg->nr_nodes; i++) {
		span->first = i;
		if (!strcmp(l->cfg->nodes[i].name, name))
			return 0;
	}
	return yml_error(&l->yaml, path, "no node \"%.40s\"; give a name of \"nodes\"", name);
}

/* Number of the node among those of its group, told by its name. */
static unsigned long place_in_group(const struct ns_node *node)
{
	const char *end = node->name + strlen(node->name);

	while (end > node->name && isdigit((unsigned char)end[-1]))
		end--;
	return strtoul(end, NULL, 10);
}

char *ns_expand(const struct ns_config *cfg, const struct ns_node *node, const char *text)
{
	const char *brace;
	size_t len;
	char *out;
	FILE *f;

	f = open_memstream(&out, &len);
	if (!f)
		return NULL;
	while ((brace = strchr(text, '{'))) {
		fwrite(text, 1, brace - text, f);
		text = brace + strcspn(brace, "}");
		text += *text == '}';
		len = text - brace;
		if (len == 4 && !memcmp(brace, "{id}", 4))
			fprintf(f, "%td", node - cfg->nodes);
		else if (len == 3 && !memcmp(brace, "{n}", 3))
			fprintf(f, "%u", cfg->nr_nodes);
		else if (len == 3 && !memcmp(brace, "{i}", 3))
			fprintf(f, "%lu", place_in_group(node));
		else if (len == 6 && !memcmp(brace, "{name}", 6))
			fputs(node->name, f);
		else
			fputc(*brace, f), text = brace + 1;
	}
	fputs(text, f);
	if (fclose(f)) {
		free(out);
		out = NULL;
	}
	return out;
}

/* Append the expanded text to a list. */
static int add_text(const struct ns_config *cfg, const struct ns_node *node,
		    char ***list, uint32_t *n, const char *text)
{
	char **more = realloc(*list, (*n + 1) * sizeof(**list));

	if (!more)
		return -ENOMEM;
	*list = more;
	more[*n] = ns_expand(cfg, node, text);
	if (!more[*n])
		return -ENOMEM;
	(*n)++;
	return 0;
}

static int add_texts(const struct ns_config *cfg, const struct ns_node *node, char ***list,
		     uint32_t *n, char **raw, unsigned int count)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < count; i++)
		err = add_text(cfg, node, list, n, raw[i]);
	return err;
}

static int add_sysctl(struct ns_load *l, struct ns_node *node, const char *path,
		      const char *text)
{
	char *key = ns_expand(l->cfg, node, text), *value;
	struct ns_sysctl *more;

	if (!key)
		return -ENOMEM;
	value = strchr(key, '=');
	if (!value || value == key || !value[1] || key + strcspn(key, " \t\n/") < value) {
		free(key);
		return yml_error(&l->yaml, path, "\"%.60s\" is wrong; write %s", text,
				 "KEY=VALUE, such as net.ipv4.ip_forward=1");
	}
	*value++ = '\0';
	more = realloc(node->sysctls, (node->nr_sysctls + 1) * sizeof(*more));
	value = more ? strdup(value) : NULL;
	if (more)
		node->sysctls = more;
	if (!value) {
		free(key);
		return -ENOMEM;
	}
	node->sysctls[node->nr_sysctls++] = (struct ns_sysctl){ key, value };
	return 0;
}

static int add_command(const struct ns_config *cfg, struct ns_node *node,
		       const struct ns_command *like)
{
	struct ns_command *more;

	more = realloc(node->commands, (node->nr_commands + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	node->commands = more;
	more += node->nr_commands;
	*more = *like;
	more->run = ns_expand(cfg, node, like->run);
	if (!more->run)
		return -ENOMEM;
	node->nr_commands++;
	return 0;
}

static int load_command(struct ns_load *l, struct ns_node *node, uint32_t entry, uint32_t i)
{
	const struct raw_command *raw = &l->raw->nodes[entry].commands[i];
	struct ns_command like = {
		.run = raw->run, .background = raw->background, .may_fail = raw->may_fail,
	};
	char path[YML_PATH_MAX];
	int err;

	yml_path(path, "nodes[%u].commands[%u]", entry, i);
	err = ns_load_value(l, path, "start", raw->start, &unit_time, 0, NS_NEVER / 2,
			    &like.start_ns);
	if (!err && like.start_ns >= l->cfg->stop_ns)
		err = yml_error(&l->yaml, path,
				"starts when the run is over; start earlier or raise \"stop\"");
	return err ? err : add_command(l->cfg, node, &like);
}

static int load_words(struct ns_load *l, struct ns_node *node, uint32_t entry)
{
	const struct raw_node *raw = &l->raw->nodes[entry];
	char path[YML_PATH_MAX], qdisc[512];
	uint32_t i;
	int err;

	err = add_texts(l->cfg, node, &node->modules, &node->nr_modules, raw->modules,
			raw->modules_count);
	for (i = 0; !err && i < raw->sysctls_count; i++) {
		yml_path(path, "nodes[%u].sysctls[%u]", entry, i);
		err = add_sysctl(l, node, path, raw->sysctls[i]);
	}
	for (i = 0; !err && raw->qdisc && i < node->nr_nics; i++) {
		snprintf(qdisc, sizeof(qdisc), "tc qdisc replace dev %s root %.400s",
			 node->nics[i].ifname, raw->qdisc);
		err = add_text(l->cfg, node, &node->setup, &node->nr_setup, qdisc);
	}
	if (!err)
		err = add_texts(l->cfg, node, &node->setup, &node->nr_setup, raw->setup,
				raw->setup_count);
	if (!err)
		err = add_texts(l->cfg, node, &node->programs, &node->nr_programs,
				raw->programs, raw->programs_count);
	for (i = 0; !err && i < raw->commands_count; i++)
		err = load_command(l, node, entry, i);
	return err;
}

int ns_load_commands(struct ns_load *l)
{
	uint32_t entry, i;
	int err = 0;

	for (entry = 0; !err && entry < l->raw->nodes_count; entry++)
		for (i = 0; !err && i < l->spans[entry].count; i++)
			err = load_words(l, &l->cfg->nodes[l->spans[entry].first + i], entry);
	return err;
}

int ns_config_command(struct ns_config *cfg, const char *text)
{
	struct ns_command like = { .run = (char *)text };
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < cfg->nr_nodes; i++)
		err = add_command(cfg, &cfg->nodes[i], &like);
	return err;
}
