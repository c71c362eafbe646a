// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers with units. A number is digits with at most one point; it is kept as
 * an integer and a power of ten, so that 0.1% or 1.5ms come out exactly and a
 * value that cannot is refused: two writings of one value never differ by a
 * rounding.
 *
 * The units are those of tc(8), in any case. As there, bps is bytes a second,
 * and k, kb and kib of a size are 1024. Unlike there, a number without a unit is
 * only accepted when it is 0, since tc means microseconds, bits or bytes by it.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "units.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define DIGITS_MAX	24	/* times the largest factor: below 2^127 */

static const struct unit time_units[] = {
	{ "ns", 1 }, { "nsec", 1 },
	{ "us", 1000 }, { "usec", 1000 },
	{ "ms", 1000000 }, { "msec", 1000000 },
	{ "s", 1000000000 }, { "sec", 1000000000 },
	{ "min", 60000000000 },
	{ "h", 3600000000000 },
};

static const struct unit rate_units[] = {
	{ "bit", 1 }, { "bps", 8 },
	{ "kbit", 1000 }, { "kibit", 1024 },
	{ "kbps", 8000 }, { "kibps", 8 * 1024 },
	{ "Mbit", 1000000 }, { "Mibit", 1048576 },
	{ "Mbps", 8000000 }, { "Mibps", 8 * 1048576 },
	{ "Gbit", 1000000000 }, { "Gibit", 1073741824 },
	{ "Gbps", 8000000000 }, { "Gibps", 8589934592 },
	{ "Tbit", 1000000000000 }, { "Tibit", 1099511627776 },
};

static const struct unit size_units[] = {
	{ "B", 1 },
	{ "KiB", 1024 }, { "kb", 1024 }, { "k", 1024 },
	{ "MiB", 1048576 }, { "mb", 1048576 }, { "m", 1048576 },
	{ "GiB", 1073741824 }, { "gb", 1073741824 }, { "g", 1073741824 },
};

static const struct unit share_units[] = {
	{ "ppm", 1 }, { "%", 10000 },
};

static const struct unit count_units[] = { { "", 1 } };

const struct unit_quantity unit_time = {
	"a time such as 10ms (ns, us, ms, s, min, h)",
	time_units, ARRAY_SIZE(time_units),
};

const struct unit_quantity unit_rate = {
	"a rate such as 100Mbit (bit, kbit, Mbit, Gbit; kbps, Mbps are bytes)",
	rate_units, ARRAY_SIZE(rate_units),
};

const struct unit_quantity unit_size = {
	"a size such as 64KiB (B, KiB, MiB, GiB)",
	size_units, ARRAY_SIZE(size_units),
};

const struct unit_quantity unit_share = {
	"a share such as 0.1% or 1000ppm",
	share_units, ARRAY_SIZE(share_units),
};

const struct unit_quantity unit_count = {
	"a whole number", count_units, ARRAY_SIZE(count_units),
};

/* digits / 10^decimals */
struct number {
	unsigned __int128 digits;
	unsigned int decimals;
};

/* Number before the unit. Returns the unit, or NULL. */
static const char *parse_number(const char *s, struct number *v)
{
	unsigned int n = 0;
	int point = 0;

	memset(v, 0, sizeof(*v));
	for (; isdigit((unsigned char)*s) || (*s == '.' && !point); s++) {
		if (*s == '.') {
			point = 1;
			continue;
		}
		if (++n > DIGITS_MAX)
			return NULL;
		v->digits = v->digits * 10 + (unsigned int)(*s - '0');
		v->decimals += point;
	}
	return n ? s : NULL;
}

int unit_parse(const struct unit_quantity *q, const char *text, uint64_t *value)
{
	unsigned __int128 scale = 1;
	struct number v;
	const char *unit;
	size_t i;

	unit = parse_number(text, &v);
	if (!unit)
		return -EINVAL;
	for (i = 0; i < q->nr_units; i++)
		if (!strcasecmp(unit, q->units[i].name))
			break;
	if (i == q->nr_units) {
		if (*unit || v.digits)
			return -EINVAL;
		i = 0;
	}
	while (v.decimals--)
		scale *= 10;
	/* 24 digits are 80 bits, the largest factor 42 */
	v.digits *= q->units[i].factor;
	if (v.digits % scale || v.digits / scale > UINT64_MAX)
		return -ERANGE;
	*value = v.digits / scale;
	return 0;
}

const char *unit_format(const struct unit_quantity *q, uint64_t value,
			char buf[UNIT_TEXT])
{
	const struct unit *best = &q->units[0];
	size_t i;

	for (i = 1; value && i < q->nr_units; i++)
		if (q->units[i].factor > best->factor && !(value % q->units[i].factor))
			best = &q->units[i];
	snprintf(buf, UNIT_TEXT, "%llu%s",
		 (unsigned long long)(value / best->factor), best->name);
	return buf;
}

int unit_epoch(const char *text, uint64_t *seconds)
{
	static const char *const forms[] = { "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d" };
	const char *end;
	struct tm tm;
	time_t t;
	size_t i;

	if (!unit_parse(&unit_count, text, seconds))
		return *seconds > INT64_MAX ? -EINVAL : 0;
	for (i = 0; i < ARRAY_SIZE(forms); i++) {
		memset(&tm, 0, sizeof(tm));
		end = strptime(text, forms[i], &tm);
		if (!end || *end)
			continue;
		t = timegm(&tm);
		if (t < 0)
			return -EINVAL;
		*seconds = t;
		return 0;
	}
	return -EINVAL;
}
