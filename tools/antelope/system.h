/* SPDX-License-Identifier: GPL-2.0-only */
/* What the system must have, and what of it is changed while the daemon runs. */
#ifndef ANTELOPE_SYSTEM_H
#define ANTELOPE_SYSTEM_H

#include <stdbool.h>

#include "config.h"

/* Capabilities and BTF. 0, or -errno with the error printed. */
int system_check(void);
/* Load the modules of the CCs; those that cannot be had are taken out, aloud. */
int system_load_ccs(struct config *c);

enum system_switch { SYSTEM_ACK_WINDOW, SYSTEM_HANDOFF, SYSTEM_SWITCHES };

/*
 * Sysctls of a patched kernel, of the network namespace that we are in. What they
 * were is noted in a file, so that the run after one that was killed restores it.
 */
struct system_switches {
	bool there[SYSTEM_SWITCHES];	/* the kernel has it, and it is on now */
	int before[SYSTEM_SWITCHES];	/* -1: not changed */
	char note[4128];
};

/* Never fails: without them antelope runs as on an unpatched kernel. */
void system_switch_on(struct system_switches *s, const char *control);
void system_switch_back(struct system_switches *s);

#endif
