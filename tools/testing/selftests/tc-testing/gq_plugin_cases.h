/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Known input of gq_plugin_fuzz, and what is to come of it.
 */
#ifndef GQ_PLUGIN_CASES_H
#define GQ_PLUGIN_CASES_H

#include <linux/pkt_sched_gq.h>
#include <stdint.h>

/* Length of each setting's payload. */
static const uint8_t opt_size[TCA_GQ_MAX + 1] = {
	[TCA_GQ_LIMIT] = 4, [TCA_GQ_FLOW_LIMIT] = 4, [TCA_GQ_QUANTUM] = 4,
	[TCA_GQ_INITIAL_QUANTUM] = 4, [TCA_GQ_PACING] = 1,
	[TCA_GQ_MAXRATE] = 8, [TCA_GQ_GRANULARITY] = 4, [TCA_GQ_BUCKETS] = 4,
	[TCA_GQ_HORIZON] = 8, [TCA_GQ_HORIZON_DROP] = 1,
	[TCA_GQ_TIMER_SLACK] = 4, [TCA_GQ_CE_THRESHOLD] = 8,
	[TCA_GQ_ORPHAN_MASK] = 4, [TCA_GQ_REFILL_DELAY] = 4,
	[TCA_GQ_LOW_RATE_THRESHOLD] = 8, [TCA_GQ_BANDS] = 1,
	[TCA_GQ_PRIOMAP] = GQ_PRIOS, [TCA_GQ_DSCPMAP] = GQ_DSCPS,
};

/* Words that are valid, and the attribute that they become. */
static const struct {
	const char *line;
	int attr;
	uint64_t val;
} good[] = {
	{ "limit 1", TCA_GQ_LIMIT, 1 },
	{ "limit 16777216p", TCA_GQ_LIMIT, 16777216 },
	{ "flow_limit 4294967295P", TCA_GQ_FLOW_LIMIT, UINT32_MAX },
	{ "quantum 3028", TCA_GQ_QUANTUM, 3028 },
	{ "quantum 256b", TCA_GQ_QUANTUM, 256 },
	{ "quantum 1mb", TCA_GQ_QUANTUM, 1048576 },
	{ "quantum 1.5kb", TCA_GQ_QUANTUM, 1536 },
	{ "initial_quantum 0", TCA_GQ_INITIAL_QUANTUM, 0 },
	{ "pacing", TCA_GQ_PACING, 1 },
	{ "nopacing", TCA_GQ_PACING, 0 },
	{ "maxrate 8", TCA_GQ_MAXRATE, 1 },
	{ "maxrate 1.5Mbit", TCA_GQ_MAXRATE, 187500 },
	{ "maxrate 1bps", TCA_GQ_MAXRATE, 1 },
	{ "maxrate 1KBps", TCA_GQ_MAXRATE, 1000 },
	{ "maxrate 1kibit", TCA_GQ_MAXRATE, 128 },
	{ "maxrate 100gbit", TCA_GQ_MAXRATE, 12500000000 },
	{ "maxrate 2tibps", TCA_GQ_MAXRATE, 2ULL << 40 },
	{ "maxrate 18446744073709551615bps", TCA_GQ_MAXRATE, UINT64_MAX },
	{ "maxrate unlimited", TCA_GQ_MAXRATE, UINT64_MAX },
	{ "granularity 8192ns", TCA_GQ_GRANULARITY, 8192 },
	{ "granularity 8us", TCA_GQ_GRANULARITY, 8000 },
	{ "granularity 8.192usec", TCA_GQ_GRANULARITY, 8192 },
	{ "buckets 64", TCA_GQ_BUCKETS, 64 },
	{ "buckets 0x100000", TCA_GQ_BUCKETS, 1048576 },
	{ "horizon 1ns", TCA_GQ_HORIZON, 1 },
	{ "horizon 10s", TCA_GQ_HORIZON, 10000000000 },
	{ "horizon 4398.046511104s", TCA_GQ_HORIZON, 1ULL << 42 },
	{ "horizon_drop", TCA_GQ_HORIZON_DROP, 1 },
	{ "horizon_cap", TCA_GQ_HORIZON_DROP, 0 },
	{ "timer_slack 0s", TCA_GQ_TIMER_SLACK, 0 },
	{ "timer_slack 1secs", TCA_GQ_TIMER_SLACK, 1000000000 },
	{ "ce_threshold 1ms", TCA_GQ_CE_THRESHOLD, 1000000 },
	{ "ce_threshold off", TCA_GQ_CE_THRESHOLD, UINT64_MAX },
	{ "orphan_mask 0x3ff", TCA_GQ_ORPHAN_MASK, 1023 },
	{ "orphan_mask 4294967295", TCA_GQ_ORPHAN_MASK, UINT32_MAX },
	{ "refill_delay 40ms", TCA_GQ_REFILL_DELAY, 40000 },
	{ "refill_delay 4294967295us", TCA_GQ_REFILL_DELAY, UINT32_MAX },
	{ "low_rate_threshold 550kbit", TCA_GQ_LOW_RATE_THRESHOLD, 68750 },
	{ "low_rate_threshold 0", TCA_GQ_LOW_RATE_THRESHOLD, 0 },
	{ "bands 1", TCA_GQ_BANDS, 1 },
	{ "bands 8", TCA_GQ_BANDS, 8 },
	{ "bands 255", TCA_GQ_BANDS, 255 },
};

