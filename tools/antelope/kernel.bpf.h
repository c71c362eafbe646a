/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What vmlinux.h lacks: BTF has no macros, and a stock kernel's has nothing of the
 * patched one. The numbers are user API and so the same everywhere.
 */
#ifndef ANTELOPE_KERNEL_BPF_H
#define ANTELOPE_KERNEL_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include "antelope.h"

#define AF_INET			2
#define SOL_TCP			6
#define TCP_CONGESTION		13
#define ECN_OK			1	/* TCP_ECN_OK of tcp_sock::ecn_flags */

/* Windows of ACKs, patches 6 and 7 of 6.12. */
#define ACK_WINDOW		70	/* socket option TCP_ACK_WINDOW */
#define ACK_WINDOW_CB		16	/* BPF_SOCK_OPS_ACK_WINDOW_CB */
#define CLOSE_CB		17	/* BPF_SOCK_OPS_CLOSE_CB */
#define ACK_WINDOW_CB_FLAG	0x80

/* Beginning of struct tcp_ack_window, as much as is used here. */
struct ack_window {
	__u32 windows;
	__u32 acks;
	__u64 start_us;
	__u64 duration_us;
	__u32 delivered;
	__u32 delivered_ce;
	__u32 lost;
	__u32 retrans;
	__u64 bytes_acked;
	__u32 rtt_samples;
	__u32 rtt_min_us;
	__u32 rtt_max_us;
	__u32 app_limited_acks;
	__u64 rtt_sum_us;
	__u64 rwnd_limited_us;
	__u64 sndbuf_limited_us;
	__u64 pacing_sum;
};

struct tcp_sock___acks {
	void *ack_window;
} __attribute__((preserve_access_index));

/* Decided when the program is loaded: elsewhere the verifier drops the branch. */
#define HAS_ACK_WINDOW \
	bpf_core_field_exists(((struct tcp_sock___acks *)0)->ack_window)

#endif
