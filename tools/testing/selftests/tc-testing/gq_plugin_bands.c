// SPDX-License-Identifier: GPL-2.0
/*
 * Test of tc's plugin for gq: bands, maps, and the counters of bands.
 *
 * Expectations, numbered as in gq_plugin_fuzz.c
 *  1. A map or a band's setting becomes exactly these nests.
 *  4. What is shown of random bands and maps, given back, gives the same ones;
 *     a band that is not shown has only defaults.
 *  6. JSON has all bands and counters, text the bands that had packets.
 *  7. A setting or counter of a band of wrong length is reported and skipped.
 */
#include <linux/pkt_sched_gq.h>
#include <stdio.h>
#include <string.h>

#include "kselftest.h"
#include "gq_fake_tc.h"
#include "gq_plugin_fuzz.h"
#include "iproute2.h"

/* Length of each setting's payload, and of each counter's. */
static const uint8_t band_size[TCA_GQ_BAND_MAX + 1] = {
	[TCA_GQ_BAND_INDEX] = 1, [TCA_GQ_BAND_MODE] = 1,
	[TCA_GQ_BAND_WEIGHT] = 4, [TCA_GQ_BAND_LIMIT] = 4,
	[TCA_GQ_BAND_STARVE] = 8, [TCA_GQ_BAND_POLICY] = 1,
	[TCA_GQ_BAND_RATE] = 8, [TCA_GQ_BAND_QUEUE] = 1,
	[TCA_GQ_BAND_RESERVATION] = 8, [TCA_GQ_BAND_CEIL] = 8,
	[TCA_GQ_BAND_SHARE] = 4,
};

static const uint8_t band_stats_size[TCA_GQ_BAND_STATS_MAX + 1] = {
	[TCA_GQ_BAND_STATS_INDEX] = 1, [TCA_GQ_BAND_STATS_QLEN] = 4,
	[TCA_GQ_BAND_STATS_BACKLOG] = 4, [TCA_GQ_BAND_STATS_PACKETS] = 8,
	[TCA_GQ_BAND_STATS_BYTES] = 8, [TCA_GQ_BAND_STATS_DROPS] = 8,
	[TCA_GQ_BAND_STATS_RESCUES] = 8, [TCA_GQ_BAND_STATS_RESERVED] = 8,
	[TCA_GQ_BAND_STATS_INVERSIONS] = 8, [TCA_GQ_BAND_STATS_SEARCHES] = 8,
	[TCA_GQ_BAND_STATS_REGRAINS] = 8,
};

static const struct {
	const char *line;
	uint8_t band;
	int attr;
	uint64_t val;
} good_band[] = {
	{ "band 0 strict", 0, TCA_GQ_BAND_MODE, GQ_BAND_STRICT },
	{ "band 7 wrr", 7, TCA_GQ_BAND_MODE, GQ_BAND_WRR },
	{ "band 1 weight 4096", 1, TCA_GQ_BAND_WEIGHT, 4096 },
	{ "band 1 weight 16mb", 1, TCA_GQ_BAND_WEIGHT, 16777216 },
	{ "band 2 band_limit 1", 2, TCA_GQ_BAND_LIMIT, 1 },
	{ "band 2 band_limit none", 2, TCA_GQ_BAND_LIMIT, GQ_LIMIT_MAX },
	{ "band 3 starve 10s", 3, TCA_GQ_BAND_STARVE, 10000000000 },
	{ "band 3 starve 0ns", 3, TCA_GQ_BAND_STARVE, 0 },
	{ "band 255 policy drr", 255, TCA_GQ_BAND_POLICY, GQ_POLICY_DRR },
	{ "band 4 policy edt", 4, TCA_GQ_BAND_POLICY, GQ_POLICY_EDT },
	{ "band 4 policy prio", 4, TCA_GQ_BAND_POLICY, GQ_POLICY_PRIO },
	{ "band 4 policy stfq", 4, TCA_GQ_BAND_POLICY, GQ_POLICY_STFQ },
	{ "band 4 policy srpt", 4, TCA_GQ_BAND_POLICY, GQ_POLICY_SRPT },
	{ "band 4 policy pfabric", 4, TCA_GQ_BAND_POLICY, GQ_POLICY_PFABRIC },
	{ "band 4 policy lstf", 4, TCA_GQ_BAND_POLICY, GQ_POLICY_LSTF },
	{ "band 6 band_rate 8bit", 6, TCA_GQ_BAND_RATE, 1 },
	{ "band 6 band_rate unlimited", 6, TCA_GQ_BAND_RATE, UINT64_MAX },
	{ "band 4 policy hclock", 4, TCA_GQ_BAND_POLICY, GQ_POLICY_HCLOCK },
	{ "band 4 queue cffs", 4, TCA_GQ_BAND_QUEUE, GQ_QUEUE_CFFS },
	{ "band 4 queue approx", 4, TCA_GQ_BAND_QUEUE, GQ_QUEUE_APPROX },
	{ "band 5 queue 255", 5, TCA_GQ_BAND_QUEUE, 255 },
	{ "band 2 reservation none", 2, TCA_GQ_BAND_RESERVATION, 0 },
	{ "band 2 reservation 8bit", 2, TCA_GQ_BAND_RESERVATION, 1 },
	{ "band 2 reservation 1.5mbit", 2, TCA_GQ_BAND_RESERVATION, 187500 },
	{ "band 2 ceil 8bit", 2, TCA_GQ_BAND_CEIL, 1 },
	{ "band 2 ceil unlimited", 2, TCA_GQ_BAND_CEIL, UINT64_MAX },
	{ "band 2 share 1", 2, TCA_GQ_BAND_SHARE, 1 },
	{ "band 2 share 65535", 2, TCA_GQ_BAND_SHARE, 65535 },
	{ "band 0x5 policy 99", 5, TCA_GQ_BAND_POLICY, 99 },
};

