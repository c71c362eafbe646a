/* SPDX-License-Identifier: GPL-2.0-only */
/* What run.c relays: our two outputs (sink.c), input that is a lot (bulk.c). */
#ifndef NETSTEER_LAB_STREAMS_H
#define NETSTEER_LAB_STREAMS_H

#include "lab.h"

/* Bytes on their way to one of our outputs. */
struct sink {
	int fd;
	int type;
	size_t max;		/* that a write may take without blocking */
	size_t len, done;
	bool closed;		/* its reader has gone */
	bool told;		/* and the guest knows */
	/* what one read of the channel can complete, at most */
	__u8 buf[2 * (FRAME_HEADER + FRAME_MAX)];
};

void sink_init(struct sink *s);
bool sink_busy(const struct sink *s);
int sink_add(struct sink *s, const __u8 *data, __u32 len);
/* Returns true once, when the reader has gone: the guest is to be told. */
bool sink_push(struct sink *s);

#define BULK_CHUNKS	64
#define BULK_WHERE	12	/* bytes of a FRAME_IN_FILE */

/*
 * Bulk input that the guest has not acknowledged, oldest first: what is
 * acknowledged is cut out of the file, so that it stays as small as the window.
 */
struct bulk {
	unsigned int head, nr;
	size_t acked;		/* of the oldest */
	off_t cut;		/* the file is empty up to here */
	size_t len[BULK_CHUNKS];
};

/* Make the guest's file, which goes with this process. 0 or -errno. */
int bulk_open(struct guest *g);
bool bulk_full(const struct bulk *b);
/* Append; "where" is what the guest is to be told. */
int bulk_put(struct bulk *b, struct guest *g, const __u8 *data, size_t len,
	     __u8 where[BULK_WHERE]);
void bulk_acked(struct bulk *b, const struct guest *g, size_t acked);
void bulk_free(struct guest *g);

#endif
