// SPDX-License-Identifier: GPL-2.0-only
/*
 * The simulator's side of the conversation with each node's PID 1, see guest.h.
 *
 * A node goes through enum phase; the table of messages says in which phases and
 * with which length each may come. What is not in the table, or refers to a
 * command that there is not, ends the node with a sentence: a guest is not
 * trusted, and nothing here trusts a field that was not checked.
 *
 * Two events need all nodes: the last READY sends GO to all, the last DONE sends
 * OFF. Both are sent for the time of the latest cause plus the horizon, whatever
 * the order in which the host learned of them, so a run repeats. For the same
 * reason the time of a cause is what the guest's own clock says, which in a
 * user-mode kernel is the simulator's; where it says nothing, or something
 * impossible, the time when the bytes came is taken.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "guest.h"
#include "le.h"

#define NS_PER_S	1000000000ull
/* Debian's ping takes a clock in its first second for one that it never read. */
#define TIME0_MIN_NS	NS_PER_S
/* What a node may say and leave: a run that repeats for ever shall not fill a disk. */
#define OUTPUT_MAX	(256ull << 20)
#define FILES_MAX	(64ull << 20)
#define PATH_BYTES	200
#define SHELL_RUNS	1000u

enum phase {
	SETUP,		/* until READY */
	READY,		/* until GO is sent */
	RUNNING,	/* until DONE */
	DONE,
	LEAVING,	/* said BYE */
	GONE,
	PHASES
};

struct node {
	enum phase phase;
	uint64_t last_ns;	/* when it was READY, then when it was DONE */
	uint64_t heard_ns;	/* of its latest message that has a time */
	uint64_t output_bytes, file_bytes;
	bool file_open, left_early;
	bool *exited;		/* of each command */
	uint32_t shell_next;	/* number of the next command of a prompt */
	size_t have;
	uint8_t rx[GUEST_MESSAGE];
};

struct ns_guests {
	const struct ns_config *cfg;
	const struct ns_guest_ops *ops;
	void *arg;
	uint64_t horizon_ns, time0_ns;
	bool hold, off;
	struct node nodes[];
};

/* Life */

struct ns_guests *ns_guests_new(const struct ns_config *cfg, uint64_t horizon_ns,
				const struct ns_guest_ops *ops, void *arg)
{
	struct ns_guests *g = calloc(1, sizeof(*g) + cfg->nr_nodes * sizeof(g->nodes[0]));
	uint32_t i;

	if (!g)
		return NULL;
	g->cfg = cfg;
	g->ops = ops;
	g->arg = arg;
	g->horizon_ns = horizon_ns;
	g->time0_ns = NS_NEVER;
	for (i = 0; i < cfg->nr_nodes; i++) {
		g->nodes[i].shell_next = GUEST_SHELL;
		g->nodes[i].exited = calloc(cfg->nodes[i].nr_commands + SHELL_RUNS, sizeof(bool));
		if (!g->nodes[i].exited) {
			ns_guests_free(g);
			return NULL;
		}
	}
	return g;
}

void ns_guests_free(struct ns_guests *g)
{
	uint32_t i;

	if (!g)
		return;
	for (i = 0; i < g->cfg->nr_nodes; i++)
		free(g->nodes[i].exited);
	free(g);
}

uint64_t ns_guests_time0(const struct ns_guests *g)
{
	return g->time0_ns;
}

static int send_message(struct ns_guests *g, uint32_t node, uint64_t t_ns,
			enum guest_type type, uint32_t command, const void *p, size_t len)
{
	uint8_t buf[GUEST_MESSAGE] = {
		GUEST_MAGIC & 0xff, GUEST_MAGIC >> 8, type, 0,
		command & 0xff, command >> 8, len & 0xff, len >> 8,
	};

	if (len > GUEST_PAYLOAD)
		return -EMSGSIZE;
	if (g->nodes[node].phase >= LEAVING)
		return 0;
	if (len)
		memcpy(buf + sizeof(struct guest_header), p, len);
	return g->ops->send(g->arg, node, t_ns, buf, sizeof(struct guest_header) + len);
}

