// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gq's bands on the command line: the two maps that choose a band, the settings
 * of each band, and its statistics.
 *
 * "band N" begins the settings of a band: its words after it, in any order,
 * belong to that band until another "band M". Bands are lists of nests on
 * netlink, so they are collected first. A band that has only defaults is not
 * shown in text: it is what a gq has that is given the rest back.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "gq_bands.h"

static_assert(GQ_BANDS_MAX == 8, "help of band");
static_assert(GQ_BAND_WEIGHT_MIN == 4096 && GQ_BAND_WEIGHT_MAX == 16777216,
	      "help of weight");
static_assert(GQ_RESERVATION_MAX == 1ULL << 40, "help of reservation");
static_assert(GQ_SHARE_MAX == 65535, "help of share");
static_assert(GQ_BAND_STARVE_MAX == 10000000000, "help of starve");

#define GQ_BAND_EXPECT	"the number of a band, 0 to 7"
#define GQ_PRIO_EXPECT	"16 numbers of bands, of priorities 0 to 15"
#define GQ_DSCP_EXPECT	"none, or DSCP=BAND,.. with a name such as ef, or 0 to 63"

static const struct gq_opt gq_band_opts[] = {
	{ "strict", TCA_GQ_BAND_MODE, 1, GQ_FLAG, GQ_BAND_STRICT, "",
	  "no value", "", "before all wrr bands and strict ones after it" },
	{ "wrr", TCA_GQ_BAND_MODE, 1, GQ_FLAG, GQ_BAND_WRR, "",
	  "no value", "set", "in proportion to its weight" },
	{ "weight", TCA_GQ_BAND_WEIGHT, 4, GQ_SIZE, 0, "BYTES",
	  "bytes, 4096 to 16777216",
	  "589824b for band 0, 196608b for 1, 65536b for the others",
	  "what a wrr band sends per round" },
	{ "band_limit", TCA_GQ_BAND_LIMIT, 4, GQ_PACKETS_OR_NONE, 0, "PACKETS",
	  "packets, 1 to 16777216, or none", "none", "what the band holds" },
	{ "starve", TCA_GQ_BAND_STARVE, 8, GQ_TIME, 0, "TIME",
	  "a time with its unit, 0ns to 10s", "0ns, no bound",
	  "how long it waits for other bands at most" },
	{ "policy", TCA_GQ_BAND_POLICY, 1, GQ_RANKING, 0, "POLICY",
	  "drr, edt, prio, stfq, srpt, pfabric, lstf or hclock", "drr",
	  "order in which its flows are served" },
	{ "band_rate", TCA_GQ_BAND_RATE, 8, GQ_RATE_OR_NONE, 0, "RATE",
	  "a rate such as 10mbit (at least 8bit), or unlimited",
	  "unlimited", "what the band does not exceed" },
	{ "queue", TCA_GQ_BAND_QUEUE, 1, GQ_QUEUE, 0, "QUEUE",
	  "cffs or approx", "cffs", "how the first by the policy is found" },
	{ "reservation", TCA_GQ_BAND_RESERVATION, 8, GQ_RATE_OR_ZERO, 0, "RATE",
	  "a rate such as 10mbit (up to 8796gbit), or none", "none",
	  "hclock: what each flow gets at least" },
	{ "ceil", TCA_GQ_BAND_CEIL, 8, GQ_RATE_OR_NONE, 0, "RATE",
	  "a rate such as 10mbit (at least 8bit), or unlimited",
	  "unlimited", "hclock: what no flow exceeds" },
	{ "share", TCA_GQ_BAND_SHARE, 4, GQ_NUMBER, 0, "NUMBER",
	  "a number, 1 to 65535", "1",
	  "hclock: weight of each flow" },
};

/* Two words set one attribute; the index is the word "band" itself. */
static_assert(ARRAY_SIZE(gq_band_opts) - 1 + 2 == TCA_GQ_BAND_MAX,
	      "an option of bands has no row");

