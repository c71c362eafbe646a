// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of gqctl's parts that need no kernel: code points, the parser of
 * rules and files, and what a set of rules refuses. All of gqctl but its main
 * is included, so that nothing has to be visible for tests only. Expectations:
 *
 * 1. Each of the 64 code points has one name, or its number, that reads back as
 *    itself; the formulas of the RFCs hold; case does not matter.
 * 2. What is no class, or a number out of range, is refused.
 * 3. What rule_print() prints, rule_parse() reads as the same rule.
 * 4. Each kind of wrong option is refused, at the column where it stands.
 * 5. Of two rules that a packet can both match, the second is refused if it asks
 *    for another thing; if none can, or they agree, it is taken.
 * 6. A code point has one band.
 * 7. Words of a line: blanks, quotes, comments.
 * 8. What nf_tables says is read back as it was written; foreign rules are not.
 */
#include <stdarg.h>
#include <string.h>

#include "gqctl.h"

/* What main.c has, for a test. */
static char said[512];
static unsigned int column;

int fail(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
	return -err;
}

int complain(const struct where *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
	column = at->column;
	return -22;
}

int common_option(const char *word, struct settings *s)
{
	(void)word;
	(void)s;
	return -1;
}

#include "dscp.c"
#include "rule.c"
#include "rules.c"
#include "nft.c"
#include "tc.c"
#include "commit.c"
#include "apply.c"

#undef ARRAY_SIZE
#include "kselftest_harness.h"

int print_json(struct json_object *o)
{
	json_object_put(o);
	return 0;
}

TEST(code_points)
{
	char name[16];
	int d, class, drop;

	for (d = 0; d < GQ_DSCPS; d++) {
		EXPECT_EQ(d, dscp_parse(dscp_name(d)));
		snprintf(name, sizeof(name), "%d", d);
		EXPECT_EQ(d, dscp_parse(name));
		snprintf(name, sizeof(name), "0x%x", d);
		EXPECT_EQ(d, dscp_parse(name));
	}
	for (class = 0; class < 8; class++) {
		snprintf(name, sizeof(name), "cS%d", class);
		EXPECT_EQ(class << 3, dscp_parse(name));
	}
	for (class = 1; class <= 4; class++) {
		for (drop = 1; drop <= 3; drop++) {
			snprintf(name, sizeof(name), "aF%d%d", class, drop);
			EXPECT_EQ(class << 3 | drop << 1, dscp_parse(name));
		}
	}
	EXPECT_EQ(46, dscp_parse("EF"));
	EXPECT_EQ(44, dscp_parse("va"));
	EXPECT_EQ(1, dscp_parse("LE"));
	EXPECT_EQ(0, dscp_parse("BE"));
	EXPECT_EQ(0, dscp_parse("DF"));
	EXPECT_EQ(10, dscp_parse("010"));
}

TEST(no_code_points)
{
	static const char * const words[] = {
		"", "EFX", "E", "AF", "AF44", "AF51", "AF10", "CS8", "CS", "64", "-1",
		"4294967342", "46 ", " 46", "0x40", "0x", "4a", "VA1",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		EXPECT_EQ(-1, dscp_parse(words[i])) TH_LOG("word %zu", i);
}

/* Parse a line as a file has it, without its first word. */
static int parse(struct rule *r, const char *line)
{
	struct where where = { .name = "test", .line = 1 };
	struct word words[WORDS_MAX];
	static char buf[512];
	int nr;

	snprintf(buf, sizeof(buf), "%s", line);
	nr = split(buf, words, &where);
	if (nr >= 0)
		where.column = 1;
	return nr < 0 ? nr : rule_parse(r, words, nr, where, NULL);
}

TEST(rules_read_what_they_print)
{
	static const char * const lines[] = {
		"--out --dscp EF",
		"--in --proto tcp --dscp AF41",
		"--out --proto udp --sport 5000-5010 --dport 53 --dscp CS6 --band 7 --strict",
		"--in --src 10.0.0.0/8 --dst 192.0.2.1 --dscp 63 --rate 2000000bit",
		"--out --proto icmpv6 --src 2001:db8::/32 --dev eth0.1 --dscp LE --comment \"a # b: c\"",
		"--out --proto tcp --dport 1-65535 --dscp CS0 --band 0",
	};
	struct rule r;
	char *text;
	size_t i, size;
	FILE *f;

	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		ASSERT_EQ(0, parse(&r, lines[i])) TH_LOG("%s: %s", lines[i], said);
		f = open_memstream(&text, &size);
		rule_print(&r, f);
		fclose(f);
		EXPECT_STREQ(lines[i], text);
		free(text);
	}
}

