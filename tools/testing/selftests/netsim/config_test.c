// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration (tools/netsim/config*.c, matrix.c), good, bad and random.
 * Built with address and undefined-behaviour sanitizers. Expectations:
 *
 *  1. a quantity is exact or refused, in every unit, up to 64 bits
 *  2. what a file does not say has the documented default
 *  3. what it says arrives: groups, words, paths of each direction, faults
 *  4. in a published matrix, line i, column j is what node i waits for node j's
 *  5. each wrong file is refused with one line that names file, line and key
 *  6. written out with all defaults, a configuration reads back as the same
 *  7. nodes know each other by an address on a common link
 *  8. RANDOM changes of good files: never more than that one line, nor memory
 *     that is not ours or not freed, and 6 for all that are accepted
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "config.h"
#include "config_load.h"

#define RANDOM		20000
#define TEXT_MAX	8192
#define PAIR		"nodes: [{name: a}, {name: b}]\nlinks:\n- nodes: [a, b]\n  "
#define NODES(more)	"nodes:\n- name: a\n- name: b\n" more

/* What was printed on stderr: the C library lets the stream be exchanged. */
static char *said;
static size_t said_len;
static FILE *real_stderr;

static void listen(void)
{
	real_stderr = stderr;
	stderr = open_memstream(&said, &said_len);
}

static void hear(void)
{
	fclose(stderr);
	stderr = real_stderr;
}

static int load(struct ns_config *cfg, const char *text)
{
	int err;

	listen();
	err = ns_config_parse(cfg, "f", text, strlen(text));
	hear();
	return err;
}

static unsigned int lines(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* 1 */
static const struct {
	const struct unit_quantity *q;
	const char *text;
	int err;
	uint64_t value;
} quantities[] = {
	{ &unit_time, "10ms", 0, 10000000 }, { &unit_time, "0.000001ms", 0, 1 },
	{ &unit_time, "1.5us", 0, 1500 }, { &unit_time, "2MIN", 0, 120000000000 },
	{ &unit_time, "0", 0, 0 }, { &unit_time, "1", -EINVAL, 0 },
	{ &unit_time, "0.5ns", -ERANGE, 0 }, { &unit_time, "1 ms", -EINVAL, 0 },
	{ &unit_time, "-1ms", -EINVAL, 0 }, { &unit_time, "1.2.3s", -EINVAL, 0 },
	{ &unit_time, "", -EINVAL, 0 }, { &unit_time, ".s", -EINVAL, 0 },
	{ &unit_time, "999999999999999999999999h", -ERANGE, 0 },
	{ &unit_time, "9999999999999999999999999h", -EINVAL, 0 },
	{ &unit_rate, "100Mbit", 0, 100000000 }, { &unit_rate, "1mbps", 0, 8000000 },
	{ &unit_rate, "1.5kibit", 0, 1536 }, { &unit_rate, "1Xbit", -EINVAL, 0 },
	{ &unit_size, "64KiB", 0, 65536 }, { &unit_size, "64k", 0, 65536 },
	{ &unit_size, "1.5b", -ERANGE, 0 }, { &unit_size, "3GiB", 0, 3221225472 },
	{ &unit_share, "0.1%", 0, 1000 }, { &unit_share, "5ppm", 0, 5 },
	{ &unit_share, "0.00001%", -ERANGE, 0 }, { &unit_share, "0.1", -EINVAL, 0 },
	{ &unit_count, "18446744073709551615", 0, UINT64_MAX },
	{ &unit_count, "18446744073709551616", -ERANGE, 0 }, { &unit_count, "0x1", -EINVAL, 0 },
};

static bool test_units(void)
{
	char text[UNIT_TEXT];
	uint64_t v, again;
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(quantities); i++) {
		v = 0;
		err = unit_parse(quantities[i].q, quantities[i].text, &v);
		if (err != quantities[i].err || v != quantities[i].value)
			goto bad;
		unit_format(quantities[i].q, v, text);
		if (!err && (unit_parse(quantities[i].q, text, &again) || again != v))
			goto bad;
	}
	return !unit_epoch("2026-01-31", &v) && v == 1769817600 &&
	       !unit_epoch("2026-01-31T12:00:01Z", &v) && v == 1769860801 &&
	       unit_epoch("2026-13-31", &v) && unit_epoch("soon", &v);
bad:
	ksft_print_msg("\"%s\": %d, %llu\n", quantities[i].text, err, (unsigned long long)v);
	return false;
}

