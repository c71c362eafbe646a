/* SPDX-License-Identifier: GPL-2.0-only */
/* What the samples' programs and load_sock_ops share. */
#ifndef SAMPLES_SOCK_OPS_H
#define SAMPLES_SOCK_OPS_H

#define CC_NAME_MAX	16	/* TCP_CA_NAME_MAX */
#define MAX_CHOICES	64	/* entries of a map "choices" */

/*
 * "choices" says which congestion control is for what. Its type tells what the
 * key is: LPM_TRIE a prefix, HASH a number, ARRAY the lower end of a range, in
 * ascending order.
 */
struct choice {
	__u32 from;
	char cc[CC_NAME_MAX];
};

/* IPv4 as ::ffff:a.b.c.d, so that one trie serves both. */
struct prefix {
	__u32 bits;
	__u8 address[16];
};

/* A record of the map "events". */
struct flow_record {
	__u64 cookie;
	__u64 bytes_acked;
	__u64 delivered_bytes_per_s;	/* last sample */
	__u32 srtt_us;
	__u32 min_rtt_us;
	__u32 cwnd;
	__u32 ssthresh;
	__u32 packets_out;
	__u32 lost_out;
	__u32 retrans_out;
	__u32 total_retrans;
	__u32 local_port;
	__u32 remote_port;
	__u8 local[16];
	__u8 remote[16];
	__u8 state;
	char cc[CC_NAME_MAX];
};

#endif
