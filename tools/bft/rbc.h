/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bracha's reliable broadcast as a state machine: messages in, messages and
 * deliveries out. It knows no sockets, clocks or randomness; rbc.c tells how
 * it works.
 */
#ifndef BFT_RBC_H
#define BFT_RBC_H

#include <stdbool.h>
#include <stdint.h>

#define RBC_MAX_NODES		256u
#define RBC_MAX_MESSAGES	1000000u

enum rbc_type { RBC_INITIAL, RBC_ECHO, RBC_READY };

/* What is broadcast, and said about it. (origin, seq) is the key. */
struct rbc_msg {
	enum rbc_type type;
	uint16_t origin;
	uint32_t seq;			/* from 1 */
	uint64_t value;
};

/* How many peers it takes. */
struct rbc_quorum {
	unsigned int faulty;		/* f, that are tolerated */
	unsigned int echoes;		/* ECHOs before READY */
	unsigned int readies;		/* READYs before READY */
	unsigned int deliver;		/* READYs before delivery */
};

/* Why rbc_receive() takes no notice of a message; 0: it did. */
enum rbc_verdict {
	RBC_TAKEN,
	RBC_DUPLICATE,		/* this peer has said so, or otherwise, before */
	RBC_FORGED,		/* INITIAL that is not from its origin */
	RBC_UNKNOWN,		/* no such node, sequence number or type */
	RBC_NR_VERDICTS
};

struct rbc_ops {
	/* To every other node; it counts here by itself. */
	void (*send)(void *ctx, const struct rbc_msg *m);
	/* Once for each key; must not call rbc_broadcast(). */
	void (*deliver)(void *ctx, const struct rbc_msg *m);
};

struct rbc_slot;

struct rbc {
	/* constant */
	unsigned int nodes;
	unsigned int self;
	unsigned int messages;		/* of each origin */
	struct rbc_quorum quorum;
	const struct rbc_ops *ops;
	void *ctx;
	/* changes with each message */
	struct rbc_slot *slot;		/* of each key */
	uint32_t sent;			/* sequence number of the own last one */
	int err;			/* -ENOMEM: some message was not counted */
};

void rbc_quorum(struct rbc_quorum *q, unsigned int nodes, bool compat);
int rbc_init(struct rbc *r, unsigned int nodes, unsigned int self,
	     unsigned int messages, bool compat, const struct rbc_ops *ops, void *ctx);
void rbc_free(struct rbc *r);
int rbc_broadcast(struct rbc *r, uint64_t value);
enum rbc_verdict rbc_receive(struct rbc *r, unsigned int from, const struct rbc_msg *m);
bool rbc_delivered(const struct rbc *r, unsigned int origin, uint32_t seq, uint64_t *value);

/* The most that a run can take, whatever the peers send. */
uint64_t rbc_worst_bytes(unsigned int nodes, unsigned int messages);

#endif
