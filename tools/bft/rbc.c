// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bracha's reliable broadcast (G. Bracha, "Asynchronous Byzantine agreement
 * protocols", Information and Computation 75, 1987), for n nodes of which up to
 * f = floor((n - 1) / 3) do whatever they like.
 *
 *   origin       sends INITIAL(v) to all
 *   every node   sends ECHO(v)  on the first INITIAL(v) from the origin itself
 *                sends READY(v) on ceil((n + f + 1) / 2) ECHO(v),
 *                                 or on f + 1 READY(v)
 *                delivers v     on 2f + 1 READY(v)
 *
 * Two sets of ceil((n + f + 1) / 2) nodes share a correct one, so no two correct
 * nodes send READY for different values of their own accord; f + 1 READYs hold
 * one of a correct node, and so do not start a lie; 2f + 1 hold f + 1 correct
 * ones, whose READYs make all others send theirs. Hence, if at most f are
 * faulty:
 *
 *   validity    what a correct origin broadcasts, all correct nodes deliver
 *   integrity   once for each key, and of a correct origin only what it sent
 *   agreement   no two correct nodes deliver different values of a key
 *   totality    if one correct node delivers a key, all do
 *
 * A key is (origin, sequence number). Its slot has these flags, each set once
 * and in any order but for the last, which needs the second:
 *
 *   ECHOED      ECHO is sent     legal next: READIED, DELIVERED
 *   READIED     READY is sent    legal next: ECHOED, DELIVERED
 *   DELIVERED   with READIED     legal next: ECHOED; tallies are gone
 *
 * Of each peer the first ECHO and the first READY of a key count, no matter what
 * they say: a correct one sends no second. So a slot's tallies are one value for
 * each peer and kind, which bounds them whatever is sent. After delivery nothing
 * but the ECHO can still be due, so tallies are freed then.
 *
 * A node is one of its own peers: it counts its own INITIAL, ECHO and READY.
 */
#include <errno.h>
#include <stdlib.h>

#include "rbc.h"

enum { ECHOED = 1, READIED = 2, DELIVERED = 4 };

struct rbc_slot {
	uint64_t value;		/* once DELIVERED */
	uint64_t *tally;	/* ECHOs of all nodes, READYs of all nodes */
	uint8_t *heard;		/* of each node: ECHOED, READIED; behind the tally */
	uint8_t flags;
};

static void receive(struct rbc *r, unsigned int from, const struct rbc_msg *m,
		    struct rbc_slot *s);

/*
 * The published thresholds: f is a third rounded down, which for n = 3f is more
 * than any protocol can tolerate, and echoes are rounded down too.
 */
void rbc_quorum(struct rbc_quorum *q, unsigned int nodes, bool compat)
{
	unsigned int f = compat ? nodes / 3 : (nodes - 1) / 3;

	q->faulty = f;
	q->echoes = compat ? (nodes + f) / 2 : (nodes + f + 2) / 2;
	q->readies = f + 1;
	q->deliver = 2 * f + 1;
}

static size_t tally_bytes(unsigned int nodes)
{
	return nodes * (2 * sizeof(uint64_t) + sizeof(uint8_t));
}

uint64_t rbc_worst_bytes(unsigned int nodes, unsigned int messages)
{
	return (uint64_t)nodes * messages * (sizeof(struct rbc_slot) + tally_bytes(nodes));
}

int rbc_init(struct rbc *r, unsigned int nodes, unsigned int self,
	     unsigned int messages, bool compat, const struct rbc_ops *ops, void *ctx)
{
	if (!nodes || nodes > RBC_MAX_NODES || self >= nodes ||
	    !messages || messages > RBC_MAX_MESSAGES)
		return -EINVAL;
	*r = (struct rbc) {
		.nodes = nodes, .self = self, .messages = messages, .ops = ops, .ctx = ctx,
	};
	rbc_quorum(&r->quorum, nodes, compat);
	r->slot = calloc((size_t)nodes * messages, sizeof(*r->slot));
	return r->slot ? 0 : -ENOMEM;
}

void rbc_free(struct rbc *r)
{
	size_t i;

	if (!r->slot)
		return;
	for (i = 0; i < (size_t)r->nodes * r->messages; i++)
		free(r->slot[i].tally);
	free(r->slot);
	r->slot = NULL;
}

