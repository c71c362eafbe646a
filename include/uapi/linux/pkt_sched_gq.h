/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * gq: the Eiffel packet scheduler (Saeed et al., NSDI 2019) as a qdisc.
 *
 * Netlink interface of the qdisc of kind "gq": attributes nested in TCA_OPTIONS
 * (enum gq_attr) and statistics nested in TCA_STATS_APP (enum gq_stats_attr).
 *
 * Rates are in bytes per second, times in nanoseconds unless the name or the
 * comment says otherwise. A value out of its range is refused with -ERANGE or
 * -EINVAL and an extended ack that names the attribute; the qdisc then keeps
 * all its settings, also those that came in the same request.
 */
#ifndef _UAPI_LINUX_PKT_SCHED_GQ_H
#define _UAPI_LINUX_PKT_SCHED_GQ_H

#include <linux/types.h>

#define GQ_LIMIT_MAX		16777216U	/* packets */
#define GQ_QUANTUM_MIN		256U		/* bytes */
#define GQ_QUANTUM_MAX		1048576U	/* bytes */
#define GQ_GRANULARITY_MIN	1024U	/* ns */
#define GQ_GRANULARITY_MAX	16777216U	/* ns, about 17 ms */
#define GQ_BUCKETS_MIN		64U
#define GQ_BUCKETS_MAX		1048576U
#define GQ_HORIZON_MAX		4398046511104ULL	/* ns, 2^42, 73 minutes */
#define GQ_TIMER_SLACK_MAX	1000000000U	/* ns, 1 s */
#define GQ_REFILL_DELAY_MAX	1000000000U	/* us, 1000 s */
#define GQ_RATE_UNLIMITED	(~0ULL)
#define GQ_CE_THRESHOLD_OFF	(~0ULL)
#define GQ_LATENESS_BINS	32
#define GQ_CODEL_OFF		(~0ULL)
#define GQ_CODEL_INTERVAL_MIN	1024U		/* ns, a tick of CoDel's clock */
#define GQ_CODEL_INTERVAL_MAX	100000000000ULL	/* ns, 100 s */

#define GQ_BANDS_MAX		8
#define GQ_BAND_WEIGHT_MIN	4096U		/* bytes */
#define GQ_BAND_WEIGHT_MAX	16777216U	/* bytes */
#define GQ_BAND_STARVE_MAX	10000000000ULL	/* ns, 10 s */
#define GQ_RESERVATION_MAX	1099511627776ULL	/* bytes/s, 2^40 */
#define GQ_SHARE_MAX		65535U

/*
 * A packet's mark with GQ_POLICY_HCLOCK, all 0 for what the band is set to:
 * bits 0 - 15 the flow's share, bits 16 - 23 its reservation and bits 24 - 31 its
 * limit, as multiples of the band's, or GQ_HCLOCK_NONE for none.
 */
#define GQ_HCLOCK_SHARE_MASK		0xffffU
#define GQ_HCLOCK_RESERVATION_SHIFT	16
#define GQ_HCLOCK_CEIL_SHIFT		24
#define GQ_HCLOCK_NONE			255U

#define GQ_PRIOS		16		/* entries of a priomap */
#define GQ_DSCPS		64		/* entries of a DSCP map */
#define GQ_DSCP_NONE		255		/* this code point maps to no band */

/**
 * enum gq_band_mode - how a band shares the link with the others
 * @GQ_BAND_WRR: with the other weighted bands, in proportion to its weight,
 *	when no strict band has a packet that may leave
 * @GQ_BAND_STRICT: before all weighted bands and all strict bands of a higher
 *	number
 * @__GQ_BAND_MODE_MAX: number of modes
 */
enum gq_band_mode {
	GQ_BAND_WRR,
	GQ_BAND_STRICT,
	__GQ_BAND_MODE_MAX
};

