/* SPDX-License-Identifier: GPL-2.0-only */
/* What is under way to one node, ordered by (time, source, sequence). */
#ifndef NETSIM_HEAP_H
#define NETSIM_HEAP_H

#include <stddef.h>
#include <stdint.h>

#include "config.h"

#define NS_SOURCE_CONTROL	UINT16_MAX	/* instead of a node: bytes for PID 1 */

/* Bytes shared by all who get them: the copies of a broadcast are one. */
struct ns_frame {
	uint32_t refs;
	uint32_t len;
	unsigned char data[];
};

struct ns_frame *ns_frame_new(const void *data, size_t len);
struct ns_frame *ns_frame_get(struct ns_frame *frame);
void ns_frame_put(struct ns_frame *frame);

struct ns_event {
	uint64_t time;
	uint64_t seq;		/* of the source: ties are broken the same way in each run */
	uint16_t source;	/* node, or NS_SOURCE_CONTROL */
	uint16_t nic;		/* of the destination */
	struct ns_frame *frame;
	struct ns_path_stats *path;
};

struct ns_heap {
	struct ns_event *events;
	size_t nr, size;
};

/* Takes over the event's reference to the frame. 0 or -ENOMEM. */
int ns_heap_push(struct ns_heap *heap, const struct ns_event *event);
/* The first event, or NULL. */
static inline const struct ns_event *ns_heap_first(const struct ns_heap *heap)
{
	return heap->nr ? heap->events : NULL;
}

static inline uint64_t ns_heap_time(const struct ns_heap *heap)
{
	return heap->nr ? heap->events->time : NS_NEVER;
}

/* Removes the first one; its frame is then the caller's. The heap is not empty. */
struct ns_event ns_heap_pop(struct ns_heap *heap);
void ns_heap_free(struct ns_heap *heap);

#endif