/* Whether all nodes are in this phase or beyond; *t: the latest of their times. */
static bool all_reached(const struct ns_guests *g, enum phase phase, uint64_t *t)
{
	uint32_t i;

	*t = 0;
	for (i = 0; i < g->cfg->nr_nodes; i++) {
		if (g->nodes[i].phase < phase)
			return false;
		if (g->nodes[i].last_ns > *t)
			*t = g->nodes[i].last_ns;
	}
	return true;
}

static int go(struct ns_guests *g)
{
	uint64_t t, stop = g->cfg->stop_ns;
	uint8_t p[24];
	uint32_t i;
	int err;

	if (g->time0_ns != NS_NEVER || !all_reached(g, READY, &t))
		return 0;
	t += g->horizon_ns;
	/* a whole second, that a reader of times has less to subtract */
	g->time0_ns = (t / NS_PER_S + 1) * NS_PER_S;
	if (g->time0_ns < TIME0_MIN_NS)
		g->time0_ns = TIME0_MIN_NS;
	if (g->ops->go)
		g->ops->go(g->arg, g->time0_ns);
	put_le64(p, t);
	put_le64(p + 8, g->time0_ns);
	put_le64(p + 16, stop);
	for (i = 0; i < g->cfg->nr_nodes; i++) {
		if (g->nodes[i].phase != READY)
			continue;
		err = send_message(g, i, t, GUEST_GO, 0, p, sizeof(p));
		if (err)
			return err;
		g->nodes[i].phase = RUNNING;
	}
	return 0;
}

/* Without a command to wait for, the run lasts until its stop time. */
static bool waits_for_stop(const struct ns_guests *g)
{
	uint32_t i, k;

	if (g->cfg->stop_ns == NS_NEVER)
		return false;
	for (i = 0; i < g->cfg->nr_nodes; i++)
		for (k = 0; k < g->cfg->nodes[i].nr_commands; k++)
			if (!g->cfg->nodes[i].commands[k].background)
				return false;
	return true;
}

static int send_off(struct ns_guests *g, uint64_t t)
{
	uint32_t i;
	int err;

	if (g->off)
		return 0;
	g->off = true;
	for (i = 0; i < g->cfg->nr_nodes; i++) {
		err = send_message(g, i, t, GUEST_OFF, 0, NULL, 0);
		if (err)
			return err;
	}
	return 0;
}

static int end(struct ns_guests *g)
{
	uint64_t t;

	if (g->hold || waits_for_stop(g) || !all_reached(g, DONE, &t))
		return 0;
	return send_off(g, t + g->horizon_ns);
}

void ns_guests_off(struct ns_guests *g, uint64_t t_ns)
{
	send_off(g, t_ns + g->horizon_ns);
}

int ns_guests_gone(struct ns_guests *g, uint32_t node, uint64_t t_ns, int crashed)
{
	struct node *n = &g->nodes[node];
	bool early = n->phase < LEAVING && !crashed;

	if (n->phase < DONE)
		n->last_ns = t_ns;
	n->phase = GONE;
	if (early || n->left_early)
		return -EPIPE;
	return go(g) ?: end(g);
}

/* Messages */

struct message {
	uint32_t node;
	uint64_t t_ns;		/* when its bytes came */
	uint8_t type;
	uint16_t command;
	const uint8_t *p;
	size_t len;
};

static int fail(struct ns_guests *g, uint32_t node, const char *why)
{
	g->nodes[node].phase = GONE;
	g->nodes[node].left_early = true;
	g->ops->failed(g->arg, node, why);
	return -EPROTO;
}

/*
 * The guest's word for when it was counts while it is possible: windows of a node
 * begin and end within the horizon of the others' clocks.
 */
static uint64_t when(struct ns_guests *g, const struct message *m)
{
	uint64_t said = get_le64(m->p), slack = 2 * g->horizon_ns;

	if (!said || said + slack < m->t_ns || said > m->t_ns + slack)
		said = m->t_ns;
	g->nodes[m->node].heard_ns = said;
	return said;
}

