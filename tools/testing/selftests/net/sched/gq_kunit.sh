#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run the KUnit suites of sch_gq: load their module, which runs the tests, and
# pass the results on: from debugfs, or from the messages since a mark. Expected:
# 1. Each suite has run to its end and the kernel's last word of it is "ok".
# 2. No case of any is "not ok".
# A kernel without KUnit skips; one with KUnit and without the module fails.
set -euo pipefail

readonly SUITES="sch_gq_ffs sch_gq_wheel sch_gq_hash sch_gq_rank sch_gq_approx sch_gq_edt"
readonly MODULE=sch_gq_kunit
ops=10000000 seed=1
# An emulated processor is twenty times slower; the full number runs elsewhere.
! grep -q 'QEMU TCG' /proc/cpuinfo || ops=200000

usage()
{
	cat <<'USAGE'
usage: gq_kunit.sh [--ops N] [--seed N]

Runs the KUnit suites of sch_gq's data structures; needs root.

  --ops N    random operations on timing wheels, and half as many on rank
             queues; 100000 or more (default 10000000; 200000 under QEMU
             without KVM)
  --seed N   start of the random numbers (default 1)
  -h, --help this text

Exit status: 0 passed, 1 failed, 4 skipped, 2 for a wrong call.

examples:
  scripts/vm -- build/selftests/net/sched/gq_kunit.sh --ops 1000000
USAGE
}

die() { echo "gq_kunit.sh: $*" >&2; exit 2; }
skip() { echo "1..0 # SKIP $*"; exit 4; }
fail() { echo "# $*"; echo "not ok 1 $MODULE"; exit 1; }

unload()
{
	[ ! -d /sys/module/$MODULE ] || modprobe -r $MODULE || rmmod $MODULE || :
}

finish()
{
	unload
	[ -z "$mounted" ] || umount "$tmp/debug" || :
	rm -rf "$tmp"
}

# Set debug to the folder of KUnit in debugfs, if there is one.
find_debugfs()
{
	local dir=/sys/kernel/debug

	if [ ! -d $dir/kunit ] && mkdir "$tmp/debug" &&
	   mount -t debugfs none "$tmp/debug" 2>/dev/null; then
		mounted=1 dir=$tmp/debug
	fi
	[ ! -d "$dir/kunit" ] || debug=$dir/kunit
}

# The messages since the mark, without their times.
since()
{
	dmesg | sed 's/^\[[^]]*\] //' | awk -v mark="$1" -v want="$2" '
		seen && $0 ~ want { print }
		index($0, mark) { seen = 1 }'
}

run_suites()
{
	local mark="$MODULE: run $$-$RANDOM" suite

	unload
	[ ! -d /sys/module/$MODULE ] || fail " is in use; see lsmod"
	find_debugfs
	echo "$mark" >/dev/kmsg
	modprobe $MODULE "ops=$ops" "seed=$seed" ||
		fail "modprobe $MODULE failed; run \"make modules\", see dmesg"
	[ -z "$(since "$mark" 'kunit: disabled')" ] ||
		skip "KUnit is off; boot with kunit.enable=1"
	if [ -n "$debug" ]; then
		for suite in $SUITES; do cat "$debug/$suite/results" || :; done
	else
		since "$mark" '^ *(KTAP|ok|not ok|#|[0-9]+\.\.|Expected )'
	fi >"$tmp/results"
}

verdict()
{
	cat "$tmp/results"
	for suite in $SUITES; do
		grep -qE "^(not )?ok [0-9]+ $suite( |\$)" "$tmp/results" ||
			fail "$suite has not run to its end; see dmesg"
	done
	! grep -qE '^ *not ok ' "$tmp/results" || exit 1
	! grep -qE '^ok .*# SKIP' "$tmp/results" || exit 4
}

while [ $# -gt 0 ]; do
	case $1 in
	--ops | --seed)
		[[ ${2-} =~ ^[0-9]{1,9}$ ]] ||
			die "$1 needs a number, not \"${2-}\"; as in $1 1000000"
		printf -v "${1#--}" %d "$((10#$2))"
		shift ;;
	-h | --help) usage; exit 0 ;;
	*) die "unknown argument \"$1\"; see --help" ;;
	esac
	shift
done
[ "$ops" -ge 100000 ] || die "--ops $ops proves nothing; use 100000 or more"
[ "$(id -u)" = 0 ] || skip "loading a module needs root; call it with sudo"
[ -d /sys/module/kunit ] || modprobe kunit 2>/dev/null ||
	skip "this kernel has no KUnit (CONFIG_KUNIT)"
mounted='' debug=''
tmp=$(mktemp -d)
trap finish EXIT
trap 'exit 130' INT TERM HUP
run_suites
verdict
