/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside of a user-mode kernel's process: um_shim.c has time, um_shim_dev.c devices. */
#ifndef NETSIM_UM_SHIM_H
#define NETSIM_UM_SHIM_H

#include <stdbool.h>
#include <stdnoreturn.h>
#include <sys/socket.h>

#include "um_proto.h"

#define NS_ATTR(a)		__attribute__((a))
#define NS_PRINTF(f, a)		NS_ATTR(format(printf, f, a))

/* The node cannot go on: the process ends, its console says why. */
noreturn NS_PRINTF(1, 2) void shim_die(const char *fmt, ...);

/* What happens now: at this virtual time. */
uint64_t shim_now(void);
/* Append a record to out[]; returns where its bytes go. */
unsigned char *shim_out(enum um_kind kind, unsigned int dev, uint32_t len, uint32_t size);

/*
 * The kernel connects a socket to UM_DIR/dev/NAME: from now on descriptor `fd` is
 * device NAME. 0 or -errno.
 */
int shim_dev_connect(int fd, const char *name, const struct um_memory *memory);
/* Whether it is a device, and then what the kernel sends to it. */
bool shim_dev_owns(int fd);
ssize_t shim_dev_send(int fd, const struct msghdr *msg);
/* Put what arrives into the guest's memory. Interrupts follow by shim_dev_interrupt(). */
void shim_dev_deliver(const struct um_record *record, const void *bytes);
void shim_dev_interrupt(void);

#endif
