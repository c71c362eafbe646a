/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The decision at the end of a window, first that applies:
 *
 *	an override		what it says, at once; only recovery holds it up
 *	by path			config.trial_rtts: what all flows to that address have or
 *				try (path.bpf.h); by the same margin, confirmation and dwell.
 *				Without:
 *	a switch was bad	back to the CC before, which is better by more than
 *				config.rollback; the worse one is barred for a while,
 *				each time twice as long
 *	by lot			config.explore, if a switch is allowed: any of the mask
 *	by score		the best of the mask, if it is better than the present
 *				one by more than config.margin, in config.confirm
 *				windows in a row
 *
 * A switch is allowed with data to send, not in recovery, and config.dwell_ns or
 * config.dwell_windows after the last one. In recovery the new CC would answer for what
 * the old one has lost; what a reduction of the window (CA_CWR) ends with is the old
 * one's threshold, which does no harm. The first decision of a flow waits for neither
 * dwell nor confirmation. The mask has what is enabled and not barred; DCTCP only with
 * ECN, without which it would turn into reno.
 */
#ifndef ANTELOPE_DECIDE_BPF_H
#define ANTELOPE_DECIDE_BPF_H

#include "path.bpf.h"
#include "trees.bpf.h"

#define CERTAIN		0xffff	/* propensity of 1 */
#define TRIAL		2	/* windows that tell, at least, what a switch led to */
#define REWARDS		8	/* ... at most; and the memory of the mean reward */
#define BAR_WINDOWS	8	/* the first time; then twice that, to 2^BARS times */
#define BARS		8
#define DCTCP		0x6463746370000000ULL	/* its name, as a big endian number */

struct forests {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ANTELOPE_FORESTS);
	__type(key, __u32);
	__type(value, struct antelope_forest);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct forests);
} model SEC(".maps");

static __always_inline bool needs_ecn(__u32 cc)
{
	return bpf_be64_to_cpu(*(__u64 *)config.cc[slot(cc)]) == DCTCP;
}

/* A function of its own: its result is any number to the verifier. */
__noinline int antelope_mask(const struct flow *f, __u32 ecn)
{
	__u32 cc, mask = 0;

	if (!f)
		return 0;
	for (cc = 0; cc < ANTELOPE_CCS; cc++) {
		if (cc < config.ccs && f->barred_until[cc] <= f->window && (ecn || !needs_ecn(cc)))
			mask |= 1 << cc;
	}
	return mask & config.enabled;
}

static __always_inline bool may_choose(__u32 mask, __u32 cc)
{
	return cc < ANTELOPE_CCS && mask >> slot(cc) & 1;
}

static __always_inline void bar(struct flow *f, __u32 cc)
{
	cc = slot(cc);
	f->barred_until[cc] = f->window + (BAR_WINDOWS << (f->barred[cc] & 15));
	if (f->barred[cc] < BARS)
		f->barred[cc]++;
}

/*
 * Scores into the record, and the best of the mask, of equals the first. Called as a
 * function of its own, the result is any number to the verifier, not nine cases.
 */
__noinline int antelope_best(struct window *w)
{
	struct antelope_forest *forest;
	__s32 score, best_score = 0;
	__u32 key, cc, best = ANTELOPE_NO_CC, zero = 0;
	void *forests;

	if (!w)
		return ANTELOPE_NO_CC;
	forests = bpf_map_lookup_elem(&model, &zero);
	key = w->r.objective * ANTELOPE_CCS + slot(w->r.cc);
	forest = forests ? bpf_map_lookup_elem(forests, &key) : NULL;
	w->r.x[ANTELOPE_F_CC] = forest && forest->trees && w->r.cc < ANTELOPE_CCS && w->r.window ?
		forest->cc : ANTELOPE_CCS;
	for (cc = 0; cc < ANTELOPE_CCS; cc++) {
		w->r.score[cc] = ANTELOPE_NO_SCORE;
		key = w->r.objective * ANTELOPE_CCS + cc;
		forest = forests ? bpf_map_lookup_elem(forests, &key) : NULL;
		if (!forest || !forest->trees || cc >= config.ccs || !(config.enabled >> cc & 1))
			continue;
		score = antelope_score(forest, (struct antelope_x *)w->r.x);
		w->r.score[cc] = score;
		if (may_choose(w->mask, cc) && (best == ANTELOPE_NO_CC || score > best_score)) {
			best = cc;
			best_score = score;
		}
	}
	return best;
}

