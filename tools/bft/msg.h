/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages as bytes. Two forms, the same for a whole run:
 *
 *   JSON     a line each:  {"Echo":{"o":2,"s":7,"v":65}}  and  {"Up":{}}
 *   binary   16 bytes each, big endian: type, 0, origin (2), sequence (4), value (8)
 *
 * Up and Done are of the links, not of the broadcast: a node has all its links;
 * a node has delivered all it waits for, and needs nothing more.
 */
#ifndef BFT_MSG_H
#define BFT_MSG_H

#include <stddef.h>
#include <sys/types.h>

#include "rbc.h"

#define MSG_UP		((enum rbc_type)3)
#define MSG_DONE	((enum rbc_type)4)
#define MSG_NR_TYPES	5

/* {"Initial":{"o":65535,"s":4294967295,"v":18446744073709551615}}\n is shorter. */
#define MSG_MAX_BYTES	80
#define MSG_BINARY_BYTES	16

enum wire { WIRE_JSON, WIRE_BINARY };

size_t msg_encode(enum wire wire, const struct rbc_msg *m, unsigned char out[MSG_MAX_BYTES]);

/* Bytes that m took; 0: not all is there yet; -EBADMSG: these are no message. */
ssize_t msg_decode(enum wire wire, const unsigned char *in, size_t len, struct rbc_msg *m);

/* The longest start of in[0..len) with whole messages only. */
size_t msg_whole(enum wire wire, const unsigned char *in, size_t len);

#endif
