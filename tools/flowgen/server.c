// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes the flows and says which payload rate each of them achieved.
 *
 * The measured window begins a warm-up after the first connection. A flow's
 * rate is taken from the first data that arrive in the window to the first
 * after its end: a whole number of gaps, so that a slow flow's rate has no
 * error from where the window happens to cut it. A flow that is silent at the
 * window's end is charged for all the silence until it ends or the server does.
 *
 * Data are dropped in the kernel (MSG_TRUNC) rather than copied.
 *
 * Plain epoll rather than sd-event: sockets and one deadline.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flowgen.h"

#define BATCH		64
#define READ_BYTES	(1024 * 1024)
#define STOP		UINT32_MAX	/* the event that is no socket */
/* For what was sent in the window and waits in queues after it. */
#define GRACE_NS	NSEC_PER_SEC

struct flow {
	int fd;
	unsigned int class;
	bool ended;
	uint64_t bytes;		/* all */
	uint64_t measured;	/* after first_ns, up to last_ns */
	uint64_t first_ns;	/* first arrival in the window, 0: none yet */
	uint64_t last_ns;	/* first arrival after it, 0: none yet */
};

struct server {
	const struct options *o;
	int epoll;
	int listener[MAX_CLASSES];
	struct flow *flow;
	unsigned int nr_flows, nr_open, nr_refused;
	bool stopped;		/* by a signal */
	uint64_t from_ns, until_ns, end_ns;	/* 0 until the first connection */
};

static int listen_at(struct server *s, unsigned int class)
{
	struct sockaddr_in6 any = {
		.sin6_family = AF_INET6, .sin6_port = htons(s->o->port + class),
	};
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = class };
	int fd, on = 1, off = 0;

	/* one socket for both families */
	fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(errno, "cannot make a socket");
	s->listener[class] = fd;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) || listen(fd, SOMAXCONN))
		return fail(errno, "cannot listen on TCP port %u; choose with --port",
			    s->o->port + class);
	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev))
		return fail(errno, "cannot watch TCP port %u", s->o->port + class);
	return 0;
}

static void open_window(struct server *s, uint64_t now)
{
	s->from_ns = now + s->o->warmup_ns;
	s->until_ns = s->o->duration_ns ? s->from_ns + s->o->duration_ns : UINT64_MAX;
	s->end_ns = s->o->duration_ns ? s->until_ns + GRACE_NS : UINT64_MAX;
}

static void accept_flow(struct server *s, unsigned int class, uint64_t now)
{
	struct epoll_event ev = { .events = EPOLLIN };
	struct flow *f;
	int fd;

	fd = accept4(s->listener[class], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	/* events of listeners have numbers below those of flows */
	ev.data.u32 = MAX_CLASSES + s->nr_flows;
	if (s->nr_flows == s->o->nr_flows || epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev)) {
		s->nr_refused++;
		close(fd);
		return;
	}
	if (!s->from_ns)
		open_window(s, now);
	f = &s->flow[s->nr_flows++];
	f->fd = fd;
	f->class = class;
	s->nr_open++;
}

static void count(const struct server *s, struct flow *f, uint64_t bytes, uint64_t now)
{
	f->bytes += bytes;
	if (now < s->from_ns || f->last_ns)
		return;
	if (!f->first_ns) {
		f->first_ns = now;
		return;
	}
	f->measured += bytes;
	if (now >= s->until_ns)
		f->last_ns = now;
}

