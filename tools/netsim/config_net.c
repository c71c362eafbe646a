// SPDX-License-Identifier: GPL-2.0-only
/*
 * Links and the matrix become segments, their nodes' places in them interfaces.
 *
 * What a link says holds for all its paths, both ways; "paths" says otherwise
 * for some. Segments are numbered in the order of the file, links first, the
 * matrix last; interfaces of a node in the order of its segments. Addresses that
 * the file does not give follow from the two numbers: in segment S the node
 * number i (from 0) has 10.S.0.(i+1)/24 and fd00:S::(i+1)/64, so a node ends in
 * the same number wherever it is.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libgen.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_load.h"

#define SEGMENTS_MAX	254	/* second number of the address */
#define RATE_MAX_BPS	10000000000000ull
#define QUEUE_MAX	1099511627776ull
/* An Ethernet frame must fit; and as default, what 50 ms at the rate are. */
#define QUEUE_MIN	1514
#define QUEUE_DEFAULT	65536
#define QUEUE_NS	50000000
#define SECOND_NS	1000000000

/* A path while it is put together. queue_ns: queue was given as a time. */
struct draft {
	struct ns_path path;
	uint64_t loss, duplicate, corrupt, reorder, queue_ns;
	bool has_latency;
};

#define RAW(f)		offsetof(struct raw_path, f)
#define PATH(f)		offsetof(struct draft, path.f)
#define SHARE(f)	offsetof(struct draft, f)

static const struct {
	const char *key;
	size_t raw, value;
	const struct unit_quantity *quantity;
	uint64_t min, max;
} path_keys[] = {
	{ "latency", RAW(latency), PATH(latency_ns), &unit_time, 1, NS_LATENCY_MAX_NS },
	{ "jitter", RAW(jitter), PATH(jitter_ns), &unit_time, 0, NS_LATENCY_MAX_NS },
	{ "rate", RAW(rate), PATH(rate_bps), &unit_rate, 1000, RATE_MAX_BPS },
	{ "ecn", RAW(ecn), PATH(ecn_bytes), &unit_size, 1, QUEUE_MAX },
	{ "loss", RAW(loss), SHARE(loss), &unit_share, 0, NS_PPM },
	{ "duplicate", RAW(duplicate), SHARE(duplicate), &unit_share, 0, NS_PPM },
	{ "corrupt", RAW(corrupt), SHARE(corrupt), &unit_share, 0, NS_PPM },
	{ "reorder", RAW(reorder), SHARE(reorder), &unit_share, 0, NS_PPM },
	{ "reorder_by", RAW(reorder_by), PATH(reorder_ns), &unit_time, 1, NS_LATENCY_MAX_NS },
};

/* Bytes, or the time that they take at the rate. */
static int load_queue(struct ns_load *l, const char *path, const char *text, struct draft *d)
{
	uint64_t v;

	if (!text)
		return 0;
	if (!unit_parse(&unit_time, text, &v) && v && v <= 60ull * SECOND_NS) {
		d->queue_ns = v;
		return 0;
	}
	d->queue_ns = 0;
	return ns_load_value(l, path, "queue", text, &unit_size, QUEUE_MIN, QUEUE_MAX,
			     &d->path.queue_bytes);
}

static int load_path(struct ns_load *l, const char *path, const struct raw_path *raw,
		     struct draft *d)
{
	const char *text;
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(path_keys); i++) {
		text = *(char **)((char *)raw + path_keys[i].raw);
		err = ns_load_value(l, path, path_keys[i].key, text, path_keys[i].quantity,
				    path_keys[i].min, path_keys[i].max,
				    (uint64_t *)((char *)d + path_keys[i].value));
		if (err)
			return err;
	}
	d->has_latency |= !!raw->latency;
	return load_queue(l, path, raw->queue, d);
}

