// SPDX-License-Identifier: GPL-2.0-only
/*
 * libxgboost's trees as the kernel evaluates them.
 *
 * A split "x < t" of a float t is one of the integer ceil(t), for all x here are
 * integers which a float holds. A leaf is rounded to 2^-16, so each adds an error of
 * at most 2^-17; the base is given to libxgboost rounded already, and counts as one
 * more for the floats that libxgboost sums. A branch that ends above the last level
 * is continued to it by splits whose both sides have its leaf.
 *
 * One thread and a fixed seed: the same rows give the same trees, to the bit.
 */
#include <dlfcn.h>
#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boost.h"
#include "model.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/*
 * Loaded when it is needed, by the name that the tree was built with: it is large, and
 * nobody but train wants it. It stays, for its threads would not survive their code.
 */
static struct {
	typeof(XGBGetLastError) *last_error;
	typeof(XGDMatrixCreateFromMat) *make_rows;
	typeof(XGDMatrixSetFloatInfo) *set_info;
	typeof(XGDMatrixFree) *free_rows;
	typeof(XGBoosterCreate) *create;
	typeof(XGBoosterSetParam) *set_param;
	typeof(XGBoosterUpdateOneIter) *update;
	typeof(XGBoosterDumpModelEx) *dump;
	typeof(XGBoosterFree) *free;
} lib;

static const struct {
	const char *name;
	void *to;
} symbols[] = {
	{ "XGBGetLastError", &lib.last_error },
	{ "XGDMatrixCreateFromMat", &lib.make_rows },
	{ "XGDMatrixSetFloatInfo", &lib.set_info },
	{ "XGDMatrixFree", &lib.free_rows },
	{ "XGBoosterCreate", &lib.create },
	{ "XGBoosterSetParam", &lib.set_param },
	{ "XGBoosterUpdateOneIter", &lib.update },
	{ "XGBoosterDumpModelEx", &lib.dump },
	{ "XGBoosterFree", &lib.free },
};

