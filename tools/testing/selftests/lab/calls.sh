#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Does scripts/vm refuse bad calls, with a message that helps?
#
# 1. each bad option or value: status not 0, the culprit and what to do on stderr
# 2. a missing kernel: what builds it
# 3. --help: usage and examples on stdout, status 0
# 4. the call after a refused one works
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lab_lib.sh"
ktap_set_plan 4

# refuses PATTERN OPTION...
refuses()
{
	local pattern=$1

	shift
	status vm "$@" -- true </dev/null >"$tmp/out"
	[ "$status" != 0 ] && [ ! -s "$tmp/out" ] && grep -q -e "$pattern" "$tmp/err"
}

bad_options()
{
	refuses "'--bogus'.*--help" --bogus &&
		refuses "'x'.*--help" --mem x &&
		refuses "'1T'.*--help" --mem 1T &&
		refuses "'3'.*--help" --mem 3 &&
		refuses "'0'.*--help" --cpus 0 &&
		refuses "'-1'.*--help" --cpus -1 &&
		refuses 'one processor' --arch um --cpus 2 &&
		refuses "'arm'.*--help" --arch arm &&
		refuses 'only with --virtual-time' --seed 3 &&
		refuses '/no/such/folder' --share /no/such/folder
}

no_kernel()
{
	status env NETSTEER_CACHE="$tmp/empty" "$TOP/scripts/vm" -- true </dev/null
	[ "$status" != 0 ] && grep -q 'make kernel' "$tmp/err" || return 1
	status "$TOP/scripts/vm" --kernel /no/such/kernel -- true </dev/null
	[ "$status" != 0 ] && grep -q '/no/such/kernel' "$tmp/err"
}

helps()
{
	status "$TOP/scripts/vm" --help >"$tmp/out"
	is "$status" 0 && grep -q '^usage: vm' "$tmp/out" && grep -q '^examples:' "$tmp/out"
}

works() { is "$(vm -- echo fine </dev/null)" fine; }

check 'bad options' bad_options
check 'no kernel' no_kernel
check 'help' helps
check 'works afterwards' works
ktap_finished