/* Keys that mean nothing without another; defaults that depend on others. */
static int finish_path(struct ns_load *l, const char *path, struct draft *d,
		       struct ns_path *out)
{
	unsigned __int128 bytes;
	struct ns_path *p = &d->path;

	if (!d->has_latency)
		return yml_error(&l->yaml, path, "\"latency\" is missing; add it, %s",
				 "1ns or more");
	if (!p->rate_bps && (p->queue_bytes || d->queue_ns || p->ecn_bytes))
		return yml_error(&l->yaml, path, "\"queue\" or \"ecn\" without \"rate\": %s",
				 "nothing would ever wait; add a rate");
	if (!d->reorder != !p->reorder_ns)
		return yml_error(&l->yaml, path, "%s; give both",
				 "\"reorder\" and \"reorder_by\" need each other");
	bytes = (unsigned __int128)p->rate_bps * (d->queue_ns ? d->queue_ns : QUEUE_NS) / 8 /
		SECOND_NS;
	if (d->queue_ns)
		p->queue_bytes = bytes < QUEUE_MIN ? QUEUE_MIN : bytes;
	else if (p->rate_bps && !p->queue_bytes)
		p->queue_bytes = bytes < QUEUE_DEFAULT ? QUEUE_DEFAULT : bytes;
	if (p->ecn_bytes >= p->queue_bytes && p->ecn_bytes)
		return yml_error(&l->yaml, path,
				 "\"ecn\" is not below the queue's %llu bytes; lower it",
				 (unsigned long long)p->queue_bytes);
	p->loss_ppm = d->loss;
	p->duplicate_ppm = d->duplicate;
	p->corrupt_ppm = d->corrupt;
	p->reorder_ppm = d->reorder;
	*out = *p;
	return 0;
}

static int add_port(struct ns_load *l, const char *path, uint32_t segment, uint32_t node)
{
	struct ns_segment *s = &l->cfg->segments[segment];
	struct ns_node *n = &l->cfg->nodes[node];
	struct ns_nic *nic = &n->nics[n->nr_nics];
	uint32_t i;

	for (i = 0; i < s->nr_ports; i++)
		if (s->ports[i].node == node)
			return yml_error(&l->yaml, path, "node \"%s\" is named twice; %s",
					 n->name, "name it once");
	if (n->nr_nics == NS_NICS_MAX)
		return yml_error(&l->yaml, path, "node \"%s\" has %u interfaces already; %s",
				 n->name, NS_NICS_MAX, "join some links to a switch");
	*nic = (struct ns_nic){ .segment = segment, .port = s->nr_ports };
	memcpy(nic->mac, (uint8_t []){ 2, 0, 0, segment, 0, node + 1 }, sizeof(nic->mac));
	snprintf(nic->ifname, sizeof(nic->ifname), "eth%u", n->nr_nics);
	s->ports[s->nr_ports++] = (struct ns_port){ node, n->nr_nics++ };
	return 0;
}

/* A new segment with its ports; paths zeroed. */
static int add_segment(struct ns_load *l, const char *path, const char *name,
		       const char *other, char **nodes, unsigned int count)
{
	struct ns_config *cfg = l->cfg;
	struct ns_segment *s = &cfg->segments[cfg->nr_segments];
	char full[YML_PATH_MAX];
	struct ns_span span;
	uint32_t i, j;
	int err = 0;

	yml_path(full, "%s.name", path);
	snprintf(s->name, sizeof(s->name), "%s", name ? name : other);
	if (name && strlen(name) >= sizeof(s->name))
		return yml_error(&l->yaml, full, "too long; at most %u letters",
				 NS_NAME_MAX - 1);
	for (i = 0; i < cfg->nr_segments; i++)
		if (!strcmp(cfg->segments[i].name, s->name))
			return yml_error(&l->yaml, full, "\"%s\" is there already; %s",
					 s->name, "use another name");
	s->ports = calloc(NS_NODES_MAX, sizeof(*s->ports));
	cfg->nr_segments++;
	if (!s->ports)
		return -ENOMEM;
	for (i = 0; !err && i < count; i++) {
		yml_path(full, "%s.nodes[%u]", path, i);
		err = ns_load_nodes(l, full, nodes[i], &span);
		for (j = 0; !err && j < span.count; j++)
			err = add_port(l, full, cfg->nr_segments - 1, span.first + j);
	}
	if (err)
		return err;
	if (s->nr_ports < NS_NODES_MIN)
		return yml_error(&l->yaml, full, "one node; a link needs two or more");
	s->paths = calloc(s->nr_ports * s->nr_ports, sizeof(*s->paths));
	return s->paths ? 0 : -ENOMEM;
}

