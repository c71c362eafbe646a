// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * C2TCP: CUBIC that keeps the delay near a setpoint.
 *
 * S. Abbasloo, T. Li, Y. Xu, H. J. Chao, "Cellular Controlled Delay TCP
 * (C2TCP)", IFIP Networking 2018. The path may be a cellular link: its rate
 * changes several-fold within a second, and its buffer holds seconds. Packets
 * are hardly ever lost there, so a sender that listens to loss alone fills the
 * buffer. C2TCP takes CoDel's idea to the sender: what tells a standing queue
 * from a burst is not how long it is, but how long it does not go away.
 *
 *   GOOD   the RTT is at most the setpoint
 *   ABOVE  it is more, but has not been for a whole interval
 *   BAD    it has been for a whole interval
 *
 *              RTT > setpoint                 an interval later
 *      GOOD ------------------------> ABOVE ---------------------> BAD, cut
 *        ^                              |                         |    ^
 *        |______ RTT <= setpoint _______|____ RTT <= setpoint ____|    |
 *                                                                 |____|
 *                                            each interval / sqrt(cuts)
 *
 * In ABOVE, the window is CUBIC's. In GOOD, it also grows by setpoint / RTT
 * packets a round trip: the further below the setpoint, the more there is to
 * gain. A cut sets ssthresh as for a loss and the window to one packet, so that
 * the queue drains; slow start then leads back to less than before.
 *
 * The setpoint is the larger of
 *
 *   target_ms              what the user wants;
 *   alpha_pct * min RTT    or else a path that is longer than the target would
 *                          always be BAD, and the window always one packet.
 *
 * What differs from the published kernel, which patched tcp_cubic.c: parameters
 * are of a network namespace, not of the machine; and a cut is judged by packets
 * that were sent after it. What was sent before still tells of the old queue: with
 * a second of it there, the published rule would cut ten times for one cause, and
 * end at a window, and an ssthresh, of two packets.
 *
 * CUBIC is written here from RFC 9438, with HyStart's delay test (RFC 9406, 4.2)
 * to leave slow start: the one in tcp_cubic.c is private to it.
 */
#include <linux/bits.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/sysctl.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/tcp.h>

/* Defaults of the published experiments; the paper's cellular RTTs are 20-40 ms. */
#define TARGET_MS	100
#define INTERVAL_MS	100
/* Half as much again as the empty path: room for one burst, on any path. */
#define ALPHA_PCT	150

/* RFC 9438, 4.6: the window after a loss, 0.7; 5: C = 0.4 packets / s^3. */
#define BETA_NUM	7
#define BETA_DEN	10
#define C_NUM		2
#define C_DEN		5
/* Time of the curve in 1/1024 s, so that a cube of a minute fits 64 bits. */
#define CURVE_HZ_SHIFT	10
/* Beyond this time, the curve is so steep that its value does not matter. */
#define CURVE_MAX_TIME	(64 << CURVE_HZ_SHIFT)

/* RFC 9406, 4.3 */
#define HYSTART_SAMPLES	8
#define HYSTART_MIN_US	(4 * USEC_PER_MSEC)
#define HYSTART_MAX_US	(16 * USEC_PER_MSEC)

enum c2tcp_condition { C2TCP_GOOD, C2TCP_ABOVE, C2TCP_BAD };

/* Of each network namespace. */
struct c2tcp_net {
	unsigned int target_ms;
	unsigned int interval_ms;
	unsigned int alpha_pct;
	struct ctl_table_header *header;
};

/* Of each connection. */
struct c2tcp {
	/* condition detector */
	u32	min_rtt_us;	/* of the connection, 0: none yet */
	u32	rtt_us;		/* last sample, 0: none yet */
	u32	since_us;	/* ABOVE: start; BAD: time of the next cut is due */
	u32	cut_seq;	/* what was sent before does not count */
	u32	cuts;		/* in a row */
	u8	condition;
	u8	cut_due;
	u8	cut_watch;	/* cut_seq is not acknowledged yet */
	/* HyStart */
	u8	samples;	/* of this round */
	u32	round_end_seq;
	u32	round_min_us;
	u32	last_min_us;	/* of the round before, 0: none */
	/* CUBIC */
	u32	w_max;		/* packets */
	u32	k;		/* 1/1024 s from the epoch to the plateau */
	u32	origin;		/* packets at the plateau */
	u32	w_est;		/* what Reno would have, packets */
	u32	est_acked;	/* towards the next one of w_est */
	u64	epoch_us;	/* start of the curve, 0: at the next ACK */
};

static unsigned int c2tcp_net_id;

