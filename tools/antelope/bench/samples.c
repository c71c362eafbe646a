// SPDX-License-Identifier: GPL-2.0-only
/* Samples of a round trip time, kept whole: percentiles are exact. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "pathload.h"

static int make_room(struct samples *s, size_t more)
{
	size_t room = s->room ? s->room : 1024;
	uint32_t *us;

	while (room < s->count + more)
		room *= 2;
	if (room == s->room)
		return 0;
	us = realloc(s->us, room * sizeof(*us));
	if (!us)
		return -ENOMEM;
	s->us = us;
	s->room = room;
	return 0;
}

int samples_add(struct samples *s, uint32_t us)
{
	int err = make_room(s, 1);

	if (err)
		return err;
	s->us[s->count++] = us;
	s->sum += us;
	return 0;
}

int samples_join(struct samples *to, const struct samples *from)
{
	int err = make_room(to, from->count);

	if (err)
		return err;
	if (from->count)
		memcpy(to->us + to->count, from->us, from->count * sizeof(*to->us));
	to->count += from->count;
	to->sum += from->sum;
	return 0;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

void samples_print(struct samples *s)
{
	if (!s->count) {
		printf("\"samples\":0");
		return;
	}
	qsort(s->us, s->count, sizeof(*s->us), by_value);
	printf("\"samples\":%zu,\"p50_us\":%u,\"p95_us\":%u,\"mean_us\":%.0f", s->count,
	       s->us[s->count / 2], s->us[s->count * 95 / 100], s->sum / s->count);
}

void samples_free(struct samples *s)
{
	free(s->us);
	*s = (struct samples){ 0 };
}
