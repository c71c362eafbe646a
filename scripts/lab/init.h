/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PID 1 of a lab guest: init.c runs and relays the command, root.c builds what
 * it sees.
 */
#ifndef NETSTEER_LAB_INIT_H
#define NETSTEER_LAB_INIT_H

#include "proto.h"

/* Any folder that surely exists on the host's root. */
#define SCRATCH		"/tmp"
#define MAX_ARGS	4096
#define MAX_SHARES	64

/* What to run and how. Filled once by init.c, constant afterwards. */
struct command {
	char *text;		/* the whole file; everything below points into it */
	char *argv[MAX_ARGS + 1];
	char *env[MAX_ARGS + 1];
	char *shares[MAX_SHARES];
	unsigned int nr_args, nr_env, nr_shares;
	const char *cwd, *fs, *channel, *stage, *input, *tty, *virtual_time;
};

extern struct command cmd;

void say(const char *fmt, ...);

int build_root(void);
void release_shares(void);

#endif
