/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon of "antelope run": one thread, one event loop.
 *
 *	run.c		starts and stops, in one order and its reverse
 *	run_config.c	settings and model, at start and again
 *	run_records.c	records of the kernel to flows, destinations, guard, log
 *	control*.c	questions and orders by a socket
 */
#ifndef ANTELOPE_DAEMON_H
#define ANTELOPE_DAEMON_H

#include <systemd/sd-event.h>

#include "config.h"
#include "engine.h"
#include "flows.h"
#include "guard.h"
#include "log.h"
#include "model.h"
#include "options.h"
#include "prior.h"
#include "system.h"

struct control;

struct daemon {
	struct options options;
	struct config config;
	struct antelope_config kernel;	/* as the program has it */
	struct engine *engine;
	struct antelope_model *model;	/* NULL: none */
	struct log_writer *log;		/* NULL: none */
	char log_error[LOG_ERR];
	uint64_t logged;
	uint64_t log_lost;
	struct flows flows;
	struct priors priors;
	struct guard guard;
	struct system_switches switches;
	struct control *control;
	sd_event *event;
	uint64_t started_ns;
	uint32_t epoch;			/* counts models and overrides */
	uint32_t reloads;
	int adopted;			/* connections, or -errno */
};

uint64_t daemon_now_ns(void);
/* Number of the CC in the program, or ANTELOPE_NO_CC. */
unsigned int daemon_cc(const struct daemon *d, const char *name);

/* Model and kernel's settings of d->config; errors are printed. */
int daemon_configure(struct daemon *d);
/* File and model again. An error is printed, and all stays as it was. */
int daemon_reload(struct daemon *d);
/* A new file; errors are said, and kept for status. */
void daemon_begin_log(struct daemon *d);
void daemon_flush_log(struct daemon *d);

/* For engine_on_record(). */
void daemon_record(void *daemon, const struct antelope_record *r);
/* Wants this CC for the flow, until the time; 0 ends it. 0 or -errno. */
int daemon_override(struct daemon *d, struct flow_head *flow, uint8_t cc, uint64_t expiry_ns);

/* control.c. Says what is wrong. */
int control_open(struct control **c, struct daemon *d, const char *path);
void control_close(struct control *c);

#endif
