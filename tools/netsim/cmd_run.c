// SPDX-License-Identifier: GPL-2.0-only
/* netsim run: one simulation, its table or JSON, and an exit status. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "units.h"

static const char help[] =
	"usage: netsim run [OPTIONS] FILE [-- COMMAND...]\n"
	"\n"
	"Simulates FILE and leaves everything in a folder. COMMAND, when given, runs on\n"
	"every node from time 0; in it {id} is the node's number from 0, {n} how many\n"
	"nodes there are, {name} its name.\n"
	"\n"
	NS_RUN_OPTIONS
	"  -p, --print           what commands wrote, after the run\n"
	"\n"
	"Status: 0; 1 when a node died, a command failed, or the simulation was not\n"
	"exact; 2 for a wrong call or file; 130 after Ctrl-C.\n"
	"\n"
	"examples:\n"
	"  netsim run pair.yaml\n"
	"  netsim run delays_9x9_aws.txt -- sh -c 'ping -c 3 n$((({id} + 1) % {n}))'\n"
	"  netsim run --seed 7 --out /tmp/seven --json dumbbell.yaml\n";

struct extra {
	bool print;
};

static int handle(int val, void *arg)
{
	struct extra *extra = arg;

	(void)val;
	extra->print = true;
	return 0;
}

/* As sh reads it back; {id} and the like need no quotes for it. */
static void put_word(FILE *f, const char *word)
{
	const char *p = word;

	while (isalnum((unsigned char)*p) || (*p && strchr("-_./:,=+@%{}", *p)))
		p++;
	if (*word && !*p) {
		fputs(word, f);
		return;
	}
	fputc('\'', f);
	for (; *word; word++)
		fputs(*word == '\'' ? "'\\''" : (char []){ *word, 0 }, f);
	fputc('\'', f);
}

/* The words of argv as one command; a single word is a script already. */
static char *join(char **argv)
{
	size_t size;
	char *text;
	FILE *f;

	if (!argv[1])
		return strdup(argv[0]);
	f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	for (; *argv; argv++) {
		put_word(f, *argv);
		if (argv[1])
			fputc(' ', f);
	}
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

static void print_options(const struct ns_run *run)
{
	const struct ns_config *cfg = run->cfg;
	char stop[UNIT_TEXT] = "when all commands have ended";

	if (cfg->stop_ns != NS_NEVER)
		unit_format(&unit_time, cfg->stop_ns, stop);
	fprintf(stderr, "=> netsim %s: %u nodes, %u segments, seed %llu, stop %s\n", cfg->path,
		cfg->nr_nodes, cfg->nr_segments, (unsigned long long)cfg->seed, stop);
	if (run->boot.kernel_um)
		fprintf(stderr, "   kernel %s%s%s\n", run->boot.kernel_um,
			run->boot.stage_um ? ", stage " : "",
			run->boot.stage_um ? run->boot.stage_um : "");
	if (run->boot.kernel_x86_64)
		fprintf(stderr, "   kernel %s%s%s\n", run->boot.kernel_x86_64,
			run->boot.stage_x86_64 ? ", stage " : "",
			run->boot.stage_x86_64 ? run->boot.stage_x86_64 : "");
	fprintf(stderr, "   folder %s, snaplen %u, silence %u s\n", run->dir, run->opt->snaplen,
		run->boot.silence_s);
}

/* What each command wrote, under a line that says whose it is. */
static void print_outputs(const struct ns_run *run)
{
	char path[512], buf[4096];
	uint32_t i, c;
	size_t got;
	FILE *f;

	for (i = 0; i < run->cfg->nr_nodes; i++)
		for (c = 0; c < run->cfg->nodes[i].nr_commands; c++) {
			snprintf(path, sizeof(path), "%s/nodes/%s/%u.out", run->dir,
				 run->cfg->nodes[i].name, c);
			f = fopen(path, "re");
			if (!f)
				continue;
			printf("==> %s, command %u\n", run->cfg->nodes[i].name, c);
			while ((got = fread(buf, 1, sizeof(buf), f)) > 0)
				fwrite(buf, 1, got, stdout);
			fclose(f);
		}
}

static void print_result(const struct ns_run *run, const struct extra *extra)
{
	struct json_object *o;

	if (extra->print)
		print_outputs(run);
	if (run->opt->quiet && !run->opt->json)
		return;
	o = ns_summary_read(run->dir);
	if (!o)
		return;
	if (run->opt->json)
		printf("%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
							      JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		ns_summary_print(o, stdout);
	json_object_put(o);
}

static int simulate(const struct ns_config *cfg, const struct ns_run_options *opt,
		    const struct extra *extra)
{
	int status = EXIT_FAILURE;
	struct ns_run run;

	if (ns_run_open(&run, cfg, opt))
		goto out;
	if (!opt->quiet)
		print_options(&run);
	if (ns_run_go(&run))
		goto out;
	print_result(&run, extra);
	status = ns_run_status(&run);
out:
	ns_run_close(&run);
	return status;
}

int cmd_run(int argc, char **argv)
{
	static const struct option more[] = {
		{ "print", no_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	struct extra extra = { 0 };
	struct ns_run_options opt;
	struct ns_config cfg;
	const char *file;
	bool command;
	char *text;
	int status;

	status = ns_run_getopt(argc, argv, &opt, help, "p", more, handle, &extra);
	if (status)
		return status - 1;
	/* getopt() has put "--" between the options and the rest */
	command = optind && !strcmp(argv[optind - 1], "--");
	file = argv[optind++];
	if (!file) {
		fprintf(stderr, "netsim: run: which file? see netsim run --help\n");
		return NS_USAGE;
	}
	if (argv[optind] && !command) {
		fprintf(stderr, "netsim: run: \"%s\" after the file; a command goes after --\n",
			argv[optind]);
		return NS_USAGE;
	}
	if (ns_run_config(&cfg, file, &opt))
		return NS_USAGE;
	status = EXIT_SUCCESS;
	if (argv[optind]) {
		text = join(argv + optind);
		if (!text || ns_config_command(&cfg, text))
			status = EXIT_FAILURE;
		free(text);
	}
	if (!status)
		status = simulate(&cfg, &opt, &extra);
	ns_config_free(&cfg);
	return status;
}
