// SPDX-License-Identifier: GPL-2.0-only
/* Command line of antelope: finds the verb. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

static const struct verb {
	const char *name;
	const char *help;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{ "run", "choose, until stopped; the daemon", cmd_run },
	{ "status", "what the daemon does", cmd_status },
	{ "top", "the busiest flows", cmd_top },
	{ "explain", "why a flow has its congestion control", cmd_explain },
	{ "set", "give a flow another, for a time", cmd_set },
	{ "priors", "what is known of destinations", cmd_priors },
	{ "reload", "read settings and model again", cmd_reload },
	{ "export", "the records of a log as text, or what a model is", cmd_export },
	{ "train", "learn a model from logs", cmd_train },
	{ "replay", "what a model would have done with a log", cmd_replay },
	{ 0 }
};

static void print_help(FILE *to)
{
	const struct verb *v;

	fputs("usage: antelope VERB [OPTIONS] ...\n"
	      "\n"
	      "Finds the right congestion control for every TCP flow, while it runs.\n"
	      "\n", to);
	for (v = verbs; v->name; v++)
		fprintf(to, "  %-10s%s\n", v->name, v->help);
	fputs("\n"
	      "Each has --help. antelope(8) has the whole story.\n"
	      "\n"
	      "examples:\n"
	      "  antelope run --cgroup /sys/fs/cgroup --model /usr/share/antelope/default.json\n"
	      "  antelope status\n"
	      "  antelope train windows.log -o my.model\n", to);
}

int main(int argc, char **argv)
{
	const struct verb *v;

	if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		print_help(stdout);
		return EXIT_SUCCESS;
	}
	for (v = verbs; v->name; v++)
		if (!strcmp(argv[1], v->name))
			return v->run(argc - 1, argv + 1);
	fprintf(stderr, "antelope: unknown verb \"%.40s\"; see antelope --help\n", argv[1]);
	return ANTELOPE_USAGE;
}
