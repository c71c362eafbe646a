/* SPDX-License-Identifier: GPL-2.0-only */
/* What the reader and the writer of model files share. */
#ifndef ANTELOPE_MODEL_FORMAT_H
#define ANTELOPE_MODEL_FORMAT_H

#include "model_json.h"

#define MODEL_FORMAT	"antelope-model 1"

extern const struct field model_fields[];	/* of struct antelope_model */
extern const struct field model_training_fields[];
extern const struct field model_source_fields[];
extern const struct field model_quality_fields[];

/* The whole file's text, with this digest. */
void model_write(FILE *f, const struct antelope_model *m, const char *digest);
int model_digest(const struct antelope_model *m, char *digest);

#endif