/**
 * enum gq_policy - in which order the flows of a band are served
 * @GQ_POLICY_DRR: in turn, by the bytes of the quantum; new flows first
 * @GQ_POLICY_EDT: earliest departure time first: the later of the first
 *	packet's departure time and of the time that the flow's rate allows
 * @GQ_POLICY_PRIO: highest DSCP of the first packet first; packets that are
 *	not IP count as DSCP 0
 * @GQ_POLICY_STFQ: start-time fair queueing: bytes in proportion to the flow's
 *	weight, skb->mark modulo 65536 of its packets (0: 1)
 * @GQ_POLICY_SRPT: fewest packets in the queue first
 * @GQ_POLICY_PFABRIC: smallest remaining size first: the smallest skb->mark of
 *	the flow's packets when they come in, and when one has left the smaller
 *	one of it and of the next (mark 0: as large as can be)
 * @GQ_POLICY_LSTF: least slack first: the packet that must be sent soonest, by
 *	its time of departure plus skb->mark us
 * @GQ_POLICY_HCLOCK: hClock: bytes in proportion to the flow's share, but not
 *	less than its reservation, and never more than its limit
 *	(TCA_GQ_BAND_SHARE, TCA_GQ_BAND_RESERVATION, TCA_GQ_BAND_CEIL, or the
 *	mark). First goes the flow whose reserved packet has been due for longest;
 *	if there is none, the one that got least for its share. Reservations of
 *	more than the link has, and below a limit, are not kept.
 * @__GQ_POLICY_MAX: number of policies
 *
 * All but DRR serve one packet at a time, and put flows into buckets of ranks,
 * which are FIFO: the order is that of a stable sort by the bucket. Buckets are
 * 1 us (EDT, LSTF), 256 bytes by weight (STFQ, HCLOCK), 1 (the others); 4096 of
 * them, counted from the smallest in use (EDT, LSTF, STFQ, HCLOCK) or from 0 (the
 * others). Reserved packets are ordered by time, 8 us being the same.
 */
enum gq_policy {
	GQ_POLICY_DRR,
	GQ_POLICY_EDT,
	GQ_POLICY_PRIO,
	GQ_POLICY_STFQ,
	GQ_POLICY_SRPT,
	GQ_POLICY_PFABRIC,
	GQ_POLICY_LSTF,
	GQ_POLICY_HCLOCK,
	__GQ_POLICY_MAX
};

/**
 * enum gq_queue - how the first of a band's ranked flows is found
 * @GQ_QUEUE_CFFS: exactly, by bitmaps
 * @GQ_QUEUE_APPROX: by an approximate gradient queue of 523 buckets: one
 *	division, which may hit a flow of a bucket up to 31 behind the first. This
 *	is an inversion; they are counted. Buckets are up to 16 times as wide as
 *	else if more than 30 % are empty and 64 flows or more are ranked. Does
 *	not apply to reservations.
 * @__GQ_QUEUE_MAX: number of queues
 */
enum gq_queue {
	GQ_QUEUE_CFFS,
	GQ_QUEUE_APPROX,
	__GQ_QUEUE_MAX
};

/**
 * enum gq_band_attr - settings of a band, nested in TCA_GQ_BAND_ENTRY
 * @TCA_GQ_BAND_UNSPEC: unused
 * @TCA_GQ_BAND_PAD: padding of 64-bit attributes, no meaning
 * @TCA_GQ_BAND_INDEX: u8, the band, 0 .. GQ_BANDS_MAX - 1; required
 * @TCA_GQ_BAND_MODE: u8, enum gq_band_mode; default GQ_BAND_WRR
 * @TCA_GQ_BAND_WEIGHT: u32, bytes that a weighted band sends a round,
 *	GQ_BAND_WEIGHT_MIN .. GQ_BAND_WEIGHT_MAX; default 589824 for band 0,
 *	196608 for band 1, 65536 for all others
 * @TCA_GQ_BAND_LIMIT: u32, packets that the band holds, 1 .. GQ_LIMIT_MAX
 *	(default: only TCA_GQ_LIMIT counts)
 * @TCA_GQ_BAND_STARVE: u64, ns that a packet which may leave waits for other
 *	bands at most before one of the band is sent, 0 .. GQ_BAND_STARVE_MAX;
 *	0 (default): no bound
 * @TCA_GQ_BAND_POLICY: u8, enum gq_policy; default GQ_POLICY_DRR. A qdisc that
 *	was added with no band of another policy can't change to one, because
 *	its flows have no room for a rank (-EOPNOTSUPP), and to GQ_POLICY_HCLOCK
 *	only if it was added with a band of that; replace it.
 * @TCA_GQ_BAND_RATE: u64, bytes/s that the band does not exceed, 1 ..
 *	GQ_RATE_UNLIMITED (default, no limit). A packet counts whole when it
 *	leaves, however large; a change takes effect within a second.
 * @TCA_GQ_BAND_QUEUE: u8, enum gq_queue; default GQ_QUEUE_CFFS; of no effect
 *	with GQ_POLICY_DRR
 * @TCA_GQ_BAND_RESERVATION: u64, bytes/s that GQ_POLICY_HCLOCK reserves for
 *	each flow of the band, 0 .. GQ_RESERVATION_MAX; default 0: none
 * @TCA_GQ_BAND_CEIL: u64, bytes/s that no flow of the band exceeds with
 *	GQ_POLICY_HCLOCK, 1 .. GQ_RATE_UNLIMITED (default, no limit)
 * @TCA_GQ_BAND_SHARE: u32, share of a flow of the band with GQ_POLICY_HCLOCK, 1
 *	.. GQ_SHARE_MAX; default 1
 * @__TCA_GQ_BAND_MAX: number of attributes
 */