/* 2 */
static bool test_defaults(void)
{
	struct ns_config c;
	struct ns_path *p;
	bool ok;

	if (load(&c, PAIR "latency: 3ms\n  rate: 1Gbit\n"))
		return false;
	p = &c.segments[0].paths[1];
	ok = c.seed == 1 && c.stop_ns == NS_NEVER && c.epoch_s == 1767225600 &&
	     c.nr_nodes == 2 && !strcmp(c.nodes[0].backend, "um") &&
	     c.nodes[0].mem_mib == 256 && c.nodes[0].nr_nics == 1 &&
	     !strcmp(c.nodes[1].nics[0].addr4, "10.0.0.2/24") &&
	     !strcmp(c.nodes[1].nics[0].addr6, "fd00::2/64") &&
	     !strcmp(c.nodes[1].nics[0].ifname, "eth0") &&
	     !memcmp(c.nodes[1].nics[0].mac, "\x02\0\0\0\0\x02", 6) &&
	     !strcmp(c.segments[0].name, "link0") && p->latency_ns == 3000000 &&
	     p->rate_bps == 1000000000 && p->queue_bytes == 6250000 && !p->jitter_ns &&
	     !p->loss_ppm && !p->ecn_bytes && !c.nr_faults;
	ns_config_free(&c);
	free(said);
	return ok;
}

/* 3; also what random changes start from */
static const char everything[] =
	"seed: 7\nstop: 30s\nepoch: 2026-02-03T04:05:06Z\n"
	"nodes:\n"
	"  - name: client\n    qdisc: gq maxrate 10mbit\n    memory: 64MiB\n"
	"    sysctls: [net.ipv4.tcp_congestion_control=bbr, 'net.ipv4.tcp_rmem=1 2 3']\n"
	"    modules: [sch_gq]\n    setup: [\"ip route add default via 10.0.0.2\"]\n"
	"    commands:\n"
	"      - run: ping -c 3 server\n        start: 10ms\n        may_fail: yes\n"
	"      - run: |\n          echo \"{id} of {n}\" \\\n            {name} {i} {x} {\n"
	"  - name: server\n    backend: qemu\n    addresses: [\"eth0 192.0.2.{id}/24\"]\n"
	"    programs: [iperf3]\n"
	"  - name: n\n    count: 3\n    addresses: [\"eth0 none\"]\n"
	"    commands: [{run: 'iperf3 -s {i}', background: true}]\n"
	"links:\n"
	"  - nodes: [client, server]\n    latency: 10ms\n    rate: 100Mbit\n    queue: 20ms\n"
	"    ecn: 20KiB\n    loss: 0.1%\n    duplicate: 5ppm\n    corrupt: 1%\n    jitter: 1us\n"
	"    reorder: 2%\n    reorder_by: 1ms\n"
	"    paths:\n      - {from: server, latency: 20ms, rate: 10Mbit, loss: 0%}\n"
	"  - {name: lan, nodes: [n, client], latency: 1us}\n"
	"matrix:\n  name: far\n  nodes: [server, n0, n1]\n  rate: 1Gbit\n"
	"  rows: [0 1 2, 3 0 0.5, 7 8 9]\n"
	"faults:\n"
	"  - {kind: outage, nodes: [client, n], start: 1s, end: 2s}\n"
	"  - {kind: partition, groups: [{nodes: [n, client]}], start: 1500ms}\n"
	"  - {kind: crash, node: n2, start: 5s}\n";

