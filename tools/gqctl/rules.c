// SPDX-License-Identifier: GPL-2.0-only
/*
 * A set of rules, and the commands that change it.
 *
 * What a set guarantees, so that its meaning does not depend on its order:
 *
 * - No two rules that one packet can match ask for different things: another
 *   code point, or a rate. Where they ask for the same, the first counts it.
 * - No rule is there twice.
 * - A code point has one band on each gq.
 *
 * Every change is made to a copy and checked in full before the kernel hears
 * of it.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "gqctl.h"

int ruleset_init(struct ruleset *set)
{
	*set = (struct ruleset){ .rule = calloc(RULES_MAX, sizeof(*set->rule)) };
	return set->rule ? 0 : fail(ENOMEM, "cannot hold the rules");
}

void ruleset_free(struct ruleset *set)
{
	free(set->rule);
	set->rule = NULL;
}

int ruleset_copy(struct ruleset *to, const struct ruleset *from)
{
	struct rule *rule = calloc(RULES_MAX, sizeof(*rule));

	if (!rule)
		return fail(ENOMEM, "cannot hold the rules");
	memcpy(rule, from->rule, from->nr_rules * sizeof(*rule));
	*to = *from;
	to->rule = rule;
	return 0;
}

/* Whether an address can be in both. */
static bool prefixes_meet(const struct prefix *a, const struct prefix *b)
{
	unsigned int i, len = a->len < b->len ? a->len : b->len;

	if (!a->family || !b->family)
		return true;
	if (a->family != b->family)
		return false;
	for (i = 0; i < len; i++)
		if ((a->addr[i / 8] ^ b->addr[i / 8]) & 0x80 >> i % 8)
			return false;
	return true;
}

static bool ranges_meet(const struct range *a, const struct range *b)
{
	return a->lo <= b->hi && b->lo <= a->hi;
}

/* Whether there can be a packet that both match. */
static bool rules_meet(const struct rule *a, const struct rule *b)
{
	int family_a = rule_family(a), family_b = rule_family(b);

	return a->dir == b->dir &&
	       (!*a->dev || !*b->dev || !strcmp(a->dev, b->dev)) &&
	       (!a->proto || !b->proto || a->proto == b->proto) &&
	       (!family_a || !family_b || family_a == family_b) &&
	       prefixes_meet(&a->src, &b->src) && prefixes_meet(&a->dst, &b->dst) &&
	       ranges_meet(&a->sport, &b->sport) && ranges_meet(&a->dport, &b->dport);
}

static bool same_prefix(const struct prefix *a, const struct prefix *b)
{
	return a->family == b->family && a->len == b->len && prefixes_meet(a, b);
}

static bool same_match(const struct rule *a, const struct rule *b)
{
	return a->dir == b->dir && a->proto == b->proto && !strcmp(a->dev, b->dev) &&
	       same_prefix(&a->src, &b->src) && same_prefix(&a->dst, &b->dst) &&
	       a->sport.lo == b->sport.lo && a->sport.hi == b->sport.hi &&
	       a->dport.lo == b->dport.lo && a->dport.hi == b->dport.hi;
}

/* Whether a gq can hear of the band of both: see commit.c. */
static bool bands_meet(const struct rule *a, const struct rule *b)
{
	return a->dir == DIR_IN || b->dir == DIR_IN || !*a->dev || !*b->dev ||
	       !strcmp(a->dev, b->dev);
}

static int refuse(const struct rule *r, const struct rule *other, const char *why)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (f) {
		rule_print(other, f);
		fclose(f);
	}
	if (other->fresh && other->at.line)
		complain(&r->at, "%s line %u (%s)", why, other->at.line, text ?: "?");
	else
		complain(&r->at, "%s rule %u (%s); \"gqctl rank del %u\" removes it", why,
			 other->id, text ?: "?", other->id);
	free(text);
	return -EEXIST;
}

int ruleset_add(struct ruleset *set, const struct rule *r)
{
	const struct rule *other;
	unsigned int id = 0;
	size_t i;

	if (set->nr_rules == RULES_MAX)
		return fail(EINVAL, "there are %d rules already, the most that gqctl keeps",
			    RULES_MAX);
	for (i = 0; i < set->nr_rules; i++) {
		other = &set->rule[i];
		if (other->id > id)
			id = other->id;
		if (other->dscp == r->dscp && other->band != NO_BAND && r->band != NO_BAND &&
		    other->band != r->band && bands_meet(other, r))
			return refuse(r, other, "the same code point has another band in");
		if (!rules_meet(other, r))
			continue;
		if (same_match(other, r))
			return refuse(r, other, "it matches just what is matched by");
		if (other->dscp != r->dscp || other->rate || r->rate)
			return refuse(r, other, "it matches packets that are also matched by");
	}
	set->rule[set->nr_rules] = *r;
	set->rule[set->nr_rules++].id = id + 1;
	return 0;
}

int ruleset_del(struct ruleset *set, unsigned int id)
{
	size_t i;

	for (i = 0; i < set->nr_rules; i++)
		if (set->rule[i].id == id)
			break;
	if (i == set->nr_rules)
		return fail(ENOENT, "there is no rule %u; \"gqctl rank list\" shows them", id);
	set->nr_rules--;
	memmove(set->rule + i, set->rule + i + 1, (set->nr_rules - i) * sizeof(*set->rule));
	return 0;
}

