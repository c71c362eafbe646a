// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads a request; whoever wrote it may mean harm. Depth and size are bounded before
 * json-c sees it, a key is known to its verb or refused, and numbers are whole, and
 * within their ranges, before they are used.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "request.h"

#define DEPTH		4
#define HAS(key)	(1u << KEY_ ## key)

enum key { KEY_VERB, KEY_COOKIE, KEY_CC, KEY_FOR, KEY_LIMIT };

static int take_cookie(struct request *r, struct json_object *value);
static int take_cc(struct request *r, struct json_object *value);
static int take_for(struct request *r, struct json_object *value);
static int take_limit(struct request *r, struct json_object *value);

static const struct {
	const char *name, *want;
	int (*take)(struct request *r, struct json_object *value);
} keys[] = {
	[KEY_VERB] = { "verb", "", NULL },
	[KEY_COOKIE] = { "cookie", "a whole number, not 0", take_cookie },
	[KEY_CC] = { "cc", "a name of up to 15 bytes", take_cc },
	[KEY_FOR] = { "for_ns", "a whole number up to 2^62", take_for },
	[KEY_LIMIT] = { "limit", "1 to 10000", take_limit },
};

static const struct {
	const char *name;
	unsigned int must, may;
} verbs[REQUEST_VERBS] = {
	[REQUEST_STATUS] = { "status", 0, 0 },
	[REQUEST_FLOWS] = { "flows", 0, HAS(LIMIT) },
	[REQUEST_EXPLAIN] = { "explain", HAS(COOKIE), 0 },
	[REQUEST_SET] = { "set", HAS(COOKIE) | HAS(CC), HAS(FOR) },
	[REQUEST_PRIORS] = { "priors", 0, HAS(LIMIT) },
	[REQUEST_RELOAD] = { "reload", 0, 0 },
};

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

[[gnu::format(printf, 2, 3)]]
static int wrong(char *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, REQUEST_ERR, fmt, ap);
	va_end(ap);
	for (; *err; err++)
		if ((unsigned char)*err < ' ' || (unsigned char)*err > '~')
			*err = '?';
	return -EINVAL;
}

static int take_number(struct json_object *value, uint64_t min, uint64_t max, uint64_t *to)
{
	uint64_t v;

	if (!json_object_is_type(value, json_type_int))
		return -EINVAL;
	/* what is below 0 becomes 0 */
	v = json_object_get_uint64(value);
	if (v < min || v > max || (!v && json_object_get_int64(value) < 0))
		return -EINVAL;
	*to = v;
	return 0;
}

static int take_cookie(struct request *r, struct json_object *value)
{
	return take_number(value, 1, UINT64_MAX, &r->cookie);
}

static int take_for(struct request *r, struct json_object *value)
{
	return take_number(value, 0, 1ull << 62, &r->for_ns);
}

static int take_limit(struct request *r, struct json_object *value)
{
	return take_number(value, 1, FLOWS_MAX, &r->limit);
}

static int take_cc(struct request *r, struct json_object *value)
{
	const char *text;
	size_t len;

	if (!json_object_is_type(value, json_type_string))
		return -EINVAL;
	text = json_object_get_string(value);
	len = json_object_get_string_len(value);
	if (len >= sizeof(r->cc) || strlen(text) != len)
		return -EINVAL;
	memcpy(r->cc, text, len + 1);
	return 0;
}

static int take_verb(struct request *r, struct json_object *o, char *err)
{
	struct json_object *verb;
	int i;

	if (!json_object_is_type(o, json_type_object))
		return wrong(err, "the request is no object");
	if (!json_object_object_get_ex(o, "verb", &verb) ||
	    !json_object_is_type(verb, json_type_string))
		return wrong(err, "\"verb\" is missing");
	for (i = 0; i < REQUEST_VERBS; i++)
		if (!strcmp(verbs[i].name, json_object_get_string(verb))) {
			r->verb = i;
			return 0;
		}
	return wrong(err, "no verb is called \"%.40s\"", json_object_get_string(verb));
}

static int take(struct request *r, struct json_object *o, char *err)
{
	unsigned int known, seen = 0;
	size_t i;
	int bad = take_verb(r, o, err);

	if (bad)
		return bad;
	known = verbs[r->verb].must | verbs[r->verb].may | HAS(VERB);
	json_object_object_foreach(o, name, value) {
		for (i = 0; i < ARRAY_SIZE(keys); i++)
			if (known & 1u << i && !strcmp(keys[i].name, name))
				break;
		if (i == ARRAY_SIZE(keys))
			return wrong(err, "\"%s\" does not know \"%.40s\"", verbs[r->verb].name,
				     name);
		if (keys[i].take && keys[i].take(r, value))
			return wrong(err, "\"%s\" is wrong; give %s", name, keys[i].want);
		seen |= 1u << i;
	}
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (verbs[r->verb].must & ~seen & 1u << i)
			return wrong(err, "\"%s\" needs \"%s\"", verbs[r->verb].name, keys[i].name);
	return 0;
}

int request_parse(struct request *r, const char *text, size_t len, char *err)
{
	struct json_tokener *tok;
	struct json_object *o;
	int bad;

	memset(r, 0, sizeof(*r));
	r->limit = FLOWS_MAX;
	if (len > REQUEST_MAX)
		return wrong(err, "the request has more than %d bytes", REQUEST_MAX);
	tok = json_tokener_new_ex(DEPTH);
	if (!tok)
		return wrong(err, "no memory");
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	o = json_tokener_parse_ex(tok, text, len);
	if (json_tokener_get_error(tok) != json_tokener_success ||
	    json_tokener_get_parse_end(tok) != len)
		bad = wrong(err, "the request is not JSON: %s",
			    json_tokener_error_desc(json_tokener_get_error(tok)));
	else
		bad = take(r, o, err);
	json_object_put(o);
	json_tokener_free(tok);
	return bad;
}
