/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of tc's interface to its plugins that q_gq.c uses.
 *
 * tc loads q_KIND.so with dlopen(), takes the symbol KIND_qdisc_util from it,
 * and lets it call the functions that tc exports. No package ships the headers
 * of that interface, so the few declarations are repeated here, in our words:
 *
 *	struct qdisc_util	iproute2 tc/tc_util.h
 *	output_type, print_*	iproute2 include/json_print.h, json_writer.h
 *	color_attr		iproute2 include/color.h
 *	addattr_*, parse_*	iproute2 include/libnetlink.h
 *
 * All of them have the same binary interface from 6.1 (Debian 12) to 6.15
 * (its backports); tried with both. Two things differ in the source only: since
 * 6.9 struct qdisc_util comes as a pointer to const, which is the form used
 * here, and print functions that take a fixed type are inline wrappers around
 * the print_color_*() below. What newer releases dropped or changed is avoided:
 * matches(), sprint_size(), tc_core_tick2time() and tc's own parsers of times
 * and rates, which round.
 */
#ifndef NETSTEER_TC_IPROUTE2_H
#define NETSTEER_TC_IPROUTE2_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct qdisc_util {
	struct qdisc_util *next;
	const char *id;
	int (*parse_qopt)(const struct qdisc_util *qu, int argc, char **argv,
			  struct nlmsghdr *n, const char *dev);
	int (*print_qopt)(const struct qdisc_util *qu, FILE *f,
			  struct rtattr *opt);
	int (*print_xstats)(const struct qdisc_util *qu, FILE *f,
			    struct rtattr *xstats);
	int (*parse_copt)(const struct qdisc_util *qu, int argc, char **argv,
			  struct nlmsghdr *n, const char *dev);
	int (*print_copt)(const struct qdisc_util *qu, FILE *f,
			  struct rtattr *opt);
	int (*has_block)(const struct qdisc_util *qu, struct rtattr *opt,
			 uint32_t block_idx, bool *has);
};

/* What the plugin gives to tc. */
extern struct qdisc_util gq_qdisc_util;

/* In which of tc's two output forms a value appears. */
enum output_type {
	PRINT_FP = 1,
	PRINT_JSON = 2,
	PRINT_ANY = 4,
};

/* The last of iproute2's colours: print without one. */
enum color_attr {
	COLOR_NONE = 6,
};

int print_color_string(enum output_type t, enum color_attr color,
		       const char *key, const char *fmt, const char *value);
int print_color_lluint(enum output_type t, enum color_attr color,
		       const char *key, const char *fmt,
		       unsigned long long value);
int print_color_s64(enum output_type t, enum color_attr color, const char *key,
		    const char *fmt, int64_t value);
int print_color_bool(enum output_type t, enum color_attr color,
		     const char *key, const char *fmt, bool value);
int print_color_null(enum output_type t, enum color_attr color,
		     const char *key, const char *fmt, const char *value);
void open_json_array(enum output_type t, const char *key);
void close_json_array(enum output_type t, const char *key);
void open_json_object(const char *key);
void close_json_object(void);
void print_nl(void);

int addattr_l(struct nlmsghdr *n, int maxlen, int type, const void *data,
	      int alen);
struct rtattr *addattr_nest(struct nlmsghdr *n, int maxlen, int type);
int addattr_nest_end(struct nlmsghdr *n, struct rtattr *nest);
int parse_rtattr_flags(struct rtattr *tb[], int max, struct rtattr *rta,
		       int len, unsigned short flags);

#endif /* NETSTEER_TC_IPROUTE2_H */
