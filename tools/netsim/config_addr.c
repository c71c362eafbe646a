// SPDX-License-Identifier: GPL-2.0-only
/*
 * Addresses of interfaces: those of the file ("eth0 192.0.2.1/24", one of each
 * family for an interface; "eth0 none" for neither), and for the others the
 * default that config_net.c describes. Then the names by which nodes know each
 * other.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_load.h"

struct given {
	bool v4, v6;
};

static void default_addresses(const struct ns_config *cfg, uint32_t node)
{
	struct ns_nic *nic = cfg->nodes[node].nics;
	struct in6_addr a6 = { .s6_addr = { 0xfd } };
	char text[INET6_ADDRSTRLEN];
	uint32_t i;

	for (i = 0; i < cfg->nodes[node].nr_nics; i++, nic++) {
		snprintf(nic->addr4, sizeof(nic->addr4), "10.%u.0.%u/24", nic->segment,
			 node + 1);
		a6.s6_addr[3] = nic->segment;
		a6.s6_addr[15] = node + 1;
		inet_ntop(AF_INET6, &a6, text, sizeof(text));
		snprintf(nic->addr6, sizeof(nic->addr6), "%s/64", text);
	}
}

static struct ns_nic *find_nic(struct ns_node *node, const char *name)
{
	uint32_t i;

	for (i = 0; i < node->nr_nics; i++)
		if (!strcmp(node->nics[i].ifname, name))
			return &node->nics[i];
	return NULL;
}

/* ADDRESS/LENGTH in its shortest form; 0 or -EINVAL. */
static int parse_prefix(int family, unsigned int max, const char *text, char *out, size_t size)
{
	unsigned char bin[sizeof(struct in6_addr)];
	char host[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	uint64_t len;

	if (!slash || (size_t)(slash - text) >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, slash - text);
	host[slash - text] = '\0';
	if (inet_pton(family, host, bin) != 1 || unit_parse(&unit_count, slash + 1, &len) ||
	    !len || len > max)
		return -EINVAL;
	inet_ntop(family, bin, host, sizeof(host));
	snprintf(out, size, "%s/%u", host, (unsigned int)len);
	return 0;
}

/* 0, or what is wrong. */
static const char *set_address(struct ns_node *node, struct given *given, char *text)
{
	char *save, *ifname = strtok_r(text, " \t", &save), *value, buf[64];
	struct ns_nic *nic = ifname ? find_nic(node, ifname) : NULL;
	struct given *g;

	value = strtok_r(NULL, " \t", &save);
	if (!value || strtok_r(NULL, " \t", &save))
		return "is wrong; write IFNAME ADDRESS/LENGTH, or IFNAME none";
	if (!nic)
		return "names no interface of the node; they are eth0, eth1, ... by links";
	g = &given[nic - node->nics];
	if (!strcmp(value, "none")) {
		if (g->v4 || g->v6)
			return "comes beside an address of the same interface; keep one";
		g->v4 = true;
		g->v6 = true;
		nic->addr4[0] = '\0';
		nic->addr6[0] = '\0';
		return NULL;
	}
	if (!parse_prefix(AF_INET, 32, value, buf, sizeof(buf))) {
		if (g->v4)
			return "is the second IPv4 address; add further ones by \"setup\"";
		g->v4 = true;
		snprintf(nic->addr4, sizeof(nic->addr4), "%.31s", buf);
		return NULL;
	}
	if (parse_prefix(AF_INET6, 128, value, buf, sizeof(buf)))
		return "holds no address with a length; write 192.0.2.1/24 or fd00::1/64";
	if (g->v6)
		return "is the second IPv6 address; add further ones by \"setup\"";
	g->v6 = true;
	snprintf(nic->addr6, sizeof(nic->addr6), "%s", buf);
	return NULL;
}

static int load_node(struct ns_load *l, uint32_t entry, uint32_t node)
{
	const struct raw_node *raw = &l->raw->nodes[entry];
	struct given given[NS_NICS_MAX] = { 0 };
	char path[YML_PATH_MAX], *text;
	const char *wrong;
	uint32_t i;

	default_addresses(l->cfg, node);
	for (i = 0; i < raw->addresses_count; i++) {
		text = ns_expand(l->cfg, &l->cfg->nodes[node], raw->addresses[i]);
		if (!text)
			return -ENOMEM;
		wrong = set_address(&l->cfg->nodes[node], given, text);
		free(text);
		yml_path(path, "nodes[%u].addresses[%u]", entry, i);
		if (wrong)
			return yml_error(&l->yaml, path, "\"%.60s\" %s", raw->addresses[i],
					 wrong);
	}
	return 0;
}

static bool same_host(const char *a, const char *b)
{
	size_t len = strcspn(a, "/");

	return len && len == strcspn(b, "/") && !memcmp(a, b, len);
}

/* Two interfaces of a segment with one address: nothing would work. */
static int check_unique(struct ns_load *l, const struct ns_segment *s)
{
	const struct ns_nic *a, *b;
	const struct ns_node *na, *nb;
	uint32_t i, j;

	for (i = 0; i < s->nr_ports; i++)
		for (j = 0; j < i; j++) {
			na = &l->cfg->nodes[s->ports[i].node];
			nb = &l->cfg->nodes[s->ports[j].node];
			a = &na->nics[s->ports[i].nic];
			b = &nb->nics[s->ports[j].nic];
			if (same_host(a->addr4, b->addr4) || same_host(a->addr6, b->addr6))
				return yml_error(&l->yaml, "nodes",
						 "%s and %s have the same address on \"%s\"; %s",
						 na->name, nb->name, s->name, "change one");
		}
	return 0;
}

int ns_load_addresses(struct ns_load *l)
{
	uint32_t entry, i;
	int err = 0;

	for (entry = 0; !err && entry < l->raw->nodes_count; entry++)
		for (i = 0; !err && i < l->spans[entry].count; i++)
			err = load_node(l, entry, l->spans[entry].first + i);
	for (i = 0; !err && i < l->cfg->nr_segments; i++)
		err = check_unique(l, &l->cfg->segments[i]);
	return err;
}

/* The interface by which node best reaches the other: on a common segment. */
static const struct ns_nic *common_nic(const struct ns_node *node, const struct ns_node *other)
{
	uint32_t i, j;

	for (i = 0; i < other->nr_nics; i++)
		for (j = 0; j < node->nr_nics; j++)
			if (other->nics[i].segment == node->nics[j].segment)
				return &other->nics[i];
	return other->nr_nics ? &other->nics[0] : NULL;
}

static void write_host(FILE *f, const char *prefix, const char *name, const char *suffix)
{
	if (*prefix)
		fprintf(f, "%.*s\t%s%s\n", (int)strcspn(prefix, "/"), prefix, name, suffix);
}

void ns_config_hosts(const struct ns_config *cfg, const struct ns_node *node, FILE *f)
{
	const struct ns_node *other;
	const struct ns_nic *nic;
	char suffix[24];
	uint32_t i, j;

	fprintf(f, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n");
	for (i = 0; i < cfg->nr_nodes; i++) {
		other = &cfg->nodes[i];
		nic = common_nic(node, other);
		if (nic) {
			write_host(f, nic->addr4, other->name, "");
			write_host(f, nic->addr6, other->name, "");
		}
		for (j = 0; other->nr_nics > 1 && j < other->nr_nics; j++) {
			snprintf(suffix, sizeof(suffix), "-%s", other->nics[j].ifname);
			write_host(f, other->nics[j].addr4, other->name, suffix);
			write_host(f, other->nics[j].addr6, other->name, suffix);
		}
	}
}
