#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# gq_plugin_fuzz with AddressSanitizer. Its shadow memory is larger than the
# address space of a process on a user-mode kernel: there it is skipped, and
# gq_plugin_fuzz, which puts messages against an inaccessible page, remains.
set -eu

usage()
{
	cat <<EOF
Usage: gq_plugin_asan.sh [OPTION]...
Run gq_plugin_fuzz, built with AddressSanitizer, with these options.
Examples:
  make -C tools/testing/selftests TARGETS=tc-testing run_tests
  OUTPUT=build/tools/testing/selftests/tc-testing ./gq_plugin_asan.sh -n 1000000
EOF
}

if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
	usage
	exit 0
fi
prog=${OUTPUT:-.}/gq_plugin_fuzz_asan
if [ ! -x "$prog" ]; then
	echo "gq_plugin_asan.sh: $prog: not built; run make in its folder, or set OUTPUT" >&2
	exit 1
fi
if grep -q '^vendor_id.*User Mode Linux' /proc/cpuinfo; then
	echo "1..0 # SKIP AddressSanitizer does not work on a user-mode kernel"
	exit 4
fi
exec "$prog" "$@"