/* Of several names, the first is shown. */
static const struct gq_dscp_name {
	const char *name;
	uint8_t dscp;
} gq_dscp_names[] = {
	{ "cs0", 0 }, { "be", 0 }, { "df", 0 }, { "le", 1 }, { "cs1", 8 },
	{ "af11", 10 }, { "af12", 12 }, { "af13", 14 }, { "cs2", 16 },
	{ "af21", 18 }, { "af22", 20 }, { "af23", 22 }, { "cs3", 24 },
	{ "af31", 26 }, { "af32", 28 }, { "af33", 30 }, { "cs4", 32 },
	{ "af41", 34 }, { "af42", 36 }, { "af43", 38 }, { "cs5", 40 },
	{ "va", 44 }, { "voice-admit", 44 }, { "ef", 46 }, { "cs6", 48 },
	{ "cs7", 56 },
};

static const struct gq_band_stat {
	const char *name;
	uint16_t attr;
	uint8_t size;
	bool seldom;		/* shown in text only when not 0 */
} gq_band_stats[] = {
	{ "packets", TCA_GQ_BAND_STATS_PACKETS, 8, false },
	{ "bytes", TCA_GQ_BAND_STATS_BYTES, 8, false },
	{ "drops", TCA_GQ_BAND_STATS_DROPS, 8, false },
	{ "rescues", TCA_GQ_BAND_STATS_RESCUES, 8, false },
	{ "reserved", TCA_GQ_BAND_STATS_RESERVED, 8, true },
	{ "inversions", TCA_GQ_BAND_STATS_INVERSIONS, 8, true },
	{ "searches", TCA_GQ_BAND_STATS_SEARCHES, 8, true },
	{ "regrains", TCA_GQ_BAND_STATS_REGRAINS, 8, true },
	{ "qlen", TCA_GQ_BAND_STATS_QLEN, 4, false },
	{ "backlog", TCA_GQ_BAND_STATS_BACKLOG, 4, false },
};

/* Not counted: UNSPEC, PAD, and the index. */
static_assert(ARRAY_SIZE(gq_band_stats) == TCA_GQ_BAND_STATS_MAX - 2,
	      "a counter of bands has no row");

/* ---- Parsing ---- */

/* A band's number, below @max, which says what fits into the attribute. */
static int gq_number(const char *str, unsigned int max, uint8_t *num)
{
	uint64_t val;
	int err;

	err = gq_value_parse(GQ_NUMBER, 1, str, &val);
	if (!err && val > max)
		err = -ERANGE;
	if (!err)
		*num = val;
	return err;
}

static int gq_refuse(int err, const char *name, const char *word,
		     const char *expect)
{
	fprintf(stderr, "gq: %s \"%s\": %s; expected %s\n", name, word,
		err == -ERANGE ? "too large" : "not valid", expect);
	return err;
}

static int gq_parse_priomap(struct gq_bands *b, struct gq_words *w)
{
	const char *word;
	int err, i;

	for (i = 0; i < GQ_PRIOS; i++) {
		word = gq_next_word(w, "priomap", GQ_PRIO_EXPECT);
		if (!word)
			return -EINVAL;
		err = gq_number(word, UINT8_MAX, &b->priomap[i]);
		if (err)
			return gq_refuse(err, "priomap", word, GQ_PRIO_EXPECT);
	}
	return 0;
}

static int gq_parse_dscp(const char *name, uint8_t *dscp)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(gq_dscp_names); i++) {
		if (strcmp(gq_dscp_names[i].name, name))
			continue;
		*dscp = gq_dscp_names[i].dscp;
		return 0;
	}
	return gq_number(name, GQ_DSCPS - 1, dscp);
}

/* One DSCP=BAND of @len bytes. */
static int gq_parse_dscp_entry(uint8_t *map, const char *str, size_t len)
{
	char buf[32], *band;
	uint8_t dscp;
	int err;

	if (len >= sizeof(buf))
		return -EINVAL;
	memcpy(buf, str, len);
	buf[len] = '\0';
	band = strchr(buf, '=');
	if (!band)
		return -EINVAL;
	*band++ = '\0';
	err = gq_parse_dscp(buf, &dscp);
	if (err)
		return err;
	if (map[dscp] != GQ_DSCP_NONE)
		return -EEXIST;
	return gq_number(band, GQ_DSCP_NONE - 1, &map[dscp]);
}

