// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads model files, and believes nothing in them. The order is: size; JSON; format
 * and schema, so that a model of another antelope is told from a broken one; then
 * every member by its type, number and range; the digest last, over what was
 * understood (see model_write.c). Only then there is a model.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model_format.h"

#define JSON_DEPTH	8	/* a model has 6 */

#define STRING_(x)	#x
#define STRING(x)	STRING_(x)

static const char * const objective_names[ANTELOPE_OBJECTIVES] = {
	[ANTELOPE_BALANCED] = "balanced",
	[ANTELOPE_THROUGHPUT] = "throughput",
	[ANTELOPE_LATENCY] = "latency",
};

const char *model_schema(void)
{
	static char text[MODEL_SCHEMA];
	static const int weights[ANTELOPE_OBJECTIVES] = ANTELOPE_DELAY_WEIGHTS;
	unsigned char hash[(MODEL_SCHEMA - 1) / 2];
	char of[512];
	int n;

	if (*text)
		return text;
	n = snprintf(of, sizeof(of), "%s; depth %u, trees %u, ccs %u, reward %u, weights",
		     ANTELOPE_SCHEMA, ANTELOPE_DEPTH, ANTELOPE_TREES, ANTELOPE_CCS,
		     ANTELOPE_REWARD_BITS);
	for (unsigned int i = 0; i < ANTELOPE_OBJECTIVES; i++)
		n += snprintf(of + n, sizeof(of) - n, " %d/%u", weights[i],
			      1 << ANTELOPE_WEIGHT_BITS);
	n += snprintf(of + n, sizeof(of) - n, ", record %zu", sizeof(struct antelope_record));
	crypto_generichash(hash, sizeof(hash), (unsigned char *)of, n, NULL, 0);
	sodium_bin2hex(text, sizeof(text), hash, sizeof(hash));
	return text;
}

const char *model_objective_name(unsigned int objective)
{
	return objective < ANTELOPE_OBJECTIVES ? objective_names[objective] : "none";
}

int model_objective(const char *name)
{
	for (int i = 0; i < ANTELOPE_OBJECTIVES; i++)
		if (!strcmp(objective_names[i], name))
			return i;
	return -EINVAL;
}

unsigned int model_cc(const struct antelope_model *m, const char *name)
{
	unsigned int i;

	for (i = 0; i < m->ccs; i++)
		if (!strncmp(m->cc[i], name, ANTELOPE_CC_NAME))
			return i;
	return ANTELOPE_NO_CC;
}

unsigned int model_forests(const struct antelope_model *m, const char cc[][ANTELOPE_CC_NAME],
			   unsigned int ccs, struct antelope_forest *to)
{
	struct antelope_forest *f;
	unsigned int i, number, o, known = 0;

	memset(to, 0, ANTELOPE_FORESTS * sizeof(*to));
	for (i = 0; i < ccs && i < ANTELOPE_CCS; i++) {
		number = model_cc(m, cc[i]);
		for (o = 0; o < ANTELOPE_OBJECTIVES; o++) {
			f = &to[o * ANTELOPE_CCS + i];
			if (number < ANTELOPE_CCS)
				*f = m->forest[o * ANTELOPE_CCS + number];
			f->cc = number < ANTELOPE_CCS ? number : ANTELOPE_CCS;
		}
		known += number < ANTELOPE_CCS;
	}
	return known;
}

void model_free(struct antelope_model *m)
{
	free(m);
}

static int parse_cc(struct place *p, json_object *o, struct antelope_model *m)
{
	const char *text = json_object_get_string(o);
	size_t len;

	if (!json_object_is_type(o, json_type_string))
		return place_error(p, "is no string");
	len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	if (!len || len >= ANTELOPE_CC_NAME || len != (size_t)json_object_get_string_len(o))
		return place_error(p, "\"%.20s\" is no name of a congestion control", text);
	if (m->ccs && strcmp(m->cc[m->ccs - 1], text) >= 0)
		return place_error(p, "\"%s\" stands twice, or not in order", text);
	memcpy(m->cc[m->ccs], text, len + 1);
	return 0;
}

static int parse_ccs(struct place *p, json_object *root, struct antelope_model *m)
{
	json_object *a = member_array(p, root, "ccs", 1, ANTELOPE_CCS);
	size_t was;
	int err;

	if (!a)
		return -EINVAL;
	for (m->ccs = 0; m->ccs < json_object_array_length(a); m->ccs++) {
		was = place_enter(p, "ccs[%u]", m->ccs);
		err = parse_cc(p, json_object_array_get_idx(a, m->ccs), m);
		if (err)
			return err;
		place_leave(p, was);
	}
	return 0;
}