enum gq_band_attr {
	TCA_GQ_BAND_UNSPEC,
	TCA_GQ_BAND_PAD,
	TCA_GQ_BAND_INDEX,
	TCA_GQ_BAND_MODE,
	TCA_GQ_BAND_WEIGHT,
	TCA_GQ_BAND_LIMIT,
	TCA_GQ_BAND_STARVE,
	TCA_GQ_BAND_POLICY,
	TCA_GQ_BAND_RATE,
	TCA_GQ_BAND_QUEUE,
	TCA_GQ_BAND_RESERVATION,
	TCA_GQ_BAND_CEIL,
	TCA_GQ_BAND_SHARE,
	__TCA_GQ_BAND_MAX
};

#define TCA_GQ_BAND_MAX (__TCA_GQ_BAND_MAX - 1)

/* The only attribute of the lists TCA_GQ_BAND_LIST and TCA_GQ_STATS_BANDS. */
#define TCA_GQ_BAND_ENTRY	1

/**
 * enum gq_attr - settings of gq, nested in TCA_OPTIONS
 * @TCA_GQ_UNSPEC: unused
 * @TCA_GQ_PAD: padding of 64-bit attributes, no meaning
 * @TCA_GQ_LIMIT: u32, packets that the qdisc holds, 1 .. GQ_LIMIT_MAX;
 *	default 10000
 * @TCA_GQ_FLOW_LIMIT: u32, packets that a flow holds, 1 .. GQ_LIMIT_MAX;
 *	default 100
 * @TCA_GQ_QUANTUM: u32, bytes that a flow sends a round, GQ_QUANTUM_MIN ..
 *	GQ_QUANTUM_MAX; default 2 MTU
 * @TCA_GQ_INITIAL_QUANTUM: u32, bytes that a new flow sends in its first
 *	round, 0 .. GQ_QUANTUM_MAX; default 10 MTU
 * @TCA_GQ_PACING: u8, 1: pace flows to their socket's rate, to @TCA_GQ_MAXRATE
 *	and to departure times; 0: to departure times only; default 1
 * @TCA_GQ_MAXRATE: u64, bytes/s that no flow exceeds, 1 .. GQ_RATE_UNLIMITED
 *	(default, no limit)
 * @TCA_GQ_GRANULARITY: u32, ns of a bucket of the wheel, GQ_GRANULARITY_MIN ..
 *	GQ_GRANULARITY_MAX, rounded down to a power of two; default 8192. No
 *	packet leaves early, none later than this plus @TCA_GQ_TIMER_SLACK for
 *	reasons of the scheduler.
 * @TCA_GQ_BUCKETS: u32, buckets of the wheel, GQ_BUCKETS_MIN ..
 *	GQ_BUCKETS_MAX, rounded up to a power of two; default 32768. A flow due
 *	beyond the wheel is looked at once per turn of the wheel.
 * @TCA_GQ_HORIZON: u64, ns in the future that a departure time may lie, 1 ..
 *	GQ_HORIZON_MAX; default 10 s. It does not depend on the wheel's size.
 * @TCA_GQ_HORIZON_DROP: u8, packets beyond the horizon are 1: dropped
 *	(default), 0: sent at the horizon
 * @TCA_GQ_TIMER_SLACK: u32, ns that the timer may be late, 0 ..
 *	GQ_TIMER_SLACK_MAX; default 10000
 * @TCA_GQ_CE_THRESHOLD: u64, ns of queueing delay above which ECN-capable
 *	packets are marked CE; GQ_CE_THRESHOLD_OFF (default): never
 * @TCA_GQ_ORPHAN_MASK: u32, mask of the hash of packets without a socket: at
 *	most mask + 1 such flows; default 1023
 * @TCA_GQ_REFILL_DELAY: u32, us of idleness after which a flow gets a new
 *	quantum, 0 .. GQ_REFILL_DELAY_MAX; default 40000; kept in jiffies
 * @TCA_GQ_LOW_RATE_THRESHOLD: u64, bytes/s up to which a flow is paced packet
 *	by packet, above it quantum by quantum; default 68750 (550 kbit/s)
 * @TCA_GQ_BANDS: u8, bands that packets are put into, 1 .. GQ_BANDS_MAX;
 *	default 3. Packets in bands that are no longer used still leave.
 * @TCA_GQ_PRIOMAP: u8[GQ_PRIOS], band by skb->priority modulo GQ_PRIOS; default
 *	that of pfifo_fast
 * @TCA_GQ_DSCPMAP: u8[GQ_DSCPS], band by DSCP, or GQ_DSCP_NONE (default for
 *	all): the priomap decides
 * @TCA_GQ_BAND_LIST: list of TCA_GQ_BAND_ENTRY, each of enum gq_band_attr;
 *	bands that are not named keep their settings
 * @TCA_GQ_RATE: u64, bytes/s that the qdisc does not exceed, otherwise as
 *	TCA_GQ_BAND_RATE
 * @TCA_GQ_CODEL_TARGET: u64, ns; CoDel (RFC 8289) for each flow, with this as
 *	acceptable queueing delay, or GQ_CODEL_OFF (default); above
 *	GQ_CODEL_INTERVAL_MAX it counts as that. The delay counts from when a
 *	packet might leave: pacing is none. Flows that are known when CoDel is
 *	switched on come under it when it is next their turn.
 * @TCA_GQ_CODEL_INTERVAL: u64, ns that the delay must be above the target before
 *	CoDel acts, GQ_CODEL_INTERVAL_MIN .. GQ_CODEL_INTERVAL_MAX; default 100 ms
 * @TCA_GQ_CODEL_ECN: u8, 1: CoDel marks ECN-capable packets CE instead of
 *	dropping them; default 0
 * @TCA_GQ_EDT_BYPASS: u8, 1: packets of sockets that have a departure time of
 *	their own wait for it by themselves, without their flow; default 0. Only
 *	in bands of GQ_POLICY_DRR, and not while @TCA_GQ_MAXRATE or CoDel is set,
 *	which need to know the flow. TCP's packets keep their order in a band;
 *	others leave in that of their departure times, 8 us (@TCA_GQ_GRANULARITY)
 *	being the same. TCA_GQ_FLOW_LIMIT does not count them.
 * @__TCA_GQ_MAX: number of attributes
 */
