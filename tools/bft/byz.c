// SPDX-License-Identifier: GPL-2.0-only
/*
 * Byzantine behaviour, as a filter between a node's honest state machine and
 * its links: for each message that the honest part would send to all, a mode
 * decides what each of the others gets. So a faulty node follows the run, and
 * lies where it hurts. Those of the same mode and seed conspire: what they tell
 * a node depends on (seed, origin, sequence, node) alone.
 *
 *   silent      holds its links, says nothing
 *   equivocate  two values for each key, each to about half of the nodes, and at
 *               once with the ECHO also READY for what that node was told
 *   selective   as equivocate, but READY to a single node, so that it delivers
 *               early and the others do not if they need more
 *   forge       honest, and INITIALs in the name of the next node, and ECHOs and
 *               READYs of values that nobody broadcast
 *   replay      honest, and everything twice, and something old again
 *   chaos       drops, changes, doubles and reorders kinds, by dice
 *   garbage     bytes without sense between honest messages
 */
#include <stddef.h>
#include <string.h>

#include "byz.h"

/* Sebastiano Vigna's splitmix64, as a hash. */
static uint64_t mix(uint64_t z)
{
	z += 0x9e3779b97f4a7c15ull;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static uint64_t key_hash(const struct byz *b, const struct rbc_msg *m)
{
	return mix(mix(b->seed) ^ ((uint64_t)m->origin << 32 | m->seq));
}

static unsigned int dice(struct byz *b, unsigned int sides)
{
	return mix(mix(b->seed ^ (uint64_t)b->self << 48) ^ b->drawn++) % sides;
}

static void emit(struct byz *b, unsigned int dest, const struct rbc_msg *m,
		 enum rbc_type type, uint64_t value)
{
	struct rbc_msg out = *m;

	out.type = type;
	out.value = value;
	b->emit(b->ctx, dest, &out);
}

/* What a node is told: neighbours differ, so that few nodes split evenly too. */
static uint64_t told(const struct byz *b, unsigned int dest, const struct rbc_msg *m)
{
	uint64_t h = key_hash(b, m);
	bool lie = h % 4 ? (dest ^ h >> 8) & 1 : mix(h + dest) & 1;

	return (m->value & ~BYZ_LIE) | (lie ? BYZ_LIE : 0);
}

static void silent(struct byz *b, unsigned int dest, const struct rbc_msg *m)
{
	(void)b;
	(void)dest;
	(void)m;
}

static void equivocate(struct byz *b, unsigned int dest, const struct rbc_msg *m)
{
	uint64_t value = told(b, dest, m);

	if (m->type == RBC_READY)
		return;
	emit(b, dest, m, m->type, value);
	if (m->type == RBC_ECHO)
		emit(b, dest, m, RBC_READY, value);
}

static void selective(struct byz *b, unsigned int dest, const struct rbc_msg *m)
{
	uint64_t value = told(b, dest, m);

	if (m->type == RBC_READY)
		return;
	emit(b, dest, m, m->type, value);
	if (m->type == RBC_ECHO && dest == key_hash(b, m) / 16 % b->nodes)
		emit(b, dest, m, RBC_READY, value);
}

static void forge(struct byz *b, unsigned int dest, const struct rbc_msg *m)
{
	struct rbc_msg other = *m;

	emit(b, dest, m, m->type, m->value);
	other.origin = (other.origin + 1) % b->nodes;
	other.value = m->value - m->origin + other.origin;
	emit(b, dest, &other, RBC_INITIAL, other.value | BYZ_LIE);
	emit(b, dest, &other, RBC_ECHO, other.value | BYZ_LIE);
	emit(b, dest, &other, RBC_READY, other.value | BYZ_LIE);
}

static void replay(struct byz *b, unsigned int dest, const struct rbc_msg *m)
{
	emit(b, dest, m, m->type, m->value);
	emit(b, dest, m, m->type, m->value);
	if (b->old.seq)
		emit(b, dest, &b->old, b->old.type, b->old.value);
	if (!dice(b, 8))
		b->old = *m;
}

static void chaos(struct byz *b, unsigned int dest, const struct rbc_msg *m)
{
	unsigned int i, n = dice(b, 4);

	for (i = 0; i < n; i++)
		emit(b, dest, m, dice(b, 2) ? m->type : (enum rbc_type)dice(b, 3),
		     dice(b, 2) ? m->value : m->value ^ BYZ_LIE);
}

static void garbage(struct byz *b, unsigned int dest, const struct rbc_msg *m)
{
	emit(b, dest, m, m->type, m->value);
	if (!dice(b, 4))
		emit(b, dest, m, BYZ_GARBAGE, dice(b, 1u << 31));
}

const struct byz_mode byz_modes[] = {
	{ "silent",	"says nothing",				silent },
	{ "equivocate",	"tells each half something else",	equivocate },
	{ "selective",	"and lets one node deliver early",	selective },
	{ "forge",	"speaks in the name of others",		forge },
	{ "replay",	"says everything again",		replay },
	{ "chaos",	"drops, changes and doubles",		chaos },
	{ "garbage",	"sends what is no message",		garbage },
	{ NULL }
};

const struct byz_mode *byz_find(const char *name)
{
	const struct byz_mode *m;

	for (m = byz_modes; m->name; m++)
		if (!strcmp(m->name, name))
			return m;
	return NULL;
}

void byz_send(struct byz *b, const struct rbc_msg *m)
{
	unsigned int dest;

	for (dest = 0; dest < b->nodes; dest++)
		if (dest != b->self)
			b->mode->act(b, dest, m);
}
