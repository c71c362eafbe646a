/* SPDX-License-Identifier: GPL-2.0-only */
/* pathload: what its parts share. */
#ifndef PATHLOAD_H
#define PATHLOAD_H

#include <linux/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int cmd_recv(int argc, char **argv);
int cmd_send(int argc, char **argv);
int cmd_play(int argc, char **argv);

uint64_t now_ns(void);
int fail(const char *what);

/* samples.c: smoothed RTTs in us, and what they are like */
struct samples {
	uint32_t *us;
	size_t count;
	size_t room;
	double sum;
};

int samples_add(struct samples *s, uint32_t us);
int samples_join(struct samples *to, const struct samples *from);
void samples_print(struct samples *s);
void samples_free(struct samples *s);

/* bandit.c: a CC for each connection, by what earlier ones have seen */
const char *bandit_choose(void);
bool bandit_gives_up(const struct tcp_info *info);
void bandit_learn(const char *cc, const struct tcp_info *info);

#endif
