// SPDX-License-Identifier: GPL-2.0
/*
 * Settings of gq by raw netlink: requests that tc can not send.
 *
 * Each test has a network namespace with a dummy device, and a gq as its root
 * qdisc. A refused request must name the attribute (its offset in the extended
 * ack), say why, and leave the dump of the qdisc as it was, byte by byte.
 *
 * Expectations
 *  1. Without TCA_OPTIONS all settings have their defaults; the quanta follow
 *     the MTU.
 *  2. Minimum and maximum of each attribute are accepted and dumped.
 *  3. One below the minimum and one above the maximum: -ERANGE, with a message
 *     that names the attribute and both limits.
 *  4. A payload of any wrong length: -EINVAL.
 *  5. An unknown attribute, attribute 0, a scalar marked as a nest, and bytes
 *     after the last attribute: -EINVAL.
 *  6. TCA_OPTIONS of 0 to 3 bytes: 0 changes nothing, more is -EINVAL.
 *  7. One wrong attribute among right ones: none of them is applied.
 *  8. A change of one attribute leaves all others; a replace too, for it is
 *     a change when the kind is the same.
 *  9. A refused create leaves no gq behind, and the old qdisc in place.
 * 10. granularity is rounded down, buckets up, to a power of two.
 * 11. Statistics: each attribute is there, with its length, once.
 * 12. Lists of bands: minimum and maximum of each setting, one off, any wrong
 *     length; an unknown entry, a missing, a wrong or an unknown attribute;
 *     a band named twice has the later settings; maps above the bands.
 * 13. Requests of random attributes are refused or applied, and never both.
 */
#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "gq_request.h"

#define RANDOM_REQUESTS	5000

/* The request was refused with @err because of the attribute at @offset. */
#define EXPECT_REFUSED(err_, offset_)					\
do {									\
	struct dump now_;						\
									\
	EXPECT_EQ(err_, send_it(&self->c));					\
	EXPECT_NE(0, strlen(self->c.ans.text));				\
	EXPECT_EQ(offset_, self->c.ans.offset);				\
	ASSERT_EQ(0, get(&self->c, &now_));					\
	EXPECT_TRUE(same_settings(&now_, &self->dump));			\
} while (0)

FIXTURE(gq)
{
	struct conn c;
	struct dump dump;	/* after the setup */
};

FIXTURE_SETUP(gq)
{
	int on = 1;

	if (unshare(CLONE_NEWNET)) {
		ASSERT_EQ(EPERM, errno);
		SKIP(return, "needs root, for a network namespace");
	}
	self->c.nl = mnl_socket_open(NETLINK_ROUTE);
	ASSERT_NE(NULL, self->c.nl);
	ASSERT_EQ(0, mnl_socket_bind(self->c.nl, 0, MNL_SOCKET_AUTOPID));
	ASSERT_EQ(0, mnl_socket_setsockopt(self->c.nl, NETLINK_EXT_ACK, &on,
					   sizeof(on)));
	ASSERT_EQ(0, add_dummy(self->c.nl));
	begin(&self->c, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, false);
	ASSERT_EQ(0, send_it(&self->c)) {
		TH_LOG("%s; is the module sch_gq loaded?", self->c.ans.text);
	}
	ASSERT_EQ(0, get(&self->c, &self->dump));
	ASSERT_STREQ("gq", self->dump.kind);
}

FIXTURE_TEARDOWN(gq)
{
	if (self->c.nl)
		mnl_socket_close(self->c.nl);
}

/* Expectation 1 */
TEST_F(gq, defaults)
{
	int i;

	for (i = TCA_GQ_LIMIT; i <= TCA_GQ_MAX; i++) {
		if (!param[i].size)
			continue;
		EXPECT_EQ(param[i].init, value(&self->dump, i)) {
			TH_LOG("default of %s", param[i].name);
		}
	}
}

