// SPDX-License-Identifier: GPL-2.0
/* See bed.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "kselftest.h"
#include "bed.h"

#define MAX_RECORDS	65536

struct bed bed;

static const struct {
	char name[ANTELOPE_CC_NAME];
} names[BED_CCS] = {
	{ "reno" }, { "cubic" }, { "bbr" }, { "vegas" }, { "dctcp" }, { "nosuchcc" }
};

static struct antelope_record got[MAX_RECORDS];
static size_t got_n;
static struct ring_buffer *ring;
static struct bpf_link *cgroup_link;
static char mount_point[32];
static char root[64];

int bed_sh(const char *fmt, ...)
{
	char line[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	return system(line);
}

void bed_netem(const char *netem)
{
	if (bed_sh("tc qdisc replace dev lo root netem limit 150 %s", netem))
		ksft_exit_fail_msg("no netem %s\n", netem);
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

bool bed_sysctl(const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/%s", name);
	return !write_file(path, value);
}

/* Into a cgroup below the program's, "" for that itself, or NULL: out of it. */
static void move_to(const char *cgroup)
{
	static const char *last;
	char path[256], pid[16];

	if (cgroup && last && !strcmp(cgroup, last))
		return;
	last = cgroup;
	if (cgroup)
		snprintf(path, sizeof(path), "%s/%s/cgroup.procs", root, cgroup);
	else
		snprintf(path, sizeof(path), "%s/cgroup.procs", mount_point);
	snprintf(pid, sizeof(pid), "%d", getpid());
	if (write_file(path, pid))
		ksft_exit_fail_msg("cannot move to %s\n", path);
}

__u64 bed_cgroup(const char *name)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	if ((mkdir(path, 0755) && errno != EEXIST) || stat(path, &st))
		ksft_exit_fail_msg("cannot make %s: %s\n", path, strerror(errno));
	return st.st_ino;
}

static int take(void *ctx, void *data, size_t len)
{
	(void)ctx;
	if (got_n < MAX_RECORDS && len == sizeof(*got))
		memcpy(&got[got_n++], data, len);
	return 0;
}

static void settings(struct antelope_config *c)
{
	memset(c, 0, sizeof(*c));
	c->window_ns = 100000000;
	c->window_rtts = 4;
	c->dwell_ns = 1000000000;
	c->confirm = 2;
	c->margin = 100;
	c->first = ANTELOPE_NO_CC;
	c->ccs = BED_CCS;
	c->enabled = (1 << BED_CCS) - 1;
	c->epoch = 7;
	memcpy(c->cc, names, sizeof(names));
}

static void clear(struct bpf_map *map)
{
	char key[32];

	while (!bpf_map_get_next_key(bpf_map__fd(map), NULL, key)) {
		if (bpf_map_delete_elem(bpf_map__fd(map), key))
			break;
	}
}

void bed_reset(void)
{
	settings(bed.config);
	clear(bed.skel->maps.override);
	clear(bed.skel->maps.objective);
	clear(bed.skel->maps.prior);
	bed_no_model();
	bed_forget();
}

static void open_network(void)
{
	if (unshare(CLONE_NEWNET) || bed_sh("ip link set lo mtu 1500 gso_max_segs 1 up"))
		ksft_exit_skip("no network namespace: %s\n", strerror(errno));
	bed_netem("delay 10ms");
	bed_sysctl("tcp_congestion_control", "cubic");
	bed.acks = bed_sysctl("tcp_ack_window", "1");
}

static void open_cgroups(void)
{
	snprintf(mount_point, sizeof(mount_point), "/tmp/antelope-XXXXXX");
	if (!mkdtemp(mount_point) || mount("none", mount_point, "cgroup2", 0, NULL))
		ksft_exit_skip("no cgroup2: %s\n", strerror(errno));
	snprintf(root, sizeof(root), "%s/antelope-%d", mount_point, getpid());
	if (mkdir(root, 0755))
		ksft_exit_fail_msg("no cgroup %s: %s\n", root, strerror(errno));
}

void bed_needs_clock(void)
{
	if (!bed_sh("grep -q 'QEMU TCG' /proc/cpuinfo"))
		ksft_exit_skip("rates and delays say nothing on an emulated processor\n");
}

void bed_attach(void)
{
	int fd = open(root, O_RDONLY);

	cgroup_link = bpf_program__attach_cgroup(bed.skel->progs.antelope_sockops, fd);
	close(fd);
	if (!cgroup_link)
		ksft_exit_fail_msg("cannot attach: %s\n", strerror(errno));
}

void bed_detach(void)
{
	bpf_link__destroy(cgroup_link);
	cgroup_link = NULL;
}

void bed_open(void)
{
	if (geteuid())
		ksft_exit_skip("needs root\n");
	open_network();
	open_cgroups();
	atexit(bed_close);
	bed.skel = antelope_bpf__open_and_load();
	if (!bed.skel)
		ksft_exit_fail_msg("cannot load antelope.bpf.c: %s\n", strerror(errno));
	bed.config = &bed.skel->data->config;
	bed_attach();
	ring = ring_buffer__new(bpf_map__fd(bed.skel->maps.records), take, NULL, NULL);
	if (!ring)
		ksft_exit_fail_msg("cannot read records: %s\n", strerror(errno));
	bed_reset();
}

/* Below the program's cgroup are no deeper ones than two. */
void bed_close(void)
{
	if (bed.skel)
		move_to(NULL);
	ring_buffer__free(ring);
	bpf_link__destroy(cgroup_link);
	antelope_bpf__destroy(bed.skel);
	ring = NULL;
	cgroup_link = NULL;
	bed.skel = NULL;
	bed_sh("rmdir %s/*/* %s/* %s 2>/dev/null", root, root, root);
	umount(mount_point);
	rmdir(mount_point);
}

