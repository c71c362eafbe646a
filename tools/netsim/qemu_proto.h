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
	QS_MOVED,		/* t: everything before it is done */
	QS_UNDELIVERED,		/* a frame that no interface took; payload: le32 its length */
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
};

#define QS_BYTES	8192u	/* most of one CONTROL or CONSOLE */
#define QS_PAYLOAD	NS_FRAME_MAX
#define QS_FRAME_MIN	14u
/* Frames that may wait for the guest's driver, of one interface. */
#define QS_WAITING	16384u

/* In the environment: physical addresses, hexadecimal, of PAUSEs that become NOPs. */
#define QS_PAUSES	"NETSIM_PAUSES"

/*
 * Descriptors of the machine's process. QEMU wants sockets behind its devices;
 * nothing is ever read from or written to them, the shim stands before them.
 */
#define QS_FD		3
#define QS_FD_CONSOLE	4
#define QS_FD_CONTROL	5
#define QS_FD_INITRAMFS	6
#define QS_FD_NIC	8	/* the first of NS_NICS_MAX */
#define QS_FD_OTHER	16	/* the other end of each, for QS_FD_CONSOLE on */
#define QS_FD_END	(QS_FD_NIC + NS_NICS_MAX + QS_FD_OTHER)

/* What the shim calls in QEMU: its name, and what 7.2 called it where that differs. */
static const struct {
	const char *name, *older;
} qs_symbols[] = {
	{ "qemu_clock_get_ns", NULL },
	{ "qemu_clock_deadline_ns_all", NULL },
	{ "timer_init_full", NULL },
	{ "timer_mod_ns", NULL },
	{ "all_cpu_threads_idle", NULL },
	{ "qemu_find_netdev", NULL },
	{ "qemu_can_send_packet", NULL },
	{ "qemu_send_packet_async", NULL },
	{ "qemu_purge_queued_packets", NULL },
	{ "qemu_chr_find", NULL },
	{ "qemu_chr_be_can_write", NULL },
	{ "qemu_chr_be_write", NULL },
	{ "cpu_physical_memory_rw", NULL },
	{ "qemu_mutex_unlock_impl", NULL },
	{ "bql_mutex_lock_func", "qemu_bql_mutex_lock_func" },
};

#endif
