/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A window, from its begin to the features and rewards of it.
 *
 * Stock kernel: RTT_CB, once a round trip, brings an RTT; pacing rate and whether
 * the application limits are looked at then. Patched kernel: windows of ACKs bring
 * all that of each ACK, and those of TCP add up to one of ours. Totals are
 * differences of TCP's own counters in both.
 *
 * Bytes are packets delivered times the mean size of those sent meanwhile: what TCP
 * counts in bytes stands still while a hole is repaired, and then jumps.
 */
#ifndef ANTELOPE_WINDOW_BPF_H
#define ANTELOPE_WINDOW_BPF_H

#include "maps.bpf.h"
#include "math.bpf.h"

#define NSEC_PER_SEC	1000000000ULL
#define NSEC_PER_USEC	1000ULL
#define USEC_PER_SEC	1000000ULL
#define CALM		3
#define ALONE		(5 << 8 >> 2)	/* flows, Q8: one, and something of another */
#define STEADY		128	/* of ANTELOPE_F_VARIATION: an eighth of an octave */
#define CA_RECOVERY	3	/* TCP_CA_Recovery; then Loss */

static __always_inline __u32 ca_state(struct tcp_sock *tp)
{
	return BPF_CORE_READ_BITFIELD(&tp->inet_conn, icsk_ca_state);
}

static __always_inline void window_begin(struct flow *f, struct tcp_sock *tp, __u64 now_ns)
{
	f->start_ns = now_ns;
	f->last_ns = now_ns;
	f->limited_ns = 0;
	f->rtt_sum_us = 0;
	f->pacing_sum = 0;
	f->ticks = 0;
	f->rtt_samples = 0;
	f->rtt_low_us = ~0U;
	f->rtt_high_us = 0;
	f->delivered = tp->delivered;
	f->delivered_ce = tp->delivered_ce;
	f->lost = tp->lost;
	f->bytes_sent = tp->bytes_sent;
	f->segs_out = tp->data_segs_out;
}

static __always_inline void window_rtt(struct flow *f, __u32 low, __u32 high)
{
	if (low < f->rtt_low_us)
		f->rtt_low_us = low;
	if (high > f->rtt_high_us)
		f->rtt_high_us = high;
}

/*
 * A callback of a stock kernel; rtt_us is 0 when it brings none. That is the RTT of one
 * ACK a round trip, from the oldest packet that it acknowledges, and now and then twice
 * what its neighbours say; the smoothed one before it has heard all of them.
 */
static __always_inline void window_add(struct flow *f, struct tcp_sock *tp, __u64 now_ns,
				       __u32 rtt_us)
{
	__u64 pacing = tp->inet_conn.icsk_inet.sk.sk_pacing_rate;

	if (tp->app_limited)
		f->limited_ns += now_ns - f->last_ns;
	f->last_ns = now_ns;
	if (rtt_us) {
		__u32 srtt_us = tp->srtt_us ? tp->srtt_us >> 3 : rtt_us;

		f->rtt_sum_us += srtt_us;
		f->rtt_samples++;
		window_rtt(f, rtt_us < srtt_us ? rtt_us : srtt_us, srtt_us);
	}
	if (pacing != ~0UL) {
		f->pacing_sum += pacing;
		f->ticks++;
	}
}

/* A window of ACKs of the patched kernel. */
static __always_inline void window_add_acks(struct flow *f, struct bpf_sock_ops *ctx, __u64 now_ns)
{
	struct ack_window a = {};

	if (bpf_getsockopt(ctx, SOL_TCP, ACK_WINDOW, &a, sizeof(a)))
		return;
	f->limited_ns += NSEC_PER_USEC * a.duration_us * a.app_limited_acks / (a.acks | !a.acks);
	f->last_ns = now_ns;
	f->ticks += a.acks;
	f->pacing_sum += a.pacing_sum;
	if (!a.rtt_samples)
		return;
	f->rtt_sum_us += a.rtt_sum_us;
	f->rtt_samples += a.rtt_samples;
	window_rtt(f, a.rtt_min_us, a.rtt_max_us);
}

