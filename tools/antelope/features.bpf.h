/* SPDX-License-Identifier: GPL-2.0-only */
/* Features and rewards of a window; antelope.h says what each is. */
#ifndef ANTELOPE_FEATURES_BPF_H
#define ANTELOPE_FEATURES_BPF_H

#include "window.bpf.h"

/* How unsteady the rate is: with a rate of 0 it counts as one of 1. */
static __always_inline void variation(struct window *w, struct flow *f)
{
	__s32 now = antelope_log2(w->rate) | !w->rate, step = now - f->log_rate;

	if (!f->log_rate)
		step = 0;
	if (step < 0)
		step = -step;
	f->variation += (__s32)(step - f->variation) >> 3;
	f->log_rate = now;
	w->r.x[ANTELOPE_F_VARIATION] = f->variation >> 6;
}

/* What the flow has found out about its path, with this window. */
static __always_inline void path_update(struct window *w, struct flow *f)
{
	struct antelope_record *r = &w->r;

	f->mean_rtt_us = r->mean_rtt_us;
	f->max_rate = larger(f->max_rate, w->rate);
	f->peak_rtt = larger(r->x[ANTELOPE_F_MEAN_RTT], f->peak_rtt - f->peak_rtt / 16);
	f->loss_mean += ((__s32)(r->x[ANTELOPE_F_LOSS] - f->loss_mean)) >> 3;
}

static __always_inline void rtt_features(struct window *w, struct flow *f)
{
	struct antelope_record *r = &w->r;

	r->x[ANTELOPE_F_MIN_RTT] = antelope_log2(r->min_rtt_us) >> 8;
	r->x[ANTELOPE_F_MEAN_RTT] = ratio(r->mean_rtt_us, r->min_rtt_us, 10);
	r->x[ANTELOPE_F_LOW_RTT] = ratio(w->low_rtt_us, r->min_rtt_us, 10);
	r->x[ANTELOPE_F_HIGH_RTT] = ratio(w->high_rtt_us, r->min_rtt_us, 10);
	r->x[ANTELOPE_F_MDEV] = ratio(w->mdev_us, r->mean_rtt_us, 10);
}

static __always_inline void rate_features(struct window *w, struct flow *f)
{
	struct antelope_record *r = &w->r;

	r->x[ANTELOPE_F_THROUGHPUT] = antelope_log2(w->rate) >> 8;
	r->x[ANTELOPE_F_SHARE] = ratio(w->rate, f->max_rate, 10);
	r->x[ANTELOPE_F_PACING] = ratio(w->pacing, w->rate, 10);
	r->x[ANTELOPE_F_INFLIGHT] = ratio(w->window_bytes,
					  f->max_rate * r->min_rtt_us / USEC_PER_SEC, 10);
}

/* By objective; four, so that any index can be masked. */
__u8 delay_weight[4] = ANTELOPE_DELAY_WEIGHTS;

static __always_inline void rewards(struct window *w, struct flow *f)
{
	struct antelope_record *r = &w->r;
	__u64 sent = (__u64)r->packets + r->lost;
	__s32 delay;

	r->rate = clamp_part(antelope_log2(w->rate) - antelope_log2(f->max_rate));
	r->delay = clamp_part(antelope_log2(r->x[ANTELOPE_F_MEAN_RTT]) - (10 << 16));
	r->keep = antelope_log2(((__u64)r->packets << 16) / (sent | !sent)) - (16 << 16);
	r->keep = clamp_part(r->keep);
	if (!sent)
		r->keep = 0;
	else if (f->rtt_samples)
		r->flags |= ANTELOPE_REWARDED;
	delay = r->delay * delay_weight[r->objective & 3] >> ANTELOPE_WEIGHT_BITS;
	w->reward = r->rate - delay + r->keep;
}

static __always_inline void flows_feature(struct window *w)
{
	w->r.x[ANTELOPE_F_FLOWS] = (antelope_log2(w->flows) - (8 << 16)) >> 8;
}

/* What is known of a flow that opens. */
__noinline int antelope_opening(struct window *w)
{
	if (!w)
		return 0;
	w->r.x[ANTELOPE_F_MIN_RTT] = antelope_log2(w->r.min_rtt_us) >> 8;
	flows_feature(w);
	return 0;
}

/* All of it, and the flow's view of its path; a function that is verified once. */
__noinline int antelope_features(struct window *w, struct flow *f)
{
	struct antelope_record *r;

	if (!w || !f)
		return 0;
	r = &w->r;
	window_rtts(w, f);
	rtt_features(w, f);
	r->x[ANTELOPE_F_LOSS] = ratio(r->lost, (__u64)r->packets + r->lost, 16);
	r->x[ANTELOPE_F_MARKED] = ratio(w->marked, r->packets, 10);
	path_update(w, f);
	variation(w, f);
	flows_feature(w);
	r->x[ANTELOPE_F_PEAK_RTT] = f->peak_rtt;
	r->x[ANTELOPE_F_LOSS_MEAN] = f->loss_mean;
	rate_features(w, f);
	rewards(w, f);
	return 0;
}

#endif