/* Code points and the bands that they are to have; -1 ends a list. */
static const struct {
	const char *line;
	int pair[8];
} good_dscp[] = {
	{ "dscpmap none", { -1 } },
	{ "dscpmap ef=0", { 46, 0, -1 } },
	{ "dscpmap cs0=1,cs1=2,cs7=3", { 0, 1, 8, 2, 56, 3, -1 } },
	{ "dscpmap be=1,le=2", { 0, 1, 1, 2, -1 } },
	{ "dscpmap df=7", { 0, 7, -1 } },
	{ "dscpmap af11=0,af23=1,af42=2", { 10, 0, 22, 1, 36, 2, -1 } },
	{ "dscpmap va=0", { 44, 0, -1 } },
	{ "dscpmap voice-admit=254", { 44, 254, -1 } },
	{ "dscpmap 63=1,5=0,0x11=2", { 63, 1, 5, 0, 17, 2, -1 } },
};

#define BANDS_SHOWN	3

/* All settings of random bands. */
struct bands {
	uint8_t priomap[GQ_PRIOS];
	uint8_t dscpmap[GQ_DSCPS];
	uint64_t val[GQ_BANDS_MAX][TCA_GQ_BAND_MAX + 1];
	bool set[GQ_BANDS_MAX];
};

unsigned int bands_tests(void)
{
	return ARRAY_SIZE(good_band) + ARRAY_SIZE(good_dscp) + 5;
}

/* The only attribute in @nest, of type @type; NULL if it is not so. */
static struct rtattr *only(const struct rtattr *nest, int type)
{
	struct rtattr *attr = RTA_DATA(nest);

	if (RTA_PAYLOAD(nest) < sizeof(*attr) || attr->rta_type != type ||
	    RTA_ALIGN(attr->rta_len) != RTA_PAYLOAD(nest))
		return NULL;
	return attr;
}

static void test_good_bands(void)
{
	struct rtattr *tb[TCA_GQ_BAND_MAX + 1], *at;
	struct msg m;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good_band); i++) {
		int attr = good_band[i].attr;
		bool ok = !parse_str(&m, good_band[i].line);

		at = only(msg_nest(&m), TCA_GQ_BAND_LIST | NLA_F_NESTED);
		if (at)
			at = only(at, TCA_GQ_BAND_ENTRY | NLA_F_NESTED);
		if (ok && at) {
			parse_rtattr_flags(tb, TCA_GQ_BAND_MAX, RTA_DATA(at),
					   RTA_PAYLOAD(at), 0);
			ok = tb[TCA_GQ_BAND_INDEX] && tb[attr] &&
			     payload(tb[TCA_GQ_BAND_INDEX]) ==
			     good_band[i].band &&
			     payload(tb[attr]) == good_band[i].val &&
			     RTA_PAYLOAD(at) == RTA_SPACE(1) +
			     RTA_SPACE(band_size[attr]);
		}
		result(ok && at, good_band[i].line);
	}
}

