#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# bracha_fuzz and bracha_rbc_test with AddressSanitizer. Its shadow memory is
# larger than the address space of a process on a user-mode kernel: there it is
# skipped, and the same tests without it remain.
set -eu

usage()
{
	cat <<USAGE
Usage: bracha_asan.sh [OPTION]...
Run bracha_rbc_test, and bracha_fuzz with these options, built with AddressSanitizer.
Examples:
  make -C tools/testing/selftests TARGETS=bft run_tests
  OUTPUT=build/selftests/bft ./bracha_asan.sh -n 1000000 -s 7
USAGE
}

if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
	usage
	exit 0
fi
for prog in bracha_rbc_test_asan bracha_fuzz_asan; do
	if [ ! -x "${OUTPUT:-.}/$prog" ]; then
		echo "bracha_asan.sh: $prog: not built; run make in its folder, or set OUTPUT" >&2
		exit 1
	fi
done
if grep -q '^vendor_id.*User Mode Linux' /proc/cpuinfo; then
	echo "1..0 # SKIP AddressSanitizer does not work on a user-mode kernel"
	exit 4
fi
"${OUTPUT:-.}/bracha_rbc_test_asan"
exec "${OUTPUT:-.}/bracha_fuzz_asan" "$@"