/* Expectation 2 */
TEST_F(gq, limits_accepted)
{
	struct dump now;
	int i, max;

	for (i = TCA_GQ_LIMIT; i <= TCA_GQ_MAX; i++) {
		if (!param[i].size)
			continue;
		for (max = 0; max < 2; max++) {
			uint64_t val = max ? param[i].max : param[i].min;

			begin_change(&self->c);
			put_val(&self->c, i, val);
			EXPECT_EQ(0, send_it(&self->c)) {
				TH_LOG("%s %llu: %s", param[i].name,
				       (unsigned long long)val,
				       self->c.ans.text);
			}
			ASSERT_EQ(0, get(&self->c, &now));
			EXPECT_EQ(val, value(&now, i)) {
				TH_LOG("%s", param[i].name);
			}
		}
	}
}

static void name_limits(char *buf, size_t len, int i, uint64_t val)
{
	snprintf(buf, len, "%s %llu is not in %llu..%llu", param[i].name,
		 (unsigned long long)val, (unsigned long long)param[i].min,
		 (unsigned long long)param[i].max);
}

/* Expectation 3 */
TEST_F(gq, out_of_range)
{
	uint64_t type_max, val;
	char want[128];
	uint32_t at;
	int i, above;

	for (i = TCA_GQ_LIMIT; i <= TCA_GQ_MAX; i++) {
		if (!param[i].size)
			continue;
		type_max = UINT64_MAX >> (64 - 8 * param[i].size);
		for (above = 0; above < 2; above++) {
			if (above ? param[i].max == type_max : !param[i].min)
				continue;
			val = above ? param[i].max + 1 : param[i].min - 1;
			begin_change(&self->c);
			at = put_val(&self->c, i, val);
			EXPECT_REFUSED(-ERANGE, at);
			name_limits(want, sizeof(want), i, val);
			EXPECT_NE(NULL, strstr(self->c.ans.text, want)) {
				TH_LOG("\"%s\" lacks \"%s\"", self->c.ans.text,
				       want);
			}
		}
	}
}

/* Expectation 4 */
TEST_F(gq, wrong_length)
{
	static const uint8_t data[16] = { [0 ... 15] = 1 };
	uint32_t at;
	int i, len;

	for (i = TCA_GQ_LIMIT; i <= TCA_GQ_MAX; i++) {
		if (!param[i].size)
			continue;
		for (len = 0; len <= (int)sizeof(data); len++) {
			if (len == param[i].size)
				continue;
			begin_change(&self->c);
			at = put(&self->c, i, data, len);
			EXPECT_REFUSED(-EINVAL, at);
			EXPECT_STREQ("invalid attribute length",
				     self->c.ans.text);
		}
	}
	begin_change(&self->c);
	at = put(&self->c, TCA_GQ_PAD, data, 1);
	EXPECT_EQ(-ERANGE, send_it(&self->c));
	EXPECT_EQ(at, self->c.ans.offset);
}

/* Expectation 5 */
TEST_F(gq, unknown_and_misplaced)
{
	static const int unknown[] = { 0, TCA_GQ_MAX + 1, 100, NLA_TYPE_MASK };
	struct nlattr *nest;
	uint32_t val = 1000, at;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		begin_change(&self->c);
		put_val(&self->c, TCA_GQ_LIMIT, 5);
		at = put(&self->c, unknown[i], &val, 4);
		EXPECT_REFUSED(-EINVAL, at);
		EXPECT_STREQ("Unknown attribute type", self->c.ans.text);
	}

	begin_change(&self->c);
	at = put(&self->c, TCA_GQ_LIMIT | NLA_F_NESTED, &val, 4);
	EXPECT_REFUSED(-EINVAL, at);
	EXPECT_STREQ("NLA_F_NESTED not expected", self->c.ans.text);

	/* a nest in the place of a number, of the length of a number */
	begin_change(&self->c);
	at = self->c.req->nlmsg_len;
	nest = mnl_attr_nest_start(self->c.req, TCA_GQ_LIMIT);
	mnl_attr_nest_end(self->c.req, nest);
	EXPECT_REFUSED(-EINVAL, at);

	/* an attribute that claims more bytes than there are */
	begin_change(&self->c);
	at = put_val(&self->c, TCA_GQ_LIMIT, 5);
	((struct nlattr *)(self->c.buf + at))->nla_len = 200;
	EXPECT_EQ(-EINVAL, send_it(&self->c));
	EXPECT_STREQ("bytes leftover after parsing attributes",
		     self->c.ans.text);
}

