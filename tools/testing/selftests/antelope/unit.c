// SPDX-License-Identifier: GPL-2.0
/* See unit.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "kselftest.h"
#include "unit.h"

struct unit_bpf *unit;

void unit_open(void)
{
	if (geteuid())
		ksft_exit_skip("needs root\n");
	unit = unit_bpf__open_and_load();
	if (!unit)
		ksft_exit_fail_msg("cannot load unit.bpf.c: %s\n", strerror(errno));
}

void unit_close(void)
{
	unit_bpf__destroy(unit);
}

void unit_run(struct bpf_program *prog)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	int err = bpf_prog_test_run_opts(bpf_program__fd(prog), &opts);

	if (err)
		ksft_exit_fail_msg("cannot run %s: %s\n", bpf_program__name(prog), strerror(-err));
}

/* xorshift64 (Marsaglia 2003): all that the tests ask of it is to be repeatable. */
__u64 unit_random64(void)
{
	static __u64 s = 0x9e3779b97f4a7c15;

	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return s;
}

void unit_random_forest(struct antelope_forest *f, int trees)
{
	int i, j;

	memset(f, 0, sizeof(*f));
	f->trees = trees;
	f->base = (int)unit_random64() >> 10;
	for (i = 0; i < trees; i++) {
		for (j = 0; j < ANTELOPE_NODES; j++) {
			f->tree[i].threshold[j] = (int)unit_random64() >> 9;
			f->tree[i].feature[j] = unit_random64() % ANTELOPE_FEATURES;
		}
		for (j = 0; j < ANTELOPE_LEAVES; j++)
			f->tree[i].leaf[j] = (int)unit_random64() >> 12;
	}
}

void unit_model(const struct antelope_forest forest[ANTELOPE_FORESTS])
{
	int outer = bpf_map__fd(unit->maps.model), inner, err = 0;
	__u32 key, zero = 0;

	inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "forests", sizeof(key), sizeof(*forest),
			       ANTELOPE_FORESTS, NULL);
	for (key = 0; inner >= 0 && !err && key < ANTELOPE_FORESTS; key++)
		err = bpf_map_update_elem(inner, &key, &forest[key], 0);
	if (inner < 0 || err || bpf_map_update_elem(outer, &zero, &inner, 0))
		ksft_exit_fail_msg("no model: %s\n", strerror(errno));
	close(inner);
}
