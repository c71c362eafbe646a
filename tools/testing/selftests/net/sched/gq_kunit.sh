#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run the KUnit suite sch_gq: load its module, which runs the tests, and pass
# the result on.
#
# modprobe succeeds whatever the tests say. Their KTAP is in debugfs, which is
# mounted here when it is not yet, or, in a kernel without KUNIT_DEBUGFS, among
# the kernel's messages after a mark that this script leaves there. Expected:
#
# 1. The suite has run to its end and the kernel's last word is "ok".
# 2. No case of it is "not ok".
#
# A kernel without KUnit skips; one with KUnit and without the module fails.
set -euo pipefail

readonly SUITE=sch_gq MODULE=sch_gq_kunit
readonly PASS=0 FAIL=1 SKIP=4

usage()
{
	cat <<'USAGE'
usage: gq_kunit.sh [--ops N] [--seed N]

Runs the KUnit suite of sch_gq's data structures; needs root.

  --ops N    random operations on timing wheels, 100000 or more
             (default 10000000)
  --seed N   start of the random numbers (default 1)
  -h, --help this text

Exit status: 0 passed, 1 failed, 4 skipped, 2 for a wrong call.

examples:
  ./gq_kunit.sh
  ./gq_kunit.sh --seed "$RANDOM"
  scripts/vm -- build/selftests/net/sched/gq_kunit.sh --ops 1000000
USAGE
}

die()
{
	echo "gq_kunit.sh: $*" >&2
	exit 2
}

skip()
{
	echo "1..0 # SKIP $*"
	exit $SKIP
}

fail()
{
	echo "# $*"
	echo "not ok 1 $SUITE"
	exit $FAIL
}

number()
{
	[[ ${2-} =~ ^[0-9]{1,9}$ ]] || die "$1 needs a number, not \"${2-}\";" \
		"for example $1 1000000"
}

loaded()
{
	[ -d /sys/module/$MODULE ]
}

unload()
{
	! loaded || modprobe -r $MODULE || rmmod $MODULE || :
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
		mounted=1
		dir=$tmp/debug
	fi
	[ ! -d "$dir/kunit" ] || debug=$dir/kunit
}

# The messages since the mark, without their times.
since()
{
	dmesg | sed 's/^\[[^]]*\] //' | awk -v mark="$1" '
		seen && /^ *(KTAP|ok|not ok|#|[0-9]+\.\.|Expected )/ { print }
		index($0, mark) { seen = 1 }'
}

check_kernel()
{
	[ "$(id -u)" = 0 ] || skip "loading a module needs root; call it with sudo"
	[ -d /sys/module/kunit ] || modprobe kunit 2>/dev/null ||
		skip "this kernel has no KUnit (CONFIG_KUNIT)"
}

run_suite()
{
	local mark="$MODULE: run $$-$RANDOM"

	unload
	! loaded || fail "an earlier $MODULE can't be unloaded; see lsmod"
	find_debugfs
	echo "$mark" >/dev/kmsg
	modprobe $MODULE "ops=$ops" "seed=$seed" ||
		fail "modprobe $MODULE failed; build it with \"make modules\"," \
			"and see dmesg"

	if [ -r "$debug/$SUITE/results" ]; then
		cat "$debug/$SUITE/results"
	else
		since "$mark"
	fi >"$tmp/results"
	! dmesg | awk -v mark="$mark" 'index($0, mark) { seen = 1 }
		seen && /kunit: disabled/ { off = 1 } END { exit !off }' ||
		skip "KUnit is off; boot with kunit.enable=1"
}

verdict()
{
	local last

	cat "$tmp/results"
	last=$(grep -E "^(not )?ok [0-9]+ $SUITE( |\$)" "$tmp/results" |
		tail -n 1) || fail "the suite has not run to its end; see dmesg"
	! grep -qE '^ *not ok ' "$tmp/results" || exit $FAIL
	case $last in
	*'# SKIP'*) exit $SKIP ;;
	ok*) exit $PASS ;;
	*) exit $FAIL ;;
	esac
}

ops=10000000
seed=1
while [ $# -gt 0 ]; do
	case $1 in
	--ops)
		number "$@"
		ops=$((10#$2))
		[ $ops -ge 100000 ] || die "--ops $2 proves nothing; use 100000 or more"
		shift ;;
	--seed) number "$@"; seed=$((10#$2)); shift ;;
	-h | --help) usage; exit 0 ;;
	*) die "unknown argument \"$1\"; see --help" ;;
	esac
	shift
done

check_kernel
mounted=
debug=
tmp=$(mktemp -d)
trap finish EXIT
trap 'exit 130' INT TERM HUP
run_suite
verdict
