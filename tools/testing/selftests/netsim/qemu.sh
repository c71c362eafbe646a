#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Nodes that are QEMUs, two of them and a user-mode one in the same run, on a host
# that is busy. Without QEMU 10 (scripts/qemu-backports) the installed one is used.
#
# 1. ping: the round trip is the links' and at most 100 us of instructions more
# 2. a frame arrives one latency after it left, to the ns, whatever the node
# 3. nothing was delivered late, nor against causality
# 4. another run is the same: packets, outputs, consoles; RUNS sets how many
# 5. another seed draws other random numbers
# 6. control, output and files work as on other nodes; interfaces have their order
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/netsim_lib.sh"
needs jq=jq ping=iputils-ping tshark=tshark
needs_qemu
ktap_set_plan 6

RUNS=${RUNS:-3}

cat >"$tmp/mixed.conf" <<'EOT'
nodes:
  - name: a
    backend: qemu
    commands:
      - run: ping -4 -c 3 -i 0.2 b; ping -6 -c 3 -i 0.2 b; ping -4 -c 3 -i 0.2 c
        start: 1s
      - run: od -An -tx1 -N16 /dev/urandom; date +%s.%N; echo left > file
        start: 1s
  - name: b
    backend: qemu
    commands:
      - run: cat /sys/class/net/eth0/address /sys/class/net/eth1/address; hostname
  - name: c
links:
  - nodes: [a, b, c]
    latency: 10ms
  - nodes: [b, c]
    latency: 1ms
EOT

for ((i = $(nproc); i; i--)); do
	while :; do :; done &
done
run mixed <"$tmp/mixed.conf"

round_trips()
{
	local rtt n=0

	is "$status" 0 || return 1
	# the first waits for a resolution too
	for rtt in $(output mixed a 0 | sed -n 's/.*seq=[23] .*time=\(.*\) ms/\1/p'); do
		between 20.000 "$rtt" 20.100 || return 1
		n=$((n + 1))
	done
	is "$n" 6
}

# Seconds with nine digits: both captures have every echo, in the same order.
one_way()
{
	local from to

	for from in a b c; do
		for to in a b c; do
			[ "$from" != "$to" ] || continue
			paste -d ' ' <(times "$from" "$from" "$to") <(times "$to" "$from" "$to")
		done
	done >"$tmp/times"
	between 12 "$(wc -l <"$tmp/times")" 1000 &&
		awk '{ split($1, s, "."); split($2, r, ".")
			ns = (r[1] - s[1]) * 1000000000 + r[2] - s[2]
			if (ns != 10000000) exit 1 }' "$tmp/times"
}

# times NODE FROM TO: of the pings from one to the other, as the node saw them
times()
{
	declare -A ip=([a]=10.0.0.1 [b]=10.0.0.2 [c]=10.0.0.3)

	frames mixed "$1" "icmp && ip.src == ${ip[$2]} && ip.dst == ${ip[$3]}" \
		frame.time_epoch
}

exact()
{
	is "$(summary mixed '[.late_frames, .causality] | join(" ")')" '0 0'
}

repeats()
{
	local i

	for ((i = 1; i < RUNS; i++)); do
		run next <"$tmp/mixed.conf"
		is "$status" 0 && is "$(hashes next)" "$(hashes mixed)" || return 1
	done
}

seeds()
{
	run other --seed 2 <"$tmp/mixed.conf"
	is "$status" 0 && [ "$(output other a 1 | head -n 1)" != "$(output mixed a 1 | head -n 1)" ]
}

works()
{
	is "$(cat "$tmp/mixed/nodes/a/files/file")" left &&
		is "$(output mixed b 0 | tr '\n' ' ')" "$(macs b) b "
}

macs()
{
	sed -n 's/^nic eth[01] \([^ ]*\) .*/\1/p' "$tmp/mixed/nodes/$1/netsim.conf" | tr '\n' ' ' |
		sed 's/ $//'
}

check "round trips are the links' and little more" round_trips
check "every ping takes one latency, to the ns" one_way
check "nothing was late" exact
check "$RUNS runs are the same on a host that has other work" repeats
check "another seed, other random numbers" seeds
check "output, files and interfaces are as they should be" works
ktap_finished