TEST(wrong_rules)
{
	static const struct {
		const char *line;
		unsigned int column;
		const char *says;
	} cases[] = {
		{ "--dscp EF", 1, "--out" },
		{ "--out", 1, "no --dscp" },
		{ "--out --in --dscp EF", 7, "only once" },
		{ "--out --dscp EX", 14, "unknown class \"EX\"" },
		{ "--out  --dscp", 8, "needs a value" },
		{ "--out --color red --dscp EF", 7, "unknown option" },
		{ "--out --dscp EF --proto sctp", 25, "unknown protocol" },
		{ "--out --dscp EF --dport 80", 1, "ports need" },
		{ "--out --dscp EF --proto icmp --dport 80", 1, "ports need" },
		{ "--out --dscp EF --proto tcp --dport 0", 37, "no port" },
		{ "--out --dscp EF --proto tcp --dport 65536", 37, "no port" },
		{ "--out --dscp EF --proto tcp --dport 90-80", 37, "LOW-HIGH" },
		{ "--out --dscp EF --proto tcp --dport 80-", 37, "LOW-HIGH" },
		{ "--out --dscp EF --src 10.0.0.1/8", 23, "10.0.0.0/8" },
		{ "--out --dscp EF --src 10.0.0.0/0", 23, "prefix length" },
		{ "--out --dscp EF --src 10.0.0.0/33", 23, "prefix length" },
		{ "--out --dscp EF --src 2001:db8::1/64", 23, "2001:db8::/64" },
		{ "--out --dscp EF --src example.org", 23, "no IPv4 or IPv6" },
		{ "--out --dscp EF --src 10.0.0.1 --dst ::1", 1, "different IP versions" },
		{ "--out --dscp EF --proto icmpv6 --dst 10.0.0.1", 1, "no IPv4 addresses" },
		{ "--out --dscp EF --band 8", 24, "no band" },
		{ "--out --dscp EF --band -1", 24, "no band" },
		{ "--out --dscp EF --strict", 1, "--band" },
		{ "--out --dscp EF --rate 5", 24, "no rate" },
		{ "--out --dscp EF --rate 1tbit", 24, "no rate" },
		{ "--out --dscp EF --rate 0mbit", 24, "not in" },
		{ "--out --dscp EF --rate 999gbit", 24, "not in" },
		{ "--out --dscp EF --rate nanbit", 24, "no rate" },
		{ "--out --dscp EF --dev eth0;drop", 23, "no device" },
		{ "--out --dscp EF --dev sixteen-letters-", 23, "no device" },
		{ "--out --dscp EF --comment a\\b", 27, "comment" },
		{ "--out --dscp EF --comment \"a", 27, "quote" },
	};
	struct rule r;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		said[0] = '\0';
		EXPECT_EQ(-EINVAL, parse(&r, cases[i].line)) TH_LOG("%s", cases[i].line);
		EXPECT_NE(NULL, strstr(said, cases[i].says)) TH_LOG("%s: %s", cases[i].line, said);
		EXPECT_EQ(cases[i].column, column) TH_LOG("%s: %s", cases[i].line, said);
	}
}

