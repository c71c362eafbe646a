// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attach a sock_ops program to a cgroup, and take it off again.
 *
 * -l loads PROG, fills its map "choices" from -c, and attaches it beside what is
 * there already. It stays attached when this program ends; -r takes it off. With
 * -f the records of the program's map "events" are printed until a signal comes,
 * and then it is taken off.
 *
 * A program is known by the name of its function, which is in PROG and in what
 * the kernel tells of a cgroup: so -r needs no state of -l.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "sock_ops.h"

#define MAX_PROGS	64	/* what the kernel attaches to one cgroup at most */

struct command {
	char mode;			/* 'l' or 'r' */
	bool follow;
	const char *choice[MAX_CHOICES];	/* KEY=CC */
	unsigned int nr_choices;
	const char *cgroup;
	const char *file;
};

[[gnu::format(printf, 2, 3)]]
static int fail(int err, const char *fmt, ...)
{
	va_list ap;

	fputs("load_sock_ops: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, ": %s\n", strerror(err));
	return -err;
}

static int on_libbpf(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, fmt, ap) : 0;
}

/* So that a typing error shows at once, and not as flows that keep their CC. */
static int check_cc(const char *cc)
{
	static const char path[] = "/proc/sys/net/ipv4/tcp_available_congestion_control";
	static const char space[] = "\t\n ";
	char names[1024] = "", *name, *save = NULL;
	FILE *f = fopen(path, "re");
	bool found = false;

	if (!f || !fgets(names, sizeof(names), f)) {
		if (f)
			fclose(f);
		return fail(EIO, "cannot read %s", path);
	}
	fclose(f);
	for (name = strtok_r(names, space, &save); name; name = strtok_r(NULL, space, &save))
		found |= !strcmp(name, cc);
	if (found)
		return 0;
	return fail(ENOENT, "congestion control \"%s\"; is its module loaded? modprobe tcp_%s",
		    cc, cc);
}

/* "10.0.0.0/8" or "fd00::/8" */
static int parse_prefix(const char *text, struct prefix *p)
{
	char address[INET6_ADDRSTRLEN], *slash;
	unsigned long bits;
	char *end;

	if (strlen(text) >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, strlen(text) + 1);
	slash = strchr(address, '/');
	if (slash)
		*slash++ = 0;
	memset(p, 0, sizeof(*p));
	if (inet_pton(AF_INET6, address, p->address) == 1) {
		p->bits = 0;
	} else if (inet_pton(AF_INET, address, p->address + 12) == 1) {
		p->bits = 96;
		memset(p->address + 10, 0xff, 2);
	} else {
		return -EINVAL;
	}
	bits = slash ? strtoul(slash, &end, 10) : 128 - p->bits;
	if (slash && (end == slash || *end || bits > 128 - p->bits))
		return -EINVAL;
	p->bits += bits;
	return 0;
}

static int parse_number(const char *text, __u32 *to)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 0);
	if (errno || end == text || *end || *text == '-' || value > UINT32_MAX)
		return -EINVAL;
	*to = value;
	return 0;
}

/* Entry number i; last is the number of the one before. */
static int add_choice(struct bpf_map *map, unsigned int i, const char *text, __u32 *last)
{
	int fd = bpf_map__fd(map), err = 0;
	const char *eq = strrchr(text, '=');
	struct choice c = { 0 };
	struct prefix prefix;
	char key[64] = "";

	if (!eq || (size_t)(eq - text) >= sizeof(key) || !eq[1] || strlen(eq + 1) >= CC_NAME_MAX)
		return fail(EINVAL, "-c %s: want KEY=CC", text);
	memcpy(key, text, eq - text);
	memcpy(c.cc, eq + 1, strlen(eq + 1));
	err = check_cc(c.cc);
	if (err)
		return err;
	switch (bpf_map__type(map)) {
	case BPF_MAP_TYPE_LPM_TRIE:
		if (parse_prefix(key, &prefix))
			return fail(EINVAL, "-c %s: \"%s\" is not ADDRESS/BITS", text, key);
		err = bpf_map_update_elem(fd, &prefix, &c, BPF_ANY);
		break;
	case BPF_MAP_TYPE_ARRAY:
		if (parse_number(key, &c.from) || (i && c.from <= *last))
			return fail(EINVAL, "-c %s: want a larger number than before", text);
		*last = c.from;
		err = bpf_map_update_elem(fd, &i, &c, BPF_ANY);
		break;
	default:
		if (parse_number(key, &c.from))
			return fail(EINVAL, "-c %s: \"%s\" is not a number", text, key);
		err = bpf_map_update_elem(fd, &c.from, &c, BPF_ANY);
		break;
	}
	return err ? fail(errno, "-c %s", text) : 0;
}

