// SPDX-License-Identifier: GPL-2.0-only
/*
 * Key files. The public file has the Ed25519 key of each node, one a line, in
 * hexadecimal; a node's secret file has the 32-byte seed of its pair. Who can
 * read a secret can speak as that node, so a file that others can read is
 * refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bracha.h"

#define HEX_MAX		(2 * crypto_sign_PUBLICKEYBYTES + 1)

/* The next line that has a key. 0, 1 at the end, or -EINVAL. */
static int next_key(FILE *f, unsigned char key[32], unsigned int *line)
{
	char text[128];
	size_t len;

	while (fgets(text, sizeof(text), f)) {
		++*line;
		text[strcspn(text, "#\r\n")] = 0;
		if (!text[strspn(text, " \t")])
			continue;
		if (sodium_hex2bin(key, 32, text, strlen(text), " \t", &len, NULL) || len != 32)
			return -EINVAL;
		return 0;
	}
	return 1;
}

static int load_public(struct keys *k, const char *path, unsigned int nodes)
{
	unsigned int i, line = 0;
	int err = 0;
	FILE *f = fopen(path, "re");

	if (!f)
		return fail(errno, "keys file %s; make one with --keygen", path);
	for (i = 0; i < nodes && !err; i++)
		err = next_key(f, k->public[i], &line);
	if (err < 0)
		err = fail(EINVAL, "keys file %s line %u: not 64 hexadecimal digits", path, line);
	else if (err)
		err = fail(EINVAL, "keys file %s has %u keys, the configuration %u nodes", path,
			   i - 1, nodes);
	fclose(f);
	return err;
}

static int load_secret(struct keys *k, const char *path, unsigned int self)
{
	unsigned char seed[crypto_sign_SEEDBYTES], public[crypto_sign_PUBLICKEYBYTES];
	unsigned int line = 0;
	struct stat st;
	int err;
	FILE *f = fopen(path, "re");

	if (!f)
		return fail(errno, "secret key %s", path);
	if (fstat(fileno(f), &st) || st.st_mode & 077)
		err = fail(EPERM, "secret key %s can be read by others; chmod 600 it", path);
	else if (next_key(f, seed, &line))
		err = fail(EINVAL, "secret key %s: not 64 hexadecimal digits", path);
	else
		err = 0;
	fclose(f);
	if (err)
		return err;
	crypto_sign_seed_keypair(public, k->secret, seed);
	sodium_memzero(seed, sizeof(seed));
	if (sodium_memcmp(public, k->public[self], sizeof(public)))
		return fail(EKEYREJECTED, "secret key %s is not the one of node %u", path, self);
	return 0;
}

int keys_load(struct keys *k, const char *public, const char *secret,
	      unsigned int nodes, unsigned int self)
{
	int err;

	if (!public && !secret)
		return 0;
	if (!public || !secret)
		return fail(EINVAL, "--keys and --secret go together");
	err = load_public(k, public, nodes);
	if (!err)
		err = load_secret(k, secret, self);
	k->on = !err;
	return err;
}

static int make_pair(const char *dir, unsigned int id, FILE *public)
{
	unsigned char seed[crypto_sign_SEEDBYTES], pk[crypto_sign_PUBLICKEYBYTES];
	unsigned char sk[crypto_sign_SECRETKEYBYTES];
	char hex[HEX_MAX], path[4096];
	int fd, err = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/node-%u.key", dir, id);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(errno, "secret key %s", path);
	randombytes_buf(seed, sizeof(seed));
	crypto_sign_seed_keypair(pk, sk, seed);
	sodium_memzero(sk, sizeof(sk));
	fprintf(public, "%s  # node %u\n", sodium_bin2hex(hex, sizeof(hex), pk, sizeof(pk)), id);
	f = fdopen(fd, "w");
	if (!f) {
		close(fd);
		return fail(ENOMEM, "secret key %s", path);
	}
	fprintf(f, "%s\n", sodium_bin2hex(hex, sizeof(hex), seed, sizeof(seed)));
	if (fclose(f))
		err = fail(errno, "secret key %s", path);
	sodium_memzero(seed, sizeof(seed));
	sodium_memzero(hex, sizeof(hex));
	return err;
}

/* Existing files are left alone: a key that is in use must not vanish. */
int keys_make(const char *dir, unsigned int nodes)
{
	char path[4096];
	unsigned int i;
	int err = 0;
	FILE *f;

	if (mkdir(dir, 0777) && errno != EEXIST)
		return fail(errno, "folder %s", dir);
	snprintf(path, sizeof(path), "%s/keys", dir);
	f = fopen(path, "wxe");
	if (!f)
		return fail(errno, "keys file %s", path);
	for (i = 0; i < nodes && !err; i++)
		err = make_pair(dir, i, f);
	if (fclose(f) && !err)
		err = fail(errno, "keys file %s", path);
	return err;
}
