/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sandbox that a guest's process runs in, as arguments of bubblewrap: namespaces
 * of its own, the host's root bound read-only, /tmp, /run, /dev and /proc private,
 * a small environment. It dies with its parent and takes along all that runs in it.
 *
 * In order: sandbox_begin(), what more it needs, sandbox_run(), the program.
 */
#ifndef NETSTEER_SANDBOX_H
#define NETSTEER_SANDBOX_H

#include "args.h"

/* What is left of the caller's powers. */
enum sandbox_caps {
	SANDBOX_NO_CAPS,
	SANDBOX_FILE_CAPS,	/* file permissions as root has them, no more, for good */
};

void sandbox_begin(struct args *a, enum sandbox_caps caps);
/* Show `from`, read-only, at `to`. */
void sandbox_show(struct args *a, const char *from, const char *to);
void sandbox_run(struct args *a, enum sandbox_caps caps);
/* What has to be done before there can be one here, or NULL. */
const char *sandbox_missing(void);

#endif