static bool in_span(const struct ns_span *span, uint32_t node)
{
	return node - span->first < span->count;
}

/* Mark the paths that the override is about with its number + 1. */
static int mark_override(struct ns_load *l, const char *path, const struct ns_segment *s,
			 const struct raw_override *raw, unsigned int nr, uint16_t *marks)
{
	struct ns_span from = { 0, NS_NODES_MAX }, to = from;
	uint32_t i, n = s->nr_ports, hits = 0;
	char full[YML_PATH_MAX];
	int err = 0;

	yml_path(full, "%s.from", path);
	if (raw->from)
		err = ns_load_nodes(l, full, raw->from, &from);
	yml_path(full, "%s.to", path);
	if (!err && raw->to)
		err = ns_load_nodes(l, full, raw->to, &to);
	for (i = 0; !err && i < n * n; i++) {
		if (i / n == i % n || !in_span(&from, s->ports[i / n].node) ||
		    !in_span(&to, s->ports[i % n].node))
			continue;
		if (marks[i])
			return yml_error(&l->yaml, path,
					 "paths[%u] says otherwise for %s to %s; say it once",
					 marks[i] - 1, l->cfg->nodes[s->ports[i / n].node].name,
					 l->cfg->nodes[s->ports[i % n].node].name);
		marks[i] = nr + 1;
		hits++;
	}
	if (!err && !hits)
		err = yml_error(&l->yaml, path, "no path of \"%s\" goes there; %s", s->name,
				"\"from\" and \"to\" are two of its nodes");
	return err;
}

static int load_paths(struct ns_load *l, const char *path, const struct raw_link *raw,
		      struct ns_segment *s)
{
	uint16_t marks[NS_NODES_MAX * NS_NODES_MAX] = { 0 };
	struct draft base = { 0 }, d;
	uint32_t i, n = s->nr_ports;
	char full[YML_PATH_MAX];
	int err;

	err = load_path(l, path, &raw->path, &base);
	for (i = 0; !err && i < raw->paths_count; i++) {
		yml_path(full, "%s.paths[%u]", path, i);
		err = mark_override(l, full, s, &raw->paths[i], i, marks);
	}
	for (i = 0; !err && i < n * n; i++) {
		if (i / n == i % n)
			continue;
		d = base;
		yml_path(full, "%s", path);
		if (marks[i]) {
			yml_path(full, "%s.paths[%u]", path, marks[i] - 1);
			err = load_path(l, full, &raw->paths[marks[i] - 1].path, &d);
		}
		if (!err)
			err = finish_path(l, full, &d, &s->paths[i]);
	}
	return err;
}

static int load_link(struct ns_load *l, uint32_t i)
{
	const struct raw_link *raw = &l->raw->links[i];
	char path[YML_PATH_MAX], name[NS_NAME_MAX];
	int err;

	yml_path(path, "links[%u]", i);
	snprintf(name, sizeof(name), "link%u", i);
	err = add_segment(l, path, raw->name, name, raw->nodes, raw->nodes_count);
	return err ? err : load_paths(l, path, raw, &l->cfg->segments[l->cfg->nr_segments - 1]);
}

