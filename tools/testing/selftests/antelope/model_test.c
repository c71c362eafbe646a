// SPDX-License-Identifier: GPL-2.0-only
/*
 * Model files. Expected:
 *
 * 1.	a model that was saved is loaded as it was, and saved again as the same bytes
 * 2.	a file that another program laid out anew is the same model
 * 3.	forests come in the caller's order of CCs; who is not in the model has none
 * 4.	each bad file is refused, with a message that names the file, the place in it
 *	and the cause, and no model
 * 5.	what cannot be read or replaced is told, and stays as it was
 * 6.	a tree of score.h goes right exactly from its threshold on
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest.h"
#include "model_random.h"
#include "score.h"

static char folder[32] = "/tmp/model_test.XXXXXX";
static char path[64], other[64];

static char *read_text(const char *from, size_t *len)
{
	char *text = calloc(1, MODEL_FILE_MAX + 1);
	FILE *f = fopen(from, "re");

	if (!text || !f)
		ksft_exit_fail_msg("cannot read %s\n", from);
	*len = fread(text, 1, MODEL_FILE_MAX, f);
	fclose(f);
	return text;
}

static struct antelope_model *load(const char *from)
{
	struct antelope_model *m;
	char err[MODEL_ERR] = "";

	if (model_load(&m, from, err))
		ksft_exit_fail_msg("%s\n", err);
	return m;
}

static void save(struct antelope_model *m, const char *to)
{
	char err[MODEL_ERR] = "";

	if (model_save(m, to, err))
		ksft_exit_fail_msg("%s\n", err);
}

static void test_round_trip(struct antelope_model *m)
{
	struct antelope_model *back = load(path);
	size_t len, again;
	char *text = read_text(path, &len), *copy;

	save(back, other);
	copy = read_text(other, &again);
	ksft_test_result(!memcmp(m->forest, back->forest, sizeof(m->forest)) &&
			 !strcmp(m->training.source[0].name, back->training.source[0].name) &&
			 m->version == back->version && !strcmp(m->parent, back->parent) &&
			 len == again && !memcmp(text, copy, len), "saved, loaded, saved again\n");
	free(text);
	free(copy);
	model_free(back);
}

static void test_laid_out_anew(struct antelope_model *m)
{
	struct antelope_model *back = NULL;
	char err[MODEL_ERR] = "";
	const char *text;
	json_object *root = json_object_from_file(path);

	text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY);
	ksft_test_result(!model_parse(&back, "pretty", text, strlen(text), err) &&
			 !memcmp(m->forest, back->forest, sizeof(m->forest)),
			 "laid out anew: \"%s\"\n", err);
	json_object_put(root);
	model_free(back);
}

static void test_forests(struct antelope_model *m)
{
	static const char names[][ANTELOPE_CC_NAME] = { "c", "other", "a" };
	static struct antelope_forest f[ANTELOPE_FORESTS];
	unsigned int known = model_forests(m, names, 3, f);

	ksft_test_result(known == 2 && f[0].trees && f[0].cc == 2 &&
			 f[0].base == m->forest[2].base && !f[1].trees &&
			 f[1].cc == ANTELOPE_CCS && f[2].cc == 0 && !f[3].trees &&
			 !memcmp(f[ANTELOPE_LATENCY * ANTELOPE_CCS + 2].tree,
				 m->forest[ANTELOPE_LATENCY * ANTELOPE_CCS].tree,
				 sizeof(f[0].tree)), "forests by name\n");
}

/* Text in the file, what replaces its first occurrence, and what has to be said. */
static const struct bad {
	const char *from, *to, *says;
} bad[] = {
	{ "antelope-model 1", "antelope-model 2", "is no \"antelope-model 1\"" },
	{ "{\"format\"", "[{\"format\"", "line" },
	{ "\"schema\": \"", "\"schema\": \"0", "features" },
	{ "\"schema\"", "\"scheme\"", "\"schema\" is missing" },
	{ "\"version\": 3", "\"version\": 0", "version: is 0, must be 1" },
	{ "\"version\": 3", "\"version\": 3.5", "version: is no whole number" },
	{ "\"version\": 3", "\"version\": 99999999999999999999", "version: is" },
	{ "\"parent\": \"a", "\"parent\": \"g", "parent: must be 64 hexadecimal" },
	{ "\"parent\": \"a", "\"parent\": \"", "parent: must be 64 hexadecimal" },
	{ "\"ccs\": [\"a\", \"b\"", "\"ccs\": [\"a\", \"a\"", "ccs[1]: \"a\" stands twice" },
	{ "\"ccs\": [\"a\"", "\"ccs\": [\"A b\"", "ccs[0]: \"A b\" is no name" },
	{ "\"ccs\": [\"a\"", "\"ccs\": [\"abcdefghijklmnop\"", "ccs[0]" },
	{ "\"ccs\": [\"a\"", "\"ccs\": [7", "ccs[0]: is no string" },
	{ "\"rate\": 0.15", "\"rate\": NaN", "training.rate: is nan" },
	{ "\"rate\": 0.15", "\"rate\": 1e400", "training.rate: is inf" },
	{ "\"rate\": 0.15", "\"more\": 1, \"rate\": 0.15", "training: \"more\" is not known" },
	{ "\"records\": 12345678901", "\"records\": -1", "sources[0].records: is -1" },
	{ "\"objective\": \"balanced\"", "\"objective\": \"best\"",
	  "forests[0]: objective is \"best\"" },
	{ "\"balanced\", \"cc\": \"a\"", "\"balanced\", \"cc\": \"b\"",
	  "forests[1]: b for balanced stands twice" },
	{ "\"cc\": \"a\"", "\"cc\": \"z\"", "forests[0]: cc \"z\" is not among" },
	{ "\"rmse_mean\": 1.5", "\"rmse_mean\": \"1.5\"", "forests[0].rmse_mean: is no number" },
	{ "\"base\": ", "\"base\": 9999999", "forests[0].base: is" },
	{ "{\"feature\": [", "{\"feature\": [99, ", "forests[0].trees[0]: \"feature\" has 8" },
	{ "{\"feature\": [", "{\"features\": [", "forests[0].trees[0]: \"features\" is not known" },
	{ "\"leaf\": [", "\"leaf\": [99999999, ", "forests[0].trees[0]: \"leaf\" has 9 elements" },
	{ "\"threshold\": [", "\"threshold\": {}, \"x\": [", "forests[0].trees[0]" },
	{ "\"trees\": [\n", "\"trees\": [], \"wood\": [\n", "forests[0]: \"wood\" is not known" },
	{ "\"samples\": 100", "\"samples\": 101", "does not fit its digest" },
	{ "\"version\": 3", "\"version\": 4", "does not fit its digest" },
	{ "\n]}\n", "\n]}x\n", "line" },
	{ "\"b\"", "b", "line" },
};