static bool check_nodes(const struct ns_config *c)
{
	const struct ns_node *client = &c->nodes[0], *n1 = &c->nodes[3];

	return c->seed == 7 && c->stop_ns == 30000000000 && c->epoch_s == 1770091506 &&
	       c->nr_nodes == 5 && !strcmp(n1->name, "n1") && client->mem_mib == 64 &&
	       client->nr_sysctls == 2 && !strcmp(client->sysctls[1].key, "net.ipv4.tcp_rmem") &&
	       !strcmp(client->sysctls[1].value, "1 2 3") && client->nr_setup == 3 &&
	       !strcmp(client->setup[0], "tc qdisc replace dev eth0 root gq maxrate 10mbit") &&
	       !strcmp(client->setup[1], "tc qdisc replace dev eth1 root gq maxrate 10mbit") &&
	       !strcmp(client->setup[2], "ip route add default via 10.0.0.2") &&
	       client->nr_commands == 2 && client->commands[0].start_ns == 10000000 &&
	       client->commands[0].may_fail && !client->commands[0].background &&
	       !strcmp(client->commands[1].run, "echo \"0 of 5\" \\\n  client 0 {x} {\n") &&
	       !strcmp(n1->commands[0].run, "iperf3 -s 1") && n1->commands[0].background &&
	       !strcmp(c->nodes[1].backend, "qemu") &&
	       !strcmp(c->nodes[1].programs[0], "iperf3") &&
	       !strcmp(c->nodes[1].nics[0].addr4, "192.0.2.1/24") && !*n1->nics[0].addr4 &&
	       !*n1->nics[0].addr6 && !strcmp(n1->nics[1].addr4, "10.2.0.4/24");
}

static bool check_net(const struct ns_config *c)
{
	const struct ns_path *there = &c->segments[0].paths[1];
	const struct ns_path *back = &c->segments[0].paths[2];
	const struct ns_path *far = c->segments[2].paths;
	const struct ns_fault *f = c->faults;

	return there->latency_ns == 10000000 && there->queue_bytes == 250000 &&
	       there->ecn_bytes == 20480 && there->loss_ppm == 1000 &&
	       there->duplicate_ppm == 5 && there->corrupt_ppm == 10000 &&
	       there->jitter_ns == 1000 && there->reorder_ppm == 20000 &&
	       there->reorder_ns == 1000000 && back->latency_ns == 20000000 &&
	       back->rate_bps == 10000000 && back->queue_bytes == 25000 && !back->loss_ppm &&
	       back->corrupt_ppm == 10000 && c->segments[1].nr_ports == 4 &&
	       c->segments[1].ports[3].node == 0 && c->segments[1].ports[3].nic == 1 &&
	       far[0 * 3 + 1].latency_ns == 3000000 && far[1 * 3 + 0].latency_ns == 1000000 &&
	       far[2 * 3 + 1].latency_ns == 500000 && c->nr_faults == 5 &&
	       f[0].kind == NS_FAULT_OUTAGE && f[0].a == 0 && f[2].b == 4 &&
	       f[0].start_ns == 1000000000 && f[0].end_ns == 2000000000 &&
	       f[3].kind == NS_FAULT_PARTITION && f[3].group[0] == 1 && !f[3].group[1] &&
	       f[3].group[4] == 1 && f[3].end_ns == NS_NEVER && f[4].kind == NS_FAULT_CRASH &&
	       f[4].a == 4;
}

static bool test_everything(void)
{
	struct ns_config c;
	bool ok;

	if (load(&c, everything)) {
		ksft_print_msg("%s", said);
		return false;
	}
	ok = check_nodes(&c) && check_net(&c);
	ns_config_free(&c);
	free(said);
	return ok;
}

