#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # what the tests use
#
# What the tests that simulate share: run, and what to ask of a run. NETSIM is what
# to test; by default scripts/netsim, with the kernel that scripts/kernel built.

TOP=${TOP:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../../../.." && pwd)}
KSRC=${KSRC:-$("$TOP/scripts/kernel" source)}
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

NETSIM=${NETSIM:-$TOP/scripts/netsim}
child=

# run NAME [OPTION...]: simulate the file on standard input into $tmp/NAME;
# $status, output and errors in $tmp/out and $tmp/err
run()
{
	local name=$1

	shift
	rm -rf "${tmp:?}/$name"
	cat >"$tmp/$name.yaml"
	status=0
	"$NETSIM" run -q --out "$tmp/$name" "$@" "$tmp/$name.yaml" >"$tmp/out" \
		2>"$tmp/err" || status=$?
}

# summary NAME FILTER: what jq finds in the summary of a run
summary()
{
	jq -r "$2" "$tmp/$1/summary.json"
}

# output NAME NODE COMMAND: what a command wrote
output()
{
	cat "$tmp/$1/nodes/$2/$3.out"
}

# hashes NAME: everything about a run that must repeat
hashes()
{
	summary "$1" '[.trace_hash, .console_hash, .output_hash] | join(" ")'
}

# frames NAME NODE FILTER [FIELD...]: fields of frames in the capture of eth0
frames()
{
	local capture=$tmp/$1/nodes/$2/eth0.pcap filter=$3 field fields=()

	shift 3
	for field in "${@:-frame.len}"; do
		fields+=(-e "$field")
	done
	tshark -r "$capture" -Y "$filter" -T fields "${fields[@]}" 2>/dev/null
}

# needs_qemu: skip all where no QEMU node can run; best with that of backports
needs_qemu()
{
	local why

	"$TOP/scripts/qemu-backports" >"$tmp/out" 2>&1 ||
		ktap_print_msg "no QEMU of bookworm-backports: $(tail -n 1 "$tmp/out")"
	"$NETSIM" doctor --json >"$tmp/doctor" || :
	why=$(jq -r '.[] | select(.name == "backend qemu" and .state != "ok").what' \
		"$tmp/doctor")
	[ -z "$why" ] || skip "$why"
}

"$NETSIM" --version >"$tmp/out" 2>&1 || {
	ktap_set_plan 1
	sed "s/^/# /" "$tmp/out"
	ktap_test_fail "$NETSIM runs"
	exit "$KSFT_FAIL"
}
if ! "$NETSIM" doctor >"$tmp/out" 2>&1; then
	sed 's/^/# /' "$tmp/out"
	skip "netsim cannot run here; see netsim doctor"
fi