static struct rbc_slot *slot_of(const struct rbc *r, unsigned int origin, uint32_t seq)
{
	if (origin >= r->nodes || !seq || seq > r->messages)
		return NULL;
	return &r->slot[(size_t)origin * r->messages + seq - 1];
}

bool rbc_delivered(const struct rbc *r, unsigned int origin, uint32_t seq, uint64_t *value)
{
	const struct rbc_slot *s = slot_of(r, origin, seq);

	if (!s || !(s->flags & DELIVERED))
		return false;
	*value = s->value;
	return true;
}

/* Send it to the others, and take it as a peer would. */
static void say(struct rbc *r, enum rbc_type type, const struct rbc_msg *about,
		struct rbc_slot *s)
{
	struct rbc_msg m = *about;

	m.type = type;
	r->ops->send(r->ctx, &m);
	receive(r, r->self, &m, s);
}

static void ready(struct rbc *r, const struct rbc_msg *m, struct rbc_slot *s)
{
	if (s->flags & READIED)
		return;
	s->flags |= READIED;
	say(r, RBC_READY, m, s);
}

static void deliver(struct rbc *r, const struct rbc_msg *m, struct rbc_slot *s)
{
	s->flags |= DELIVERED;
	s->value = m->value;
	free(s->tally);
	s->tally = NULL;
	r->ops->deliver(r->ctx, m);
}

/* Note what a peer says; returns how many have said the same. */
static unsigned int count(struct rbc *r, unsigned int from, const struct rbc_msg *m,
			  struct rbc_slot *s)
{
	uint8_t kind = m->type == RBC_ECHO ? ECHOED : READIED;
	unsigned int i, same = 0;
	uint64_t *tally;

	if (!s->tally) {
		s->tally = calloc(1, tally_bytes(r->nodes));
		if (!s->tally) {
			r->err = -ENOMEM;
			return 0;
		}
		s->heard = (uint8_t *)(s->tally + 2 * r->nodes);
	}
	tally = s->tally + (m->type == RBC_ECHO ? 0 : r->nodes);
	tally[from] = m->value;
	s->heard[from] |= kind;
	for (i = 0; i < r->nodes; i++)
		same += (s->heard[i] & kind) && tally[i] == m->value;
	return same;
}

/* The transition function: what m, which is new, leads to. */
static void receive(struct rbc *r, unsigned int from, const struct rbc_msg *m,
		    struct rbc_slot *s)
{
	const struct rbc_quorum *q = &r->quorum;
	unsigned int same;

	if (m->type == RBC_INITIAL) {
		s->flags |= ECHOED;
		say(r, RBC_ECHO, m, s);
		return;
	}
	if (s->flags & DELIVERED)
		return;
	same = count(r, from, m, s);
	if (m->type == RBC_ECHO) {
		if (same >= q->echoes)
			ready(r, m, s);
		return;
	}
	if (same >= q->readies)
		ready(r, m, s);
	/* The own READY may have been the last that was missing. */
	if (same >= q->deliver && !(s->flags & DELIVERED))
		deliver(r, m, s);
}

static bool heard(const struct rbc_slot *s, unsigned int from, enum rbc_type type)
{
	if (type == RBC_INITIAL)
		return s->flags & ECHOED;
	return s->tally && s->heard[from] & (type == RBC_ECHO ? ECHOED : READIED);
}

/* Any message of a peer, which may be hostile, but is the one it says it is. */
enum rbc_verdict rbc_receive(struct rbc *r, unsigned int from, const struct rbc_msg *m)
{
	struct rbc_slot *s = slot_of(r, m->origin, m->seq);

	if (!s || from >= r->nodes || from == r->self || m->type > RBC_READY)
		return RBC_UNKNOWN;
	if (m->type == RBC_INITIAL && from != m->origin)
		return RBC_FORGED;
	if (heard(s, from, m->type))
		return RBC_DUPLICATE;
	receive(r, from, m, s);
	return RBC_TAKEN;
}

/* Broadcast the own next message. */
int rbc_broadcast(struct rbc *r, uint64_t value)
{
	struct rbc_msg m = { .origin = r->self, .value = value };

	if (r->sent == r->messages)
		return -ENOSPC;
	m.seq = ++r->sent;
	say(r, RBC_INITIAL, &m, slot_of(r, m.origin, m.seq));
	return 0;
}
