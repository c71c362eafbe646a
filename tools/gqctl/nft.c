// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules in nf_tables, through libnftables.
 *
 * Two tables are gqctl's own. "inet gqctl" has
 *
 *	chain out	hook output, priority mangle: what this host sends. The
 *			qdisc comes after it and sees the new code point.
 *	chain in	hook prerouting, priority mangle: what comes in. A router
 *			sends it on by a device whose gq sees the new code point.
 *	chain dscpN	sets code point N, in IPv4 and IPv6
 *
 * and each rule is "MATCH [limit] counter goto dscpN" in out or in. A packet
 * above the limit matches no rule and keeps the code point that it has.
 *
 * A qdisc for what comes in to this host itself is one on an ifb. Redirecting
 * by tc's mirred to it happens before any hook of nf_tables, and such packets
 * skip the ifb's own egress hook (skb->nf_skip_egress), so gq would only see
 * the code points of the sender. Thus "netdev gqctl" has, for each intake i,
 *
 *	chain intake_i	hook ingress of the device: the rules again, then
 *			"fwd to" the ifb
 *	chain dscpN_i	sets code point N, "fwd to" the ifb
 *
 * The ifb gives packets back behind the ingress hook, and they come by chain
 * "in" as from the device; that accepts them at once, so each counts once.
 *
 * Tables are always written whole, in one transaction with the deletion of the
 * old ones; counters are carried over. The comment of a rule says what nf_tables
 * has no place for: "gqctl ID[ band N[ strict]][: comment]".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <nftables/libnftables.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gqctl.h"

/* Room for one GSO packet. */
#define BURST_BYTES	65536

/* What to do about an error of nf_tables, by its text. */
static const struct {
	bool intake;		/* only while there is one */
	const char *text;
	const char *hint;
} hints[] = {
	{ false, "Operation not permitted", "run it as root" },
	{ false, "must be root", "run it as root" },
	{ true, "not supported",
	  "intakes need NF_TABLES_NETDEV, NETFILTER_INGRESS and NFT_FWD_NETDEV in the kernel" },
	{ true, "No such file", "intakes need NFT_FWD_NETDEV in the kernel, and their devices" },
	{ false, "not supported",
	  "it needs a kernel with CONFIG_NF_TABLES_INET; try modprobe nf_tables" },
};

/* Of all that libnftables has @said, the first line says what was wrong. */
static int nft_fail(const char *what, const char *said, bool intake)
{
	const char *hint = NULL;
	int size;
	size_t i;

	said += strncmp(said, "Error: ", 7) ? 0 : 7;
	size = strcspn(said, "\n");
	for (i = 0; !hint && i < ARRAY_SIZE(hints); i++)
		if (strstr(said, hints[i].text) && (intake || !hints[i].intake))
			hint = hints[i].hint;
	/* libnftables gives no number of an error */
	return fail(EIO, "cannot %s in nf_tables: %.*s%s%s", what, size, said, hint ? "; " : "",
		    hint ?: "");
}

/*
 * Run @commands, which bring @set about or (NULL) only read, as one transaction.
 * What they print is @out, which the caller frees; NULL: they print nothing.
 */
static int nft_run(const char *what, const char *commands, const struct settings *s,
		   const struct ruleset *set, char **out)
{
	struct nft_ctx *ctx = nft_ctx_new(NFT_CTX_DEFAULT);
	int err = 0;

	if (!ctx)
		return fail(ENOMEM, "cannot use libnftables");
	nft_ctx_buffer_output(ctx);
	nft_ctx_buffer_error(ctx);
	nft_ctx_output_set_flags(ctx, NFT_CTX_OUTPUT_JSON);
	nft_ctx_set_dry_run(ctx, s && s->check);
	if (nft_run_cmd_from_buffer(ctx, commands))
		err = nft_fail(what, nft_ctx_get_error_buffer(ctx) ?: "", set && set->nr_intakes);
	else if (out)
		*out = strdup(nft_ctx_get_output_buffer(ctx) ?: "");
	if (out && !err && !*out)
		err = fail(ENOMEM, "cannot %s", what);
	nft_ctx_free(ctx);
	return err;
}

/* The array of objects that a "list" command prints. */
static int nft_list(const char *commands, struct json_object **root, struct json_object **array)
{
	char *text;
	int err;

	err = nft_run("read the rules", commands, NULL, NULL, &text);
	if (err)
		return err;
	*root = json_tokener_parse(text);
	free(text);
	if (*root && json_object_object_get_ex(*root, "nftables", array) &&
	    json_object_is_type(*array, json_type_array))
		return 0;
	json_object_put(*root);
	return fail(EPROTO, "libnftables answered \"%s\" with what is no list", commands);
}

/* The object at the end of a path of keys, or NULL. */
static struct json_object *at(struct json_object *o, const char *key, const char *next)
{
	struct json_object *found = NULL;

