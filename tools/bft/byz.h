/* SPDX-License-Identifier: GPL-2.0-only */
/* Nodes that do not keep to the protocol; see byz.c. */
#ifndef BFT_BYZ_H
#define BFT_BYZ_H

#include "rbc.h"

struct byz;
typedef void (*byz_emit)(void *ctx, unsigned int dest, const struct rbc_msg *m);

struct byz_mode {
	const char *name;
	const char *what;
	/* The honest part wants dest to get m: what it gets instead. */
	void (*act)(struct byz *b, unsigned int dest, const struct rbc_msg *m);
};

struct byz {
	const struct byz_mode *mode;
	unsigned int nodes;
	unsigned int self;
	uint64_t seed;			/* those that conspire share it */
	uint64_t drawn;			/* random numbers so far */
	struct rbc_msg old;		/* replay: a former message */
	byz_emit emit;
	void *ctx;
};

/* The type of a message that no decoder takes: bytes without sense. */
#define BYZ_GARBAGE	((enum rbc_type)15)
/* Set in the value that is told to some of the others instead of the true one. */
#define BYZ_LIE		0x100000000ull

extern const struct byz_mode byz_modes[];

const struct byz_mode *byz_find(const char *name);
void byz_send(struct byz *b, const struct rbc_msg *m);

#endif
