// SPDX-License-Identifier: GPL-2.0-only
/*
 * The 64 code points of the DS field and their names.
 *
 * A code point has six bits. Class selectors (RFC 2474) use the upper three,
 * which are the IP precedence of old: CSn = 8n. Assured forwarding (RFC 2597)
 * has its class in the upper three and its drop precedence in the next two:
 * AFcd = 8c + 2d. Single ones are EF (RFC 3246), VA = VOICE-ADMIT (RFC 5865)
 * and LE (RFC 8622). BE and DF are other words for CS0, as in iptables.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gqctl.h"

enum { DSCP_LE = 1, DSCP_VA = 44, DSCP_EF = 46 };

static const struct {
	const char *name;
	int dscp;
	const char *also;
} singles[] = {
	{ "EF", DSCP_EF, "expedited forwarding" },
	{ "VA", DSCP_VA, "voice admit" },
	{ "LE", DSCP_LE, "lower effort" },
	{ "CS0", 0, "default forwarding, also BE and DF" },
	{ "BE", 0, "" },
	{ "DF", 0, "" },
};

/* An assured class: 1 .. 4 above 1 .. 3, the lowest bit clear. */
static bool is_af(int dscp)
{
	int class = dscp >> 3, drop = dscp >> 1 & 3;

	return class >= 1 && class <= 4 && drop && !(dscp & 1);
}

const char *dscp_name(int dscp)
{
	static char names[GQ_DSCPS][16];
	char *name = names[dscp];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(singles); i++)
		if (singles[i].dscp == dscp)
			return singles[i].name;
	if (!(dscp & 7))
		snprintf(name, sizeof(names[0]), "CS%d", dscp >> 3);
	else if (is_af(dscp))
		snprintf(name, sizeof(names[0]), "AF%d%d", dscp >> 3, dscp >> 1 & 3);
	else
		snprintf(name, sizeof(names[0]), "%d", dscp);
	return name;
}

int dscp_parse(const char *text)
{
	unsigned long v;
	size_t i;
	char *end;
	int dscp;

	if (isdigit((unsigned char)*text)) {
		/* 0x2e and 46, but 010 is ten */
		v = strtoul(text, &end, strncasecmp(text, "0x", 2) ? 10 : 16);
		return *end || v >= GQ_DSCPS ? -1 : (int)v;
	}
	for (i = 0; i < ARRAY_SIZE(singles); i++)
		if (!strcasecmp(text, singles[i].name))
			return singles[i].dscp;
	for (dscp = 0; dscp < GQ_DSCPS; dscp++)
		if (!strcasecmp(text, dscp_name(dscp)))
			return dscp;
	return -1;
}

static const char *dscp_meaning(int dscp, char *buf, size_t size)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(singles); i++)
		if (singles[i].dscp == dscp)
			return singles[i].also;
	if (!(dscp & 7))
		snprintf(buf, size, "class selector %d", dscp >> 3);
	else if (is_af(dscp))
		snprintf(buf, size, "assured forwarding, class %d, drop precedence %d",
			 dscp >> 3, dscp >> 1 & 3);
	else
		*buf = '\0';
	return buf;
}

static struct json_object *dscp_json(int dscp, const char *meaning)
{
	struct json_object *o = json_object_new_object();
	const char *name = dscp_name(dscp);

	json_object_object_add(o, "dscp", json_object_new_int(dscp));
	json_object_object_add(o, "name",
			       isdigit((unsigned char)*name) ? NULL : json_object_new_string(name));
	json_object_object_add(o, "precedence", json_object_new_int(dscp >> 3));
	json_object_object_add(o, "tos", json_object_new_int(dscp << 2));
	json_object_object_add(o, "meaning", json_object_new_string(meaning));
	return o;
}

int cmd_dscp(int argc, char **argv, struct settings *s)
{
	struct json_object *list;
	const char *name, *meaning;
	char buf[64];
	int i;

	for (i = 0; i < argc; i++)
		if (common_option(argv[i], s))
			return fail(EINVAL, "dscp: unknown option %s; see gqctl --help", argv[i]);
	list = json_object_new_array();
	if (!s->json)
		puts("dscp  name  bits    precedence  tos   meaning");
	for (i = 0; i < GQ_DSCPS; i++) {
		name = dscp_name(i);
		meaning = dscp_meaning(i, buf, sizeof(buf));
		json_object_array_add(list, dscp_json(i, meaning));
		if (!s->json)
			printf("%4d  %-4s  %d%d%d%d%d%d  %10d  0x%02x%s%s\n", i,
			       isdigit((unsigned char)*name) ? "-" : name, i >> 5, i >> 4 & 1,
			       i >> 3 & 1, i >> 2 & 1, i >> 1 & 1, i & 1, i >> 3, i << 2,
			       *meaning ? "  " : "", meaning);
	}
	if (s->json)
		return print_json(list);
	json_object_put(list);
	return 0;
}
