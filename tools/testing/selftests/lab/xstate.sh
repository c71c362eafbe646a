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
# xstate_shim.c plays those hosts. An unpatched kernel panics in 2 and 3. An argument
# names another user-mode kernel than that of scripts/kernel.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

TOP=${TOP:-$(cd "$here/../../../.." && pwd)}

# boots [VAR=VALUE...]
boots()
{
	local status=0

	env "$@" timeout 60 "$kernel" mem=64M umid="xstate$$" uml_dir="$tmp" \
		root=/dev/root rootfstype=hostfs rootflags="$tmp" ro init=/guest \
		con0=fd:0,fd:1 con=null quiet \
		</dev/null >"$tmp/out" 2>"$tmp/log" || status=$?
	sed -n 's/\r$//; /^\(#\|ok\|not ok\|TAP\|1\.\.\)/s/^/    /p' "$tmp/out"
	[ $status != 0 ] || ! grep -q '^# PASS' "$tmp/out" || return 0
	echo "# exit status $status"
	grep -ahE 'ptrace|panic|lost' "$tmp/log" "$tmp/out" | head -n 5 | sed 's/^/# /'
	return 1
}

[ "$(uname -m)" = x86_64 ] || skip "register state of x86_64 only"
needs gcc
kernel=${1:-$("$TOP/scripts/kernel" image 2>/dev/null)} ||
	skip "no user-mode kernel; run scripts/kernel build"
[ -x "$kernel" ] || skip "no user-mode kernel $kernel"
kernel=$(realpath "$kernel")

flags=(-O2 -Wall -Wextra -Werror)
gcc "${flags[@]}" -static -o "$tmp/guest" "$here/xstate_guest.c"
gcc "${flags[@]}" -shared -fPIC -o "$tmp/shim.so" "$here/xstate_shim.c" -ldl

ktap_set_plan 3
check "register state of this host" boots
check "register state of 11008 bytes" boots LD_PRELOAD="$tmp/shim.so"
check "register state of 60000 bytes" boots LD_PRELOAD="$tmp/shim.so" XSTATE_SHIM_SIZE=60000
ktap_finished
