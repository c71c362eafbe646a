/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the simulator and PID 1 of a node (guest/init.c).
 *
 * PID 1 reads GUEST_CONF, made by ns_guest_conf() from the node's configuration:
 * lines "KEY VALUE", in order of execution. It sets host name, addresses,
 * sysctls, modules and setup, then says GUEST_READY; commands start at their
 * virtual times counted from GUEST_GO, which the simulator sends to all nodes
 * for one common instant.
 *
 * Both ways, messages are framed: type, command number, length (little endian),
 * payload of at most GUEST_PAYLOAD bytes. The simulator trusts nothing in them:
 * ns_guest_feed() bounds every field and is fuzzed.
 */
#ifndef NETSIM_GUEST_H
#define NETSIM_GUEST_H

#include <stdint.h>

#define GUEST_CONF	"netsim.conf"
#define GUEST_MAGIC	0x4e53u
#define GUEST_PAYLOAD	4096u

enum guest_type {
	/* from the guest */
	GUEST_READY = 1,	/* set up; payload: kernel release */
	GUEST_OUTPUT,		/* standard output and error of a command */
	GUEST_EXIT,		/* payload: le32 status as wait() has it, le64 virtual ns */
	GUEST_FILE,		/* path below /out, then content in GUEST_DATA */
	GUEST_DATA,
	GUEST_DONE,		/* every command that the run waits for has ended */
	GUEST_ERROR,		/* setup failed; payload: a sentence */
	/* to the guest */
	GUEST_GO = 32,		/* payload: le64 virtual ns of time 0 of the commands */
	GUEST_RUN,		/* a further command, for netsim shell; payload: sh -c */
	GUEST_INPUT,		/* for the command of that number */
	GUEST_OFF,		/* end commands, send files of /out, power off */
};

struct guest_header {
	uint16_t magic;
	uint8_t type, reserved;
	uint16_t command;	/* index in the node's commands; shell: from 1000 on */
	uint16_t len;
};

#endif
