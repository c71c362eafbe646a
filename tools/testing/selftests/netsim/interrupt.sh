#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Does an interrupted run leave nothing but its folder? Expectations, with nodes that
# never end by themselves:
#
# 1. INT, TERM, HUP in the middle: status 130, the folder says "interrupted", every
#    process of the run is gone, its folder holds no socket, TMPDIR nothing
# 2. the same as early as when nodes boot
# 3. Ctrl-C of a terminal, which goes to all processes of the group
# 4. netsim killed: every process of the run ends with it
# 5. check -n interrupted: status 130, and no folder left
# 6. the next run works, with the hashes of a run in peace
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/netsim_lib.sh"
needs jq=jq pgrep=procps
ktap_set_plan 6
export TMPDIR=$tmp/tmpdir
mkdir "$TMPDIR"

cat >"$tmp/endless.yaml" <<YAML
nodes:
  - {name: n, count: 3, commands: [{run: "while :; do ping -qc 100 n0 >/dev/null; done"}]}
links: [{nodes: [n], latency: 1ms}]
YAML

# family PID...: all descendants
family()
{
	local children

	while [ $# -gt 0 ]; do
		children=$(pgrep -P "$(IFS=,; echo "$*")" || :)
		# shellcheck disable=SC2086
		set -- $children
		[ $# = 0 ] || echo "$@"
	done
}

# gone PID...: none runs; what waits to be reaped does not count
gone()
{
	local pid

	for pid; do
		! grep -q '^[0-9]* (.*) [^ZX] ' "/proc/$pid/stat" 2>/dev/null || return 1
	done
}

traffic() { [ "$(stat -c %s "$tmp/x/nodes/n1/eth0.pcap" 2>/dev/null || echo 0)" -gt 60000 ]; }
folder() { [ -e "$tmp/x/nodes/n2/console.log" ]; }

# start COMMAND... and wait for it to be in the middle, as $reached says
start()
{
	rm -rf "$tmp/x"
	"$@" >"$tmp/out" 2>"$tmp/err" &
	child=$!
	wait_for "$reached"
	# scripts/netsim has become netsim by then
	read -ra pids < <(family "$child" | xargs)
	[ "${#pids[@]}" -gt 0 ]
}

ended()
{
	status=0
	wait "$child" || status=$?
	child=
	is "$status" "$1" && wait_for gone "${pids[@]}" && is "$(ls "$TMPDIR")" ''
}

interrupted()
{
	ended 130 && is "$(summary x .interrupted)" true && is "$(find "$tmp/x" -type s)" ''
}

signals()
{
	local sig reached=traffic

	for sig in INT TERM HUP; do
		start "$NETSIM" run --out "$tmp/x" "$tmp/endless.yaml" && kill "-$sig" "$child" &&
			interrupted || return 1
	done
}

early()
{
	local i reached=folder

	for i in 1 2 3; do
		start "$NETSIM" run --out "$tmp/x" "$tmp/endless.yaml" && sleep "0.0$i" &&
			kill -INT "$child" && ended 130 && is "$(find "$tmp/x" -type s)" '' ||
			return 1
	done
}

group()
{
	local reached=traffic

	set -m
	start "$NETSIM" run --out "$tmp/x" "$tmp/endless.yaml" || { set +m; return 1; }
	set +m
	kill -INT -- "-$child" && interrupted
}

killed()
{
	local reached=traffic

	start "$NETSIM" run --out "$tmp/x" "$tmp/endless.yaml" && kill -KILL "$child" && ended 137
}

checks()
{
	local reached=traffic

	traffic() { [ -n "$(find "$tmp/c" -name eth0.pcap -size +60k 2>/dev/null)" ]; }
	start "$NETSIM" check -qn 2 --out "$tmp/c" "$tmp/endless.yaml" && kill -INT "$child" &&
		ended 130 && [ ! -e "$tmp/c" ]
}

peace()
{
	local first

	sed 's/while :; do \(.*\); done/\1/' "$tmp/endless.yaml" >"$tmp/peace"
	run one <"$tmp/peace" && is "$status" 0 && first=$(hashes one) &&
		run two <"$tmp/peace" && is "$(hashes two)" "$first"
}

check 'signals' signals
check 'while nodes boot' early
check 'Ctrl-C of a terminal' group
check 'killed' killed
check 'check -n' checks
check 'a run in peace' peace
ktap_finished
