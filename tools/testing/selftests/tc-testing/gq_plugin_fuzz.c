// SPDX-License-Identifier: GPL-2.0
/*
 * Test of tc's plugin for gq without tc and without a kernel.
 *
 * The plugin is linked with small stand-ins for the functions of tc that it
 * calls (gq_fake_tc.c), so that its output can be read back. Messages end at an
 * inaccessible page: reading beyond one is a crash, also where AddressSanitizer
 * does not work (a user-mode kernel has too little address space for it). The
 * same seed gives the same run.
 *
 * Expectations
 *  1. A value that is valid becomes exactly this attribute.
 *  2. A value that is not is refused with a message that names the option, the
 *     value where there is one, and what is expected; nothing is sent.
 *  3. Help names every attribute's option.
 *  4. What print_qopt shows, given back to parse_qopt, gives the same
 *     attributes, whatever their values.
 *  5. Percentiles of known histograms are right.
 *  6. JSON has every counter under its own name, once.
 *  7. An attribute of wrong length is reported and skipped, an unknown one is
 *     skipped, the others are shown.
 *  8. Random words on the command line do no harm.
 *  9. Random and damaged nests of attributes do no harm, in text and in JSON.
 * 10. The same for bands and maps (gq_plugin_bands.c).
 */
#include <errno.h>
#include <getopt.h>
#include <linux/pkt_sched_gq.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "gq_fake_tc.h"
#include "gq_plugin_cases.h"
#include "gq_plugin_fuzz.h"
#include "iproute2.h"

void result(bool ok, const char *what)
{
	ksft_test_result(ok, "%s\n", what);
}

/* Settings of one number; maps and bands are in gq_plugin_bands.c. */
static bool is_scalar(int attr)
{
	return attr != TCA_GQ_PRIOMAP && attr != TCA_GQ_DSCPMAP &&
	       attr != TCA_GQ_BAND_LIST;
}

static void test_good(void)
{
	struct rtattr *tb[TCA_GQ_MAX + 1], *nest;
	struct msg m;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		int err = parse_str(&m, good[i].line);

		nest = msg_nest(&m);
		parse_rtattr_flags(tb, TCA_GQ_MAX, RTA_DATA(nest),
				   RTA_PAYLOAD(nest), 0);
		ksft_test_result(!err &&
				 nest->rta_type == (TCA_OPTIONS | NLA_F_NESTED) &&
				 m.n.nlmsg_len == NLMSG_HDRLEN +
				 RTA_LENGTH(RTA_SPACE(opt_size[good[i].attr])) &&
				 tb[good[i].attr] &&
				 payload(tb[good[i].attr]) == good[i].val,
				 "1: %s\n", good[i].line);
	}
}

static void test_bad(void)
{
	struct msg m;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		int err = parse_str(&m, bad[i].line);

		ksft_test_result(err && m.n.nlmsg_len == NLMSG_HDRLEN &&
				 strstr(fake.err_text, bad[i].says) &&
				 !strncmp(fake.err_text, "gq: ", 4) &&
				 count(fake.err_text, "\n") == 1,
				 "2: %s\n", bad[i].line);
	}
}

static void test_help(void)
{
	char word[64];
	struct msg m;
	size_t i;
	int err;

	err = parse_str(&m, "limit 5 help");
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		snprintf(word, sizeof(word), "\n  %.*s ",
			 (int)strcspn(good[i].line, " "), good[i].line);
		if (!strstr(fake.err_text, word))
			err = 0;
	}
	ksft_test_result(err && m.n.nlmsg_len == NLMSG_HDRLEN,
			 "3: help names every option\n");
}

