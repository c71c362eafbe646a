/* SPDX-License-Identifier: GPL-2.0-only */
/* For the BPF side: what vmlinux.h lacks, since BTF has no macros. */
#ifndef SAMPLES_SOCK_OPS_BPF_H
#define SAMPLES_SOCK_OPS_BPF_H

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "sock_ops.h"

#define AF_INET		2
#define SOL_IP		0
#define SOL_TCP		6
#define SOL_IPV6	41
#define IP_TOS		1
#define IPV6_TCLASS	67
#define TCP_CONGESTION	13

static __always_inline void mapped(__u8 to[16], __u32 ip4)
{
	__builtin_memset(to, 0, 10);
	to[10] = 0xff;
	to[11] = 0xff;
	__builtin_memcpy(to + 12, &ip4, 4);
}

/* 0, or -errno: EPERM for a route's own choice, ENOENT for an unknown name. */
static __always_inline long set_cc(struct bpf_sock_ops *ctx, const struct choice *c)
{
	char cc[CC_NAME_MAX];

	__builtin_memcpy(cc, c->cc, sizeof(cc));
	return bpf_setsockopt(ctx, SOL_TCP, TCP_CONGESTION, cc, sizeof(cc));
}

#endif
