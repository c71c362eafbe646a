/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the simulator (qemu.c) and what is preloaded into QEMU (qemu_shim.c).
 *
 * One message is one datagram of a SOCK_SEQPACKET pair, struct qs_msg and `len`
 * bytes behind it, both ways in the host's byte order. The shim speaks while the
 * virtual clock runs and then says BLOCKED; the simulator only answers that: any
 * number of FRAME and CONTROL, then one GRANT, upon which the clock runs again.
 *
 *	shim				simulator
 *	BLOCKED now=0, next=0	->
 *				<-	FRAME t=.., CONTROL, GRANT t=until
 *	FRAME t, CONSOLE t, ..	->
 *	BLOCKED now=until	->
 *
 * A process that runs a guest is as little trusted as the guest: qs_check() says
 * of every datagram whether it may come now.
 */
#ifndef NETSIM_QEMU_PROTO_H
#define NETSIM_QEMU_PROTO_H

#include <stddef.h>
#include <stdint.h>

#include "config.h"

enum qs_type {
	QS_BLOCKED = 1,		/* t: now; payload: struct qs_blocked */
	QS_FRAME,		/* both ways; t: when, nic: where */
	QS_CONTROL,		/* both ways; bytes of PID 1's channel */
	QS_CONSOLE,		/* bytes of the serial console */
	QS_GRANT,		/* t: until */
};

struct qs_msg {
	uint8_t type, nic;
	uint16_t reserved;
	uint32_t len;
	uint64_t t;
};

struct qs_blocked {
	uint64_t next;		/* the machine's own next event, or NS_NEVER */
	uint64_t late, late_max_ns;	/* frames so far that were delivered too late */
	uint64_t dropped;	/* frames that a guest did not take, beyond QS_WAITING */
};

#define QS_BYTES	8192u	/* most of one CONTROL or CONSOLE */
#define QS_PAYLOAD	NS_FRAME_MAX
#define QS_FRAME_MIN	14u
/* Frames that may wait for the guest's driver, of one interface. */
#define QS_WAITING	16384u

/*
 * Descriptors of the machine's process. QEMU wants sockets behind its devices;
 * nothing is ever read from or written to them, the shim stands before them.
 */
#define QS_FD		3
#define QS_FD_CONSOLE	4
#define QS_FD_CONTROL	5
#define QS_FD_NIC	8	/* the first of NS_NICS_MAX */
#define QS_FD_OTHER	16	/* the other end of each, for QS_FD_CONSOLE on */
#define QS_FD_END	(QS_FD_NIC + NS_NICS_MAX + QS_FD_OTHER)

#endif