/* Words that are not, and a part of the message about them. */
static const struct {
	const char *line;
	const char *says;
} bad[] = {
	{ "limit", "limit: value missing; expected packets" },
	{ "limit -1", "limit \"-1\": not valid; expected packets" },
	{ "limit +1", "limit \"+1\": not valid" },
	{ "limit 1.5", "limit \"1.5\": not valid" },
	{ "limit 10x", "limit \"10x\": not valid" },
	{ "limit ten", "limit \"ten\": not valid" },
	{ "limit pacing", "limit \"pacing\": not valid" },
	{ "limit 4294967296", "limit \"4294967296\": too large" },
	{ "limit 18446744073709551617", "too large" },
	{ "limit 0x10", "limit \"0x10\": not valid" },
	{ "limit 10 limit 10", "limit: given twice" },
	{ "pacing nopacing", "nopacing: given twice, or with its opposite" },
	{ "horizon_cap horizon_drop", "horizon_drop: given twice" },
	{ "flow_limit 1s", "flow_limit \"1s\": not valid" },
	{ "quantum 1kbit", "quantum \"1kbit\": not valid; expected bytes" },
	{ "quantum 4gb", "quantum \"4gb\": not valid" },
	{ "quantum 4096mb", "quantum \"4096mb\": too large" },
	{ "initial_quantum", "initial_quantum: value missing" },
	{ "maxrate 10ms", "maxrate \"10ms\": not valid; expected a rate" },
	{ "maxrate 50%", "maxrate \"50%\": not valid" },
	{ "maxrate off", "maxrate \"off\": not valid" },
	{ "maxrate 18446744073709551616bps", "too large" },
	{ "maxrate 99999999999tbps", "too large" },
	{ "granularity 8192", "\"8192\": not valid; expected a time with its unit" },
	{ "granularity 0.1ns", "\"0.1ns\": not valid" },
	{ "granularity 5s", "granularity \"5s\": too large" },
	{ "buckets 64p", "buckets \"64p\": not valid; expected a number" },
	{ "buckets 0x", "buckets \"0x\": not valid" },
	{ "buckets 0x100000000", "buckets \"0x100000000\": too large" },
	{ "buckets 0xfffffffffffffffff", "too large" },
	{ "horizon 1min", "horizon \"1min\": not valid" },
	{ "horizon 18446744074s", "horizon \"18446744074s\": too large" },
	{ "timer_slack 1..5us", "timer_slack \"1..5us\": not valid" },
	{ "timer_slack .5us", "timer_slack \".5us\": not valid" },
	{ "ce_threshold unlimited", "ce_threshold \"unlimited\": not valid" },
	{ "orphan_mask 0xfg", "orphan_mask \"0xfg\": not valid" },
	{ "refill_delay 1500ns", "\"1500ns\": not valid; expected a time with its unit, whole us" },
	{ "low_rate_threshold", "low_rate_threshold: value missing" },
	{ "low_rate_threshold unlimited", "not valid; expected a rate" },
	{ "bands", "bands: value missing" },
	{ "bands 256", "bands \"256\": too large" },
	{ "bands -1", "bands \"-1\": not valid" },
	{ "priomap 1 2 3", "priomap: value missing; expected 16 numbers" },
	{ "priomap 0 0 0 0 0 0 0 x 0 0 0 0 0 0 0 0",
	  "priomap \"x\": not valid; expected 16 numbers" },
	{ "priomap 0 0 0 0 0 0 0 256 0 0 0 0 0 0 0 0",
	  "priomap \"256\": too large" },
	{ "priomap 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
	  "unknown option \"0\"" },
	{ "dscpmap none dscpmap none", "dscpmap: given twice" },
	{ "dscpmap", "dscpmap: value missing; expected none, or DSCP=BAND" },
	{ "dscpmap ef", "dscpmap \"ef\": not valid; expected none" },
	{ "dscpmap ef=", "dscpmap \"ef=\": not valid" },
	{ "dscpmap =1", "dscpmap \"=1\": not valid" },
	{ "dscpmap ef=0,", "dscpmap \"ef=0,\": not valid" },
	{ "dscpmap ef=0,,cs1=1", "not valid" },
	{ "dscpmap EF=0", "dscpmap \"EF=0\": not valid" },
	{ "dscpmap ef=0=1", "not valid" },
	{ "dscpmap 64=0", "dscpmap \"64=0\": too large" },
	{ "dscpmap ef=255", "dscpmap \"ef=255\": too large" },
	{ "dscpmap ef=none", "dscpmap \"ef=none\": not valid" },
	{ "dscpmap ef=0,46=1", "dscpmap \"46=1\": this DSCP is given twice" },
	{ "dscpmap aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1", "not valid" },
	{ "band", "band: value missing; expected the number of a band" },
	{ "band x", "band \"x\": not valid" },
	{ "band 256", "band \"256\": too large" },
	{ "band 1 band 1", "band 1: given twice; give all its settings" },
	{ "band 0 band 1 band 2 band 3 band 4 band 5 band 6 band 7 band 8",
	  "band 8: this would be a ninth" },
	{ "strict", "strict: of which band? write \"band N\" before it" },
	{ "weight 4096 band 1", "weight: of which band?" },
	{ "band 1 strict wrr", "wrr: given twice, or with its opposite" },
	{ "band 1 weight 4096 weight 4096", "weight: given twice" },
	{ "band 1 weight", "weight: value missing; expected bytes" },
	{ "band 1 weight 5s", "weight \"5s\": not valid" },
	{ "band 1 band_limit off", "band_limit \"off\": not valid" },
	{ "band 1 starve 5", "starve \"5\": not valid; expected a time with its unit" },
	{ "band 1 policy fifo", "policy \"fifo\": not valid; expected drr, edt" },
	{ "band 1 policy 256", "policy \"256\": too large" },
	{ "band 1 policy", "policy: value missing; expected drr, edt" },
	{ "band 1 frob", "unknown option \"frob\"" },
	{ "Limit 10", "unknown option \"Limit\"" },
	{ "lim 10", "unknown option \"lim\"" },
	{ "10", "unknown option \"10\"" },
};

