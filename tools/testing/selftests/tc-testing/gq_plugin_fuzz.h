/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of tc's plugin for gq share: see gq_plugin_lib.c.
 */
#ifndef GQ_PLUGIN_FUZZ_H
#define GQ_PLUGIN_FUZZ_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdint.h>

#define MSG_MAX		4096
#define WORDS_MAX	256
#define LINE_MAX_LEN	4096

struct msg {
	struct nlmsghdr n;
	char room[MSG_MAX];
};

extern uint64_t seed;

uint64_t rnd(void);
unsigned int rnd_below(unsigned int n);
uint64_t rnd_value(void);

int area_init(void);
struct rtattr *guard(const struct rtattr *nest, unsigned int len);

int parse(struct msg *m, char *line);
int parse_str(struct msg *m, const char *str);
void print(struct rtattr *nest, bool xstats, bool json);

void begin(struct msg *m);
struct rtattr *end(struct msg *m);
struct rtattr *msg_nest(struct msg *m);
void put(struct msg *m, int type, uint64_t val, int size);
void put_bytes(struct msg *m, int type, const void *data, int len);
struct rtattr *put_nest(struct msg *m, int type);
void put_nest_end(struct msg *m, struct rtattr *nest);
uint64_t payload(const struct rtattr *attr);
unsigned int count(const char *text, const char *what);

/* Of gq_plugin_fuzz.c, where the results are counted. */
void result(bool ok, const char *what);

/* Of gq_plugin_bands.c. */
unsigned int bands_tests(void);
void test_bands(unsigned int iterations);
void put_random_list(struct msg *m, int type, int attr_max);

#endif /* GQ_PLUGIN_FUZZ_H */
