/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared by the tests of antelope's program on real connections: a private network
 * of lo with a netem on it, cgroups, the program attached to one of them, pairs of
 * connected sockets with the sender in there, and the records that come.
 */
#ifndef BED_H
#define BED_H

#include <stdbool.h>
#include <stddef.h>

#include "antelope.h"
#include "antelope.skel.h"

#define BED_PORT	5001
#define BED_RTT_US	20000	/* of "delay 10ms" */

/* Numbers of the CCs in bed.skel's settings. */
enum { RENO, CUBIC, BBR, VEGAS, DCTCP, MISSING, BED_CCS };

struct bed {
	struct antelope_bpf *skel;
	struct antelope_config *config;
	bool acks;		/* the kernel has windows of ACKs */
};

extern struct bed bed;

struct pair {
	int sender, receiver;
	__u64 cookie;		/* of the sender */
};

struct peer {
	const char *to;		/* address; NULL: 127.0.0.1 */
	const char *cc;		/* that both applications ask for */
	const char *cgroup;	/* below the program's; NULL: that itself */
	bool both;		/* the receiver is in there too, else in none of ours */
};

/* Skips all tests, or fails, by itself. Windows of 100 ms and 4 RTTs, not shadow. */
void bed_open(void);
void bed_close(void);
/* Skips all tests where timers come when they can, as on an emulated processor. */
void bed_needs_clock(void);
/* Settings and maps as they were after bed_open(). */
void bed_reset(void);
/* The program is attached after bed_open(). */
void bed_attach(void);
void bed_detach(void);
/* system() of a line as printf makes it; what it says is dropped when it may fail. */
int bed_sh(const char *fmt, ...) __printf(1, 2);
void bed_netem(const char *netem);
/* Of net.ipv4; false when there is no such sysctl. */
bool bed_sysctl(const char *name, const char *value);
/* id of a cgroup below the program's, made when it is not there; "": of that itself */
__u64 bed_cgroup(const char *name);

void bed_connect(struct pair *p, const struct peer *peer);
void bed_close_pair(struct pair *p);
/* Send and receive for ms, or until so many bytes are through; bytes that were. */
long bed_run(struct pair *p, int ms, long bytes);
const char *bed_cc(const struct pair *p);

/* Forests whose score is that number, for all objectives; 0x80000000: no forest. */
void bed_model(const __s32 score[BED_CCS]);
void bed_no_model(void);

/* Records of a flow since the last bed_forget(), in order; NULL after the last. */
const struct antelope_record *bed_next(const struct pair *p, const struct antelope_record *r);
/* How many of them there are, or of one why. */
int bed_count(const struct pair *p, int why);
const struct antelope_record *bed_find(const struct pair *p, int why);
void bed_forget(void);

#endif
