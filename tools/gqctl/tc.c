// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gq qdiscs of this network namespace, by rtnetlink: their bands and the
 * map from code points to bands. A gq may be a root, or below mq, htb, tbf and
 * others; each is one entry, and addressed by its device, parent and handle.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gqctl.h"

/* More than a dump's message of one qdisc. */
#define BUFFER_BYTES	32768

static struct mnl_socket *rtnl_open(void)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
	int on = 1;

	if (!nl)
		return NULL;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		mnl_socket_close(nl);
		return NULL;
	}
	/* with it the kernel tells why; without it just how */
	mnl_socket_setsockopt(nl, NETLINK_EXT_ACK, &on, sizeof(on));
	return nl;
}

static void read_band(struct gq *q, const struct nlattr *entry)
{
	const struct nlattr *a;
	int band = -1, mode = -1;

	mnl_attr_for_each_nested(a, entry) {
		if (mnl_attr_get_type(a) == TCA_GQ_BAND_INDEX)
			band = mnl_attr_get_u8(a);
		else if (mnl_attr_get_type(a) == TCA_GQ_BAND_MODE)
			mode = mnl_attr_get_u8(a);
	}
	if (band >= 0 && band < GQ_BANDS_MAX && mode == GQ_BAND_STRICT)
		q->strict |= 1 << band;
}

static void read_options(struct gq *q, const struct nlattr *options)
{
	const struct nlattr *a, *entry;

	mnl_attr_for_each_nested(a, options) {
		switch (mnl_attr_get_type(a)) {
		case TCA_GQ_BANDS:
			q->bands = mnl_attr_get_u8(a);
			break;
		case TCA_GQ_DSCPMAP:
			if (mnl_attr_get_payload_len(a) == GQ_DSCPS)
				memcpy(q->dscpmap, mnl_attr_get_payload(a), GQ_DSCPS);
			break;
		case TCA_GQ_BAND_LIST:
			mnl_attr_for_each_nested(entry, a)
				read_band(q, entry);
			break;
		}
	}
}

static int read_qdisc(const struct nlmsghdr *msg, void *data)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(msg);
	const struct nlattr *a, *options = NULL;
	struct gq_list *list = data;
	const char *kind = "";
	struct gq *gq;

	mnl_attr_for_each(a, msg, sizeof(*tc)) {
		if (mnl_attr_get_type(a) == TCA_KIND)
			kind = mnl_attr_get_str(a);
		else if (mnl_attr_get_type(a) == TCA_OPTIONS)
			options = a;
	}
	if (strcmp(kind, "gq") || !options)
		return MNL_CB_OK;
	gq = realloc(list->gq, (list->nr + 1) * sizeof(*gq));
	if (!gq) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	list->gq = gq;
	gq += list->nr++;
	*gq = (struct gq){
		.ifindex = tc->tcm_ifindex, .handle = tc->tcm_handle, .parent = tc->tcm_parent,
	};
	memset(gq->dscpmap, GQ_DSCP_NONE, GQ_DSCPS);
	if (!if_indextoname(gq->ifindex, gq->dev))
		snprintf(gq->dev, sizeof(gq->dev), "#%d", gq->ifindex);
	read_options(gq, options);
	return MNL_CB_OK;
}

/* Send @msg and take the answers. Returns 0 or -errno. */
static int rtnl_talk(struct nlmsghdr *msg, mnl_cb_t cb, void *data,
		     const char **said, char *buf)
{
	struct mnl_socket *nl = rtnl_open();
	int ret = -1;

	if (!nl)
		return -errno;
	msg->nlmsg_seq = time(NULL);
	if (mnl_socket_sendto(nl, msg, msg->nlmsg_len) >= 0) {
		do {
			ret = mnl_socket_recvfrom(nl, buf, BUFFER_BYTES);
			if (ret > 0)
				ret = mnl_cb_run(buf, ret, msg->nlmsg_seq,
						 mnl_socket_get_portid(nl), cb, data);
		} while (ret > 0);
	}
	ret = ret < 0 ? -errno : 0;
	if (ret && said) {
		const struct nlmsghdr *answer = (const struct nlmsghdr *)buf;
		const struct nlmsgerr *e = mnl_nlmsg_get_payload(answer);
		const struct nlattr *a;
		size_t skip = sizeof(*e);

		*said = NULL;
		if (answer->nlmsg_type == NLMSG_ERROR && answer->nlmsg_flags & NLM_F_ACK_TLVS) {
			if (!(answer->nlmsg_flags & NLM_F_CAPPED))
				skip += e->msg.nlmsg_len - sizeof(e->msg);
			mnl_attr_for_each(a, answer, skip)
				if (mnl_attr_get_type(a) == NLMSGERR_ATTR_MSG)
					*said = mnl_attr_get_str(a);
		}
	}
	mnl_socket_close(nl);
	return ret;
}

int gq_read(struct gq_list *list)
{
	char buf[BUFFER_BYTES], request[256];
	struct nlmsghdr *msg = mnl_nlmsg_put_header(request);
	int err;

	*list = (struct gq_list){ 0 };
	msg->nlmsg_type = RTM_GETQDISC;
	msg->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(msg, sizeof(struct tcmsg));
	err = rtnl_talk(msg, read_qdisc, list, NULL, buf);
	return err ? fail(-err, "cannot list the qdiscs") : 0;
}