/* Expectation 6 */
TEST_F(gq, short_options)
{
	static const uint8_t junk[4] = { 0xff, 0xff, 0xff, 0xff };
	struct dump now;
	int len;

	for (len = 0; len < 4; len++) {
		begin(&self->c, RTM_NEWQDISC, 0, false);
		put(&self->c, TCA_OPTIONS, junk, len);
		EXPECT_EQ(len ? -EINVAL : 0, send_it(&self->c));
		ASSERT_EQ(0, get(&self->c, &now));
		EXPECT_TRUE(same_settings(&now, &self->dump));
	}
	begin(&self->c, RTM_NEWQDISC, 0, false);
	EXPECT_EQ(0, send_it(&self->c));
	ASSERT_EQ(0, get(&self->c, &now));
	EXPECT_TRUE(same_settings(&now, &self->dump));
}

/* Expectation 7 */
TEST_F(gq, all_or_nothing)
{
	uint32_t at = 0;
	int bad, i;

	for (bad = TCA_GQ_LIMIT; bad <= TCA_GQ_MAX; bad++) {
		if (!param[bad].min)
			continue;
		begin_change(&self->c);
		for (i = TCA_GQ_LIMIT; i <= TCA_GQ_MAX; i++) {
			if (!param[i].size)
				continue;
			uint32_t put_at = put_val(&self->c, i, i == bad ?
						  param[i].min - 1 :
						  param[i].max);

			if (i == bad)
				at = put_at;
		}
		EXPECT_REFUSED(-ERANGE, at);
	}
}

/* Expectation 8 */
TEST_F(gq, others_stay)
{
	struct dump now;
	int i, j, flags;

	for (i = TCA_GQ_LIMIT; i <= TCA_GQ_MAX; i++) {
		if (!param[i].size)
			continue;
		flags = i % 2 ? NLM_F_CREATE | NLM_F_REPLACE : 0;
		begin(&self->c, RTM_NEWQDISC, flags, true);
		put_val(&self->c, i, param[i].min);
		EXPECT_EQ(0, send_it(&self->c));
		ASSERT_EQ(0, get(&self->c, &now));
		for (j = TCA_GQ_LIMIT; j <= TCA_GQ_MAX; j++) {
			if (!param[j].size)
				continue;
			EXPECT_EQ(j <= i ? param[j].min : param[j].init,
				  value(&now, j)) {
				TH_LOG("%s after a change of %s",
				       param[j].name, param[i].name);
			}
		}
	}
}

/* Expectation 9 */
TEST_F(gq, refused_create)
{
	struct dump before, now;
	uint32_t at;

	begin(&self->c, RTM_DELQDISC, 0, false);
	ASSERT_EQ(0, send_it(&self->c));
	ASSERT_EQ(0, get(&self->c, &before));
	EXPECT_STRNE("gq", before.kind);

	begin(&self->c, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, true);
	at = put_val(&self->c, TCA_GQ_BUCKETS, GQ_BUCKETS_MAX + 1);
	EXPECT_EQ(-ERANGE, send_it(&self->c));
	EXPECT_EQ(at, self->c.ans.offset);
	ASSERT_EQ(0, get(&self->c, &now));
	EXPECT_STREQ(before.kind, now.kind);

	/* and a good one is still possible */
	begin(&self->c, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, true);
	put_val(&self->c, TCA_GQ_BUCKETS, GQ_BUCKETS_MAX);
	EXPECT_EQ(0, send_it(&self->c));
	ASSERT_EQ(0, get(&self->c, &now));
	EXPECT_STREQ("gq", now.kind);
	EXPECT_EQ(GQ_BUCKETS_MAX, value(&now, TCA_GQ_BUCKETS));
}