static bool *exited(struct ns_guests *g, uint32_t node, uint32_t command)
{
	struct node *n = &g->nodes[node];
	uint32_t nr = g->cfg->nodes[node].nr_commands;

	if (command < nr && command < GUEST_SHELL)
		return &n->exited[command];
	if (command >= GUEST_SHELL && command < n->shell_next)
		return &n->exited[nr + command - GUEST_SHELL];
	return NULL;
}

static int on_ready(struct ns_guests *g, const struct message *m)
{
	struct node *n = &g->nodes[m->node];

	n->last_ns = when(g, m);
	n->phase = READY;
	return go(g);
}

static int on_output(struct ns_guests *g, const struct message *m)
{
	struct node *n = &g->nodes[m->node];

	if (!exited(g, m->node, m->command))
		return fail(g, m->node, "it speaks for a command that it does not have");
	n->output_bytes += m->len;
	if (n->output_bytes > OUTPUT_MAX)
		return fail(g, m->node, "its commands print over 256 MiB; redirect some to /tmp");
	when(g, m);
	g->ops->output(g->arg, m->node, m->command, m->p + 8, m->len - 8);
	return 0;
}

static int on_exited(struct ns_guests *g, const struct message *m)
{
	bool *done = exited(g, m->node, m->command);
	uint64_t t = when(g, m), stop = g->cfg->stop_ns;

	if (!done || *done)
		return fail(g, m->node, "it ends a command that does not run");
	*done = true;
	g->ops->exited(g->arg, m->node, m->command, get_le32(m->p + 8), t,
		       g->off || (stop != NS_NEVER && t >= g->time0_ns + stop));
	return 0;
}

static bool plain(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || strchr("._-+=@,:%~", c);
}

/* Relative, of names that do not hide, in characters that no terminal acts on. */
static bool clean_path(const char *path)
{
	bool begins = true;

	for (; *path; path++) {
		if (begins && (*path == '.' || *path == '/'))
			return false;
		begins = *path == '/';
		if (!begins && !plain(*path))
			return false;
	}
	return !begins;
}

static int on_file(struct ns_guests *g, const struct message *m)
{
	char path[PATH_BYTES + 1];

	memcpy(path, m->p, m->len);
	path[m->len] = '\0';
	if (strlen(path) != m->len || !clean_path(path))
		return fail(g, m->node, "it leaves a file in /out whose name is not plain ASCII");
	g->nodes[m->node].file_open = true;
	g->ops->file(g->arg, m->node, path);
	return 0;
}

static int on_data(struct ns_guests *g, const struct message *m)
{
	struct node *n = &g->nodes[m->node];

	n->file_bytes += m->len;
	if (!n->file_open || n->file_bytes > FILES_MAX)
		return fail(g, m->node, "it sends more files than it may");
	g->ops->data(g->arg, m->node, m->p, m->len);
	return 0;
}

static int on_done(struct ns_guests *g, const struct message *m)
{
	struct node *n = &g->nodes[m->node];

	n->last_ns = when(g, m);
	n->phase = DONE;
	return end(g);
}

static int on_error(struct ns_guests *g, const struct message *m)
{
	char why[GUEST_PAYLOAD + 1];
	size_t i;

	for (i = 0; i < m->len; i++)
		why[i] = m->p[i] == '\n' || (m->p[i] >= ' ' && m->p[i] != 0x7f) ? m->p[i] : '?';
	why[i] = '\0';
	return fail(g, m->node, why);
}

static int on_bye(struct ns_guests *g, const struct message *m)
{
	struct node *n = &g->nodes[m->node];

	if (n->phase < DONE)
		n->last_ns = m->t_ns;
	n->phase = LEAVING;
	if (g->ops->bye)
		g->ops->bye(g->arg, m->node);
	return 0;
}

#define IN(phase)	(1u << (phase))

