// SPDX-License-Identifier: GPL-2.0-only
/* What engine.h says, on libbpf; see antelope.bpf.c for the other side. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "antelope.h"
#include "adopt.skel.h"
#include "antelope.skel.h"
#include "config.h"
#include "engine.h"
#include "say.h"

#define PROGS_MAX	64	/* what the kernel attaches to one cgroup at most */
#define LOCKS		"/run/antelope"

struct engine {
	struct antelope_bpf *bpf;
	struct bpf_link *link;
	struct ring_buffer *ring;
	struct adopt_bpf *adopt;	/* NULL: not loaded, adopt_error says why not */
	int adopt_error;
	char *cgroup_path;
	int cgroup;
	int lock;
	char lock_path[64];
	uint64_t cgroup_id;
	void (*fn)(void *arg, const struct antelope_record *r);
	void *arg;
};

static bool quiet;	/* what is tried may fail */

static int on_libbpf(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return level == LIBBPF_WARN && !quiet ? vfprintf(stderr, fmt, ap) : 0;
}

static int open_cgroup(struct engine *e)
{
	struct statfs fs;
	struct stat st;

	e->cgroup = open(e->cgroup_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (e->cgroup < 0)
		return say_error(errno, "cgroup %s: %s; give --cgroup DIR", e->cgroup_path,
				 strerror(errno));
	if (fstatfs(e->cgroup, &fs) || fstat(e->cgroup, &st))
		return say_error(errno, "cgroup %s: %s", e->cgroup_path, strerror(errno));
	if (fs.f_type != CGROUP2_SUPER_MAGIC)
		return say_error(EINVAL, "cgroup %s: is not in a cgroup2 file system; %s",
				 e->cgroup_path,
				 "mount -t cgroup2 none DIR, and give --cgroup DIR");
	e->cgroup_id = st.st_ino;
	return 0;
}

/*
 * Two daemons would undo each other's choices. A lock by the number of the cgroup tells
 * the second, and goes with its holder; a file of our own, which nobody else can lock.
 */
static int take_lock(struct engine *e)
{
	struct stat st;
	int err;

	mkdir(LOCKS, 0755);
	snprintf(e->lock_path, sizeof(e->lock_path), LOCKS "/cgroup-%llu.lock",
		 (unsigned long long)e->cgroup_id);
	do {
		if (e->lock >= 0)
			close(e->lock);
		e->lock = open(e->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (e->lock < 0)
			return say_error(errno, "lock %s: %s; run as root or by antelope.service",
					 e->lock_path, strerror(errno));
		if (flock(e->lock, LOCK_EX | LOCK_NB) || fstat(e->lock, &st))
			goto taken;
		/* removed by the one before, after we had opened it */
	} while (!st.st_nlink);
	return 0;

taken:
	err = errno;
	close(e->lock);
	e->lock = -1;
	return say_error(err, "another antelope has cgroup %s; stop it first", e->cgroup_path);
}

static int on_sample(void *arg, void *data, size_t size)
{
	struct engine *e = arg;

	if (size == sizeof(struct antelope_record) && e->fn)
		e->fn(e->arg, data);
	return 0;
}

static int load(struct engine *e)
{
	int err;

	e->bpf = antelope_bpf__open();
	if (!e->bpf)
		return say_error(errno, "cannot open the program: %s", strerror(errno));
	err = antelope_bpf__load(e->bpf);
	if (err)
		return say_error(-err, "the kernel refuses the program: %s; %s", strerror(-err),
				 err == -EPERM ?
				 "are CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN those of the host?" :
				 "it must be a 6.12 or later, with what antelope(8) lists");
	e->ring = ring_buffer__new(bpf_map__fd(e->bpf->maps.records), on_sample, e, NULL);
	if (!e->ring)
		return say_error(errno, "cannot map the records: %s", strerror(errno));
	err = engine_set_forests(e, NULL);
	return err ? say_error(-err, "cannot make room for a model: %s", strerror(-err)) : 0;
}

int engine_open(struct engine **to, const char *cgroup)
{
	struct engine *e = calloc(1, sizeof(*e));
	int err = -ENOMEM;

	if (!e)
		return err;
	e->cgroup = -1;
	e->lock = -1;
	e->cgroup_path = strdup(cgroup);
	libbpf_set_print(on_libbpf);
	if (e->cgroup_path)
		err = open_cgroup(e);
	if (!err)
		err = take_lock(e);
	if (!err)
		err = load(e);
	if (err)
		engine_close(e);
	else
		*to = e;
	return err;
}

void engine_close(struct engine *e)
{
	if (!e)
		return;
	bpf_link__destroy(e->link);
	ring_buffer__free(e->ring);
	adopt_bpf__destroy(e->adopt);
	antelope_bpf__destroy(e->bpf);
	if (e->lock >= 0) {
		unlink(e->lock_path);
		close(e->lock);
	}
	if (e->cgroup >= 0)
		close(e->cgroup);
	free(e->cgroup_path);
	free(e);
}

/* The program's id when it is one of ours, else 0. */
static __u32 id_of_ours(struct engine *e, __u32 id)
{
	const char *name = bpf_program__name(e->bpf->progs.antelope_sockops);
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	if (fd < 0)
		return 0;
	if (bpf_obj_get_info_by_fd(fd, &info, &len) ||
	    strncmp(info.name, name, sizeof(info.name) - 1))
		id = 0;
	close(fd);
	return id;
}

/* -EBUSY when one of ours is attached there that was loaded before this one. */
static int find_older(struct engine *e, int cgroup, __u32 flags, __u32 id)
{
	__u32 ids[PROGS_MAX], count = PROGS_MAX, i;

	if (bpf_prog_query(cgroup, BPF_CGROUP_SOCK_OPS, flags, NULL, ids, &count))
		return -errno;
	for (i = 0; i < count; i++)
		if (id_of_ours(e, ids[i]) && ids[i] < id)
			return -EBUSY;
	return 0;
}

/* One that goes while we look has nothing attached. */
static int look_below(struct engine *e, __u32 id)
{
	char *const paths[] = { e->cgroup_path, NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	int cgroup, err = tree ? 0 : -errno;
	FTSENT *at;

	while (!err && (at = fts_read(tree))) {
		if (at->fts_info != FTS_D || at->fts_level == FTS_ROOTLEVEL)
			continue;
		cgroup = open(at->fts_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (cgroup < 0)
			continue;
		if (find_older(e, cgroup, 0, id) == -EBUSY)
			err = -EALREADY;
		close(cgroup);
	}
	if (tree)
		fts_close(tree);
	return err;
}

/*
 * A daemon of a cgroup above has our flows too, and one of a cgroup below has some of
 * them. The kernel tells what is attached, to those who may ask (CAP_SYS_ADMIN). Of two
 * that begin at once the one goes on that loaded its program first, so that not both
 * give up. -EBUSY: above; -EALREADY: below.
 */
static int look_once(struct engine *e)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);
	int err;

	if (bpf_obj_get_info_by_fd(bpf_program__fd(e->bpf->progs.antelope_sockops), &info, &len))
		return -errno;
	err = find_older(e, e->cgroup, BPF_F_QUERY_EFFECTIVE, info.id);
	return err ? err : look_below(e, info.id);
}

/* The program of a daemon that was killed a moment ago is still seen: the kernel is slow. */
static int look_for_another(struct engine *e)
{
	static const struct timespec moment = { .tv_nsec = 50000000 };
	int err, left = 40;

	do {
		err = look_once(e);
	} while ((err == -EBUSY || err == -EALREADY) && left-- > 0 && !nanosleep(&moment, NULL));
	return err;
}

int engine_attach(struct engine *e)
{
	int err;

	e->link = bpf_program__attach_cgroup(e->bpf->progs.antelope_sockops, e->cgroup);
	if (!e->link) {
		err = -errno;
		return say_error(-err, "cannot attach to cgroup %s: %s; %s", e->cgroup_path,
				 strerror(-err), "bpftool cgroup show says what is there");
	}
	err = look_for_another(e);
	if (err == -EBUSY || err == -EALREADY)
		say_error(-err, "another antelope has a cgroup %s %s; stop it first",
			  err == -EBUSY ? "above" : "below", e->cgroup_path);
	else if (err)
		say_error(-err, "cannot see what is attached to cgroup %s: %s", e->cgroup_path,
			  strerror(-err));
	return err;
}

void engine_configure(struct engine *e, const struct antelope_config *c)
{
	e->bpf->data->config = *c;
}

/* A new inner map takes the place of the old one: a decision sees one or the other. */
int engine_set_forests(struct engine *e, const struct antelope_forest *forests)
{
	struct antelope_forest *none = NULL;
	__u32 i, zero = 0;
	int fd, err = 0;

	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "forests", sizeof(__u32),
			    sizeof(struct antelope_forest), ANTELOPE_FORESTS, NULL);
	if (fd < 0)
		return fd;
	if (!forests) {
		none = calloc(ANTELOPE_FORESTS, sizeof(*none));
		forests = none;
	}
	if (!forests)
		err = -ENOMEM;
	for (i = 0; i < ANTELOPE_FORESTS && !err; i++)
		err = bpf_map_update_elem(fd, &i, &forests[i], BPF_ANY);
	if (!err)
		err = bpf_map_update_elem(bpf_map__fd(e->bpf->maps.model), &zero, &fd, BPF_ANY);
	free(none);
	close(fd);
	return err;
}

int engine_set_prior(struct engine *e, const struct antelope_prefix *to, uint8_t cc,
		     uint32_t epoch)
{
	struct antelope_prior value = { .cc = cc, .epoch = epoch };
	int fd = bpf_map__fd(e->bpf->maps.prior);

	if (cc == ANTELOPE_NO_CC)
		return bpf_map_delete_elem(fd, to);
	return bpf_map_update_elem(fd, to, &value, BPF_ANY);
}

int engine_path(struct engine *e, const __u8 addr[16], unsigned int objective,
		struct antelope_path *path)
{
	struct antelope_path_key key = { .objective = objective };

	memcpy(key.addr, addr, sizeof(key.addr));
	return bpf_map_lookup_elem(bpf_map__fd(e->bpf->maps.paths), &key, path);
}

int engine_set_override(struct engine *e, uint64_t cookie, uint8_t cc, uint32_t epoch,
			uint64_t expiry_ns)
{
	struct antelope_override value = { .expiry_ns = expiry_ns, .epoch = epoch, .cc = cc };
	int err, fd = bpf_map__fd(e->bpf->maps.override);

	if (expiry_ns)
		return bpf_map_update_elem(fd, &cookie, &value, BPF_ANY);
	/* the program removes what has expired, too */
	err = bpf_map_delete_elem(fd, &cookie);
	return err == -ENOENT ? 0 : err;
}

static int cgroup_id(const struct config *c, const char *name, uint64_t *id)
{
	char path[8192];
	struct statfs fs;
	struct stat st;

	if (*name == '/')
		snprintf(path, sizeof(path), "%s", name);
	else
		snprintf(path, sizeof(path), "%s/%s", c->cgroup, name);
	if (statfs(path, &fs) || stat(path, &st))
		return say_error(errno, "objectives: cgroup %s: %s", path, strerror(errno));
	if (fs.f_type != CGROUP2_SUPER_MAGIC || !S_ISDIR(st.st_mode))
		return say_error(EINVAL, "objectives: %s is no cgroup2 folder", path);
	*id = st.st_ino;
	return 0;
}

int engine_set_objectives(struct engine *e, const struct config *c)
{
	int fd = bpf_map__fd(e->bpf->maps.objective), err;
	uint64_t id, ids[CONFIG_LIST], old;
	unsigned int i;

	for (i = 0; i < c->nr_objectives; i++) {
		err = cgroup_id(c, c->objectives[i].cgroup, &ids[i]);
		if (err)
			return err;
	}
	for (id = 0; !bpf_map_get_next_key(fd, NULL, &old) && id < 2 * CONFIG_LIST; id++)
		bpf_map_delete_elem(fd, &old);
	for (i = 0; i < c->nr_objectives; i++) {
		err = bpf_map_update_elem(fd, &ids[i], &c->objectives[i].objective, BPF_ANY);
		if (err)
			return say_error(-err, "objectives: cannot set that of %s: %s",
					 c->objectives[i].cgroup, strerror(-err));
	}
	return 0;
}

int engine_counters(struct engine *e, struct antelope_counters *sum)
{
	int cpus = libbpf_num_possible_cpus(), i, err;
	struct antelope_counters *each;
	size_t k, n = sizeof(*sum) / sizeof(__u64);
	__u32 zero = 0;

	memset(sum, 0, sizeof(*sum));
	if (cpus < 0)
		return cpus;
	each = calloc(cpus, sizeof(*each));
	if (!each)
		return -ENOMEM;
	err = bpf_map_lookup_elem(bpf_map__fd(e->bpf->maps.counters), &zero, each);
	for (i = 0; i < cpus && !err; i++)
		for (k = 0; k < n; k++)
			((__u64 *)sum)[k] += ((__u64 *)&each[i])[k];
	free(each);
	return err;
}

int engine_ring(struct engine *e)
{
	return ring_buffer__epoll_fd(e->ring);
}

int engine_consume(struct engine *e)
{
	int n = ring_buffer__consume(e->ring);

	return n < 0 ? n : 0;
}

void engine_on_record(struct engine *e,
		      void (*fn)(void *arg, const struct antelope_record *r), void *arg)
{
	e->fn = fn;
	e->arg = arg;
}

/* Reading runs the program for each socket; what it has written goes to `take`. */
static int iterate(struct bpf_program *prog,
		   void (*take)(void *arg, const char *buf, size_t len), void *arg)
{
	struct bpf_link *link = bpf_program__attach_iter(prog, NULL);
	char buf[4096];
	int fd, got, err;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0) {
		err = fd;
		goto out;
	}
	do {
		got = read(fd, buf, sizeof(buf));
		if (got > 0)
			take(arg, buf, got);
	} while (got > 0 || (got < 0 && errno == EAGAIN));
	err = got < 0 ? -errno : 0;
	close(fd);
out:
	bpf_link__destroy(link);
	return err;
}

