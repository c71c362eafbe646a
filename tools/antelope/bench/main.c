// SPDX-License-Identifier: GPL-2.0-only
/*
 * pathload: traffic for scripts/bench-antelope, and what a sender sees of it.
 *
 * Built for virtual time, where only the guest's computing costs: one process
 * sends all flows, one takes them, and what is received is thrown away in the
 * kernel.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "pathload.h"

static const struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{ "recv", cmd_recv },
	{ "send", cmd_send },
	{ "play", cmd_play },
};

static const char usage[] =
	"usage: pathload recv PORT\n"
	"       pathload send [--sample MS] ADDRESS PORT LANE...\n"
	"       pathload play FILE\n"
	"\n"
	"recv takes connections, and what comes, until it is killed.\n"
	"\n"
	"send keeps each lane busy with one connection after the other. A lane is\n"
	"\"CC[,key=value]...\": CC a congestion control, \"-\" what the system gives, or\n"
	"\"bandit\", which chooses as bpftune does. \"A/B\": connections have them in turn.\n"
	"\n"
	"  start=S    when it begins (default 0)\n"
	"  flows=N    connections, one after the other (default 1)\n"
	"  each=S     how long each lasts (default 10)\n"
	"  gap=S      between two (default 1)\n"
	"\n"
	"Prints a line of JSON for each connection, and one for all. TCP_INFO is looked at\n"
	"each MS milliseconds (default 10).\n"
	"\n"
	"play prints the lines of FILE, \"MS TEXT\", each MS milliseconds after the start.\n"
	"\n"
	"examples:\n"
	"  pathload recv 5000 &\n"
	"  pathload send 10.0.2.2 5000 bbr,flows=3,each=5 cubic,start=2\n"
	"  pathload play rates | tc -batch -\n";

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

int fail(const char *what)
{
	fprintf(stderr, "pathload: %s: %s\n", what, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(usage, stdout);
		return 0;
	}
	for (i = 0; argc > 1 && i < sizeof(verbs) / sizeof(*verbs); i++)
		if (!strcmp(argv[1], verbs[i].name))
			return verbs[i].run(argc - 1, argv + 1);
	fputs(usage, stderr);
	return 2;
}
