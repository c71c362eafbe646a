// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * q_gq.so: tc's plugin for the gq qdisc (Documentation/man/tc-gq.8).
 *
 * Two tables carry everything. gq_opts[] has a row for each word of the command
 * line: parsing, printing, errors and help all read it (gq_opt.c). gq_stats[] has
 * a row for each counter. How a value is read and written depends on its kind
 * (gq_value.c). Bands have words and counters of their own (gq_bands.c).
 *
 * Rules that both directions keep:
 *  - What is shown is valid input, and gives the same settings when it is
 *    given back.
 *  - Ranges are the kernel's business: it says what is wrong in an extended
 *    ack. Refused here is only what does not fit into the attribute.
 *  - In JSON, times are nanoseconds, rates bytes/s, and no limit is null.
 *  - The kernel may be newer or older: an unknown attribute is skipped, an
 *    absent one not shown, one of another length is reported and skipped.
 */
#include <assert.h>
#include <errno.h>
#include <linux/pkt_sched_gq.h>
#include <stddef.h>
#include <string.h>

#include "gq_bands.h"
#include "gq_codel.h"
#include "gq_opt.h"
#include "gq_value.h"
#include "iproute2.h"

/* The ranges in the help text below are these. */
static_assert(GQ_LIMIT_MAX == 16777216, "help of limit");
static_assert(GQ_QUANTUM_MIN == 256 && GQ_QUANTUM_MAX == 1048576,
	      "help of quantum");
static_assert(GQ_GRANULARITY_MIN == 1024 && GQ_GRANULARITY_MAX == 16777216,
	      "help of granularity");
static_assert(GQ_BUCKETS_MIN == 64 && GQ_BUCKETS_MAX == 1048576,
	      "help of buckets");
static_assert(GQ_HORIZON_MAX == 4398046511104, "help of horizon");
static_assert(GQ_TIMER_SLACK_MAX == 1000000000, "help of timer_slack");
static_assert(GQ_REFILL_DELAY_MAX == 1000000000, "help of refill_delay");
static_assert(TCA_GQ_MAX < GQ_ATTR_MAX, "room in struct gq_values");