static socklen_t address(struct sockaddr_storage *s, const char *to)
{
	struct sockaddr_in6 *a6 = (void *)s;
	struct sockaddr_in *a4 = (void *)s;

	memset(s, 0, sizeof(*s));
	if (inet_pton(AF_INET6, to, &a6->sin6_addr) == 1) {
		a6->sin6_family = AF_INET6;
		a6->sin6_port = htons(BED_PORT);
		return sizeof(*a6);
	}
	inet_pton(AF_INET, to, &a4->sin_addr);
	a4->sin_family = AF_INET;
	a4->sin_port = htons(BED_PORT);
	return sizeof(*a4);
}

void bed_connect(struct pair *p, const struct peer *peer)
{
	struct sockaddr_storage to;
	socklen_t len = address(&to, peer && peer->to ? peer->to : "127.0.0.1"), n = 8;
	const char *cgroup = peer && peer->cgroup ? peer->cgroup : "";
	int listener, one = 1;

	move_to(peer && peer->both ? cgroup : NULL);
	listener = socket(to.ss_family, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (peer && peer->cc)
		setsockopt(listener, IPPROTO_TCP, TCP_CONGESTION, peer->cc, strlen(peer->cc));
	if (bind(listener, (struct sockaddr *)&to, len) || listen(listener, 1))
		ksft_exit_fail_msg("cannot listen: %s\n", strerror(errno));
	move_to(cgroup);
	p->sender = socket(to.ss_family, SOCK_STREAM, 0);
	if (peer && peer->cc)
		setsockopt(p->sender, IPPROTO_TCP, TCP_CONGESTION, peer->cc, strlen(peer->cc));
	if (connect(p->sender, (struct sockaddr *)&to, len) ||
	    getsockopt(p->sender, SOL_SOCKET, SO_COOKIE, &p->cookie, &n))
		ksft_exit_fail_msg("cannot connect: %s\n", strerror(errno));
	p->receiver = accept(listener, NULL, NULL);
	close(listener);
	fcntl(p->sender, F_SETFL, O_NONBLOCK);
	fcntl(p->receiver, F_SETFL, O_NONBLOCK);
}

/* The receiver goes last, so that the sender's state is not TIME_WAIT for long. */
void bed_close_pair(struct pair *p)
{
	struct linger now = { .l_onoff = 1 };

	setsockopt(p->sender, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(p->sender);
	close(p->receiver);
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static long some(int fd, bool in, long most)
{
	static char buf[65536];
	long n, len = most < (long)sizeof(buf) ? most : (long)sizeof(buf);

	n = in ? read(fd, buf, sizeof(buf)) : write(fd, buf, len);
	if (n < 0 && errno != EAGAIN)
		ksft_exit_fail_msg("%s: %s\n", in ? "read" : "write", strerror(errno));
	return n > 0 ? n : 0;
}

long bed_run(struct pair *p, int ms, long bytes)
{
	long end = now_ms() + ms, sent = 0, received = 0;

	while (received < bytes && now_ms() < end) {
		struct pollfd fds[2] = {
			{ .fd = p->receiver, .events = POLLIN },
			{ .fd = p->sender, .events = sent < bytes ? POLLOUT : 0 },
		};

		if (poll(fds, 2, end - now_ms()) < 0)
			break;
		if (fds[0].revents & POLLIN)
			received += some(p->receiver, true, 0);
		if (fds[1].revents & POLLOUT)
			sent += some(p->sender, false, bytes - sent);
		if (ring)
			ring_buffer__consume(ring);
	}
	return received;
}

const char *bed_cc(const struct pair *p)
{
	static char name[ANTELOPE_CC_NAME];
	socklen_t len = sizeof(name);

	if (getsockopt(p->sender, IPPROTO_TCP, TCP_CONGESTION, name, &len))
		return strerror(errno);
	return name;
}

void bed_model(const __s32 score[BED_CCS])
{
	int outer = bpf_map__fd(bed.skel->maps.model), inner, err = 0;
	__u32 key, zero = 0;

	inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "forests", sizeof(key),
			       sizeof(struct antelope_forest), ANTELOPE_FORESTS, NULL);
	for (key = 0; inner >= 0 && !err && key < ANTELOPE_FORESTS; key++) {
		__u32 cc = key % ANTELOPE_CCS;
		struct antelope_forest f = { .trees = 1, .cc = cc };

		if (cc >= BED_CCS || score[cc] == ANTELOPE_NO_SCORE)
			continue;
		f.base = score[cc];
		err = bpf_map_update_elem(inner, &key, &f, 0);
	}
	if (inner < 0 || err || bpf_map_update_elem(outer, &zero, &inner, 0))
		ksft_exit_fail_msg("no model: %s\n", strerror(errno));
	close(inner);
}

void bed_no_model(void)
{
	__u32 zero = 0;

	bpf_map_delete_elem(bpf_map__fd(bed.skel->maps.model), &zero);
}

const struct antelope_record *bed_next(const struct pair *p, const struct antelope_record *r)
{
	ring_buffer__consume(ring);
	for (r = r ? r + 1 : got; r < got + got_n; r++) {
		if (r->cookie == p->cookie)
			return r;
	}
	return NULL;
}

int bed_count(const struct pair *p, int why)
{
	const struct antelope_record *r = NULL;
	int n = 0;

	while ((r = bed_next(p, r)))
		n += why < 0 || r->why == why;
	return n;
}

const struct antelope_record *bed_find(const struct pair *p, int why)
{
	const struct antelope_record *r = NULL;

	while ((r = bed_next(p, r))) {
		if (r->why == why)
			return r;
	}
	return NULL;
}

void bed_forget(void)
{
	ring_buffer__consume(ring);
	got_n = 0;
}