/* Expectation 10 */
TEST_F(gq, rounding)
{
	static const struct {
		int attr;
		uint32_t in, out;
	} test[] = {
		{ TCA_GQ_GRANULARITY, 1025, 1024 },
		{ TCA_GQ_GRANULARITY, 2047, 1024 },
		{ TCA_GQ_GRANULARITY, 2048, 2048 },
		{ TCA_GQ_GRANULARITY, 10000, 8192 },
		{ TCA_GQ_GRANULARITY, GQ_GRANULARITY_MAX - 1,
		  GQ_GRANULARITY_MAX / 2 },
		{ TCA_GQ_BUCKETS, 65, 128 },
		{ TCA_GQ_BUCKETS, 128, 128 },
		{ TCA_GQ_BUCKETS, 1000, 1024 },
		{ TCA_GQ_BUCKETS, GQ_BUCKETS_MAX - 1, GQ_BUCKETS_MAX },
	};
	struct dump now;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(test); i++) {
		begin_change(&self->c);
		put_val(&self->c, test[i].attr, test[i].in);
		EXPECT_EQ(0, send_it(&self->c));
		ASSERT_EQ(0, get(&self->c, &now));
		EXPECT_EQ(test[i].out, value(&now, test[i].attr)) {
			TH_LOG("%s %u", param[test[i].attr].name, test[i].in);
		}
	}
}

static unsigned int stat_size(int attr)
{
	switch (attr) {
	case TCA_GQ_STATS_FLOWS:
	case TCA_GQ_STATS_INACTIVE_FLOWS:
	case TCA_GQ_STATS_THROTTLED_FLOWS:
	case TCA_GQ_STATS_HASH_BUCKETS:
		return 4;
	case TCA_GQ_STATS_LATENESS:
		return 8 * GQ_LATENESS_BINS;
	default:
		return 8;
	}
}

/* Expectation 11 */
TEST_F(gq, statistics)
{
	unsigned int seen[TCA_GQ_STATS_MAX + 1] = { 0 };
	const struct nlattr *attr = (const void *)self->dump.stats;
	int len = self->dump.stats_len, i;

	for (; mnl_attr_ok(attr, len); attr = mnl_attr_next(attr)) {
		i = mnl_attr_get_type(attr);
		len -= MNL_ALIGN(attr->nla_len);
		EXPECT_LE(i, TCA_GQ_STATS_MAX);
		if (i <= TCA_GQ_STATS_MAX)
			seen[i]++;
		/* 64-bit numbers in the list may be padded or not */
		if (i != TCA_GQ_STATS_PAD && i != TCA_GQ_STATS_BANDS)
			EXPECT_EQ(stat_size(i), mnl_attr_get_payload_len(attr));
	}
	EXPECT_EQ(0, len);
	for (i = TCA_GQ_STATS_FLOWS; i <= TCA_GQ_STATS_MAX; i++) {
		/* the wheel is empty: there is no next event */
		EXPECT_EQ(i == TCA_GQ_STATS_NEXT_EVENT ? 0 : 1, seen[i]) {
			TH_LOG("statistics attribute %d", i);
		}
	}
}

/* Expectation 12. The last policy needs a gq that was added with it. */
TEST_F(gq, bands_limits)
{
	struct nlattr *list, *entry;
	struct dump now;
	int i, max;

	begin(&self->c, RTM_DELQDISC, 0, false);
	ASSERT_EQ(0, send_it(&self->c));
	begin_band(&self->c, &list, &entry, 7);
	self->c.req->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
	put_num(&self->c, TCA_GQ_BAND_POLICY, GQ_POLICY_HCLOCK, 1);
	end_band(&self->c, list, entry);
	ASSERT_EQ(0, send_it(&self->c));

	for (i = TCA_GQ_BAND_MODE; i <= TCA_GQ_BAND_MAX; i++) {
		const struct param *p = &band_param[i];

		ASSERT_EQ(0, get(&self->c, &now));
		EXPECT_EQ(p->init, band_value(&now, 0, i));
		for (max = 0; max < 2; max++) {
			begin_band(&self->c, &list, &entry, 0);
			put_num(&self->c, i, max ? p->max : p->min, p->size);
			end_band(&self->c, list, entry);
			EXPECT_EQ(0, send_it(&self->c)) {
				TH_LOG("%s: %s", p->name, self->c.ans.text);
			}
			ASSERT_EQ(0, get(&self->c, &now));
			EXPECT_EQ(max ? p->max : p->min,
				  band_value(&now, 0, i));
		}
	}
}

