// SPDX-License-Identifier: GPL-2.0-only
/*
 * One rule: from words to struct rule and back.
 *
 * A table lists the options of a rule. The words of "gqctl rank add" and those
 * of a line of a file pass through the same parser; what is printed is what it
 * reads, so that a list of rules is a file for "gqctl apply".
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "gqctl.h"

static const struct {
	const char *name;
	int proto;
	int family;	/* that it belongs to; 0: both */
	bool ports;
} protos[] = {
	{ "any",	0,		0,		false },
	{ "tcp",	IPPROTO_TCP,	0,		true },
	{ "udp",	IPPROTO_UDP,	0,		true },
	{ "icmp",	IPPROTO_ICMP,	AF_INET,	false },
	{ "icmpv6",	IPPROTO_ICMPV6,	AF_INET6,	false },
};

static size_t proto_index(int proto)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(protos); i++)
		if (protos[i].proto == proto)
			return i;
	return 0;
}

const char *proto_name(int proto)
{
	return protos[proto_index(proto)].name;
}

int rule_family(const struct rule *r)
{
	if (r->src.family || r->dst.family)
		return r->src.family ?: r->dst.family;
	return protos[proto_index(r->proto)].family;
}

void rule_init(struct rule *r)
{
	*r = (struct rule){
		.sport.hi = PORT_MAX, .dport.hi = PORT_MAX,
		.dscp = -1, .band = NO_BAND,
	};
}

/* Digits only, all of @text. */
static int number_parse(const char *text, unsigned long max, unsigned long *val)
{
	char *end;

	errno = 0;
	*val = strtoul(text, &end, 10);
	return !isdigit((unsigned char)*text) || *end || errno || *val > max ? -EINVAL : 0;
}

static int set_direction(struct rule *r, enum direction dir, const struct where *at)
{
	if (r->dir != DIR_NONE)
		return complain(at, "a rule is either --out or --in, and only once");
	r->dir = dir;
	return 0;
}

static int set_out(struct rule *r, const char *value, const struct where *at)
{
	(void)value;
	return set_direction(r, DIR_OUT, at);
}

static int set_in(struct rule *r, const char *value, const struct where *at)
{
	(void)value;
	return set_direction(r, DIR_IN, at);
}

static int set_proto(struct rule *r, const char *value, const struct where *at)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(protos); i++)
		if (!strcmp(value, protos[i].name)) {
			r->proto = protos[i].proto;
			return 0;
		}
	return complain(at, "unknown protocol \"%s\": tcp, udp, icmp, icmpv6 or any", value);
}

static int prefix_parse(struct prefix *p, const char *value, const struct where *at)
{
	char text[INET6_ADDRSTRLEN], masked[INET6_ADDRSTRLEN];
	const char *slash = strchr(value, '/');
	size_t size = slash ? (size_t)(slash - value) : strlen(value);
	unsigned long len;
	uint8_t addr[16];
	unsigned int i;

	p->family = strchr(value, ':') ? AF_INET6 : AF_INET;
	len = p->family == AF_INET6 ? 128 : 32;
	if (size < sizeof(text))
		memcpy(text, value, size);
	text[size < sizeof(text) ? size : 0] = '\0';
	if (inet_pton(p->family, text, p->addr) != 1)
		return complain(at, "\"%s\" is no IPv4 or IPv6 address (names are not looked up)",
				value);
	if (slash && (number_parse(slash + 1, len, &len) || !len))
		return complain(at, "\"%s\": a prefix length is 1 to %u; to match all, give none",
				value, p->family == AF_INET6 ? 128 : 32);
	p->len = len;
	memcpy(addr, p->addr, sizeof(addr));
	for (i = len; i < (p->family == AF_INET6 ? 128 : 32); i++)
		addr[i / 8] &= ~(0x80 >> i % 8);
	if (!memcmp(addr, p->addr, p->family == AF_INET6 ? 16 : 4))
		return 0;
	inet_ntop(p->family, addr, masked, sizeof(masked));
	return complain(at, "\"%s\" has bits set beyond its prefix; that network is %s/%lu",
			value, masked, len);
}

