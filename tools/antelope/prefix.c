// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prefix.h"

static bool is_ipv4(const __u8 addr[16])
{
	return IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)addr);
}

/* Zero what is behind the prefix; true if something was there. */
static bool cut(struct antelope_prefix *p)
{
	unsigned int i, bits;
	__u8 kept;
	bool had = false;

	for (i = 0; i < 16; i++) {
		bits = p->prefixlen > 8 * i ? p->prefixlen - 8 * i : 0;
		kept = bits >= 8 ? p->addr[i] : p->addr[i] & ~(0xff >> bits);
		had |= kept != p->addr[i];
		p->addr[i] = kept;
	}
	return had;
}

int prefix_parse(const char *text, struct antelope_prefix *p)
{
	char address[INET6_ADDRSTRLEN], *end;
	const char *slash = strchrnul(text, '/');
	unsigned long bits, max;

	if ((size_t)(slash - text) >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, slash - text);
	address[slash - text] = '\0';
	memset(p, 0, sizeof(*p));
	max = 128;
	if (inet_pton(AF_INET, address, p->addr + 12) == 1) {
		memset(p->addr + 10, 0xff, 2);
		max = 32;
	} else if (inet_pton(AF_INET6, address, p->addr) != 1) {
		return -EINVAL;
	}
	bits = max;
	if (*slash) {
		bits = strtoul(slash + 1, &end, 10);
		if (slash[1] < '0' || slash[1] > '9' || *end || bits > max)
			return -EINVAL;
	}
	p->prefixlen = 128 - max + bits;
	return cut(p) ? -EINVAL : 0;
}

const char *address_format(const __u8 addr[16], char text[PREFIX_TEXT])
{
	if (is_ipv4(addr))
		inet_ntop(AF_INET, addr + 12, text, PREFIX_TEXT);
	else
		inet_ntop(AF_INET6, addr, text, PREFIX_TEXT);
	return text;
}

const char *prefix_format(const struct antelope_prefix *p, char text[PREFIX_TEXT])
{
	size_t n = strlen(address_format(p->addr, text));

	snprintf(text + n, PREFIX_TEXT - n, "/%u",
		 is_ipv4(p->addr) && p->prefixlen >= 96 ? p->prefixlen - 96 : p->prefixlen);
	return text;
}

void prefix_around(struct antelope_prefix *p, const __u8 addr[16], unsigned int bits4,
		   unsigned int bits6)
{
	memcpy(p->addr, addr, sizeof(p->addr));
	p->prefixlen = is_ipv4(addr) ? 96 + bits4 : bits6;
	cut(p);
}

int prefix_covers(const struct antelope_prefix *p, const __u8 addr[16])
{
	struct antelope_prefix other;

	memcpy(other.addr, addr, sizeof(other.addr));
	other.prefixlen = p->prefixlen;
	cut(&other);
	return !memcmp(other.addr, p->addr, sizeof(other.addr));
}
