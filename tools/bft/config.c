// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration, the same file for all nodes: on the first line how many
 * messages each node broadcasts, then a line for each node, in order of their
 * ids, with the address that it listens at: 10.0.0.1:42512 or [fd00::1]:42512.
 * Text after # and empty lines do not count.
 */
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "bracha.h"

struct source {
	FILE *f;
	const char *path;
	unsigned int line;
	char text[256];
};

/* The next line with something in it, without spaces around; NULL at the end. */
static char *next_line(struct source *s)
{
	char *start, *end;

	while (fgets(s->text, sizeof(s->text), s->f)) {
		s->line++;
		s->text[strcspn(s->text, "#\r\n")] = 0;
		start = s->text + strspn(s->text, " \t");
		end = start + strlen(start);
		while (end > start && strchr(" \t", end[-1]))
			*--end = 0;
		if (*start)
			return start;
	}
	return NULL;
}

static int parse_address(const struct source *s, char *text, struct address *to)
{
	struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
	}, *found;
	char *port = strrchr(text, ':'), *host = text;
	size_t len;

	if (!port || strlen(text) >= ADDR_TEXT)
		return fail(EINVAL, "%s line %u: \"%s\" is not ADDRESS:PORT", s->path, s->line,
			    text);
	memcpy(to->text, text, strlen(text) + 1);
	*port++ = 0;
	len = strlen(host);
	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = 0;
		host++;
	}
	if (getaddrinfo(host, port, &hints, &found))
		return fail(EINVAL, "%s line %u: \"%s\" is not a numeric ADDRESS:PORT", s->path,
			    s->line, to->text);
	memcpy(&to->sa, found->ai_addr, found->ai_addrlen);
	to->len = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

static int add_node(struct options *o, const struct source *s, char *text)
{
	struct address *a = &o->address[o->nodes];
	unsigned int i;
	int err;

	if (o->nodes == RBC_MAX_NODES)
		return fail(E2BIG, "%s line %u: more than %u nodes", s->path, s->line,
			    RBC_MAX_NODES);
	err = parse_address(s, text, a);
	for (i = 0; i < o->nodes && !err; i++)
		if (o->address[i].len == a->len && !memcmp(&o->address[i].sa, &a->sa, a->len))
			err = fail(EINVAL, "%s line %u: %s is node %u already", s->path, s->line,
				   a->text, i);
	o->nodes += !err;
	return err;
}

static int read_lines(struct options *o, struct source *s, bool messages_given)
{
	char *text = next_line(s), *end;
	unsigned long count;
	int err = 0;

	count = text ? strtoul(text, &end, 10) : 0;
	if (!text || *end || !count || count > RBC_MAX_MESSAGES)
		return fail(EINVAL, "%s line %u: the first line is the number of messages, 1 to %u",
			    s->path, s->line, RBC_MAX_MESSAGES);
	if (!messages_given)
		o->messages = count;
	while (!err && (text = next_line(s)))
		err = add_node(o, s, text);
	if (err)
		return err;
	if (ferror(s->f))
		return fail(EIO, "configuration %s", s->path);
	if (!o->nodes)
		return fail(EINVAL, "%s: no addresses of nodes after the first line", s->path);
	if (o->id >= o->nodes)
		return fail(EINVAL, "%s: no node %u, only 0 to %u", s->path, o->id, o->nodes - 1);
	return 0;
}

int config_read(struct options *o, const char *path, bool messages_given)
{
	struct source s = { .f = fopen(path, "re"), .path = path };
	int err;

	if (!s.f)
		return fail(errno, "configuration %s", path);
	err = read_lines(o, &s, messages_given);
	fclose(s.f);
	return err;
}

/* "1,4,7": nodes that nobody waits for. */
int config_faulty(struct options *o, const char *list)
{
	unsigned long id;
	char *end;

	for (; list; list = *end ? end + 1 : NULL) {
		id = strtoul(list, &end, 10);
		if (end == list || (*end && *end != ',') || id >= o->nodes)
			return fail(EINVAL, "--faulty %s: want ids of nodes, 0 to %u", list,
				    o->nodes - 1);
		o->faulty[id] = true;
	}
	return 0;
}
