// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control socket. Who may open it (root, by its mode) may ask and order; see
 * request.h for the form.
 *
 *	reading		until a line feed, REQUEST_MAX bytes or PATIENCE_US
 *	writing		the answer, as fast as it is taken, or PATIENCE_US
 *	gone
 *
 * Nothing here waits for anybody: a client that is slow or silent costs a slot, one
 * of CLIENTS, for a few seconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "answer.h"
#include "say.h"

#define CLIENTS		16
#define PATIENCE_US	5000000

struct client {
	struct control *control;
	sd_event_source *io, *timer;
	int fd;			/* -1: free */
	size_t got;
	char *out;
	size_t out_len, out_pos;
	char in[REQUEST_MAX + 1];
};

struct control {
	struct daemon *d;
	sd_event_source *io;
	int fd;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	struct client client[CLIENTS];
};

static void drop(struct client *c)
{
	c->io = sd_event_source_disable_unref(c->io);
	c->timer = sd_event_source_disable_unref(c->timer);
	close(c->fd);
	free(c->out);
	c->out = NULL;
	c->fd = -1;
}

static int on_timer(sd_event_source *s, uint64_t usec, void *arg)
{
	(void)s;
	(void)usec;
	drop(arg);
	return 0;
}

/* What is to be sent, with a line feed. */
static int compose(struct client *c, struct json_object *result, const char *err)
{
	struct json_object *o = json_object_new_object();
	const char *text;
	size_t len;

	json_object_object_add(o, "ok", json_object_new_boolean(!*err));
	if (*err)
		json_object_object_add(o, "error", json_object_new_string(err));
	else
		json_object_object_add(o, "result", result);
	text = json_object_to_json_string_length(o, JSON_C_TO_STRING_PLAIN, &len);
	c->out = text && len < ANSWER_MAX ? malloc(len + 1) : NULL;
	if (c->out) {
		memcpy(c->out, text, len);
		c->out[len] = '\n';
		c->out_len = len + 1;
		c->out_pos = 0;
	}
	json_object_put(o);
	return c->out ? 0 : -ENOMEM;
}

static int serve(struct client *c, size_t len)
{
	struct json_object *result = NULL;
	char err[REQUEST_ERR] = "";
	struct request r;

	if (!request_parse(&r, c->in, len, err))
		result = answer(c->control->d, &r, err);
	return compose(c, result, err);
}

/* 0: wait for more; 1: there is an answer; -errno: it is over. */
static int read_request(struct client *c)
{
	ssize_t n = recv(c->fd, c->in + c->got, REQUEST_MAX + 1 - c->got, 0);
	char *end;
	int err;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (!n)
		return -EPIPE;
	c->got += n;
	end = memchr(c->in, '\n', c->got);
	if (!end && c->got <= REQUEST_MAX)
		return 0;
	err = serve(c, end ? (size_t)(end - c->in) : c->got);
	return err ? err : 1;
}

static int write_answer(struct client *c)
{
	ssize_t n = send(c->fd, c->out + c->out_pos, c->out_len - c->out_pos, MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	c->out_pos += n;
	return c->out_pos == c->out_len ? -EPIPE : 0;
}

static int on_client(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	struct client *c = arg;
	int err = 0;

	(void)s;
	(void)fd;
	if (c->out) {
		err = write_answer(c);
	} else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		err = read_request(c);
		if (err > 0) {
			sd_event_source_set_io_events(c->io, EPOLLOUT);
			sd_event_source_set_time_relative(c->timer, PATIENCE_US);
			err = write_answer(c);
		}
	}
	if (err < 0)
		drop(c);
	return 0;
}

static int on_connect(sd_event_source *s, int listener, uint32_t events, void *arg)
{
	struct control *ctl = arg;
	struct client *c;
	int fd, err;

	(void)s;
	(void)events;
	fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return 0;
	for (c = ctl->client; c < ctl->client + CLIENTS; c++)
		if (c->fd < 0)
			break;
	if (c == ctl->client + CLIENTS) {
		close(fd);
		return 0;
	}
	c->fd = fd;
	c->got = 0;
	err = sd_event_add_io(ctl->d->event, &c->io, fd, EPOLLIN, on_client, c);
	if (err >= 0)
		err = sd_event_add_time_relative(ctl->d->event, &c->timer, CLOCK_MONOTONIC,
						 PATIENCE_US, 0, on_timer, c);
	if (err < 0)
		drop(c);
	return 0;
}

/* A name that nobody answers at is of a daemon that was killed. */
static int take_name(struct control *c, const struct sockaddr_un *addr)
{
	struct stat st;
	int fd, err;

	if (lstat(c->path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) && errno == ECONNREFUSED ?
		0 : -EADDRINUSE;
	close(fd);
	if (err)
		return err;
	return unlink(c->path) ? -errno : 0;
}

static int listen_at(struct control *c)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	mode_t mask;
	char *slash;
	int err;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", c->path);
	slash = strrchr(addr.sun_path, '/');
	if (slash && slash != addr.sun_path) {
		*slash = '\0';
		mkdir(addr.sun_path, 0755);
		*slash = '/';
	}
	err = take_name(c, &addr);
	if (err)
		return err;
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		return -errno;
	mask = umask(0177);
	err = bind(c->fd, (struct sockaddr *)&addr, sizeof(addr)) ? -errno : 0;
	umask(mask);
	if (!err && listen(c->fd, CLIENTS))
		err = -errno;
	return err;
}

int control_open(struct control **to, struct daemon *d, const char *path)
{
	struct control *c = calloc(1, sizeof(*c));
	int err, i;

	if (!c)
		return say_error(ENOMEM, "control %s: no memory", path);
	c->d = d;
	c->fd = -1;
	for (i = 0; i < CLIENTS; i++)
		c->client[i] = (struct client){ .control = c, .fd = -1 };
	snprintf(c->path, sizeof(c->path), "%s", path);
	err = listen_at(c);
	if (!err)
		err = sd_event_add_io(d->event, &c->io, c->fd, EPOLLIN, on_connect, c);
	if (err >= 0) {
		*to = c;
		return 0;
	}
	if (err == -EADDRINUSE)
		say_error(-err, "control %s: an antelope answers there; give --control FILE", path);
	else
		say_error(-err, "control %s: %s; give --control FILE", path, strerror(-err));
	if (c->fd >= 0)
		close(c->fd);
	free(c);
	return err;
}

void control_close(struct control *c)
{
	int i;

	if (!c)
		return;
	for (i = 0; i < CLIENTS; i++)
		if (c->client[i].fd >= 0)
			drop(&c->client[i]);
	sd_event_source_disable_unref(c->io);
	unlink(c->path);
	close(c->fd);
	free(c);
}
