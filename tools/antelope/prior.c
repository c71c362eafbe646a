// SPDX-License-Identifier: GPL-2.0-only
/*
 * First choices by destination. Zhou et al. (ICNP 2021) keep a score of each CC by
 * destination, which decays by 0.9, and begin the next connection with the best.
 *
 * What is scored here is the start: the best for a flow that runs need not be good
 * to begin with. So a flow's whole result, whatever it switched to on the way, counts
 * for the CC that it began with:
 *
 *	log(bytes/s) - weight * log(mean RTT) + log(1 - loss)
 *
 * of its windows that were not limited by the application, up to 10 s of them. The path
 * is the same for all, so differences of this are ratios, as with rewards.
 *
 *	a flow ends with another CC	that is tried by the next, if its start is unknown
 *	than it began with, and has	here, or was known too long ago
 *	had that for half of its time
 *	otherwise			the best mean, if it is clearly ahead of the present
 *
 * so a wrong guess costs one flow, not every one. A prefix is what networks are routed
 * by, /24 and /48; a table of bounded size forgets the one that was silent for longest.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "prior.h"

#define BITS4		24
#define BITS6		48
#define DECAY		0.9
#define KNOWN		0.1	/* weight: after 21 flows without it, it is tried again */
#define AHEAD		0.1	/* a logarithm: 7 % */
#define WINDOWS_MIN	3	/* less of a flow says nothing */
#define ENOUGH_NS	10000000000ull

struct prior {
	struct antelope_prefix to;
	uint8_t cc;			/* in the kernel's map */
	double result[ANTELOPE_CCS];	/* sums, and of their weights */
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

static double result_of(const struct prior_flow *f, unsigned int objective)
{
	static const int weights[] = ANTELOPE_DELAY_WEIGHTS;
	double delay = log2((double)f->rtt_us / f->packets);

	return log2(f->bytes * 1e9 / f->duration_ns) -
		delay * weights[objective] / (1 << ANTELOPE_WEIGHT_BITS) +
		log2((double)f->packets / (f->packets + f->lost));
}

static void learn(struct prior *prior, unsigned int cc, double result)
{
	unsigned int i;

	for (i = 0; i < ANTELOPE_CCS; i++) {
		prior->result[i] *= DECAY;
		prior->weight[i] *= DECAY;
	}
	prior->result[cc] += result;
	prior->weight[cc] += 1;
}

/* Nothing known is worse than anything. */
static double mean(const struct prior *prior, unsigned int cc)
{
	return cc < ANTELOPE_CCS && prior->weight[cc] >= KNOWN ?
		prior->result[cc] / prior->weight[cc] : -INFINITY;
}

static unsigned int choose(const struct prior *prior, unsigned int began, unsigned int ended)
{
	unsigned int i, best = began;

	if (ended != began && ended < ANTELOPE_CCS && prior->weight[ended] < KNOWN)
		return ended;
	if (mean(prior, prior->cc) > mean(prior, began) - AHEAD)
		best = prior->cc;
	for (i = 0; i < ANTELOPE_CCS; i++)
		if (mean(prior, i) > mean(prior, best) + AHEAD)
			best = i;
	return best;
}

static int judge(struct priors *p, const struct prior_flow *f, const struct antelope_record *r)
{
	struct antelope_prefix to;
	struct prior *prior;
	unsigned int cc;
	int err;

	prefix_around(&to, r->remote, BITS4, BITS6);
	prior = touch(p, &to);
	if (!prior)
		return -ENOMEM;
	p->judged++;
	learn(prior, f->began, result_of(f, r->objective));
	cc = choose(prior, f->began, 2 * f->since_ns >= f->duration_ns ? r->choice : f->began);
	if (cc == prior->cc)
		return 0;
	err = p->write(p->arg, &to, cc);
	if (err)
		return err;
	prior->cc = cc;
	p->changes++;
	return 0;
}

static void add(struct prior_flow *f, const struct antelope_record *r)
{
	if (r->flags & ANTELOPE_APP_LIMITED || !r->bytes || !r->packets || !r->mean_rtt_us ||
	    !r->duration_ns)
		return;
	f->windows++;
	f->duration_ns += r->duration_ns;
	f->bytes += r->bytes;
	f->packets += r->packets;
	f->lost += r->lost;
	f->rtt_us += (uint64_t)r->mean_rtt_us * r->packets;
}

int priors_record(struct priors *p, struct prior_flow *f, const struct antelope_record *r)
{
	if (r->why == ANTELOPE_OPENED) {
		*f = (struct prior_flow){ .began = r->choice, .opened = true };
		return 0;
	}
	if (!f->opened || f->judged || f->began >= ANTELOPE_CCS)
		return 0;
	add(f, r);
	f->since_ns = r->why != ANTELOPE_CLOSED && r->choice != r->cc ? 0 :
		f->since_ns + r->duration_ns;
	if (r->why != ANTELOPE_CLOSED && f->duration_ns < ENOUGH_NS)
		return 0;
	f->judged = true;
	return f->windows < WINDOWS_MIN ? 0 : judge(p, f, r);
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
