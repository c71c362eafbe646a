/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A connection as the kernel has it, whether it has called or not: what an iterator
 * over sockets writes for each of the cgroup. Flows that are idle, or were adopted and
 * have been silent since, are known by this alone.
 */
#ifndef ANTELOPE_LIVE_H
#define ANTELOPE_LIVE_H

#include "antelope.h"

struct antelope_live {
	__u64 cookie;
	__u64 bytes_acked;
	__u32 mean_rtt_us;	/* smoothed */
	__u32 min_rtt_us;
	__u8 local[16];		/* IPv4 mapped into IPv6 */
	__u8 remote[16];
	__u16 local_port;	/* host byte order */
	__u16 remote_port;
	__u32 watched;		/* its callbacks are on */
	char cc[ANTELOPE_CC_NAME];
};

#endif