static int set_src(struct rule *r, const char *value, const struct where *at)
{
	return prefix_parse(&r->src, value, at);
}

static int set_dst(struct rule *r, const char *value, const struct where *at)
{
	return prefix_parse(&r->dst, value, at);
}

static int range_parse(struct range *range, const char *value, const struct where *at)
{
	const char *dash = strchr(value, '-');
	unsigned long lo, hi;
	char first[8];
	size_t size = dash ? (size_t)(dash - value) : strlen(value);

	snprintf(first, sizeof(first), "%.*s", (int)size, value);
	if (size >= sizeof(first) || number_parse(first, PORT_MAX, &lo) || !lo)
		return complain(at, "\"%s\" is no port or range: 1 to %u, such as 80 or 5000-5010",
				value, PORT_MAX);
	hi = lo;
	if (dash && (number_parse(dash + 1, PORT_MAX, &hi) || hi < lo))
		return complain(at, "\"%s\": a range is LOW-HIGH, at most %u", value, PORT_MAX);
	*range = (struct range){ lo, hi };
	return 0;
}

static int set_sport(struct rule *r, const char *value, const struct where *at)
{
	return range_parse(&r->sport, value, at);
}

static int set_dport(struct rule *r, const char *value, const struct where *at)
{
	return range_parse(&r->dport, value, at);
}

static int set_dscp(struct rule *r, const char *value, const struct where *at)
{
	r->dscp = dscp_parse(value);
	if (r->dscp < 0)
		return complain(at,
				"unknown class \"%s\"; EF, VA, LE, CS0-7, AF11-43, BE, 0-63: see gqctl dscp",
				value);
	return 0;
}

static int set_band(struct rule *r, const char *value, const struct where *at)
{
	unsigned long band;

	if (number_parse(value, GQ_BANDS_MAX - 1, &band))
		return complain(at, "\"%s\" is no band of gq: 0 to %u", value, GQ_BANDS_MAX - 1);
	r->band = band;
	return 0;
}

static int set_strict(struct rule *r, const char *value, const struct where *at)
{
	(void)value;
	(void)at;
	r->strict = true;
	return 0;
}

/* "2mbit" to bytes a second; units are decimal, as tc's. */
static int set_rate(struct rule *r, const char *value, const struct where *at)
{
	static const struct {
		const char *unit;
		double bytes;
	} units[] = {
		{ "bit", 1 / 8. }, { "kbit", 1e3 / 8 }, { "mbit", 1e6 / 8 }, { "gbit", 1e9 / 8 },
	};
	double rate = 0;
	size_t i = ARRAY_SIZE(units);
	char *end;

	if (isdigit((unsigned char)*value)) {
		rate = strtod(value, &end);
		for (i = 0; i < ARRAY_SIZE(units) && strcmp(end, units[i].unit); i++)
			;
	}
	if (i == ARRAY_SIZE(units))
		return complain(at, "\"%s\" is no rate in bit, kbit, mbit or gbit, such as 2mbit",
				value);
	rate *= units[i].bytes;
	/* nf_tables multiplies it by 10^9 in 64 bits */
	if (!(rate >= 1 && rate <= 15e9))
		return complain(at, "rate %s is not in 8bit..120gbit", value);
	r->rate = rate;
	return 0;
}

static int name_parse(char *name, const char *value, const struct where *at)
{
	const char *c = value;

	while (isalnum((unsigned char)*c) || (*c && strchr("._-+@", *c)))
		c++;
	if (!*value || strlen(value) >= IFNAMSIZ || *c)
		return complain(at, "\"%s\" is no device: 1 to %d letters, digits, . _ - + @",
				value, IFNAMSIZ - 1);
	memcpy(name, value, strlen(value) + 1);
	return 0;
}

static int set_dev(struct rule *r, const char *value, const struct where *at)
{
	return name_parse(r->dev, value, at);
}

