// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes model files. There is one text for a model: members in one order, a tree a
 * line, numbers in the shortest form that is read back as it was. The digest is that
 * of this text with an empty digest in it; so a file may be laid out anew by other
 * programs, and is still known for what it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model_format.h"

#define AT(type, member)	offsetof(struct type, member)
#define EXACT			9007199254740992.0	/* 2^53, what any JSON reader keeps */

const struct field model_fields[] = {
	{ "version", FIELD_U32, AT(antelope_model, version), 1, UINT32_MAX },
	{ "parent", FIELD_HEX, AT(antelope_model, parent), 0, MODEL_DIGEST },
	{ "digest", FIELD_HEX, AT(antelope_model, digest), 0, MODEL_DIGEST },
	{ 0 }
};

const struct field model_training_fields[] = {
	{ "seed", FIELD_U64, AT(model_training, seed), 0, EXACT },
	{ "trees", FIELD_U32, AT(model_training, trees), 1, ANTELOPE_TREES },
	{ "depth", FIELD_U32, AT(model_training, depth), 1, ANTELOPE_DEPTH },
	{ "centred", FIELD_U32, AT(model_training, centred), 0, 1 },
	{ "horizon_s", FIELD_DOUBLE, AT(model_training, horizon_s), 0, 1e6 },
	{ "rate", FIELD_DOUBLE, AT(model_training, rate), 0, 1 },
	{ "gamma", FIELD_DOUBLE, AT(model_training, gamma), 0, 1e9 },
	{ "leaf", FIELD_DOUBLE, AT(model_training, leaf), 0, 1e9 },
	{ "holdout", FIELD_DOUBLE, AT(model_training, holdout), 0, 1 },
	{ "clip", FIELD_DOUBLE, AT(model_training, clip), 1, 65535 },
	{ "bound", FIELD_DOUBLE, AT(model_training, bound), 0, 1e6 },
	{ "blur", FIELD_DOUBLE, AT(model_training, blur), 0, 16 },
	{ 0 }
};

const struct field model_source_fields[] = {
	{ "name", FIELD_TEXT, AT(model_source, name), 0, sizeof(((struct model_source *)0)->name) },
	{ "digest", FIELD_HEX, AT(model_source, digest), 0, MODEL_DIGEST },
	{ "records", FIELD_U64, AT(model_source, records), 0, EXACT },
	{ 0 }
};

const struct field model_quality_fields[] = {
	{ "samples", FIELD_U64, AT(model_quality, samples), 0, EXACT },
	{ "held", FIELD_U64, AT(model_quality, held), 0, EXACT },
	{ "rmse", FIELD_DOUBLE, AT(model_quality, rmse), 0, 1e9 },
	{ "rmse_mean", FIELD_DOUBLE, AT(model_quality, rmse_mean), 0, 1e9 },
	{ 0 }
};

static void write_tree(FILE *f, const struct antelope_tree *t)
{
	unsigned int i;

	fputs("{\"feature\": [", f);
	for (i = 0; i < ANTELOPE_NODES; i++)
		fprintf(f, "%s%u", i ? ", " : "", t->feature[i]);
	fputs("], \"threshold\": [", f);
	for (i = 0; i < ANTELOPE_NODES; i++)
		fprintf(f, "%s%d", i ? ", " : "", t->threshold[i]);
	fputs("], \"leaf\": [", f);
	for (i = 0; i < ANTELOPE_LEAVES; i++)
		fprintf(f, "%s%d", i ? ", " : "", t->leaf[i]);
	fputs("]}", f);
}

static void write_forest(FILE *f, const struct antelope_model *m, unsigned int n)
{
	const struct antelope_forest *forest = &m->forest[n];
	unsigned int i;

	fprintf(f, "{\"objective\": \"%s\", \"cc\": \"%s\", ",
		model_objective_name(n / ANTELOPE_CCS), m->cc[n % ANTELOPE_CCS]);
	fields_write(f, model_quality_fields, &m->quality[n]);
	fprintf(f, ", \"base\": %d, \"trees\": [", forest->base);
	for (i = 0; i < forest->trees; i++) {
		fputs(i ? ",\n" : "\n", f);
		write_tree(f, &forest->tree[i]);
	}
	fputs("\n]}", f);
}

