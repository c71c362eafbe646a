/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared by the tests of TCP: a private network whose only link is lo, with a
 * netem on it, a pair of connected sockets, and traffic between them.
 */
#ifndef TCP_LIB_H
#define TCP_LIB_H

#include <linux/tcp.h>
#include <stdbool.h>
#include <stddef.h>

struct pair {
	int sender, receiver;
};

/* A network namespace with lo and "tc qdisc add dev lo root netem NETEM". */
int net_init(const char *netem);
int net_change(const char *netem);
/* Write to /proc/sys/net/ipv4/NAME; 0 or -errno. */
int net_sysctl(const char *name, const char *value);
/* A counter of /proc/net/netstat, or -1. */
long net_counter(const char *name);

/* cc: of the sender, NULL for the default; window: TCP_ACK_WINDOW of the
 * listener, 0 for none.
 */
int pair_open(struct pair *p, const char *cc, int window);
void pair_close(struct pair *p);
/* Send and receive for ms, or until bytes are through; bytes that were. */
long pair_run(struct pair *p, int ms, long bytes);

int set_window(int fd, int acks);
int get_window(int fd, struct tcp_ack_window *w);
int set_cc(int fd, const char *name);
struct tcp_info get_info(int fd);

#endif