static const struct gq_opt gq_opts[] = {
	{ "limit", TCA_GQ_LIMIT, 4, GQ_PACKETS, 0, "PACKETS",
	  "packets, 1 to 16777216", "10000p", "what the qdisc holds" },
	{ "flow_limit", TCA_GQ_FLOW_LIMIT, 4, GQ_PACKETS, 0, "PACKETS",
	  "packets, 1 to 16777216", "100p", "what a flow holds" },
	{ "quantum", TCA_GQ_QUANTUM, 4, GQ_SIZE, 0, "BYTES",
	  "bytes, 256 to 1048576", "2 MTU", "what a flow sends per round" },
	{ "initial_quantum", TCA_GQ_INITIAL_QUANTUM, 4, GQ_SIZE, 0, "BYTES",
	  "bytes, 0 to 1048576", "10 MTU",
	  "what a new flow sends in its first round" },
	{ "pacing", TCA_GQ_PACING, 1, GQ_FLAG, 1, "",
	  "no value", "set", "pace to socket rates and maxrate" },
	{ "nopacing", TCA_GQ_PACING, 1, GQ_FLAG, 0, "",
	  "no value", "", "pace to departure times only" },
	{ "maxrate", TCA_GQ_MAXRATE, 8, GQ_RATE_OR_NONE, 0, "RATE",
	  "a rate such as 10mbit (at least 8bit), or unlimited",
	  "unlimited", "what no flow exceeds" },
	{ "granularity", TCA_GQ_GRANULARITY, 4, GQ_TIME, 0, "TIME",
	  "a time with its unit, 1024ns to 16777216ns", "8192ns",
	  "width of a bucket, rounded down to a power of 2" },
	{ "buckets", TCA_GQ_BUCKETS, 4, GQ_NUMBER, 0, "NUMBER",
	  "a number, 64 to 1048576", "32768",
	  "buckets of the wheel, rounded up to a power of 2" },
	{ "horizon", TCA_GQ_HORIZON, 8, GQ_TIME, 0, "TIME",
	  "a time with its unit, 1ns to 4398046511104ns", "10s",
	  "how far ahead a departure time may lie" },
	{ "horizon_drop", TCA_GQ_HORIZON_DROP, 1, GQ_FLAG, 1, "",
	  "no value", "set", "drop packets beyond the horizon" },
	{ "horizon_cap", TCA_GQ_HORIZON_DROP, 1, GQ_FLAG, 0, "",
	  "no value", "", "send packets beyond the horizon at the horizon" },
	{ "timer_slack", TCA_GQ_TIMER_SLACK, 4, GQ_TIME, 0, "TIME",
	  "a time with its unit, 0ns to 1s", "10us",
	  "how late the timer may be" },
	{ "ce_threshold", TCA_GQ_CE_THRESHOLD, 8, GQ_TIME_OR_NONE, 0, "TIME",
	  "a time with its unit, or off", "off",
	  "queueing delay above which to mark CE" },
	{ "orphan_mask", TCA_GQ_ORPHAN_MASK, 4, GQ_NUMBER, 0, "MASK",
	  "a number, 0 to 4294967295", "1023",
	  "mask of the flow hash of packets without a socket" },
	{ "refill_delay", TCA_GQ_REFILL_DELAY, 4, GQ_TIME_US, 0, "TIME",
	  "a time with its unit, whole us, 0us to 1000s", "40ms",
	  "idle time after which a flow gets a new quantum" },
	{ "low_rate_threshold", TCA_GQ_LOW_RATE_THRESHOLD, 8, GQ_RATE, 0,
	  "RATE", "a rate such as 550kbit", "550Kbit",
	  "up to it a flow is paced packet by packet" },
	{ "rate", TCA_GQ_RATE, 8, GQ_RATE_OR_NONE, 0, "RATE",
	  "a rate such as 10mbit (at least 8bit), or unlimited",
	  "unlimited", "what all flows together do not exceed" },
	{ "bands", TCA_GQ_BANDS, 1, GQ_NUMBER, 0, "NUMBER",
	  "a number, 1 to 8", "3", "bands that packets are put into" },
	{ "bypass", TCA_GQ_EDT_BYPASS, 1, GQ_FLAG, 1, "",
	  "no value", "", "packets with departure times wait without their flow" },
	{ "nobypass", TCA_GQ_EDT_BYPASS, 1, GQ_FLAG, 0, "",
	  "no value", "set", "all packets wait in their flows" },
};

/* Lines of "tc -s qdisc show", in order. */
enum gq_stat_line {
	GQ_LINE_FLOWS,
	GQ_LINE_PACKETS,
	GQ_LINE_TROUBLE,	/* shown in text only when not 0 */
	GQ_LINES
};

struct gq_stat {
	const char *name;
	uint16_t attr;
	uint8_t size;
	uint8_t line;
};

