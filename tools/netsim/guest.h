/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the simulator and PID 1 of a node (guest/init.c).
 *
 * PID 1 is told on the kernel's command line where things are, the same in every
 * run, since that line feeds the random pool:
 *
 *	netsim.conf=PATH	GUEST_CONF, see below; default /netsim.conf
 *	netsim.channel=DEVICE	the byte stream to the simulator; default /dev/ttyS0
 *	netsim.stage=PATH	folder to be laid over the host's root; may be absent
 *
 * GUEST_CONF is made by ns_guest_conf(): lines "KEY VALUE" in order of execution,
 * backslash and newline in a value written as \\ and \n. PID 1 sets up what it
 * says, then sends GUEST_READY; commands start at their times counted from the
 * time 0 that GUEST_GO brings; with its last command that the run waits for it
 * sends GUEST_DONE, and GUEST_BYE as its last word before it powers off.
 *
 * Both ways, messages are framed: struct guest_header, little endian, then a
 * payload of at most GUEST_PAYLOAD bytes. The simulator trusts nothing in them:
 * guest.c bounds every field and is fuzzed.
 *
 * What the simulator says must reach the guests at virtual times that repeat,
 * although nodes run in parallel. So a message is sent for a virtual time of its
 * own: that of what caused it plus the horizon, the distance in time that no
 * node can be ahead of another, see ns_guest_ops.
 */
#ifndef NETSIM_GUEST_H
#define NETSIM_GUEST_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define GUEST_CONF	"netsim.conf"
#define GUEST_MAGIC	0x4e53u
#define GUEST_PAYLOAD	4096u
#define GUEST_SHELL	1000u	/* commands from here on are a user's at a prompt */

/*
 * "le64 ns" is the virtual time by the guest's own clock, or 0 from a guest whose
 * clock is not the simulator's; then the time at which the bytes came counts.
 */
enum guest_type {
	/* from the guest */
	GUEST_READY = 1,	/* le64 ns; kernel release */
	GUEST_OUTPUT,		/* le64 ns; standard output and error of a command */
	GUEST_EXIT,		/* le64 ns, le32 status as wait() has it */
	GUEST_FILE,		/* path below /out; its content follows in GUEST_DATA */
	GUEST_DATA,
	GUEST_DONE,		/* le64 ns: all commands that the run waits for have ended */
	GUEST_ERROR,		/* setup failed; a sentence */
	GUEST_BYE,		/* the last one: to be switched off */
	/* to the guest */
	GUEST_GO = 32,		/* le64 ns: now; le64 ns: time 0 of the commands;
				 * le64 ns after that when everything stops, or NS_NEVER
				 */
	GUEST_RUN,		/* a further command, from GUEST_SHELL on; for sh -c */
	GUEST_INPUT,		/* for the command of that number; empty: end of file */
	GUEST_OFF,		/* end commands, send files of /out, say bye, power off */
};

struct guest_header {
	uint16_t magic;
	uint8_t type, reserved;
	uint16_t command;	/* index in the node's commands */
	uint16_t len;
};

#define GUEST_MESSAGE	(sizeof(struct guest_header) + GUEST_PAYLOAD)

/* Our side. */
struct ns_config;
struct ns_guests;

struct ns_guest_ops {
	/*
	 * Have the node's PID 1 read these bytes at virtual time t. The caller
	 * guarantees t >= time of any message fed + the horizon.
	 */
	int (*send)(void *arg, uint32_t node, uint64_t t_ns, const void *p, size_t len);
	/* All nodes are set up: their commands count from time0, in the future. */
	void (*go)(void *arg, uint64_t time0_ns);
	void (*output)(void *arg, uint32_t node, uint32_t command, const void *p, size_t len);
	/* at_ns: virtual time. stopped: ended because the run was over, not by itself. */
	void (*exited)(void *arg, uint32_t node, uint32_t command, int status,
		       uint64_t at_ns, int stopped);
	/* A file that the node leaves; path is relative, clean, below its folder. */
	void (*file)(void *arg, uint32_t node, const char *path);
	void (*data)(void *arg, uint32_t node, const void *p, size_t len);
	/* The node cannot go on, `why` is a sentence without the node's name. */
	void (*failed)(void *arg, uint32_t node, const char *why);
	/* Its last word, after which it has nothing left to do; optional. */
	void (*bye)(void *arg, uint32_t node);
};

/* The file GUEST_CONF of a node. 0 or -errno. */
int ns_guest_conf(const struct ns_config *cfg, uint32_t node, FILE *f);

/*
 * horizon_ns: an upper bound of how far any node may have run ahead of the
 * virtual time of another's message when that is fed.
 */
struct ns_guests *ns_guests_new(const struct ns_config *cfg, uint64_t horizon_ns,
				const struct ns_guest_ops *ops, void *arg);
void ns_guests_free(struct ns_guests *g);
/* Bytes of the node's channel, seen at t. 0, or -EPROTO after failed() was called. */
int ns_guests_feed(struct ns_guests *g, uint32_t node, uint64_t t_ns, const void *p,
		   size_t len);
/*
 * The node is gone, at t. 0, or -EPIPE when it had not said bye and this is
 * neither a crash that the configuration asked for nor an end that we wanted.
 */
int ns_guests_gone(struct ns_guests *g, uint32_t node, uint64_t t_ns, int crashed);
/* Time 0 of the commands, or NS_NEVER before it is known. */
uint64_t ns_guests_time0(const struct ns_guests *g);
/* For a prompt: the run then ends by ns_guests_off() only, or at its stop time. */
void ns_guests_hold(struct ns_guests *g);
/* No longer: it ends as soon as everything it waits for has ended. */
int ns_guests_release(struct ns_guests *g, uint64_t t_ns);
/* When the node last said something that has a time. */
uint64_t ns_guests_heard(const struct ns_guests *g, uint32_t node);
int ns_guests_run(struct ns_guests *g, uint32_t node, uint64_t t_ns, uint32_t command,
		  const char *text);
int ns_guests_input(struct ns_guests *g, uint32_t node, uint64_t t_ns, uint32_t command,
		    const void *p, size_t len);
/* Everything that still runs shall end, counted from what happened at t. */
void ns_guests_off(struct ns_guests *g, uint64_t t_ns);

#endif
