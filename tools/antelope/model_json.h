/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects of a model file, read and written by tables of their fields, so that what
 * is written is what is read. A place is where in the file the reader stands:
 * "forests[2].trees[7]", which every message names.
 */
#ifndef ANTELOPE_MODEL_JSON_H
#define ANTELOPE_MODEL_JSON_H

#include <json-c/json.h>
#include <stdio.h>

#include "model.h"

struct place {
	const char *file;
	char *err;		/* MODEL_ERR bytes */
	size_t len;
	char path[192];
};

enum field_kind {
	FIELD_U32,
	FIELD_U64,
	FIELD_S32,
	FIELD_DOUBLE,
	FIELD_TEXT,		/* max: bytes, the 0 at the end among them */
	FIELD_HEX,		/* the same; empty, or as long as can be */
};

struct field {
	const char *name;	/* NULL ends a table */
	enum field_kind kind;
	size_t offset;
	double min;
	double max;
};

/* Say in place->err what is wrong, and return -EINVAL. */
[[gnu::format(printf, 2, 3)]]
int place_error(const struct place *p, const char *fmt, ...);
/* Go to a member; returns what place_leave() wants. */
[[gnu::format(printf, 2, 3)]]
size_t place_enter(struct place *p, const char *fmt, ...);
void place_leave(struct place *p, size_t to);

/*
 * Read the fields of a table from an object. It must have them all, and besides them
 * only those in "others", a list that NULL ends.
 */
int fields_read(struct place *p, json_object *o, const struct field *table,
		const char * const *others, void *to);
void fields_write(FILE *f, const struct field *table, const void *from);

/* A member that has to be there and of this type; NULL after place_error(). */
json_object *member(struct place *p, json_object *o, const char *name, enum json_type type);
/* The same of an array with so many elements. */
json_object *member_array(struct place *p, json_object *o, const char *name, size_t min,
			  size_t max);
int read_number(struct place *p, json_object *o, double min, double max, int64_t *to);
void write_text(FILE *f, const char *text);

#endif