static void test_round_trip(unsigned int iterations)
{
	struct rtattr *a[TCA_GQ_MAX + 1], *b[TCA_GQ_MAX + 1];
	struct rtattr *nest;
	struct msg m, back;
	unsigned int i, bad_trips = 0;
	char line[LINE_MAX_LEN];
	int attr;

	for (i = 0; i < iterations; i++) {
		begin(&m);
		for (attr = TCA_GQ_LIMIT; attr <= TCA_GQ_MAX; attr++) {
			if (!is_scalar(attr))
				continue;
			put(&m, attr, opt_size[attr] == 1 &&
			    attr != TCA_GQ_BANDS ? rnd_below(2) :
			    rnd_value(), opt_size[attr]);
		}
		nest = end(&m);
		print(nest, false, false);
		snprintf(line, sizeof(line), "%s", fake.text);
		if (fake.err_len || parse(&back, line)) {
			bad_trips++;
			continue;
		}
		parse_rtattr_flags(a, TCA_GQ_MAX, RTA_DATA(nest),
				   RTA_PAYLOAD(nest), 0);
		nest = msg_nest(&back);
		parse_rtattr_flags(b, TCA_GQ_MAX, RTA_DATA(nest),
				   RTA_PAYLOAD(nest), 0);
		for (attr = TCA_GQ_LIMIT; attr <= TCA_GQ_MAX; attr++) {
			if (!is_scalar(attr) ||
			    (b[attr] && payload(a[attr]) == payload(b[attr])))
				continue;
			if (!bad_trips++)
				ksft_print_msg("attribute %d of: %s\n", attr,
					       fake.text);
		}
	}
	ksft_test_result(!bad_trips && !fake.misuse,
			 "4: %u settings shown and given back\n", iterations);
}

static void put_lateness(struct msg *m, const uint64_t *bins)
{
	addattr_l(&m->n, sizeof(*m), TCA_GQ_STATS_LATENESS, bins,
		  GQ_LATENESS_BINS * sizeof(*bins));
}

static void test_lateness(void)
{
	const char *found;
	struct msg m;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lateness); i++) {
		begin(&m);
		put_lateness(&m, lateness[i].bins);
		print(end(&m), true, false);
		found = strstr(fake.text, "lateness");
		ksft_test_result(!strcmp(found ? found : "", lateness[i].text),
				 "5: histogram %zu: %s\n", i, lateness[i].text);
	}
}

static int stat_size(int attr)
{
	switch (attr) {
	case TCA_GQ_STATS_FLOWS:
	case TCA_GQ_STATS_INACTIVE_FLOWS:
	case TCA_GQ_STATS_THROTTLED_FLOWS:
	case TCA_GQ_STATS_HASH_BUCKETS:
		return 4;
	case TCA_GQ_STATS_LATENESS:
		return GQ_LATENESS_BINS * 8;
	}
	return 8;
}

/* All but the histogram, the list of bands, and what is signed. */
static bool is_counter(int attr)
{
	return attr != TCA_GQ_STATS_LATENESS && attr != TCA_GQ_STATS_BANDS &&
	       attr != TCA_GQ_STATS_NEXT_EVENT;
}

/* Each counter has its attribute's number as its value. */
static struct rtattr *all_stats(struct msg *m)
{
	uint64_t bins[GQ_LATENESS_BINS] = { 1, 2, 3 };
	int attr;

	begin(m);
	for (attr = TCA_GQ_STATS_FLOWS; attr <= TCA_GQ_STATS_MAX; attr++) {
		if (is_counter(attr))
			put(m, attr, attr, stat_size(attr));
	}
	put(m, TCA_GQ_STATS_NEXT_EVENT, -1500, 8);
	put_lateness(m, bins);
	return end(m);
}

