/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the parts that start a guest: machine.c, command.c, guest.c. */
#ifndef NETSTEER_LAB_MACHINE_H
#define NETSTEER_LAB_MACHINE_H

#include "args.h"
#include "lab.h"

/* Descriptors of the guest's process. */
#define FD_CHANNEL_IN	10
#define FD_CHANNEL_OUT	11
#define FD_CONSOLE	12
#define FD_COMMAND	13
#define FD_STDIN	14
#define FD_HIGH		64	/* ours stay above, out of the way of dup2() */

struct arch {
	const char *name;
	const char *fs, *channel;
	unsigned long mem_mib;
	bool smp, channel_is_socket, slow_input;
	void (*machine)(struct args *a, const struct options *o);
};

/* The sandbox and the machine in it. */
void machine_args(struct args *a, const struct options *o, const struct guest *g,
		  const char *cwd);
/* GUEST_COMMAND, in memory. Returns its descriptor or -errno. */
int command_write(const struct guest *g, const struct options *o, const char *cwd);

#endif