static int gq_parse_dscpmap(struct gq_bands *b, struct gq_words *w)
{
	const char *word = gq_next_word(w, "dscpmap", GQ_DSCP_EXPECT);
	const char *at;
	size_t len;
	int err;

	if (!word)
		return -EINVAL;
	memset(b->dscpmap, GQ_DSCP_NONE, GQ_DSCPS);
	if (!strcmp(word, "none"))
		return 0;
	for (at = word;; at += len + 1) {
		len = strcspn(at, ",");
		err = gq_parse_dscp_entry(b->dscpmap, at, len);
		if (err == -EEXIST) {
			fprintf(stderr,
				"gq: dscpmap \"%.*s\": this DSCP is given twice; give it once\n",
				(int)len, at);
			return -EINVAL;
		}
		if (err)
			return gq_refuse(err, "dscpmap", word, GQ_DSCP_EXPECT);
		if (!at[len])
			return 0;
	}
}

static int gq_parse_band(struct gq_bands *b, struct gq_words *w)
{
	const char *word = gq_next_word(w, "band", GQ_BAND_EXPECT);
	uint8_t index;
	unsigned int i;
	int err;

	if (!word)
		return -EINVAL;
	err = gq_number(word, UINT8_MAX, &index);
	if (err)
		return gq_refuse(err, "band", word, GQ_BAND_EXPECT);
	for (i = 0; i < b->count; i++) {
		if (b->index[i] != index)
			continue;
		fprintf(stderr,
			"gq: band %u: given twice; give all its settings after one \"band %u\"\n",
			index, index);
		return -EINVAL;
	}
	if (b->count == GQ_BANDS_MAX) {
		fprintf(stderr,
			"gq: band %u: this would be a ninth; there are 8\n",
			index);
		return -EINVAL;
	}
	b->index[b->count] = index;
	b->band[b->count].set = 0;
	b->count++;
	return 0;
}

static const struct gq_bands_word {
	const char *name;
	uint16_t attr;		/* that may be given only once, or 0 */
	int (*parse)(struct gq_bands *b, struct gq_words *w);
	const char *arg;
	const char *expect;
	const char *init;
	const char *help;
} gq_bands_words[] = {
	{ "priomap", TCA_GQ_PRIOMAP, gq_parse_priomap, "B0..B15",
	  GQ_PRIO_EXPECT, "1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 1",
	  "band by priority, if nothing else says it" },
	{ "dscpmap", TCA_GQ_DSCPMAP, gq_parse_dscpmap, "MAP",
	  GQ_DSCP_EXPECT, "none", "band by DSCP; replaces the map before" },
	{ "band", 0, gq_parse_band, "BAND", GQ_BAND_EXPECT, "none",
	  "the words below, up to the next one, are of this band" },
};

/*
 * Read @name and what follows it. Returns -ENOENT, and prints nothing, when it
 * is no word of ours.
 */
int gq_bands_parse(struct gq_bands *b, const char *name, struct gq_words *w)
{
	const struct gq_opt *opt;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(gq_bands_words); i++) {
		const struct gq_bands_word *word = &gq_bands_words[i];

		if (strcmp(word->name, name))
			continue;
		if (word->attr && b->set & 1U << word->attr) {
			fprintf(stderr, "gq: %s: given twice; give it once\n",
				name);
			return -EINVAL;
		}
		if (word->attr)
			b->set |= 1U << word->attr;
		return word->parse(b, w);
	}
	opt = gq_opt_find(gq_band_opts, ARRAY_SIZE(gq_band_opts), name);
	if (!opt)
		return -ENOENT;
	if (!b->count) {
		fprintf(stderr,
			"gq: %s: of which band? write \"band N\" before it\n",
			name);
		return -EINVAL;
	}
	return gq_opt_parse(opt, w, &b->band[b->count - 1]);
}

/* ---- Netlink ---- */

static int gq_put_band(struct nlmsghdr *msg, uint8_t index,
		       const struct gq_values *v)
{
	struct rtattr *nest;
	int err;

	nest = addattr_nest(msg, GQ_MSG_MAX,
			    TCA_GQ_BAND_ENTRY | NLA_F_NESTED);
	if (addattr_l(msg, GQ_MSG_MAX, TCA_GQ_BAND_INDEX, &index, 1))
		return -EMSGSIZE;
	err = gq_opts_put(gq_band_opts, ARRAY_SIZE(gq_band_opts), msg, v);
	addattr_nest_end(msg, nest);
	return err;
}

