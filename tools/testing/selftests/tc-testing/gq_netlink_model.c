// SPDX-License-Identifier: GPL-2.0
/*
 * What the settings of a gq are after requests that it accepted.
 *
 * The kernel's rules in their simplest form: a request is a list of values that
 * replace those before; then granularity is rounded down and buckets up to a
 * power of two, and what maps to a band that is gone maps to the last one.
 */
#include <linux/netlink.h>
#include <string.h>

#include "gq_request.h"
#include "gq_netlink_model.h"

static bool power_of_two(uint64_t val)
{
	return val && !(val & (val - 1));
}

static bool payload(const struct nlattr *attr, const struct param *p,
		    uint64_t *val)
{
	if (mnl_attr_get_payload_len(attr) != p->size)
		return false;
	*val = p->size == 1 ? mnl_attr_get_u8(attr) :
	       p->size == 4 ? mnl_attr_get_u32(attr) : mnl_attr_get_u64(attr);
	return *val >= p->min && *val <= p->max;
}

static bool read_map(uint8_t *map, const struct nlattr *attr, unsigned int len)
{
	if (mnl_attr_get_payload_len(attr) != len)
		return false;
	memcpy(map, mnl_attr_get_payload(attr), len);
	return true;
}

/* The settings of a band: each once, and no others. */
static bool read_band(struct model *m, const struct nlattr *entry,
		      unsigned int band)
{
	unsigned int seen[TCA_GQ_BAND_MAX + 1] = { 0 };
	const struct nlattr *attr;
	unsigned int i;

	mnl_attr_for_each_nested(attr, entry) {
		i = mnl_attr_get_type(attr);
		if (i == TCA_GQ_BAND_PAD)
			continue;
		if (i > TCA_GQ_BAND_MAX || seen[i]++)
			return false;
		if (i == TCA_GQ_BAND_INDEX) {
			if (mnl_attr_get_payload_len(attr) != 1 ||
			    mnl_attr_get_u8(attr) != band)
				return false;
		} else if (!payload(attr, &band_param[i], &m->band[band][i])) {
			return false;
		}
	}
	for (i = 1; i <= TCA_GQ_BAND_MAX; i++)
		if (!seen[i] && (band_param[i].size || i == TCA_GQ_BAND_INDEX))
			return false;
	return true;
}

static int read_bands(struct model *m, const struct nlattr *list)
{
	const struct nlattr *entry;
	unsigned int n = 0;

	mnl_attr_for_each_nested(entry, list) {
		if (mnl_attr_get_type(entry) != TCA_GQ_BAND_ENTRY ||
		    n == GQ_BANDS_MAX || !read_band(m, entry, n))
			return -1;
		n++;
	}
	return n;
}

/**
 * model_read() - take over what a dump says
 * @m: the model; of bands that are not dumped, it keeps what it had
 * @d: the dump
 * @all: all bands must be in it
 *
 * Return: whether the dump has each setting once, of its length, in its range
 */
bool model_read(struct model *m, const struct dump *d, bool all)
{
	unsigned int seen[TCA_GQ_MAX + 1] = { 0 }, i;
	const struct nlattr *attr = (const void *)d->opts;
	int len = d->opts_len, bands = -1;
	bool good = true;

	for (; mnl_attr_ok(attr, len); attr = mnl_attr_next(attr)) {
		i = mnl_attr_get_type(attr);
		len -= MNL_ALIGN(attr->nla_len);
		if (i == TCA_GQ_PAD)
			continue;
		if (i > TCA_GQ_MAX || seen[i]++)
			return false;
		switch (i) {
		case TCA_GQ_PRIOMAP:
			good &= read_map(m->priomap, attr, GQ_PRIOS);
			break;
		case TCA_GQ_DSCPMAP:
			good &= read_map(m->dscpmap, attr, GQ_DSCPS);
			break;
		case TCA_GQ_BAND_LIST:
			bands = read_bands(m, attr);
			break;
		default:
			good &= payload(attr, &param[i], &m->val[i]);
		}
	}
	for (i = 1; i <= TCA_GQ_MAX; i++)
		good &= seen[i] || i == TCA_GQ_PAD;
	for (i = 0; i < GQ_DSCPS; i++)
		good &= m->dscpmap[i] == GQ_DSCP_NONE ||
			m->dscpmap[i] < m->val[TCA_GQ_BANDS];
	for (i = 0; i < GQ_PRIOS; i++)
		good &= m->priomap[i] < m->val[TCA_GQ_BANDS];
	return good && !len && bands == (int)m->val[TCA_GQ_BANDS] &&
	       (!all || bands == GQ_BANDS_MAX) &&
	       power_of_two(m->val[TCA_GQ_GRANULARITY]) &&
	       power_of_two(m->val[TCA_GQ_BUCKETS]);
}

/* After the last value of a request was taken over. */
void model_settle(struct model *m)
{
	uint64_t *gran = &m->val[TCA_GQ_GRANULARITY], up = 1;
	uint8_t last = m->val[TCA_GQ_BANDS] - 1;
	unsigned int i;

	while (!power_of_two(*gran))
		*gran &= *gran - 1;
	while (up < m->val[TCA_GQ_BUCKETS])
		up <<= 1;
	m->val[TCA_GQ_BUCKETS] = up;
	for (i = 0; i < GQ_PRIOS; i++)
		if (m->priomap[i] > last)
			m->priomap[i] = last;
	for (i = 0; i < GQ_DSCPS; i++)
		if (m->dscpmap[i] != GQ_DSCP_NONE && m->dscpmap[i] > last)
			m->dscpmap[i] = last;
}

/* The room that a flow of a band with this policy needs: 0, a rank, tags. */
int model_needs(int policy)
{
	switch (policy) {
	case GQ_POLICY_DRR:
		return 0;
	case GQ_POLICY_HCLOCK:
		return 2;
	default:
		return 1;
	}
}

/* What was added with less room can not have the policy. */
bool model_possible(const struct model *m, int flags)
{
	unsigned int i;

	if (flags & NLM_F_CREATE)
		return true;
	for (i = 0; i < GQ_BANDS_MAX; i++)
		if (model_needs(m->band[i][TCA_GQ_BAND_POLICY]) > m->room)
			return false;
	return true;
}

bool model_equal(const struct model *a, const struct model *b)
{
	return !memcmp(a->val, b->val, sizeof(a->val)) &&
	       !memcmp(a->band, b->band, sizeof(a->band)) &&
	       !memcmp(a->priomap, b->priomap, GQ_PRIOS) &&
	       !memcmp(a->dscpmap, b->dscpmap, GQ_DSCPS);
}
