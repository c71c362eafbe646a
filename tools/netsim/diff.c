// SPDX-License-Identifier: GPL-2.0-only
/*
 * netsim diff: where two runs part. Nodes are independent until a packet reaches
 * them, so the earliest packet that differs in any capture is the place where to
 * look for the cause. Captures hold only the start of each frame: where these
 * are equal and the hashes are not, the difference is behind it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

static const char help[] =
	"usage: netsim diff [--json] RUN1 RUN2\n"
	"\n"
	"Names the first packet in which two runs differ; RUN is the folder of a run.\n"
	"Status: 0 when they are the same, 1 when not, 2 when they cannot be compared.\n"
	"\n"
	"  --json      as JSON\n"
	"  -h, --help  this text\n"
	"\n"
	"examples:\n"
	"  netsim diff runs/pair-1 runs/pair-2\n"
	"  netsim diff --json runs/pair-1 runs/pair-2 | jq -r .node\n";

#define SECOND_NS	1000000000ull
#define HEX_BYTES	16

/* A packet of one run, or its absence. */
struct side {
	bool there;
	uint64_t t_ns;
	uint32_t len, caplen;
	uint8_t bytes[65562];
};

struct difference {
	bool found;
	char node[NS_NAME_MAX];
	uint32_t nic;
	uint64_t number, t_ns;	/* number from 1, as tshark counts */
	uint32_t offset;	/* of the first byte that differs */
	struct side sides[2];
};

static int next(struct ns_pcap_reader *r, struct side *s)
{
	struct ns_pcap_record record;
	int got = ns_pcap_next(r, &record);

	s->there = got > 0;
	if (got <= 0)
		return got;
	s->t_ns = record.t_ns;
	s->len = record.len;
	s->caplen = record.caplen < sizeof(s->bytes) ? record.caplen : sizeof(s->bytes);
	memcpy(s->bytes, record.data, s->caplen);
	return 0;
}

static uint32_t first_byte(const struct side *a, const struct side *b)
{
	uint32_t i, n = a->caplen < b->caplen ? a->caplen : b->caplen;

	for (i = 0; i < n; i++)
		if (a->bytes[i] != b->bytes[i])
			break;
	return i;
}

static bool same(const struct side *a, const struct side *b)
{
	return a->there == b->there &&
	       (!a->there || (a->t_ns == b->t_ns && a->len == b->len &&
			      a->caplen == b->caplen && !memcmp(a->bytes, b->bytes, a->caplen)));
}

/* Compare one capture; keep what is earlier than the best so far. */
static int compare(struct ns_pcap_reader *const r[2], const char *node, uint32_t nic,
		   struct difference *d, struct side *s)
{
	uint64_t number = 0, t;
	int err;

	do {
		number++;
		err = next(r[0], &s[0]);
		if (!err)
			err = next(r[1], &s[1]);
		if (err)
			return err;
	} while (same(&s[0], &s[1]) && s[0].there);
	if (same(&s[0], &s[1]))
		return 0;
	t = s[0].there ? s[0].t_ns : NS_NEVER;
	if (s[1].there && s[1].t_ns < t)
		t = s[1].t_ns;
	if (d->found && t >= d->t_ns)
		return 0;
	d->found = true;
	snprintf(d->node, sizeof(d->node), "%s", node);
	d->nic = nic;
	d->number = number;
	d->t_ns = t;
	memcpy(d->sides, s, sizeof(d->sides));
	d->offset = first_byte(&s[0], &s[1]);
	return 0;
}

/* 1: compared, 0: no such capture in either run, -errno. */
static int compare_capture(char *const dirs[2], const char *node, uint32_t nic,
			   struct difference *d, struct side *s)
{
	struct ns_pcap_reader *r[2] = { NULL, NULL };
	char path[512];
	int i, err = 0, there = 0;

	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/nodes/%s/eth%u.pcap", dirs[i], node, nic);
		there += !access(path, F_OK);
	}
	if (!there)
		return 0;
	for (i = 0; !err && i < 2; i++) {
		snprintf(path, sizeof(path), "%s/nodes/%s/eth%u.pcap", dirs[i], node, nic);
		r[i] = ns_pcap_open(path);
		if (!r[i])
			err = -ENOENT;
	}
	if (!err)
		err = compare(r, node, nic, d, s);
	ns_pcap_reader_free(r[0]);
	ns_pcap_reader_free(r[1]);
	return err ? err : 1;
}

