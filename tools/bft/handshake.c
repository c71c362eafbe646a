// SPDX-License-Identifier: GPL-2.0-only
/*
 * The broadcast counts peers, so it must know them. A connection starts with a
 * HELLO from both ends, which tells who it is and what run it is about:
 *
 *   "BRB1"  form  keys?  id (2)  n (2)  0 (2)  messages (4)  nonce (32)  key (32)
 *
 * Without keys that is all. The caller then compares the source address with the
 * configuration, which protects where nobody else can have the address.
 *
 * With keys each node has an Ed25519 key pair, and both ends send a PROOF next:
 * a signature over (label, own HELLO, peer's HELLO, stream header), and that
 * header. The HELLOs hold fresh X25519 keys, so the signatures bind the session
 * keys derived from these to both identities, and to nothing that was ever said
 * before; the sender's HELLO comes first, so a PROOF is of no use to its receiver.
 * From there on all goes through libsodium's secretstream: what is changed, left
 * out, doubled or reordered on the way ends the connection. That gives TCP the
 * property that the protocol asks for: a link that no third node can speak on.
 */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "handshake.h"

static const char magic[4] = "BRB1";
static const char label[] = "netsteer bracha proof 1";

struct hello {
	char magic[4];
	uint8_t wire;
	uint8_t keys;
	uint16_t id;
	uint16_t nodes;
	uint16_t zero;
	uint32_t messages;
	unsigned char nonce[32];
	unsigned char key[crypto_kx_PUBLICKEYBYTES];
};

static_assert(sizeof(struct hello) == HELLO_BYTES, "no holes");

/* A seed makes a run repeat, and its sessions worthless against an attacker. */
static void draw(struct keys *k, unsigned int self, unsigned char *to, size_t len)
{
	unsigned char seed[randombytes_SEEDBYTES] = { 0 };
	uint64_t from[3] = { k->seed ? *k->seed : 0, self, k->drawn++ };

	if (!k->seed) {
		randombytes_buf(to, len);
		return;
	}
	memcpy(seed, from, sizeof(from));
	randombytes_buf_deterministic(to, len, seed);
}

void hs_hello(struct handshake *h, const struct terms *t)
{
	struct hello hello = {
		.wire = t->wire,
		.keys = t->keys->on,
		.id = htobe16(t->self),
		.nodes = htobe16(t->nodes),
		.messages = htobe32(t->messages),
	};
	unsigned char seed[crypto_kx_SEEDBYTES];

	memcpy(hello.magic, magic, sizeof(magic));
	if (t->keys->on) {
		draw(t->keys, t->self, hello.nonce, sizeof(hello.nonce));
		draw(t->keys, t->self, seed, sizeof(seed));
		crypto_kx_seed_keypair(hello.key, h->secret, seed);
		sodium_memzero(seed, sizeof(seed));
	}
	memcpy(h->mine, &hello, sizeof(hello));
}

const char *hs_take_hello(struct handshake *h, const struct terms *t,
			  const unsigned char hello[HELLO_BYTES])
{
	struct hello it;

	memcpy(&it, hello, sizeof(it));
	if (memcmp(it.magic, magic, sizeof(magic)) || it.zero)
		return "it does not speak this protocol";
	h->peer = be16toh(it.id);
	if (be16toh(it.nodes) != t->nodes)
		return "it has another number of nodes; use one configuration for all";
	if (be32toh(it.messages) != t->messages)
		return "it has another number of messages; use one configuration for all";
	if (it.wire != t->wire)
		return "it uses the other form of messages; give --binary to all or none";
	if (it.keys != t->keys->on)
		return "only one end has keys; give --keys to all or none";
	if (h->peer >= t->nodes || h->peer == t->self)
		return "its id is not that of another node";
	memcpy(h->theirs, hello, HELLO_BYTES);
	return NULL;
}

