/* SPDX-License-Identifier: GPL-2.0-only */
/* The subcommands. Each gets its own name as argv[0] and returns an exit status. */
#ifndef NETSIM_CMD_H
#define NETSIM_CMD_H

#include <getopt.h>

#include "run.h"

#define NS_USAGE	2	/* exit status of a wrong call or a bad file */

int cmd_run(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_shell(int argc, char **argv);
int cmd_doctor(int argc, char **argv);

/* What run, check and shell have in common: options.c. */
#define NS_RUN_OPTIONS \
	"  --out DIR             folder of the run; default: runs/NAME-N\n" \
	"  --seed N              instead of the file's\n" \
	"  --stop TIME           end here at the latest, such as 30s\n" \
	"  --snaplen N           bytes of each frame in captures; 0: no captures; default 256\n" \
	"  --silence SECONDS     a node without a sign of life is hung; wall time, default 60\n" \
	"  --kernel FILE         user-mode kernel\n" \
	"  --kernel-x86_64 FILE  kernel for QEMU\n" \
	"  --stage DIR           what nodes see above the host's files; --stage-x86_64 too\n" \
	"  --lib DIR             folder with init\n" \
	"  --schedule HOW        windows (default), or published: one node at a time, in\n" \
	"                        slices, frames timed by the host; to compare with\n" \
	"  --json                the summary as JSON\n" \
	"  -q, --quiet           only errors\n" \
	"  -h, --help            this text\n"

/*
 * Parse all of them. `more` handles what is not among them: val of its getopt
 * option. 0: go on with argv[optind]; else the exit status + 1 (--help: 1).
 */
int ns_run_getopt(int argc, char **argv, struct ns_run_options *opt, const char *help,
		  const char *short_more, const struct option *more,
		  int (*handle)(int val, void *arg), void *arg);
/* File and options in one: loads, applies --seed and --stop. */
int ns_run_config(struct ns_config *cfg, const char *file, const struct ns_run_options *opt);

#endif
