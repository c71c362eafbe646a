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
 * 12. Requests of random attributes are refused or applied, and never both.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched_gq.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#define DEV		"dummy0"
#define MTU		1500
#define LINK_MTU	(MTU + 14)	/* with the Ethernet header */
#define HANDLE		0x10000U	/* 1: */
#define RANDOM_REQUESTS	5000

/* An answer of the kernel. */
struct answer {
	int err;		/* 0 or -errno */
	char text[256];		/* extended ack */
	uint32_t offset;	/* of the attribute that is to blame */
};

/* TCA_OPTIONS and statistics of gq as dumped. */
struct dump {
	char kind[16];
	uint8_t opts[1024];
	uint16_t opts_len;
	uint8_t stats[1024];
	uint16_t stats_len;
};

static const struct {
	const char *name;
	uint8_t size;
	uint64_t min, max, init;
} param[TCA_GQ_MAX + 1] = {
	[TCA_GQ_LIMIT] = { "limit", 4, 1, GQ_LIMIT_MAX, 10000 },
	[TCA_GQ_FLOW_LIMIT] = { "flow_limit", 4, 1, GQ_LIMIT_MAX, 100 },
	[TCA_GQ_QUANTUM] = { "quantum", 4, GQ_QUANTUM_MIN, GQ_QUANTUM_MAX,
		2 * LINK_MTU },
	[TCA_GQ_INITIAL_QUANTUM] = { "initial_quantum", 4, 0, GQ_QUANTUM_MAX,
		10 * LINK_MTU },
	[TCA_GQ_PACING] = { "pacing", 1, 0, 1, 1 },
	[TCA_GQ_MAXRATE] = { "maxrate", 8, 1, UINT64_MAX, GQ_RATE_UNLIMITED },
	[TCA_GQ_GRANULARITY] = { "granularity", 4, GQ_GRANULARITY_MIN,
		GQ_GRANULARITY_MAX, 8192 },
	[TCA_GQ_BUCKETS] = { "buckets", 4, GQ_BUCKETS_MIN, GQ_BUCKETS_MAX,
		32768 },
	[TCA_GQ_HORIZON] = { "horizon", 8, 1, GQ_HORIZON_MAX, 10000000000 },
	[TCA_GQ_HORIZON_DROP] = { "horizon_drop", 1, 0, 1, 1 },
	[TCA_GQ_TIMER_SLACK] = { "timer_slack", 4, 0, GQ_TIMER_SLACK_MAX,
		10000 },
	[TCA_GQ_CE_THRESHOLD] = { "ce_threshold", 8, 0, UINT64_MAX,
		GQ_CE_THRESHOLD_OFF },
	[TCA_GQ_ORPHAN_MASK] = { "orphan_mask", 4, 0, UINT32_MAX, 1023 },
	[TCA_GQ_REFILL_DELAY] = { "refill_delay", 4, 0, GQ_REFILL_DELAY_MAX,
		40000 },
	[TCA_GQ_LOW_RATE_THRESHOLD] = { "low_rate_threshold", 8, 0, UINT64_MAX,
		68750 },
};

static int ext_ack_attr(const struct nlattr *attr, void *data)
{
	struct answer *ans = data;

	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
		snprintf(ans->text, sizeof(ans->text), "%.*s",
			 mnl_attr_get_payload_len(attr),
			 mnl_attr_get_str(attr));
	else if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_OFFS)
		ans->offset = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

/* Send @req, and read messages for @cb until the acknowledgment. */
static void talk(struct mnl_socket *nl, struct nlmsghdr *req, mnl_cb_t cb,
		 void *data, struct answer *ans)
{
	char buf[16384];
	ssize_t len;

	memset(ans, 0, sizeof(*ans));
	req->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	req->nlmsg_seq = 1;
	if (mnl_socket_sendto(nl, req, req->nlmsg_len) < 0) {
		ans->err = -EIO;
		return;
	}
	while ((len = mnl_socket_recvfrom(nl, buf, sizeof(buf))) > 0) {
		struct nlmsghdr *h = (void *)buf;
		int left = len;

		for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
			struct nlmsgerr *err = mnl_nlmsg_get_payload(h);
			unsigned int at = sizeof(*err);

			if (h->nlmsg_type != NLMSG_ERROR) {
				if (cb)
					cb(h, data);
				continue;
			}
			ans->err = err->error;
			if (!(h->nlmsg_flags & NLM_F_CAPPED))
				at += mnl_nlmsg_get_payload_len(&err->msg);
			if (h->nlmsg_flags & NLM_F_ACK_TLVS)
				mnl_attr_parse(h, at, ext_ack_attr, ans);
			return;
		}
	}
	ans->err = -EIO;
}

static int add_dummy(struct mnl_socket *nl)
{
	char buf[512] = { 0 };
	struct nlmsghdr *req = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifm;
	struct answer ans;
	struct nlattr *nest;

	req->nlmsg_type = RTM_NEWLINK;
	req->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
	ifm = mnl_nlmsg_put_extra_header(req, sizeof(*ifm));
	ifm->ifi_flags = IFF_UP;
	ifm->ifi_change = IFF_UP;
	mnl_attr_put_strz(req, IFLA_IFNAME, DEV);
	mnl_attr_put_u32(req, IFLA_MTU, MTU);
	nest = mnl_attr_nest_start(req, IFLA_LINKINFO);
	mnl_attr_put_strz(req, IFLA_INFO_KIND, "dummy");
	mnl_attr_nest_end(req, nest);
	talk(nl, req, NULL, NULL, &ans);
	return ans.err;
}

