#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # what the tests use
#
# What the selftests share: results in KTAP, clean-up, waiting, modules. Each
# folder has a link to it, or a copy where it is installed. It is sourced first, by
# the tests or by what they share in their folder, before netns.sh. It sets
#
#   here              the folder of the file that sources it, which is in PATH
#   tmp               a private folder, gone at the end
#   NETSTEER_CLOCK    "virtual" when time passes only while nothing runs, as in
#                     "scripts/vm --virtual-time", otherwise "real"
#
# answers --help with the comment at the top of the test, and prints KTAP's header.
# The kernel's ktap_helpers.sh is in $KSELFTEST, or below $KSRC, or installed.
set -eu

here=$(cd "$(dirname "${BASH_SOURCE[1]}")" && pwd)
PATH=$here:$PATH:/usr/sbin:/sbin
NETSTEER_CLOCK=${NETSTEER_CLOCK:-real}

case ${1:-} in
-h | --help)
	sed -n "3,\${/^#/!q; /^# shellcheck /!s/^# \{0,1\}//p}" "$0"
	echo "example: make -C tools/testing/selftests TARGETS=FOLDER run_tests"
	exit 0
	;;
esac

for dir in "${KSELFTEST:-}" "$here/../kselftest" "$here/../../kselftest" \
	"${KSRC:-}/tools/testing/selftests/kselftest"; do
	[ ! -r "$dir/ktap_helpers.sh" ] || break
done
if [ ! -r "$dir/ktap_helpers.sh" ]; then
	echo "$0: no ktap_helpers.sh; set KSRC to a kernel source, or use make run_tests" >&2
	exit 1
fi
KSELFTEST=$dir
# shellcheck disable=SC1091
. "$KSELFTEST/ktap_helpers.sh"

tmp=$(mktemp -d)
exit_commands=()
loaded=

# at_exit COMMAND...: to be run at the end, the last one first, when what runs in
# the background has ended
at_exit()
{
	exit_commands+=("$(printf '%q ' "$@")")
}

no_jobs()
{
	[ -z "$(jobs -rp)" ]
}

end()
{
	local i pids

	trap '' INT TERM HUP
	mapfile -t pids <<<"$(jobs -p)"
	kill "${pids[@]}" 2>/dev/null || :
	kill -CONT "${pids[@]}" 2>/dev/null || :
	wait_for no_jobs || kill -KILL "${pids[@]}" 2>/dev/null || :
	wait 2>/dev/null || :
	for ((i = ${#exit_commands[@]}; i-- > 0;)); do
		eval "${exit_commands[i]}" 2>/dev/null || :
	done
	rm -rf "$tmp"
}

trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

virtual()
{
	[ "$NETSTEER_CLOCK" = virtual ]
}

# skip WHY...: the whole test
skip()
{
	ktap_skip_all "$*"
	exit "$KSFT_SKIP"
}

# needs root|PROGRAM[=PACKAGE]...: skip all when one is missing
needs()
{
	local what

	for what; do
		if [ "$what" = root ]; then
			[ "$(id -u)" = 0 ] || skip "needs root"
		elif [ -z "$(type -P "${what%%=*}")" ]; then
			skip "no ${what%%=*} here; install ${what#*=}"
		fi
	done
}

# wait_for COMMAND...: until it succeeds, for up to 30 seconds
wait_for()
{
	local i

	for ((i = 0; i < 600; i++)); do
		! "$@" || return 0
		sleep 0.05
	done
	return 1
}

# status COMMAND...: run it, errors to $tmp/err, its exit status to $status
status()
{
	status=0
	"$@" 2>"$tmp/err" || status=$?
}

# is VALUE EXPECTED
is()
{
	[ "$1" != "$2" ] || return 0
	ktap_print_msg "is '$1', expected '$2'"
	return 1
}

# between LOW VALUE HIGH, of any numbers
between()
{
	awk -v l="$1" -v v="$2" -v h="$3" 'BEGIN { exit !(v != "" && l <= v && v <= h) }' && return
	ktap_print_msg "$2 is not from $1 to $3"
	return 1
}

# What is shown of a check that failed, after the check itself: a folder's own
# library may define it anew.
explain()
{
	[ ! -s "$tmp/err" ] || head -n 20 "$tmp/err" | sed 's/^/#   /'
}

# result WHAT STATUS: one numbered result
result()
{
	if [ "$2" = 0 ]; then
		ktap_test_pass "$1"
	else
		explain
		ktap_test_fail "$1"
	fi
}

# check WHAT COMMAND...: passed if the command succeeds
check()
{
	local what=$1

	shift
	if "$@"; then
		result "$what" 0
	else
		ktap_print_msg "failed: $*"
		result "$what" 1
	fi
}

# A namespace that is deleted keeps its devices for a moment.
unloaded()
{
	[ ! -d "/sys/module/$1" ] || rmmod "$1"
}

# load_module NAME [FILE]: loaded already, from FILE, or where modprobe finds it.
# What was loaded here is in "loaded", and is unloaded at the end.
load_module()
{
	[ ! -d "/sys/module/$1" ] || return 0
	if [ -n "${2:-}" ]; then
		insmod "$2" || return
	else
		modprobe "$1" || return
	fi
	loaded="$loaded $1"
	at_exit wait_for unloaded "$1"
}

# needs_module NAME VARIABLE: skip all when it is not to be had; VARIABLE may name
# the file of one that is not installed
needs_module()
{
	load_module "$1" "${!2:-}" 2>"$tmp/err" ||
		skip "no $1: $(head -n 1 "$tmp/err"); install it, or set $2=FILE"
}

# An emulated processor gets to a timer when it does: when something happens says
# nothing there.
emulated()
{
	grep -q 'QEMU TCG' /proc/cpuinfo
}

# settle: timers of a kernel that has just booted are no better than its ticks
settle()
{
	while [ "$(cut -d. -f1 /proc/uptime)" = 0 ]; do
		sleep 0.1
	done
}

ktap_print_header