/* Largest x with x^3 <= a. Runs once for each reduction. */
static u32 c2tcp_cbrt(u64 a)
{
	u64 x = 0, y;
	int bit;

	for (bit = 20; bit >= 0; bit--) {
		y = x | BIT_ULL(bit);
		if (y * y * y <= a)
			x = y;
	}
	return x;
}

static u32 c2tcp_setpoint_us(const struct sock *sk, const struct c2tcp *ca)
{
	const struct c2tcp_net *cn = net_generic(sock_net(sk), c2tcp_net_id);
	u64 scaled = (u64)ca->min_rtt_us * READ_ONCE(cn->alpha_pct);
	u32 target = READ_ONCE(cn->target_ms) * USEC_PER_MSEC;

	return max_t(u64, target, min_t(u64, div_u64(scaled, 100), S32_MAX));
}

static void c2tcp_reset_curve(struct c2tcp *ca)
{
	ca->w_max = 0;
	ca->epoch_us = 0;
}

static void c2tcp_init(struct sock *sk)
{
	struct c2tcp *ca = inet_csk_ca(sk);

	*ca = (struct c2tcp) {
		.round_end_seq = tcp_sk(sk)->snd_nxt,
		.round_min_us = U32_MAX,
	};
}

/*
 * The transition function; see the top. The clock is that of the ACK, in us,
 * which wraps: differences are signed.
 */
static void c2tcp_detect(struct sock *sk, struct c2tcp *ca, u32 now_us)
{
	const struct c2tcp_net *cn = net_generic(sock_net(sk), c2tcp_net_id);
	u32 interval_us = READ_ONCE(cn->interval_ms) * USEC_PER_MSEC;

	if (ca->rtt_us <= c2tcp_setpoint_us(sk, ca)) {
		ca->condition = C2TCP_GOOD;
		ca->cuts = 0;
		return;
	}
	switch (ca->condition) {
	case C2TCP_GOOD:
		ca->condition = C2TCP_ABOVE;
		ca->since_us = now_us + interval_us;
		break;
	case C2TCP_ABOVE:
	case C2TCP_BAD:
		if ((s32)(now_us - ca->since_us) < 0)
			break;
		ca->condition = C2TCP_BAD;
		ca->cut_due = 1;
		ca->cuts++;
		/* interval / sqrt(cuts), with 8 bits after the point */
		ca->since_us = now_us + div_u64((u64)interval_us << 8,
						int_sqrt64((u64)ca->cuts << 16));
		break;
	}
}

/* Leave slow start when the fastest of a round's first ACKs is late. */
static void c2tcp_hystart(struct sock *sk, struct c2tcp *ca)
{
	struct tcp_sock *tp = tcp_sk(sk);
	u32 late;

	if (after(tp->snd_una, ca->round_end_seq)) {
		ca->round_end_seq = tp->snd_nxt;
		ca->last_min_us = ca->round_min_us;
		ca->round_min_us = U32_MAX;
		ca->samples = 0;
	}
	ca->round_min_us = min(ca->round_min_us, ca->rtt_us);
	if (!tcp_in_slow_start(tp) || ca->samples >= HYSTART_SAMPLES || !ca->last_min_us ||
	    ca->last_min_us == U32_MAX)
		return;
	late = clamp_t(u32, ca->last_min_us / 8, HYSTART_MIN_US, HYSTART_MAX_US);
	if (++ca->samples == HYSTART_SAMPLES && ca->round_min_us >= ca->last_min_us + late)
		tp->snd_ssthresh = tcp_snd_cwnd(tp);
}

static void c2tcp_pkts_acked(struct sock *sk, const struct ack_sample *sample)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct c2tcp *ca = inet_csk_ca(sk);

	if (sample->rtt_us <= 0)
		return;
	ca->rtt_us = sample->rtt_us;
	if (!ca->min_rtt_us || ca->rtt_us < ca->min_rtt_us)
		ca->min_rtt_us = ca->rtt_us;
	c2tcp_hystart(sk, ca);
	/* The ACK of cut_seq itself is for what was sent before. */
	if (ca->cut_watch && !after(tp->snd_una, ca->cut_seq))
		return;
	ca->cut_watch = 0;
	c2tcp_detect(sk, ca, tp->tcp_mstamp);
}

/* RFC 9438, 4.6 and 4.7: what is left after a loss, and the plateau. */
static u32 c2tcp_ssthresh(struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct c2tcp *ca = inet_csk_ca(sk);
	u32 cwnd = tcp_snd_cwnd(tp);

	ca->epoch_us = 0;
	/* Fast convergence: if it was less than last time, leave room to others. */
	if (cwnd < ca->w_max)
		ca->w_max = div_u64((u64)cwnd * (BETA_DEN + BETA_NUM), 2 * BETA_DEN);
	else
		ca->w_max = cwnd;
	return max_t(u32, div_u64((u64)cwnd * BETA_NUM, BETA_DEN), 2);
}