static void test_good_dscp(void)
{
	uint8_t want[GQ_DSCPS];
	struct rtattr *at;
	struct msg m;
	size_t i;
	int j;

	for (i = 0; i < ARRAY_SIZE(good_dscp); i++) {
		memset(want, GQ_DSCP_NONE, sizeof(want));
		for (j = 0; good_dscp[i].pair[j] >= 0; j += 2)
			want[good_dscp[i].pair[j]] = good_dscp[i].pair[j + 1];
		at = NULL;
		if (!parse_str(&m, good_dscp[i].line))
			at = only(msg_nest(&m), TCA_GQ_DSCPMAP);
		result(at && RTA_PAYLOAD(at) == sizeof(want) &&
		       !memcmp(RTA_DATA(at), want, sizeof(want)), good_dscp[i].line);
	}
}

static void test_priomap(void)
{
	static const uint8_t want[GQ_PRIOS] = {
		0, 1, 2, 3, 4, 5, 6, 7, 255, 0, 0, 0, 0, 0, 0, 16
	};
	struct rtattr *at = NULL;
	struct msg m;

	if (!parse_str(&m, "priomap 0 1 2 3 4 5 6 7 255 0 0 0 0 0 0 0x10"))
		at = only(msg_nest(&m), TCA_GQ_PRIOMAP);
	result(at && RTA_PAYLOAD(at) == sizeof(want) &&
	       !memcmp(RTA_DATA(at), want, sizeof(want)), "1: priomap");
}

static uint64_t band_default(int band, int attr)
{
	if (attr == TCA_GQ_BAND_WEIGHT)
		return band == 0 ? 589824 : band == 1 ? 196608 : 65536;
	if (attr == TCA_GQ_BAND_RATE || attr == TCA_GQ_BAND_CEIL)
		return GQ_RATE_UNLIMITED;
	if (attr == TCA_GQ_BAND_SHARE)
		return 1;
	return attr == TCA_GQ_BAND_LIMIT ? GQ_LIMIT_MAX : 0;
}

static void put_band(struct msg *m, int band, const uint64_t *val)
{
	struct rtattr *nest = put_nest(m, TCA_GQ_BAND_ENTRY);
	int attr;

	put(m, TCA_GQ_BAND_INDEX, band, 1);
	for (attr = TCA_GQ_BAND_MODE; attr <= TCA_GQ_BAND_MAX; attr++)
		put(m, attr, val[attr], band_size[attr]);
	put_nest_end(m, nest);
}

/* Settings that a kernel could have, of all lengths; many are defaults. */
static void random_bands(struct msg *m, struct bands *b)
{
	uint64_t mask;
	struct rtattr *list;
	int i, attr;

	for (i = 0; i < GQ_PRIOS; i++)
		b->priomap[i] = rnd();
	for (i = 0; i < GQ_DSCPS; i++)
		b->dscpmap[i] = rnd_below(2) ? GQ_DSCP_NONE : rnd();
	put_bytes(m, TCA_GQ_PRIOMAP, b->priomap, GQ_PRIOS);
	put_bytes(m, TCA_GQ_DSCPMAP, b->dscpmap, GQ_DSCPS);
	list = put_nest(m, TCA_GQ_BAND_LIST);
	for (i = 0; i < GQ_BANDS_MAX; i++) {
		b->set[i] = rnd_below(4);
		if (!b->set[i])
			continue;
		for (attr = TCA_GQ_BAND_MODE; attr <= TCA_GQ_BAND_MAX; attr++) {
			mask = UINT64_MAX >> (64 - 8 * band_size[attr]);
			b->val[i][attr] = rnd_below(2) ?
				band_default(i, attr) : rnd_value() & mask;
			if (attr == TCA_GQ_BAND_MODE)
				b->val[i][attr] &= 1;
		}
		put_band(m, i, b->val[i]);
	}
	put_nest_end(m, list);
}