static int set_comment(struct rule *r, const char *value, const struct where *at)
{
	const char *c;

	if (strlen(value) > COMMENT_BYTES)
		return complain(at, "a comment has at most %d bytes, this one has %zu",
				COMMENT_BYTES, strlen(value));
	for (c = value; *c; c++)
		if (iscntrl((unsigned char)*c) || *c == '"' || *c == '\\')
			return complain(at, "a comment has no quotes, backslashes or controls");
	memcpy(r->comment, value, strlen(value) + 1);
	return 0;
}

static const struct {
	const char *name;
	bool value;
	int (*set)(struct rule *r, const char *value, const struct where *at);
} options[] = {
	{ "--out",	false,	set_out },
	{ "--in",	false,	set_in },
	{ "--proto",	true,	set_proto },
	{ "--src",	true,	set_src },
	{ "--dst",	true,	set_dst },
	{ "--sport",	true,	set_sport },
	{ "--dport",	true,	set_dport },
	{ "--dscp",	true,	set_dscp },
	{ "--band",	true,	set_band },
	{ "--strict",	false,	set_strict },
	{ "--rate",	true,	set_rate },
	{ "--dev",	true,	set_dev },
	{ "--comment",	true,	set_comment },
};

/* One option at the start of @w. Returns how many words it took. */
int rule_option(struct rule *r, const struct word *w, size_t nr, const struct where *at)
{
	struct where value = *at;
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (!strcmp(w[0].text, options[i].name))
			break;
	if (i == ARRAY_SIZE(options))
		return complain(at, "unknown option \"%s\"; see gqctl --help", w[0].text);
	if (!options[i].value)
		return options[i].set(r, NULL, at) ?: 1;
	if (nr < 2)
		return complain(at, "%s needs a value", w[0].text);
	value.column = w[1].column;
	err = options[i].set(r, w[1].text, &value);
	return err ?: 2;
}

/* What no single option can know. */
static int rule_check(const struct rule *r, const struct where *at)
{
	const size_t proto = proto_index(r->proto);
	int family = rule_family(r);

	if (r->dir == DIR_NONE)
		return complain(at, "say --out (this host sends them) or --in (they come in)");
	if (r->dscp < 0)
		return complain(at, "no --dscp, such as EF, AF41, CS6 or 46");
	if ((r->sport.lo || r->dport.lo) && !protos[proto].ports)
		return complain(at, "ports need --proto tcp or --proto udp");
	if ((r->src.family && r->src.family != family) ||
	    (r->dst.family && r->dst.family != family))
		return complain(at, "--src and --dst are of different IP versions");
	if (protos[proto].family && protos[proto].family != family)
		return complain(at, "--proto %s has no %s addresses", protos[proto].name,
				family == AF_INET ? "IPv4" : "IPv6");
	if (r->strict && r->band == NO_BAND)
		return complain(at, "--strict is of a band: give --band too");
	return 0;
}

int rule_parse(struct rule *r, const struct word *w, size_t nr, struct where at,
	       struct settings *s)
{
	const struct where start = at;
	size_t i = 0;
	int used;

	rule_init(r);
	while (i < nr) {
		at.column = w[i].column;
		if (s && !common_option(w[i].text, s)) {
			i++;
			continue;
		}
		used = rule_option(r, w + i, nr - i, &at);
		if (used < 0)
			return used;
		i += used;
	}
	r->fresh = true;
	r->at = start;
	return rule_check(r, &start);
}

int intake_parse(struct intake *in, const struct word *w, size_t nr, struct where at,
		 struct settings *s)
{
	const struct where start = at;
	size_t i;
	bool dev;
	int err;

	*in = (struct intake){ .at = start };
	for (i = 0; i < nr; i++) {
		at.column = w[i].column;
		if (s && !common_option(w[i].text, s))
			continue;
		dev = !strcmp(w[i].text, "--dev");
		if (!dev && strcmp(w[i].text, "--ifb"))
			return complain(&at, "unknown option \"%s\"; see gqctl --help", w[i].text);
		if (++i == nr)
			return complain(&at, "%s needs a value", w[i - 1].text);
		at.column = w[i].column;
		err = name_parse(dev ? in->dev : in->ifb, w[i].text, &at);
		if (err)
			return err;
	}
	if (!*in->dev)
		return complain(&start, "no --dev: the device that packets come in by");
	return 0;
}

