/* SPDX-License-Identifier: GPL-2.0-only */
/* A node that is a user-mode kernel, the simulator's side: um.c, um_spawn.c. */
#ifndef NETSIM_UM_H
#define NETSIM_UM_H

#include <sys/types.h>

#include "backend.h"
#include "loop.h"
#include "sim.h"
#include "um_proto.h"

struct um {
	struct ns_vm *vm;
	bool spoke, dead;	/* has booted; has ended */
	uint32_t in_bytes;	/* of the window that is being filled */
	struct um_memory *memory;
	int memory_fd;
	struct ns_source channel, console, exit;
	pid_t pid;
};

/* Start the process with its ends of console and channel. 0 or -errno. */
int um_spawn(struct um *um, int console, int channel);

#endif
