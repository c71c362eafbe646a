# shellcheck shell=sh disable=SC3028
# SPDX-License-Identifier: GPL-2.0
#
# Sourced by every script of the tree: where things are, how progress and
# errors look.  Progress and errors go to stderr, so that stdout carries only
# what another program may want to read.

TOP=$(cd "$(dirname "${BASH_SOURCE:-$0}")/.." && pwd)
NETSTEER_CACHE=${NETSTEER_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/netsteer}
export TOP NETSTEER_CACHE

if [ -t 2 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	C_STEP=$(printf '\033[1;34m') C_ERR=$(printf '\033[1;31m')
	C_OFF=$(printf '\033[0m')
else
	C_STEP='' C_ERR='' C_OFF=''
fi

# step "=> build" TEXT...: a stage has begun.  info TEXT...: a detail of it.
# warn TEXT...: it goes on, but not as wished.  die TEXT...: it does not go on.
step()
{
	step_tag=$1
	shift
	printf '%s%s%s %s\n' "$C_STEP" "$step_tag" "$C_OFF" "$*" >&2
}

info()
{
	printf '   %s\n' "$*" >&2
}

warn()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die()
{
	printf '%s%s:%s %s\n' "$C_ERR" "${0##*/}" "$C_OFF" "$*" >&2
	exit 1
}

# need COMMAND...: everything that the calling script runs is there.
need()
{
	need_missing=
	for need_cmd in "$@"; do
		command -v "$need_cmd" >/dev/null || need_missing="$need_missing $need_cmd"
	done
	[ -z "$need_missing" ] ||
		die "not installed:$need_missing; run \"$TOP/scripts/deps\" (or make deps) first"
}

# lock FD FILE WHO DOES: nobody else has FILE until this script ends or closes FD. Who
# has it is waited for, and told from what it wrote into FILE: WHO, and what it DOES.
lock()
{
	{ : >>"$2"; } 2>/dev/null || die "cannot write $2; who owns its folder?"
	eval "exec $1>>\"\$2\""
	if ! flock -n "$1"; then
		step "=> wait" "for $(cat "$2"), which $4"
		flock "$1"
	fi
	printf '%s (process %s)' "$3" "$$" >"$2"
}

# lock_tree WHO: nobody else builds or tests in this tree until this script ends. A
# script that is called by the one that has it goes on.
lock_tree()
{
	[ "${NETSTEER_LOCK:-}" != "$TOP" ] || return 0
	mkdir -p "$TOP/build"
	lock 8 "$TOP/build/.lock" "$1" "uses $TOP/build"
	NETSTEER_LOCK=$TOP
	export NETSTEER_LOCK
}
