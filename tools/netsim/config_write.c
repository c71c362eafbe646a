// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration with every default written out, as YAML that gives the same
 * when it is read again. A path that differs from the first of its segment says
 * only in what it differs. Strings are written as JSON has them, which is YAML
 * too; but a byte that is no printable ASCII goes as it is, since YAML's escapes
 * name characters, and the text may be UTF-8.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_load.h"

static void put_text(FILE *f, const char *s)
{
	static const char special[] = "\n\t\r\"\\", letters[] = "ntr\"\\";
	const char *p;

	fputc('"', f);
	for (; *s; s++) {
		p = strchr(special, *s);
		if (p)
			fprintf(f, "\\%c", letters[p - special]);
		else if ((unsigned char)*s < ' ' || *s == 0x7f)
			fprintf(f, "\\x%02x", (unsigned char)*s);
		else
			fputc(*s, f);
	}
	fputc('"', f);
}

static void put_value(FILE *f, const char *key, const struct unit_quantity *q, uint64_t v,
		      const char *end)
{
	char text[UNIT_TEXT];

	fprintf(f, "%s: %s%s", key, unit_format(q, v, text), end);
}

static void put_list(FILE *f, const char *key, char **list, uint32_t n)
{
	uint32_t i;

	if (n)
		fprintf(f, "    %s:\n", key);
	for (i = 0; i < n; i++) {
		fputs("      - ", f);
		put_text(f, list[i]);
		fputc('\n', f);
	}
}

static void put_addresses(FILE *f, const struct ns_node *node)
{
	const struct ns_nic *nic;

	if (node->nr_nics)
		fputs("    addresses:\n", f);
	for (nic = node->nics; nic < node->nics + node->nr_nics; nic++) {
		if (!*nic->addr4 && !*nic->addr6)
			fprintf(f, "      - \"%s none\"\n", nic->ifname);
		if (*nic->addr4)
			fprintf(f, "      - \"%s %s\"\n", nic->ifname, nic->addr4);
		if (*nic->addr6)
			fprintf(f, "      - \"%s %s\"\n", nic->ifname, nic->addr6);
	}
}

static void put_commands(FILE *f, const struct ns_node *node)
{
	const struct ns_command *c;

	if (node->nr_commands)
		fputs("    commands:\n", f);
	for (c = node->commands; c < node->commands + node->nr_commands; c++) {
		fputs("      - run: ", f);
		put_text(f, c->run);
		put_value(f, "\n        start", &unit_time, c->start_ns, "\n");
		fprintf(f, "        background: %s\n        may_fail: %s\n",
			c->background ? "true" : "false", c->may_fail ? "true" : "false");
	}
}

static int put_sysctls(FILE *f, const struct ns_node *node)
{
	char *text;
	uint32_t i;

	if (node->nr_sysctls)
		fputs("    sysctls:\n", f);
	for (i = 0; i < node->nr_sysctls; i++) {
		if (asprintf(&text, "%s=%s", node->sysctls[i].key, node->sysctls[i].value) < 0)
			return -ENOMEM;
		fputs("      - ", f);
		put_text(f, text);
		fputc('\n', f);
		free(text);
	}
	return 0;
}

static int put_node(FILE *f, const struct ns_node *node)
{
	int err;

	fprintf(f, "  - name: %s\n    backend: %s\n    memory: %uMiB\n", node->name,
		node->backend, node->mem_mib);
	put_addresses(f, node);
	err = put_sysctls(f, node);
	put_list(f, "modules", node->modules, node->nr_modules);
	put_list(f, "setup", node->setup, node->nr_setup);
	put_commands(f, node);
	put_list(f, "programs", node->programs, node->nr_programs);
	return err;
}

/*
 * Values of 0 are left out of a list with a line for each path, and wherever the
 * key has no meaning then.
 */
static void put_path(FILE *f, const struct ns_path *p, bool all, const char *before,
		     const char *after)
{
	const struct {
		const char *key;
		const struct unit_quantity *q;
		uint64_t value;
		bool always;
	} keys[] = {
		{ "latency", &unit_time, p->latency_ns, true },
		{ "jitter", &unit_time, p->jitter_ns, true },
		{ "rate", &unit_rate, p->rate_bps, false },
		{ "queue", &unit_size, p->queue_bytes, false },
		{ "ecn", &unit_size, p->ecn_bytes, false },
		{ "loss", &unit_share, p->loss_ppm, true },
		{ "duplicate", &unit_share, p->duplicate_ppm, true },
		{ "corrupt", &unit_share, p->corrupt_ppm, true },
		{ "reorder", &unit_share, p->reorder_ppm, false },
		{ "reorder_by", &unit_time, p->reorder_ns, false },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!keys[i].value && !(all && keys[i].always))
			continue;
		fputs(before, f);
		put_value(f, keys[i].key, keys[i].q, keys[i].value, after);
	}
}