/* Take over what @list says into @val, as the kernel would. */
static bool apply(struct rtattr *list, uint64_t val[][TCA_GQ_BAND_MAX + 1])
{
	struct rtattr *tb[TCA_GQ_BAND_MAX + 1], *at;
	int attr, len, band;

	if (!list)
		return true;
	at = RTA_DATA(list);
	for (len = RTA_PAYLOAD(list); RTA_OK(at, len); at = RTA_NEXT(at, len)) {
		parse_rtattr_flags(tb, TCA_GQ_BAND_MAX, RTA_DATA(at),
				   RTA_PAYLOAD(at), 0);
		if (at->rta_type != (TCA_GQ_BAND_ENTRY | NLA_F_NESTED) ||
		    !tb[TCA_GQ_BAND_INDEX])
			return false;
		band = payload(tb[TCA_GQ_BAND_INDEX]);
		if (band >= GQ_BANDS_MAX)
			return false;
		for (attr = TCA_GQ_BAND_MODE; attr <= TCA_GQ_BAND_MAX; attr++)
			if (tb[attr])
				val[band][attr] = payload(tb[attr]);
	}
	return !len;
}

static bool same_bands(const struct bands *b, struct msg *back)
{
	uint64_t val[GQ_BANDS_MAX][TCA_GQ_BAND_MAX + 1];
	struct rtattr *tb[TCA_GQ_MAX + 1];
	struct rtattr *nest = msg_nest(back);
	int band, attr;

	for (band = 0; band < GQ_BANDS_MAX; band++)
		for (attr = TCA_GQ_BAND_MODE; attr <= TCA_GQ_BAND_MAX; attr++)
			val[band][attr] = band_default(band, attr);
	parse_rtattr_flags(tb, TCA_GQ_MAX, RTA_DATA(nest), RTA_PAYLOAD(nest),
			   NLA_F_NESTED);
	if (!tb[TCA_GQ_PRIOMAP] || !tb[TCA_GQ_DSCPMAP] ||
	    memcmp(RTA_DATA(tb[TCA_GQ_PRIOMAP]), b->priomap, GQ_PRIOS) ||
	    memcmp(RTA_DATA(tb[TCA_GQ_DSCPMAP]), b->dscpmap, GQ_DSCPS) ||
	    !apply(tb[TCA_GQ_BAND_LIST], val))
		return false;
	for (band = 0; band < GQ_BANDS_MAX; band++)
		for (attr = TCA_GQ_BAND_MODE; attr <= TCA_GQ_BAND_MAX; attr++)
			if (b->set[band] &&
			    val[band][attr] != b->val[band][attr])
				return false;
	return true;
}

static void test_round_trip_bands(unsigned int iterations)
{
	unsigned int i, bad_trips = 0;
	char line[LINE_MAX_LEN];
	struct msg m, back;
	struct bands b;

	for (i = 0; i < iterations; i++) {
		begin(&m);
		random_bands(&m, &b);
		print(end(&m), false, false);
		snprintf(line, sizeof(line), "%s", fake.text);
		if (fake.err_len || parse(&back, line) ||
		    !same_bands(&b, &back)) {
			if (!bad_trips++)
				ksft_print_msg("not given back: %s\n", line);
		}
	}
	result(!bad_trips && !fake.misuse,
	       "4: bands and maps shown and given back");
}

