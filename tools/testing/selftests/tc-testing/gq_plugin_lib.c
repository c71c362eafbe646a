// SPDX-License-Identifier: GPL-2.0
/*
 * What the tests of tc's plugin for gq share: the plugin's functions called
 * with words and messages, messages built, random numbers, and a page that
 * can't be read behind the message.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kselftest.h"
#include "gq_fake_tc.h"
#include "gq_plugin_fuzz.h"
#include "iproute2.h"

#define AREA_SIZE	(16 * 4096)

static char *area_end;		/* the inaccessible page begins here */
uint64_t seed = 1;

/* xorshift64*: the same numbers everywhere */
uint64_t rnd(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * 2685821657736338717ULL;
}

unsigned int rnd_below(unsigned int n)
{
	return rnd() % n;
}

/* All magnitudes alike, and often a limit. */
uint64_t rnd_value(void)
{
	static const uint64_t edge[] = { 0, 1, UINT32_MAX, UINT64_MAX };

	if (!rnd_below(8))
		return edge[rnd_below(4)];
	return rnd() >> rnd_below(64);
}

/* Sanitizers write to file descriptor 2, the plugin to stderr. */
int parse(struct msg *m, char *line)
{
	char *words[WORDS_MAX], *word, *rest = NULL;
	FILE *saved = stderr;
	int argc = 0, ret;

	for (word = strtok_r(line, " ", &rest); word && argc < WORDS_MAX;
	     word = strtok_r(NULL, " ", &rest))
		words[argc++] = word;
	memset(m, 0, sizeof(*m));
	m->n.nlmsg_len = NLMSG_HDRLEN;
	if (fake_begin(false))
		ksft_exit_fail_msg("no memory\n");
	stderr = fake.err;
	ret = gq_qdisc_util.parse_qopt(&gq_qdisc_util, argc, words, &m->n,
				       "dev0");
	stderr = saved;
	fake_end();
	return ret;
}

int parse_str(struct msg *m, const char *str)
{
	char line[LINE_MAX_LEN];

	snprintf(line, sizeof(line), "%s", str);
	return parse(m, line);
}

void print(struct rtattr *nest, bool xstats, bool json)
{
	FILE *saved = stderr;

	if (fake_begin(json))
		ksft_exit_fail_msg("no memory\n");
	stderr = fake.err;
	if (xstats)
		gq_qdisc_util.print_xstats(&gq_qdisc_util, stdout, nest);
	else
		gq_qdisc_util.print_qopt(&gq_qdisc_util, stdout, nest);
	stderr = saved;
	fake_end();
}

struct rtattr *msg_nest(struct msg *m)
{
	return (void *)((char *)&m->n + NLMSG_HDRLEN);
}

uint64_t payload(const struct rtattr *attr)
{
	uint64_t val = 0;

	/* little and big endian: the size decides the type */
	switch (RTA_PAYLOAD(attr)) {
	case 1:
		return *(uint8_t *)RTA_DATA(attr);
	case 4: {
		uint32_t val32;

		memcpy(&val32, RTA_DATA(attr), 4);
		return val32;
	}
	case 8:
		memcpy(&val, RTA_DATA(attr), 8);
		return val;
	}
	return 0xbad;
}

void put(struct msg *m, int type, uint64_t val, int size)
{
	uint32_t val32 = val;
	uint8_t val8 = val;

	addattr_l(&m->n, sizeof(*m), type, size == 8 ? (void *)&val :
		  size == 4 ? (void *)&val32 : (void *)&val8, size);
}

void begin(struct msg *m)
{
	memset(m, 0, sizeof(*m));
	m->n.nlmsg_len = NLMSG_HDRLEN;
	addattr_nest(&m->n, sizeof(*m), TCA_OPTIONS);
}

struct rtattr *end(struct msg *m)
{
	addattr_nest_end(&m->n, msg_nest(m));
	return msg_nest(m);
}

/* Move @nest to where reading behind its end is a crash. */
struct rtattr *guard(const struct rtattr *nest, unsigned int len)
{
	char *at = area_end - RTA_ALIGN(len);

	memcpy(at, nest, len);
	return (struct rtattr *)at;
}

unsigned int count(const char *text, const char *what)
{
	unsigned int n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

void put_bytes(struct msg *m, int type, const void *data, int len)
{
	addattr_l(&m->n, sizeof(*m), type, data, len);
}

struct rtattr *put_nest(struct msg *m, int type)
{
	return addattr_nest(&m->n, sizeof(*m), type | NLA_F_NESTED);
}

void put_nest_end(struct msg *m, struct rtattr *nest)
{
	addattr_nest_end(&m->n, nest);
}

/* Make the page that can't be read. */
int area_init(void)
{
	char *area = mmap(NULL, AREA_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED)
		return -errno;
	area_end = area + AREA_SIZE / 2;
	return mprotect(area_end, AREA_SIZE / 2, PROT_NONE) ? -errno : 0;
}