static int open_lib(char *err)
{
	void *handle, *symbol;
	size_t i;

	if (lib.free)
		return 0;
	handle = dlopen(BOOST_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	for (i = 0; handle && i < ARRAY_SIZE(symbols); i++) {
		symbol = dlsym(handle, symbols[i].name);
		if (!symbol)
			break;
		memcpy(symbols[i].to, &symbol, sizeof(symbol));
	}
	if (lib.free)
		return 0;
	snprintf(err, MODEL_ERR, "libxgboost cannot be loaded: %.300s; apt-get install libxgboost0",
		 dlerror());
	return -ENOENT;
}

static int refuse(char *err, const char *what)
{
	snprintf(err, MODEL_ERR, "libxgboost cannot %s: %.400s", what, lib.last_error());
	return -EIO;
}

static int set_params(BoosterHandle booster, const struct boost *b, int32_t base)
{
	static const char * const fixed[][2] = {
		{ "objective", "reg:squarederror" },
		{ "tree_method", "hist" },
		{ "nthread", "1" },
		{ "verbosity", "0" },
	};
	const struct { const char *name; double value; } given[] = {
		{ "seed", b->seed }, { "max_depth", b->depth }, { "eta", b->rate },
		{ "gamma", b->gamma }, { "min_child_weight", b->leaf },
		{ "base_score", (double)base / (1 << ANTELOPE_REWARD_BITS) },
	};
	char text[32];
	size_t i;
	int bad = 0;

	for (i = 0; i < ARRAY_SIZE(fixed) && !bad; i++)
		bad = lib.set_param(booster, fixed[i][0], fixed[i][1]);
	for (i = 0; i < ARRAY_SIZE(given) && !bad; i++) {
		snprintf(text, sizeof(text), "%.16g", given[i].value);
		bad = lib.set_param(booster, given[i].name, text);
	}
	return bad;
}

int boost_fit(const struct boost *b, const float *x, const float *y, const float *w, size_t n,
	      int32_t base, BoosterHandle *booster, char *err)
{
	DMatrixHandle rows;
	uint32_t i;
	int bad;

	*booster = NULL;
	bad = open_lib(err);
	if (bad)
		return bad;
	if (lib.make_rows(x, n, ANTELOPE_FEATURES, NAN, &rows))
		return refuse(err, "take the samples");
	bad = lib.set_info(rows, "label", y, n) ||
	      lib.set_info(rows, "weight", w, n) ||
	      lib.create(&rows, 1, booster) || set_params(*booster, b, base);
	for (i = 0; i < b->trees && !bad; i++)
		bad = lib.update(*booster, i, rows);
	if (bad) {
		refuse(err, "grow trees");
		if (*booster)
			lib.free(*booster);
		*booster = NULL;
	}
	lib.free_rows(rows);
	return bad ? -EIO : 0;
}

static int32_t rounded(double value)
{
	double scaled = nearbyint(value * (1 << ANTELOPE_REWARD_BITS));

	return fmax(-MODEL_VALUE_MAX, fmin(MODEL_VALUE_MAX, scaled));
}

static double number(json_object *node, const char *name)
{
	return json_object_get_double(json_object_object_get(node, name));
}

/* The child with this number, since their order is not promised. */
static json_object *child(json_object *node, const char *which)
{
	json_object *children = json_object_object_get(node, "children"), *c;
	size_t i, n = children ? json_object_array_length(children) : 0;

	for (i = 0; i < n; i++) {
		c = json_object_array_get_idx(children, i);
		if (number(c, "nodeid") == number(node, which))
			return c;
	}
	return NULL;
}

static int put_leaf(struct antelope_tree *t, unsigned int at, int32_t leaf)
{
	if (at >= ANTELOPE_NODES) {
		t->leaf[at - ANTELOPE_NODES] = leaf;
		return 0;
	}
	return put_leaf(t, 2 * at + 1, leaf) | put_leaf(t, 2 * at + 2, leaf);
}

static int put_node(json_object *node, struct antelope_tree *t, unsigned int at, double *gain)
{
	json_object *leaf, *split;
	unsigned int feature;

	if (!node)
		return -EINVAL;
	leaf = json_object_object_get(node, "leaf");
	if (leaf)
		return put_leaf(t, at, rounded(json_object_get_double(leaf)));
	split = json_object_object_get(node, "split");
	if (at >= ANTELOPE_NODES || !split ||
	    sscanf(json_object_get_string(split), "f%u", &feature) != 1 ||
	    feature >= ANTELOPE_FEATURES)
		return -EINVAL;
	t->feature[at] = feature;
	t->threshold[at] = fmax(-MODEL_VALUE_MAX, fmin(MODEL_VALUE_MAX,
						       ceil(number(node, "split_condition"))));
	if (gain)
		gain[feature] += number(node, "gain");
	return put_node(child(node, "yes"), t, 2 * at + 1, gain) ?:
	       put_node(child(node, "no"), t, 2 * at + 2, gain);
}

static int bad_trees(char *err, const char *why)
{
	snprintf(err, MODEL_ERR, "trees of libxgboost: %s", why);
	return -EIO;
}

int boost_export(BoosterHandle booster, int32_t base, struct antelope_forest *to, double *gain,
		 char *err)
{
	json_object *root;
	const char **text;
	bst_ulong n, i;
	int bad = 0;

	if (lib.dump(booster, "", 1, "json", &n, &text))
		return refuse(err, "give its trees");
	if (n > ANTELOPE_TREES)
		return bad_trees(err, "there are more than asked for");
	memset(to, 0, sizeof(*to));
	to->base = base;
	to->trees = n;
	for (i = 0; i < n && !bad; i++) {
		root = json_tokener_parse(text[i]);
		bad = put_node(root, &to->tree[i], 0, gain);
		json_object_put(root);
	}
	return bad ? bad_trees(err, "one has another form than that of 1.7") : 0;
}

void boost_free(BoosterHandle booster)
{
	lib.free(booster);
}
