/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A YAML text with the line of everything in it. Paths name a value as in
 * nodes[2].commands[0].start.
 */
#ifndef NETSIM_CONFIG_YAML_H
#define NETSIM_CONFIG_YAML_H

#include <cyaml/cyaml.h>
#include <stdbool.h>
#include <yaml.h>

#define NS_PATH_MAX	160

#ifndef __printf
#define NS_ATTR(a)	__attribute__((a))
#define __printf(a, b)	NS_ATTR(format(printf, a, b))
#endif

struct ns_yaml {
	const char *file;	/* for messages */
	bool loaded;
	yaml_document_t doc;
};

/* Parse and check against the schema; 0 or -errno with the error printed. */
int ns_yaml_read(struct ns_yaml *y, const char *file, const char *text, size_t len,
		 const cyaml_schema_value_t *schema);
void ns_yaml_free(struct ns_yaml *y);
/* Line of the value, or of the nearest thing around it; 0: not from YAML. */
unsigned int ns_yaml_line(struct ns_yaml *y, const char *path);
/* Replace control characters of a text that is printed. */
void ns_clean(char *text);
/* Compose a path; what does not fit is cut, which only shortens a message. */
void ns_path(char path[NS_PATH_MAX], const char *fmt, ...) __printf(2, 3);
/* Print "netsim: FILE:LINE: PATH: ..."; returns -EINVAL. */
int ns_yaml_error(struct ns_yaml *y, const char *path, const char *fmt, ...) __printf(3, 4);

#endif