/* The signed text: the signer's HELLO first. */
static void statement(unsigned char *to, const unsigned char *first,
		      const unsigned char *second, const unsigned char *header)
{
	memcpy(to, label, sizeof(label));
	memcpy(to + sizeof(label), first, HELLO_BYTES);
	memcpy(to + sizeof(label) + HELLO_BYTES, second, HELLO_BYTES);
	memcpy(to + sizeof(label) + 2 * HELLO_BYTES, header,
	       crypto_secretstream_xchacha20poly1305_HEADERBYTES);
}

#define STATEMENT_BYTES	(sizeof(label) + 2 * HELLO_BYTES + \
			 crypto_secretstream_xchacha20poly1305_HEADERBYTES)

const char *hs_prove(struct handshake *h, const struct terms *t,
		     unsigned char proof[PROOF_BYTES])
{
	unsigned char tx[crypto_kx_SESSIONKEYBYTES], text[STATEMENT_BYTES];
	unsigned char *header = proof + crypto_sign_BYTES;
	struct hello mine, theirs;
	int err;

	memcpy(&mine, h->mine, sizeof(mine));
	memcpy(&theirs, h->theirs, sizeof(theirs));
	if (t->self < h->peer)
		err = crypto_kx_client_session_keys(h->rx, tx, mine.key, h->secret, theirs.key);
	else
		err = crypto_kx_server_session_keys(h->rx, tx, mine.key, h->secret, theirs.key);
	sodium_memzero(h->secret, sizeof(h->secret));
	if (err)
		return "its session key is not one";
	/* The header is a random nonce; a seeded run needs it seeded as well. */
	crypto_secretstream_xchacha20poly1305_init_push(&h->out, header, tx);
	if (t->keys->seed) {
		draw(t->keys, t->self, header, crypto_secretstream_xchacha20poly1305_HEADERBYTES);
		crypto_secretstream_xchacha20poly1305_init_pull(&h->out, header, tx);
	}
	sodium_memzero(tx, sizeof(tx));
	statement(text, h->mine, h->theirs, header);
	crypto_sign_detached(proof, NULL, text, sizeof(text), t->keys->secret);
	return NULL;
}

const char *hs_take_proof(struct handshake *h, const struct terms *t,
			  const unsigned char proof[PROOF_BYTES])
{
	const unsigned char *header = proof + crypto_sign_BYTES;
	unsigned char text[STATEMENT_BYTES];

	statement(text, h->theirs, h->mine, header);
	if (crypto_sign_verify_detached(proof, text, sizeof(text), t->keys->public[h->peer]))
		return "its signature is not that of the node it says it is";
	crypto_secretstream_xchacha20poly1305_init_pull(&h->in, header, h->rx);
	sodium_memzero(h->rx, sizeof(h->rx));
	return NULL;
}

size_t hs_seal(struct handshake *h, const unsigned char *text, size_t len,
	       unsigned char record[RECORD_BYTES])
{
	size_t sealed = len + crypto_secretstream_xchacha20poly1305_ABYTES;

	record[0] = sealed >> 8;
	record[1] = sealed;
	crypto_secretstream_xchacha20poly1305_push(&h->out, record + 2, NULL, text, len,
						   record, 2, 0);
	return 2 + sealed;
}

ssize_t hs_open(struct handshake *h, const unsigned char *in, size_t in_len,
		unsigned char text[RECORD_TEXT], size_t *len)
{
	unsigned long long got;
	unsigned char tag;
	size_t sealed;

	if (in_len < 2)
		return 0;
	sealed = in[0] << 8 | in[1];
	if (sealed <= crypto_secretstream_xchacha20poly1305_ABYTES ||
	    sealed > RECORD_BYTES - 2)
		return -EBADMSG;
	if (in_len < 2 + sealed)
		return 0;
	if (crypto_secretstream_xchacha20poly1305_pull(&h->in, text, &got, &tag, in + 2, sealed,
						       in, 2))
		return -EBADMSG;
	*len = got;
	return 2 + sealed;
}
