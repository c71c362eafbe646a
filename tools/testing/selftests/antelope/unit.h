/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the tests that run unit.bpf.c. */
#ifndef UNIT_H
#define UNIT_H

#include <stdbool.h>

#include "state.h"
#include "unit.skel.h"

#define VECTORS	1024	/* as in unit.bpf.c */

extern struct unit_bpf *unit;

/* Load, or skip all without the right to. */
void unit_open(void);
void unit_close(void);
/* Exits when the program does not run. */
void unit_run(struct bpf_program *prog);
/* The same numbers in every run. */
__u64 unit_random64(void);
void unit_random_forest(struct antelope_forest *f, int trees);
/* Put forests in the place of the model. */
void unit_model(const struct antelope_forest forest[ANTELOPE_FORESTS]);

#endif
