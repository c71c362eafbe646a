// SPDX-License-Identifier: GPL-2.0
/*
 * Random requests: valid settings, then one way to spoil them.
 *
 * Each way says what must come of the request. What would be accepted is taken
 * over into the model of the settings (fuzz.next) as it is put into the request.
 */
#include <stdlib.h>
#include <string.h>

#include "kselftest.h"
#include "gq_netlink_fuzz.h"

static uint64_t wide(void)
{
	return (uint64_t)random() << 42 ^ (uint64_t)random() << 21 ^ random();
}

/* Mostly near the ends of the range, or small: tables of buckets are dear. */
static uint64_t in_range(const struct param *p)
{
	uint64_t span = p->max - p->min, val;

	switch (random() % 8) {
	case 0:
		return p->min;
	case 1:
		return !strcmp(p->name, "buckets") ? p->min + span / 64 :
						     p->max;
	case 2:
		val = wide() >> random() % 64;
		break;
	default:
		val = random() % 5000;
		break;
	}
	return p->min + (span == UINT64_MAX ? val : val % (span + 1));
}

/* Return: whether there is a value out of range; all that a type holds may be
 * right.
 */
static bool out_of_range(const struct param *p, uint64_t *val)
{
	uint64_t type_max = UINT64_MAX >> (64 - 8 * p->size);
	bool above = p->max < type_max;

	if (!above && !p->min)
		return false;
	if (above && (!p->min || random() % 2))
		*val = p->max + 1 +
		       (random() % 2 ? 0 : wide() % (type_max - p->max));
	else
		*val = p->min - 1 - (random() % 2 ? 0 : wide() % p->min);
	return true;
}

static int any_param(const struct param *params, int max)
{
	int i;

	do {
		i = 1 + random() % max;
	} while (!params[i].size);
	return i;
}

static void put_valid(struct fuzz *z)
{
	int i = any_param(param, TCA_GQ_MAX);
	uint64_t val = in_range(&param[i]);

	put_val(&z->c, i, val);
	z->next.val[i] = val;
}

/* The settings of one band, the index anywhere among them. */
static void put_valid_entry(struct fuzz *z)
{
	struct nlattr *entry = mnl_attr_nest_start(z->c.req, TCA_GQ_BAND_ENTRY);
	int band = random() % GQ_BANDS_MAX, n = random() % 4, at, k;

	at = random() % (n + 1);
	for (k = 0; k <= n; k++) {
		int i = any_param(band_param, TCA_GQ_BAND_MAX);
		uint64_t val = in_range(&band_param[i]);

		if (k == at) {
			put_num(&z->c, TCA_GQ_BAND_INDEX, band, 1);
			continue;
		}
		put_num(&z->c, i, val, band_param[i].size);
		z->next.band[band][i] = val;
	}
	mnl_attr_nest_end(z->c.req, entry);
}

static void put_valid_bands(struct fuzz *z)
{
	struct nlattr *list = mnl_attr_nest_start(z->c.req, TCA_GQ_BAND_LIST);
	int n = random() % 4;

	/* of two lists only the last one counts */
	memcpy(z->next.band, z->now.band, sizeof(z->now.band));
	while (n--)
		put_valid_entry(z);
	mnl_attr_nest_end(z->c.req, list);
}

static void put_valid_map(struct fuzz *z, int type)
{
	unsigned int len = type == TCA_GQ_PRIOMAP ? GQ_PRIOS : GQ_DSCPS, i;
	uint8_t map[GQ_DSCPS];

	for (i = 0; i < len; i++)
		map[i] = type == TCA_GQ_DSCPMAP && random() % 2 ? GQ_DSCP_NONE :
			 random() % z->next.val[TCA_GQ_BANDS];
	put(&z->c, type, map, len);
	memcpy(type == TCA_GQ_PRIOMAP ? z->next.priomap : z->next.dscpmap, map,
	       len);
}

/* Maps come last, for they depend on the number of bands. */
static void put_valids(struct fuzz *z)
{
	int n = random() % 6;

	while (n--) {
		if (random() % 4)
			put_valid(z);
		else
			put_valid_bands(z);
	}
	if (!(random() % 4))
		put_valid_map(z, TCA_GQ_PRIOMAP);
	if (!(random() % 4))
		put_valid_map(z, TCA_GQ_DSCPMAP);
}

/* ---- Ways to spoil a request, after valid settings ---- */

static enum fate repeat(struct fuzz *z)
{
	int i = any_param(param, TCA_GQ_MAX), n = 2 + random() % 5;

	/* maps were made for the number of bands that was last */
	if (i == TCA_GQ_BANDS)
		i = TCA_GQ_LIMIT;
	while (n--) {
		z->next.val[i] = in_range(&param[i]);
		put_val(&z->c, i, z->next.val[i]);
	}
	return ACCEPT;
}

static enum fate exceed(struct fuzz *z)
{
	uint64_t val;
	int i;

	do {
		i = any_param(param, TCA_GQ_MAX);
	} while (!out_of_range(&param[i], &val));
	put_val(&z->c, i, val);
	return REFUSE;
}

static enum fate wrong_length(struct fuzz *z)
{
	static const uint8_t data[80] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	int i = any_param(param, TCA_GQ_MAX), len;

	do {
		len = random() % (sizeof(data) + 1);
	} while (len == param[i].size);
	put(&z->c, i, data, len);
	return REFUSE;
}

static enum fate unknown(struct fuzz *z)
{
	static const int types[] = { 0, TCA_GQ_MAX + 1, TCA_GQ_MAX + 2, 255,
				     NLA_TYPE_MASK };

	put_num(&z->c, types[random() % ARRAY_SIZE(types)], random(), 4);
	return REFUSE;
}

