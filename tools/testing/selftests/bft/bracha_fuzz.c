// SPDX-License-Identifier: GPL-2.0-only
/*
 * Decoders against anything. Expected:
 *
 * 1.	every message survives encoding and decoding, in both forms
 * 2.	hand-made bad messages are refused
 * 3.	random bytes, mutated and cut messages: never more is taken than there is,
 *	never a message longer than its bound is waited for, and what is taken has
 *	numbers in range
 * 4.	a handshake and records go through; with one bit changed, none does
 *
 * Each input lies in a block of exactly its size, so that AddressSanitizer sees
 * a byte too many. Options: -n ROUNDS, -s SEED.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "byz.h"
#include "handshake.h"
#include "msg.h"

static uint64_t state = 1;

static uint64_t draw(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static struct rbc_msg random_message(void)
{
	struct rbc_msg m = { .type = draw() % MSG_NR_TYPES };

	if (m.type <= RBC_READY) {
		m.origin = draw() >> (draw() % 64);
		m.seq = draw() >> (draw() % 64);
		m.value = draw() >> (draw() % 64);
	}
	return m;
}

static bool equal(const struct rbc_msg *a, const struct rbc_msg *b)
{
	return a->type == b->type && a->origin == b->origin && a->seq == b->seq &&
	       a->value == b->value;
}

/* Decode from a block without a byte to spare. */
static ssize_t decode(enum wire wire, const unsigned char *in, size_t len, struct rbc_msg *m)
{
	unsigned char *exact = malloc(len ? len : 1);
	ssize_t got;

	memcpy(exact, in, len);
	got = msg_decode(wire, exact, len, m);
	free(exact);
	return got;
}

static bool survives(enum wire wire, unsigned int rounds)
{
	unsigned char bytes[2 * MSG_MAX_BYTES];
	struct rbc_msg m, back;
	size_t len, i;

	while (rounds--) {
		m = random_message();
		len = msg_encode(wire, &m, bytes);
		if (len > MSG_MAX_BYTES || decode(wire, bytes, len, &back) != (ssize_t)len ||
		    !equal(&m, &back) || msg_whole(wire, bytes, len) != len)
			return false;
		for (i = 0; i < len; i++)
			if (decode(wire, bytes, i, &back))
				return false;
	}
	return true;
}

static bool refuses_json(void)
{
	static const char * const bad[] = {
		"\n", "{}\n", "[]\n", "null\n", "{\"Up\":1}\n", "{\"Up\":{\"o\":1}}\n",
		"{\"Echo\":{}}\n", "{\"Echo\":{\"o\":1,\"s\":1}}\n", "{\"Nothing\":{}}\n",
		"{\"Echo\":{\"o\":-1,\"s\":1,\"v\":1}}\n",
		"{\"Echo\":{\"o\":1,\"s\":1,\"v\":1.5}}\n",
		"{\"Echo\":{\"o\":65536,\"s\":1,\"v\":1}}\n",
		"{\"Echo\":{\"o\":1,\"s\":4294967296,\"v\":1}}\n",
		"{\"Echo\":{\"o\":\"1\",\"s\":1,\"v\":1}}\n",
		"{\"Echo\":{\"o\":1,\"s\":1,\"v\":1,\"x\":1}}\n",
		"{\"Echo\":{\"o\":1,\"s\":1,\"v\":1}} {}\n",
		"{\"Echo\":{\"o\":1,\"s\":1,\"v\":1},\"Up\":{}}\n",
		"{\"Echo\":{\"o\":[[[[1]]]],\"s\":1,\"v\":1}}\n",
	};
	unsigned char lines[MSG_MAX_BYTES];
	struct rbc_msg m;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		const unsigned char *in = (const unsigned char *)bad[i];

		if (decode(WIRE_JSON, in, strlen(bad[i]), &m) == -EBADMSG)
			continue;
		ksft_print_msg("taken: %s", bad[i]);
		return false;
	}
	memset(lines, ' ', sizeof(lines));
	return decode(WIRE_JSON, lines, sizeof(lines) - 1, &m) == 0 &&
	       decode(WIRE_JSON, lines, sizeof(lines), &m) == -EBADMSG;
}

static void mutate(unsigned char *bytes, size_t len)
{
	static const unsigned char syntax[] = "{}[]\":,-019.eE\n";
	unsigned int n = 1 + draw() % 3;

	while (n--)
		bytes[draw() % len] = draw() % 2 ? draw() : syntax[draw() % 15];
}