struct link {
	bool ifb, up;
};

static int read_link(const struct nlmsghdr *msg, void *data)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(msg);
	const struct nlattr *a, *nested;
	struct link *l = data;

	l->up = info->ifi_flags & IFF_UP;
	mnl_attr_for_each(a, msg, sizeof(*info)) {
		if (mnl_attr_get_type(a) != IFLA_LINKINFO)
			continue;
		mnl_attr_for_each_nested(nested, a)
			if (mnl_attr_get_type(nested) == IFLA_INFO_KIND)
				l->ifb = !strcmp(mnl_attr_get_str(nested), "ifb");
	}
	return MNL_CB_STOP;
}

/* Packets forwarded to another kind of device would leave the host. */
int ifb_check(const struct intake *in)
{
	char buf[BUFFER_BYTES], request[256];
	struct nlmsghdr *msg = mnl_nlmsg_put_header(request);
	struct ifinfomsg *info;
	struct link l = { 0 };
	int err;

	if (!if_nametoindex(in->dev))
		return complain(&in->at, "there is no device %s; see ip link", in->dev);
	if (!if_nametoindex(in->ifb))
		return complain(&in->at, "there is no device %s; try ip link add %s type ifb",
				in->ifb, in->ifb);
	msg->nlmsg_type = RTM_GETLINK;
	msg->nlmsg_flags = NLM_F_REQUEST;
	info = mnl_nlmsg_put_extra_header(msg, sizeof(*info));
	info->ifi_index = if_nametoindex(in->ifb);
	err = rtnl_talk(msg, read_link, &l, NULL, buf);
	if (err)
		return fail(-err, "cannot look at %s", in->ifb);
	if (!l.ifb)
		return complain(&in->at, "%s is no ifb; try ip link add ifb0 type ifb", in->ifb);
	if (!l.up)
		return complain(&in->at, "%s is down; first ip link set %s up", in->ifb, in->ifb);
	return 0;
}

/* As tc names it: "eth0 (8001:)", "eth0 (parent 1:2)". */
void gq_name(const struct gq *q, char *buf, size_t size)
{
	if (q->handle >> 16)
		snprintf(buf, size, "%s (%x:)", q->dev, q->handle >> 16);
	else if (q->parent == TC_H_ROOT)
		snprintf(buf, size, "%s (root)", q->dev);
	else
		snprintf(buf, size, "%s (parent %x:%x)", q->dev, q->parent >> 16,
			 q->parent & 0xffff);
}

/* Bands that become strict, or no longer are. */
static void put_bands(struct nlmsghdr *msg, uint8_t from, uint8_t to)
{
	struct nlattr *list, *entry;
	unsigned int i;

	list = mnl_attr_nest_start(msg, TCA_GQ_BAND_LIST);
	for (i = 0; i < GQ_BANDS_MAX; i++) {
		if (!((from ^ to) & 1 << i))
			continue;
		entry = mnl_attr_nest_start(msg, TCA_GQ_BAND_ENTRY);
		mnl_attr_put_u8(msg, TCA_GQ_BAND_INDEX, i);
		mnl_attr_put_u8(msg, TCA_GQ_BAND_MODE,
				to & 1 << i ? GQ_BAND_STRICT : GQ_BAND_WRR);
		mnl_attr_nest_end(msg, entry);
	}
	mnl_attr_nest_end(msg, list);
}

/*
 * Change the qdisc @from, in one request, to what differs in @to.
 *
 * One that the kernel made by itself (net.core.default_qdisc) has the handle 0,
 * and can't be changed. But it has no settings either that a new one in its place
 * would lack; only the packets in it are lost.
 */
int gq_write(const struct gq *from, const struct gq *to)
{
	char buf[BUFFER_BYTES], request[1024], name[64];
	struct nlmsghdr *msg = mnl_nlmsg_put_header(request);
	const char *said = NULL;
	struct nlattr *options;
	struct tcmsg *tc;
	int err;

	msg->nlmsg_type = RTM_NEWQDISC;
	msg->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	if (!from->handle)
		msg->nlmsg_flags |= NLM_F_CREATE | NLM_F_REPLACE;
	tc = mnl_nlmsg_put_extra_header(msg, sizeof(*tc));
	tc->tcm_ifindex = from->ifindex;
	tc->tcm_handle = from->handle;
	tc->tcm_parent = from->parent;
	mnl_attr_put_strz(msg, TCA_KIND, "gq");
	options = mnl_attr_nest_start(msg, TCA_OPTIONS);
	if (from->bands != to->bands)
		mnl_attr_put_u8(msg, TCA_GQ_BANDS, to->bands);
	mnl_attr_put(msg, TCA_GQ_DSCPMAP, GQ_DSCPS, to->dscpmap);
	if (from->strict != to->strict)
		put_bands(msg, from->strict, to->strict);
	mnl_attr_nest_end(msg, options);
	err = rtnl_talk(msg, NULL, NULL, &said, buf);
	if (!err)
		return 0;
	gq_name(from, name, sizeof(name));
	if (from->parent != TC_H_ROOT && !TC_H_MAJ(from->parent))
		return fail(-err, "cannot change gq of %s; first tc qdisc replace dev %s root mq",
			    name, from->dev);
	return fail(-err, "cannot change gq of %s%s%s%s", name, said ? ": " : "", said ?: "",
		    err == -EPERM ? "; run it as root" : "");
}
