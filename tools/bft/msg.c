// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages to bytes and back. What comes in is not trusted: a message has a
 * bound, exactly the members it should have, and numbers in their range. Whether
 * the numbers make sense is the state machine's business.
 */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "byz.h"
#include "msg.h"

#define JSON_DEPTH	3	/* a body within a message, and its numbers */

static const struct {
	const char *name;
	bool about;		/* has origin, sequence and value */
} types[MSG_NR_TYPES] = {
	[RBC_INITIAL]	= { "Initial", true },
	[RBC_ECHO]	= { "Echo", true },
	[RBC_READY]	= { "Ready", true },
	[MSG_UP]	= { "Up", false },
	[MSG_DONE]	= { "Done", false },
};

struct binary {
	uint8_t type;
	uint8_t zero;
	uint16_t origin;
	uint32_t seq;
	uint64_t value;
};

static_assert(sizeof(struct binary) == MSG_BINARY_BYTES, "no holes");

static size_t encode_json(const struct rbc_msg *m, unsigned char *out)
{
	char *to = (char *)out;

	if (m->type == BYZ_GARBAGE)
		return snprintf(to, MSG_MAX_BYTES, "{\"Ready\":{\"o\":-%llu,\"s\":\n",
				(unsigned long long)m->value);
	if (!types[m->type].about)
		return snprintf(to, MSG_MAX_BYTES, "{\"%s\":{}}\n", types[m->type].name);
	return snprintf(to, MSG_MAX_BYTES, "{\"%s\":{\"o\":%u,\"s\":%u,\"v\":%llu}}\n",
			types[m->type].name, m->origin, m->seq, (unsigned long long)m->value);
}

static size_t encode_binary(const struct rbc_msg *m, unsigned char *out)
{
	struct binary b = {
		.type = m->type,
		.origin = htobe16(m->origin),
		.seq = htobe32(m->seq),
		.value = htobe64(m->value),
	};

	memcpy(out, &b, sizeof(b));
	return sizeof(b);
}

size_t msg_encode(enum wire wire, const struct rbc_msg *m, unsigned char out[MSG_MAX_BYTES])
{
	return wire == WIRE_JSON ? encode_json(m, out) : encode_binary(m, out);
}

/* A number of the body, within 0..max. */
static int number(struct json_object *body, const char *name, uint64_t max, uint64_t *to)
{
	struct json_object *n;

	if (!json_object_object_get_ex(body, name, &n) ||
	    !json_object_is_type(n, json_type_int) || json_object_get_int64(n) < 0)
		return -EBADMSG;
	*to = json_object_get_uint64(n);
	return *to > max ? -EBADMSG : 0;
}

static int from_json(struct json_object *o, struct rbc_msg *m)
{
	uint64_t origin = 0, seq = 0, value = 0;
	struct json_object *body;
	int i, members;

	if (!json_object_is_type(o, json_type_object) || json_object_object_length(o) != 1)
		return -EBADMSG;
	for (i = 0; i < MSG_NR_TYPES; i++)
		if (json_object_object_get_ex(o, types[i].name, &body))
			break;
	if (i == MSG_NR_TYPES || !json_object_is_type(body, json_type_object))
		return -EBADMSG;
	members = json_object_object_length(body);
	if (members != (types[i].about ? 3 : 0))
		return -EBADMSG;
	if (types[i].about && (number(body, "o", UINT16_MAX, &origin) ||
			       number(body, "s", UINT32_MAX, &seq) ||
			       number(body, "v", UINT64_MAX, &value)))
		return -EBADMSG;
	*m = (struct rbc_msg) { .type = i, .origin = origin, .seq = seq, .value = value };
	return 0;
}

static ssize_t decode_json(const unsigned char *in, size_t len, struct rbc_msg *m)
{
	size_t bound = len < MSG_MAX_BYTES ? len : MSG_MAX_BYTES;
	const unsigned char *end = memchr(in, '\n', bound);
	struct json_tokener *tok;
	struct json_object *o;
	int err = -EBADMSG;

	if (!end)
		return len < MSG_MAX_BYTES ? 0 : -EBADMSG;
	tok = json_tokener_new_ex(JSON_DEPTH);
	if (!tok)
		return -ENOMEM;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	o = json_tokener_parse_ex(tok, (const char *)in, end - in);
	if (o && json_tokener_get_parse_end(tok) == (size_t)(end - in))
		err = from_json(o, m);
	json_object_put(o);
	json_tokener_free(tok);
	return err ? err : end + 1 - in;
}

static ssize_t decode_binary(const unsigned char *in, size_t len, struct rbc_msg *m)
{
	struct binary b;

	if (len < sizeof(b))
		return 0;
	memcpy(&b, in, sizeof(b));
	if (b.type >= MSG_NR_TYPES || b.zero ||
	    (!types[b.type].about && (b.origin || b.seq || b.value)))
		return -EBADMSG;
	*m = (struct rbc_msg) {
		.type = b.type,
		.origin = be16toh(b.origin),
		.seq = be32toh(b.seq),
		.value = be64toh(b.value),
	};
	return sizeof(b);
}

ssize_t msg_decode(enum wire wire, const unsigned char *in, size_t len, struct rbc_msg *m)
{
	return wire == WIRE_JSON ? decode_json(in, len, m) : decode_binary(in, len, m);
}

size_t msg_whole(enum wire wire, const unsigned char *in, size_t len)
{
	const unsigned char *end;

	if (wire == WIRE_BINARY)
		return len - len % MSG_BINARY_BYTES;
	end = memrchr(in, '\n', len);
	return end ? end + 1 - in : 0;
}
