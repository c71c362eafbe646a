/* SPDX-License-Identifier: GPL-2.0-only */
/* Answers of the daemon. */
#ifndef ANTELOPE_ANSWER_H
#define ANTELOPE_ANSWER_H

#include <json-c/json.h>

#include "daemon.h"
#include "request.h"

/* Do what is asked. The result, or NULL and in err what is wrong. */
struct json_object *answer(struct daemon *d, const struct request *r, char *err);

#endif
