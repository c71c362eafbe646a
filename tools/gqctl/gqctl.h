/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gqctl: rank traffic by DSCP.
 *
 * There is no daemon and no state file. The kernel's own nf_tables hold the
 * rules (nft.c), each gq qdisc holds its DSCP map (tc.c). A command reads both
 * into a struct ruleset and a list of struct gq, changes the copy, checks it
 * (rules.c), and writes it back as one nf_tables transaction (commit.c).
 *
 *	words of a command or of a line of a file (apply.c)
 *	  -> struct rule (rule.c) -> struct ruleset (rules.c)
 *	  -> commit.c -> nft.c, tc.c
 */
#ifndef GQCTL_H
#define GQCTL_H

#include <json-c/json.h>
#include <linux/pkt_sched_gq.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof(*(a)))

#define COMMENT_BYTES	80	/* nf_tables keeps 128, of which gqctl needs some */
#define RULES_MAX	4096
#define INTAKES_MAX	64
#define NO_BAND		(-1)
#define PORT_MAX	65535

enum direction { DIR_NONE, DIR_OUT, DIR_IN };

/* How a command was asked to work. */
struct settings {
	bool json;
	bool verbose;
	bool check;	/* say what is wrong, change nothing */
};

/* Where words come from, for error messages: a file's line, or a command. */
struct where {
	const char *name;	/* of the file or command */
	unsigned int line;	/* 0: a command, which has no lines */
	unsigned int column;
};

struct word {
	const char *text;
	unsigned int column;
};

struct prefix {
	int family;		/* AF_INET, AF_INET6; 0: all addresses */
	unsigned int len;	/* 1 .. 32 or 128 */
	uint8_t addr[16];	/* no bit set beyond len */
};

struct range {
	uint16_t lo, hi;	/* 0, PORT_MAX: all packets, with ports or without */
};

struct rule {
	unsigned int id;	/* 0: not numbered yet */
	bool fresh;		/* not in the kernel yet */
	struct where at;	/* if it is fresh */

	/* what it matches */
	enum direction dir;
	int proto;		/* IPPROTO_; 0: any */
	struct prefix src, dst;
	struct range sport, dport;
	char dev[IFNAMSIZ];	/* "": any */

	/* what becomes of the packets */
	int dscp;		/* -1: not said yet */
	int band;		/* NO_BAND: the gq decides */
	bool strict;
	uint64_t rate;		/* bytes/s that are ranked; 0: all */

	char comment[COMMENT_BYTES + 1];
	uint64_t packets, bytes;
};

/* What comes in by dev passes through ifb first. */
struct intake {
	char dev[IFNAMSIZ];
	char ifb[IFNAMSIZ];
	struct where at;
};

struct ruleset {
	bool inet, netdev;	/* the tables are in the kernel */
	size_t nr_rules;
	size_t nr_intakes;
	struct rule *rule;	/* RULES_MAX of them */
	struct intake intake[INTAKES_MAX];
};

/* A gq qdisc. */
struct gq {
	char dev[IFNAMSIZ];
	int ifindex;
	uint32_t handle, parent;
	uint8_t bands;
	uint8_t strict;		/* a bit for each band */
	uint8_t dscpmap[GQ_DSCPS];
};

struct gq_list {
	struct gq *gq;
	size_t nr;
};

/* main.c: errors go to stderr, as "gqctl: ..."; returns -err */
[[gnu::format(printf, 2, 3)]]
int fail(int err, const char *fmt, ...);
/* the same, at a place of the input; returns -EINVAL */
[[gnu::format(printf, 2, 3)]]
int complain(const struct where *at, const char *fmt, ...);
int common_option(const char *word, struct settings *s);

/* dscp.c */
int dscp_parse(const char *text);	/* -1: no such code point */
const char *dscp_name(int dscp);	/* its number if it has no name */
int cmd_dscp(int argc, char **argv, struct settings *s);

/* rule.c */
const char *proto_name(int proto);
int rule_family(const struct rule *r);	/* 0: both */
void rule_init(struct rule *r);
int rule_option(struct rule *r, const struct word *w, size_t nr, const struct where *at);
int rule_parse(struct rule *r, const struct word *w, size_t nr, struct where at,
	       struct settings *s);
int intake_parse(struct intake *i, const struct word *w, size_t nr, struct where at,
		 struct settings *s);
void prefix_text(const struct prefix *p, char *buf, size_t size);
void rule_print(const struct rule *r, FILE *out);
struct json_object *rule_json(const struct rule *r);

/* rules.c */
int ruleset_init(struct ruleset *set);
void ruleset_free(struct ruleset *set);
int ruleset_copy(struct ruleset *to, const struct ruleset *from);
int ruleset_add(struct ruleset *set, const struct rule *r);
int ruleset_del(struct ruleset *set, unsigned int id);
int ruleset_add_intake(struct ruleset *set, const struct intake *i);
int cmd_rank_add(int argc, char **argv, struct settings *s);
int cmd_rank_del(int argc, char **argv, struct settings *s);
int cmd_rank_flush(int argc, char **argv, struct settings *s);
int cmd_intake_add(int argc, char **argv, struct settings *s);
int cmd_intake_del(int argc, char **argv, struct settings *s);

/* nft.c */
int nft_read(struct ruleset *set);
int nft_write(const struct ruleset *old, const struct ruleset *set, const struct settings *s);

/* tc.c */
int gq_read(struct gq_list *list);
int gq_write(const struct gq *from, const struct gq *to);
int ifb_check(const struct intake *in);
void gq_name(const struct gq *q, char *buf, size_t size);

/* commit.c */
int lock_rules(void);
int commit(const struct ruleset *old, const struct ruleset *set, const struct settings *s);

/* apply.c */
int cmd_apply(int argc, char **argv, struct settings *s);

/* show.c */
int cmd_show(int argc, char **argv, struct settings *s);
int cmd_rank_list(int argc, char **argv, struct settings *s);
int print_json(struct json_object *o);

#endif