/* Band 0 has defaults, band 1 all else than defaults, band 2 a policy. */
static struct rtattr *shown_bands(struct msg *m)
{
	static const uint64_t val[BANDS_SHOWN][TCA_GQ_BAND_MAX + 1] = {
		{ [TCA_GQ_BAND_WEIGHT] = 589824,
		  [TCA_GQ_BAND_LIMIT] = GQ_LIMIT_MAX,
		  [TCA_GQ_BAND_RATE] = GQ_RATE_UNLIMITED,
		  [TCA_GQ_BAND_CEIL] = GQ_RATE_UNLIMITED,
		  [TCA_GQ_BAND_SHARE] = 1 },
		{ [TCA_GQ_BAND_MODE] = GQ_BAND_STRICT,
		  [TCA_GQ_BAND_WEIGHT] = 4096, [TCA_GQ_BAND_LIMIT] = 7,
		  [TCA_GQ_BAND_STARVE] = 1000000,
		  [TCA_GQ_BAND_POLICY] = GQ_POLICY_LSTF,
		  [TCA_GQ_BAND_RATE] = 125000,
		  [TCA_GQ_BAND_QUEUE] = GQ_QUEUE_APPROX,
		  [TCA_GQ_BAND_RESERVATION] = 1000,
		  [TCA_GQ_BAND_CEIL] = 250000, [TCA_GQ_BAND_SHARE] = 3 },
		{ [TCA_GQ_BAND_WEIGHT] = 65536,
		  [TCA_GQ_BAND_LIMIT] = GQ_LIMIT_MAX,
		  [TCA_GQ_BAND_POLICY] = __GQ_POLICY_MAX,
		  [TCA_GQ_BAND_RATE] = GQ_RATE_UNLIMITED,
		  [TCA_GQ_BAND_QUEUE] = __GQ_QUEUE_MAX,
		  [TCA_GQ_BAND_CEIL] = GQ_RATE_UNLIMITED,
		  [TCA_GQ_BAND_SHARE] = 1 },
	};
	static const uint8_t prio[GQ_PRIOS] = { [15] = 2 };
	uint8_t dscp[GQ_DSCPS];
	struct rtattr *list;
	int i;

	memset(dscp, GQ_DSCP_NONE, sizeof(dscp));
	dscp[5] = 1;
	dscp[46] = 0;
	begin(m);
	put_bytes(m, TCA_GQ_PRIOMAP, prio, sizeof(prio));
	put_bytes(m, TCA_GQ_DSCPMAP, dscp, sizeof(dscp));
	list = put_nest(m, TCA_GQ_BAND_LIST);
	for (i = 0; i < BANDS_SHOWN; i++)
		put_band(m, i, val[i]);
	put_nest_end(m, list);
	return end(m);
}

/* What was printed is these pieces, one after the other. */
static bool shows(const char *const *piece)
{
	const char *at = fake.text;

	for (; *piece; piece++) {
		if (strncmp(at, *piece, strlen(*piece)))
			return false;
		at += strlen(*piece);
	}
	return !*at;
}

static void test_show_bands(void)
{
	static const char *const text[] = {
		"priomap 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 2 dscpmap 5=1,ef=0 ",
		"band 1 strict weight 4096b band_limit 7p starve 1ms policy lstf band_rate 1Mbit ",
		"queue approx reservation 8Kbit ceil 2Mbit share 3 ",
		"band 2 wrr weight 65536b band_limit none starve 0ns policy 8 band_rate unlimited ",
		"queue 2 reservation none ceil unlimited share 1 ",
		NULL
	};
	static const char *const json[] = {
		"\"priomap\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,2,],",
		"\"dscpmap\":{\"5\":1,\"ef\":0,},\"band\":[",
		"{\"band\":0,\"strict\":0,\"weight\":589824,\"band_limit\":null,",
		"\"starve\":0,\"policy\":\"drr\",\"band_rate\":null,",
		"\"queue\":\"cffs\",\"reservation\":null,\"ceil\":null,\"share\":1,},",
		"{\"band\":1,\"strict\":1,\"weight\":4096,\"band_limit\":7,",
		"\"starve\":1000000,\"policy\":\"lstf\",\"band_rate\":125000,",
		"\"queue\":\"approx\",\"reservation\":1000,\"ceil\":250000,\"share\":3,},",
		"{\"band\":2,\"strict\":0,\"weight\":65536,\"band_limit\":null,",
		"\"starve\":0,\"policy\":\"8\",\"band_rate\":null,",
		"\"queue\":\"2\",\"reservation\":null,\"ceil\":null,\"share\":1,},],",
		NULL
	};
	struct msg m;
	bool ok;

	print(shown_bands(&m), false, false);
	ok = shows(text);
	print(shown_bands(&m), false, true);
	result(ok && shows(json) && !fake.misuse, "6: bands and maps in text and in JSON");
}

static void put_band_stats(struct msg *m, int band, int val)
{
	struct rtattr *nest = put_nest(m, TCA_GQ_BAND_ENTRY);
	int attr;

	put(m, TCA_GQ_BAND_STATS_INDEX, band, 1);
	for (attr = TCA_GQ_BAND_STATS_QLEN; attr <= TCA_GQ_BAND_STATS_MAX;
	     attr++)
		put(m, attr, val ? val + attr : 0, band_stats_size[attr]);
	put_nest_end(m, nest);
}