static const struct gq_stat gq_stats[] = {
	{ "flows", TCA_GQ_STATS_FLOWS, 4, GQ_LINE_FLOWS },
	{ "inactive_flows", TCA_GQ_STATS_INACTIVE_FLOWS, 4, GQ_LINE_FLOWS },
	{ "throttled_flows", TCA_GQ_STATS_THROTTLED_FLOWS, 4, GQ_LINE_FLOWS },
	{ "gc_flows", TCA_GQ_STATS_GC_FLOWS, 8, GQ_LINE_FLOWS },
	{ "hash_buckets", TCA_GQ_STATS_HASH_BUCKETS, 4, GQ_LINE_FLOWS },
	{ "hash_resizes", TCA_GQ_STATS_HASH_RESIZES, 8, GQ_LINE_FLOWS },
	{ "enqueued", TCA_GQ_STATS_ENQUEUED, 8, GQ_LINE_PACKETS },
	{ "dequeued", TCA_GQ_STATS_DEQUEUED, 8, GQ_LINE_PACKETS },
	{ "fastpath", TCA_GQ_STATS_FASTPATH, 8, GQ_LINE_PACKETS },
	{ "bypassed", TCA_GQ_STATS_BYPASSED, 8, GQ_LINE_PACKETS },
	{ "throttled", TCA_GQ_STATS_THROTTLED, 8, GQ_LINE_PACKETS },
	{ "shaped", TCA_GQ_STATS_SHAPED, 8, GQ_LINE_PACKETS },
	{ "reinserts", TCA_GQ_STATS_REINSERTS, 8, GQ_LINE_PACKETS },
	{ "timer_arms", TCA_GQ_STATS_TIMER_ARMS, 8, GQ_LINE_PACKETS },
	{ "timer_fires", TCA_GQ_STATS_TIMER_FIRES, 8, GQ_LINE_PACKETS },
	{ "limit_drops", TCA_GQ_STATS_LIMIT_DROPS, 8, GQ_LINE_TROUBLE },
	{ "band_limit_drops", TCA_GQ_STATS_BAND_LIMIT_DROPS, 8,
	  GQ_LINE_TROUBLE },
	{ "flow_limit_drops", TCA_GQ_STATS_FLOW_LIMIT_DROPS, 8,
	  GQ_LINE_TROUBLE },
	{ "horizon_drops", TCA_GQ_STATS_HORIZON_DROPS, 8, GQ_LINE_TROUBLE },
	{ "evicted", TCA_GQ_STATS_EVICTED, 8, GQ_LINE_TROUBLE },
	{ "horizon_caps", TCA_GQ_STATS_HORIZON_CAPS, 8, GQ_LINE_TROUBLE },
	{ "ce_marks", TCA_GQ_STATS_CE_MARKS, 8, GQ_LINE_TROUBLE },
	{ "codel_drops", TCA_GQ_STATS_CODEL_DROPS, 8, GQ_LINE_TROUBLE },
	{ "codel_marks", TCA_GQ_STATS_CODEL_MARKS, 8, GQ_LINE_TROUBLE },
	{ "clocks_converted", TCA_GQ_STATS_CLOCKS_CONVERTED, 8,
	  GQ_LINE_TROUBLE },
	{ "pkts_too_long", TCA_GQ_STATS_PKTS_TOO_LONG, 8, GQ_LINE_TROUBLE },
	{ "alloc_errors", TCA_GQ_STATS_ALLOC_ERRORS, 8, GQ_LINE_TROUBLE },
};

/* Shown otherwise: next_event, lateness, bands. Not counted: UNSPEC and PAD. */
static_assert(ARRAY_SIZE(gq_stats) + 3 == TCA_GQ_STATS_MAX - 1,
	      "a counter has no row");
/* Three attributes have two words; maps and bands are in gq_bands.c, CoDel is in
 * gq_codel.c.
 */
static_assert(ARRAY_SIZE(gq_opts) - 3 + GQ_BANDS_OPTS + GQ_CODEL_OPTS ==
	      TCA_GQ_MAX - 1,
	      "an option has no row");

static void gq_usage(void)
{
	fprintf(stderr,
		"Usage: tc qdisc add|change|replace dev DEV root gq [ OPTION [ VALUE ] ]...\n\n");
	gq_opts_help(gq_opts, ARRAY_SIZE(gq_opts));
	gq_codel_help();
	gq_bands_help();
	fprintf(stderr,
		"\n"
		"A time needs its unit: s, ms, us or ns. A rate is in bit, kbit, mbit, gbit,\n"
		"or in bytes: bps, kbps, mbps, gbps.\n"
		"\n"
		"Examples:\n"
		"  tc qdisc add dev eth0 root gq\n"
		"  tc qdisc replace dev eth0 root gq maxrate 100mbit granularity 4096ns\n"
		"  tc qdisc change dev eth0 root gq ce_threshold 1ms horizon_cap\n"
		"  tc qdisc replace dev eth0 root gq bypass limit 100000\n"
		"  tc qdisc replace dev eth0 root gq codel target 5ms interval 100ms ecn\n"
		"  tc qdisc replace dev eth0 root gq dscpmap ef=0 band 0 strict band_limit 100\n"
		"  tc qdisc replace dev eth0 root gq bands 1 band 0 policy hclock reservation 5mbit\n"
		"  tc -s qdisc show dev eth0\n"
		"\n"
		"See tc-gq(8).\n");
}