static enum fate flag_number(struct fuzz *z)
{
	int i = any_param(param, TCA_GQ_MAX);

	put_num(&z->c, i | NLA_F_NESTED, in_range(&param[i]), param[i].size);
	return REFUSE;
}

static enum fate list_without_flag(struct fuzz *z)
{
	put(&z->c, TCA_GQ_BAND_LIST, NULL, 0);
	return REFUSE;
}

static enum fate map_too_high(struct fuzz *z)
{
	uint8_t map[GQ_DSCPS] = { 0 };
	int type = random() % 2 ? TCA_GQ_PRIOMAP : TCA_GQ_DSCPMAP;
	unsigned int bands = z->next.val[TCA_GQ_BANDS];

	map[random() % (type == TCA_GQ_PRIOMAP ? GQ_PRIOS : GQ_DSCPS)] =
		bands + random() % (GQ_DSCP_NONE - bands);
	put(&z->c, type, map, type == TCA_GQ_PRIOMAP ? GQ_PRIOS : GQ_DSCPS);
	return REFUSE;
}

/* One thing wrong with one entry of a list, before or after good ones. */
static void put_bad_entry(struct fuzz *z)
{
	static const uint8_t data[16] = { 0 };
	int i = any_param(band_param, TCA_GQ_BAND_MAX), how = random() % 6;
	struct nlattr *entry;
	uint64_t val;

	entry = mnl_attr_nest_start(z->c.req, TCA_GQ_BAND_ENTRY + (how == 0));
	if (how != 1)
		put_num(&z->c, TCA_GQ_BAND_INDEX, how == 2 ?
			GQ_BANDS_MAX + random() % (256 - GQ_BANDS_MAX) : 0, 1);
	switch (how) {
	case 3:
		while (!out_of_range(&band_param[i], &val))
			i = any_param(band_param, TCA_GQ_BAND_MAX);
		put_num(&z->c, i, val, band_param[i].size);
		break;
	case 4:
		put(&z->c, i, data, band_param[i].size + 1);
		break;
	case 5:
		put_num(&z->c, random() % 2 ? 0 : TCA_GQ_BAND_MAX + 1, 1, 4);
		break;
	}
	mnl_attr_nest_end(z->c.req, entry);
}

static enum fate bad_band(struct fuzz *z)
{
	struct nlattr *list = mnl_attr_nest_start(z->c.req, TCA_GQ_BAND_LIST);
	int before = random() % 3;

	while (before--)
		put_valid_entry(z);
	put_bad_entry(z);
	if (random() % 2)
		put_valid_entry(z);
	mnl_attr_nest_end(z->c.req, list);
	return REFUSE;
}

/* Nests within nests, as deep as the message has room. */
static enum fate deep(struct fuzz *z)
{
	struct nlattr *nest[200];
	int n = 1 + random() % (int)ARRAY_SIZE(nest), i;

	for (i = 0; i < n; i++)
		nest[i] = mnl_attr_nest_start(z->c.req, i == 1 ?
					      TCA_GQ_BAND_ENTRY : i ?
					      random() % 32 : TCA_GQ_BAND_LIST);
	while (i--)
		mnl_attr_nest_end(z->c.req, nest[i]);
	return n == 1 ? UNSURE : REFUSE;
}

uint8_t *options(struct fuzz *z, unsigned int *len)
{
	uint8_t *at = mnl_attr_get_payload(z->c.opts);

	*len = (uint8_t *)mnl_nlmsg_get_payload_tail(z->c.req) - at;
	return at;
}

static enum fate truncate_options(struct fuzz *z)
{
	unsigned int len;

	put_valid(z);
	options(z, &len);
	z->c.req->nlmsg_len -= random() % (len + 1);
	return UNSURE;
}

static enum fate flip(struct fuzz *z)
{
	unsigned int len, n = 1 + random() % 4;
	uint8_t *at;

	put_valid(z);
	at = options(z, &len);
	while (n--)
		at[random() % len] ^= 1 << random() % 8;
	return UNSURE;
}

static enum fate garbage(struct fuzz *z)
{
	uint8_t data[256];
	int len = random() % (sizeof(data) - 4), i;

	for (i = 0; i < len; i++)
		data[i] = random() % 2 ? random() : random() % 8;
	memcpy(mnl_nlmsg_get_payload_tail(z->c.req), data, len);
	z->c.req->nlmsg_len += MNL_ALIGN(len);
	return UNSURE;
}

struct kind kinds[] = {
	{ "valid", NULL, false, 8, 0 },
	{ "repeated", repeat, false, 2, 0 },
	{ "out of range", exceed, false, 3, 0 },
	{ "wrong length", wrong_length, false, 2, 0 },
	{ "unknown", unknown, false, 2, 0 },
	{ "number as a nest", flag_number, false, 1, 0 },
	{ "nest without its flag", list_without_flag, false, 1, 0 },
	{ "map above the bands", map_too_high, false, 2, 0 },
	{ "bad band", bad_band, false, 3, 0 },
	{ "deep", deep, false, 1, 0 },
	{ "truncated", truncate_options, false, 3, 0 },
	{ "bits flipped", flip, false, 3, 0 },
	{ "garbage", garbage, true, 2, 0 },
};

const size_t nr_kinds = ARRAY_SIZE(kinds);

/* A request with its attributes, to be sent; and what must come of it. */
struct kind *make_request(struct fuzz *z, enum fate *end)
{
	struct kind *kind = kinds;
	unsigned int sum = 0, at;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		sum += kinds[i].weight;
	at = random() % sum;
	for (; at >= kind->weight; kind++)
		at -= kind->weight;
	kind->tried++;

	z->next = z->now;
	if (!kind->alone)
		put_valids(z);
	*end = kind->spoil ? kind->spoil(z) : ACCEPT;
	return kind;
}

