/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The process of a node, whatever runs in it: a start with nothing inherited
 * but what is meant to be, the end. Both backends use it
 * (um_spawn.c, qemu_spawn.c), each with a sandbox and descriptors of its own.
 */
#ifndef NETSIM_PROCESS_H
#define NETSIM_PROCESS_H

#include <sys/types.h>

#include "loop.h"
#include "sandbox.h"

/*
 * Run `a` in a session of its own, with default signals and no core dump, and empty
 * `a`. place(ctx) runs in the child and puts descriptors where the program wants
 * them, below 0 to give up. 0 or -errno; *pid is 0 after an error.
 */
int ns_process_spawn(struct args *a, int (*place)(void *ctx), void *ctx, pid_t *pid);
/* The source becomes ready when the process has ended. 0 or -errno. */
int ns_process_watch(struct ns_source *exit, pid_t pid);
/* Kill and reap it, if it is there: pid above 0. */
void ns_process_kill(pid_t pid);

#endif
