/* SPDX-License-Identifier: GPL-2.0-only */
/* Asks the daemon; for the verbs that show or change what it does. */
#ifndef ANTELOPE_CLIENT_H
#define ANTELOPE_CLIENT_H

#include <getopt.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "config.h"

/* Options that all of these verbs have, and what their help says of them. */
#define CLIENT_HELP \
	"  --json           as JSON\n" \
	"  --socket FILE    of the daemon [" CONFIG_CONTROL "]\n" \
	"  -h, --help       this text\n"

struct client_options {
	const char *socket;
	bool json;
};

/*
 * Parse them, and those in `more` (up to 4, values from 256), which `handle` gets;
 * argc is what is left over at the most. 0: go on at argv[optind]; else the exit
 * status + 1.
 */
int client_getopt(int argc, char **argv, struct client_options *o, const char *help,
		  const struct option *more, int (*handle)(int val, void *arg), void *arg,
		  int left_min, int left_max);

/* The result, to be freed by json_object_put(); NULL with the error printed. */
struct json_object *client_call(const struct client_options *o, struct json_object *request);
/* The same for a request of a verb alone. */
struct json_object *client_ask(const struct client_options *o, const char *verb);
/*
 * Prints a result, as it came with --json, else by `print`, unless that is NULL, and
 * frees it; NULL is the error of the call before. The exit status.
 */
int client_show(const struct client_options *o, struct json_object *result,
		void (*print)(struct json_object *result));

/* Members, with a default where there is none or another kind. */
const char *client_text(struct json_object *o, const char *key);
unsigned long long client_u64(struct json_object *o, const char *key);
double client_double(struct json_object *o, const char *key);
bool client_bool(struct json_object *o, const char *key);
struct json_object *client_member(struct json_object *o, const char *key);

/* A cookie on the command line; 0 or -EINVAL with the error printed. */
int client_cookie(const char *text, uint64_t *cookie);

/* 12.3M, with decimal prefixes; returns text. */
#define CLIENT_SHORT	16
const char *client_short(double value, char text[CLIENT_SHORT]);
/* 1.5ms; returns text. */
const char *client_time(double ns, char text[CLIENT_SHORT]);

#endif