static int parse_training(struct place *p, json_object *root, struct antelope_model *m)
{
	json_object *t = member(p, root, "training", json_type_object);
	json_object *a = member_array(p, root, "sources", 0, MODEL_SOURCES);
	struct model_training *to = &m->training;
	size_t was;
	int err;

	if (!t || !a)
		return -EINVAL;
	was = place_enter(p, "training");
	err = fields_read(p, t, model_training_fields, NULL, to);
	if (err)
		return err;
	place_leave(p, was);
	for (to->sources = 0; to->sources < json_object_array_length(a); to->sources++) {
		was = place_enter(p, "sources[%u]", to->sources);
		err = fields_read(p, json_object_array_get_idx(a, to->sources),
				  model_source_fields, NULL, &to->source[to->sources]);
		if (err)
			return err;
		place_leave(p, was);
	}
	return 0;
}

static int parse_numbers(struct place *p, json_object *tree, const char *name, size_t n,
			 double min, double max, int64_t *to)
{
	json_object *a = member_array(p, tree, name, n, n);
	size_t i, was;
	int err;

	if (!a)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		was = place_enter(p, ".%s[%zu]", name, i);
		err = read_number(p, json_object_array_get_idx(a, i), min, max, &to[i]);
		if (err)
			return err;
		place_leave(p, was);
	}
	return 0;
}

static int parse_tree(struct place *p, json_object *o, struct antelope_tree *t)
{
	static const char * const members[] = { "feature", "threshold", "leaf", NULL };
	static const struct field none[] = { { 0 } };
	int64_t feature[ANTELOPE_NODES], threshold[ANTELOPE_NODES], leaf[ANTELOPE_LEAVES];
	unsigned int i;
	int err;

	err = fields_read(p, o, none, members, NULL);
	if (!err)
		err = parse_numbers(p, o, "feature", ANTELOPE_NODES, 0, ANTELOPE_FEATURES - 1,
				    feature);
	if (!err)
		err = parse_numbers(p, o, "threshold", ANTELOPE_NODES, -MODEL_VALUE_MAX,
				    MODEL_VALUE_MAX, threshold);
	if (!err)
		err = parse_numbers(p, o, "leaf", ANTELOPE_LEAVES, -MODEL_VALUE_MAX,
				    MODEL_VALUE_MAX, leaf);
	if (err)
		return err;
	for (i = 0; i < ANTELOPE_NODES; i++) {
		t->feature[i] = feature[i];
		t->threshold[i] = threshold[i];
	}
	for (i = 0; i < ANTELOPE_LEAVES; i++)
		t->leaf[i] = leaf[i];
	return 0;
}

/* Number of the forest by the names of its objective and CC. */
static int forest_number(struct place *p, json_object *o, const struct antelope_model *m)
{
	json_object *objective = member(p, o, "objective", json_type_string);
	json_object *cc = member(p, o, "cc", json_type_string);
	unsigned int number;
	int which;

	if (!objective || !cc)
		return -EINVAL;
	which = model_objective(json_object_get_string(objective));
	if (which < 0)
		return place_error(p, "objective is \"%.40s\", not balanced, throughput or latency",
				   json_object_get_string(objective));
	number = model_cc(m, json_object_get_string(cc));
	if (number == ANTELOPE_NO_CC)
		return place_error(p, "cc \"%.40s\" is not among the model's \"ccs\"",
				   json_object_get_string(cc));
	number += which * ANTELOPE_CCS;
	if (m->forest[number].trees)
		return place_error(p, "%s for %s stands twice", json_object_get_string(cc),
				   json_object_get_string(objective));
	return number;
}

static int parse_forest(struct place *p, json_object *o, struct antelope_model *m)
{
	static const char * const others[] = { "objective", "cc", "base", "trees", NULL };
	json_object *base, *trees;
	struct antelope_forest *f;
	size_t was, i, n;
	int64_t value;
	int number, err;

	if (!json_object_is_type(o, json_type_object))
		return place_error(p, "is no object");
	number = forest_number(p, o, m);
	if (number < 0)
		return number;
	f = &m->forest[number];
	err = fields_read(p, o, model_quality_fields, others, &m->quality[number]);
	if (err)
		return err;
	base = member(p, o, "base", json_type_int);
	trees = member_array(p, o, "trees", 1, ANTELOPE_TREES);
	if (!base || !trees)
		return -EINVAL;
	was = place_enter(p, ".base");
	err = read_number(p, base, -MODEL_VALUE_MAX, MODEL_VALUE_MAX, &value);
	if (err)
		return err;
	place_leave(p, was);
	f->base = value;
	n = json_object_array_length(trees);
	for (i = 0; i < n; i++) {
		was = place_enter(p, ".trees[%zu]", i);
		err = parse_tree(p, json_object_array_get_idx(trees, i), &f->tree[i]);
		if (err)
			return err;
		place_leave(p, was);
	}
	f->trees = n;
	return 0;
}

static int parse_forests(struct place *p, json_object *root, struct antelope_model *m)
{
	json_object *a = member_array(p, root, "forests", 1, ANTELOPE_FORESTS);
	size_t i, was;
	int err;

	if (!a)
		return -EINVAL;
	for (i = 0; i < json_object_array_length(a); i++) {
		was = place_enter(p, "forests[%zu]", i);
		err = parse_forest(p, json_object_array_get_idx(a, i), m);
		if (err)
			return err;
		place_leave(p, was);
	}
	return 0;
}