enum gq_attr {
	TCA_GQ_UNSPEC,
	TCA_GQ_PAD,
	TCA_GQ_LIMIT,
	TCA_GQ_FLOW_LIMIT,
	TCA_GQ_QUANTUM,
	TCA_GQ_INITIAL_QUANTUM,
	TCA_GQ_PACING,
	TCA_GQ_MAXRATE,
	TCA_GQ_GRANULARITY,
	TCA_GQ_BUCKETS,
	TCA_GQ_HORIZON,
	TCA_GQ_HORIZON_DROP,
	TCA_GQ_TIMER_SLACK,
	TCA_GQ_CE_THRESHOLD,
	TCA_GQ_ORPHAN_MASK,
	TCA_GQ_REFILL_DELAY,
	TCA_GQ_LOW_RATE_THRESHOLD,
	TCA_GQ_BANDS,
	TCA_GQ_PRIOMAP,
	TCA_GQ_DSCPMAP,
	TCA_GQ_BAND_LIST,
	TCA_GQ_RATE,
	TCA_GQ_CODEL_TARGET,
	TCA_GQ_CODEL_INTERVAL,
	TCA_GQ_CODEL_ECN,
	TCA_GQ_EDT_BYPASS,
	__TCA_GQ_MAX
};

#define TCA_GQ_MAX (__TCA_GQ_MAX - 1)

