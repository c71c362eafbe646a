// SPDX-License-Identifier: GPL-2.0-only
/*
 * One of our outputs. Inherited descriptors are shared with others, so they stay as
 * they are. A pipe is opened anew to write to it without blocking; elsewhere, writing
 * no more than PIPE_BUF after POLLOUT comes close; regular files never block.
 */
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "streams.h"

void sink_init(struct sink *s)
{
	char path[32];
	struct stat st;
	int fd;

	s->max = PIPE_BUF;
	if (fstat(s->fd, &st)) {
		s->closed = true;
		return;
	}
	if (S_ISREG(st.st_mode))
		s->max = sizeof(s->buf);
	if (!S_ISFIFO(st.st_mode))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->fd);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return;
	s->fd = fd;
	s->max = sizeof(s->buf);
}

bool sink_busy(const struct sink *s)
{
	return s->done < s->len;
}

int sink_add(struct sink *s, const __u8 *data, __u32 len)
{
	if (s->closed)
		return 0;
	if (len > sizeof(s->buf) - s->len)
		return -EPROTO;
	memcpy(s->buf + s->len, data, len);
	s->len += len;
	return 0;
}

bool sink_push(struct sink *s)
{
	size_t left = s->len - s->done;
	bool news;
	ssize_t n = 0;

	if (left && !s->closed) {
		n = write(s->fd, s->buf + s->done, left < s->max ? left : s->max);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return false;
		if (n < 0)
			s->closed = true;
		else
			s->done += n;
	}
	news = s->closed && !s->told;
	s->told |= s->closed;
	if (s->closed || !sink_busy(s)) {
		s->len = 0;
		s->done = 0;
	}
	return news;
}