static void put_segment(FILE *f, const struct ns_config *cfg, const struct ns_segment *s)
{
	uint32_t i, n = s->nr_ports;
	bool equal = true;

	fprintf(f, "  - name: %s\n    nodes: [", s->name);
	for (i = 0; i < n; i++)
		fprintf(f, "%s%s", i ? ", " : "", cfg->nodes[s->ports[i].node].name);
	fputs("]\n", f);
	for (i = 1; i < n * n; i++)
		if (i / n != i % n)
			equal &= !memcmp(&s->paths[i], &s->paths[1], sizeof(*s->paths));
	if (equal) {
		put_path(f, &s->paths[1], true, "    ", "\n");
		return;
	}
	fputs("    paths:\n", f);
	for (i = 0; i < n * n; i++) {
		if (i / n == i % n)
			continue;
		fprintf(f, "      - {from: %s, to: %s", cfg->nodes[s->ports[i / n].node].name,
			cfg->nodes[s->ports[i % n].node].name);
		put_path(f, &s->paths[i], false, ", ", "");
		fputs("}\n", f);
	}
}

static void put_sides(FILE *f, const struct ns_config *cfg, const struct ns_fault *fault)
{
	uint32_t side, i;
	bool any;

	fputs("    groups:\n", f);
	for (side = 1; side <= NS_NODES_MAX; side++) {
		for (any = false, i = 0; i < cfg->nr_nodes; i++) {
			if (fault->group[i] != side)
				continue;
			fprintf(f, "%s%s", any ? ", " : "      - nodes: [", cfg->nodes[i].name);
			any = true;
		}
		if (any)
			fputs("]\n", f);
	}
}

static void put_fault(FILE *f, const struct ns_config *cfg, const struct ns_fault *fault)
{
	switch (fault->kind) {
	case NS_FAULT_OUTAGE:
		fprintf(f, "  - kind: outage\n    nodes: [%s, %s]\n", cfg->nodes[fault->a].name,
			cfg->nodes[fault->b].name);
		break;
	case NS_FAULT_PARTITION:
		fputs("  - kind: partition\n", f);
		put_sides(f, cfg, fault);
		break;
	case NS_FAULT_CRASH:
		fprintf(f, "  - kind: crash\n    node: %s\n", cfg->nodes[fault->a].name);
		break;
	}
	put_value(f, "    start", &unit_time, fault->start_ns, "\n");
	if (fault->end_ns != NS_NEVER)
		put_value(f, "    end", &unit_time, fault->end_ns, "\n");
}

static int put_config(FILE *f, const struct ns_config *cfg)
{
	uint32_t i;
	int err = 0;

	fputs("# what was run, from ", f);
	put_text(f, cfg->path);
	fprintf(f, "\nseed: %llu\n", (unsigned long long)cfg->seed);
	if (cfg->stop_ns != NS_NEVER)
		put_value(f, "stop", &unit_time, cfg->stop_ns, "\n");
	fprintf(f, "epoch: %llu\nnodes:\n", (unsigned long long)cfg->epoch_s);
	for (i = 0; !err && i < cfg->nr_nodes; i++)
		err = put_node(f, &cfg->nodes[i]);
	fputs("links:\n", f);
	for (i = 0; i < cfg->nr_segments; i++)
		put_segment(f, cfg, &cfg->segments[i]);
	if (cfg->nr_faults)
		fputs("faults:\n", f);
	for (i = 0; i < cfg->nr_faults; i++)
		put_fault(f, cfg, &cfg->faults[i]);
	return err;
}

int ns_config_write(const struct ns_config *cfg, const char *file)
{
	FILE *f = fopen(file, "we");
	int err;

	if (!f) {
		err = -errno;
		goto out;
	}
	err = put_config(f, cfg);
	if (ferror(f))
		err = -EIO;
	if (fclose(f) && !err)
		err = -errno;
out:
	if (err)
		fprintf(stderr, "netsim: %s: cannot write it: %s; check the folder\n", file,
			strerror(-err));
	return err;
}