/* 4 */
static bool test_matrix(void)
{
	char good[] = "# to i from j\n0 200\n\n300\t0.25 # own\n";
	char *const bad[] = {
		(char []){ "1 2\n3" }, (char []){ "1 2 3\n1 2 3\n" }, (char []){ "1" },
		(char []){ "1 0\n1 1" }, (char []){ "1 x\n1 1" }, (char []){ "" },
		(char []){ "1 -1\n1 1" }, (char []){ "1 1e3\n1 1" },
		(char []){ "1 0.0000001\n1 1" }, (char []){ "1 3600001\n1 1" },
	};
	static struct ns_matrix m;
	bool ok;
	size_t i;

	ok = !ns_matrix_parse(&m, "f", good) && m.n == 2 && m.latency_ns[0 * 2 + 1] == 200000000 &&
	     m.latency_ns[1 * 2 + 0] == 300000000;
	for (i = 0; ok && i < ARRAY_SIZE(bad); i++) {
		listen();
		ok = ns_matrix_parse(&m, "f", bad[i]);
		hear();
		ok = ok && lines(said) == 1 && !strncmp(said, "netsim: f:", 10);
		if (!ok)
			ksft_print_msg("matrix %zu: %s\n", i, said);
		free(said);
	}
	return ok;
}