void model_write(FILE *f, const struct antelope_model *m, const char *digest)
{
	struct antelope_model head = { .version = m->version };
	bool first = true;
	unsigned int i;

	memcpy(head.parent, m->parent, sizeof(head.parent));
	memcpy(head.digest, digest, strlen(digest) + 1);
	fprintf(f, "{\"format\": \"%s\", \"schema\": \"%s\",\n", MODEL_FORMAT, model_schema());
	fields_write(f, model_fields, &head);
	fputs(",\n\"ccs\": [", f);
	for (i = 0; i < m->ccs; i++)
		fprintf(f, "%s\"%s\"", i ? ", " : "", m->cc[i]);
	fputs("],\n\"training\": {", f);
	fields_write(f, model_training_fields, &m->training);
	fputs("},\n\"sources\": [", f);
	for (i = 0; i < m->training.sources; i++) {
		fputs(i ? ",\n{" : "\n{", f);
		fields_write(f, model_source_fields, &m->training.source[i]);
		fputs("}", f);
	}
	fputs("\n],\n\"forests\": [", f);
	for (i = 0; i < ANTELOPE_FORESTS; i++) {
		if (!m->forest[i].trees)
			continue;
		fputs(first ? "\n" : ",\n", f);
		write_forest(f, m, i);
		first = false;
	}
	fputs("\n]}\n", f);
}

int model_digest(const struct antelope_model *m, char *digest)
{
	unsigned char hash[(MODEL_DIGEST - 1) / 2];
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return -ENOMEM;
	model_write(f, m, "");
	if (fclose(f)) {
		free(text);
		return -ENOMEM;
	}
	crypto_generichash(hash, sizeof(hash), (unsigned char *)text, len, NULL, 0);
	sodium_bin2hex(digest, MODEL_DIGEST, hash, sizeof(hash));
	free(text);
	return 0;
}

static int save_error(char *err, const char *path, const char *what, int error)
{
	snprintf(err, MODEL_ERR, "%.200s: cannot %s: %s; the file is as it was", path, what,
		 strerror(error));
	return -error;
}

/* Beside the file, then in its place: nobody reads half a model. */
static int replace(const struct antelope_model *m, const char *path, char *next, char *err)
{
	mode_t mask = umask(0);
	int fd, bad;
	FILE *f;

	umask(mask);
	fd = mkstemp(next);
	if (fd < 0)
		return save_error(err, path, "make a file beside it", errno);
	f = fdopen(fd, "w");
	if (!f) {
		bad = errno;
		close(fd);
		goto remove;
	}
	model_write(f, m, m->digest);
	bad = fflush(f) || fchmod(fd, 0666 & ~mask) || fsync(fd) ? errno : 0;
	if (fclose(f) && !bad)
		bad = errno;
	if (!bad && !rename(next, path))
		return 0;
	bad = bad ? bad : errno;
remove:
	unlink(next);
	return save_error(err, path, "write it", bad);
}

int model_save(struct antelope_model *m, const char *path, char *err)
{
	struct stat st;
	sigset_t all, was;
	char *next;
	int bad;

	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return save_error(err, path, "replace what is no regular file", EINVAL);
	if (asprintf(&next, "%s.XXXXXX", path) < 0)
		return save_error(err, path, "write it", ENOMEM);
	bad = model_digest(m, m->digest);
	if (bad) {
		save_error(err, path, "write it", -bad);
		goto free_next;
	}
	/* Ctrl-C waits, so that no file is left beside it. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &was);
	bad = replace(m, path, next, err);
	sigprocmask(SIG_SETMASK, &was, NULL);
free_next:
	free(next);
	return bad;
}