/**
 * enum gq_stats_attr - statistics of gq, nested in TCA_STATS_APP
 * @TCA_GQ_STATS_UNSPEC: unused
 * @TCA_GQ_STATS_PAD: padding of 64-bit attributes, no meaning
 * @TCA_GQ_STATS_FLOWS: u32, flows known now
 * @TCA_GQ_STATS_INACTIVE_FLOWS: u32, of these, flows without a packet
 * @TCA_GQ_STATS_THROTTLED_FLOWS: u32, of these, flows that wait in the wheel
 * @TCA_GQ_STATS_NEXT_EVENT: s64, ns from now to the end of the earliest bucket
 *	in use (negative: it is overdue); absent when the wheel is empty
 * @TCA_GQ_STATS_ENQUEUED: u64, packets taken in. At any time enqueued =
 *	dequeued + evicted + queued
 * @TCA_GQ_STATS_DEQUEUED: u64, packets sent
 * @TCA_GQ_STATS_EVICTED: u64, packets dropped after they were taken in: by
 *	CoDel, from the fattest flow at TCA_GQ_LIMIT, or because that was lowered
 * @TCA_GQ_STATS_FASTPATH: u64, packets that needed no flow
 * @TCA_GQ_STATS_THROTTLED: u64, times that a flow was put into the wheel
 * @TCA_GQ_STATS_REINSERTS: u64, times that a flow due beyond the wheel was put
 *	back into it
 * @TCA_GQ_STATS_TIMER_ARMS: u64, times that the timer was programmed
 * @TCA_GQ_STATS_TIMER_FIRES: u64, times that it expired
 * @TCA_GQ_STATS_LIMIT_DROPS: u64, packets not taken in at TCA_GQ_LIMIT, since
 *	no flow had more than the one that they belong to
 * @TCA_GQ_STATS_FLOW_LIMIT_DROPS: u64, packets dropped at TCA_GQ_FLOW_LIMIT
 * @TCA_GQ_STATS_HORIZON_DROPS: u64, packets dropped beyond the horizon
 * @TCA_GQ_STATS_HORIZON_CAPS: u64, packets moved to the horizon
 * @TCA_GQ_STATS_CE_MARKS: u64, packets marked CE
 * @TCA_GQ_STATS_CLOCKS_CONVERTED: u64, packets stamped with another clock than
 *	CLOCK_MONOTONIC, converted to it
 * @TCA_GQ_STATS_PKTS_TOO_LONG: u64, packets whose time at the flow's rate is
 *	over one second, sent after one second
 * @TCA_GQ_STATS_ALLOC_ERRORS: u64, flows that no memory was found for; their
 *	packets took the fast path
 * @TCA_GQ_STATS_GC_FLOWS: u64, idle flows freed
 * @TCA_GQ_STATS_HASH_BUCKETS: u32, buckets of the flow hash now
 * @TCA_GQ_STATS_HASH_RESIZES: u64, times that the flow hash changed its size
 * @TCA_GQ_STATS_LATENESS: u64[GQ_LATENESS_BINS], packets that waited for a
 *	departure time, by how much later they left: bin 0 counts 0 ns and 1 ns,
 *	bin i counts [2^i, 2^(i+1)) ns, the last bin also all above
 * @TCA_GQ_STATS_BAND_LIMIT_DROPS: u64, packets not taken in at
 *	TCA_GQ_BAND_LIMIT
 * @TCA_GQ_STATS_BANDS: list of TCA_GQ_BAND_ENTRY, each of enum
 *	gq_band_stats_attr, one for each band that is in use or not empty
 * @TCA_GQ_STATS_SHAPED: u64, times that a band, or the qdisc, was put into the
 *	wheel because of its rate
 * @TCA_GQ_STATS_CODEL_DROPS: u64, packets that CoDel dropped
 * @TCA_GQ_STATS_CODEL_MARKS: u64, packets that CoDel marked CE
 * @TCA_GQ_STATS_BYPASSED: u64, packets that waited by themselves, see
 *	TCA_GQ_EDT_BYPASS
 * @__TCA_GQ_STATS_MAX: number of attributes
 */