static char *replaced(const char *text, const struct bad *b)
{
	const char *at = strstr(text, b->from);
	char *to = NULL;

	if (!at || asprintf(&to, "%.*s%s%s", (int)(at - text), text, b->to,
			    at + strlen(b->from)) < 0)
		ksft_exit_fail_msg("no \"%s\" in the file\n", b->from);
	return to;
}

static void test_bad(void)
{
	struct antelope_model *m;
	char err[MODEL_ERR];
	size_t i, len;
	char *text = read_text(path, &len), *to;
	bool refused;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		to = replaced(text, &bad[i]);
		memset(err, 0, sizeof(err));
		refused = model_parse(&m, "x.model", to, strlen(to), err) && !m;
		if (!refused || !strstr(err, bad[i].says) || strncmp(err, "x.model: ", 9))
			ksft_test_result_fail("\"%s\" for \"%s\": \"%s\"\n", bad[i].to,
					      bad[i].from, err);
		else
			ksft_test_result_pass("refused: %.80s\n", err);
		free(to);
	}
	free(text);
}

static void test_bad_feature(struct antelope_model *m)
{
	struct antelope_model *back;
	char err[MODEL_ERR] = "";
	bool refused;

	m->forest[0].tree[1].feature[6] = ANTELOPE_FEATURES;
	save(m, other);
	refused = model_load(&back, other, err) && !back;
	ksft_test_result(refused && strstr(err, "forests[0].trees[1].feature[6]: is 16"),
			 "feature out of range, its digest right: %s\n", err);
}

