// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where a value stands in its file, and whether the file has the form that the
 * schema asks for.
 *
 * libcyaml fills our structs by a schema. What it cannot say exactly is the line
 * of an error: it names the event before the one it stumbled over. So libyaml,
 * on which it is built, reads the text a first time into a tree whose nodes know
 * their lines, and the tree is compared with libcyaml's own schema: unknown,
 * missing and doubled keys, wrong kinds and lengths. What passes here is loaded
 * by libcyaml; later errors, about the meaning of values, name a value by its
 * path and get the line from the tree.
 *
 * The text is not trusted: anchors may form cycles, which ends nothing here,
 * since the walk follows the schema, and that has a finite depth.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "yml.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define FIRST_MAX	128
#define LINES(node)	((unsigned int)(node)->start_mark.line + 1)

struct walk {
	struct yml *y;
	char path[YML_PATH_MAX];
};

static int check_value(struct walk *w, yaml_node_t *node,
		       const cyaml_schema_value_t *schema);

void yml_path(char path[YML_PATH_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, YML_PATH_MAX, fmt, ap);
	va_end(ap);
}

/* What a file holds must neither look like a second message nor talk to a terminal. */
void yml_clean(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static void print_error(struct yml *y, unsigned int line, const char *path,
			const char *fmt, va_list ap)
{
	char text[YML_PATH_MAX + 512], number[16] = "";
	int len;

	if (line)
		snprintf(number, sizeof(number), "%u:", line);
	len = snprintf(text, sizeof(text), "%s%s ", path, *path ? ":" : "");
	vsnprintf(text + len, sizeof(text) - len, fmt, ap);
	yml_clean(text);
	fprintf(stderr, "%s: %s:%s%s%s\n", program_invocation_short_name,
		y->file, number, *path ? " " : "", text);
}

int yml_error(struct yml *y, const char *path, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_error(y, yml_line(y, path), path, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static __printf(3, 4) int bad(struct walk *w, yaml_node_t *node, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_error(w->y, LINES(node), w->path, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* Extend the path; returns the length to cut it to afterwards. */
static __printf(2, 3) size_t enter(struct walk *w, const char *fmt, ...)
{
	size_t len = strlen(w->path);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->path + len, sizeof(w->path) - len, fmt, ap);
	va_end(ap);
	return len;
}

static const char *kind_of(yaml_node_t *node)
{
	switch (node->type) {
	case YAML_SCALAR_NODE:
		return "a single value";
	case YAML_SEQUENCE_NODE:
		return "a list";
	case YAML_MAPPING_NODE:
		return "keys with values";
	default:
		return "nothing";
	}
}

/* How far b is from a, for words with one mistake in them: 0 to 2, else 3 or more. */
static unsigned int distance(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (!*a || !*b)
		return strlen(a) + strlen(b);
	if (strlen(a) > strlen(b) + 2 || strlen(b) > strlen(a) + 2)
		return 3;
	if (!strcmp(a + 1, b + 1) || !strcmp(a, b + 1) || !strcmp(a + 1, b))
		return 1;
	if (!a[1] || !b[1])
		return 3;
	if (a[0] == b[1] && a[1] == b[0] && !strcmp(a + 2, b + 2))
		return 1;
	return strcmp(a + 2, b + 2) ? 3 : 2;
}

static int unknown_key(struct walk *w, yaml_node_t *key, const char *name,
		       const cyaml_schema_field_t *fields)
{
	const cyaml_schema_field_t *f, *near = NULL;
	char list[512] = "";
	size_t len = 0;

	for (f = fields; f->key; f++) {
		if (!near && distance(name, f->key) <= 2)
			near = f;
		len += snprintf(list + len, sizeof(list) - len, "%s%s",
				len ? ", " : "", f->key);
		if (len >= sizeof(list))
			break;
	}
	if (near)
		return bad(w, key, "unknown key; did you mean \"%s\"?", near->key);
	return bad(w, key, "unknown key; known here: %s", list);
}

static int check_pair(struct walk *w, yaml_node_t *key, yaml_node_t *value,
		      const cyaml_schema_field_t *fields, bool *seen)
{
	const cyaml_schema_field_t *f;
	const char *name;
	size_t cut;
	int err;

	if (key->type != YAML_SCALAR_NODE)
		return bad(w, key, "a key is %s; give a word", kind_of(key));
	name = (const char *)key->data.scalar.value;
	cut = enter(w, "%s%.64s", *w->path ? "." : "", name);
	for (f = fields; f->key; f++)
		if (!strcmp(f->key, name))
			break;
	if (!f->key)
		err = unknown_key(w, key, name, fields);
	else if (seen[f - fields])
		err = bad(w, key, "given twice; keep one");
	else
		err = check_value(w, value, &f->value);
	seen[f - fields] = true;
	w->path[cut] = '\0';
	return err;
}

static int check_mapping(struct walk *w, yaml_node_t *node,
			 const cyaml_schema_value_t *schema)
{
	const cyaml_schema_field_t *fields = schema->mapping.fields, *f;
	yaml_node_pair_t *p;
	size_t n = 1;
	int err = 0;
	bool *seen;

	for (f = fields; f->key; f++)
		n++;
	seen = calloc(n, sizeof(*seen));
	if (!seen)
		return -ENOMEM;
	for (p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++) {
		err = check_pair(w, yaml_document_get_node(&w->y->doc, p->key),
				 yaml_document_get_node(&w->y->doc, p->value),
				 fields, seen);
		if (err)
			goto out;
	}
	for (f = fields; !err && f->key; f++)
		if (!(f->value.flags & CYAML_FLAG_OPTIONAL) && !seen[f - fields])
			err = bad(w, node, "\"%s\" is missing; add it", f->key);
out:
	free(seen);
	return err;
}

static int check_sequence(struct walk *w, yaml_node_t *node,
			  const cyaml_schema_value_t *schema)
{
	yaml_node_item_t *i, *start = node->data.sequence.items.start;
	size_t n = node->data.sequence.items.top - start, cut;
	int err;

	if (n < schema->sequence.min)
		return bad(w, node, "%zu entries; give at least %u", n, schema->sequence.min);
	if (n > schema->sequence.max)
		return bad(w, node, "%zu entries; at most %u are possible", n,
			   schema->sequence.max);
	for (i = start; i < node->data.sequence.items.top; i++) {
		cut = enter(w, "[%zu]", i - start);
		err = check_value(w, yaml_document_get_node(&w->y->doc, *i),
				  schema->sequence.entry);
		w->path[cut] = '\0';
		if (err)
			return err;
	}
	return 0;
}

static int check_string(struct walk *w, yaml_node_t *node,
			const cyaml_schema_value_t *schema)
{
	size_t len = node->data.scalar.length;

	if (memchr(node->data.scalar.value, 0, len))
		return bad(w, node, "holds a zero byte; remove it");
	if (len < schema->string.min)
		return bad(w, node, "is empty; give a value or remove the key");
	if (len > schema->string.max)
		return bad(w, node, "%zu bytes; at most %u are possible", len,
			   schema->string.max);
	return 0;
}

/* libcyaml takes every other word for true. */
static int check_bool(struct walk *w, yaml_node_t *node,
		      const cyaml_schema_value_t *schema)
{
	static const char *const words[] = { "true", "false", "yes", "no" };
	const char *text = (const char *)node->data.scalar.value;
	size_t i;

	(void)schema;
	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcasecmp(text, words[i]))
			return 0;
	return bad(w, node, "\"%.40s\" is not yes or no; write true or false", text);
}

static const struct {
	cyaml_type_e type;
	yaml_node_type_t node;
	const char *want;
	int (*check)(struct walk *w, yaml_node_t *node, const cyaml_schema_value_t *schema);
} kinds[] = {
	{ CYAML_STRING, YAML_SCALAR_NODE, "a single value", check_string },
	{ CYAML_BOOL, YAML_SCALAR_NODE, "true or false", check_bool },
	{ CYAML_SEQUENCE, YAML_SEQUENCE_NODE, "a list", check_sequence },
	{ CYAML_MAPPING, YAML_MAPPING_NODE, "keys with values", check_mapping },
};

static int check_value(struct walk *w, yaml_node_t *node,
		       const cyaml_schema_value_t *schema)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].type == schema->type)
			break;
	/* libcyaml checks what else a schema can hold, though without a line */
	if (i == ARRAY_SIZE(kinds))
		return 0;
	if (node->type != kinds[i].node)
		return bad(w, node, "is %s; give %s", kind_of(node), kinds[i].want);
	return kinds[i].check(w, node, schema);
}