/* Expectation 12 */
TEST_F(gq, bands_out_of_range)
{
	struct nlattr *list, *entry;
	uint64_t type_max;
	char want[64];
	int i, above;
	uint32_t at;

	for (i = TCA_GQ_BAND_MODE; i <= TCA_GQ_BAND_MAX; i++) {
		const struct param *p = &band_param[i];

		type_max = UINT64_MAX >> (64 - 8 * p->size);
		for (above = 0; above < 2; above++) {
			if (above ? p->max == type_max : !p->min)
				continue;
			begin_band(&self->c, &list, &entry, 1);
			at = put_num(&self->c, i,
				     above ? p->max + 1 : p->min - 1, p->size);
			end_band(&self->c, list, entry);
			EXPECT_REFUSED(-ERANGE, at);
			snprintf(want, sizeof(want), "%s ", p->name);
			EXPECT_NE(NULL, strstr(self->c.ans.text, want));
		}
	}
	begin_band(&self->c, &list, &entry, -1);
	at = put_num(&self->c, TCA_GQ_BAND_INDEX, GQ_BANDS_MAX, 1);
	end_band(&self->c, list, entry);
	EXPECT_REFUSED(-ERANGE, at);
}

/* Expectation 12 */
TEST_F(gq, bands_wrong_form)
{
	static const uint8_t data[80] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	struct nlattr *list, *entry;
	uint32_t at;
	int i, len;

	for (i = TCA_GQ_BAND_INDEX; i <= TCA_GQ_BAND_MAX; i++) {
		for (len = 0; len < 16; len++) {
			if (len == (i == TCA_GQ_BAND_INDEX ? 1 :
				    band_param[i].size))
				continue;
			begin_band(&self->c, &list, &entry,
				   i == TCA_GQ_BAND_INDEX ? -1 : 0);
			at = put(&self->c, i, data, len);
			end_band(&self->c, list, entry);
			EXPECT_REFUSED(-EINVAL, at);
		}
	}
	for (i = 0; i < 2; i++) {
		begin_band(&self->c, &list, &entry, 0);
		at = put_num(&self->c, i ? TCA_GQ_BAND_MAX + 1 : 0, 1, 4);
		end_band(&self->c, list, entry);
		EXPECT_REFUSED(-EINVAL, at);
	}
	/* no index */
	begin_band(&self->c, &list, &entry, -1);
	put_num(&self->c, TCA_GQ_BAND_WEIGHT, 8192, 4);
	end_band(&self->c, list, entry);
	EXPECT_EQ(-EINVAL, send_it(&self->c));
	EXPECT_STREQ("sch_gq: a band entry has no index", self->c.ans.text);
	/* an entry of another kind */
	begin_change(&self->c);
	list = mnl_attr_nest_start(self->c.req, TCA_GQ_BAND_LIST);
	at = self->c.req->nlmsg_len;
	entry = mnl_attr_nest_start(self->c.req, TCA_GQ_BAND_ENTRY + 1);
	put_num(&self->c, TCA_GQ_BAND_INDEX, 0, 1);
	end_band(&self->c, list, entry);
	EXPECT_REFUSED(-EINVAL, at);
	EXPECT_STREQ("sch_gq: not a band entry", self->c.ans.text);
	/* maps of any wrong length */
	for (len = 0; len <= (int)sizeof(data); len++) {
		for (i = TCA_GQ_PRIOMAP; i <= TCA_GQ_DSCPMAP; i++) {
			if (len == (i == TCA_GQ_PRIOMAP ? GQ_PRIOS : GQ_DSCPS))
				continue;
			begin_change(&self->c);
			put(&self->c, i, data, len);
			EXPECT_NE(0, send_it(&self->c));
		}
	}
}