static void test_cut(void)
{
	struct antelope_model *m;
	char err[MODEL_ERR];
	size_t len, i, taken = 0;
	char *text = read_text(path, &len);

	for (i = 0; i < len - 1; i++)
		taken += !model_parse(&m, "x", text, i, err);
	ksft_test_result(!taken, "cut anywhere, %zu of %zu taken\n", taken, len - 1);
	free(text);
}

static bool cannot_load(const char *from, const char *says)
{
	struct antelope_model *m;
	char err[MODEL_ERR] = "";
	bool refused = model_load(&m, from, err) && !m;

	if (!refused || !strstr(err, says) || !strstr(err, from))
		ksft_print_msg("%s: \"%s\", expected \"%s\"\n", from, err, says);
	return refused && strstr(err, says) && strstr(err, from);
}

static void test_files(struct antelope_model *m)
{
	char fifo[64], none[64], err[MODEL_ERR] = "";
	bool good;

	snprintf(fifo, sizeof(fifo), "%s/fifo", folder);
	snprintf(none, sizeof(none), "%s/none/model", folder);
	if (mkfifo(fifo, 0600))
		ksft_exit_fail_msg("mkfifo: %s\n", strerror(errno));
	good = cannot_load(fifo, "is no regular file") && cannot_load(folder, "") &&
	       cannot_load(none, "No such file") && cannot_load("/dev/null", "no regular file");
	if (truncate(other, 0))
		ksft_exit_fail_msg("truncate: %s\n", strerror(errno));
	good &= cannot_load(other, "ends in line 1");
	if (truncate(other, 64 << 20))
		ksft_exit_fail_msg("truncate: %s\n", strerror(errno));
	good &= cannot_load(other, "more than");
	ksft_test_result(good, "files that cannot be models\n");
	good = model_save(m, fifo, err) == -EINVAL && strstr(err, fifo);
	good &= model_save(m, none, err) == -ENOENT && strstr(err, "as it was");
	ksft_test_result(good, "places where no model can be: %s\n", err);
	unlink(fifo);
}

static void test_threshold(void)
{
	struct antelope_forest f = { .trees = 1, .base = 1000 };
	static const int32_t beside[] = { -6, -5, 7 };
	int32_t x[ANTELOPE_FEATURES] = { 0 }, got[3];
	struct antelope_tree *t = &f.tree[0];
	int i;

	for (i = 0; i < ANTELOPE_NODES; i++) {
		t->feature[i] = 3;
		t->threshold[i] = i == 0 ? -5 : i == 2 ? 7 : 100;
	}
	for (i = 0; i < ANTELOPE_LEAVES; i++)
		t->leaf[i] = i;
	for (i = 0; i < 3; i++) {
		x[3] = beside[i];
		got[i] = score_forest(&f, x);
	}
	ksft_test_result(got[0] == 1000 && got[1] == 1004 && got[2] == 1006,
			 "thresholds: %d %d %d\n", got[0], got[1], got[2]);
}

int main(void)
{
	static struct antelope_model m;

	ksft_print_header();
	ksft_set_plan(8 + ARRAY_SIZE(bad));
	if (!mkdtemp(folder))
		ksft_exit_fail_msg("%s: %s\n", folder, strerror(errno));
	snprintf(path, sizeof(path), "%s/model", folder);
	snprintf(other, sizeof(other), "%s/other", folder);
	model_random(&m, 3, 2, 1);
	save(&m, path);
	test_round_trip(&m);
	test_laid_out_anew(&m);
	test_forests(&m);
	test_bad();
	test_bad_feature(&m);
	test_cut();
	test_files(&m);
	test_threshold();
	unlink(path);
	unlink(other);
	rmdir(folder);
	ksft_finished();
}
