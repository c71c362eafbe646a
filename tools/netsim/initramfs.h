/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NETSIM_INITRAMFS_H
#define NETSIM_INITRAMFS_H

#include "backend.h"

/*
 * The root file system of a node without the host's files, in memory. Returns a
 * descriptor at whose path (/proc/self/fd/N) another process can map it, or
 * -errno after an error that names node and program was printed.
 */
int ns_initramfs(const struct ns_vm *vm);

#endif