/* The mean reward with this CC, over windows whose rate TCP has made. */
static __always_inline void learn(struct window *w, struct flow *f)
{
	if ((w->r.flags & (ANTELOPE_REWARDED | ANTELOPE_APP_LIMITED)) != ANTELOPE_REWARDED)
		return;
	if (f->rewards < REWARDS)
		f->rewards++;
	f->reward += divide((__s64)w->reward - f->reward, f->rewards);
}

/* Whether the last switch was bad. Good ones are forgiven for. */
static __always_inline bool was_bad(struct flow *f)
{
	if (f->back >= ANTELOPE_CCS || f->rewards < TRIAL || !config.rollback)
		return false;
	if ((__s64)f->reward + config.rollback < f->before)
		return true;
	if (f->rewards == REWARDS) {
		f->back = ANTELOPE_NO_CC;
		f->barred[slot(f->cc)] >>= 1;
	}
	return false;
}

static __always_inline bool dwells(struct window *w, struct flow *f)
{
	return f->switched_ns && w->now_ns - f->switched_ns < config.dwell_ns &&
	       (!config.dwell_windows || f->window - f->switched_window < config.dwell_windows);
}

/* In how many windows in a row this one was the best. */
static __always_inline __u32 confirm(__u8 *candidate, __u8 *confirmed, __u32 best)
{
	if (*candidate != best)
		*confirmed = 0;
	*candidate = best;
	if (*confirmed < 255)
		++*confirmed;
	return *confirmed;
}

/* By score; w->to is the best when it should be changed to. */
static __always_inline __u8 by_score(struct window *w, struct flow *f)
{
	struct antelope_record *r = &w->r;
	__u32 best = r->best;

	if (best >= ANTELOPE_CCS)
		return ANTELOPE_NO_MODEL;
	if (best == r->cc ||
	    (r->cc < ANTELOPE_CCS && r->score[slot(r->cc)] != ANTELOPE_NO_SCORE &&
	     (__s64)r->score[slot(best)] - r->score[slot(r->cc)] <= config.margin)) {
		f->candidate = ANTELOPE_NO_CC;
		f->decided = 1;
		return ANTELOPE_KEPT;
	}
	if (confirm(&f->candidate, &f->confirmed, best) < config.confirm && f->decided)
		return ANTELOPE_UNCONFIRMED;
	if (f->decided && dwells(w, f))
		return ANTELOPE_DWELL;
	if (w->unsafe || r->flags & ANTELOPE_APP_LIMITED)
		return ANTELOPE_UNSAFE;
	f->decided = 1;
	w->to = best;
	return ANTELOPE_SWITCHED;
}

/* Whether home is to be changed now; the same rules as by_score(), for all flows. */
static __always_inline __u8 move_home(struct antelope_path *p, struct window *w)
{
	__u64 ago_ns = w->now_ns - p->moved_ns;
	__u32 best = path_best(p, w->mask);

	if (best >= ANTELOPE_CCS) {
		p->candidate = ANTELOPE_NO_CC;
		return ANTELOPE_KEPT;
	}
	if (confirm(&p->candidate, &p->confirmed, best) < config.confirm && p->moved_ns)
		return ANTELOPE_UNCONFIRMED;
	if (p->moved_ns && ago_ns < config.dwell_ns &&
	    (!config.dwell_windows || ago_ns < config.dwell_windows * w->r.duration_ns))
		return ANTELOPE_DWELL;
	if (!path_turn(p))
		return ANTELOPE_KEPT;
	path_move(p, best);
	p->moved_ns = w->now_ns;
	return ANTELOPE_SWITCHED;
}