/* 5: the message begins with this, after "netsim: f:" */
static const struct {
	const char *text, *message;
} wrong[] = {
	{ "", " the file is empty" },
	{ "nodes: [\n", "2: not YAML" },
	{ "a: 1\n---\nb: 2\n", "1: a second document after" },
	{ NODES("sed: 1\n"), "4: sed: unknown key; did you mean \"seed\"?" },
	{ NODES("  memry: 1\n"), "4: nodes[1].memry: unknown key; did you mean \"memory\"?" },
	{ NODES("  frobnicate: 1\n"), "4: nodes[1].frobnicate: unknown key; known here: name" },
	{ NODES("seed: [1]\n"), "4: seed: is a list; give a single value" },
	{ NODES("seed: 0\n"), "4: seed: \"0\" is out of range" },
	{ NODES("seed: -1\n"), "4: seed: \"-1\" is wrong" },
	{ NODES("seed:\n"), "4: seed: is empty" },
	{ NODES("seed: \"1\\0\"\n"), "4: seed: holds a zero byte" },
	{ NODES("stop: 10\n"), "4: stop: \"10\" is wrong; give a time such as" },
	{ NODES("epoch: now\n"), "4: epoch: \"now\" is wrong" },
	{ NODES("links: {}\n"), "4: links: is keys with values; give a list" },
	{ NODES(""), "1: no network" },
	{ NODES("nodes: []\n"), "4: nodes: given twice" },
	{ NODES("- name: A\n"), "4: nodes[2].name: node \"A\" is there already" },
	{ NODES("- count: 3\n"), "4: nodes[2]: \"name\" is missing" },
	{ NODES("- name: 1a\n"), "4: nodes[2].name: \"1a\" is no host name" },
	{ NODES("- name: a_b\n"), "4: nodes[2].name: \"a_b\" is no host name" },
	{ NODES("- name: abcdefghijklmnopqrstuvwxyzabcdef\n"), "4: nodes[2].name: \"abc" },
	{ NODES("- {name: c, count: 63}\n"), "4: nodes[2]: too many nodes" },
	{ NODES("- {name: c, count: 0}\n"), "4: nodes[2].count: \"0\" is out of range" },
	{ NODES("- {name: c, backend: vm}\n"), "4: nodes[2].backend: \"vm\" is unknown" },
	{ NODES("- {name: c, cpus: 2}\n"), "4: nodes[2].cpus: " },
	{ NODES("- {name: c, memory: 1MiB}\n"), "4: nodes[2].memory: \"1MiB\" is out of range" },
	{ NODES("links: [{nodes: [a, b]}]\n"), "4: links[0]: \"latency\" is missing" },
	{ NODES("links: [{nodes: [a], latency: 1ms}]\n"), "4: links[0].nodes[0]: one node" },
	{ NODES("links: [{nodes: [a, c], latency: 1ms}]\n"), "4: links[0].nodes[1]: no node" },
	{ NODES("links: [{nodes: [a, a], latency: 1ms}]\n"), "4: links[0].nodes[1]: node \"a\"" },
	{ "nodes: [{name: a}]\nlinks: []\n", "1: nodes: one node" },
	{ PAIR "latency: 0ms\n", "4: links[0].latency: \"0ms\" is out of range" },
	{ PAIR "latency: 2h\n", "4: links[0].latency: \"2h\" is out of range" },
	{ PAIR "latency: 1ms\n  queue: 1MiB\n", "3: links[0]: \"queue\" or \"ecn\" without" },
	{ PAIR "latency: 1ms\n  rate: 1Mbit\n  queue: 1KiB\n", "6: links[0].queue: \"1KiB\" is" },
	{ PAIR "latency: 1ms\n  rate: 1Mbit\n  ecn: 1MiB\n", "3: links[0]: \"ecn\" is not below" },
	{ PAIR "latency: 1ms\n  loss: 101%\n", "5: links[0].loss: \"101%\" is out of range" },
	{ PAIR "latency: 1ms\n  reorder: 1%\n", "3: links[0]: \"reorder\" and" },
	{ PAIR "latency: 1ms\n  paths: [{from: a, to: a}]\n", "5: links[0].paths[0]: no path" },
	{ PAIR "latency: 1ms\n  paths:\n  - {from: a}\n  - {to: b}\n",
	  "7: links[0].paths[1]: paths[0] says" },
	{ PAIR "latency: 1ms\n  paths:\n  - from: a\n    latency: 1\n", "7: links[0].paths[0].l" },
	{ PAIR "latency: 1ms\n- {nodes: [a, b], name: link0, latency: 1s}\n",
	  "5: links[1].name: \"link0\" is there already" },
	{ NODES("matrix: {}\n"), "4: matrix: give either \"file\" or \"rows\"" },
	{ NODES("matrix: {rows: [1 2, 3]}\n"), "4: matrix.rows[1]: 1 numbers in 2 rows" },
	{ NODES("matrix:\n  rows:\n  - 1 2\n  - x 4\n"), "7: matrix.rows[1]: entry [1][0]" },
	{ NODES("matrix: {rows: [1 2 3, 1 2 3, 1 2 3]}\n"), "4: matrix: 3 rows for 2 nodes" },
	{ NODES("  addresses: [eth0]\n") PAIR "latency: 1s\n", "5: nodes: given twice" },
	{ "nodes:\n- {name: a, addresses: [eth1 none]}\n- {name: b}\n"
	  "links: [{nodes: [a, b], latency: 1s}]\n", "2: nodes[0].addresses[0]: \"eth1 none\"" },
	{ "nodes:\n- {name: a, addresses: [eth0 10.0.0.2/24]}\n- {name: b}\n"
	  "links: [{nodes: [a, b], latency: 1s}]\n", "2: nodes: b and a have the same address" },
	{ "nodes:\n- {name: a, addresses: [eth0 10.0.0.1/33]}\n- {name: b}\n"
	  "links: [{nodes: [a, b], latency: 1s}]\n", "2: nodes[0].addresses[0]: \"eth0 10" },
	{ "nodes:\n- {name: a, sysctls: [x y=1]}\n- {name: b}\n"
	  "links: [{nodes: [a, b], latency: 1s}]\n", "2: nodes[0].sysctls[0]: \"x y=1\" is wrong" },
	{ "stop: 1s\nnodes:\n- {name: a, commands: [{run: x, start: 1s}]}\n- {name: b}\n"
	  "links: [{nodes: [a, b], latency: 1s}]\n", "3: nodes[0].commands[0]: starts when" },
	{ "nodes:\n- {name: a, commands: [{run: x, background: 3}]}\n- {name: b}\n",
	  "2: nodes[0].commands[0].background: \"3\" is not yes or no" },
	{ PAIR "latency: 1s\nfaults: [{kind: fire, start: 1s}]\n", "5: faults[0]: kind \"fire\"" },
	{ PAIR "latency: 1s\nfaults: [{kind: crash, node: a}]\n", "5: faults[0]: \"start\" is" },
	{ PAIR "latency: 1s\nfaults: [{kind: crash, nodes: [a], start: 1s}]\n",
	  "5: faults[0]: crash has no \"nodes\"" },
	{ PAIR "latency: 1s\nfaults: [{kind: outage, nodes: [a, a], start: 1s}]\n",
	  "5: faults[0]: \"a\" and \"a\" overlap" },
	{ PAIR "latency: 1s\nfaults: [{kind: outage, nodes: [a, b], start: 2s, end: 1s}]\n",
	  "5: faults[0]: ends before it starts" },
	{ PAIR "latency: 1s\nfaults: [{kind: partition, groups: [{nodes: [a, b]}], start: 2s}]\n",
	  "5: faults[0]: all nodes are on one side" },
	{ "nodes: &x [*x]\n", "1: nodes[0]: is a list" },
};