	if (o && json_object_object_get_ex(o, key, &found) && next)
		return at(found, next, NULL);
	return found;
}

static const char *text_at(struct json_object *o, const char *key)
{
	struct json_object *found = at(o, key, NULL);

	return found ? json_object_get_string(found) : "";
}

/*
 * These return false for what gqctl has not written. Matches are all of the
 * kind "left == right".
 */
static bool read_prefix(struct prefix *p, struct json_object *right)
{
	struct json_object *prefix = at(right, "prefix", NULL);
	const char *addr = prefix ? text_at(prefix, "addr") : json_object_get_string(right) ?: "";
	unsigned int bits;

	p->family = strchr(addr, ':') ? AF_INET6 : AF_INET;
	bits = p->family == AF_INET6 ? 128 : 32;
	p->len = prefix ? json_object_get_int(at(prefix, "len", NULL)) : (int)bits;
	return inet_pton(p->family, addr, p->addr) == 1 && p->len && p->len <= bits;
}

static bool read_range(struct range *range, struct json_object *right)
{
	struct json_object *pair = at(right, "range", NULL);
	int lo, hi;

	if (pair && !json_object_is_type(pair, json_type_array))
		return false;
	lo = json_object_get_int(pair ? json_object_array_get_idx(pair, 0) : right);
	hi = json_object_get_int(pair ? json_object_array_get_idx(pair, 1) : right);
	range->lo = lo;
	range->hi = hi;
	return lo > 0 && lo <= hi && hi <= PORT_MAX;
}

