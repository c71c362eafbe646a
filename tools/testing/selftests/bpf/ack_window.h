/* SPDX-License-Identifier: GPL-2.0 */
/* What ack_window.bpf.c has seen of a socket. */
#ifndef ACK_WINDOW_H
#define ACK_WINDOW_H

#define TCP_ACK_WINDOW	70

struct seen {
	/* at the beginning: errors of the program's own calls */
	int flags_err;
	int set_err;
	/* windows, as getsockopt() in the call at the end of each says */
	__u32 windows;
	__u32 acks;
	__u64 bytes;
	__u32 window_lost;
	__u32 changes;
	char cc[16];
	/* calls in which something was wrong */
	__u32 get_err;
	__u32 differ;		/* arguments are not those of getsockopt() */
	__u32 skipped;		/* the number is not one more than the last */
	__u32 not_full;		/* not the ACKs asked for */
	__u32 after_close;
	int change_err;
	/* close */
	__u32 closes;
	__u32 close_windows;
	__u32 close_acks;
	__u32 close_state;
	/* through pointers */
	__u32 looked;
	__u32 cwnd_differs;
	__u32 no_mdev;
	__u32 lost;
	__u32 not_null;
	__u32 through_null;
};

#endif