static bool test_wrong(void)
{
	struct ns_config c;
	bool all = true, ok;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		ok = load(&c, wrong[i].text) && lines(said) == 1 &&
		     !strncmp(said, "netsim: f:", 10) &&
		     !strncmp(said + 10, wrong[i].message, strlen(wrong[i].message));
		if (!ok)
			ksft_print_msg("wanted \"%s\", got: %s\n", wrong[i].message, said);
		free(said);
		all &= ok;
	}
	return all;
}

/* 6 */
static char *slurp(const char *file)
{
	char *text;
	size_t len;

	return file_read(file, TEXT_MAX, &text, &len) ? NULL : text;
}

static bool round_trip(const struct ns_config *c)
{
	char one[] = "/tmp/netsim-config-XXXXXX", two[] = "/tmp/netsim-config-XXXXXX";
	char *a = NULL, *b = NULL;
	struct ns_config again;
	bool ok = false;

	close(mkstemp(one));
	close(mkstemp(two));
	if (!ns_config_write(c, one) && !ns_config_load(&again, one)) {
		ok = !ns_config_write(&again, two);
		ns_config_free(&again);
	}
	a = slurp(one);
	b = slurp(two);
	/* the first line names the file */
	ok = ok && a && b && !strcmp(strchr(a, '\n'), strchr(b, '\n'));
	free(a);
	free(b);
	unlink(one);
	unlink(two);
	return ok;
}

static bool test_round_trip(void)
{
	struct ns_config c;
	bool ok;

	if (load(&c, everything))
		return false;
	free(said);
	ok = round_trip(&c);
	ns_config_free(&c);
	return ok;
}

/* 7 */
static bool test_hosts(void)
{
	struct ns_config c;
	char *text;
	size_t len;
	FILE *f;
	bool ok;

	if (load(&c, everything))
		return false;
	free(said);
	f = open_memstream(&text, &len);
	ns_config_hosts(&c, &c.nodes[2], f);
	fclose(f);
	/* n0 and client meet on lan, which is the second of client's; n0 has none there */
	ok = strstr(text, "\n10.1.0.1\tclient\n") && strstr(text, "\nfd00:1::1\tclient\n") &&
	     strstr(text, "\n10.0.0.1\tclient-eth0\n") && strstr(text, "\n10.2.0.2\tserver\n") &&
	     strstr(text, "127.0.0.1\tlocalhost\n");
	if (!ok)
		ksft_print_msg("%s", text);
	free(text);
	ns_config_free(&c);
	return ok;
}

/* 8 */
static uint64_t random_state = 1;

static uint32_t any(uint32_t n)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return (random_state >> 33) % n;
}