static int parse_head(struct place *p, json_object *root, struct antelope_model *m)
{
	static const char * const others[] = { "format", "schema", "ccs", "training", "sources",
					       "forests", NULL };
	json_object *o;

	if (!json_object_is_type(root, json_type_object) ||
	    !json_object_object_get_ex(root, "format", &o) ||
	    strcmp(json_object_get_string(o) ?: "", MODEL_FORMAT))
		return place_error(p, "is no \"" MODEL_FORMAT "\"; make one with antelope train");
	o = member(p, root, "schema", json_type_string);
	if (!o)
		return -EINVAL;
	if (strcmp(json_object_get_string(o), model_schema()))
		return place_error(p, "has schema %.32s, antelope %s: other features; train anew",
				   json_object_get_string(o), model_schema());
	return fields_read(p, root, model_fields, others, m);
}

static int parse_root(struct place *p, json_object *root, struct antelope_model *m)
{
	char digest[MODEL_DIGEST];
	int err;

	err = parse_head(p, root, m);
	if (!err)
		err = parse_ccs(p, root, m);
	if (!err)
		err = parse_training(p, root, m);
	if (!err)
		err = parse_forests(p, root, m);
	if (err)
		return err;
	err = model_digest(m, digest);
	if (err)
		return place_error(p, "no memory for its digest");
	if (strcmp(digest, m->digest))
		return place_error(p, "does not fit its digest: it was changed; get it anew");
	return 0;
}

static unsigned int line_of(const char *text, size_t end)
{
	unsigned int line = 1;

	for (size_t i = 0; i < end; i++)
		line += text[i] == '\n';
	return line;
}

static bool only_space(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!strchr(" \t\r\n", text[i]) || !text[i])
			return false;
	return true;
}

static json_object *parse_json(struct place *p, const char *text, size_t len)
{
	struct json_tokener *tok = json_tokener_new_ex(JSON_DEPTH);
	json_object *root = NULL;
	enum json_tokener_error error;
	size_t end;

	if (!tok) {
		place_error(p, "no memory to read it");
		return NULL;
	}
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	root = json_tokener_parse_ex(tok, text, len);
	error = json_tokener_get_error(tok);
	end = json_tokener_get_parse_end(tok);
	if (error == json_tokener_continue) {
		place_error(p, "ends in line %u before its JSON does; was it cut? get it anew",
			    line_of(text, len));
	} else if (error != json_tokener_success) {
		place_error(p, "line %u: %s; was the file damaged? get it anew",
			    line_of(text, end), json_tokener_error_desc(error));
	} else if (!only_space(text + end, len - end)) {
		place_error(p, "line %u: something follows the model; get the file anew",
			    line_of(text, end));
		json_object_put(root);
		root = NULL;
	} else if (!root) {
		place_error(p, "is no \"" MODEL_FORMAT "\"; make one with antelope train");
	}
	json_tokener_free(tok);
	return root;
}

int model_parse(struct antelope_model **model, const char *path, const char *text, size_t len,
		char *err)
{
	struct place p = { .file = path, .err = err };
	struct antelope_model *m;
	json_object *root;
	int bad;

	*model = NULL;
	if (len > MODEL_FILE_MAX)
		return place_error(&p, "has more than %u bytes: no model has; check the path",
				   MODEL_FILE_MAX);
	m = calloc(1, sizeof(*m));
	if (!m) {
		place_error(&p, "no memory for it");
		return -ENOMEM;
	}
	root = parse_json(&p, text, len);
	bad = root ? parse_root(&p, root, m) : -EINVAL;
	json_object_put(root);
	if (bad)
		free(m);
	else
		*model = m;
	return bad;
}

static int read_all(int fd, char *to, size_t *len)
{
	ssize_t n;

	*len = 0;
	while (*len <= MODEL_FILE_MAX) {
		n = read(fd, to + *len, MODEL_FILE_MAX + 1 - *len);
		if (n <= 0)
			return n ? -errno : 0;
		*len += n;
	}
	return 0;
}

int model_load(struct antelope_model **model, const char *path, char *err)
{
	struct place p = { .file = path, .err = err };
	size_t len = 0;
	struct stat st;
	char *text;
	int fd, bad;

	*model = NULL;
	/* Not waiting for the other end, should it be a pipe. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		bad = -errno;
		place_error(&p, "cannot open it: %s; antelope train makes models",
			    strerror(-bad));
		return bad;
	}
	text = calloc(1, MODEL_FILE_MAX + 2);
	if (!text || fstat(fd, &st)) {
		bad = -errno;
		place_error(&p, "cannot read it: %s", strerror(-bad));
	} else if (!S_ISREG(st.st_mode)) {
		bad = place_error(&p, "is no regular file; give the path of a model");
	} else {
		bad = read_all(fd, text, &len);
		if (bad)
			place_error(&p, "cannot read it: %s", strerror(-bad));
		else
			bad = model_parse(model, path, text, len, err);
	}
	free(text);
	close(fd);
	return bad;
}