static int add_choices(struct bpf_object *obj, const struct command *cmd)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, "choices");
	unsigned int i;
	__u32 last = 0;
	int err = 0;

	if (!map)
		return cmd->nr_choices ?
			fail(EINVAL, "%s has no map \"choices\" for -c", cmd->file) : 0;
	if (bpf_map__value_size(map) != sizeof(struct choice))
		return fail(EINVAL, "%s: its map \"choices\" is of another form", cmd->file);
	if (!cmd->nr_choices)
		return fail(EINVAL, "%s chooses nothing without -c KEY=CC", cmd->file);
	for (i = 0; i < cmd->nr_choices && !err; i++)
		err = add_choice(map, i, cmd->choice[i], &last);
	return err;
}

/* Open PROG; its one sock_ops program in *prog. */
static int open_object(const struct command *cmd, struct bpf_object **obj,
		       struct bpf_program **prog)
{
	*obj = bpf_object__open_file(cmd->file, NULL);
	if (!*obj)
		return fail(errno, "program %s", cmd->file);
	*prog = bpf_object__next_program(*obj, NULL);
	if (!*prog || bpf_program__type(*prog) != BPF_PROG_TYPE_SOCK_OPS)
		return fail(EINVAL, "%s holds no sock_ops program", cmd->file);
	return 0;
}

/* A descriptor of the program in the cgroup that has this name, or -errno. */
static int find_attached(int cgroup, const char *name)
{
	__u32 ids[MAX_PROGS], count = MAX_PROGS, len, i;
	struct bpf_prog_info info;
	int fd;

	if (bpf_prog_query(cgroup, BPF_CGROUP_SOCK_OPS, 0, NULL, ids, &count))
		return -errno;
	for (i = 0; i < count; i++) {
		fd = bpf_prog_get_fd_by_id(ids[i]);
		if (fd < 0)
			continue;
		memset(&info, 0, sizeof(info));
		len = sizeof(info);
		if (!bpf_obj_get_info_by_fd(fd, &info, &len) &&
		    !strncmp(info.name, name, sizeof(info.name) - 1))
			return fd;
		close(fd);
	}
	return -ENOENT;
}

static void add_address(struct json_object *to, const char *key, const __u8 *address)
{
	static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN];

	if (memcmp(address, mapped, sizeof(mapped)))
		inet_ntop(AF_INET6, address, text, sizeof(text));
	else
		inet_ntop(AF_INET, address + 12, text, sizeof(text));
	json_object_object_add(to, key, json_object_new_string(text));
}

/* A record as a line of JSON. */
static int on_event(void *ctx, void *data, size_t size)
{
	const struct flow_record *s = data;
	const struct {
		const char *key;
		__u64 value;
	} numbers[] = {
		{ "cookie", s->cookie }, { "local_port", s->local_port },
		{ "remote_port", s->remote_port }, { "state", s->state },
		{ "srtt_us", s->srtt_us }, { "min_rtt_us", s->min_rtt_us },
		{ "cwnd", s->cwnd }, { "ssthresh", s->ssthresh },
		{ "packets_out", s->packets_out }, { "lost_out", s->lost_out },
		{ "retrans_out", s->retrans_out },
		{ "total_retrans", s->total_retrans }, { "bytes_acked", s->bytes_acked },
		{ "delivered_bytes_per_s", s->delivered_bytes_per_s },
	};
	struct json_object *o;
	unsigned int i;

	(void)ctx;
	if (size != sizeof(*s))
		return 0;
	o = json_object_new_object();
	add_address(o, "local", s->local);
	add_address(o, "remote", s->remote);
	json_object_object_add(o, "cc", json_object_new_string(s->cc));
	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		json_object_object_add(o, numbers[i].key,
				       json_object_new_uint64(numbers[i].value));
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	json_object_put(o);
	return 0;
}

/* Both are level-triggered, so nothing that comes meanwhile is missed. */
static int read_events(struct ring_buffer *rb, int signals)
{
	struct pollfd fds[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = ring_buffer__epoll_fd(rb), .events = POLLIN },
	};
	int got;

	do {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return -errno;
		got = ring_buffer__consume(rb);
		if (got < 0)
			return got;
	} while (!fds[0].revents);
	return 0;
}

/* Until SIGINT or SIGTERM, which the caller has blocked. */
static int print_events(const struct command *cmd, struct bpf_object *obj, const sigset_t *set)
{
	int fd = bpf_object__find_map_fd_by_name(obj, "events"), signals, err;
	struct ring_buffer *rb;

	if (fd < 0)
		return fail(EINVAL, "%s has no map \"events\" for -f", cmd->file);
	rb = ring_buffer__new(fd, on_event, NULL, NULL);
	signals = signalfd(-1, set, SFD_CLOEXEC);
	setvbuf(stdout, NULL, _IOLBF, 0);
	err = rb && signals >= 0 ? read_events(rb, signals) : -errno;
	if (signals >= 0)
		close(signals);
	ring_buffer__free(rb);
	return err ? fail(-err, "cannot read the events of %s", cmd->file) : 0;
}

