/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A YAML text with the line of everything in it. Paths name a value as in
 * nodes[2].commands[0].start. Messages go to stderr, and begin with the name that
 * the program was called by.
 */
#ifndef NETSTEER_YML_H
#define NETSTEER_YML_H

#include <cyaml/cyaml.h>
#include <stdbool.h>
#include <stdint.h>
#include <yaml.h>

#include "units.h"

#define YML_PATH_MAX	160

#ifndef __printf
#define YML_ATTR(a)	__attribute__((a))
#define __printf(a, b)	YML_ATTR(format(printf, a, b))
#endif

struct yml {
	const char *file;	/* for messages */
	bool loaded;
	yaml_document_t doc;
};

/*
 * Parse, check against the schema, and load what the schema describes to *value,
 * which yml_unload() frees; 0, -ENOMEM, or -EINVAL with the error printed. The schema is made
 * of mappings, sequences, strings and booleans: a number is a string of which
 * yml_quantity() makes a value. In either case, yml_free(y) is for the caller.
 */
int yml_load(struct yml *y, const char *file, const char *text, size_t len,
	     const cyaml_schema_value_t *schema, void **value);
void yml_unload(const cyaml_schema_value_t *schema, void *value);
void yml_free(struct yml *y);
/* Line of the value, or of the nearest thing around it; 0: not from YAML. */
unsigned int yml_line(struct yml *y, const char *path);
/* Replace control characters of a text that is printed. */
void yml_clean(char *text);
/* Compose a path; what does not fit is cut, which only shortens a message. */
void yml_path(char path[YML_PATH_MAX], const char *fmt, ...) __printf(2, 3);
/* Print "PROGRAM: FILE:LINE: PATH: ..."; returns -EINVAL. */
int yml_error(struct yml *y, const char *path, const char *fmt, ...) __printf(3, 4);
/*
 * The text of the value at PATH, as a quantity within [min, max]. No text: *value
 * keeps its default. 0 or -EINVAL with the error printed.
 */
int yml_quantity(struct yml *y, const char *path, const char *text,
		 const struct unit_quantity *q, uint64_t min, uint64_t max, uint64_t *value);

#endif