/* A byte is a socket. */
static void count_bytes(void *arg, const char *buf, size_t len)
{
	(void)buf;
	*(int *)arg += len;
}

struct listing {
	void (*fn)(void *arg, const struct antelope_live *l);
	void *arg;
	size_t have;		/* of the record that is not complete yet */
	union {
		struct antelope_live l;
		char bytes[sizeof(struct antelope_live)];
	} next;
};

static void cut_records(void *arg, const char *buf, size_t len)
{
	struct listing *to = arg;
	size_t n;

	for (; len; buf += n, len -= n) {
		n = sizeof(to->next) - to->have;
		n = n < len ? n : len;
		memcpy(to->next.bytes + to->have, buf, n);
		to->have += n;
		if (to->have < sizeof(to->next))
			continue;
		to->next.l.cc[ANTELOPE_CC_NAME - 1] = '\0';
		to->fn(to->arg, &to->next.l);
		to->have = 0;
	}
}

/* A kernel without BPF_EVENTS (a user-mode one) has no iterators: asked once. */
static int load_adopt(struct engine *e)
{
	int err;

	if (e->adopt || e->adopt_error)
		return e->adopt_error;
	quiet = true;
	e->adopt = adopt_bpf__open();
	err = e->adopt ? 0 : -errno;
	if (!err) {
		e->adopt->bss->root_cgroup = e->cgroup_id;
		err = adopt_bpf__load(e->adopt);
	}
	quiet = false;
	if (err) {
		adopt_bpf__destroy(e->adopt);
		e->adopt = NULL;
	}
	e->adopt_error = err;
	return err;
}

int engine_adopt(struct engine *e)
{
	int err = load_adopt(e), n = 0;

	if (!err)
		err = iterate(e->adopt->progs.adopt, count_bytes, &n);
	return err ? err : n;
}

int engine_release(struct engine *e)
{
	int n = 0;

	return e->adopt ? iterate(e->adopt->progs.release, count_bytes, &n) : 0;
}

int engine_list(struct engine *e, void (*fn)(void *arg, const struct antelope_live *l), void *arg)
{
	struct listing to = { .fn = fn, .arg = arg };
	int err = load_adopt(e);

	return err ? err : iterate(e->adopt->progs.list, cut_records, &to);
}