static void test_json(void)
{
	static const char json_settings[] =
		"\"pacing\":0,\"maxrate\":null,\"ce_threshold\":5,\"refill_delay\":40000000,";
	bool text_ok = true, json_ok = true;
	struct rtattr *nest;
	char want[64];
	struct msg m;
	int attr;

	nest = all_stats(&m);
	for (attr = TCA_GQ_STATS_FLOWS; attr <= TCA_GQ_STATS_MAX; attr++) {
		if (!is_counter(attr))
			continue;
		print(nest, true, true);
		snprintf(want, sizeof(want), "\"%s\":%d,", stat_names[attr],
			 attr);
		if (count(fake.text, want) != 1)
			json_ok = false;
		print(nest, true, false);
		snprintf(want, sizeof(want), " %s %d", stat_names[attr], attr);
		if (count(fake.text, want) != 1)
			text_ok = false;
	}
	ksft_test_result(text_ok && count(fake.text, "\n") == 3 &&
			 strstr(fake.text, " next_event -1500ns") &&
			 strstr(fake.text, "\n  lateness p50 <4ns p99 <8ns"),
			 "6: every counter in text\n");
	print(nest, true, true);
	ksft_test_result(json_ok && strstr(fake.text, "\"next_event\":-1500,") &&
			 strstr(fake.text, "\"lateness\":[1,2,3,0,0,"),
			 "6: every counter in JSON\n");
	begin(&m);
	put(&m, TCA_GQ_REFILL_DELAY, 40000, 4);
	put(&m, TCA_GQ_MAXRATE, UINT64_MAX, 8);
	put(&m, TCA_GQ_CE_THRESHOLD, 5, 8);
	put(&m, TCA_GQ_PACING, 0, 1);
	print(end(&m), false, true);
	ksft_test_result(!strcmp(fake.text, json_settings),
			 "6: settings in JSON: ns, null, boolean\n");
}

static void test_wrong_length(void)
{
	static const uint8_t zero[300];
	unsigned int wrong = 0;
	struct msg m;
	int attr, len;

	for (attr = TCA_GQ_LIMIT; attr <= TCA_GQ_MAX; attr++) {
		for (len = 0; len < 12; len++) {
			if (len == opt_size[attr] || attr == TCA_GQ_BAND_LIST)
				continue;
			begin(&m);
			addattr_l(&m.n, sizeof(m), attr, zero, len);
			put(&m, TCA_GQ_MAX + 5, 1, 4);
			if (attr != TCA_GQ_LIMIT)
				put(&m, TCA_GQ_LIMIT, 7, 4);
			print(end(&m), false, false);
			if (!strstr(fake.err_text, "unexpected length") ||
			    strcmp(fake.text, attr == TCA_GQ_LIMIT ? "" :
				   "limit 7p "))
				wrong++;
		}
	}
	ksft_test_result(!wrong, "7: settings of wrong length\n");
	for (attr = TCA_GQ_STATS_FLOWS; attr <= TCA_GQ_STATS_MAX; attr++) {
		if (attr == TCA_GQ_STATS_BANDS)
			continue;
		for (len = 0; len < 300; len++) {
			if (len == stat_size(attr))
				continue;
			begin(&m);
			addattr_l(&m.n, sizeof(m), attr, zero, len);
			put(&m, TCA_GQ_STATS_MAX + 1, 1, 4);
			if (attr != TCA_GQ_STATS_FLOWS)
				put(&m, TCA_GQ_STATS_FLOWS, 7, 4);
			print(end(&m), true, false);
			if (!strstr(fake.err_text, "unexpected length") ||
			    !strstr(fake.err_text, stat_names[attr]) ||
			    strcmp(fake.text, attr == TCA_GQ_STATS_FLOWS ? "" :
				   "  flows 7"))
				wrong++;
		}
	}
	ksft_test_result(!wrong, "7: statistics of wrong length\n");
}

static void test_random_words(unsigned int iterations)
{
	unsigned int i, j, refused = 0;
	char line[LINE_MAX_LEN], *p;
	struct msg m;

	for (i = 0; i < iterations; i++) {
		unsigned int words = 1 + rnd_below(6);

		for (j = 0, p = line; j < words; j++)
			p += sprintf(p, "%s ",
				     good[rnd_below(ARRAY_SIZE(good))].line);
		for (j = rnd_below(4); j; j--)
			line[rnd_below(p - line)] = 1 + rnd_below(255);
		if (parse(&m, line)) {
			refused++;
			if (m.n.nlmsg_len != NLMSG_HDRLEN || !fake.err_len)
				fake.misuse++;
		}
	}
	ksft_test_result(!fake.misuse && refused && refused < iterations,
			 "8: %u lines of random words, %u refused\n",
			 iterations, refused);
}