static void read_flow(struct server *s, struct flow *f, uint64_t now)
{
	ssize_t n = recv(f->fd, NULL, READ_BYTES, MSG_TRUNC | MSG_DONTWAIT);

	if (n > 0) {
		count(s, f, n, now);
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* the client ends its flows by a reset */
	close(f->fd);
	f->fd = -1;
	f->ended = true;
	if (f->first_ns && !f->last_ns)
		f->last_ns = now;
	s->nr_open--;
}

static bool all_ended(const struct server *s)
{
	return s->nr_flows == s->o->nr_flows && !s->nr_open;
}

static int loop(struct server *s)
{
	struct epoll_event ev[BATCH];
	struct timespec ts, *timeout;
	uint64_t now = 0;
	int i, n;

	while (!s->stopped) {
		now = now_ns(CLOCK_MONOTONIC);
		if (s->from_ns && (now >= s->end_ns || all_ended(s)))
			break;
		timeout = NULL;
		if (s->from_ns && s->end_ns != UINT64_MAX) {
			ts = ns_to_timespec(s->end_ns - now);
			timeout = &ts;
		}
		n = epoll_pwait2(s->epoll, ev, BATCH, timeout, NULL);
		if (n < 0 && errno != EINTR)
			return fail(errno, "cannot wait for sockets");
		now = now_ns(CLOCK_MONOTONIC);
		for (i = 0; i < n; i++) {
			if (ev[i].data.u32 == STOP)
				s->stopped = true;
			else if (ev[i].data.u32 < MAX_CLASSES)
				accept_flow(s, ev[i].data.u32, now);
			else
				read_flow(s, &s->flow[ev[i].data.u32 - MAX_CLASSES], now);
		}
	}
	for (i = 0; i < (int)s->nr_flows; i++)
		if (s->flow[i].first_ns && !s->flow[i].last_ns)
			s->flow[i].last_ns = now;
	return 0;
}

static double flow_bps(const struct flow *f)
{
	if (!f->first_ns || f->last_ns <= f->first_ns)
		return 0;
	return f->measured * 8e9 / (f->last_ns - f->first_ns);
}

static void report_class(const struct server *s, unsigned int class, FILE *out)
{
	const struct flow_class *k = &s->o->class[class];
	unsigned int i, accepted = 0;
	const char *sep = "";
	uint64_t bytes = 0;

	fprintf(out, "    {\"name\": \"%s\", \"rate_bps\": %ju, \"flows\": %u, \"bps\": [",
		k->name, k->rate_bps, k->flows);
	for (i = 0; i < s->nr_flows; i++) {
		if (s->flow[i].class != class)
			continue;
		accepted++;
		bytes += s->flow[i].bytes;
		fprintf(out, "%s%.0f", sep, flow_bps(&s->flow[i]));
		sep = ", ";
	}
	fprintf(out, "],\n     \"accepted\": %u, \"bytes\": %ju}%s\n", accepted, bytes,
		class + 1 < s->o->nr_classes ? "," : "");
}

static void report(const struct server *s, FILE *out)
{
	unsigned int i;

	fprintf(out, "{\"mode\": \"server\", \"accepted\": %u, \"refused\": %u, \"classes\": [\n",
		s->nr_flows, s->nr_refused);
	for (i = 0; i < s->o->nr_classes; i++)
		report_class(s, i, out);
	fprintf(out, "  ]}\n");
}

int server_run(const struct options *o, FILE *out)
{
	struct epoll_event stop = { .events = EPOLLIN, .data.u32 = STOP };
	struct server s = { .o = o };
	unsigned int i;
	int err = 0;

	for (i = 0; i < MAX_CLASSES; i++)
		s.listener[i] = -1;
	s.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s.epoll < 0 || epoll_ctl(s.epoll, EPOLL_CTL_ADD, o->signals, &stop))
		return fail(errno, "cannot make an epoll instance");
	s.flow = calloc(o->nr_flows, sizeof(*s.flow));
	if (!s.flow)
		err = fail(ENOMEM, "cannot hold %u flows", o->nr_flows);
	for (i = 0; !err && i < o->nr_classes; i++)
		err = listen_at(&s, i);
	if (!err)
		err = loop(&s);
	if (!err)
		report(&s, out);
	for (i = 0; i < s.nr_flows; i++)
		if (!s.flow[i].ended)
			close(s.flow[i].fd);
	for (i = 0; i < o->nr_classes; i++)
		if (s.listener[i] >= 0)
			close(s.listener[i]);
	free(s.flow);
	close(s.epoll);
	return err;
}