TEST(overlaps)
{
	static const struct {
		const char *first, *second;
		bool refused;
	} cases[] = {
		{ "--out --dscp EF",
		  "--out --dscp EF", true },
		{ "--out --dscp EF",
		  "--out --dscp AF11", true },
		{ "--out --dscp EF",
		  "--in --dscp AF11", false },
		{ "--out --dscp EF",
		  "--out --proto tcp --dscp AF11", true },
		{ "--out --dscp EF",
		  "--out --proto tcp --dscp EF", false },
		{ "--out --dscp EF",
		  "--out --proto tcp --dscp EF --rate 1mbit", true },
		{ "--out --proto udp --dscp EF",
		  "--out --proto tcp --dscp AF11", false },
		{ "--out --proto icmp --dscp EF",
		  "--out --src ::1 --dscp AF11", false },
		{ "--out --proto tcp --dport 80 --dscp EF",
		  "--out --proto tcp --dport 79-81 --dscp AF11", true },
		{ "--out --proto tcp --dport 80 --dscp EF",
		  "--out --proto tcp --dport 81-90 --dscp AF11", false },
		{ "--out --proto tcp --dport 80 --dscp EF",
		  "--out --proto tcp --sport 80 --dscp AF11", true },
		{ "--out --src 10.0.0.0/8 --dscp EF",
		  "--out --src 10.1.0.0/16 --dscp AF11", true },
		{ "--out --src 10.0.0.0/9 --dscp EF",
		  "--out --src 10.128.0.0/9 --dscp AF11", false },
		{ "--out --src 10.0.0.0/8 --dscp EF",
		  "--out --src 2001:db8::/32 --dscp AF11", false },
		{ "--out --src 10.0.0.0/8 --dscp EF",
		  "--out --dst 192.0.2.0/24 --dscp AF11", true },
		{ "--out --dev eth0 --dscp EF",
		  "--out --dev eth1 --dscp AF11", false },
		{ "--out --dev eth0 --dscp EF",
		  "--out --dscp AF11", true },
		/* bands, of rules that do not meet */
		{ "--out --proto tcp --dscp EF --band 0",
		  "--out --proto udp --dscp EF --band 1", true },
		{ "--out --proto tcp --dscp EF --band 0",
		  "--out --proto udp --dscp EF --band 0", false },
		{ "--out --proto tcp --dscp EF --band 0",
		  "--out --proto udp --dscp EF", false },
		{ "--out --dev eth0 --dscp EF --band 0",
		  "--out --dev eth1 --dscp EF --band 1", false },
		{ "--out --dev eth0 --dscp EF --band 0",
		  "--in --dev eth1 --dscp EF --band 1", true },
	};
	struct ruleset set;
	struct rule r;
	size_t i;
	int err;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ASSERT_EQ(0, ruleset_init(&set));
		ASSERT_EQ(0, parse(&r, cases[i].first)) TH_LOG("%s", said);
		ASSERT_EQ(0, ruleset_add(&set, &r));
		ASSERT_EQ(0, parse(&r, cases[i].second)) TH_LOG("%s", said);
		err = ruleset_add(&set, &r);
		EXPECT_EQ(cases[i].refused, err == -EEXIST)
			TH_LOG("%s after %s", cases[i].second, cases[i].first);
		EXPECT_EQ(cases[i].refused, set.nr_rules == 1);
		ruleset_free(&set);
	}
}

TEST(numbers_of_rules)
{
	struct ruleset set;
	struct rule r;

	ASSERT_EQ(0, ruleset_init(&set));
	ASSERT_EQ(0, parse(&r, "--out --proto tcp --dscp 1"));
	ASSERT_EQ(0, ruleset_add(&set, &r));
	ASSERT_EQ(0, parse(&r, "--out --proto udp --dscp 2"));
	ASSERT_EQ(0, ruleset_add(&set, &r));
	EXPECT_EQ(-ENOENT, ruleset_del(&set, 3));
	EXPECT_EQ(0, ruleset_del(&set, 1));
	EXPECT_EQ(-ENOENT, ruleset_del(&set, 1));
	ASSERT_EQ(0, parse(&r, "--out --proto tcp --dscp 3"));
	ASSERT_EQ(0, ruleset_add(&set, &r));
	EXPECT_EQ(2, set.rule[0].id);
	EXPECT_EQ(3, set.rule[1].id);
	ruleset_free(&set);
}