/*
 * Long enough, in time and in round trips: of these up to 2^CALM times as many while
 * the flow is calm, but no more than config.calm_ns for that.
 */
static __always_inline bool window_due(struct flow *f, struct tcp_sock *tp, __u64 now_ns)
{
	__u64 rtts_ns = config.window_rtts * (tp->srtt_us >> 3) * NSEC_PER_USEC;
	__u64 open_ns = now_ns - f->start_ns, calm_ns = rtts_ns << (f->calm & 3);

	if (open_ns < config.window_ns || open_ns < rtts_ns)
		return false;
	return open_ns >= calm_ns || open_ns >= config.calm_ns;
}

/*
 * Nothing was lost, the rate is steady, there is nothing to decide, and no other flow of
 * ours is on the path, which would have to change together with this one.
 */
static __always_inline void window_calm(struct window *w, struct flow *f, bool trial)
{
	if (w->why != ANTELOPE_KEPT || w->r.lost || trial || w->flows > ALONE ||
	    w->r.x[ANTELOPE_F_VARIATION] > STEADY)
		f->calm = 0;
	else if (f->calm < CALM)
		f->calm++;
}

/* What TCP knows, into the record: after this no kernel pointer is followed. */
static __always_inline void window_read(struct window *w, struct flow *f, struct tcp_sock *tp)
{
	struct antelope_record *r = &w->r;
	__u64 sent = (__u32)tp->bytes_sent - f->bytes_sent;
	__u64 segs = (__u32)tp->data_segs_out - f->segs_out;
	__u64 size = segs ? sent / segs : tp->mss_cache;

	r->duration_ns = w->now_ns - f->start_ns;
	r->packets = tp->delivered - f->delivered;
	r->bytes = r->packets * size;
	r->lost = tp->lost - f->lost;
	r->min_rtt_us = tp->rtt_min.s[0].v;
	r->flags = f->flags;
	w->rate = r->packets * size * NSEC_PER_SEC / (r->duration_ns | !r->duration_ns);
	w->pacing = f->pacing_sum / (f->ticks | !f->ticks);
	w->window_bytes = (__u64)tp->snd_cwnd * tp->mss_cache;
	w->mdev_us = tp->mdev_us >> 2;
	w->marked = tp->delivered_ce - f->delivered_ce;
	w->ecn = tp->ecn_flags & ECN_OK;
	w->recovering = ca_state(tp) >= CA_RECOVERY;
	w->unsafe = w->recovering || tp->app_limited;
	if (2 * f->limited_ns > r->duration_ns)
		r->flags |= ANTELOPE_APP_LIMITED;
}

/* RTTs of the window; without a sample it had those of the last one. */
static __always_inline void window_rtts(struct window *w, struct flow *f)
{
	struct antelope_record *r = &w->r;

	if (f->rtt_samples) {
		r->mean_rtt_us = f->rtt_sum_us / f->rtt_samples;
		w->low_rtt_us = f->rtt_low_us;
		w->high_rtt_us = f->rtt_high_us;
	} else {
		r->mean_rtt_us = f->mean_rtt_us ? f->mean_rtt_us : r->min_rtt_us;
		w->low_rtt_us = r->mean_rtt_us;
		w->high_rtt_us = r->mean_rtt_us;
	}
	if (r->min_rtt_us > w->low_rtt_us)
		r->min_rtt_us = w->low_rtt_us;
	r->min_rtt_us |= !r->min_rtt_us;
	r->mean_rtt_us = larger(r->mean_rtt_us, r->min_rtt_us);
	w->low_rtt_us = larger(w->low_rtt_us, r->min_rtt_us);
	w->high_rtt_us = larger(w->high_rtt_us, r->mean_rtt_us);
}

#endif
