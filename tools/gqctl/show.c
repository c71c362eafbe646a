// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is there: the rules and their counters, the intakes, and each gq with
 * the part of its DSCP map that is not empty. Needs root for nf_tables only.
 */
#include <errno.h>
#include <stdlib.h>

#include "gqctl.h"

int print_json(struct json_object *o)
{
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_SPACED |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
	if (fflush(stdout))
		return fail(errno, "cannot print");
	return 0;
}

static struct json_object *rules_json(const struct ruleset *set)
{
	struct json_object *a = json_object_new_array();
	size_t i;

	for (i = 0; i < set->nr_rules; i++)
		json_object_array_add(a, rule_json(&set->rule[i]));
	return a;
}

static struct json_object *intakes_json(const struct ruleset *set)
{
	struct json_object *a = json_object_new_array(), *o;
	size_t i;

	for (i = 0; i < set->nr_intakes; i++) {
		o = json_object_new_object();
		json_object_object_add(o, "dev", json_object_new_string(set->intake[i].dev));
		json_object_object_add(o, "ifb", json_object_new_string(set->intake[i].ifb));
		json_object_array_add(a, o);
	}
	return a;
}

static struct json_object *gq_json(const struct gq *q)
{
	struct json_object *o = json_object_new_object();
	struct json_object *map = json_object_new_object();
	struct json_object *strict = json_object_new_array();
	char text[16];
	int i;

	json_object_object_add(o, "dev", json_object_new_string(q->dev));
	snprintf(text, sizeof(text), "%x:", q->handle >> 16);
	json_object_object_add(o, "handle", json_object_new_string(text));
	if (q->parent == UINT32_MAX)
		snprintf(text, sizeof(text), "root");
	else
		snprintf(text, sizeof(text), "%x:%x", q->parent >> 16, q->parent & 0xffff);
	json_object_object_add(o, "parent", json_object_new_string(text));
	json_object_object_add(o, "bands", json_object_new_int(q->bands));
	for (i = 0; i < q->bands; i++)
		if (q->strict & 1 << i)
			json_object_array_add(strict, json_object_new_int(i));
	json_object_object_add(o, "strict", strict);
	for (i = 0; i < GQ_DSCPS; i++) {
		if (q->dscpmap[i] == GQ_DSCP_NONE)
			continue;
		snprintf(text, sizeof(text), "%d", i);
		json_object_object_add(map, text, json_object_new_int(q->dscpmap[i]));
	}
	json_object_object_add(o, "dscpmap", map);
	return o;
}

static struct json_object *gqs_json(const struct gq_list *list)
{
	struct json_object *a = json_object_new_array();
	size_t i;

	for (i = 0; i < list->nr; i++)
		json_object_array_add(a, gq_json(&list->gq[i]));
	return a;
}

/* A file for "gqctl apply", with comments. */
static void print_rules(const struct ruleset *set)
{
	const struct rule *r;
	size_t i;

	for (i = 0; i < set->nr_rules; i++) {
		r = &set->rule[i];
		fputs("rank ", stdout);
		rule_print(r, stdout);
		printf("  # %u: %ju packets, %ju bytes\n", r->id, (uintmax_t)r->packets,
		       (uintmax_t)r->bytes);
	}
	for (i = 0; i < set->nr_intakes; i++)
		printf("intake --dev %s --ifb %s\n", set->intake[i].dev, set->intake[i].ifb);
}

static void print_gq(const struct gq *q)
{
	const char *sep = ": ";
	char name[64];
	int i;

	gq_name(q, name, sizeof(name));
	printf("# gq of %s: %u bands", name, q->bands);
	for (i = 0; i < q->bands; i++)
		if (q->strict & 1 << i)
			printf(", %d strict", i);
	for (i = 0; i < GQ_DSCPS; i++) {
		if (q->dscpmap[i] == GQ_DSCP_NONE)
			continue;
		printf("%s%s to %u", sep, dscp_name(i), q->dscpmap[i]);
		sep = ", ";
	}
	puts(*sep == ':' ? ": no DSCP mapped" : "");
}

static int options_only(int argc, char **argv, struct settings *s, const char *name)
{
	int i;

	for (i = 0; i < argc; i++)
		if (common_option(argv[i], s))
			return fail(EINVAL, "%s: unknown option \"%s\"; see gqctl --help", name,
				    argv[i]);
	return 0;
}

int cmd_rank_list(int argc, char **argv, struct settings *s)
{
	struct ruleset set = { 0 };
	int err;

	err = options_only(argc, argv, s, "rank list") ?: ruleset_init(&set);
	if (!err)
		err = nft_read(&set);
	if (!err && s->json)
		err = print_json(rules_json(&set));
	else if (!err)
		print_rules(&set);
	ruleset_free(&set);
	return err;
}

static void show_text(const struct ruleset *set, const struct gq_list *list)
{
	size_t i;

	printf("# table gqctl: %s, rules: %zu\n", set->inet ? "present" : "none", set->nr_rules);
	print_rules(set);
	for (i = 0; i < list->nr; i++)
		print_gq(&list->gq[i]);
	if (!list->nr)
		puts("# no device has a gq; \"tc qdisc replace dev DEV root gq\" makes one");
}

int cmd_show(int argc, char **argv, struct settings *s)
{
	struct ruleset set = { 0 };
	struct gq_list list = { 0 };
	struct json_object *o;
	int err;

	err = options_only(argc, argv, s, "show") ?: ruleset_init(&set);
	if (!err)
		err = nft_read(&set);
	if (!err)
		err = gq_read(&list);
	if (!err && s->json) {
		o = json_object_new_object();
		json_object_object_add(o, "table", json_object_new_boolean(set.inet));
		json_object_object_add(o, "rules", rules_json(&set));
		json_object_object_add(o, "intakes", intakes_json(&set));
		json_object_object_add(o, "gq", gqs_json(&list));
		err = print_json(o);
	} else if (!err) {
		show_text(&set, &list);
	}
	free(list.gq);
	ruleset_free(&set);
	return err;
}