static const struct handler {
	unsigned int phases;
	size_t min, max;
	int (*run)(struct ns_guests *g, const struct message *m);
} handlers[] = {
	[GUEST_READY] =	 { IN(SETUP), 8, 8 + 65, on_ready },
	[GUEST_OUTPUT] = { IN(RUNNING) | IN(DONE), 9, GUEST_PAYLOAD, on_output },
	[GUEST_EXIT] =	 { IN(RUNNING) | IN(DONE), 12, 12, on_exited },
	[GUEST_FILE] =	 { IN(RUNNING) | IN(DONE), 1, PATH_BYTES, on_file },
	[GUEST_DATA] =	 { IN(RUNNING) | IN(DONE), 1, GUEST_PAYLOAD, on_data },
	[GUEST_DONE] =	 { IN(RUNNING), 8, 8, on_done },
	[GUEST_ERROR] =	 { IN(SETUP) | IN(RUNNING) | IN(DONE), 1, GUEST_PAYLOAD, on_error },
	[GUEST_BYE] =	 { IN(RUNNING) | IN(DONE), 0, 0, on_bye },
};

static int dispatch(struct ns_guests *g, const struct message *m)
{
	static const struct handler none;
	const struct handler *h = &none;

	if (m->type < sizeof(handlers) / sizeof(*handlers))
		h = &handlers[m->type];
	if (!(h->phases & IN(g->nodes[m->node].phase)) || m->len < h->min || m->len > h->max)
		return fail(g, m->node, "its PID 1 does not keep to the protocol");
	return h->run(g, m);
}

/* How many bytes make the message that has begun whole; -EPROTO for no message. */
static ssize_t wanted(const struct node *n)
{
	size_t len;

	if (n->have < sizeof(struct guest_header))
		return sizeof(struct guest_header) - n->have;
	len = n->rx[6] | n->rx[7] << 8;
	if ((n->rx[0] | n->rx[1] << 8) != (int)GUEST_MAGIC || len > GUEST_PAYLOAD)
		return -EPROTO;
	return sizeof(struct guest_header) + len - n->have;
}

int ns_guests_feed(struct ns_guests *g, uint32_t node, uint64_t t_ns, const void *p,
		   size_t len)
{
	struct node *n = &g->nodes[node];
	const uint8_t *in = p;

	for (;;) {
		ssize_t want = wanted(n);
		struct message m = { .node = node, .t_ns = t_ns };
		int err;

		if (n->left_early)
			return -EPROTO;
		if (want < 0)
			return fail(g, node, "its PID 1 does not keep to the protocol");
		if (want) {
			if (!len)
				return 0;
			if ((size_t)want > len)
				want = len;
			memcpy(n->rx + n->have, in, want);
			n->have += want;
			in += want;
			len -= want;
			continue;
		}
		m.type = n->rx[2];
		m.command = n->rx[4] | n->rx[5] << 8;
		m.p = n->rx + sizeof(struct guest_header);
		m.len = n->have - sizeof(struct guest_header);
		n->have = 0;
		err = dispatch(g, &m);
		if (err)
			return err;
	}
}

/* A prompt */

void ns_guests_hold(struct ns_guests *g)
{
	g->hold = true;
}

int ns_guests_release(struct ns_guests *g, uint64_t t_ns)
{
	uint64_t t;

	g->hold = false;
	if (waits_for_stop(g) || !all_reached(g, DONE, &t))
		return 0;
	return send_off(g, t > t_ns ? t + g->horizon_ns : t_ns + g->horizon_ns);
}

uint64_t ns_guests_heard(const struct ns_guests *g, uint32_t node)
{
	return g->nodes[node].heard_ns;
}

int ns_guests_run(struct ns_guests *g, uint32_t node, uint64_t t_ns, uint32_t command,
		  const char *text)
{
	struct node *n = &g->nodes[node];

	if (command != n->shell_next || command == GUEST_SHELL + SHELL_RUNS)
		return -EINVAL;
	n->shell_next++;
	return send_message(g, node, t_ns, GUEST_RUN, command, text, strlen(text));
}

int ns_guests_input(struct ns_guests *g, uint32_t node, uint64_t t_ns, uint32_t command,
		    const void *p, size_t len)
{
	const uint8_t *in = p;
	size_t part;
	int err;

	do {
		part = len < GUEST_PAYLOAD ? len : GUEST_PAYLOAD;
		err = send_message(g, node, t_ns, GUEST_INPUT, command, in, part);
		in += part;
		len -= part;
	} while (!err && len);
	return err;
}