static int compare_all(char *const dirs[2], struct json_object *summary, struct difference *d)
{
	struct json_object *nodes, *name;
	struct side *s = calloc(2, sizeof(*s));
	int got, captures = 0;
	uint32_t nic;
	size_t i;

	if (!s)
		return -ENOMEM;
	json_object_object_get_ex(summary, "nodes", &nodes);
	for (i = 0; i < json_object_array_length(nodes); i++) {
		json_object_object_get_ex(json_object_array_get_idx(nodes, i), "name", &name);
		for (nic = 0; nic < NS_NICS_MAX; nic++) {
			got = compare_capture(dirs, json_object_get_string(name), nic, d, s);
			if (got < 0) {
				free(s);
				return got;
			}
			captures += got;
		}
	}
	free(s);
	return captures;
}

static const char *text(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) ? json_object_get_string(v) : "";
}

/* Of outputs, by their hashes in the summaries; false when all are the same. */
static bool find_output(struct json_object *const s[2], const char **node, size_t *command)
{
	struct json_object *nodes[2], *n[2], *c[2];
	size_t i, j;

	json_object_object_get_ex(s[0], "nodes", &nodes[0]);
	json_object_object_get_ex(s[1], "nodes", &nodes[1]);
	for (i = 0; i < json_object_array_length(nodes[0]); i++) {
		n[0] = json_object_array_get_idx(nodes[0], i);
		n[1] = json_object_array_get_idx(nodes[1], i);
		*node = text(n[0], "name");
		if (!n[1] || !json_object_object_get_ex(n[0], "commands", &c[0]) ||
		    !json_object_object_get_ex(n[1], "commands", &c[1]))
			continue;
		for (j = 0; j < json_object_array_length(c[0]); j++) {
			*command = j;
			if (strcmp(text(json_object_array_get_idx(c[0], j), "output_hash"),
				   text(json_object_array_get_idx(c[1], j), "output_hash")))
				return true;
		}
	}
	return false;
}

/* Number of the first line that differs, 0 when there is none. */
static unsigned int compare_lines(FILE *a, FILE *b)
{
	unsigned int line = 1;
	int x, y;

	do {
		x = getc(a);
		y = getc(b);
		if (x != y)
			return line;
		line += x == '\n';
	} while (x != EOF);
	return 0;
}

static unsigned int find_console(char *const dirs[2], struct json_object *summary,
				 const char **node)
{
	struct json_object *nodes;
	char path[512];
	unsigned int line = 0;
	FILE *f[2];
	size_t i;
	int j;

	json_object_object_get_ex(summary, "nodes", &nodes);
	for (i = 0; !line && i < json_object_array_length(nodes); i++) {
		*node = text(json_object_array_get_idx(nodes, i), "name");
		for (j = 0; j < 2; j++) {
			snprintf(path, sizeof(path), "%s/nodes/%s/console.log", dirs[j], *node);
			f[j] = fopen(path, "re");
		}
		if (f[0] && f[1])
			line = compare_lines(f[0], f[1]);
		for (j = 0; j < 2; j++)
			if (f[j])
				fclose(f[j]);
	}
	return line;
}

static void print_side(const char *dir, const struct difference *d, const struct side *s)
{
	uint32_t i, from = d->offset / HEX_BYTES * HEX_BYTES;

	if (!s->there) {
		printf("  %s: no further packet\n", dir);
		return;
	}
	printf("  %s: %llu.%09llu s, %u bytes; from byte %u:", dir,
	       (unsigned long long)(s->t_ns / SECOND_NS),
	       (unsigned long long)(s->t_ns % SECOND_NS), s->len, from);
	for (i = from; i < s->caplen && i < from + HEX_BYTES; i++)
		printf(" %02x", s->bytes[i]);
	putchar('\n');
}

static struct json_object *side_json(const struct side *s)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "there", json_object_new_boolean(s->there));
	if (!s->there)
		return o;
	json_object_object_add(o, "t_ns", json_object_new_uint64(s->t_ns));
	json_object_object_add(o, "length", json_object_new_int(s->len));
	return o;
}

