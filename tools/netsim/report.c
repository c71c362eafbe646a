// SPDX-License-Identifier: GPL-2.0-only
/*
 * netsim report: finished runs side by side, as table, CSV and JSON; and as a
 * figure what the nodes sent over virtual time, from the captures.
 *
 * A capture holds what an interface sent and received. What it sent is told by
 * the source address, which follows from segment and node (config_net.c), so the
 * resolved configuration of the run is read with it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"

#define SECOND		1e9
#define BINS		120
#define CURVES_MAX	12	/* the largest; more cannot be told apart */

static const char help[] =
	"usage: netsim report [OPTIONS] RUN...\n"
	"\n"
	"Compares finished runs; RUN is the folder of a run. One run alone is shown with\n"
	"its commands and paths.\n"
	"\n"
	"  --json       the summaries as a JSON array\n"
	"  --csv FILE   a line for each run; - is standard output\n"
	"  --svg FILE   figure: what the nodes sent over virtual time; needs gnuplot and\n"
	"               captures\n"
	"  -h, --help   this text\n"
	"\n"
	"examples:\n"
	"  netsim report runs/*\n"
	"  netsim report --csv - runs/* | cut -d, -f1,8\n"
	"  netsim report --svg rates.svg runs/dumbbell-1\n";

/* One interface's sent bits in each bin of time. */
struct curve {
	char name[64];
	double bits[BINS];
	double total;
};

struct curves {
	struct curve *list;
	size_t nr;
	double end_s;		/* times count from time 0 of the commands */
};

static const struct column {
	const char *key, *group, *head;
	double scale;
	int decimals;
} columns[] = {
	{ "seed", NULL, "seed", 1, 0 },
	{ "virtual_ns", NULL, "virtual_s", SECOND, 3 },
	{ "wall_s", "speed", "wall_s", 1, 3 },
	{ "boot_wall_s", "speed", "boot_s", 1, 3 },
	{ "ratio", "speed", "ratio", 1, 2 },
	{ "frames", NULL, "frames", 1, 0 },
	{ "frames_per_s", "speed", "frames/s", 1, 0 },
	{ "windows_per_s", "speed", "windows/s", 1, 0 },
	{ "late_frames", NULL, "late", 1, 0 },
	{ "causality", NULL, "causality", 1, 0 },
};

#define NR_COLUMNS	(sizeof(columns) / sizeof(*columns))

static double value(struct json_object *o, const struct column *c)
{
	struct json_object *v;

	if (c->group && !json_object_object_get_ex(o, c->group, &o))
		return 0;
	return json_object_object_get_ex(o, c->key, &v) ? json_object_get_double(v) / c->scale : 0;
}

static const char *text(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) ? json_object_get_string(v) : "";
}

/* Of a run that ended before it: 0, so that there is something to see. */
static uint64_t time0(struct json_object *o)
{
	struct json_object *v;

	return json_object_object_get_ex(o, "time0_ns", &v) ? json_object_get_uint64(v) : 0;
}

static bool flag(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) && json_object_get_boolean(v);
}

static void print_table(char *const *dirs, struct json_object *const *runs, size_t n)
{
	size_t i, c;

	printf("%-24s", "run");
	for (c = 0; c < NR_COLUMNS; c++)
		printf(" %10s", columns[c].head);
	printf(" %-6s %s\n", "result", "trace");
	for (i = 0; i < n; i++) {
		printf("%-24s", dirs[i]);
		for (c = 0; c < NR_COLUMNS; c++)
			printf(" %10.*f", columns[c].decimals, value(runs[i], &columns[c]));
		printf(" %-6s %.12s\n", flag(runs[i], "ok") ? "ok" : "failed",
		       text(runs[i], "trace_hash"));
	}
}