static int parse(struct yml *y, yaml_parser_t *parser)
{
	yaml_document_t more;
	bool second;

	if (!yaml_parser_load(parser, &y->doc))
		goto broken;
	y->loaded = true;
	if (!yaml_document_get_root_node(&y->doc))
		return yml_error(y, "", "the file is empty; see man %s for its form",
				 program_invocation_short_name);
	if (!yaml_parser_load(parser, &more))
		goto broken;
	second = yaml_document_get_root_node(&more);
	yaml_document_delete(&more);
	if (second)
		return yml_error(y, "", "a second document after \"---\"; keep one");
	return 0;

broken:
	fprintf(stderr, "%s: %s:%zu: not YAML: %s; correct the line or the one before\n",
		program_invocation_short_name, y->file, parser->problem_mark.line + 1,
		parser->problem ? parser->problem : "no memory");
	return -EINVAL;
}

static int check_form(struct yml *y, const char *text, size_t len,
		      const cyaml_schema_value_t *schema)
{
	struct walk w = { .y = y };
	yaml_parser_t parser;
	int err;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	err = parse(y, &parser);
	yaml_parser_delete(&parser);
	if (!err)
		err = check_value(&w, yaml_document_get_root_node(&y->doc), schema);
	return err;
}

/* Only the first message of libcyaml counts: the rest is its backtrace. */
static void keep_first(cyaml_log_t level, void *ctx, const char *fmt, va_list ap)
{
	char *first = ctx;

	(void)level;
	if (!*first)
		vsnprintf(first, FIRST_MAX, fmt, ap);
	first[strcspn(first, "\n")] = '\0';
}

