/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the flows to one address have found out together, and trials.
 *
 * A model guesses from what a flow looks like. Whether another congestion control
 * (CC) does better on just this path is seen by trying it, with all flows that are on
 * the path: of two that share a bottleneck, one alone on trial measures the other. So
 * the flows of a cgroup's objective to one address, a path here, have one CC at a
 * time, by phases:
 *
 *	home	  the CC that is thought best; what it earns is measured
 *	  | one is worth a trial
 *	trial	  all flows have another
 *	  | long enough, or clearly bad
 *	  +--> better than home by config.margin: it is home now
 *	  `--> home again
 *
 * A phase has config.trial_rtts round trips and PHASE_WINDOWS windows, of the flows' mean.
 * Not counted are windows that the application limits, a flow's first START windows,
 * and its first in each phase, in which the queue is still that of the CC before.
 * Windows of a phase are taken as one: bytes of all flows over the mean time.
 *
 * value[cc] is what phases with cc were worth, a logarithm like rewards; known[cc] how
 * many of them stand behind it, which fades. When home is worth much more or less after a
 * trial than before, the path has changed, and that trial counts a quarter. What the
 * model says, as a mean over all flows' last windows, counts as half a phase. By both,
 * home is moved; and a CC is tried that would be worth a move if it were better than
 * expected by config.trial_upside, or by the half of that after one phase, a third after
 * two, ... The more trials there have been, the fewer there are, to one in 1 + REST phases.
 *
 * A CC that flows cannot have (a locked route, no module) ends its trial, or is no home.
 *
 * Flows on several processors add at once; the one that makes the next generation of a
 * phase ends it. An addition may get lost to that, or counts for the next phase: a window
 * of many.
 */
#ifndef ANTELOPE_PATH_BPF_H
#define ANTELOPE_PATH_BPF_H

#include "features.bpf.h"

#define PHASE_WINDOWS	4
#define ABORT_WINDOWS	3		/* of a trial that is clearly bad */
#define ABORT		0x8000		/* ... by so much: half an octave */
#define SHIFT		0x8000		/* of home, that says that the path has changed: the same */
#define START		4
#define PHASE_ONE	256		/* unit of known */
#define KNOWN_MAX	(2 * PHASE_ONE)
#define MODEL_KNOWN	(PHASE_ONE / 2)
#define FADE		16		/* of known, a phase: 1/16 */
#define REST		8
#define FLOWS_BITS	8
#define FLOWS_WINDOWS	8	/* by which flows are counted */

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct antelope_path_key);
	__type(value, struct antelope_path);
} paths SEC(".maps");

const struct antelope_path new_path = {
	.generation = 1,
	.flows = 1 << FLOWS_BITS,
	.last = ANTELOPE_NO_SCORE,
	.home = ANTELOPE_NO_CC,
	.trial = ANTELOPE_NO_CC,
	.tried = ANTELOPE_NO_CC,
	.candidate = ANTELOPE_NO_CC,
};

/* A function of its own, for the sake of the stack; tests do without. */
static __noinline inline struct antelope_path *path_of(struct window *w)
{
	struct antelope_path_key key = { .objective = w->r.objective };
	struct antelope_path *p;

	__builtin_memcpy(key.addr, w->r.remote, sizeof(key.addr));
	p = bpf_map_lookup_elem(&paths, &key);
	if (p)
		return p;
	bpf_map_update_elem(&paths, &key, &new_path, BPF_NOEXIST);
	return bpf_map_lookup_elem(&paths, &key);
}

/* How many flows are busy: the time of their windows over time as such. */
static __always_inline __u32 path_count(struct antelope_path *p, struct window *w)
{
	__u64 time_ns = w->now_ns - p->since_ns, flows;

	__sync_fetch_and_add(&p->busy_ns, w->r.duration_ns);
	if (time_ns < FLOWS_WINDOWS * w->r.duration_ns)
		return p->flows;
	flows = (p->busy_ns << FLOWS_BITS) / (time_ns | !time_ns);
	if (p->since_ns)
		p->flows = flows > 1 << FLOWS_BITS ? flows : 1 << FLOWS_BITS;
	p->since_ns = w->now_ns;
	p->busy_ns = 0;
	return p->flows;
}

/* What flows of this path should have now. */
static __always_inline __u32 path_wants(const struct antelope_path *p)
{
	return p->trial < ANTELOPE_CCS ? p->trial : p->home;
}

/* The phase so far, by the path's objective. */
static __always_inline __s32 path_value(const struct antelope_path *p, const struct window *w)
{
	__u64 packets = p->packets | !p->packets, sent = packets + p->lost;
	__s32 delay = antelope_log2(p->rtt_us / packets);
	__s32 rate = antelope_log2((p->bytes * p->members << 16) / (p->ns >> 10 | 1));
	__s32 keep = antelope_log2((packets << 16) / sent) - (16 << 16);

	return rate - (delay * delay_weight[w->r.objective & 3] >> ANTELOPE_WEIGHT_BITS) + keep;
}

/* The next phase begins; only one of those who call for the end of this gets true. */
static __always_inline bool path_turn(struct antelope_path *p)
{
	__u32 now = p->generation;

	if (__sync_val_compare_and_swap(&p->generation, now, now + 1) != now)
		return false;
	p->ns = 0;
	p->bytes = 0;
	p->packets = 0;
	p->lost = 0;
	p->rtt_us = 0;
	p->members = 0;
	return true;
}

/* A phase with cc was worth so much. */
static __always_inline void path_learn(struct antelope_path *p, __u32 cc, __s32 value)
{
	__u32 known = p->known[slot(cc)];

	p->value[slot(cc)] += divide(((__s64)value - p->value[slot(cc)]) * PHASE_ONE,
				     known + PHASE_ONE);
	known += PHASE_ONE;
	p->known[slot(cc)] = known < KNOWN_MAX ? known : KNOWN_MAX;
}

static __always_inline void path_move(struct antelope_path *p, __u32 cc)
{
	p->home = cc;
	p->trial = ANTELOPE_NO_CC;
	p->tried = ANTELOPE_NO_CC;
	p->last = ANTELOPE_NO_SCORE;
}

/* What the model says, of all flows' windows: a moving average by 1/4. */
static __always_inline void path_score(struct antelope_path *p, const struct window *w)
{
	__u32 cc;

	for (cc = 0; cc < ANTELOPE_CCS; cc++) {
		if (p->scored && w->r.score[cc] != ANTELOPE_NO_SCORE)
			p->score[cc] += (w->r.score[cc] - p->score[cc]) >> 2;
		else
			p->score[cc] = w->r.score[cc];
	}
	p->scored = 1;
}

/* What is expected of cc over home, from model and phases. */
static __always_inline __s32 path_gain(const struct antelope_path *p, __u32 cc)
{
	__s32 of = p->score[slot(cc)], home = p->score[slot(p->home)];
	__s64 seen = (__s64)p->value[slot(cc)] - p->value[slot(p->home)], sum;
	__u32 known = p->known[slot(cc)];

	if (known > p->known[slot(p->home)])
		known = p->known[slot(p->home)];
	sum = seen * known;
	if (of != ANTELOPE_NO_SCORE && home != ANTELOPE_NO_SCORE)
		sum += ((__s64)of - home) * MODEL_KNOWN;
	return divide(sum, known + MODEL_KNOWN);
}

/* The one of the mask that is expected to be best, if by more than the margin. */
static __always_inline __u32 path_best(const struct antelope_path *p, __u32 mask)
{
	__s32 gain, most = config.margin;
	__u32 cc, best = ANTELOPE_NO_CC;

	for (cc = 0; cc < ANTELOPE_CCS; cc++) {
		if (!(mask >> cc & 1) || cc == p->home ||
		    (p->score[cc] == ANTELOPE_NO_SCORE && !p->known[cc]))
			continue;
		gain = path_gain(p, cc);
		if (gain > most) {
			most = gain;
			best = cc;
		}
	}
	return best;
}

/* Home is over: is one worth a trial? */
static __always_inline void path_choose(struct antelope_path *p, __u32 mask)
{
	__s32 hope, most = config.margin;
	__u32 cc, try = ANTELOPE_NO_CC;

	if (p->rest) {
		p->rest--;
		return;
	}
	for (cc = 0; cc < ANTELOPE_CCS; cc++) {
		if (!(mask >> cc & 1) || cc == p->home)
			continue;
		hope = path_gain(p, cc) + divide((__u64)config.trial_upside * PHASE_ONE,
						 PHASE_ONE + p->known[cc]);
		if (hope > most) {
			most = hope;
			try = cc;
		}
	}
	if (try < ANTELOPE_CCS) {
		p->trial = try;
		p->trials++;
		p->rest = p->trials / 4 < REST ? p->trials / 4 : REST;
	}
}

static __always_inline void end_home(struct antelope_path *p, struct window *w, __s32 value)
{
	__s64 shift = (__s64)value - p->last;
	__u32 cc;

	if (p->last != ANTELOPE_NO_SCORE && p->tried < ANTELOPE_CCS &&
	    (shift > SHIFT || shift < -SHIFT))
		p->known[slot(p->tried)] /= 4;
	p->tried = ANTELOPE_NO_CC;
	for (cc = 0; cc < ANTELOPE_CCS; cc++)
		p->known[cc] -= p->known[cc] / FADE;
	p->last = value;
	path_learn(p, p->home, value);
	path_choose(p, w->mask);
}

static __always_inline void end_trial(struct antelope_path *p, __s32 value)
{
	__u32 cc = p->trial;

	path_learn(p, cc, value);
	p->trial = ANTELOPE_NO_CC;
	p->tried = cc;
	if (value > (__s64)p->value[slot(p->home)] + config.margin)
		path_move(p, cc);
}

/* A flow cannot have what the path wants. */
static __always_inline void path_refused(struct antelope_path *p, __u32 has)
{
	if (has >= ANTELOPE_CCS || !path_turn(p))
		return;
	if (p->trial < ANTELOPE_CCS)
		p->trial = ANTELOPE_NO_CC;
	else
		path_move(p, has);
}

/* Add the window to the phase, and end that when it is time to. */
static __always_inline void path_add(struct antelope_path *p, struct window *w, struct flow *f)
{
	struct antelope_record *r = &w->r;
	__u64 mean_ns, enough_ns = (__u64)config.trial_rtts * r->mean_rtt_us * NSEC_PER_USEC;
	bool over, trial = p->trial < ANTELOPE_CCS;
	__s32 value;

	if ((r->flags & (ANTELOPE_REWARDED | ANTELOPE_APP_LIMITED)) != ANTELOPE_REWARDED ||
	    r->window <= START || r->cc != path_wants(p))
		return;
	if (f->generation != p->generation) {
		f->generation = p->generation;
		__sync_fetch_and_add(&p->members, 1);
		return;
	}
	__sync_fetch_and_add(&p->ns, r->duration_ns);
	__sync_fetch_and_add(&p->bytes, r->bytes);
	__sync_fetch_and_add(&p->packets, r->packets);
	__sync_fetch_and_add(&p->lost, r->lost);
	__sync_fetch_and_add(&p->rtt_us, (__u64)r->mean_rtt_us * r->packets);
	mean_ns = p->ns / (p->members | !p->members);
	over = mean_ns >= enough_ns && mean_ns >= PHASE_WINDOWS * r->duration_ns;
	if (!over && (!trial || mean_ns < ABORT_WINDOWS * r->duration_ns))
		return;
	value = path_value(p, w);
	if (!over && value + ABORT >= p->value[slot(p->home)])
		return;
	if (!path_turn(p))
		return;
	if (trial)
		end_trial(p, value);
	else
		end_home(p, w, value);
}

#endif
