// SPDX-License-Identifier: GPL-2.0
/*
 * Stand-ins for the functions of tc that its plugins call.
 *
 * They write into memory, so that a test can read what a plugin prints. JSON is
 * not laid out, only "key":value, after "key":value. Calls that tc could not
 * have served (a value without key in JSON, without format in text) are
 * counted.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gq_fake_tc.h"
#include "iproute2.h"

struct fake_tc fake;

/* At the top there is the object of the qdisc. */
static bool fake_in_array(void)
{
	return fake.depth && fake.array[fake.depth - 1];
}

static bool fake_wants(enum output_type t, const char *key, const char *fmt)
{
	if (t == (fake.json ? PRINT_FP : PRINT_JSON))
		return false;
	if (fake.json ? !key != fake_in_array() : !fmt)
		fake.misuse++;
	if (fake.json && key)
		fprintf(fake.out, "\"%s\":", key);
	return true;
}

#define FAKE_PRINT(name, type, json_fmt)				\
	int print_color_##name(enum output_type t, enum color_attr color, \
			       const char *key, const char *fmt,	\
			       type value)				\
	{								\
		if (color != COLOR_NONE)				\
			fake.misuse++;					\
		if (fake_wants(t, key, fmt))				\
			fprintf(fake.out, fake.json ? json_fmt "," : fmt, \
				value);					\
		return 0;						\
	}

FAKE_PRINT(string, const char *, "\"%s\"")
FAKE_PRINT(lluint, unsigned long long, "%llu")
FAKE_PRINT(s64, int64_t, "%ld")
FAKE_PRINT(bool, bool, "%d")

int print_color_null(enum output_type t, enum color_attr color, const char *key,
		     const char *fmt, const char *value)
{
	(void)color;
	(void)value;
	if (fake_wants(t, key, fmt))
		fputs("null,", fake.out);
	return 0;
}

static void fake_open(bool array, const char *key)
{
	if (fake.depth == FAKE_DEPTH || !key != fake_in_array()) {
		fake.misuse++;
		return;
	}
	if (key)
		fprintf(fake.out, "\"%s\":", key);
	fputc(array ? '[' : '{', fake.out);
	fake.array[fake.depth++] = array;
}

static void fake_close(bool array)
{
	if (!fake.depth || fake_in_array() != array) {
		fake.misuse++;
		return;
	}
	fake.depth--;
	fputs(array ? "]," : "},", fake.out);
}

void open_json_array(enum output_type t, const char *key)
{
	if (t != PRINT_JSON)
		fake.misuse++;
	if (fake.json)
		fake_open(true, key);
}

void close_json_array(enum output_type t, const char *key)
{
	(void)key;
	if (t != PRINT_JSON)
		fake.misuse++;
	if (fake.json)
		fake_close(true);
}

void open_json_object(const char *key)
{
	if (fake.json)
		fake_open(false, key);
}

void close_json_object(void)
{
	if (fake.json)
		fake_close(false);
}

void print_nl(void)
{
	if (!fake.json)
		fputc('\n', fake.out);
}

int addattr_l(struct nlmsghdr *n, int maxlen, int type, const void *data,
	      int alen)
{
	unsigned int at = NLMSG_ALIGN(n->nlmsg_len);
	struct rtattr *attr = (void *)((char *)n + at);

	if (at + RTA_SPACE(alen) > (unsigned int)maxlen)
		return -1;
	attr->rta_type = type;
	attr->rta_len = RTA_LENGTH(alen);
	if (alen)
		memcpy(RTA_DATA(attr), data, alen);
	n->nlmsg_len = at + RTA_SPACE(alen);
	return 0;
}

struct rtattr *addattr_nest(struct nlmsghdr *n, int maxlen, int type)
{
	struct rtattr *nest = (void *)((char *)n + NLMSG_ALIGN(n->nlmsg_len));

	addattr_l(n, maxlen, type, NULL, 0);
	return nest;
}

int addattr_nest_end(struct nlmsghdr *n, struct rtattr *nest)
{
	nest->rta_len = (char *)n + n->nlmsg_len - (char *)nest;
	return n->nlmsg_len;
}

int parse_rtattr_flags(struct rtattr *tb[], int max, struct rtattr *rta,
		       int len, unsigned short flags)
{
	memset(tb, 0, sizeof(*tb) * (max + 1));
	for (; RTA_OK(rta, len); rta = RTA_NEXT(rta, len)) {
		int type = rta->rta_type & ~flags;

		if (type <= max && !tb[type])
			tb[type] = rta;
	}
	return 0;
}

/* Forget what was printed, and take in what follows. */
int fake_begin(bool json)
{
	free(fake.text);
	free(fake.err_text);
	fake.text = NULL;
	fake.err_text = NULL;
	fake.out = open_memstream(&fake.text, &fake.len);
	fake.err = open_memstream(&fake.err_text, &fake.err_len);
	if (!fake.out || !fake.err)
		return -ENOMEM;
	fake.json = json;
	fake.depth = 0;
	return 0;
}

void fake_end(void)
{
	if (fake.depth)
		fake.misuse++;
	fclose(fake.out);
	fclose(fake.err);
}