int ruleset_add_intake(struct ruleset *set, const struct intake *in)
{
	size_t i;

	if (!*in->ifb)
		return complain(&in->at, "no --ifb: the ifb device that has a gq");
	if (!strcmp(in->dev, in->ifb))
		return complain(&in->at, "%s can't pass its packets through itself", in->dev);
	if (set->nr_intakes == INTAKES_MAX)
		return fail(EINVAL, "there are %d intakes already, the most that gqctl keeps",
			    INTAKES_MAX);
	for (i = 0; i < set->nr_intakes; i++) {
		if (!strcmp(set->intake[i].dev, in->dev))
			return complain(&in->at, "%s passes through %s already; see intake del",
					in->dev, set->intake[i].ifb);
		if (!strcmp(set->intake[i].ifb, in->dev) || !strcmp(set->intake[i].dev, in->ifb))
			return complain(&in->at, "packets would pass two ifbs, or go in circles");
	}
	set->intake[set->nr_intakes++] = *in;
	return 0;
}

/* Words of a command; a file's have columns instead. */
static struct word *words_of(int argc, char **argv)
{
	struct word *w = calloc(argc + 1, sizeof(*w));
	int i;

	for (i = 0; w && i < argc; i++)
		w[i].text = argv[i];
	if (!w)
		fail(ENOMEM, "cannot read the command");
	return w;
}

/* Read the rules, let @edit change a copy, write that. */
static int edit_rules(int (*edit)(struct ruleset *set, const void *what), const void *what,
		      const struct settings *s)
{
	struct ruleset old = { 0 }, set = { 0 };
	int err;

	err = lock_rules();
	if (err)
		return err;
	err = ruleset_init(&old);
	if (err)
		return err;
	err = nft_read(&old);
	if (!err)
		err = ruleset_copy(&set, &old);
	if (!err)
		err = edit(&set, what);
	if (!err)
		err = commit(&old, &set, s);
	ruleset_free(&set);
	ruleset_free(&old);
	return err;
}

static int edit_add(struct ruleset *set, const void *what)
{
	return ruleset_add(set, what);
}

static int edit_del(struct ruleset *set, const void *what)
{
	return ruleset_del(set, *(const unsigned int *)what);
}

static int edit_flush(struct ruleset *set, const void *what)
{
	(void)what;
	set->nr_rules = 0;
	return 0;
}

static int edit_add_intake(struct ruleset *set, const void *what)
{
	return ruleset_add_intake(set, what);
}

static int edit_del_intake(struct ruleset *set, const void *what)
{
	const struct intake *in = what;
	size_t i;

	for (i = 0; i < set->nr_intakes; i++)
		if (!strcmp(set->intake[i].dev, in->dev))
			break;
	if (i == set->nr_intakes)
		return complain(&in->at, "%s has no intake; \"gqctl show\" lists those that do",
				in->dev);
	set->intake[i] = set->intake[--set->nr_intakes];
	return 0;
}

int cmd_rank_add(int argc, char **argv, struct settings *s)
{
	struct word *w = words_of(argc, argv);
	struct rule r;
	int err;

	if (!w)
		return -ENOMEM;
	err = rule_parse(&r, w, argc, (struct where){ .name = "rank add" }, s);
	free(w);
	if (err)
		return err;
	if (s->verbose) {
		fputs("gqctl rank add ", stderr);
		rule_print(&r, stderr);
		fputc('\n', stderr);
	}
	return edit_rules(edit_add, &r, s);
}

int cmd_rank_del(int argc, char **argv, struct settings *s)
{
	unsigned long id = 0;
	char *end;
	int i;

	for (i = 0; i < argc; i++) {
		if (!common_option(argv[i], s))
			continue;
		errno = 0;
		if (id || *argv[i] < '1' || *argv[i] > '9')
			return fail(EINVAL, "rank del: \"%s\" is no rule; see rank list",
				    argv[i]);
		id = strtoul(argv[i], &end, 10);
		if (*end || errno || id > UINT32_MAX)
			return fail(EINVAL, "rank del: \"%s\" is no number of a rule", argv[i]);
	}
	if (!id)
		return fail(EINVAL, "rank del: which rule? see gqctl rank list");
	return edit_rules(edit_del, &(unsigned int){ id }, s);
}

int cmd_rank_flush(int argc, char **argv, struct settings *s)
{
	int i;

	for (i = 0; i < argc; i++)
		if (common_option(argv[i], s))
			return fail(EINVAL, "rank flush: unknown option \"%s\"", argv[i]);
	return edit_rules(edit_flush, NULL, s);
}

static int change_intake(int argc, char **argv, struct settings *s, const char *name,
			 int (*edit)(struct ruleset *set, const void *what))
{
	struct word *w = words_of(argc, argv);
	struct intake in;
	int err;

	if (!w)
		return -ENOMEM;
	err = intake_parse(&in, w, argc, (struct where){ .name = name }, s);
	free(w);
	return err ?: edit_rules(edit, &in, s);
}

int cmd_intake_add(int argc, char **argv, struct settings *s)
{
	return change_intake(argc, argv, s, "intake add", edit_add_intake);
}

int cmd_intake_del(int argc, char **argv, struct settings *s)
{
	return change_intake(argc, argv, s, "intake del", edit_del_intake);
}
