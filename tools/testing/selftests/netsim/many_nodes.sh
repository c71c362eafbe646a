#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Does a network of the largest size work? 64 nodes at a switch.
#
# 1. all boot, and each one pings the next, with the delay of the file
# 2. nothing came too early or too late
# 3. a node has not more than 32 MiB of the host's memory for itself
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/netsim_lib.sh"
needs jq=jq ps=procps ping=iputils-ping
ktap_set_plan 3

cat >"$tmp/many.yaml" <<'EOT'
nodes:
  - name: n
    count: 64
    memory: 64MiB
    commands:
      - run: ping -4 -c 3 n$((({id} + 1) % {n}))
links:
  - nodes: [n]
    latency: 10ms
EOT

# below PID: processes that it started, and those that they started
below()
{
	ps -eo pid=,ppid= | awk -v top="$1" '
		{ parent[$1] = $2 }
		END {
			for (p in parent) {
				for (q = p; q in parent && q != top; q = parent[q])
					;
				if (q == top && p != top)
					print p
			}
		}'
}

# The most that the nodes' processes had together, in KiB, by looking again and
# again while they run; what several share counts in part for each.
watch_memory()
{
	local max=0 sum

	while kill -0 "$child" 2>/dev/null; do
		# some end while the others are read
		sum=$(below "$child" | sed 's|.*|/proc/&/smaps_rollup|' |
			{ xargs cat 2>/dev/null || true; } |
			awk '/^Pss:/ { sum += $2 } END { print sum + 0 }')
		[ "$sum" -le "$max" ] || max=$sum
		sleep 0.1
	done
	echo "$max"
}

status=0
"$NETSIM" run -q --snaplen 0 --out "$tmp/many" "$tmp/many.yaml" >"$tmp/out" 2>"$tmp/err" &
child=$!
memory_kib=$(watch_memory)
wait "$child" || status=$?
child=

pings()
{
	local i

	is "$status" 0 || return 1
	for ((i = 0; i < 64; i++)); do
		is "$(output many n$i 0 | sed -n 's/.*icmp_seq=[23] .*time=//p' | uniq)" \
		   '20.0 ms' || return 1
	done
	ktap_print_msg "booted in $(summary many .speed.boot_wall_s) s"
}

exact()
{
	is "$(summary many '[.causality, .late_frames] | join(" ")')" '0 0'
}

small()
{
	ktap_print_msg "$((memory_kib / 64)) KiB a node"
	between 1000 $((memory_kib / 64)) 32768
}

check "64 nodes boot, and each pings the next" pings
check "nothing was early or late" exact
check "a node is small" small
ktap_finished
