/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the simulator (um.c) and what is preloaded into a user-mode kernel
 * (um_shim.c): a socket for turns, memory for what goes with them.
 *
 *	shim: BLOCKED(want)	everything before `until` is done; `bytes` of out[]
 *				hold what the node sent, the node wants to go on at
 *				`want`. The first one: it has booted, until = 0
 *	sim:  GRANT(until)	`bytes` of in[] hold what arrives before `until`
 *	shim: FLUSH		out[] is full; as BLOCKED, but within the window
 *	sim:  FLUSHED
 *
 * Whose turn it is owns the memory. Records are in order of time. The simulator
 * copies or checks whatever it takes from there: the guest may write it at any time.
 */
#ifndef NETSIM_UM_PROTO_H
#define NETSIM_UM_PROTO_H

#include <stddef.h>
#include <stdint.h>

#include "config.h"

/* Descriptors and folder of the node's process. */
#define UM_DIR		"/tmp/netsim"
#define UM_CONSOLE_FD	12
#define UM_CHANNEL_FD	13
#define UM_MEMORY_FD	14

/* Sparse: only what a window needs is ever touched. */
#define UM_IN_BYTES	(64u << 20)
#define UM_OUT_BYTES	(16u << 20)

enum um_op { UM_BLOCKED = 1, UM_GRANT, UM_FLUSH, UM_FLUSHED };

struct um_message {
	uint32_t op, bytes;
	uint64_t time;
};

enum um_kind {
	UM_FRAME = 1,		/* of interface `dev` */
	UM_CONTROL,		/* bytes from or to PID 1 */
	UM_UNDELIVERED,		/* from the shim: `size` bytes for `dev` that could not be */
};

/* `len` bytes follow, then nothing up to a multiple of 8. */
struct um_record {
	uint64_t time;
	uint32_t len, size;
	uint16_t kind, dev;
	uint32_t reserved;
};

struct um_memory {
	union {
		struct {
			/* constant */
			uint64_t seed, epoch_ns;
			uint32_t nr_nics;
			uint8_t macs[NS_NICS_MAX][8];
			/* set by the shim: its kernel has begun to boot */
			uint32_t booted;
		};
		char head[4096];
	};
	unsigned char in[UM_IN_BYTES];
	unsigned char out[UM_OUT_BYTES];
};

static inline size_t um_record_bytes(uint32_t len)
{
	return sizeof(struct um_record) + (((size_t)len + 7) & ~(size_t)7);
}

#endif