static int read_rows(struct ns_load *l, const struct raw_matrix *raw, struct ns_matrix *m)
{
	uint64_t row[NS_NODES_MAX];
	char path[YML_PATH_MAX], why[160];
	uint32_t i;
	int n;

	m->n = raw->rows_count;
	for (i = 0; i < m->n; i++) {
		yml_path(path, "matrix.rows[%u]", i);
		n = ns_matrix_row(raw->rows[i], i, row, why, sizeof(why));
		if (n < 0)
			return yml_error(&l->yaml, path, "%s", why);
		if ((uint32_t)n != m->n)
			return yml_error(&l->yaml, path, "%d numbers in %u rows; %s", n, m->n,
					 "make them equal");
		memcpy(&m->latency_ns[i * n], row, n * sizeof(*row));
	}
	return 0;
}

/* A file is named from the place of the file that names it. */
static int read_matrix(struct ns_load *l, const struct raw_matrix *raw, struct ns_matrix *m)
{
	char *here, *file = NULL;
	int err;

	if (!raw->file == !raw->rows)
		return yml_error(&l->yaml, "matrix", "give either \"file\" or \"rows\"");
	if (raw->rows)
		return read_rows(l, raw, m);
	if (!l->yaml.loaded || *raw->file == '/')
		return ns_matrix_read(m, raw->file);
	here = strdup(l->cfg->path);
	if (!here || asprintf(&file, "%s/%s", dirname(here), raw->file) < 0)
		err = -ENOMEM;
	else
		err = ns_matrix_read(m, file);
	free(here);
	free(file);
	return err;
}

static int load_matrix(struct ns_load *l, struct ns_matrix *m)
{
	const struct raw_matrix *raw = l->raw->matrix;
	char *all[NS_NODES_MAX], **nodes = raw->nodes;
	unsigned int count = raw->nodes_count;
	struct draft base = { .has_latency = true }, d;
	struct ns_segment *s;
	uint32_t i, n;
	int err;

	if (!nodes) {
		nodes = all;
		count = l->raw->nodes_count;
		for (i = 0; i < count; i++)
			all[i] = l->raw->nodes[i].name;
	}
	s = &l->cfg->segments[l->cfg->nr_segments];
	err = read_matrix(l, raw, m);
	if (!err)
		err = add_segment(l, "matrix", raw->name, "matrix", nodes, count);
	if (!err)
		err = load_path(l, "matrix", &raw->path, &base);
	if (err)
		return err;
	n = s->nr_ports;
	if (m->n != n)
		return yml_error(&l->yaml, "matrix", "%u rows for %u nodes; %s", m->n, n,
				 "make them equal, or name its nodes by \"nodes\"");
	for (i = 0; !err && i < n * n; i++) {
		if (i / n == i % n)
			continue;
		d = base;
		d.path.latency_ns = m->latency_ns[i % n * n + i / n];
		err = finish_path(l, "matrix", &d, &s->paths[i]);
	}
	return err;
}

int ns_load_segments(struct ns_load *l)
{
	const struct raw_config *raw = l->raw;
	uint32_t i, n = raw->links_count + !!raw->matrix;
	struct ns_matrix *m;
	int err = 0;

	if (!n)
		return yml_error(&l->yaml, "", "no network; add \"links\" or a \"matrix\"");
	if (n > SEGMENTS_MAX)
		return yml_error(&l->yaml, "links", "%u links; at most %u are possible", n,
				 SEGMENTS_MAX);
	l->cfg->segments = calloc(n, sizeof(*l->cfg->segments));
	if (!l->cfg->segments)
		return -ENOMEM;
	for (i = 0; !err && i < raw->links_count; i++)
		err = load_link(l, i);
	if (err || !raw->matrix)
		return err;
	m = malloc(sizeof(*m));
	err = m ? load_matrix(l, m) : -ENOMEM;
	free(m);
	return err;
}
