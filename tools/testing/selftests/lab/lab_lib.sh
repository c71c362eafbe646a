#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # what the tests use
#
# What the lab's tests share: vm, on this host. LAB_ARGS goes to every scripts/vm.

TOP=${TOP:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../../../.." && pwd)}
KSRC=${KSRC:-$("$TOP/scripts/kernel" source)}
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

child=

vm()
{
	# shellcheck disable=SC2086
	"$TOP/scripts/vm" ${LAB_ARGS:-} "$@"
}

# vm_background COMMAND...: $child is its process, which takes signals
vm_background()
{
	# shellcheck disable=SC2086
	"$TOP/scripts/vm" ${LAB_ARGS:-} -- "$@" <&0 &
	child=$!
}

if ! vm -- true </dev/null 2>"$tmp/err"; then
	cat "$tmp/err" >&2
	skip "the lab does not boot; run make kernel"
fi
