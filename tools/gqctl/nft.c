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
	const char *text;
	const char *hint;
} hints[] = {
	{ "Operation not permitted", "run it as root" },
	{ "you must be root", "run it as root" },
	{ "Protocol not supported", "this kernel has no nf_tables: modprobe nf_tables, or build it with CONFIG_NF_TABLES_INET" },
	{ "netdev gqctl\n", "an intake needs CONFIG_NF_TABLES_NETDEV, NETFILTER_INGRESS and NFT_FWD_NETDEV in the kernel" },
	{ "Interface does not exist", "\"ip link\" lists the devices" },
	{ "fwd to", "an intake needs CONFIG_NFT_FWD_NETDEV in the kernel, and both of its devices" },
};

static int nft_fail(const char *what, const char *said)
{
	const char *hint = NULL;
	size_t i, end;

	if (geteuid())
		hint = "run it as root";
	for (i = 0; !hint && i < ARRAY_SIZE(hints); i++)
		if (strstr(said, hints[i].text))
			hint = hints[i].hint;
	end = strlen(said);
	while (end && said[end - 1] == '\n')
		end--;
	/* libnftables gives no number of an error */
	return fail(EIO, "cannot %s in nf_tables: %s%s%.*s", what,
		    hint ?: end ? "it says" : "it does not say why", end ? ":\n" : "", (int)end, said);
}

/*
 * Run @commands as one transaction. What they print is @out, which the caller
 * frees; NULL: they print nothing.
 */
static int nft_run(const char *what, const char *commands, bool dry_run, char **out)
{
	struct nft_ctx *ctx = nft_ctx_new(NFT_CTX_DEFAULT);
	int err = 0;

	if (!ctx)
		return fail(ENOMEM, "cannot use libnftables");
	nft_ctx_buffer_output(ctx);
	nft_ctx_buffer_error(ctx);
	nft_ctx_output_set_flags(ctx, NFT_CTX_OUTPUT_JSON);
	nft_ctx_set_dry_run(ctx, dry_run);
	if (nft_run_cmd_from_buffer(ctx, commands))
		err = nft_fail(what, nft_ctx_get_error_buffer(ctx) ?: "");
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

	err = nft_run("read the rules", commands, false, &text);
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

static void read_prefix(struct prefix *p, struct json_object *right)
{
	struct json_object *prefix = at(right, "prefix", NULL);
	const char *addr = prefix ? text_at(prefix, "addr") : json_object_get_string(right);

	p->family = strchr(addr, ':') ? AF_INET6 : AF_INET;
	p->len = prefix ? json_object_get_int(at(prefix, "len", NULL)) :
			  p->family == AF_INET6 ? 128 : 32;
	inet_pton(p->family, addr, p->addr);
}

static void read_range(struct range *range, struct json_object *right)
{
	struct json_object *pair = at(right, "range", NULL);

	range->lo = json_object_get_int(pair ? json_object_array_get_idx(pair, 0) : right);
	range->hi = json_object_get_int(pair ? json_object_array_get_idx(pair, 1) : right);
}

static void read_proto(struct rule *r, const char *name)
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
}

static void read_match(struct rule *r, struct json_object *match)
{
	struct json_object *left = at(match, "left", NULL), *right = at(match, "right", NULL);
	const char *key = text_at(at(left, "meta", NULL), "key");
	const char *field = text_at(at(left, "payload", NULL), "field");

	if (!strcmp(key, "oifname") || !strcmp(key, "iifname"))
		snprintf(r->dev, sizeof(r->dev), "%s", json_object_get_string(right));
	else if (!strcmp(key, "l4proto"))
		read_proto(r, json_object_get_string(right));
	else if (!strcmp(field, "saddr"))
		read_prefix(&r->src, right);
	else if (!strcmp(field, "daddr"))
		read_prefix(&r->dst, right);
	else if (!strcmp(field, "sport"))
		read_range(&r->sport, right);
	else if (!strcmp(field, "dport"))
		read_range(&r->dport, right);
	if (!strcmp(field, "sport") || !strcmp(field, "dport"))
		read_proto(r, text_at(at(left, "payload", NULL), "protocol"));
}

