// SPDX-License-Identifier: GPL-2.0-only
/* Each record is copied before it is looked at, so that it cannot change after. */
#include <string.h>

#include "um_take.h"

static const char *check(const struct um_record *r, uint32_t left, uint64_t now, uint64_t until,
			 uint32_t nr_nics)
{
	if (r->len > left || um_record_bytes(r->len) > left)
		return "sends more than there is";
	if (r->time < now || r->time >= until)
		return "sends at a time which it was not given";
	switch (r->kind) {
	case UM_FRAME:
		if (r->dev < nr_nics && r->len <= NS_FRAME_MAX)
			return NULL;
		break;
	case UM_UNDELIVERED:
		if (r->dev < nr_nics && !r->len)
			return NULL;
		break;
	case UM_CONTROL:
		if (r->dev == nr_nics)
			return NULL;
		break;
	}
	return "sends what no device of it could send";
}

const char *um_take(const unsigned char *out, uint32_t bytes, uint64_t now, uint64_t until,
		    uint32_t nr_nics,
		    void (*take)(void *arg, const struct um_record *r, const unsigned char *p),
		    void *arg)
{
	struct um_record r;
	uint32_t at = 0;
	const char *why;

	if (bytes > UM_OUT_BYTES)
		return "sends more than there is";
	while (at < bytes) {
		if (bytes - at < sizeof(r))
			return "sends half a record";
		memcpy(&r, out + at, sizeof(r));
		why = check(&r, bytes - at, now, until, nr_nics);
		if (why)
			return why;
		now = r.time;
		take(arg, &r, out + at + sizeof(r));
		at += um_record_bytes(r.len);
	}
	return NULL;
}
