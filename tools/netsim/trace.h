/* SPDX-License-Identifier: GPL-2.0-only */
/* What a node sent, as one hash: two runs are the same when these are. */
#ifndef NETSIM_TRACE_H
#define NETSIM_TRACE_H

#include <sodium.h>
#include <stddef.h>
#include <stdint.h>

#define NS_HASH_BYTES	crypto_hash_sha256_BYTES

struct ns_trace {
	crypto_hash_sha256_state state;
};

void ns_trace_init(struct ns_trace *trace);
void ns_trace_frame(struct ns_trace *trace, uint32_t nic, uint64_t t_ns, const void *frame,
		    size_t len);
/* The hash up to now; the trace goes on. */
void ns_trace_hash(const struct ns_trace *trace, uint8_t hash[NS_HASH_BYTES]);

#endif