/* Histograms, and how their percentiles are shown. */
static const struct {
	uint64_t bins[GQ_LATENESS_BINS];
	const char *text;
} lateness[] = {
	{ { 0 }, "" },
	{ { 1 }, "lateness p50 <2ns p99 <2ns" },
	{ { [12] = 99, [13] = 1 }, "lateness p50 <8192ns p99 <8192ns" },
	{ { [12] = 98, [13] = 2 }, "lateness p50 <8192ns p99 <16384ns" },
	{ { [3] = 49, [10] = 51 }, "lateness p50 <2048ns p99 <2048ns" },
	{ { [30] = 1 }, "lateness p50 <2147483648ns p99 <2147483648ns" },
	{ { 50, [31] = 50 }, "lateness p50 <2ns p99 >=2147483648ns" },
	{ { UINT64_MAX, UINT64_MAX, [31] = 7 }, "lateness p50 <4ns p99 <4ns" },
};

/* What each counter is called. */
static const char *const stat_names[TCA_GQ_STATS_MAX + 1] = {
	[TCA_GQ_STATS_FLOWS] = "flows",
	[TCA_GQ_STATS_INACTIVE_FLOWS] = "inactive_flows",
	[TCA_GQ_STATS_THROTTLED_FLOWS] = "throttled_flows",
	[TCA_GQ_STATS_NEXT_EVENT] = "next_event",
	[TCA_GQ_STATS_ENQUEUED] = "enqueued",
	[TCA_GQ_STATS_DEQUEUED] = "dequeued",
	[TCA_GQ_STATS_EVICTED] = "evicted",
	[TCA_GQ_STATS_FASTPATH] = "fastpath",
	[TCA_GQ_STATS_THROTTLED] = "throttled",
	[TCA_GQ_STATS_REINSERTS] = "reinserts",
	[TCA_GQ_STATS_TIMER_ARMS] = "timer_arms",
	[TCA_GQ_STATS_TIMER_FIRES] = "timer_fires",
	[TCA_GQ_STATS_LIMIT_DROPS] = "limit_drops",
	[TCA_GQ_STATS_FLOW_LIMIT_DROPS] = "flow_limit_drops",
	[TCA_GQ_STATS_HORIZON_DROPS] = "horizon_drops",
	[TCA_GQ_STATS_HORIZON_CAPS] = "horizon_caps",
	[TCA_GQ_STATS_CE_MARKS] = "ce_marks",
	[TCA_GQ_STATS_CLOCKS_CONVERTED] = "clocks_converted",
	[TCA_GQ_STATS_PKTS_TOO_LONG] = "pkts_too_long",
	[TCA_GQ_STATS_ALLOC_ERRORS] = "alloc_errors",
	[TCA_GQ_STATS_GC_FLOWS] = "gc_flows",
	[TCA_GQ_STATS_HASH_BUCKETS] = "hash_buckets",
	[TCA_GQ_STATS_HASH_RESIZES] = "hash_resizes",
	[TCA_GQ_STATS_LATENESS] = "lateness",
	[TCA_GQ_STATS_BAND_LIMIT_DROPS] = "band_limit_drops",
};

#endif /* GQ_PLUGIN_CASES_H */
