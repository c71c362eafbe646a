// SPDX-License-Identifier: GPL-2.0-only
/*
 * Congestion control by destination: the longest prefix in "choices" that holds
 * the peer's address decides, once, when the connection is established. That is
 * before the congestion control starts, so nothing is switched.
 *
 *   load_sock_ops -l -c 10.0.0.0/8=dctcp -c ::/0=bbr CGROUP cc_by_dst.bpf.o
 */
#include "vmlinux.h"
#include "sock_ops.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, MAX_CHOICES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, struct choice);
} choices SEC(".maps");

static __always_inline void remote_address(struct bpf_sock_ops *ctx, __u8 to[16])
{
	__u32 part[4];

	if (ctx->family == AF_INET) {
		mapped(to, ctx->remote_ip4);
		return;
	}
	part[0] = ctx->remote_ip6[0];
	part[1] = ctx->remote_ip6[1];
	part[2] = ctx->remote_ip6[2];
	part[3] = ctx->remote_ip6[3];
	__builtin_memcpy(to, part, 16);
}

SEC("sockops")
int cc_by_dst(struct bpf_sock_ops *ctx)
{
	struct prefix key = { .bits = 128 };
	struct choice *c;

	if (ctx->op != BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB &&
	    ctx->op != BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
		return 1;
	remote_address(ctx, key.address);
	c = bpf_map_lookup_elem(&choices, &key);
	if (c)
		set_cc(ctx, c);
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