int gq_bands_put(struct nlmsghdr *msg, const struct gq_bands *b)
{
	struct rtattr *nest;
	unsigned int i;
	int err = 0;

	if (b->set & 1U << TCA_GQ_PRIOMAP &&
	    addattr_l(msg, GQ_MSG_MAX, TCA_GQ_PRIOMAP, b->priomap, GQ_PRIOS))
		return -EMSGSIZE;
	if (b->set & 1U << TCA_GQ_DSCPMAP &&
	    addattr_l(msg, GQ_MSG_MAX, TCA_GQ_DSCPMAP, b->dscpmap, GQ_DSCPS))
		return -EMSGSIZE;
	if (!b->count)
		return 0;
	nest = addattr_nest(msg, GQ_MSG_MAX,
			    TCA_GQ_BAND_LIST | NLA_F_NESTED);
	for (i = 0; i < b->count && !err; i++)
		err = gq_put_band(msg, b->index[i], &b->band[i]);
	addattr_nest_end(msg, nest);
	return err;
}

/* ---- Printing ---- */

static void gq_print_priomap(const struct rtattr *attr)
{
	const uint8_t *map;
	char buf[16];
	int i;

	if (!attr || !gq_attr_fits(attr, "priomap", GQ_PRIOS))
		return;
	map = RTA_DATA(attr);
	gq_print_text("%s ", "priomap");
	open_json_array(PRINT_JSON, "priomap");
	for (i = 0; i < GQ_PRIOS; i++) {
		snprintf(buf, sizeof(buf), "%u", map[i]);
		gq_print_text("%s ", buf);
		print_color_lluint(PRINT_JSON, COLOR_NONE, NULL, NULL, map[i]);
	}
	close_json_array(PRINT_JSON, NULL);
}

static void gq_dscp_format(char *buf, size_t len, unsigned int dscp)
{
	size_t i;

	snprintf(buf, len, "%u", dscp);
	for (i = 0; i < ARRAY_SIZE(gq_dscp_names); i++) {
		if (gq_dscp_names[i].dscp != dscp)
			continue;
		snprintf(buf, len, "%s", gq_dscp_names[i].name);
		return;
	}
}

/* In JSON an object: band by DSCP, as in text. */
static void gq_print_dscpmap(const struct rtattr *attr)
{
	const char *sep = "dscpmap ";
	const uint8_t *map;
	char name[16], buf[32];
	unsigned int i;

	if (!attr || !gq_attr_fits(attr, "dscpmap", GQ_DSCPS))
		return;
	map = RTA_DATA(attr);
	open_json_object("dscpmap");
	for (i = 0; i < GQ_DSCPS; i++) {
		if (map[i] == GQ_DSCP_NONE)
			continue;
		gq_dscp_format(name, sizeof(name), i);
		snprintf(buf, sizeof(buf), "%s=%u", name, map[i]);
		gq_print_text("%s", sep);
		gq_print_text("%s", buf);
		sep = ",";
		print_color_lluint(PRINT_JSON, COLOR_NONE, name, NULL, map[i]);
	}
	close_json_object();
	gq_print_text("%s ", *sep == ',' ? "" : "dscpmap none");
}

/* What the kernel gives a setting of a band that is not mentioned. */
static uint64_t gq_band_init(uint16_t attr, uint64_t band)
{
	static const uint32_t weight[] = { 589824, 196608, 65536 };

	switch (attr) {
	case TCA_GQ_BAND_WEIGHT:
		return weight[band < 2 ? band : 2];
	case TCA_GQ_BAND_LIMIT:
		return GQ_LIMIT_MAX;
	case TCA_GQ_BAND_RATE:
	case TCA_GQ_BAND_CEIL:
		return GQ_RATE_UNLIMITED;
	case TCA_GQ_BAND_SHARE:
		return 1;
	default:
		return 0;
	}
}

static bool gq_band_is_default(struct rtattr **tb, uint64_t band)
{
	uint64_t val;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(gq_band_opts); i++) {
		const struct gq_opt *opt = &gq_band_opts[i];

		if (tb[opt->attr] && RTA_PAYLOAD(tb[opt->attr]) == opt->size &&
		    gq_attr_get(tb[opt->attr], opt->name, opt->size, &val) &&
		    val != gq_band_init(opt->attr, band))
			return false;
	}
	return true;
}