static bool fuzz(enum wire wire, unsigned int rounds)
{
	unsigned char bytes[3 * MSG_MAX_BYTES];
	struct rbc_msg m;
	size_t len, i;
	ssize_t got;

	while (rounds--) {
		len = 0;
		if (draw() % 8) {
			m = random_message();
			len = msg_encode(wire, &m, bytes);
			mutate(bytes, len);
			len = draw() % 4 ? len : draw() % len;
		} else {
			len = draw() % sizeof(bytes);
			for (i = 0; i < len; i++)
				bytes[i] = draw();
		}
		m.type = BYZ_GARBAGE;
		got = decode(wire, bytes, len, &m);
		if (got > (ssize_t)len || (got > 0 && m.type >= MSG_NR_TYPES) ||
		    (got < 0 && got != -EBADMSG) || (!got && len >= MSG_MAX_BYTES))
			return false;
	}
	return true;
}

static struct keys keys[2];
static struct terms terms[2];

static void make_keys(void)
{
	unsigned char pk[crypto_sign_PUBLICKEYBYTES];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		keys[i].on = true;
		keys[i].seed = &state;
		terms[i] = (struct terms) { i, 2, 5, WIRE_BINARY, &keys[i] };
		crypto_sign_keypair(pk, keys[i].secret);
		memcpy(keys[0].public[i], pk, sizeof(pk));
		memcpy(keys[1].public[i], pk, sizeof(pk));
	}
}

/*
 * Both ends of a connection; a bit of what node 0 says is changed: flip is its
 * number, or -1. Returns whether node 1 takes all of it, and took is the text.
 */
static bool session(long flip, unsigned char text[RECORD_TEXT], size_t *took)
{
	unsigned char said[HELLO_BYTES + PROOF_BYTES + RECORD_BYTES], answer[PROOF_BYTES];
	static const unsigned char words[] = "sixteen bytes !!";
	struct handshake h[2];
	size_t len;

	hs_hello(&h[0], &terms[0]);
	hs_hello(&h[1], &terms[1]);
	memcpy(said, h[0].mine, HELLO_BYTES);
	if (hs_take_hello(&h[0], &terms[0], h[1].mine) ||
	    hs_prove(&h[0], &terms[0], said + HELLO_BYTES))
		return false;
	len = HELLO_BYTES + PROOF_BYTES;
	len += hs_seal(&h[0], words, 16, said + len);
	if (flip >= 0)
		said[flip / 8 % len] ^= 1 << flip % 8;
	if (hs_take_hello(&h[1], &terms[1], said) || hs_prove(&h[1], &terms[1], answer) ||
	    hs_take_proof(&h[1], &terms[1], said + HELLO_BYTES))
		return false;
	len -= HELLO_BYTES + PROOF_BYTES;
	return hs_open(&h[1], said + HELLO_BYTES + PROOF_BYTES, len, text, took) == (ssize_t)len &&
	       *took == 16 && !memcmp(text, words, 16);
}

static bool sealed(void)
{
	const long bits = 8 * (HELLO_BYTES + PROOF_BYTES + 2 + 16 +
			       crypto_secretstream_xchacha20poly1305_ABYTES);
	unsigned char text[RECORD_TEXT];
	size_t took;
	long bit;

	make_keys();
	if (!session(-1, text, &took))
		return false;
	for (bit = 0; bit < bits; bit++) {
		if (session(bit, text, &took)) {
			ksft_print_msg("bit %ld is not protected\n", bit);
			return false;
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	unsigned int rounds = 20000;
	int opt;

	while ((opt = getopt(argc, argv, "n:s:")) != -1) {
		if (opt == 'n')
			rounds = strtoul(optarg, NULL, 10);
		else if (opt == 's')
			state = strtoull(optarg, NULL, 10);
		else
			return KSFT_FAIL;
	}
	if (sodium_init() < 0)
		return KSFT_FAIL;
	ksft_print_header();
	ksft_set_plan(6);
	ksft_test_result(survives(WIRE_JSON, rounds / 20), "JSON there and back\n");
	ksft_test_result(survives(WIRE_BINARY, rounds / 20), "binary there and back\n");
	ksft_test_result(refuses_json(), "bad JSON is refused\n");
	ksft_test_result(fuzz(WIRE_JSON, rounds), "mutated JSON\n");
	ksft_test_result(fuzz(WIRE_BINARY, rounds), "mutated binary\n");
	ksft_test_result(sealed(), "no bit of a session can be changed\n");
	ksft_finished();
}