/* Expectation 12 */
TEST_F(gq, bands_maps_and_order)
{
	struct nlattr *list, *entry;
	int i;
	uint8_t map[GQ_DSCPS] = { 0 };
	struct dump now;
	uint32_t at;

	map[GQ_PRIOS - 1] = 3;
	begin_change(&self->c);
	at = put(&self->c, TCA_GQ_PRIOMAP, map, GQ_PRIOS);
	EXPECT_REFUSED(-ERANGE, at);
	begin_change(&self->c);
	at = put(&self->c, TCA_GQ_DSCPMAP, map, GQ_DSCPS);
	EXPECT_REFUSED(-ERANGE, at);
	/* the number of bands may come behind the map that needs it */
	begin_change(&self->c);
	put(&self->c, TCA_GQ_DSCPMAP, map, GQ_DSCPS);
	put_val(&self->c, TCA_GQ_BANDS, 4);
	EXPECT_EQ(0, send_it(&self->c));

	begin_band(&self->c, &list, &entry, 2);
	put_num(&self->c, TCA_GQ_BAND_WEIGHT, 5000, 4);
	mnl_attr_nest_end(self->c.req, entry);
	entry = mnl_attr_nest_start(self->c.req, TCA_GQ_BAND_ENTRY);
	put_num(&self->c, TCA_GQ_BAND_WEIGHT, 6000, 4);
	put_num(&self->c, TCA_GQ_BAND_INDEX, 2, 1);
	end_band(&self->c, list, entry);
	EXPECT_EQ(0, send_it(&self->c));
	ASSERT_EQ(0, get(&self->c, &now));
	EXPECT_EQ(6000, band_value(&now, 2, TCA_GQ_BAND_WEIGHT));

	/* a policy is refused here: nothing in this gq has a rank */
	begin_band(&self->c, &list, &entry, 2);
	put_num(&self->c, TCA_GQ_BAND_POLICY, GQ_POLICY_SRPT, 1);
	end_band(&self->c, list, entry);
	EXPECT_EQ(-EOPNOTSUPP, send_it(&self->c));
	EXPECT_NE(NULL, strstr(self->c.ans.text, "have no ranks"));

	/* and hclock in one whose flows have ranks, but no tags */
	begin(&self->c, RTM_DELQDISC, 0, false);
	ASSERT_EQ(0, send_it(&self->c));
	for (i = 0; i < 2; i++) {
		begin_band(&self->c, &list, &entry, 2);
		self->c.req->nlmsg_flags = i ? 0 : NLM_F_CREATE | NLM_F_EXCL;
		put_num(&self->c, TCA_GQ_BAND_POLICY,
			i ? GQ_POLICY_HCLOCK : GQ_POLICY_SRPT, 1);
		end_band(&self->c, list, entry);
		EXPECT_EQ(i ? -EOPNOTSUPP : 0, send_it(&self->c));
	}
	EXPECT_NE(NULL, strstr(self->c.ans.text, "have no tags"));
	ASSERT_EQ(0, get(&self->c, &now));
	EXPECT_EQ(GQ_POLICY_SRPT, band_value(&now, 2, TCA_GQ_BAND_POLICY));
}

/* Expectation 13. Small tables of buckets, to be quick. */
TEST_F(gq, random_requests)
{
	unsigned int refused = 0, n, i;
	struct dump before, now;
	uint8_t data[12];

	srandom(1);
	for (n = 0; n < RANDOM_REQUESTS; n++) {
		ASSERT_EQ(0, get(&self->c, &before));
		begin_change(&self->c);
		for (i = random() % 6; i; i--) {
			int type = random() % (TCA_GQ_MAX + 2);
			int len = random() % 8 || type > TCA_GQ_MAX ?
				  random() % 13 : param[type].size;
			size_t j;

			for (j = 0; j < sizeof(data); j++)
				data[j] = random() % 3 ? 0 : random();
			if (random() % 4 && type <= TCA_GQ_MAX &&
			    param[type].size)
				put_val(&self->c, type, param[type].min +
					random() % 1000);
			else
				put(&self->c, type, data, len);
		}
		if (!send_it(&self->c))
			continue;
		refused++;
		ASSERT_EQ(0, get(&self->c, &now));
		EXPECT_TRUE(same_settings(&before, &now));
		EXPECT_NE(0, strlen(self->c.ans.text));
	}
	EXPECT_LT(RANDOM_REQUESTS / 10, refused);
	EXPECT_GT(RANDOM_REQUESTS * 9 / 10, refused);
	ASSERT_EQ(0, get(&self->c, &now));
	EXPECT_STREQ("gq", now.kind);
}

TEST_HARNESS_MAIN
