/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Settings: defaults, then those of a file, then options. A file that is read again
 * gives way to the same options again.
 */
#ifndef ANTELOPE_CONFIG_H
#define ANTELOPE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "prefix.h"

#define CONFIG_FILE	"/etc/antelope.yaml"
#define CONFIG_CONTROL	"/run/antelope/control"
#define CONFIG_ERR	512	/* bytes of a message */
#define CONFIG_KEYS	32	/* at most, also what tools/lib/yml.c can check */
#define CONFIG_LIST	256	/* objectives and pins, at most */

enum config_patched { PATCHED_AUTO, PATCHED_NO };

/* Flows of this cgroup, and of those below it that have no other. */
struct config_objective {
	char *cgroup;
	uint8_t objective;
};

/* Connections to there have this CC, and keep it. */
struct config_pin {
	struct antelope_prefix to;
	char name[ANTELOPE_CC_NAME];
	uint8_t cc;		/* its number */
};

struct config {
	char *cgroup;
	char *model;		/* "": none */
	char *log;		/* "": none */
	char *control;
	uint64_t log_size;
	uint64_t log_keep;

	unsigned int ccs;
	char cc[ANTELOPE_CCS][ANTELOPE_CC_NAME];
	char *first;		/* "system", or a name of cc */
	uint64_t objective;
	uint64_t window_rtts;
	uint64_t window_time;	/* ns */
	uint64_t window_calm;	/* ns */
	uint64_t window_acks;
	uint64_t dwell;		/* ns */
	uint64_t dwell_windows;
	uint64_t confirm;
	uint64_t margin;	/* Q16 logarithms */
	uint64_t rollback;
	uint64_t explore;	/* Q16 */
	uint64_t trial_rtts;
	uint64_t trial_upside;	/* Q16 logarithm */
	uint64_t shadow;
	uint64_t patched;
	uint64_t adopt;

	uint64_t learn;
	uint64_t prefixes;
	uint64_t flows;
	uint64_t guard_flows;
	uint64_t guard_loss;	/* Q16 logarithm */

	struct config_objective *objectives;
	unsigned int nr_objectives;
	struct config_pin *pins;
	unsigned int nr_pins;

	char *text[CONFIG_KEYS];	/* as given, by key; for the record */
};

struct config_key {
	const char *name;
	const char *fallback;
	const struct config_kind *kind;
	size_t offset;
	uint64_t min, max;
	const char *help;
};

extern const struct config_key config_keys[];
extern const unsigned int config_nr_keys;

/* Everything at its default; free with config_free(), also after an error. */
int config_init(struct config *c);
void config_free(struct config *c);
/* One value, by its text; on error a message without the key, in err. */
int config_set(struct config *c, const struct config_key *key, const char *text, char *err);
/* What a value of this key looks like, for --help. */
const char *config_form(const struct config_key *key);
/* A file over the settings; errors are printed with their lines. */
int config_load(struct config *c, const char *path);
/* After file and options: what they say of each other. */
int config_resolve(struct config *c, char *err);
/* As YAML, each key; what config_load() reads again. */
void config_print(const struct config *c, FILE *to);
/* Number of the CC, or ANTELOPE_NO_CC. */
unsigned int config_cc(const struct config *c, const char *name);
/* Take out the CC, and what depends on it. */
void config_drop_cc(struct config *c, unsigned int cc);

#endif
