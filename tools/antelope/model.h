/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model: forests by objective and congestion control (CC), and where they come
 * from. Documentation/networking/antelope-model.rst has the file's format. What
 * model_load() returns has been checked throughout: it can be given to the kernel.
 */
#ifndef ANTELOPE_MODEL_H
#define ANTELOPE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "antelope.h"

#define MODEL_ERR	640		/* bytes of a message */
#define MODEL_FILE_MAX	0x100000	/* bytes; a full model has a quarter of it */
#define MODEL_SOURCES	512		/* logs named in a model, at most */
#define MODEL_DIGEST	65		/* BLAKE2b-256 in hexadecimal */
#define MODEL_SCHEMA	33		/* BLAKE2b-128 in hexadecimal */

/* Of leaves, bases and thresholds: no sum of a forest leaves 32 bits. */
#define MODEL_VALUE_MAX	0x1000000

/* How a forest was made, and how far off it is; rewards are logarithms. */
struct model_quality {
	uint64_t samples;	/* learnt from */
	uint64_t held;		/* kept back, and tested with */
	double rmse;		/* of what was kept back */
	double rmse_mean;	/* the same when the mean is predicted */
};

struct model_source {
	char name[256];		/* without folders */
	char digest[MODEL_DIGEST];
	uint64_t records;
};

struct model_training {
	uint64_t seed;
	uint32_t trees;
	uint32_t depth;
	uint32_t centred;	/* 1: rewards are those above the destination's mean */
	uint32_t sources;
	double horizon_s;	/* that a choice is judged by */
	double rate;
	double gamma;
	double leaf;		/* weight that a leaf must hold: destinations */
	double holdout;
	double clip;		/* largest weight of a sample */
	double bound;		/* of rewards, about the destination's level */
	double blur;		/* octaves */
	struct model_source source[MODEL_SOURCES];
};

struct antelope_model {
	uint32_t version;	/* of this model; counts from 1 */
	uint32_t ccs;
	char parent[MODEL_DIGEST];	/* the model that it follows, or "" */
	char digest[MODEL_DIGEST];	/* of all the rest; set by model_save() */
	char cc[ANTELOPE_CCS][ANTELOPE_CC_NAME];	/* sorted by name */
	struct model_training training;
	/* element objective * ANTELOPE_CCS + number in cc */
	struct model_quality quality[ANTELOPE_FORESTS];
	struct antelope_forest forest[ANTELOPE_FORESTS];
};

/* The hash of ANTELOPE_SCHEMA and of all else that a model depends on; it is in
 * every model and log.
 */
const char *model_schema(void);

/* "balanced", ...; and back: a negative number for what is none. */
const char *model_objective_name(unsigned int objective);
int model_objective(const char *name);

/*
 * 0, or -errno and in err one line without a line feed: file, place in it, cause and
 * next step. err has MODEL_ERR bytes. Free with model_free().
 */
int model_load(struct antelope_model **model, const char *path, char *err);
/* The same from memory; path is only for messages. */
int model_parse(struct antelope_model **model, const char *path, const char *text,
		size_t len, char *err);
/* Sets digest; replaces the file as a whole or leaves it as it was. */
int model_save(struct antelope_model *model, const char *path, char *err);
void model_free(struct antelope_model *model);

/* Number of the CC in the model, or ANTELOPE_NO_CC. */
unsigned int model_cc(const struct antelope_model *model, const char *name);

/*
 * The forests for the kernel's inner map, in the order of the CCs of the caller. A CC
 * that the model does not know has a forest of no trees. Returns how many it knows.
 */
unsigned int model_forests(const struct antelope_model *model,
			   const char cc[][ANTELOPE_CC_NAME], unsigned int ccs,
			   struct antelope_forest *to);

#endif