static void c2tcp_start_epoch(struct c2tcp *ca, u32 cwnd, u64 now_us)
{
	u64 below;

	ca->epoch_us = now_us;
	ca->w_est = cwnd;
	ca->est_acked = 0;
	ca->k = 0;
	ca->origin = cwnd;
	if (ca->w_max <= cwnd)
		return;
	/* K = cbrt((w_max - cwnd) / C), here in 1/1024 s */
	ca->origin = ca->w_max;
	below = min_t(u32, ca->w_max - cwnd, BIT(20));
	ca->k = c2tcp_cbrt(div_u64((below << (3 * CURVE_HZ_SHIFT)) * C_DEN, C_NUM));
}

/* W_cubic(t) = C (t - K)^3 + origin, t in 1/1024 s. */
static u32 c2tcp_curve(const struct c2tcp *ca, u64 t)
{
	s64 d = (s64)min_t(u64, t, S32_MAX) - ca->k, cube;

	d = clamp_t(s64, d, -CURVE_MAX_TIME, CURVE_MAX_TIME);
	/* 2^48 at most, and 2 more bits */
	cube = div_s64(d * d * d * C_NUM, C_DEN) >> (3 * CURVE_HZ_SHIFT);
	return clamp_t(s64, ca->origin + cube, 1, U32_MAX >> 1);
}

/* RFC 9438, 4.3: w_est grows by 3 (1 - beta) / (1 + beta) a window, which is 9/17. */
static void c2tcp_estimate_reno(struct c2tcp *ca, u32 cwnd, u32 acked)
{
	u32 need = cwnd * 17 / 9 + 1;

	ca->est_acked += acked;
	while (ca->est_acked >= need) {
		ca->est_acked -= need;
		ca->w_est++;
	}
}

/* How many ACKed packets it takes for one more of the window. */
static u32 c2tcp_cubic_count(struct sock *sk, struct c2tcp *ca, u32 acked)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u32 cwnd = tcp_snd_cwnd(tp), target;
	u64 t, now_us = tp->tcp_mstamp;

	if (!ca->epoch_us)
		c2tcp_start_epoch(ca, cwnd, now_us);
	/* where the curve will be when the next window is acknowledged */
	t = div_u64((now_us - ca->epoch_us + ca->min_rtt_us) << CURVE_HZ_SHIFT, USEC_PER_SEC);
	target = c2tcp_curve(ca, t);
	c2tcp_estimate_reno(ca, cwnd, acked);
	target = max(target, ca->w_est);
	if (target <= cwnd)
		return min_t(u64, 100ull * cwnd, U32_MAX >> 1);
	/* never more than by half in a round trip */
	return max(cwnd / (target - cwnd), 2U);
}

/* The share of setpoint / RTT packets a round trip that these ACKs bring. */
static u32 c2tcp_boost(struct sock *sk, const struct c2tcp *ca, u32 acked)
{
	if (ca->condition != C2TCP_GOOD || !ca->rtt_us)
		return 0;
	return acked * min_t(u32, c2tcp_setpoint_us(sk, ca) / ca->rtt_us, 16);
}

static void c2tcp_cut(struct sock *sk, struct c2tcp *ca)
{
	struct tcp_sock *tp = tcp_sk(sk);

	ca->cut_due = 0;
	ca->cut_watch = 1;
	ca->cut_seq = tp->snd_nxt;
	tp->snd_ssthresh = c2tcp_ssthresh(sk);
	tcp_snd_cwnd_set(tp, 1);
	tp->snd_cwnd_cnt = 0;
}

/* Called only while nothing is repaired: a loss has its own answer. */
static void c2tcp_cong_avoid(struct sock *sk, u32 ack, u32 acked)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct c2tcp *ca = inet_csk_ca(sk);
	u32 boost;

	if (ca->cut_due) {
		c2tcp_cut(sk, ca);
		return;
	}
	if (!tcp_is_cwnd_limited(sk))
		return;
	if (tcp_in_slow_start(tp)) {
		acked = tcp_slow_start(tp, acked);
		if (!acked)
			return;
	}
	tcp_cong_avoid_ai(tp, c2tcp_cubic_count(sk, ca, acked), acked);
	boost = c2tcp_boost(sk, ca, acked);
	if (boost)
		tcp_cong_avoid_ai(tp, tcp_snd_cwnd(tp), boost);
}

