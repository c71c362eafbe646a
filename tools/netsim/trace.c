// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each frame adds a fixed head, little endian, and its bytes; the length in the
 * head keeps frames apart, so no two traces share an encoding.
 */
#include <endian.h>

#include "trace.h"

void ns_trace_init(struct ns_trace *trace)
{
	crypto_hash_sha256_init(&trace->state);
}

void ns_trace_frame(struct ns_trace *trace, uint32_t nic, uint64_t t_ns, const void *frame,
		    size_t len)
{
	struct {
		uint64_t time;
		uint32_t nic, len;
	} head = { htole64(t_ns), htole32(nic), htole32(len) };

	crypto_hash_sha256_update(&trace->state, (const unsigned char *)&head, sizeof(head));
	crypto_hash_sha256_update(&trace->state, frame, len);
}

void ns_trace_hash(const struct ns_trace *trace, uint8_t hash[NS_HASH_BYTES])
{
	crypto_hash_sha256_state copy = trace->state;

	crypto_hash_sha256_final(&copy, hash);
}
