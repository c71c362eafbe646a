// SPDX-License-Identifier: GPL-2.0-only
/*
 * First choices by destination: a flow begins with what the flows before it to the
 * same prefix ended up with (Zhou et al., ICNP 2021, keep a score of each CC by
 * destination, which decays by 0.9).
 *
 * Each window of a flow decays the scores of its prefix. With a model, the CC that is
 * the best by score gets 1. Without one, what is compared is the mean reward by CC, of
 * windows as old; so exploration without a model learns as well. A prefix needs some
 * windows before it has a choice, and another must be clearly ahead to replace it.
 *
 * /24 and /48 are what networks are routed by; a table of bounded size forgets the
 * prefix that was silent for longest.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "names.h"
#include "prior.h"

#define BITS4		24
#define BITS6		48
#define DECAY		0.9
#define VOTES_MIN	2.5	/* three windows in a row: 1 + .9 + .81 */
#define AHEAD		0.1	/* of votes or logarithms, to replace a choice */
#define Q16		65536.0

struct prior {
	struct antelope_prefix to;
	uint8_t cc;			/* in the kernel's map */
	double votes[ANTELOPE_CCS];
	double reward[ANTELOPE_CCS];	/* sum of rewards, and of their weights */
	double weight[ANTELOPE_CCS];
	UT_hash_handle hh;
};

static void forget(struct priors *p, struct prior *prior)
{
	if (prior->cc != ANTELOPE_NO_CC)
		p->write(p->arg, &prior->to, ANTELOPE_NO_CC);
	HASH_DEL(p->table, prior);
	free(prior);
	p->n--;
}

static struct prior *touch(struct priors *p, const struct antelope_prefix *to)
{
	struct prior *prior;

	HASH_FIND(hh, p->table, to, sizeof(*to), prior);
	if (prior) {
		HASH_DEL(p->table, prior);
	} else {
		while (p->n >= p->max) {
			forget(p, p->table);
			p->evicted++;
		}
		prior = calloc(1, sizeof(*prior));
		if (!prior)
			return NULL;
		prior->to = *to;
		prior->cc = ANTELOPE_NO_CC;
		p->n++;
	}
	HASH_ADD(hh, p->table, to, sizeof(*to), prior);
	return prior;
}

static void learn(struct prior *prior, const struct antelope_record *r)
{
	unsigned int i;

	for (i = 0; i < ANTELOPE_CCS; i++) {
		prior->votes[i] *= DECAY;
		prior->reward[i] *= DECAY;
		prior->weight[i] *= DECAY;
	}
	if (r->best != ANTELOPE_NO_CC)
		prior->votes[r->best] += 1;
	prior->reward[r->cc] += record_reward(r) / Q16;
	prior->weight[r->cc] += 1;
}

/* How good it is by what is known; nothing known is worse than anything. */
static double score(const struct prior *prior, unsigned int cc, int by_votes)
{
	if (by_votes)
		return prior->votes[cc];
	return prior->weight[cc] >= 1 ? prior->reward[cc] / prior->weight[cc] : -1e9;
}

static unsigned int choose(const struct prior *prior)
{
	double votes = 0, weights = 0;
	unsigned int i, best = 0;
	int by_votes;

	for (i = 0; i < ANTELOPE_CCS; i++) {
		votes += prior->votes[i];
		weights += prior->weight[i];
	}
	by_votes = votes >= VOTES_MIN;
	if (!by_votes && weights < VOTES_MIN)
		return prior->cc;
	for (i = 1; i < ANTELOPE_CCS; i++)
		if (score(prior, i, by_votes) > score(prior, best, by_votes))
			best = i;
	if (prior->cc != ANTELOPE_NO_CC &&
	    score(prior, best, by_votes) < score(prior, prior->cc, by_votes) + AHEAD)
		return prior->cc;
	return best;
}

int priors_record(struct priors *p, const struct antelope_record *r)
{
	struct antelope_prefix to;
	struct prior *prior;
	unsigned int cc;
	int err;

	if (!(r->flags & ANTELOPE_REWARDED) || r->flags & ANTELOPE_APP_LIMITED ||
	    r->cc >= ANTELOPE_CCS)
		return 0;
	prefix_around(&to, r->remote, BITS4, BITS6);
	prior = touch(p, &to);
	if (!prior)
		return -ENOMEM;
	learn(prior, r);
	cc = choose(prior);
	if (cc == prior->cc)
		return 0;
	err = p->write(p->arg, &to, cc);
	if (err)
		return err;
	prior->cc = cc;
	p->changes++;
	return 0;
}

int priors_each(const struct priors *p, int (*fn)(void *arg, const struct antelope_prefix *to,
						  uint8_t cc), void *arg)
{
	struct prior *prior, *next;
	int err;

	HASH_ITER(hh, p->table, prior, next) {
		err = prior->cc != ANTELOPE_NO_CC ? fn(arg, &prior->to, prior->cc) : 0;
		if (err)
			return err;
	}
	return 0;
}

void priors_free(struct priors *p)
{
	struct prior *prior, *next;

	HASH_ITER(hh, p->table, prior, next) {
		HASH_DEL(p->table, prior);
		free(prior);
	}
	p->n = 0;
}
