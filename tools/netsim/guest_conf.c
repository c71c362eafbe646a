// SPDX-License-Identifier: GPL-2.0-only
/*
 * GUEST_CONF: what PID 1 of a node is to do, a line for each step, in the order in
 * which it does them (guest/setup.c has the same list).
 */
#include <errno.h>
#include <stdlib.h>

#include "config.h"
#include "guest.h"

static void put_value(FILE *f, const char *s)
{
	for (; *s; s++) {
		if (*s == '\\')
			fputs("\\\\", f);
		else if (*s == '\n')
			fputs("\\n", f);
		else
			fputc(*s, f);
	}
}

static void put_line(FILE *f, const char *key, const char *value)
{
	fprintf(f, "%s ", key);
	put_value(f, value);
	fputc('\n', f);
}

static int put_hosts(const struct ns_config *cfg, const struct ns_node *node, FILE *f)
{
	char *text = NULL;
	size_t len;
	FILE *mem = open_memstream(&text, &len);

	if (!mem)
		return -errno;
	ns_config_hosts(cfg, node, mem);
	if (fclose(mem)) {
		free(text);
		return -ENOMEM;
	}
	put_line(f, "hosts", text);
	free(text);
	return 0;
}

int ns_guest_conf(const struct ns_config *cfg, uint32_t id, FILE *f)
{
	const struct ns_node *n = &cfg->nodes[id];
	uint32_t i;
	int err;

	put_line(f, "hostname", n->name);
	fprintf(f, "epoch %llu\n", (unsigned long long)cfg->epoch_s);
	err = put_hosts(cfg, n, f);
	if (err)
		return err;
	for (i = 0; i < n->nr_nics; i++) {
		const struct ns_nic *c = &n->nics[i];
		const uint8_t *m = c->mac;

		fprintf(f, "nic %s %02x:%02x:%02x:%02x:%02x:%02x %s %s\n", c->ifname,
			m[0], m[1], m[2], m[3], m[4], m[5], *c->addr4 ? c->addr4 : "-",
			*c->addr6 ? c->addr6 : "-");
	}
	for (i = 0; i < n->nr_modules; i++)
		put_line(f, "module", n->modules[i]);
	for (i = 0; i < n->nr_sysctls; i++) {
		fprintf(f, "sysctl %s ", n->sysctls[i].key);
		put_value(f, n->sysctls[i].value);
		fputc('\n', f);
	}
	for (i = 0; i < n->nr_setup; i++)
		put_line(f, "setup", n->setup[i]);
	for (i = 0; i < n->nr_commands; i++) {
		fprintf(f, "command %llu %s ", (unsigned long long)n->commands[i].start_ns,
			n->commands[i].background ? "bg" : "fg");
		put_value(f, n->commands[i].run);
		fputc('\n', f);
	}
	return ferror(f) ? -EIO : 0;
}
