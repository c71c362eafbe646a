/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The process of a node, whatever runs in it: an argument list, a start with
 * nothing inherited but what is meant to be, the end. Both backends use it
 * (um_spawn.c, qemu_spawn.c), each with a sandbox and descriptors of its own.
 */
#ifndef NETSIM_PROCESS_H
#define NETSIM_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "loop.h"

#define NS_ARGS_MAX	160
#define NS_ATTR(a)	__attribute__((a))

/* Begins as { 0 }; failed: there were too many, or no memory. */
struct ns_args {
	char *v[NS_ARGS_MAX + 1];
	unsigned int n;
	bool failed;
};

void ns_arg(struct ns_args *a, const char *fmt, ...) NS_ATTR(format(printf, 2, 3));
/* list ends in NULL. */
void ns_arg_list(struct ns_args *a, const char *const *list);
/* An option and its value. */
void ns_arg_option(struct ns_args *a, const char *name, const char *fmt, ...)
	NS_ATTR(format(printf, 3, 4));
/* bubblewrap shows the sandbox `from`, read-only, at `to`. */
void ns_arg_bind(struct ns_args *a, const char *from, const char *to);

/* Why no node can be put in a sandbox here, or NULL. */
const char *ns_process_missing(void);
/*
 * Run `a` in a session of its own, with default signals and no core dump, and empty
 * `a`. place(ctx) runs in the child and puts descriptors where the program wants
 * them, below 0 to give up. 0 or -errno; *pid is 0 after an error.
 */
int ns_process_spawn(struct ns_args *a, int (*place)(void *ctx), void *ctx, pid_t *pid);
/* The source becomes ready when the process has ended. 0 or -errno. */
int ns_process_watch(struct ns_source *exit, pid_t pid);
/* Kill and reap it, if it is there: pid above 0. */
void ns_process_kill(pid_t pid);

#endif
