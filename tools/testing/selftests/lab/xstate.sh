#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs on the host: does the user-mode kernel size its register state by the
# host? (patches/6.12/0001)
#
# 1. On this host as it is, the guest's tests (xstate_guest.c) all pass.
# 2. They all pass where the host has 11008 bytes of state, as with AMX.
# 3. They all pass where it has 60000 bytes, more than any CPU of today.
#
# xstate_shim.c plays those hosts. An unpatched kernel panics in 2 and 3.
set -euo pipefail

cd "$(dirname "$0")"
top=$(cd ../../../.. && pwd)

usage()
{
	cat <<USAGE
usage: xstate.sh [KERNEL]

KERNEL is a user-mode kernel image, by default that of scripts/kernel.

examples:
  tools/testing/selftests/lab/xstate.sh
  tools/testing/selftests/lab/xstate.sh /usr/bin/linux.uml
USAGE
}

skip()
{
	echo "1..0 # SKIP $*"
	exit 4
}

# boot NUMBER WHAT [VAR=VALUE...]
boot()
{
	local number=$1 what=$2 status=0

	shift 2
	env "$@" timeout 60 "$kernel" mem=64M umid="xstate$$" uml_dir="$tmp" \
		root=/dev/root rootfstype=hostfs rootflags="$tmp" ro init=/guest \
		con0=fd:0,fd:1 con=null quiet \
		</dev/null >"$tmp/out" 2>"$tmp/log" || status=$?
	sed -n 's/\r$//; /^\(#\|ok\|not ok\|TAP\|1\.\.\)/s/^/    /p' "$tmp/out"
	if [ $status = 0 ] && grep -q '^# PASS' "$tmp/out"; then
		echo "ok $number $what"
	else
		echo "# exit status $status"
		grep -ahE 'ptrace|panic|lost' "$tmp/log" "$tmp/out" | head -n 5 | sed 's/^/# /' || :
		echo "not ok $number $what"
		failed=1
	fi
}

case ${1:-} in
-h|--help) usage; exit ;;
esac

echo "TAP version 13"
[ "$(uname -m)" = x86_64 ] || skip "register state of x86_64 only"
command -v gcc >/dev/null || skip "no gcc"
kernel=${1:-$("$top/scripts/kernel" image 2>/dev/null)} ||
	skip "no user-mode kernel; run scripts/kernel build"
[ -x "$kernel" ] || skip "no user-mode kernel $kernel"
kernel=$(realpath "$kernel")

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
failed=0

flags=(-O2 -Wall -Wextra -Werror)
gcc "${flags[@]}" -static -o "$tmp/guest" xstate_guest.c
gcc "${flags[@]}" -shared -fPIC -o "$tmp/shim.so" xstate_shim.c -ldl

echo "1..3"
boot 1 "register state of this host"
boot 2 "register state of 11008 bytes" LD_PRELOAD="$tmp/shim.so"
boot 3 "register state of 60000 bytes" LD_PRELOAD="$tmp/shim.so" \
	XSTATE_SHIM_SIZE=60000
exit $failed
