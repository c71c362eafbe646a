/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests to a gq by raw netlink; see gq_request.c.
 */
#ifndef GQ_REQUEST_H
#define GQ_REQUEST_H

#include <libmnl/libmnl.h>
#include <linux/pkt_sched_gq.h>
#include <stdbool.h>
#include <stdint.h>

#define DEV		"dummy0"
#define MTU		1500
#define LINK_MTU	(MTU + 14)	/* with the Ethernet header */
#define HANDLE		0x10000U	/* 1: */

/* An answer of the kernel. */
struct answer {
	int err;		/* 0 or -errno */
	char text[256];		/* extended ack */
	uint32_t offset;	/* of the attribute that is to blame */
};

/* TCA_OPTIONS and statistics of gq as dumped. */
struct dump {
	char kind[16];
	uint8_t opts[2048];
	uint16_t opts_len;
	uint8_t stats[2048];
	uint16_t stats_len;
	uint32_t qlen;		/* packets */
};

/* A netlink socket, the request being built, and the last answer. */
struct conn {
	struct mnl_socket *nl;
	char buf[8192];
	struct nlmsghdr *req;	/* in buf */
	struct nlattr *opts;	/* open nest in req, or NULL */
	struct answer ans;
};

/* Of each setting: its length, range and default. */
struct param {
	const char *name;
	uint8_t size;
	uint64_t min, max, init;
};

extern const struct param param[TCA_GQ_MAX + 1];
extern const struct param band_param[TCA_GQ_BAND_MAX + 1];

int add_dummy(struct mnl_socket *nl);
void begin(struct conn *c, int type, int flags, bool opts);
void begin_change(struct conn *c);
uint32_t put(struct conn *c, int type, const void *data, int len);
uint32_t put_num(struct conn *c, int type, uint64_t val, int size);
uint32_t put_val(struct conn *c, int type, uint64_t val);
void begin_band(struct conn *c, struct nlattr **list, struct nlattr **entry,
		int band);
void end_band(struct conn *c, struct nlattr *list, struct nlattr *entry);
int send_it(struct conn *c);
int get_at(struct conn *c, struct dump *d, uint32_t parent);
int get(struct conn *c, struct dump *d);
uint64_t value(const struct dump *d, int type);
uint64_t band_value(const struct dump *d, int band, int type);
bool same_settings(const struct dump *a, const struct dump *b);

#endif /* GQ_REQUEST_H */
