// SPDX-License-Identifier: GPL-2.0-only
/* Objects of a model file by tables of their fields; see model_json.h. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "model_json.h"

int place_error(const struct place *p, const char *fmt, ...)
{
	char what[320], *c;
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	snprintf(p->err, MODEL_ERR, "%.120s: %s%s%s", p->file, p->path, p->len ? ": " : "", what);
	/* It quotes the file, which may have a line feed or an escape sequence there. */
	for (c = p->err; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return -EINVAL;
}

size_t place_enter(struct place *p, const char *fmt, ...)
{
	size_t was = p->len;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(p->path + was, sizeof(p->path) - was, fmt, args);
	va_end(args);
	if (n > 0)
		p->len += (size_t)n < sizeof(p->path) - was ? (size_t)n : sizeof(p->path) - 1 - was;
	return was;
}

void place_leave(struct place *p, size_t to)
{
	p->len = to;
	p->path[to] = 0;
}

json_object *member(struct place *p, json_object *o, const char *name, enum json_type type)
{
	json_object *found;

	if (!json_object_object_get_ex(o, name, &found)) {
		place_error(p, "\"%s\" is missing; was the file cut?", name);
		return NULL;
	}
	if (!json_object_is_type(found, type)) {
		place_error(p, "\"%s\" is of type %s, must be %s", name,
			    json_type_to_name(json_object_get_type(found)),
			    json_type_to_name(type));
		return NULL;
	}
	return found;
}

json_object *member_array(struct place *p, json_object *o, const char *name, size_t min,
			  size_t max)
{
	json_object *a = member(p, o, name, json_type_array);

	if (a && (json_object_array_length(a) < min || json_object_array_length(a) > max)) {
		place_error(p, "\"%s\" has %zu elements, must have %zu to %zu", name,
			    json_object_array_length(a), min, max);
		return NULL;
	}
	return a;
}

int read_number(struct place *p, json_object *o, double min, double max, int64_t *to)
{
	if (!json_object_is_type(o, json_type_int))
		return place_error(p, "is no whole number");
	*to = json_object_get_int64(o);
	if (*to < min || *to > max)
		return place_error(p, "is %lld, must be %.0f to %.0f", (long long)*to, min, max);
	return 0;
}

static int read_double(struct place *p, json_object *o, const struct field *f, double *to)
{
	if (!json_object_is_type(o, json_type_double) && !json_object_is_type(o, json_type_int))
		return place_error(p, "is no number");
	*to = json_object_get_double(o);
	if (!isfinite(*to) || *to < f->min || *to > f->max)
		return place_error(p, "is %g, must be %g to %g", *to, f->min, f->max);
	return 0;
}

static int read_text(struct place *p, json_object *o, const struct field *f, char *to)
{
	const char *text = json_object_get_string(o);
	size_t len = json_object_get_string_len(o);

	if (!json_object_is_type(o, json_type_string))
		return place_error(p, "is no string");
	if (len >= f->max || strlen(text) != len)
		return place_error(p, "has %zu bytes, may have %.0f, none of them 0", len,
				   f->max - 1);
	if (f->kind == FIELD_HEX &&
	    (strspn(text, "0123456789abcdef") != len || (len && len != f->max - 1)))
		return place_error(p, "must be %.0f hexadecimal digits", f->max - 1);
	memcpy(to, text, len + 1);
	return 0;
}

static int read_field(struct place *p, json_object *o, const struct field *f, void *to)
{
	int64_t n = 0;
	int err;

	switch (f->kind) {
	case FIELD_DOUBLE:
		return read_double(p, o, f, to);
	case FIELD_TEXT:
	case FIELD_HEX:
		return read_text(p, o, f, to);
	default:
		err = read_number(p, o, f->min, f->max, &n);
	}
	if (f->kind == FIELD_U64)
		*(uint64_t *)to = n;
	else if (f->kind == FIELD_U32)
		*(uint32_t *)to = n;
	else
		*(int32_t *)to = n;
	return err;
}

static bool is_known(const char *name, const struct field *table, const char * const *others)
{
	for (; table->name; table++)
		if (!strcmp(table->name, name))
			return true;
	for (; others && *others; others++)
		if (!strcmp(*others, name))
			return true;
	return false;
}

int fields_read(struct place *p, json_object *o, const struct field *table,
		const char * const *others, void *to)
{
	const struct field *f;
	json_object *value;
	size_t was;
	int err;

	if (!json_object_is_type(o, json_type_object))
		return place_error(p, "is no object");
	json_object_object_foreach(o, name, unused) {
		(void)unused;
		if (!is_known(name, table, others))
			return place_error(p, "\"%.40s\" is not known; is it newer than antelope?",
					   name);
	}
	for (f = table; f->name; f++) {
		if (!json_object_object_get_ex(o, f->name, &value))
			return place_error(p, "\"%s\" is missing; was the file cut?", f->name);
		was = place_enter(p, "%s%s", p->len ? "." : "", f->name);
		err = read_field(p, value, f, (char *)to + f->offset);
		if (err)
			return err;
		place_leave(p, was);
	}
	return 0;
}

void write_text(FILE *f, const char *text)
{
	json_object *o = json_object_new_string(text);

	fputs(o ? json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE) : "null", f);
	json_object_put(o);
}

static void write_field(FILE *f, const struct field *d, const void *from)
{
	switch (d->kind) {
	case FIELD_U32:
		fprintf(f, "%u", *(const uint32_t *)from);
		break;
	case FIELD_U64:
		fprintf(f, "%llu", (unsigned long long)*(const uint64_t *)from);
		break;
	case FIELD_S32:
		fprintf(f, "%d", *(const int32_t *)from);
		break;
	case FIELD_DOUBLE:
		fprintf(f, "%.9g", *(const double *)from);
		break;
	case FIELD_TEXT:
	case FIELD_HEX:
		write_text(f, from);
		break;
	}
}

void fields_write(FILE *f, const struct field *table, const void *from)
{
	const struct field *d;

	for (d = table; d->name; d++) {
		fprintf(f, "%s\"%s\": ", d == table ? "" : ", ", d->name);
		write_field(f, d, (const char *)from + d->offset);
	}
}
