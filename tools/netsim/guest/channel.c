// SPDX-License-Identifier: GPL-2.0-only
/*
 * The byte stream to the simulator, see guest.h.
 *
 * A serial line or a virtio port, never waited for: what it does not take stays
 * in a queue, so that the moment when the host reads cannot delay a command.
 * Above QUEUE_FULL the commands' output is no longer read, and their pipes hold
 * them up, as a slow terminal would.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "init.h"

#define QUEUE_FULL	(1024 * 1024u)

static struct {
	int fd;
	uint8_t *queue;
	size_t head, tail, size;
	uint8_t rx[GUEST_MESSAGE];
	size_t nr_rx;
} ch = { .fd = -1 };

int channel_open(const char *device)
{
	struct termios t;
	int fd = open(device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (!tcgetattr(fd, &t)) {
		cfmakeraw(&t);
		if (tcsetattr(fd, TCSANOW, &t)) {
			int err = -errno;

			close(fd);
			return err;
		}
	}
	ch.fd = fd;
	return 0;
}

int channel_fd(void)
{
	return ch.fd;
}

bool channel_busy(void)
{
	return ch.head < ch.tail;
}

bool channel_full(void)
{
	return ch.tail - ch.head > QUEUE_FULL;
}

static uint8_t *room(size_t len)
{
	uint8_t *more;

	if (ch.head) {
		memmove(ch.queue, ch.queue + ch.head, ch.tail - ch.head);
		ch.tail -= ch.head;
		ch.head = 0;
	}
	if (ch.tail + len > ch.size) {
		more = realloc(ch.queue, 2 * (ch.tail + len));
		if (!more)
			return NULL;
		ch.queue = more;
		ch.size = 2 * (ch.tail + len);
	}
	return ch.queue + ch.tail;
}

int channel_send(enum guest_type type, unsigned int command, const void *p, size_t len)
{
	size_t whole = sizeof(struct guest_header) + len;
	uint8_t *to = len > GUEST_PAYLOAD ? NULL : room(whole);

	if (!to)
		return -ENOMEM;
	to[0] = GUEST_MAGIC & 0xff;
	to[1] = GUEST_MAGIC >> 8;
	to[2] = type;
	to[3] = 0;
	to[4] = command;
	to[5] = command >> 8;
	to[6] = len;
	to[7] = len >> 8;
	if (len)
		memcpy(to + sizeof(struct guest_header), p, len);
	ch.tail += whole;
	return channel_push();
}

int channel_push(void)
{
	while (channel_busy()) {
		ssize_t n = write(ch.fd, ch.queue + ch.head, ch.tail - ch.head);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n < 0)
			return -errno;
		ch.head += n;
	}
	return 0;
}

/* Until all is with the host. */
int channel_finish(void)
{
	struct pollfd p = { ch.fd, POLLOUT, 0 };
	int err = channel_push();

	while (!err && channel_busy()) {
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return -errno;
		err = channel_push();
	}
	tcdrain(ch.fd);
	return err;
}

/* One message, or as much of it as there is. Returns 0 for more, 1 when dry. */
static int pull_one(channel_fn fn)
{
	size_t want = sizeof(struct guest_header);
	ssize_t n;
	int err;

	if (ch.nr_rx >= want)
		want += ch.rx[6] | ch.rx[7] << 8;
	if (want > sizeof(ch.rx))
		return -EPROTO;
	if (ch.nr_rx < want) {
		n = read(ch.fd, ch.rx + ch.nr_rx, want - ch.nr_rx);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 1 : -errno;
		if (!n)
			return -EPIPE;
		ch.nr_rx += n;
		/* the header says how much more */
		return 0;
	}
	if ((ch.rx[0] | ch.rx[1] << 8) != GUEST_MAGIC)
		return -EPROTO;
	ch.nr_rx = 0;
	err = fn(ch.rx[2], ch.rx[4] | ch.rx[5] << 8, ch.rx + sizeof(struct guest_header),
		 want - sizeof(struct guest_header));
	return err;
}

int channel_pull(channel_fn fn)
{
	int err;

	do {
		err = pull_one(fn);
	} while (!err);
	return err < 0 ? err : 0;
}
