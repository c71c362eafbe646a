// SPDX-License-Identifier: GPL-2.0-only
/*
 * antelope-cost: what each call of antelope's program takes, natively, on the flows
 * that there are, in a histogram by what the call did. Medians are told beside means,
 * which on a shared machine have other people's interrupts in them.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cost.h"
#include "cost.skel.h"

#define PROGRAM	"antelope_sockops"

static const char usage[] =
	"usage: antelope-cost DIR [SECONDS]\n"
	"\n"
	"Prints what a call of antelope's program takes in the next SECONDS (default 5), as\n"
	"a line of JSON, times in nanoseconds. DIR is a cgroup; antelope runs at the cgroup\n"
	"DIR/antelope, and the flows are in DIR/antelope/flows.\n"
	"\n"
	"examples:\n"
	"  antelope-cost /sys/fs/cgroup/measured 10 | jq .window.median_ns\n";

enum { TOP, MIDDLE, BOTTOM, LEVELS };

static const char *const kinds[COST_KINDS] = {
	[COST_EMPTY] = "empty",
	[COST_CALLBACK] = "callback",
	[COST_WINDOW] = "window",
};

static int fail(const char *what)
{
	fprintf(stderr, "antelope-cost: %s: %s\n", what, strerror(errno));
	return -errno;
}

/* Antelope's counters have the only map of this name that its program uses. */
static int counters_of(const struct bpf_prog_info *prog, const __u32 *ids)
{
	struct bpf_map_info info;
	__u32 i, len;
	int fd;

	for (i = 0; i < prog->nr_map_ids; i++) {
		fd = bpf_map_get_fd_by_id(ids[i]);
		len = sizeof(info);
		memset(&info, 0, sizeof(info));
		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len) &&
		    !strcmp(info.name, "counters"))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -1;
}

/* The program of antelope at the cgroup, and its counters. */
static int find(int cgroup, int *counters)
{
	__u32 ids[64], count = 64, maps[16], i, len;
	struct bpf_prog_info info;
	int fd;

	if (bpf_prog_query(cgroup, BPF_CGROUP_SOCK_OPS, 0, NULL, ids, &count))
		return fail("cannot see what is attached to the cgroup");
	for (i = 0; i < count; i++) {
		fd = bpf_prog_get_fd_by_id(ids[i]);
		memset(&info, 0, sizeof(info));
		info.map_ids = (__u64)(unsigned long)maps;
		info.nr_map_ids = 16;
		len = sizeof(info);
		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len) &&
		    !strncmp(info.name, PROGRAM, sizeof(info.name) - 1)) {
			*counters = counters_of(&info, maps);
			return fd;
		}
		if (fd >= 0)
			close(fd);
	}
	errno = ENOENT;
	return fail("no antelope is attached to the cgroup; antelope run --cgroup");
}

static int load(struct cost_bpf *b, const int cgroup[LEVELS], int counters,
		struct bpf_link *link[3])
{
	const struct {
		struct bpf_program *prog;
		int level;
	} order[] = {
		{ b->progs.third, TOP },
		{ b->progs.first, BOTTOM },
		{ b->progs.second, BOTTOM },
	};
	int i;

	if (bpf_map__reuse_fd(b->maps.counters, counters) || cost_bpf__load(b))
		return fail("the kernel refuses the programs that take the time");
	for (i = 0; i < 3; i++) {
		link[i] = bpf_program__attach_cgroup(order[i].prog, cgroup[order[i].level]);
		if (!link[i])
			return fail("cannot attach to the cgroups");
	}
	return 0;
}

/* Calls of a kind, by slot. */
static int read_calls(struct cost_bpf *b, int kind, __u64 calls[COST_SLOTS])
{
	int cpus = libbpf_num_possible_cpus(), fd = bpf_map__fd(b->maps.calls), cpu;
	__u64 *each = cpus > 0 ? calloc(cpus, sizeof(*each)) : NULL;
	__u32 slot, key;
	int err = each ? 0 : -ENOMEM;

	for (slot = 0; slot < COST_SLOTS && !err; slot++) {
		key = kind * COST_SLOTS + slot;
		err = bpf_map_lookup_elem(fd, &key, each);
		for (calls[slot] = cpu = 0; cpu < cpus && !err; cpu++)
			calls[slot] += each[cpu];
	}
	free(each);
	return err;
}

/* Middle of the slot below which this share of the calls is. */
static double quantile(const __u64 calls[COST_SLOTS], double share)
{
	__u64 all = 0, seen = 0;
	int i;

	for (i = 0; i < COST_SLOTS; i++)
		all += calls[i];
	for (i = 0; i < COST_SLOTS - 1; i++) {
		seen += calls[i];
		if (seen > all * share)
			break;
	}
	return (i + 0.5) * COST_SLOT_NS;
}

static double mean(const __u64 calls[COST_SLOTS], __u64 *all)
{
	double sum = 0;
	int i;

	for (*all = i = 0; i < COST_SLOTS; i++) {
		*all += calls[i];
		sum += calls[i] * (i + 0.5) * COST_SLOT_NS;
	}
	return *all ? sum / *all : 0;
}

/* Without what measuring takes, which is the first kind. */
static int print(struct cost_bpf *b, int seconds)
{
	double median, average, median0 = 0, average0 = 0, p95;
	__u64 calls[COST_SLOTS], all;
	int kind, err;

	printf("{\"seconds\":%d", seconds);
	for (kind = 0; kind < COST_KINDS; kind++) {
		err = read_calls(b, kind, calls);
		if (err)
			return fail("cannot read the times");
		average = mean(calls, &all);
		median = quantile(calls, 0.5);
		p95 = quantile(calls, 0.95);
		printf(",\"%s\":{\"calls_per_s\":%.0f", kinds[kind], (double)all / seconds);
		if (all)
			printf(",\"median_ns\":%.0f,\"mean_ns\":%.0f,\"p95_ns\":%.0f",
			       median - median0, average - average0, p95 - median0);
		printf("}");
		if (kind == COST_EMPTY) {
			median0 = median;
			average0 = average;
		}
	}
	puts("}");
	return 0;
}

static int measure(const int cgroup[LEVELS], int seconds)
{
	int counters = -1, prog = find(cgroup[MIDDLE], &counters), err = prog, i;
	struct bpf_link *link[3] = { NULL };
	struct cost_bpf *b = NULL;

	if (prog < 0)
		return prog;
	b = cost_bpf__open();
	err = b ? load(b, cgroup, counters, link) : fail("cannot open the programs");
	if (!err)
		sleep(seconds);
	for (i = 2; i >= 0; i--)
		bpf_link__destroy(link[i]);
	if (!err)
		err = print(b, seconds);
	cost_bpf__destroy(b);
	close(counters);
	close(prog);
	return err;
}

int main(int argc, char **argv)
{
	static const char *const below[LEVELS] = { "", "/antelope", "/antelope/flows" };
	int seconds = argc > 2 ? atoi(argv[2]) : 5, cgroup[LEVELS] = { -1, -1, -1 }, i, err = 0;
	char path[4096];

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc < 2 || argc > 3 || seconds < 1) {
		fputs(usage, stderr);
		return 2;
	}
	for (i = 0; i < LEVELS && !err; i++) {
		snprintf(path, sizeof(path), "%s%s", argv[1], below[i]);
		cgroup[i] = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		err = cgroup[i] < 0 ? fail(path) : 0;
	}
	if (!err)
		err = measure(cgroup, seconds);
	for (i = 0; i < LEVELS; i++)
		if (cgroup[i] >= 0)
			close(cgroup[i]);
	return err ? 1 : 0;
}
