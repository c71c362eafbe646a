// SPDX-License-Identifier: GPL-2.0-only
/*
 * Congestion control by DSCP: what the application asks of the network says what
 * it needs of TCP. The socket's own code point counts when the connection is
 * established: set with IP_TOS or IPV6_TCLASS before connect() or listen(), or
 * taken from the peer with net.ipv4.tcp_reflect_tos.
 *
 *   load_sock_ops -l -c 8=vegas -c 46=bbr CGROUP cc_by_dscp.bpf.o
 */
#include "vmlinux.h"
#include "sock_ops.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CHOICES);
	__type(key, __u32);
	__type(value, struct choice);
} choices SEC(".maps");

/*
 * A socket of IPv6 may carry IPv4; then its IPv4 options apply. The DSCP is the
 * upper six bits of the octet.
 */
static __always_inline int dscp_of(struct bpf_sock_ops *ctx)
{
	int tos = 0;
	long err;

	if (ctx->family == AF_INET)
		err = bpf_getsockopt(ctx, SOL_IP, IP_TOS, &tos, sizeof(tos));
	else
		err = bpf_getsockopt(ctx, SOL_IPV6, IPV6_TCLASS, &tos, sizeof(tos));
	return err ? -1 : tos >> 2 & 0x3f;
}

SEC("sockops")
int cc_by_dscp(struct bpf_sock_ops *ctx)
{
	struct choice *c;
	int dscp;

	if (ctx->op != BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB &&
	    ctx->op != BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
		return 1;
	dscp = dscp_of(ctx);
	if (dscp < 0)
		return 1;
	c = bpf_map_lookup_elem(&choices, &dscp);
	if (c)
		set_cc(ctx, c);
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
