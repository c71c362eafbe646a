// SPDX-License-Identifier: GPL-2.0
/*
 * Requests to a gq by raw netlink, for what tc can not send.
 *
 * A request is begun, attributes are put into it, and it is sent; the answer
 * has the error, and the text and the offset of an extended ack.
 */
#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "gq_request.h"

const struct param param[TCA_GQ_MAX + 1] = {
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
	[TCA_GQ_BANDS] = { "bands", 1, 1, GQ_BANDS_MAX, 3 },
	[TCA_GQ_RATE] = { "rate", 8, 1, UINT64_MAX, GQ_RATE_UNLIMITED },
	[TCA_GQ_CODEL_TARGET] = { "codel target", 8, 0, UINT64_MAX,
		GQ_CODEL_OFF },
	[TCA_GQ_CODEL_INTERVAL] = { "codel interval", 8,
		GQ_CODEL_INTERVAL_MIN, GQ_CODEL_INTERVAL_MAX, 100000000 },
	[TCA_GQ_CODEL_ECN] = { "codel ecn", 1, 0, 1, 0 },
	[TCA_GQ_EDT_BYPASS] = { "bypass", 1, 0, 1, 0 },
};

const struct param band_param[TCA_GQ_BAND_MAX + 1] = {
	[TCA_GQ_BAND_MODE] = { "mode", 1, 0, GQ_BAND_STRICT, GQ_BAND_WRR },
	[TCA_GQ_BAND_WEIGHT] = { "weight", 4, GQ_BAND_WEIGHT_MIN,
		GQ_BAND_WEIGHT_MAX, 589824 },
	[TCA_GQ_BAND_LIMIT] = { "band limit", 4, 1, GQ_LIMIT_MAX,
		GQ_LIMIT_MAX },
	[TCA_GQ_BAND_STARVE] = { "starve", 8, 0, GQ_BAND_STARVE_MAX, 0 },
	[TCA_GQ_BAND_POLICY] = { "policy", 1, 0, __GQ_POLICY_MAX - 1, 0 },
	[TCA_GQ_BAND_RATE] = { "band_rate", 8, 1, UINT64_MAX,
		GQ_RATE_UNLIMITED },
	[TCA_GQ_BAND_QUEUE] = { "queue", 1, 0, __GQ_QUEUE_MAX - 1, 0 },
	[TCA_GQ_BAND_RESERVATION] = { "reservation", 8, 0,
		GQ_RESERVATION_MAX, 0 },
	[TCA_GQ_BAND_CEIL] = { "ceil", 8, 1, UINT64_MAX, GQ_RATE_UNLIMITED },
	[TCA_GQ_BAND_SHARE] = { "share", 4, 1, GQ_SHARE_MAX, 1 },
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

int add_dummy(struct mnl_socket *nl)
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

/* A request about our qdisc; TCA_OPTIONS is to be closed by send_it(). */
void begin(struct conn *c, int type, int flags, bool opts)
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
void begin_change(struct conn *c)
{
	begin(c, RTM_NEWQDISC, 0, true);
}

/* Returns the offset of the attribute, as an extended ack gives it. */
uint32_t put(struct conn *c, int type, const void *data, int len)
{
	uint32_t at = c->req->nlmsg_len;

	mnl_attr_put(c->req, type, len, data);
	return at;
}

uint32_t put_num(struct conn *c, int type, uint64_t val, int size)
{
	uint32_t val32 = val;
	uint8_t val8 = val;

	switch (size) {
	case 1:
		return put(c, type, &val8, 1);
	case 4:
		return put(c, type, &val32, 4);
	default:
		return put(c, type, &val, 8);
	}
}

uint32_t put_val(struct conn *c, int type, uint64_t val)
{
	return put_num(c, type, val, param[type].size);
}

/* A change of a band: a list of one entry, open. @band -1: no index. */
void begin_band(struct conn *c, struct nlattr **list, struct nlattr **entry,
		int band)
{
	begin_change(c);
	*list = mnl_attr_nest_start(c->req, TCA_GQ_BAND_LIST);
	*entry = mnl_attr_nest_start(c->req, TCA_GQ_BAND_ENTRY);
	if (band >= 0)
		put_num(c, TCA_GQ_BAND_INDEX, band, 1);
}

void end_band(struct conn *c, struct nlattr *list, struct nlattr *entry)
{
	mnl_attr_nest_end(c->req, entry);
	mnl_attr_nest_end(c->req, list);
}

int send_it(struct conn *c)
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

static uint32_t queued(const struct nlattr *attr)
{
	const struct gnet_stats_queue *st = mnl_attr_get_payload(attr);

	return st->qlen;
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
				if (mnl_attr_get_type(sub) == TCA_STATS_QUEUE)
					d->qlen = queued(sub);
			}
			break;
		}
	}
	return MNL_CB_OK;
}

/* Kind, settings and statistics of the qdisc at @parent. */
int get_at(struct conn *c, struct dump *d, uint32_t parent)
{
	struct tcmsg *tcm;
	struct answer ans;

	memset(d, 0, sizeof(*d));
	/* without NLM_F_ECHO, the answer goes to listeners only */
	begin(c, RTM_GETQDISC, NLM_F_ECHO, false);
	tcm = mnl_nlmsg_get_payload(c->req);
	tcm->tcm_parent = parent;
	tcm->tcm_handle = 0;
	talk(c->nl, c->req, dump_cb, d, &ans);
	return ans.err;
}

int get(struct conn *c, struct dump *d)
{
	return get_at(c, d, TC_H_ROOT);
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

static uint64_t number(const struct nlattr *attr, int size)
{
	if (mnl_attr_get_payload_len(attr) != size)
		return ~0xbadULL;
	switch (size) {
	case 1:
		return mnl_attr_get_u8(attr);
	case 4:
		return mnl_attr_get_u32(attr);
	default:
		return mnl_attr_get_u64(attr);
	}
}

/* Band @band's setting in a dump; ~0xbad when it is not there. */
uint64_t band_value(const struct dump *d, int band, int type)
{
	const struct nlattr *list, *entry, *index, *attr;

	list = find(d->opts, d->opts_len, TCA_GQ_BAND_LIST);
	if (!list)
		return ~0xbadULL;
	mnl_attr_for_each_nested(entry, list) {
		const uint8_t *in = mnl_attr_get_payload(entry);
		int len = mnl_attr_get_payload_len(entry);

		index = find(in, len, TCA_GQ_BAND_INDEX);
		attr = find(in, len, type);
		if (index && attr && mnl_attr_get_u8(index) == band)
			return number(attr, band_param[type].size);
	}
	return ~0xbadULL;
}

/* The value in a dump; ~0xbad when it is absent or has another length. */
uint64_t value(const struct dump *d, int type)
{
	const struct nlattr *attr = find(d->opts, d->opts_len, type);

	return attr ? number(attr, param[type].size) : ~0xbadULL;
}

bool same_settings(const struct dump *a, const struct dump *b)
{
	return a->opts_len == b->opts_len &&
	       !memcmp(a->opts, b->opts, a->opts_len);
}