static int write_csv(const char *file, char *const *dirs, struct json_object *const *runs,
		     size_t n)
{
	FILE *f = strcmp(file, "-") ? fopen(file, "we") : stdout;
	size_t i, c;

	if (!f)
		goto broken;
	fprintf(f, "run");
	for (c = 0; c < NR_COLUMNS; c++)
		fprintf(f, ",%s", columns[c].head);
	fprintf(f, ",ok,trace_hash,output_hash\n");
	for (i = 0; i < n; i++) {
		fprintf(f, "\"%s\"", dirs[i]);
		for (c = 0; c < NR_COLUMNS; c++)
			fprintf(f, ",%.*f", columns[c].decimals, value(runs[i], &columns[c]));
		fprintf(f, ",%d,%s,%s\n", flag(runs[i], "ok"), text(runs[i], "trace_hash"),
			text(runs[i], "output_hash"));
	}
	if (ferror(f) || (f == stdout ? fflush(f) : fclose(f)))
		goto broken;
	return 0;

broken:
	fprintf(stderr, "netsim: %s: cannot write it: %s; check the name\n", file, strerror(errno));
	return -EIO;
}

static void print_json(struct json_object *const *runs, size_t n)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; i < n; i++)
		json_object_array_add(list, json_object_get(runs[i]));
	printf("%s\n", json_object_to_json_string_ext(list, JSON_C_TO_STRING_PRETTY |
						      JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(list);
}

/* What left the interface from start_ns on, by bins of [0, end_s). */
static int read_curve(const char *file, const uint8_t *mac, uint64_t start_ns, double end_s,
		      struct curve *c)
{
	struct ns_pcap_reader *r = ns_pcap_open(file);
	struct ns_pcap_record p;
	int got = -EIO;
	size_t bin;

	while (r && (got = ns_pcap_next(r, &p)) > 0) {
		if (p.caplen < 12 || p.t_ns < start_ns || memcmp(p.data + 6, mac, 6))
			continue;
		bin = (p.t_ns - start_ns) / SECOND / end_s * BINS;
		c->bits[bin < BINS ? bin : BINS - 1] += p.len * 8.0;
		c->total += p.len * 8.0;
	}
	ns_pcap_reader_free(r);
	return got;
}

static int add_curve(struct curves *all, const char *dir, const struct ns_node *node,
		     const struct ns_nic *nic, uint64_t start_ns, bool many)
{
	struct curve *more;
	char path[512];
	int err;

	snprintf(path, sizeof(path), "%s/nodes/%s/%s.pcap", dir, node->name, nic->ifname);
	if (access(path, R_OK))
		return 0;
	more = realloc(all->list, (all->nr + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	all->list = more;
	more += all->nr;
	memset(more, 0, sizeof(*more));
	snprintf(more->name, sizeof(more->name), "%.24s%s%.31s %s", many ? dir : "",
		 many ? " " : "", node->name, nic->ifname);
	err = read_curve(path, nic->mac, start_ns, all->end_s, more);
	if (!err && more->total > 0)
		all->nr++;
	return err;
}

static int add_run(struct curves *all, const char *dir, uint64_t start_ns, bool many)
{
	struct ns_config cfg;
	char path[512];
	uint32_t i, j;
	int err;

	snprintf(path, sizeof(path), "%s/resolved.yaml", dir);
	err = ns_config_load(&cfg, path);
	if (err)
		return err;
	for (i = 0; i < cfg.nr_nodes; i++)
		for (j = 0; !err && j < cfg.nodes[i].nr_nics; j++)
			err = add_curve(all, dir, &cfg.nodes[i], &cfg.nodes[i].nics[j], start_ns,
					many);
	ns_config_free(&cfg);
	return err;
}

static int by_total(const void *a, const void *b)
{
	const struct curve *x = a, *y = b;

	return (x->total < y->total) - (x->total > y->total);
}

static void plot(FILE *f, const char *file, const struct curves *all)
{
	size_t i, bin, n = all->nr < CURVES_MAX ? all->nr : CURVES_MAX;
	double width = all->end_s / BINS;

	for (i = 0; i < n; i++) {
		fprintf(f, "$d%zu << EOD\n", i);
		for (bin = 0; bin < BINS; bin++)
			fprintf(f, "%g %g\n", (bin + 0.5) * width,
				all->list[i].bits[bin] / width / 1e6);
		fprintf(f, "EOD\n");
	}
	fprintf(f, "set terminal svg size 900,500 background 'white'\nset output '%s'\n", file);
	fprintf(f, "set xlabel 'virtual time since time 0 (s)'\nset ylabel 'sent (Mbit/s)'\n");
	fprintf(f, "set title 'What the interfaces sent%s'\n",
		all->nr > n ? ", those that sent most" : "");
	fprintf(f, "set grid\nset key outside noenhanced\nset xrange [0:%g]\nset yrange [0:*]\n",
		all->end_s);
	for (i = 0; i < n; i++)
		fprintf(f, "%s $d%zu with lines lw 1.5 title '%s'", i ? "," : "plot", i,
			all->list[i].name);
	fputc('\n', f);
}

static int write_svg(const char *file, char *const *dirs, struct json_object *const *runs,
		     size_t n)
{
	struct curves all = { 0 };
	double end;
	int err = 0, status;
	size_t i;
	FILE *f;

	for (i = 0; i < n; i++) {
		end = value(runs[i], &columns[1]) - time0(runs[i]) / SECOND;
		all.end_s = end > all.end_s ? end : all.end_s;
	}
	for (i = 0; !err && i < n; i++)
		err = add_run(&all, dirs[i], time0(runs[i]), n > 1);
	if (!err && (!all.nr || strchr(file, '\''))) {
		fprintf(stderr, "netsim: %s: %s\n", file,
			all.nr ? "a quote in the name; rename it" :
			"no captures with packets in these runs; run without --snaplen 0");
		err = -ENOENT;
	}
	if (err)
		goto out;
	qsort(all.list, all.nr, sizeof(*all.list), by_total);
	f = popen("gnuplot", "we");
	if (!f) {
		err = -errno;
		goto out;
	}
	plot(f, file, &all);
	status = pclose(f);
	if (status) {
		fprintf(stderr, "netsim: %s: gnuplot failed%s\n", file,
			WIFEXITED(status) && WEXITSTATUS(status) == 127 ?
			"; install gnuplot-nox" : "; its words are above");
		err = -EIO;
	}
out:
	free(all.list);
	return err;
}

struct report_options {
	const char *csv, *svg;
	bool json;
};

static int report(const struct report_options *opt, char *const *dirs, size_t n)
{
	struct json_object **runs = calloc(n, sizeof(*runs));
	int err = runs ? 0 : -ENOMEM;
	size_t i;

	for (i = 0; !err && i < n; i++) {
		runs[i] = ns_summary_read(dirs[i]);
		err = runs[i] ? 0 : -ENOENT;
	}
	if (!err && opt->json)
		print_json(runs, n);
	else if (!err && n == 1 && !opt->csv)
		ns_summary_print(runs[0], stdout);
	else if (!err && !opt->csv)
		print_table(dirs, runs, n);
	if (!err && opt->csv)
		err = write_csv(opt->csv, dirs, runs, n);
	if (!err && opt->svg)
		err = write_svg(opt->svg, dirs, runs, n);
	for (i = 0; runs && i < n; i++)
		json_object_put(runs[i]);
	free(runs);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

int cmd_report(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "csv", required_argument, NULL, 'c' },
		{ "svg", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct report_options opt = { 0 };
	int val;

	while ((val = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (val) {
		case 'h':
			fputs(help, stdout);
			return EXIT_SUCCESS;
		case 'j':
			opt.json = true;
			break;
		case 'c':
			opt.csv = optarg;
			break;
		case 's':
			opt.svg = optarg;
			break;
		default:
			return NS_USAGE;
		}
	}
	if (optind == argc) {
		fprintf(stderr, "netsim: report: which runs? see netsim report --help\n");
		return NS_USAGE;
	}
	return report(&opt, argv + optind, argc - optind);
}
