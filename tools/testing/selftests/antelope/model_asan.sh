#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# model_fuzz with AddressSanitizer, and ten times the rounds. Its shadow memory is
# larger than the address space of a process on a user-mode kernel: there it is
# skipped, and the same test without it remains.
set -eu

usage()
{
	cat <<USAGE
Usage: model_asan.sh [OPTION]...
Run model_fuzz with these options [-n 100000], built with AddressSanitizer.
Examples:
  make -C tools/testing/selftests TARGETS=antelope run_tests
  OUTPUT=build/selftests/antelope ./model_asan.sh -n 1000000 -s 7
USAGE
}

if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
	usage
	exit 0
fi
if [ ! -x "${OUTPUT:-.}/model_fuzz_asan" ]; then
	echo "model_asan.sh: model_fuzz_asan: not built; run make in its folder, or set OUTPUT" >&2
	exit 1
fi
if grep -q '^vendor_id.*User Mode Linux' /proc/cpuinfo; then
	echo "1..0 # SKIP AddressSanitizer does not work on a user-mode kernel"
	exit 4
fi
exec "${OUTPUT:-.}/model_fuzz_asan" -n 100000 "$@"