static void c2tcp_set_state(struct sock *sk, u8 new_state)
{
	struct c2tcp *ca = inet_csk_ca(sk);

	if (new_state >= TCP_CA_CWR)
		ca->cut_due = 0;
	if (new_state == TCP_CA_Loss)
		c2tcp_reset_curve(ca);
}

/* The curve does not go on while there is nothing to send (RFC 9438, 5.8). */
static void c2tcp_cwnd_event(struct sock *sk, enum tcp_ca_event event)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct c2tcp *ca = inet_csk_ca(sk);
	s32 idle = tcp_jiffies32 - tp->lsndtime;

	if (event != CA_EVENT_TX_START)
		return;
	ca->condition = C2TCP_GOOD;
	ca->cuts = 0;
	if (ca->epoch_us && idle > 0)
		ca->epoch_us = min(ca->epoch_us + jiffies_to_usecs(idle),
				   tcp_clock_us());
}

static struct tcp_congestion_ops c2tcp_ops __read_mostly = {
	.init		= c2tcp_init,
	.ssthresh	= c2tcp_ssthresh,
	.cong_avoid	= c2tcp_cong_avoid,
	.set_state	= c2tcp_set_state,
	.undo_cwnd	= tcp_reno_undo_cwnd,
	.cwnd_event	= c2tcp_cwnd_event,
	.pkts_acked	= c2tcp_pkts_acked,
	.owner		= THIS_MODULE,
	.name		= "c2tcp",
};

static unsigned int c2tcp_max_ms = 60 * MSEC_PER_SEC;
static unsigned int c2tcp_min_pct = 101;	/* of the empty path: it must be possible */
static unsigned int c2tcp_max_pct = 10000;

static const struct ctl_table c2tcp_table[] = {
	{
		.procname	= "target_ms",
		.maxlen		= sizeof(unsigned int),
		.mode		= 0644,
		.proc_handler	= proc_douintvec_minmax,
		.extra1		= SYSCTL_ONE,
		.extra2		= &c2tcp_max_ms,
	},
	{
		.procname	= "interval_ms",
		.maxlen		= sizeof(unsigned int),
		.mode		= 0644,
		.proc_handler	= proc_douintvec_minmax,
		.extra1		= SYSCTL_ONE,
		.extra2		= &c2tcp_max_ms,
	},
	{
		.procname	= "alpha_pct",
		.maxlen		= sizeof(unsigned int),
		.mode		= 0644,
		.proc_handler	= proc_douintvec_minmax,
		.extra1		= &c2tcp_min_pct,
		.extra2		= &c2tcp_max_pct,
	},
};

static int __net_init c2tcp_net_init(struct net *net)
{
	struct c2tcp_net *cn = net_generic(net, c2tcp_net_id);
	struct ctl_table *table;

	cn->target_ms = TARGET_MS;
	cn->interval_ms = INTERVAL_MS;
	cn->alpha_pct = ALPHA_PCT;
	table = kmemdup(c2tcp_table, sizeof(c2tcp_table), GFP_KERNEL);
	if (!table)
		return -ENOMEM;
	table[0].data = &cn->target_ms;
	table[1].data = &cn->interval_ms;
	table[2].data = &cn->alpha_pct;
	cn->header = register_net_sysctl_sz(net, "net/ipv4/c2tcp", table,
					    ARRAY_SIZE(c2tcp_table));
	if (!cn->header) {
		kfree(table);
		return -ENOMEM;
	}
	return 0;
}

static void __net_exit c2tcp_net_exit(struct net *net)
{
	struct c2tcp_net *cn = net_generic(net, c2tcp_net_id);
	const struct ctl_table *table = cn->header->ctl_table_arg;

	unregister_net_sysctl_table(cn->header);
	kfree(table);
}

static struct pernet_operations c2tcp_net_ops = {
	.init	= c2tcp_net_init,
	.exit	= c2tcp_net_exit,
	.id	= &c2tcp_net_id,
	.size	= sizeof(struct c2tcp_net),
};

static int __init c2tcp_register(void)
{
	int err;

	BUILD_BUG_ON(sizeof(struct c2tcp) > ICSK_CA_PRIV_SIZE);

	err = register_pernet_subsys(&c2tcp_net_ops);
	if (err)
		return err;
	err = tcp_register_congestion_control(&c2tcp_ops);
	if (err)
		unregister_pernet_subsys(&c2tcp_net_ops);
	return err;
}

static void __exit c2tcp_unregister(void)
{
	tcp_unregister_congestion_control(&c2tcp_ops);
	unregister_pernet_subsys(&c2tcp_net_ops);
}

module_init(c2tcp_register);
module_exit(c2tcp_unregister);

MODULE_AUTHOR("netsteer developers");
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("C2TCP: CUBIC with controlled delay");