enum gq_stats_attr {
	TCA_GQ_STATS_UNSPEC,
	TCA_GQ_STATS_PAD,
	TCA_GQ_STATS_FLOWS,
	TCA_GQ_STATS_INACTIVE_FLOWS,
	TCA_GQ_STATS_THROTTLED_FLOWS,
	TCA_GQ_STATS_NEXT_EVENT,
	TCA_GQ_STATS_ENQUEUED,
	TCA_GQ_STATS_DEQUEUED,
	TCA_GQ_STATS_EVICTED,
	TCA_GQ_STATS_FASTPATH,
	TCA_GQ_STATS_THROTTLED,
	TCA_GQ_STATS_REINSERTS,
	TCA_GQ_STATS_TIMER_ARMS,
	TCA_GQ_STATS_TIMER_FIRES,
	TCA_GQ_STATS_LIMIT_DROPS,
	TCA_GQ_STATS_FLOW_LIMIT_DROPS,
	TCA_GQ_STATS_HORIZON_DROPS,
	TCA_GQ_STATS_HORIZON_CAPS,
	TCA_GQ_STATS_CE_MARKS,
	TCA_GQ_STATS_CLOCKS_CONVERTED,
	TCA_GQ_STATS_PKTS_TOO_LONG,
	TCA_GQ_STATS_ALLOC_ERRORS,
	TCA_GQ_STATS_GC_FLOWS,
	TCA_GQ_STATS_HASH_BUCKETS,
	TCA_GQ_STATS_HASH_RESIZES,
	TCA_GQ_STATS_LATENESS,
	TCA_GQ_STATS_BAND_LIMIT_DROPS,
	TCA_GQ_STATS_BANDS,
	TCA_GQ_STATS_SHAPED,
	TCA_GQ_STATS_CODEL_DROPS,
	TCA_GQ_STATS_CODEL_MARKS,
	TCA_GQ_STATS_BYPASSED,
	__TCA_GQ_STATS_MAX
};

#define TCA_GQ_STATS_MAX (__TCA_GQ_STATS_MAX - 1)

/**
 * enum gq_band_stats_attr - statistics of a band. Packets count for the band
 *	that they were put into, also if their flow has moved to another since.
 * @TCA_GQ_BAND_STATS_UNSPEC: unused
 * @TCA_GQ_BAND_STATS_PAD: padding of 64-bit attributes, no meaning
 * @TCA_GQ_BAND_STATS_INDEX: u8, the band
 * @TCA_GQ_BAND_STATS_QLEN: u32, packets in it now
 * @TCA_GQ_BAND_STATS_BACKLOG: u32, their bytes
 * @TCA_GQ_BAND_STATS_PACKETS: u64, packets sent
 * @TCA_GQ_BAND_STATS_BYTES: u64, bytes sent
 * @TCA_GQ_BAND_STATS_DROPS: u64, packets dropped, for whatever reason
 * @TCA_GQ_BAND_STATS_RESCUES: u64, packets sent because of TCA_GQ_BAND_STARVE
 * @TCA_GQ_BAND_STATS_RESERVED: u64, packets sent because of a reservation
 * @TCA_GQ_BAND_STATS_INVERSIONS: u64, packets sent although a flow of a
 *	smaller bucket was there (GQ_QUEUE_APPROX)
 * @TCA_GQ_BAND_STATS_SEARCHES: u64, estimates that hit an empty bucket
 * @TCA_GQ_BAND_STATS_REGRAINS: u64, changes of the width of a bucket
 * @__TCA_GQ_BAND_STATS_MAX: number of attributes
 */
enum gq_band_stats_attr {
	TCA_GQ_BAND_STATS_UNSPEC,
	TCA_GQ_BAND_STATS_PAD,
	TCA_GQ_BAND_STATS_INDEX,
	TCA_GQ_BAND_STATS_QLEN,
	TCA_GQ_BAND_STATS_BACKLOG,
	TCA_GQ_BAND_STATS_PACKETS,
	TCA_GQ_BAND_STATS_BYTES,
	TCA_GQ_BAND_STATS_DROPS,
	TCA_GQ_BAND_STATS_RESCUES,
	TCA_GQ_BAND_STATS_RESERVED,
	TCA_GQ_BAND_STATS_INVERSIONS,
	TCA_GQ_BAND_STATS_SEARCHES,
	TCA_GQ_BAND_STATS_REGRAINS,
	__TCA_GQ_BAND_STATS_MAX
};

#define TCA_GQ_BAND_STATS_MAX (__TCA_GQ_BAND_STATS_MAX - 1)

#endif /* _UAPI_LINUX_PKT_SCHED_GQ_H */