/* Attributes mostly of right length, then some bytes damaged, then cut. */
static unsigned int random_nest(struct msg *m, bool xstats)
{
	unsigned int i, len, n = rnd_below(30);
	struct rtattr *nest;
	uint8_t data[300];
	int attr, size;

	begin(m);
	for (i = 0; i < n; i++) {
		attr = rnd_below(xstats ? TCA_GQ_STATS_MAX + 8 :
				 TCA_GQ_MAX + 8);
		size = xstats ? stat_size(attr) :
		       attr <= TCA_GQ_MAX ? opt_size[attr] : 4;
		if (attr == (xstats ? TCA_GQ_STATS_BANDS : TCA_GQ_BAND_LIST) &&
		    rnd_below(4)) {
			put_random_list(m, attr, xstats ?
					TCA_GQ_BAND_STATS_MAX :
					TCA_GQ_BAND_MAX);
			continue;
		}
		if (!rnd_below(4))
			size = rnd_below(sizeof(data));
		for (len = 0; len < sizeof(data); len++)
			data[len] = rnd_below(2) ? rnd() : 0;
		if (!rnd_below(8))
			attr |= NLA_F_NESTED;
		addattr_l(&m->n, sizeof(*m), attr, data, size);
	}
	nest = end(m);
	len = nest->rta_len;
	for (i = rnd_below(3) ? 0 : rnd_below(16); i; i--)
		((uint8_t *)nest)[rnd_below(len)] = rnd();
	if (!rnd_below(3))
		len = 4 + rnd_below(len - 3);
	nest->rta_len = len;
	return len;
}

static void test_random_nests(unsigned int iterations)
{
	unsigned int i, len, shown = 0;
	struct msg m;

	for (i = 0; i < iterations; i++) {
		bool xstats = i & 1;

		len = random_nest(&m, xstats);
		print(guard(msg_nest(&m), len), xstats, i & 2);
		shown += !!fake.len;
	}
	print(NULL, false, false);
	print(NULL, true, true);
	ksft_test_result(!fake.misuse && shown > iterations / 2,
			 "9: %u random nests, %u with something to show\n",
			 iterations, shown);
}

static void usage(FILE *f)
{
	fprintf(f,
		"Usage: gq_plugin_fuzz [-n ITERATIONS] [-s SEED]\n"
		"Test tc's plugin for gq with known and with random input.\n"
		"  -n, --iterations N  of each random test; default 20000\n"
		"  -s, --seed SEED     of the random numbers, not 0; default 1\n"
		"Examples:\n"
		"  gq_plugin_fuzz\n"
		"  gq_plugin_fuzz -n 1000000 -s $RANDOM\n");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "iterations", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	unsigned int iterations = 20000;
	int c, err;

	while ((c = getopt_long(argc, argv, "n:s:h", options, NULL)) != -1) {
		if (c == 'n')
			iterations = strtoul(optarg, NULL, 0);
		else if (c == 's')
			seed = strtoull(optarg, NULL, 0);
		else
			usage(c == 'h' ? stdout : stderr);
		if (c == 'h' || c == '?')
			return c == 'h' ? 0 : 2;
	}
	if (!iterations || !seed) {
		usage(stderr);
		return 2;
	}
	err = area_init();
	if (err)
		ksft_exit_fail_msg("no guard page: %s\n", strerror(-err));

	ksft_print_header();
	ksft_print_msg("iterations %u, seed %llu\n", iterations,
		       (unsigned long long)seed);
	ksft_set_plan(ARRAY_SIZE(good) + ARRAY_SIZE(bad) +
		      ARRAY_SIZE(lateness) + 9 + bands_tests());
	test_good();
	test_bad();
	test_help();
	test_round_trip(iterations);
	test_lateness();
	test_json();
	test_wrong_length();
	test_random_words(iterations);
	test_bands(iterations);
	test_random_nests(iterations);
	ksft_finished();
}
