/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the two ends of the lab say to each other.
 *
 * scripts/lab/run.c (on the host) and scripts/lab/relay.c (in PID 1 of the guest)
 * share one byte stream in each direction: a serial line of a user-mode
 * kernel, a virtio port under QEMU. It carries frames:
 *
 *	u8 type | u32 length, little endian | payload
 *
 * The guest is not trusted: whatever it sends, the parser below either hands
 * out whole frames of at most FRAME_MAX bytes whose type is in the set that
 * the reader allows, or fails with -EPROTO and never recovers. It allocates
 * nothing and is the whole attack surface of the host side, which is why it
 * stands here alone, where a test can feed it noise.
 *
 * What the command is (arguments, environment, folder, ...) does not go
 * through the stream: it lies in a file that the guest reads while it boots,
 * so that a boot in virtual time never waits for the host.
 */
#ifndef NETSTEER_LAB_PROTO_H
#define NETSTEER_LAB_PROTO_H

#include <errno.h>
#include <linux/types.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>

#include "le.h"

/* One read of a pipe; also the longest payload of a frame. */
#define FRAME_MAX	65536u
#define FRAME_HEADER	5u

enum frame_type {
	/* guest to host */
	FRAME_READY	= 'R',	/* u32 milliseconds from boot to here */
	FRAME_OUT	= 'o',	/* bytes for standard output */
	FRAME_ERR	= 'e',	/* bytes for standard error */
	FRAME_ACK	= 'a',	/* u32 bytes of input that the command took */
	FRAME_EXIT	= 'x',	/* u32 exit status, the last frame */
	/* host to guest */
	FRAME_IN	= 'i',	/* bytes for standard input */
	FRAME_IN_FILE	= 'f',	/* u64 offset, u32 length: the same, in GUEST_INPUT */
	FRAME_EOF	= 'z',	/* standard input ends */
	FRAME_CLOSE	= 'c',	/* u8 frame type of a stream nobody reads any more */
	FRAME_SIGNAL	= 's',	/* u8 signal for the command's process group */
	FRAME_WINDOW	= 'w',	/* u16 rows, u16 columns of the terminal */
};

/* Never more unacknowledged input than this, so that neither end buffers more. */
#define INPUT_WINDOW	(1024 * 1024u)

/*
 * Where the guest finds things. The paths are the same in every run because
 * they are part of the kernel's command line, which feeds its random pool.
 */
#define GUEST_DIR	"/run/netsteer"
#define GUEST_COMMAND	GUEST_DIR "/command"
#define GUEST_STDIN	GUEST_DIR "/stdin"
#define GUEST_INPUT	GUEST_DIR "/input"

/*
 * The file GUEST_COMMAND is a list of strings, each ended by a NUL byte; the
 * first character says what the string is.
 */
enum config_tag {
	CONFIG_ARG	= 'a',	/* one argument of the command, in order */
	CONFIG_ENV	= 'e',	/* NAME=VALUE */
	CONFIG_CWD	= 'd',	/* folder to run in */
	CONFIG_FS	= 'f',	/* file system type that shows the host */
	CONFIG_CHANNEL	= 'c',	/* device of the byte stream */
	CONFIG_STAGE	= 'g',	/* folder laid over the host's root */
	CONFIG_SHARE	= 's',	/* folder that stays writable for real */
	CONFIG_STDIN	= 'i',	/* null, file or live */
	CONFIG_TTY	= 't',	/* rows columns stderr-too(0 or 1) */
	CONFIG_VIRTUAL	= 'v',	/* time is virtual */
};

struct frames {
	size_t have;		/* bytes in buf */
	int broken;		/* -EPROTO for good */
	__u8 buf[FRAME_HEADER + FRAME_MAX];
};

typedef int (*frame_fn)(void *arg, int type, const __u8 *data, __u32 len);

static inline void frame_header(__u8 *p, int type, __u32 len)
{
	p[0] = type;
	put_le32(p + 1, len);
}

/* How many bytes the frame at the start of buf lacks; 0 when it is whole. */
static inline ssize_t frames_missing(const struct frames *f, const char *allowed)
{
	__u32 len;

	if (!f->have)
		return FRAME_HEADER;
	if (!f->buf[0] || !strchr(allowed, f->buf[0]))
		return -EPROTO;
	if (f->have < FRAME_HEADER)
		return FRAME_HEADER - f->have;
	len = get_le32(f->buf + 1);
	if (len > FRAME_MAX)
		return -EPROTO;
	return FRAME_HEADER + len - f->have;
}

/*
 * frames_feed - take n bytes as they came and call fn for every whole frame
 * @allowed: the types that this side accepts
 *
 * Returns 0, -EPROTO, or the first non-zero value that fn returned.
 */
static inline int frames_feed(struct frames *f, const char *allowed, const __u8 *p, size_t n,
			      frame_fn fn, void *arg)
{
	ssize_t missing;
	int err;

	while (!f->broken) {
		missing = frames_missing(f, allowed);
		if (missing < 0) {
			f->broken = missing;
			break;
		}
		if (!missing) {
			f->have = 0;
			err = fn(arg, f->buf[0], f->buf + FRAME_HEADER, get_le32(f->buf + 1));
			if (err)
				return err;
			continue;
		}
		if (!n)
			return 0;
		/* the type is judged before its length is believed */
		if (!f->have)
			missing = 1;
		if ((size_t)missing > n)
			missing = n;
		memcpy(f->buf + f->have, p, missing);
		f->have += missing;
		p += missing;
		n -= missing;
	}
	return f->broken;
}

#endif