static void read_limit(struct rule *r, struct json_object *limit)
{
	const char *unit = text_at(limit, "rate_unit");

	r->rate = json_object_get_int64(at(limit, "rate", NULL));
	if (*unit == 'k')
		r->rate <<= 10;
	else if (*unit == 'm')
		r->rate <<= 20;
}

static void read_expr(struct rule *r, struct json_object *e)
{
	struct json_object *o;

	if (json_object_object_get_ex(e, "match", &o))
		read_match(r, o);
	else if (json_object_object_get_ex(e, "limit", &o))
		read_limit(r, o);
	else if (json_object_object_get_ex(e, "goto", &o))
		sscanf(text_at(o, "target"), "dscp%d", &r->dscp);
	else if (json_object_object_get_ex(e, "counter", &o)) {
		r->packets = json_object_get_int64(at(o, "packets", NULL));
		r->bytes = json_object_get_int64(at(o, "bytes", NULL));
	}
}

static void read_comment(struct rule *r, const char *text)
{
	const char *colon = strchr(text, ':');
	char head[32];

	snprintf(head, sizeof(head), "%.*s", colon ? (int)(colon - text) : (int)sizeof(head), text);
	sscanf(head, "gqctl %u band %d", &r->id, &r->band);
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
static int read_rule(struct ruleset *set, struct json_object *o)
{
	const char *chain = text_at(o, "chain");
	struct json_object *expr = at(o, "expr", NULL);
	struct rule r, *same;
	size_t i;

	rule_init(&r);
	r.dir = strcmp(chain, "out") ? DIR_IN : DIR_OUT;
	read_comment(&r, text_at(o, "comment"));
	if (!r.id)
		return 0;
	for (i = 0; expr && i < json_object_array_length(expr); i++)
		read_expr(&r, json_object_array_get_idx(expr, i));
	if (r.dscp < 0 || r.dscp >= GQ_DSCPS)
		return fail(EPROTO, "rule %u of table gqctl has been changed by another program; \"nft list table inet gqctl\" shows it, \"gqctl apply FILE\" sets all anew",
			    r.id);
	same = find_rule(set, r.id);
	if (same) {
		same->packets += r.packets;
		same->bytes += r.bytes;
	} else if (set->nr_rules < RULES_MAX) {
		set->rule[set->nr_rules++] = r;
	}
	return 0;
}

/* "fwd to" at the end of chain intake_I, without a comment. */
static void read_fwd(struct ruleset *set, struct json_object *o)
{
	struct json_object *expr = at(o, "expr", NULL), *dev;
	unsigned int i;

	if (!expr || sscanf(text_at(o, "chain"), "intake_%u", &i) != 1 || i >= INTAKES_MAX)
		return;
	dev = at(json_object_array_get_idx(expr, 0), "fwd", "dev");
	if (dev)
		snprintf(set->intake[i].ifb, IFNAMSIZ, "%s", json_object_get_string(dev));
}

static void read_chain(struct ruleset *set, struct json_object *o)
{
	unsigned int i;

	if (sscanf(text_at(o, "name"), "intake_%u", &i) == 1 && i < INTAKES_MAX)
		snprintf(set->intake[i].dev, IFNAMSIZ, "%s", text_at(o, "dev"));
}

static int read_table(struct ruleset *set, const char *command)
{
	struct json_object *root, *array, *o, *item;
	size_t i;
	int err;

	err = nft_list(command, &root, &array);
	for (i = 0; !err && i < json_object_array_length(array); i++) {
		item = json_object_array_get_idx(array, i);
		if (json_object_object_get_ex(item, "chain", &o))
			read_chain(set, o);
		if (!json_object_object_get_ex(item, "rule", &o))
			continue;
		read_fwd(set, o);
		err = read_rule(set, o);
		if (err)
			json_object_put(root);
	}
	if (!err)
		json_object_put(root);
	return err;
}

/* An intake vanishes with its device: close the gaps. */
static void close_intakes(struct ruleset *set)
{
	size_t i;

	for (i = 0; i < INTAKES_MAX; i++)
		if (*set->intake[i].dev && *set->intake[i].ifb)
			set->intake[set->nr_intakes++] = set->intake[i];
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
	close_intakes(set);
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
	fprintf(f, "\tfwd to \"%s\"\n}\n", in->ifb);
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
		err = nft_run(s->check ? "check the rules" : "set the rules", commands,
			      s->check, NULL);
	free(commands);
	return err;
}
