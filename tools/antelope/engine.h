/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The program in the kernel, as the daemon sees it. All of it belongs to file
 * descriptors of this process: however that ends, nothing stays behind, and flows
 * keep the congestion control that they have. Functions return 0 or -errno; those
 * that say so have printed the error.
 */
#ifndef ANTELOPE_ENGINE_H
#define ANTELOPE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "antelope.h"
#include "live.h"

struct engine;

/* Opens the cgroup, loads the program; it is not attached yet. Says what is wrong. */
int engine_open(struct engine **e, const char *cgroup);
void engine_close(struct engine *e);
/* From now on flows are chosen for. Says what is wrong. */
int engine_attach(struct engine *e);

void engine_configure(struct engine *e, const struct antelope_config *c);
/* ANTELOPE_FORESTS of them, all at once; NULL: no model. */
int engine_set_forests(struct engine *e, const struct antelope_forest *forests);
/* cc ANTELOPE_NO_CC removes it. */
int engine_set_prior(struct engine *e, const struct antelope_prefix *to, uint8_t cc,
		     uint32_t epoch);
/* What flows to that address have found out; -ENOENT: nothing. */
int engine_path(struct engine *e, const __u8 addr[16], unsigned int objective,
		struct antelope_path *path);
/* expiry_ns 0 removes it. */
int engine_set_override(struct engine *e, uint64_t cookie, uint8_t cc, uint32_t epoch,
			uint64_t expiry_ns);
/* In place of those there are. Says which folder is no cgroup. */
struct config;
int engine_set_objectives(struct engine *e, const struct config *c);
int engine_counters(struct engine *e, struct antelope_counters *sum);

/* To be polled; engine_consume() then calls fn for each record. */
int engine_ring(struct engine *e);
int engine_consume(struct engine *e);
void engine_on_record(struct engine *e,
		      void (*fn)(void *arg, const struct antelope_record *r), void *arg);

/* Take in connections that are open; how many sockets, or -errno. */
int engine_adopt(struct engine *e);
int engine_release(struct engine *e);
/* Connections that there are now, idle ones too; 0 or -errno. */
int engine_list(struct engine *e, void (*fn)(void *arg, const struct antelope_live *l), void *arg);

#endif