/* What the path wants, which all of its flows do. */
static __always_inline __u8 by_path(struct antelope_path *p, struct window *w, struct flow *f)
{
	__u8 why = ANTELOPE_KEPT;
	__u32 want;

	if (p->home >= ANTELOPE_CCS)
		p->home = w->r.cc;
	path_score(p, w);
	path_add(p, w, f);
	if (p->trial >= ANTELOPE_CCS)
		why = move_home(p, w);
	want = path_wants(p);
	if (want == w->r.cc || !may_choose(w->mask, want)) {
		if (want != w->r.cc)
			path_refused(p, w->r.cc);
		return why == ANTELOPE_SWITCHED ? ANTELOPE_KEPT : why;
	}
	if (w->unsafe || w->r.flags & ANTELOPE_APP_LIMITED)
		return ANTELOPE_UNSAFE;
	if (config.explore && dwells(w, f))
		return ANTELOPE_DWELL;
	f->decided = 1;
	w->to = want;
	if (why == ANTELOPE_SWITCHED)
		return why;
	return want == p->trial ? ANTELOPE_TRIED : ANTELOPE_FOLLOWED;
}

static __always_inline __u32 population(__u32 mask)
{
	__u32 i, n = 0;

	for (i = 0; i < ANTELOPE_CCS; i++)
		n += mask >> i & 1;
	return n;
}

/* The n-th CC of the mask. */
static __always_inline __u32 nth(__u32 mask, __u32 n)
{
	__u32 i;

	for (i = 0; i < ANTELOPE_CCS - 1; i++) {
		if (mask >> i & 1 && !n--)
			break;
	}
	return i;
}

/*
 * By lot, after by_score() has set w->to. The propensity is that of the outcome,
 * however it came about: drawn, or not drawn and the best.
 */
static __always_inline __u8 by_lot(struct window *w, __u8 why)
{
	__u32 lot = bpf_get_prandom_u32(), n = population(w->mask);
	__u32 explore = config.explore < 65536 ? config.explore : 65536;
	__u32 scored = w->to, p = 0;

	if (!n)
		return why;
	if ((lot & 0xffff) < explore) {
		why = ANTELOPE_EXPLORED;
		w->to = nth(w->mask, (lot >> 16) % n);
	}
	if (may_choose(w->mask, w->to))
		p = explore / n;
	if (w->to == scored)
		p += 65536 - explore;
	w->r.propensity = p < CERTAIN ? p : CERTAIN;
	return why;
}

static __always_inline void maybe_by_lot(struct window *w, struct flow *f)
{
	if (config.explore && !w->unsafe && !(w->r.flags & ANTELOPE_APP_LIMITED) && !dwells(w, f))
		w->why = by_lot(w, w->why);
}

/* What to do, in w->to and w->why; nothing is changed yet. Mask and scores are there. */
__noinline int antelope_judge(struct window *w, struct flow *f, struct antelope_override *o,
			      struct antelope_path *p)
{
	if (!w || !f)
		return 0;
	w->to = w->r.cc;
	w->r.propensity = CERTAIN;
	learn(w, f);
	if (o) {
		w->r.epoch = o->epoch;
		w->why = ANTELOPE_OVERRIDDEN;
		if (!w->recovering)
			w->to = o->cc;
	} else if (p && config.trial_rtts && !config.shadow) {
		w->why = by_path(p, w, f);
		maybe_by_lot(w, f);
	} else if (was_bad(f)) {
		w->why = w->unsafe ? ANTELOPE_UNSAFE : ANTELOPE_ROLLED_BACK;
		if (!w->unsafe)
			w->to = f->back;
	} else {
		w->why = by_score(w, f);
		maybe_by_lot(w, f);
	}
	return 0;
}

/* One after the other and not nested: the stack is small. */
static __always_inline void decide(struct window *w, struct flow *f, struct antelope_override *o,
				   struct antelope_path *p)
{
	w->mask = antelope_mask(f, w->ecn);
	w->r.best = antelope_best(w);
	antelope_judge(w, f, o, p);
}

#endif