TEST(gq_plans)
{
	struct gq q = { .dev = "eth0", .bands = 3 }, want;
	struct ruleset none, set;
	struct rule r;

	memset(q.dscpmap, GQ_DSCP_NONE, sizeof(q.dscpmap));
	q.dscpmap[8] = 2;
	ASSERT_EQ(0, ruleset_init(&none));
	ASSERT_EQ(0, ruleset_init(&set));
	ASSERT_EQ(0, parse(&r, "--out --dev eth0 --proto tcp --dscp EF --band 4 --strict"));
	ASSERT_EQ(0, ruleset_add(&set, &r));
	ASSERT_EQ(0, parse(&r, "--out --dev eth1 --proto tcp --dscp AF11 --band 5"));
	ASSERT_EQ(0, ruleset_add(&set, &r));

	want = plan(&q, &none, &set);
	EXPECT_EQ(5, want.bands);
	EXPECT_EQ(1 << 4, want.strict);
	EXPECT_EQ(4, want.dscpmap[46]);
	EXPECT_EQ(GQ_DSCP_NONE, want.dscpmap[10]);
	EXPECT_EQ(2, want.dscpmap[8]);

	/* taken back, unless someone else has changed it */
	q = want;
	want = plan(&q, &set, &none);
	EXPECT_EQ(GQ_DSCP_NONE, want.dscpmap[46]);
	EXPECT_EQ(2, want.dscpmap[8]);
	q.dscpmap[46] = 1;
	want = plan(&q, &set, &none);
	EXPECT_EQ(1, want.dscpmap[46]);
	ruleset_free(&set);
	ruleset_free(&none);
}

/* As libnftables prints a rule. */
#define NFT_RULE(comment, expr) \
	"{\"chain\": \"out\", \"comment\": \"" comment "\", \"expr\": [" expr "]}"
#define NFT_MATCH(proto, field, right) \
	"{\"match\": {\"op\": \"==\", \"left\": {\"payload\": {\"protocol\": \"" proto "\", " \
	"\"field\": \"" field "\"}}, \"right\": " right "}}, "
#define NFT_LIMIT \
	"{\"limit\": {\"rate\": 2, \"burst\": 64, \"per\": \"second\", \"rate_unit\": \"kbytes\"}}, "
#define NFT_GOTO \
	"{\"counter\": {\"packets\": 3, \"bytes\": 300}}, {\"goto\": {\"target\": \"dscp46\"}}"

static size_t read_one(struct ruleset *set, const char *text)
{
	struct json_object *o = json_tokener_parse(text);

	said[0] = '\0';
	set->nr_rules = 0;
	read_rule(set, o);
	json_object_put(o);
	return set->nr_rules;
}

TEST(rules_of_nf_tables)
{
	static const char range[] =
		NFT_RULE("gqctl 7 band 2 strict: a: b",
			 NFT_MATCH("tcp", "dport", "{\"range\": [80, 90]}") NFT_LIMIT NFT_GOTO);
	static const char * const foreign[] = {
		NFT_RULE("another", NFT_GOTO),
		NFT_RULE("gqctl 7", "{\"drop\": null}"),
		NFT_RULE("gqctl 7", NFT_MATCH("ip", "saddr", "{\"set\": [1]}") NFT_GOTO),
		NFT_RULE("gqctl 7", NFT_MATCH("tcp", "dport", "{\"set\": [1]}") NFT_GOTO),
		NFT_RULE("gqctl 7", "{\"goto\": {\"target\": \"dscp64\"}}"),
	};
	struct ruleset set;
	const struct rule *r;
	size_t i;

	ASSERT_EQ(0, ruleset_init(&set));
	r = set.rule;
	ASSERT_EQ(1, read_one(&set, range));
	EXPECT_EQ(7, r->id);
	EXPECT_EQ(2, r->band);
	EXPECT_TRUE(r->strict);
	EXPECT_STREQ("a: b", r->comment);
	EXPECT_EQ(IPPROTO_TCP, r->proto);
	EXPECT_EQ(80, r->dport.lo);
	EXPECT_EQ(90, r->dport.hi);
	EXPECT_EQ(2048, r->rate);
	EXPECT_EQ(46, r->dscp);
	EXPECT_EQ(3, r->packets);
	EXPECT_EQ(300, r->bytes);

	/* not gqctl's, or changed */
	EXPECT_EQ(0, read_one(&set, foreign[0]));
	EXPECT_STREQ("", said);
	for (i = 1; i < sizeof(foreign) / sizeof(*foreign); i++) {
		EXPECT_EQ(0, read_one(&set, foreign[i]));
		EXPECT_NE(NULL, strstr(said, "rule 7"));
	}
	ruleset_free(&set);
}

TEST_HARNESS_MAIN