static int gq_put(struct nlmsghdr *n, const struct gq_values *v,
		  const struct gq_bands *bands)
{
	struct rtattr *nest;
	int err;

	nest = addattr_nest(n, GQ_MSG_MAX, TCA_OPTIONS | NLA_F_NESTED);
	err = gq_opts_put(gq_opts, ARRAY_SIZE(gq_opts), n, v);
	if (!err)
		err = gq_codel_put(n, v);
	if (!err)
		err = gq_bands_put(n, bands);
	addattr_nest_end(n, nest);
	return err;
}

static int gq_parse_word(const char *name, struct gq_words *w,
			 struct gq_values *v, struct gq_bands *bands)
{
	const struct gq_opt *opt;
	int err;

	opt = gq_opt_find(gq_opts, ARRAY_SIZE(gq_opts), name);
	if (opt)
		return gq_opt_parse(opt, w, v);
	err = gq_codel_parse(v, name, w);
	if (err == -ENOENT)
		err = gq_bands_parse(bands, name, w);
	if (err != -ENOENT)
		return err;
	fprintf(stderr,
		"gq: unknown option \"%s\"; for the list: tc qdisc add dev DEV root gq help\n",
		name);
	return -EINVAL;
}

static int gq_parse_opt(const struct qdisc_util *qu, int argc, char **argv,
			struct nlmsghdr *n, const char *dev)
{
	struct gq_words w = { argc, argv };
	struct gq_bands bands = { 0 };
	struct gq_values v = { 0 };
	int err;

	(void)qu;
	(void)dev;
	while (w.argc > 0) {
		const char *name = *w.argv++;

		w.argc--;
		if (!strcmp(name, "help")) {
			gq_usage();
			return -EINVAL;
		}
		err = gq_parse_word(name, &w, &v, &bands);
		if (err)
			return err;
	}
	return gq_put(n, &v, &bands);
}

static int gq_print_opt(const struct qdisc_util *qu, FILE *f,
			struct rtattr *opts)
{
	struct rtattr *tb[TCA_GQ_MAX + 1];

	(void)qu;
	(void)f;
	if (!opts)
		return 0;
	parse_rtattr_flags(tb, TCA_GQ_MAX, RTA_DATA(opts), RTA_PAYLOAD(opts),
			   NLA_F_NESTED);
	gq_opts_print(gq_opts, ARRAY_SIZE(gq_opts), tb, true);
	gq_codel_print(tb);
	gq_bands_print(tb);
	return 0;
}

/* @text and the counter's name, in text; returns what to put before the next */
static const char *gq_print_label(const char *text, const char *name)
{
	if (*text == '\n') {
		print_nl();
		text++;
	}
	gq_print_text("%s", text);
	gq_print_text("%s", name);
	return " ";
}

static const char *gq_print_next_event(const char *sep, struct rtattr *attr)
{
	int64_t ns;
	uint64_t val;
	char buf[64];

	if (!gq_attr_get(attr, "next_event", sizeof(val), &val))
		return sep;
	ns = (int64_t)val;
	gq_value_format(buf, sizeof(buf), GQ_TIME, ns < 0 ? -val : val);
	sep = gq_print_label(sep, "next_event");
	gq_print_text(ns < 0 ? " -%s" : " %s", buf);
	print_color_s64(PRINT_JSON, COLOR_NONE, "next_event", NULL, ns);
	return sep;
}