static int put_on(const struct command *cmd, int cgroup, struct bpf_object *obj,
		  struct bpf_program *prog)
{
	const char *name = bpf_program__name(prog);
	int err, there = find_attached(cgroup, name);
	sigset_t set;

	if (there >= 0) {
		close(there);
		return fail(EEXIST, "%s is at %s already; -r takes it off", name, cmd->cgroup);
	}
	if (bpf_object__load(obj))
		return fail(errno, "cannot load %s (root? a kernel with BTF?)", cmd->file);
	err = add_choices(obj, cmd);
	if (err)
		return err;
	/* From here on a signal must not leave it attached. */
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (cmd->follow)
		sigprocmask(SIG_BLOCK, &set, NULL);
	if (bpf_prog_attach(bpf_program__fd(prog), cgroup, BPF_CGROUP_SOCK_OPS,
			    BPF_F_ALLOW_MULTI))
		return fail(errno, "cannot attach %s to %s (is it a cgroup v2?)", name,
			    cmd->cgroup);
	if (!cmd->follow)
		return 0;
	err = print_events(cmd, obj, &set);
	bpf_prog_detach2(bpf_program__fd(prog), cgroup, BPF_CGROUP_SOCK_OPS);
	return err;
}

static int take_off(const struct command *cmd, int cgroup, struct bpf_program *prog)
{
	const char *name = bpf_program__name(prog);
	int err = 0, fd = find_attached(cgroup, name);

	if (fd < 0)
		return fail(-fd, "no %s at %s", name, cmd->cgroup);
	if (bpf_prog_detach2(fd, cgroup, BPF_CGROUP_SOCK_OPS))
		err = fail(errno, "cannot take %s off %s", name, cmd->cgroup);
	close(fd);
	return err;
}

static int run(const struct command *cmd)
{
	struct bpf_program *prog = NULL;
	struct bpf_object *obj = NULL;
	int err, cgroup = open(cmd->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (cgroup < 0)
		return fail(errno, "cgroup %s", cmd->cgroup);
	err = open_object(cmd, &obj, &prog);
	if (!err)
		err = cmd->mode == 'l' ? put_on(cmd, cgroup, obj, prog) :
					 take_off(cmd, cgroup, prog);
	bpf_object__close(obj);
	close(cgroup);
	return err;
}

static void print_usage(FILE *to)
{
	fputs("usage: load_sock_ops -l [-f] [-c KEY=CC]... CGROUP PROG    load and attach\n"
	      "       load_sock_ops -r CGROUP PROG                        take off again\n"
	      "\n"
	      "  -c KEY=CC   congestion control for KEY: a prefix for cc_by_dst, a DSCP for\n"
	      "              cc_by_dscp, the lower end of a range in ms for cc_by_rtt\n"
	      "  -f          print the program's records as JSON, and take it off at the end\n"
	      "  -h, --help  this text\n"
	      "\n"
	      "examples:\n"
	      "  load_sock_ops -l -f /sys/fs/cgroup/demo flow_stats.bpf.o\n"
	      "  load_sock_ops -l -c 10.0.0.0/8=dctcp -c 0.0.0.0/0=bbr /sys/fs/cgroup cc_by_dst.bpf.o\n"
	      "  load_sock_ops -l -c 0=cubic -c 80=bbr /sys/fs/cgroup/demo cc_by_rtt.bpf.o\n"
	      "  load_sock_ops -r /sys/fs/cgroup/demo cc_by_rtt.bpf.o\n", to);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct command cmd = { 0 };
	int opt;

	while ((opt = getopt_long(argc, argv, "lrfc:h", options, NULL)) != -1) {
		if (opt == 'h' || opt == '?') {
			print_usage(opt == 'h' ? stdout : stderr);
			return opt == 'h' ? EXIT_SUCCESS : 2;
		} else if (opt == 'f') {
			cmd.follow = true;
		} else if (opt == 'c') {
			if (cmd.nr_choices == MAX_CHOICES)
				return fail(E2BIG, "-c %s", optarg) ? EXIT_FAILURE : 0;
			cmd.choice[cmd.nr_choices++] = optarg;
		} else {
			cmd.mode = opt;
		}
	}
	if (!cmd.mode || argc - optind != 2) {
		print_usage(argc == 1 ? stdout : stderr);
		return argc == 1 ? EXIT_SUCCESS : 2;
	}
	cmd.cgroup = argv[optind];
	cmd.file = argv[optind + 1];
	libbpf_set_print(on_libbpf);
	return run(&cmd) ? EXIT_FAILURE : EXIT_SUCCESS;
}