static void gq_print_band(struct rtattr *entry)
{
	struct rtattr *tb[TCA_GQ_BAND_MAX + 1];
	uint64_t band;
	char buf[16];
	bool text;

	parse_rtattr_flags(tb, TCA_GQ_BAND_MAX, RTA_DATA(entry),
			   RTA_PAYLOAD(entry), NLA_F_NESTED);
	if (!gq_attr_get(tb[TCA_GQ_BAND_INDEX], "band", 1, &band))
		return;
	text = !gq_band_is_default(tb, band);
	open_json_object(NULL);
	if (text) {
		snprintf(buf, sizeof(buf), "%u", (unsigned int)band);
		gq_print_text("%s ", "band");
		gq_print_text("%s ", buf);
	}
	print_color_lluint(PRINT_JSON, COLOR_NONE, "band", NULL, band);
	gq_opts_print(gq_band_opts, ARRAY_SIZE(gq_band_opts), tb, text);
	close_json_object();
}

/* Call @fn for each entry of a list. */
static void gq_walk(struct rtattr *list, void (*fn)(struct rtattr *entry))
{
	struct rtattr *entry = RTA_DATA(list);
	int len = RTA_PAYLOAD(list);

	for (; RTA_OK(entry, len); entry = RTA_NEXT(entry, len)) {
		if ((entry->rta_type & ~NLA_F_NESTED) == TCA_GQ_BAND_ENTRY)
			fn(entry);
	}
}

/* @tb: attributes of enum gq_attr */
void gq_bands_print(struct rtattr **tb)
{
	gq_print_priomap(tb[TCA_GQ_PRIOMAP]);
	gq_print_dscpmap(tb[TCA_GQ_DSCPMAP]);
	if (!tb[TCA_GQ_BAND_LIST])
		return;
	open_json_array(PRINT_JSON, "band");
	gq_walk(tb[TCA_GQ_BAND_LIST], gq_print_band);
	close_json_array(PRINT_JSON, NULL);
}

/* A line of its own, in text, for a band that had or has packets. */
static void gq_print_band_stats(struct rtattr *entry)
{
	struct rtattr *tb[TCA_GQ_BAND_STATS_MAX + 1];
	uint64_t val[ARRAY_SIZE(gq_band_stats)], band, any = 0;
	uint32_t known = 0;
	char buf[64];
	size_t i;

	parse_rtattr_flags(tb, TCA_GQ_BAND_STATS_MAX, RTA_DATA(entry),
			   RTA_PAYLOAD(entry), NLA_F_NESTED);
	if (!gq_attr_get(tb[TCA_GQ_BAND_STATS_INDEX], "band", 1, &band))
		return;
	for (i = 0; i < ARRAY_SIZE(gq_band_stats); i++) {
		const struct gq_band_stat *st = &gq_band_stats[i];

		if (!gq_attr_get(tb[st->attr], st->name, st->size, &val[i]))
			continue;
		known |= 1U << i;
		any |= val[i];
	}
	open_json_object(NULL);
	print_color_lluint(PRINT_JSON, COLOR_NONE, "band", NULL, band);
	if (any) {
		print_nl();
		snprintf(buf, sizeof(buf), "  band %u", (unsigned int)band);
		gq_print_text("%s", buf);
	}
	for (i = 0; i < ARRAY_SIZE(gq_band_stats); i++) {
		if (!(known & 1U << i))
			continue;
		print_color_lluint(PRINT_JSON, COLOR_NONE,
				   gq_band_stats[i].name, NULL, val[i]);
		if (!any || (gq_band_stats[i].seldom && !val[i]))
			continue;
		snprintf(buf, sizeof(buf), " %s %llu", gq_band_stats[i].name,
			 (unsigned long long)val[i]);
		gq_print_text("%s", buf);
	}
	close_json_object();
}

void gq_bands_print_stats(struct rtattr *list)
{
	if (!list)
		return;
	open_json_array(PRINT_JSON, "bands");
	gq_walk(list, gq_print_band_stats);
	close_json_array(PRINT_JSON, NULL);
}

void gq_bands_help(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(gq_bands_words); i++) {
		const struct gq_bands_word *word = &gq_bands_words[i];

		fprintf(stderr, "  %-18s %-8s %s\n", word->name, word->arg,
			word->help);
		fprintf(stderr, "  %-27s %s; default %s\n", "", word->expect,
			word->init);
	}
	gq_opts_help(gq_band_opts, ARRAY_SIZE(gq_band_opts));
}