static const char *const hashes[] = { "trace_hash", "output_hash", "console_hash" };

static struct json_object *diff_json(const struct difference *d, struct json_object *const s[2])
{
	struct json_object *o = json_object_new_object();
	bool equal, all = !d->found;
	size_t i;

	for (i = 0; i < sizeof(hashes) / sizeof(*hashes); i++) {
		equal = !strcmp(text(s[0], hashes[i]), text(s[1], hashes[i]));
		json_object_object_add(o, hashes[i],
				       json_object_new_string(equal ? "same" : "different"));
		all &= equal;
	}
	json_object_object_add(o, "same", json_object_new_boolean(all));
	if (!d->found)
		return o;
	json_object_object_add(o, "node", json_object_new_string(d->node));
	json_object_object_add(o, "interface", json_object_new_int(d->nic));
	json_object_object_add(o, "number", json_object_new_uint64(d->number));
	json_object_object_add(o, "t_ns", json_object_new_uint64(d->t_ns));
	json_object_object_add(o, "first", side_json(&d->sides[0]));
	json_object_object_add(o, "second", side_json(&d->sides[1]));
	return o;
}

static void print_text(char *const dirs[2], const struct difference *d, int captures,
		       struct json_object *const s[2])
{
	const char *node;
	unsigned int line;
	size_t i;

	for (i = 0; i < sizeof(hashes) / sizeof(*hashes); i++)
		printf("%-13s %s\n", hashes[i],
		       strcmp(text(s[0], hashes[i]), text(s[1], hashes[i])) ? "different" :
									      "same");
	if (d->found) {
		printf("first difference: node %s, eth%u, packet %llu at %llu.%09llu s\n", d->node,
		       d->nic, (unsigned long long)d->number,
		       (unsigned long long)(d->t_ns / SECOND_NS),
		       (unsigned long long)(d->t_ns % SECOND_NS));
		print_side(dirs[0], d, &d->sides[0]);
		print_side(dirs[1], d, &d->sides[1]);
		printf("look: tshark -r %s/nodes/%s/eth%u.pcap -Y frame.number==%llu -V\n", dirs[0],
		       d->node, d->nic, (unsigned long long)d->number);
	} else if (strcmp(text(s[0], hashes[0]), text(s[1], hashes[0]))) {
		printf("%s; run both again with --snaplen 65562\n",
		       captures ? "the captured part of each frame is the same" : "no captures");
	}
	if (find_output(s, &node, &i))
		printf("outputs: node %s, command %zu: %s/nodes/%s/%zu.out and that of %s\n", node,
		       i, dirs[0], node, i, dirs[1]);
	line = find_console(dirs, s[0], &node);
	if (line)
		printf("consoles: node %s, line %u of %s/nodes/%s/console.log\n", node, line,
		       dirs[0], node);
}

static int compare_runs(char *const dirs[2], bool json)
{
	struct json_object *s[2] = { NULL, NULL }, *o, *v;
	struct difference *d = calloc(1, sizeof(*d));
	int captures, status = NS_USAGE;

	s[0] = ns_summary_read(dirs[0]);
	s[1] = s[0] ? ns_summary_read(dirs[1]) : NULL;
	if (!d || !s[1])
		goto out;
	captures = compare_all(dirs, s[0], d);
	if (captures < 0)
		goto out;
	o = diff_json(d, s);
	if (json)
		printf("%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY));
	else
		print_text(dirs, d, captures, s);
	json_object_object_get_ex(o, "same", &v);
	status = json_object_get_boolean(v) ? EXIT_SUCCESS : EXIT_FAILURE;
	json_object_put(o);
out:
	json_object_put(s[0]);
	json_object_put(s[1]);
	free(d);
	return status;
}

int cmd_diff(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool json = false;
	int val;

	while ((val = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (val == 'h') {
			fputs(help, stdout);
			return EXIT_SUCCESS;
		}
		if (val != 'j')
			return NS_USAGE;
		json = true;
	}
	if (argc - optind != 2) {
		fprintf(stderr, "netsim: diff: which two runs? see netsim diff --help\n");
		return NS_USAGE;
	}
	return compare_runs(argv + optind, json);
}