static const cyaml_config_t cyaml_calls = {
	.log_fn = keep_first, .mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR,
};

int yml_load(struct yml *y, const char *file, const char *text, size_t len,
	     const cyaml_schema_value_t *schema, void **value)
{
	cyaml_config_t config = cyaml_calls;
	char first[FIRST_MAX] = "";
	cyaml_err_t bad;
	int err;

	*value = NULL;
	memset(y, 0, sizeof(*y));
	y->file = file;
	err = check_form(y, text, len, schema);
	if (err)
		return err;
	config.log_ctx = first;
	bad = cyaml_load_data((const uint8_t *)text, len, &config, schema, value, NULL);
	if (!bad && *value)
		return 0;
	return yml_error(y, "", "%s; see man %s for the form",
			 *first ? first : cyaml_strerror(bad), program_invocation_short_name);
}

void yml_unload(const cyaml_schema_value_t *schema, void *value)
{
	cyaml_free(&cyaml_calls, schema, value, 0);
}

void yml_free(struct yml *y)
{
	if (y->loaded)
		yaml_document_delete(&y->doc);
	y->loaded = false;
}

static yaml_node_t *child(struct yml *y, yaml_node_t *node, const char *key, size_t len)
{
	yaml_node_pair_t *p;
	yaml_node_t *k;

	if (node->type != YAML_MAPPING_NODE)
		return NULL;
	for (p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++) {
		k = yaml_document_get_node(&y->doc, p->key);
		if (k->type == YAML_SCALAR_NODE && k->data.scalar.length == len &&
		    !memcmp(k->data.scalar.value, key, len))
			return yaml_document_get_node(&y->doc, p->value);
	}
	return NULL;
}

static yaml_node_t *entry(struct yml *y, yaml_node_t *node, unsigned long i)
{
	yaml_node_item_t *items;

	if (node->type != YAML_SEQUENCE_NODE)
		return NULL;
	items = node->data.sequence.items.start;
	if (i >= (unsigned long)(node->data.sequence.items.top - items))
		return NULL;
	return yaml_document_get_node(&y->doc, items[i]);
}

unsigned int yml_line(struct yml *y, const char *path)
{
	yaml_node_t *node, *next;
	unsigned int line;
	size_t len;
	char *end;

	node = y->loaded ? yaml_document_get_root_node(&y->doc) : NULL;
	for (line = node ? LINES(node) : 0; node && *path; node = next) {
		if (*path == '[') {
			next = entry(y, node, strtoul(path + 1, &end, 10));
			path = *end ? end + 1 : end;
		} else {
			path += *path == '.';
			len = strcspn(path, ".[");
			next = child(y, node, path, len);
			path += len;
		}
		if (next)
			line = LINES(next);
	}
	return line;
}

int yml_quantity(struct yml *y, const char *path, const char *text,
		 const struct unit_quantity *q, uint64_t min, uint64_t max, uint64_t *value)
{
	char low[UNIT_TEXT], high[UNIT_TEXT];
	uint64_t v;
	int err;

	if (!text)
		return 0;
	err = unit_parse(q, text, &v);
	if (err == -EINVAL)
		return yml_error(y, path, "\"%.40s\" is wrong; give %s", text, q->want);
	if (!err && v >= min && v <= max) {
		*value = v;
		return 0;
	}
	unit_format(q, min, low);
	unit_format(q, max, high);
	return yml_error(y, path, "\"%.40s\" is out of range or too fine; give %s to %s", text,
			 low, max == UINT64_MAX ? "2^64-1" : high);
}