void prefix_text(const struct prefix *p, char *buf, size_t size)
{
	size_t len;

	inet_ntop(p->family, p->addr, buf, size);
	len = strlen(buf);
	if (p->len < (p->family == AF_INET6 ? 128 : 32))
		snprintf(buf + len, size - len, "/%u", p->len);
}

static void print_prefix(const char *name, const struct prefix *p, FILE *out)
{
	char text[INET6_ADDRSTRLEN + 5];

	if (!p->family)
		return;
	prefix_text(p, text, sizeof(text));
	fprintf(out, " %s %s", name, text);
}

static void print_range(const char *name, const struct range *range, FILE *out)
{
	if (!range->lo)
		return;
	fprintf(out, " %s %u", name, range->lo);
	if (range->hi != range->lo)
		fprintf(out, "-%u", range->hi);
}

/* As rule_parse() reads it. */
void rule_print(const struct rule *r, FILE *out)
{
	fputs(r->dir == DIR_OUT ? "--out" : "--in", out);
	if (r->proto)
		fprintf(out, " --proto %s", proto_name(r->proto));
	print_prefix("--src", &r->src, out);
	print_prefix("--dst", &r->dst, out);
	print_range("--sport", &r->sport, out);
	print_range("--dport", &r->dport, out);
	if (*r->dev)
		fprintf(out, " --dev %s", r->dev);
	fprintf(out, " --dscp %s", dscp_name(r->dscp));
	if (r->band != NO_BAND)
		fprintf(out, " --band %d%s", r->band, r->strict ? " --strict" : "");
	if (r->rate)
		fprintf(out, " --rate %jubit", 8 * (uintmax_t)r->rate);
	if (*r->comment)
		fprintf(out, " --comment \"%s\"", r->comment);
}

static void add_prefix(struct json_object *o, const char *key, const struct prefix *p)
{
	char text[INET6_ADDRSTRLEN + 5];

	if (!p->family)
		return;
	prefix_text(p, text, sizeof(text));
	json_object_object_add(o, key, json_object_new_string(text));
}

static void add_range(struct json_object *o, const char *key, const struct range *range)
{
	struct json_object *a;

	if (!range->lo)
		return;
	a = json_object_new_array();
	json_object_array_add(a, json_object_new_int(range->lo));
	json_object_array_add(a, json_object_new_int(range->hi));
	json_object_object_add(o, key, a);
}

struct json_object *rule_json(const struct rule *r)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "id", json_object_new_int(r->id));
	json_object_object_add(o, "direction",
			       json_object_new_string(r->dir == DIR_OUT ? "out" : "in"));
	json_object_object_add(o, "proto", json_object_new_string(proto_name(r->proto)));
	add_prefix(o, "src", &r->src);
	add_prefix(o, "dst", &r->dst);
	add_range(o, "sport", &r->sport);
	add_range(o, "dport", &r->dport);
	if (*r->dev)
		json_object_object_add(o, "dev", json_object_new_string(r->dev));
	json_object_object_add(o, "dscp", json_object_new_int(r->dscp));
	json_object_object_add(o, "class", json_object_new_string(dscp_name(r->dscp)));
	if (r->band != NO_BAND) {
		json_object_object_add(o, "band", json_object_new_int(r->band));
		json_object_object_add(o, "strict", json_object_new_boolean(r->strict));
	}
	if (r->rate)
		json_object_object_add(o, "rate_bps", json_object_new_int64(8 * r->rate));
	if (*r->comment)
		json_object_object_add(o, "comment", json_object_new_string(r->comment));
	json_object_object_add(o, "packets", json_object_new_int64(r->packets));
	json_object_object_add(o, "bytes", json_object_new_int64(r->bytes));
	return o;
}
