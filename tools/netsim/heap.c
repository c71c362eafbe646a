// SPDX-License-Identifier: GPL-2.0-only
/*
 * A binary heap in an array. The order is total, so what comes out does not
 * depend on the order in which it was put in, and thereby not on the host.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"

struct ns_frame *ns_frame_new(const void *data, size_t len)
{
	struct ns_frame *f = malloc(sizeof(*f) + len);

	if (!f)
		return NULL;
	f->refs = 1;
	f->len = len;
	memcpy(f->data, data, len);
	return f;
}

struct ns_frame *ns_frame_get(struct ns_frame *frame)
{
	frame->refs++;
	return frame;
}

void ns_frame_put(struct ns_frame *frame)
{
	if (frame && !--frame->refs)
		free(frame);
}

static bool before(const struct ns_event *a, const struct ns_event *b)
{
	if (a->time != b->time)
		return a->time < b->time;
	if (a->source != b->source)
		return a->source < b->source;
	return a->seq < b->seq;
}

int ns_heap_push(struct ns_heap *heap, const struct ns_event *event)
{
	struct ns_event *e = heap->events;
	size_t i, up;

	if (heap->nr == heap->size) {
		size_t size = heap->size ? 2 * heap->size : 64;

		e = realloc(e, size * sizeof(*e));
		if (!e)
			return -ENOMEM;
		heap->events = e;
		heap->size = size;
	}
	for (i = heap->nr++; i; i = up) {
		up = (i - 1) / 2;
		if (!before(event, &e[up]))
			break;
		e[i] = e[up];
	}
	e[i] = *event;
	return 0;
}

struct ns_event ns_heap_pop(struct ns_heap *heap)
{
	struct ns_event *e = heap->events, first = e[0], last = e[--heap->nr];
	size_t i = 0, down;

	while ((down = 2 * i + 1) < heap->nr) {
		if (down + 1 < heap->nr && before(&e[down + 1], &e[down]))
			down++;
		if (!before(&e[down], &last))
			break;
		e[i] = e[down];
		i = down;
	}
	e[i] = last;
	return first;
}

void ns_heap_free(struct ns_heap *heap)
{
	size_t i;

	for (i = 0; i < heap->nr; i++)
		ns_frame_put(heap->events[i].frame);
	free(heap->events);
	memset(heap, 0, sizeof(*heap));
}
