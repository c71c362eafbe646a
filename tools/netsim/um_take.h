/* SPDX-License-Identifier: GPL-2.0-only */
/* What a user-mode node left in its out[], which its guest may have made up. */
#ifndef NETSIM_UM_TAKE_H
#define NETSIM_UM_TAKE_H

#include "um_proto.h"

/*
 * Calls take() for each record of `bytes` at `out`, until one is impossible: then
 * returns why, as a sentence about the node, else NULL. Times are in [now, until)
 * and in order, lengths within the memory, devices exist. The head that take()
 * gets is a copy; the bytes are still in the shared memory.
 */
const char *um_take(const unsigned char *out, uint32_t bytes, uint64_t now, uint64_t until,
		    uint32_t nr_nics,
		    void (*take)(void *arg, const struct um_record *r, const unsigned char *p),
		    void *arg);

#endif