static const char *const snippets[] = {
	"\n", "  ", "- ", ": ", "[", "]", "{", "}", "\"", "'", "&a ", "*a", "<<: ", "|", "#", "!",
	"name: a\n", "latency: 1ms\n", "nodes: [a, b]\n", "{id}", "0", "-1", "1e9",
	"18446744073709551615", "99999999999999999999999h", "0.0000001", "%", "~", "\\0", "\t",
	"\xff", "eth0 ", "paths: [{from: a}]\n", "count: 64\n", "---\n", "kind: crash\n",
};

static size_t mutate(char *text, size_t len)
{
	size_t at = any(len + 1), n, from;
	char copy[64] = "";
	const char *s;

	switch (any(5)) {
	case 0:
		if (at < len)
			text[at] = any(256);
		return len;
	case 1:
		n = any(20);
		n = n > len - at ? len - at : n;
		memmove(text + at, text + at + n, len - at - n);
		return len - n;
	case 2:
		from = any(len + 1);
		n = any(60);
		n = n > len - from ? len - from : n;
		if (len + n >= TEXT_MAX || !n)
			return len;
		s = memcpy(copy, text + from, n);
		break;
	default:
		s = snippets[any(ARRAY_SIZE(snippets))];
		n = strlen(s);
		if (len + n >= TEXT_MAX)
			return len;
	}
	memmove(text + at + n, text + at, len - at);
	memcpy(text + at, s, n);
	return len + n;
}

static bool random_yaml(const char *from, unsigned int *accepted)
{
	static char text[TEXT_MAX];
	size_t len = strlen(from);
	struct ns_config c;
	uint32_t n;
	int err;
	bool ok;

	memcpy(text, from, len);
	for (n = any(3) + 1; n; n--)
		len = mutate(text, len);
	listen();
	err = ns_config_parse(&c, "f", text, len);
	ok = !err || !c.nodes;
	if (!err) {
		/* a file is slow: one of eight, and said stays empty */
		(*accepted)++;
		ok = any(8) || round_trip(&c);
		ns_config_free(&c);
	}
	hear();
	ok = ok && lines(said) == !!err;
	if (!ok)
		ksft_print_msg("%d: %s\n---\n%.*s\n---\n", err, said, (int)len, text);
	free(said);
	return ok;
}

static bool random_matrix(void)
{
	char text[TEXT_MAX] = "0 1 2\n3 0 4.5\n# end\n5 6 0\n";
	static struct ns_matrix m;
	size_t len = strlen(text);
	uint32_t n;
	bool ok;
	int err;

	for (n = any(6) + 1; n; n--)
		len = mutate(text, len);
	text[len] = '\0';
	listen();
	err = ns_matrix_parse(&m, "f", text);
	hear();
	ok = lines(said) == !!err && (err || (m.n >= NS_NODES_MIN && m.n <= NS_NODES_MAX));
	free(said);
	return ok;
}

static bool test_random(void)
{
	unsigned int i, accepted = 0;

	for (i = 0; i < RANDOM; i++)
		if (!random_yaml(i % 2 ? everything : PAIR "latency: 3ms\n", &accepted) ||
		    !random_matrix())
			return false;
	ksft_print_msg("%u of %u accepted\n", accepted, i);
	return accepted > RANDOM / 50 && accepted < RANDOM / 2;
}

static const struct {
	const char *name;
	bool (*run)(void);
} tests[] = {
	{ "quantities", test_units }, { "defaults", test_defaults },
	{ "everything that can be said", test_everything }, { "matrices", test_matrix },
	{ "wrong files", test_wrong }, { "written out and read again", test_round_trip },
	{ "hosts", test_hosts }, { "random changes", test_random },
};

int main(void)
{
	size_t i;

	program_invocation_short_name = "netsim";
	ksft_print_header();
	ksft_set_plan(ARRAY_SIZE(tests));
	for (i = 0; i < ARRAY_SIZE(tests); i++)
		ksft_test_result(tests[i].run(), "config: %s\n", tests[i].name);
	ksft_finished();
}