static bool read_proto(struct rule *r, const char *name)
{
	static const struct {
		const char *name;
		int proto;
	} protos[] = {
		{ "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP },
		{ "icmp", IPPROTO_ICMP }, { "ipv6-icmp", IPPROTO_ICMPV6 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(protos); i++)
		if (!strcmp(name, protos[i].name) || atoi(name) == protos[i].proto)
			r->proto = protos[i].proto;
	return r->proto;
}

static bool read_dev(struct rule *r, struct json_object *right)
{
	const char *name = json_object_get_string(right) ?: "";

	snprintf(r->dev, sizeof(r->dev), "%s", name);
	return *name && strlen(name) < sizeof(r->dev);
}

static bool read_match(struct rule *r, struct json_object *match)
{
	struct json_object *left = at(match, "left", NULL), *right = at(match, "right", NULL);
	struct json_object *payload = at(left, "payload", NULL);
	const char *key = text_at(at(left, "meta", NULL), "key");
	const char *field = text_at(payload, "field");

	if (!strcmp(key, "oifname") || !strcmp(key, "iifname"))
		return read_dev(r, right);
	if (!strcmp(key, "l4proto"))
		return read_proto(r, json_object_get_string(right) ?: "");
	if (!strcmp(field, "saddr"))
		return read_prefix(&r->src, right);
	if (!strcmp(field, "daddr"))
		return read_prefix(&r->dst, right);
	if (!strcmp(field, "sport"))
		return read_range(&r->sport, right) &&
		       read_proto(r, text_at(payload, "protocol"));
	if (!strcmp(field, "dport"))
		return read_range(&r->dport, right) &&
		       read_proto(r, text_at(payload, "protocol"));
	/* what nft itself puts before an address */
	return !strcmp(key, "nfproto") || !strcmp(key, "protocol");
}

static bool read_limit(struct rule *r, struct json_object *limit)
{
	const char *unit = text_at(limit, "rate_unit");

	r->rate = json_object_get_int64(at(limit, "rate", NULL));
	if (*unit == 'k')
		r->rate <<= 10;
	else if (*unit == 'm')
		r->rate <<= 20;
	return r->rate && !strcmp(text_at(limit, "per"), "second");
}

static bool read_expr(struct rule *r, struct json_object *e)
{
	struct json_object *o;

	if (json_object_object_get_ex(e, "match", &o))
		return read_match(r, o);
	if (json_object_object_get_ex(e, "limit", &o))
		return read_limit(r, o);
	if (json_object_object_get_ex(e, "goto", &o))
		return sscanf(text_at(o, "target"), "dscp%d", &r->dscp) == 1;
	if (!json_object_object_get_ex(e, "counter", &o))
		return false;
	r->packets = json_object_get_int64(at(o, "packets", NULL));
	r->bytes = json_object_get_int64(at(o, "bytes", NULL));
	return true;
}

static void read_comment(struct rule *r, const char *text)
{
	const char *colon = strchr(text, ':');
	char head[32];

	snprintf(head, sizeof(head), "%.*s", colon ? (int)(colon - text) : (int)sizeof(head), text);
	if (sscanf(head, "gqctl %u band %d", &r->id, &r->band) < 1)
		return;
	r->strict = strstr(head, " strict");
	if (colon && colon[1] == ' ')
		snprintf(r->comment, sizeof(r->comment), "%s", colon + 2);
}

static struct rule *find_rule(struct ruleset *set, unsigned int id)
{
	size_t i;

	for (i = 0; i < set->nr_rules; i++)
		if (set->rule[i].id == id)
			return &set->rule[i];
	return NULL;
}

/* A rule of an intake is one of chain "in" again; its counter adds up. */
static void read_rule(struct ruleset *set, struct json_object *o)
{
	const char *chain = text_at(o, "chain");
	struct json_object *expr = at(o, "expr", NULL);
	struct rule r, *same;
	bool ours = true;
	size_t i;

	rule_init(&r);
	r.dir = strcmp(chain, "out") ? DIR_IN : DIR_OUT;
	read_comment(&r, text_at(o, "comment"));
	if (!r.id)
		return;
	for (i = 0; expr && i < json_object_array_length(expr); i++)
		ours &= read_expr(&r, json_object_array_get_idx(expr, i));
	if (!ours || r.dscp < 0 || r.dscp >= GQ_DSCPS || r.band >= GQ_BANDS_MAX) {
		fail(EPROTO, "another program has changed rule %u; gqctl's next change deletes it",
		     r.id);
		return;
	}
	same = find_rule(set, r.id);
	if (same) {
		same->packets += r.packets;
		same->bytes += r.bytes;
	} else if (set->nr_rules < RULES_MAX) {
		set->rule[set->nr_rules++] = r;
	}
}

/*
 * The last rule of chain intake_i: "fwd to" the ifb. Its comment names the
 * device, which libnftables 1.0.6 leaves out of what it says about the chain.
 */
static void read_fwd(struct ruleset *set, struct json_object *o)
{
	static const char prefix[] = "gqctl intake ";
	struct json_object *expr = at(o, "expr", NULL), *ifb;
	const char *comment = text_at(o, "comment");
	struct intake *in = &set->intake[set->nr_intakes];

	if (!expr || strncmp(comment, prefix, strlen(prefix)) || set->nr_intakes == INTAKES_MAX)
		return;
	ifb = at(json_object_array_get_idx(expr, 0), "fwd", "dev");
	if (!ifb)
		return;
	snprintf(in->dev, IFNAMSIZ, "%s", comment + strlen(prefix));
	snprintf(in->ifb, IFNAMSIZ, "%s", json_object_get_string(ifb));
	set->nr_intakes++;
}

static int read_table(struct ruleset *set, const char *command)
{
	struct json_object *root, *array, *o, *item;
	size_t i;
	int err;

	err = nft_list(command, &root, &array);
	for (i = 0; !err && i < json_object_array_length(array); i++) {
		item = json_object_array_get_idx(array, i);
		if (!json_object_object_get_ex(item, "rule", &o))
			continue;
		read_fwd(set, o);
		read_rule(set, o);
	}
	if (!err)
		json_object_put(root);
	return err;
}

static int by_id(const void *a, const void *b)
{
	unsigned int x = ((const struct rule *)a)->id, y = ((const struct rule *)b)->id;

	return (x > y) - (x < y);
}

int nft_read(struct ruleset *set)
{
	struct json_object *root, *array, *table;
	const char *family;
	size_t i;
	int err;

	err = nft_list("list tables", &root, &array);
	if (err)
		return err;
	for (i = 0; i < json_object_array_length(array); i++) {
		table = at(json_object_array_get_idx(array, i), "table", NULL);
		if (strcmp(text_at(table, "name"), "gqctl"))
			continue;
		family = text_at(table, "family");
		set->inet |= !strcmp(family, "inet");
		set->netdev |= !strcmp(family, "netdev");
	}
	json_object_put(root);
	if (set->inet)
		err = read_table(set, "list table inet gqctl");
	if (!err && set->netdev)
		err = read_table(set, "list table netdev gqctl");
	qsort(set->rule, set->nr_rules, sizeof(*set->rule), by_id);
	return err;
}

static void put_prefix(FILE *f, const char *field, const struct prefix *p)
{
	char text[INET6_ADDRSTRLEN + 5];

	if (!p->family)
		return;
	prefix_text(p, text, sizeof(text));
	fprintf(f, " %s %s %s", p->family == AF_INET ? "ip" : "ip6", field, text);
}

static void put_range(FILE *f, const struct rule *r, const char *field,
		      const struct range *range)
{
	if (!range->lo)
		return;
	fprintf(f, " %s %s %u", proto_name(r->proto), field, range->lo);
	if (range->hi != range->lo)
		fprintf(f, "-%u", range->hi);
}

/* @chain ends the name of the chain that sets the code point. */
static void put_rule(FILE *f, const struct rule *r, const char *chain, bool counters)
{
	fputc('\t', f);
	if (*r->dev && !*chain)
		fprintf(f, " %s \"%s\"", r->dir == DIR_OUT ? "oifname" : "iifname", r->dev);
	if (r->proto)
		fprintf(f, " meta l4proto %d", r->proto);
	put_prefix(f, "saddr", &r->src);
	put_prefix(f, "daddr", &r->dst);
	put_range(f, r, "sport", &r->sport);
	put_range(f, r, "dport", &r->dport);
	if (r->rate)
		fprintf(f, " limit rate %ju bytes/second burst %d bytes", (uintmax_t)r->rate,
			BURST_BYTES);
	fprintf(f, " counter packets %ju bytes %ju goto dscp%d%s comment \"gqctl %u",
		counters ? (uintmax_t)r->packets : 0, counters ? (uintmax_t)r->bytes : 0,
		r->dscp, chain, r->id);
	if (r->band != NO_BAND)
		fprintf(f, " band %d%s", r->band, r->strict ? " strict" : "");
	fprintf(f, "%s%s\"\n", *r->comment ? ": " : "", r->comment);
}

static void put_dscp_chains(FILE *f, const struct ruleset *set, const char *chain,
			    const char *ifb)
{
	bool used[GQ_DSCPS] = { false };
	size_t i;
	int d;

	for (i = 0; i < set->nr_rules; i++)
		used[set->rule[i].dscp] = true;
	for (d = 0; d < GQ_DSCPS; d++) {
		if (!used[d])
			continue;
		fprintf(f, "chain dscp%d%s {\n\tip dscp set %d\n\tip6 dscp set %d\n", d, chain, d,
			d);
		if (ifb)
			fprintf(f, "\tfwd to \"%s\"\n", ifb);
		fputs("}\n", f);
	}
}

static void put_inet(FILE *f, const struct ruleset *set)
{
	size_t i;

	fputs("table inet gqctl {\n", f);
	put_dscp_chains(f, set, "", NULL);
	fputs("chain out {\n\ttype filter hook output priority mangle; policy accept;\n", f);
	for (i = 0; i < set->nr_rules; i++)
		if (set->rule[i].dir == DIR_OUT)
			put_rule(f, &set->rule[i], "", true);
	fputs("}\nchain in {\n\ttype filter hook prerouting priority mangle; policy accept;\n", f);
	for (i = 0; i < set->nr_intakes; i++)
		fprintf(f, "\tiifname \"%s\" accept\n", set->intake[i].dev);
	for (i = 0; i < set->nr_rules; i++)
		if (set->rule[i].dir == DIR_IN)
			put_rule(f, &set->rule[i], "", true);
	fputs("}\n}\n", f);
}

static void put_intake(FILE *f, const struct ruleset *set, size_t i)
{
	const struct intake *in = &set->intake[i];
	const struct rule *r;
	char chain[24];
	size_t k;

	snprintf(chain, sizeof(chain), "_%zu", i);
	put_dscp_chains(f, set, chain, in->ifb);
	fprintf(f, "chain intake%s {\n", chain);
	fprintf(f, "\ttype filter hook ingress device \"%s\" priority filter; policy accept;\n",
		in->dev);
	for (k = 0; k < set->nr_rules; k++) {
		r = &set->rule[k];
		if (r->dir == DIR_IN && (!*r->dev || !strcmp(r->dev, in->dev)))
			put_rule(f, r, chain, false);
	}
	fprintf(f, "\tfwd to \"%s\" comment \"gqctl intake %s\"\n}\n", in->ifb, in->dev);
}

/* All that nf_tables shall do to come from @old to @set. */
static void put_all(FILE *f, const struct ruleset *old, const struct ruleset *set)
{
	size_t i;

	if (old->inet)
		fputs("delete table inet gqctl\n", f);
	if (old->netdev)
		fputs("delete table netdev gqctl\n", f);
	if (set->nr_rules || set->nr_intakes)
		put_inet(f, set);
	if (!set->nr_intakes)
		return;
	fputs("table netdev gqctl {\n", f);
	for (i = 0; i < set->nr_intakes; i++)
		put_intake(f, set, i);
	fputs("}\n", f);
}

int nft_write(const struct ruleset *old, const struct ruleset *set, const struct settings *s)
{
	char *commands = NULL;
	size_t size;
	FILE *f;
	int err = 0;

	f = open_memstream(&commands, &size);
	if (!f)
		return fail(ENOMEM, "cannot write the rules");
	put_all(f, old, set);
	if (fclose(f))
		err = fail(ENOMEM, "cannot write the rules");
	if (!err && s->verbose)
		fputs(commands, stderr);
	if (!err && *commands)
		err = nft_run(s->check ? "check the rules" : "set the rules", commands, s, set,
			      NULL);
	free(commands);
	return err;
}
