// SPDX-License-Identifier: GPL-2.0-only
/* Writes a log of a known world, for tests of what reads logs: make_log FILE [SEED] */
#include <stdio.h>
#include <stdlib.h>

#include "model_synth.h"

int main(int argc, char **argv)
{
	struct synth s = synth_regions;

	if (argc < 2) {
		fprintf(stderr, "usage: make_log FILE [SEED]\nexample: make_log windows.log 7\n");
		return 2;
	}
	if (argc > 2)
		s.seed = strtoull(argv[2], NULL, 0);
	s.flows = 2;
	s.windows = 30;
	return synth_log(&s, argv[1]) ? 1 : 0;
}