/* A netlink socket, the request being built, and the last answer. */
struct conn {
	struct mnl_socket *nl;
	char buf[8192];
	struct nlmsghdr *req;	/* in buf */
	struct nlattr *opts;	/* open nest in req, or NULL */
	struct answer ans;
};

/* A request about our qdisc; TCA_OPTIONS is to be closed by send_it(). */
static void begin(struct conn *c, int type, int flags, bool opts)
{
	struct tcmsg *tcm;

	memset(c->buf, 0, sizeof(c->buf));
	c->req = mnl_nlmsg_put_header(c->buf);
	c->req->nlmsg_type = type;
	c->req->nlmsg_flags = flags;
	tcm = mnl_nlmsg_put_extra_header(c->req, sizeof(*tcm));
	tcm->tcm_ifindex = if_nametoindex(DEV);
	tcm->tcm_parent = TC_H_ROOT;
	tcm->tcm_handle = HANDLE;
	if (type == RTM_NEWQDISC)
		mnl_attr_put_strz(c->req, TCA_KIND, "gq");
	c->opts = opts ? mnl_attr_nest_start(c->req, TCA_OPTIONS) : NULL;
}

/* A change of the qdisc that is there: no NLM_F_CREATE. */
static void begin_change(struct conn *c)
{
	begin(c, RTM_NEWQDISC, 0, true);
}

/* Returns the offset of the attribute, as an extended ack gives it. */
static uint32_t put(struct conn *c, int type, const void *data, int len)
{
	uint32_t at = c->req->nlmsg_len;

	mnl_attr_put(c->req, type, len, data);
	return at;
}

static uint32_t put_val(struct conn *c, int type, uint64_t val)
{
	uint32_t val32 = val;
	uint8_t val8 = val;

	switch (param[type].size) {
	case 1:
		return put(c, type, &val8, 1);
	case 4:
		return put(c, type, &val32, 4);
	default:
		return put(c, type, &val, 8);
	}
}

static int send_it(struct conn *c)
{
	if (c->opts)
		mnl_attr_nest_end(c->req, c->opts);
	talk(c->nl, c->req, NULL, NULL, &c->ans);
	return c->ans.err;
}

static void save(const struct nlattr *attr, uint8_t *to, uint16_t *len,
		 size_t max)
{
	*len = mnl_attr_get_payload_len(attr);
	if (*len > max)
		*len = max;
	memcpy(to, mnl_attr_get_payload(attr), *len);
}

static int dump_cb(const struct nlmsghdr *h, void *data)
{
	struct dump *d = data;
	struct nlattr *attr, *sub;

	if (h->nlmsg_type != RTM_NEWQDISC)
		return MNL_CB_OK;
	mnl_attr_for_each(attr, h, sizeof(struct tcmsg)) {
		switch (mnl_attr_get_type(attr)) {
		case TCA_KIND:
			snprintf(d->kind, sizeof(d->kind), "%s",
				 mnl_attr_get_str(attr));
			break;
		case TCA_OPTIONS:
			save(attr, d->opts, &d->opts_len, sizeof(d->opts));
			break;
		case TCA_STATS2:
			mnl_attr_for_each_nested(sub, attr) {
				if (mnl_attr_get_type(sub) == TCA_STATS_APP)
					save(sub, d->stats, &d->stats_len,
					     sizeof(d->stats));
			}
			break;
		}
	}
	return MNL_CB_OK;
}

/* Kind, settings and statistics of the root qdisc. */
static int get(struct conn *c, struct dump *d)
{
	struct tcmsg *tcm;
	struct answer ans;

	memset(d, 0, sizeof(*d));
	/* without NLM_F_ECHO, the answer goes to listeners only */
	begin(c, RTM_GETQDISC, NLM_F_ECHO, false);
	tcm = mnl_nlmsg_get_payload(c->req);
	tcm->tcm_handle = 0;
	talk(c->nl, c->req, dump_cb, d, &ans);
	return ans.err;
}

static const struct nlattr *find(const uint8_t *attrs, int len, int type)
{
	const struct nlattr *attr = (const void *)attrs;

	for (; mnl_attr_ok(attr, len); attr = mnl_attr_next(attr)) {
		if (mnl_attr_get_type(attr) == type)
			return attr;
		len -= MNL_ALIGN(attr->nla_len);
	}
	return NULL;
}

/* The value in a dump; ~0xbad when it is absent or has another length. */
static uint64_t value(const struct dump *d, int type)
{
	const struct nlattr *attr = find(d->opts, d->opts_len, type);

	if (!attr || mnl_attr_get_payload_len(attr) != param[type].size)
		return ~0xbadULL;
	switch (param[type].size) {
	case 1:
		return mnl_attr_get_u8(attr);
	case 4:
		return mnl_attr_get_u32(attr);
	default:
		return mnl_attr_get_u64(attr);
	}
}

static bool same_settings(const struct dump *a, const struct dump *b)
{
	return a->opts_len == b->opts_len &&
	       !memcmp(a->opts, b->opts, a->opts_len);
}

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
		flags = i % 2 ? NLM_F_CREATE | NLM_F_REPLACE : 0;
		begin(&self->c, RTM_NEWQDISC, flags, true);
		put_val(&self->c, i, param[i].min);
		EXPECT_EQ(0, send_it(&self->c));
		ASSERT_EQ(0, get(&self->c, &now));
		for (j = TCA_GQ_LIMIT; j <= TCA_GQ_MAX; j++) {
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
		if (i != TCA_GQ_STATS_PAD)
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

/* Expectation 12. Small tables of buckets, to be quick. */
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
