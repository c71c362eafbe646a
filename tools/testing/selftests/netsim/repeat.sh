#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Does a run repeat, whatever else the host does? Three nodes, TCP with losses, ping
# and jitter, while as many processes spin as the host has processors.
#
# 1. twenty runs of one seed have the same packets, outputs and consoles
# 2. so has one at the lowest priority, and one on a single processor
# 3. a run from another folder, with other captures, has them too
# 4. another seed has others
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/netsim_lib.sh"
needs jq=jq iperf3=iperf3 ping=iputils-ping
ktap_set_plan 4

RUNS=${RUNS:-20}

cat >"$tmp/three.yaml" <<'EOT'
seed: 11
nodes:
  - name: a
    modules: [sch_gq]
    qdisc: gq
    commands:
      - run: iperf3 -J -c c -t 1
        start: 10ms
      - run: head -c 16 /dev/urandom | od -An -tx1; date +%s.%N
  - name: b
    commands:
      - run: ping -c 20 -i 0.05 a; ping -6 -c 5 -i 0.1 c
  - name: c
    commands:
      - run: iperf3 -s
        background: true
links:
  - nodes: [a, b, c]
    latency: 3ms
    jitter: 500us
    rate: 5Mbit
    loss: 0.5%
EOT

for ((i = $(nproc); i; i--)); do
	while :; do :; done &
done
options=()

# again NAME OPTION...: one run, however it is started
again()
{
	local name=$1

	shift
	status=0
	"$@" "$NETSIM" run -q --out "$tmp/$name" "${options[@]}" "$tmp/three.yaml" \
		>"$tmp/out" 2>"$tmp/err" || status=$?
}

repeats()
{
	local i

	options=(--snaplen 0)
	again first
	is "$status" 0 || return 1
	for ((i = 1; i < RUNS; i++)); do
		again next
		is "$status" 0 && is "$(hashes next)" "$(hashes first)" || return 1
		rm -rf "$tmp/next"
	done
}

elsewhere()
{
	again nice nice -n 19
	is "$(hashes nice)" "$(hashes first)" || return 1
	again single taskset -c 0
	is "$(hashes single)" "$(hashes first)"
}

captured()
{
	mkdir -p "$tmp/some/where/else"
	options=(--snaplen 2000)
	again some/where/else/run
	is "$(hashes some/where/else/run)" "$(hashes first)"
}

differs()
{
	options=(--seed 12)
	again other
	is "$status" 0 && [ "$(hashes other)" != "$(hashes first)" ]
}

check "$RUNS runs are the same on a host that has other work" repeats
check "so are runs at low priority and on one processor" elsewhere
check "so is one from another folder and with captures" captured
check "another seed has other packets" differs
ktap_finished
