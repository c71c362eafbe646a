/* SPDX-License-Identifier: GPL-2.0-only */
/* Destinations as text: 10.0.0.0/8, fd00::/64. IPv4 is mapped into IPv6 inside. */
#ifndef ANTELOPE_PREFIX_H
#define ANTELOPE_PREFIX_H

#include "antelope.h"

#define PREFIX_TEXT	64	/* room for prefix_format() and address_format() */

/* A missing length is that of one address. Bits after the prefix are an error. */
int prefix_parse(const char *text, struct antelope_prefix *p);
const char *prefix_format(const struct antelope_prefix *p, char text[PREFIX_TEXT]);
const char *address_format(const __u8 addr[16], char text[PREFIX_TEXT]);
/* The prefix of so many bits around an address, by its family. */
void prefix_around(struct antelope_prefix *p, const __u8 addr[16], unsigned int bits4,
		   unsigned int bits6);
int prefix_covers(const struct antelope_prefix *p, const __u8 addr[16]);

#endif