static void test_band_stats(void)
{
	static const char *const text[] = {
		"\n  band 1 packets 105 bytes 106 drops 107 rescues 108",
		" reserved 109 inversions 110 searches 111 regrains 112 qlen 103 backlog 104",
		NULL
	};
	static const char *const json[] = {
		"\"bands\":[{\"band\":0,\"packets\":0,\"bytes\":0,\"drops\":0,",
		"\"rescues\":0,\"reserved\":0,\"inversions\":0,\"searches\":0,",
		"\"regrains\":0,\"qlen\":0,\"backlog\":0,},",
		"{\"band\":1,\"packets\":105,\"bytes\":106,\"drops\":107,",
		"\"rescues\":108,\"reserved\":109,\"inversions\":110,",
		"\"searches\":111,\"regrains\":112,\"qlen\":103,\"backlog\":104,},],",
		NULL
	};
	struct rtattr *list;
	struct msg m;
	bool ok;

	begin(&m);
	list = put_nest(&m, TCA_GQ_STATS_BANDS);
	put_band_stats(&m, 0, 0);
	put_band_stats(&m, 1, 100);
	put_nest_end(&m, list);
	end(&m);
	print(msg_nest(&m), true, false);
	ok = shows(text);
	print(msg_nest(&m), true, true);
	result(ok && shows(json) && !fake.misuse,
	       "6: counters of bands in text and in JSON");
}

/* Whether an attribute of @len bytes in an entry of @list is reported. */
static bool reported(int list_type, int index, int attr, int len)
{
	static const uint8_t zero[32];
	struct rtattr *list, *entry;
	struct msg m;

	begin(&m);
	list = put_nest(&m, list_type);
	entry = put_nest(&m, TCA_GQ_BAND_ENTRY);
	put_bytes(&m, attr, zero, len);
	if (attr != index)
		put(&m, index, 3, 1);
	put(&m, 100, 1, 4);
	put_nest_end(&m, entry);
	put_nest_end(&m, list);
	print(end(&m), list_type == TCA_GQ_STATS_BANDS, true);
	return strstr(fake.err_text, "unexpected length") &&
	       (attr == index || strstr(fake.text, "\"band\":3,"));
}

static void test_band_lengths(void)
{
	unsigned int wrong = 0;
	int attr, len;

	for (len = 0; len < 32; len++) {
		for (attr = TCA_GQ_BAND_INDEX; attr <= TCA_GQ_BAND_MAX; attr++)
			wrong += reported(TCA_GQ_BAND_LIST, TCA_GQ_BAND_INDEX,
					  attr, len) ==
				 (len == band_size[attr]);
		for (attr = TCA_GQ_BAND_STATS_INDEX;
		     attr <= TCA_GQ_BAND_STATS_MAX; attr++)
			wrong += reported(TCA_GQ_STATS_BANDS,
					  TCA_GQ_BAND_STATS_INDEX, attr, len) ==
				 (len == band_stats_size[attr]);
	}
	result(!wrong && !fake.misuse,
	       "7: settings and counters of bands of wrong length");
}

/* A list of entries, mostly whole ones, of attributes up to @attr_max. */
void put_random_list(struct msg *m, int type, int attr_max)
{
	const uint8_t *size = type == TCA_GQ_STATS_BANDS ? band_stats_size :
							   band_size;
	struct rtattr *list = put_nest(m, type), *entry;
	unsigned int i, j;
	int attr;
	uint64_t val;

	for (i = rnd_below(10); i; i--) {
		entry = put_nest(m, rnd_below(8) ? TCA_GQ_BAND_ENTRY :
						   rnd_below(4));
		for (j = rnd_below(10); j; j--) {
			attr = rnd_below(attr_max + 2);
			val = rnd_value();
			put_bytes(m, attr, &val, attr <= attr_max &&
				  rnd_below(8) ? size[attr] : rnd_below(9));
		}
		put_nest_end(m, entry);
	}
	put_nest_end(m, list);
}

void test_bands(unsigned int iterations)
{
	test_good_bands();
	test_good_dscp();
	test_priomap();
	test_round_trip_bands(iterations);
	test_show_bands();
	test_band_stats();
	test_band_lengths();
}
