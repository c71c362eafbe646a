/* SPDX-License-Identifier: GPL-2.0-only */
/* Who is at the other end of a connection; see handshake.c. */
#ifndef BFT_HANDSHAKE_H
#define BFT_HANDSHAKE_H

#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "msg.h"
#include "rbc.h"

#define HELLO_BYTES	80
#define PROOF_BYTES	(crypto_sign_BYTES + crypto_secretstream_xchacha20poly1305_HEADERBYTES)

/* A sealed record: its length, then at most that much, and what sealing adds. */
#define RECORD_TEXT	1024
#define RECORD_BYTES	(2 + RECORD_TEXT + crypto_secretstream_xchacha20poly1305_ABYTES)

struct keys {
	bool on;
	const uint64_t *seed;		/* of the nonces; NULL: the system's randomness */
	uint64_t drawn;
	unsigned char secret[crypto_sign_SECRETKEYBYTES];
	unsigned char public[RBC_MAX_NODES][crypto_sign_PUBLICKEYBYTES];
};

/* What both ends have to agree on. */
struct terms {
	unsigned int self;
	unsigned int nodes;
	unsigned int messages;
	enum wire wire;
	struct keys *keys;
};

struct handshake {
	unsigned int peer;
	unsigned char mine[HELLO_BYTES];
	unsigned char theirs[HELLO_BYTES];
	unsigned char secret[crypto_kx_SECRETKEYBYTES];
	unsigned char rx[crypto_kx_SESSIONKEYBYTES];
	crypto_secretstream_xchacha20poly1305_state in, out;
};

/* Read and make key files; they tell what is wrong. */
int keys_load(struct keys *k, const char *public, const char *secret,
	      unsigned int nodes, unsigned int self);
int keys_make(const char *dir, unsigned int nodes);

void hs_hello(struct handshake *h, const struct terms *t);
/* Returns 0, or why this is no peer of ours. */
const char *hs_take_hello(struct handshake *h, const struct terms *t,
			  const unsigned char hello[HELLO_BYTES]);
const char *hs_prove(struct handshake *h, const struct terms *t,
		     unsigned char proof[PROOF_BYTES]);
const char *hs_take_proof(struct handshake *h, const struct terms *t,
			  const unsigned char proof[PROOF_BYTES]);

size_t hs_seal(struct handshake *h, const unsigned char *text, size_t len,
	       unsigned char record[RECORD_BYTES]);
/*
 * Bytes that the record took, its text in text[0..*len); 0: not all is there
 * yet; -EBADMSG: it is not from the peer.
 */
ssize_t hs_open(struct handshake *h, const unsigned char *in, size_t in_len,
		unsigned char text[RECORD_TEXT], size_t *len);

#endif
