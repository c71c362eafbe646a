/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PID 1 of a lab guest: init.c is its life, root.c builds what the command sees,
 * relay.c runs it and relays between it and the host.
 */
#ifndef NETSTEER_LAB_INIT_H
#define NETSTEER_LAB_INIT_H

#include "pid1.h"
#include "proto.h"

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

/* root.c */
int build_root(void);
void release_shares(void);

/* relay.c, in this order; 0 or -errno. */
int keep_input(void);
int open_channel(void);
int block_signals(void);
int start_command(void);
int serve(void);

#endif
