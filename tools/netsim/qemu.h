/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A node that is a QEMU: its process (qemu_spawn.c), its clock and devices, which
 * qemu_shim.c in that process stands before (qemu.c).
 */
#ifndef NETSIM_QEMU_H
#define NETSIM_QEMU_H

#include <sys/types.h>

#include "backend.h"
#include "loop.h"
#include "qemu_proto.h"
#include "sim.h"

/* A message to the shim that waits; the bytes are the simulator's. */
struct qemu_out {
	struct qs_msg m;
	const void *p;
};

struct qemu {
	struct ns_vm *vm;
	struct ns_source sock, errors, exit;
	pid_t pid;
	bool spoke, running, dead;
	bool waits;		/* for room in the socket */
	uint64_t until, last;	/* end of the window; time of the last message */
	uint64_t slow;		/* windows that ended late */
	struct qemu_out *out;
	size_t out_nr, out_size, out_at;
	char line[160];		/* of the console, to see a panic */
	size_t line_len;
	char panic[160];
};

/*
 * Whether a message may come now: its kind, size and time. NULL, or what is
 * wrong. It is the whole of what is trusted in a datagram of n bytes.
 */
const char *qs_check(const struct qemu *q, const struct qs_msg *m, size_t n);

/* qemu_elf.c: the program, and why this host cannot run it, or NULL. */
const char *qemu_program(void);
const char *qemu_missing(const struct ns_boot *boot);
#define QEMU_PAUSES	8
/* Where in physical memory the kernel has PAUSEs that cost much; returns how many. */
unsigned int qemu_pauses(const char *kernel, uint64_t addresses[QEMU_PAUSES]);

/* qemu_spawn.c. sock: the shim's end; errors: for what QEMU says. 0 or -errno. */
int qemu_spawn(struct qemu *q, int sock, int errors, int initramfs);

#endif
