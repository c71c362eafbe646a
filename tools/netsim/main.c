// SPDX-License-Identifier: GPL-2.0-only
/* Command line of netsim: finds the subcommand. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cmd.h"

static const char help[] =
	"usage: netsim COMMAND [OPTIONS] ...\n"
	"\n"
	"Simulates a network of real kernels in virtual time: the same file and seed\n"
	"give the same packets at the same nanoseconds, on any host.\n"
	"\n"
	"  run FILE [-- COMMAND...]   simulate; FILE is YAML, or a latency matrix (.txt)\n"
	"  check FILE                 is the file right? -n N: does the run repeat?\n"
	"  diff RUN1 RUN2             the first packet in which two runs differ\n"
	"  report RUN...              table, CSV, JSON, figure of finished runs\n"
	"  shell FILE NODE            a prompt in a node; time passes while commands run\n"
	"  doctor                     what this host can do, and what is missing\n"
	"\n"
	"Each has --help. Nodes need no root, no image and no network of the host.\n"
	"\n"
	"examples:\n"
	"  netsim run delays_3x3.txt -- ping -c 3 n0\n"
	"  netsim check -n 3 dumbbell.yaml\n"
	"  netsim report --svg rates.svg runs/dumbbell-1\n"
	"\n"
	"From a source tree, scripts/netsim finds the kernels that scripts/kernel built.\n"
	"netsim(1) has the form of the file and of the folder that a run leaves.\n";

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "run", cmd_run },
	{ "check", cmd_check },
	{ "diff", cmd_diff },
	{ "report", cmd_report },
	{ "shell", cmd_shell },
	{ "doctor", cmd_doctor },
};

/* Files of 64 nodes: captures, outputs, sockets of backends. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		fputs(help, stdout);
		return EXIT_SUCCESS;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("netsim %s\n", NS_VERSION);
		return EXIT_SUCCESS;
	}
	if (sodium_init() < 0) {
		fprintf(stderr, "netsim: libsodium does not start; reinstall it\n");
		return EXIT_FAILURE;
	}
	raise_limit();
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "netsim: unknown command \"%s\"; see netsim --help\n", argv[1]);
	return NS_USAGE;
}