/* " p50 <16384ns": where the bin ends in which the @percent-th packet is. */
static void gq_print_percentile(const uint64_t *bins, unsigned int percent)
{
	unsigned __int128 total = 0, seen = 0;
	char bound[48], buf[64];
	int i;

	for (i = 0; i < GQ_LATENESS_BINS; i++)
		total += bins[i];
	for (i = 0; i < GQ_LATENESS_BINS - 1; i++) {
		seen += bins[i];
		if (seen * 100 >= total * percent)
			break;
	}
	/* the last bin has no end, only a beginning */
	gq_value_format(bound, sizeof(bound), GQ_TIME,
			i < GQ_LATENESS_BINS - 1 ? 2ULL << i : 1ULL << i);
	snprintf(buf, sizeof(buf), " p%u %s%s", percent,
		 i < GQ_LATENESS_BINS - 1 ? "<" : ">=", bound);
	gq_print_text("%s", buf);
}

static void gq_print_lateness(const char *sep, const struct rtattr *attr)
{
	uint64_t bins[GQ_LATENESS_BINS], any = 0;
	int i;

	if (!attr || !gq_attr_fits(attr, "lateness", sizeof(bins)))
		return;
	memcpy(bins, RTA_DATA(attr), sizeof(bins));
	open_json_array(PRINT_JSON, "lateness");
	for (i = 0; i < GQ_LATENESS_BINS; i++) {
		any |= bins[i];
		print_color_lluint(PRINT_JSON, COLOR_NONE, NULL, NULL, bins[i]);
	}
	close_json_array(PRINT_JSON, NULL);
	if (!any)
		return;
	gq_print_label(sep, "lateness");
	gq_print_percentile(bins, 50);
	gq_print_percentile(bins, 99);
}

static int gq_print_xstats(const struct qdisc_util *qu, FILE *f,
			   struct rtattr *xstats)
{
	struct rtattr *tb[TCA_GQ_STATS_MAX + 1];
	const char *sep = "  ";
	unsigned int line;
	uint64_t val;
	size_t i;

	(void)qu;
	(void)f;
	if (!xstats)
		return 0;
	parse_rtattr_flags(tb, TCA_GQ_STATS_MAX, RTA_DATA(xstats),
			   RTA_PAYLOAD(xstats), NLA_F_NESTED);
	for (line = 0; line < GQ_LINES; line++) {
		for (i = 0; i < ARRAY_SIZE(gq_stats); i++) {
			const struct gq_stat *st = &gq_stats[i];

			if (st->line != line ||
			    !gq_attr_get(tb[st->attr], st->name, st->size, &val))
				continue;
			print_color_lluint(PRINT_JSON, COLOR_NONE, st->name,
					   NULL, val);
			if (line == GQ_LINE_TROUBLE && !val)
				continue;
			sep = gq_print_label(sep, st->name);
			print_color_lluint(PRINT_FP, COLOR_NONE, NULL, " %llu",
					   val);
		}
		if (line == GQ_LINE_FLOWS)
			sep = gq_print_next_event(sep,
						  tb[TCA_GQ_STATS_NEXT_EVENT]);
		/* a line is begun by the first that has something to say */
		if (*sep == ' ' && !sep[1])
			sep = "\n  ";
	}
	gq_print_lateness(sep, tb[TCA_GQ_STATS_LATENESS]);
	gq_bands_print_stats(tb[TCA_GQ_STATS_BANDS]);
	return 0;
}

/* The one symbol of the plugin; tc links it into a list, so it is not const. */
__attribute__((visibility("default")))
struct qdisc_util gq_qdisc_util = {
	.id = "gq",
	.parse_qopt = gq_parse_opt,
	.print_qopt = gq_print_opt,
	.print_xstats = gq_print_xstats,
};
