// SPDX-License-Identifier: GPL-2.0-only
/*
 * netsim check: whether a file is right; with -n, whether its simulation
 * repeats. The runs of -n differ in nothing but their folder and the load that
 * the host happens to have, and all hashes must be the same. They are kept when
 * they are not.
 */
#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "units.h"

#define RUNS_MAX	1000
#define NR_HASHES	3

static const char help[] =
	"usage: netsim check [-n N] [OPTIONS] FILE\n"
	"\n"
	"Says whether FILE is right. With -n, also simulates it N times and compares the\n"
	"hashes of packets, outputs and consoles; the runs are removed when all are the\n"
	"same, else the two that differ stay.\n"
	"\n"
	"  -n N                  how often, 2 to 1000\n"
	NS_RUN_OPTIONS
	"\n"
	"Status: 0; 1 when runs differ or fail; 2 for a wrong file; 130 after Ctrl-C.\n"
	"\n"
	"examples:\n"
	"  netsim check pair.yaml\n"
	"  netsim check -n 20 --json pair.yaml\n";

static const char *const names[NR_HASHES] = { "trace_hash", "output_hash", "console_hash" };

struct hashes {
	char text[NR_HASHES][NS_HEX_MAX];
};

static int handle(int val, void *arg)
{
	uint64_t v;

	(void)val;
	if (!unit_parse(&unit_count, optarg, &v) && v >= 2 && v <= RUNS_MAX) {
		*(unsigned int *)arg = v;
		return 0;
	}
	fprintf(stderr, "netsim: -n: \"%.20s\" is wrong; give 2 to %u\n", optarg, RUNS_MAX);
	return -EINVAL;
}

static void remove_tree(const char *dir)
{
	char *const paths[] = { (char *)dir, NULL };
	FTSENT *e;
	FTS *fts;

	fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	while (fts && (e = fts_read(fts)))
		if (e->fts_info == FTS_DP)
			rmdir(e->fts_accpath);
		else if (e->fts_info != FTS_D)
			unlink(e->fts_accpath);
	if (fts)
		fts_close(fts);
}

static int read_hashes(const char *dir, struct hashes *h)
{
	struct json_object *o = ns_summary_read(dir), *v;
	size_t i;

	if (!o)
		return -ENOENT;
	for (i = 0; i < NR_HASHES; i++) {
		h->text[i][0] = '\0';
		if (json_object_object_get_ex(o, names[i], &v))
			snprintf(h->text[i], NS_HEX_MAX, "%s", json_object_get_string(v));
	}
	json_object_put(o);
	return 0;
}

/* One run; its exit status. */
static int once(const struct ns_config *cfg, struct ns_run_options *opt, const char *dir,
		struct hashes *h)
{
	int status = EXIT_FAILURE;
	struct ns_run run;

	opt->out = dir;
	if (!ns_run_open(&run, cfg, opt) && !ns_run_go(&run))
		status = ns_run_status(&run);
	ns_run_close(&run);
	if (!status && read_hashes(dir, h))
		status = EXIT_FAILURE;
	return status;
}

static void print_result(const struct ns_run_options *opt, unsigned int n, unsigned int done,
			 const struct hashes *first, const char *differs)
{
	struct json_object *o;
	size_t i;

	if (opt->json) {
		o = json_object_new_object();
		json_object_object_add(o, "runs", json_object_new_int(done));
		json_object_object_add(o, "same", json_object_new_boolean(!differs && done == n));
		for (i = 0; i < NR_HASHES; i++)
			json_object_object_add(o, names[i], json_object_new_string(first->text[i]));
		if (differs)
			json_object_object_add(o, "differs", json_object_new_string(differs));
		printf("%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY));
		json_object_put(o);
	} else if (differs) {
		printf("%s of run %u differs from that of run 1\n", differs, done);
	} else if (done == n) {
		printf("%u runs, all the same: trace %.16s, outputs %.16s, consoles %.16s\n", n,
		       first->text[0], first->text[1], first->text[2]);
	}
}

static const char *compare(const struct hashes *a, const struct hashes *b)
{
	size_t i;

	for (i = 0; i < NR_HASHES; i++)
		if (strcmp(a->text[i], b->text[i]))
			return names[i];
	return NULL;
}

static int repeat(const struct ns_config *cfg, struct ns_run_options *opt, unsigned int n,
		  const char *base)
{
	char first_dir[PATH_MAX], dir[PATH_MAX];
	struct hashes first = { 0 }, h;
	const char *differs = NULL;
	bool quiet = opt->quiet;
	unsigned int i;
	int status = 0;

	/* of each run one line is enough */
	opt->quiet = true;
	snprintf(first_dir, sizeof(first_dir), "%s/1", base);
	for (i = 1; !differs && i <= n; i++) {
		snprintf(dir, sizeof(dir), "%s/%u", base, i);
		status = once(cfg, opt, dir, i == 1 ? &first : &h);
		if (status == 128 + SIGINT)
			remove_tree(base);
		else if (status)
			fprintf(stderr, "netsim: check: run %u failed; see %s\n", i, dir);
		if (status)
			return status;
		if (!quiet)
			fprintf(stderr, "===> run %u of %u: trace %.16s\n", i, n,
				(i == 1 ? &first : &h)->text[0]);
		if (i == 1)
			continue;
		differs = compare(&first, &h);
		if (!differs)
			remove_tree(dir);
	}
	print_result(opt, n, i - 1, &first, differs);
	if (!differs) {
		remove_tree(base);
		return EXIT_SUCCESS;
	}
	fprintf(stderr, "netsim: check: two runs differ; see: netsim diff %s %s\n",
		first_dir, dir);
	return EXIT_FAILURE;
}

static int make_base(const char *out, char *base, size_t size)
{
	const char *tmp = getenv("TMPDIR");

	if (out) {
		snprintf(base, size, "%s", out);
		if (!mkdir(base, 0777))
			return 0;
	} else {
		snprintf(base, size, "%s/netsim-check-XXXXXX", tmp && *tmp ? tmp : "/tmp");
		if (mkdtemp(base))
			return 0;
	}
	fprintf(stderr, "netsim: %s: cannot make the folder: %s; give another --out\n", base,
		strerror(errno));
	return -errno;
}

int cmd_check(int argc, char **argv)
{
	struct ns_run_options opt;
	struct ns_config cfg;
	char base[PATH_MAX / 2];
	unsigned int n = 0;
	int status;

	status = ns_run_getopt(argc, argv, &opt, help, "n:", NULL, handle, &n);
	if (status)
		return status - 1;
	if (argc - optind != 1) {
		fprintf(stderr, "netsim: check: which file? see netsim check --help\n");
		return NS_USAGE;
	}
	if (ns_run_config(&cfg, argv[optind], &opt))
		return NS_USAGE;
	if (n) {
		status = EXIT_FAILURE;
		if (!make_base(opt.out, base, sizeof(base)))
			status = repeat(&cfg, &opt, n, base);
	} else if (opt.json) {
		printf("{ \"ok\": true, \"nodes\": %u, \"segments\": %u }\n", cfg.nr_nodes,
		       cfg.nr_segments);
	} else if (!opt.quiet) {
		printf("%s: %u nodes, %u segments, %u faults: fine\n", argv[optind], cfg.nr_nodes,
		       cfg.nr_segments, cfg.nr_faults);
	}
	ns_config_free(&cfg);
	return status;
}
