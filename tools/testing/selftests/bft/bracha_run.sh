#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Correct nodes, each in a network namespace. Expected:
#
# 1.	3, 4, 9 and 16 nodes: all deliver all, and the same; each sends as many
#	messages as the analysis says
# 2.	"Delivered msg V" for just the numbers k * n + id, once each
# 3.	binary messages and JSON, IPv4 and IPv6, with keys and without: the same
# 4.	nodes that start seconds after the others, or all at once: the same
# 5.	a connection that is cut in the middle is made again, nothing is lost
# 6.	over links of 10 ms a message takes three delays: in virtual time not less
#	than 30 ms, and less than 31 ms at the median
# 7.	without a node: the others say for whom they wait, and end with status 1
# 8.	a file with errors is refused, by line
. "$(dirname "$0")/bracha_lib.sh"

readonly MESSAGES=20

counts()
{
	local n=$1

	cat "$tmp"/out.? "$tmp"/out.1? 2>/dev/null | jq -se --argjson n "$n" --argjson m $MESSAGES '
		map(.sent | .initial == $m * ($n - 1) and .echo == $n * $m * ($n - 1) and
			.ready == .echo) | length == $n and all' >/dev/null
}

all_sizes()
{
	local n=$1

	rm -f "$tmp"/out.*
	hosts "$n" $MESSAGES >"$tmp/hosts"
	run "$n" --nodelay --json
	agreed "$n" && counts "$n"
}

numbers()
{
	local i

	hosts 4 $MESSAGES >"$tmp/hosts"
	run 4 --nodelay
	for i in 0 1 2 3; do
		grep -qx "Delivered all msgs" "$tmp/out.$i" || return
		sed -n 's/^Delivered msg //p' "$tmp/out.$i" | sort -n |
			cmp -s - <(seq 4 $((4 * MESSAGES + 3))) || return
	done
}

forms()
{
	local i

	bracha --keygen "$tmp/keys" --nodes 4 || return
	hosts 4 $MESSAGES "$1" >"$tmp/hosts"
	shift
	for i in 0 1 2 3; do
		if [ "${KEYS:-}" ]; then
			node "$i" --json --keys "$tmp/keys/keys" --secret "$tmp/keys/node-$i.key" "$@"
		else
			node "$i" --json "$@"
		fi
	done
	wait
	rm -rf "$tmp/keys"
	agreed 4
}

late()
{
	local i

	hosts 4 $MESSAGES >"$tmp/hosts"
	for i in 2 0 3 1; do
		node $i --json
		sleep 0.7
	done
	wait
	agreed 4
}

cut()
{
	hosts 4 400 >"$tmp/hosts"
	delay 2 || return
	run 4 --json --nodelay &
	sleep 1.5
	ip netns exec "$prefix-2" ss -K state established "( sport = :$PORT or dport = :$PORT )" \
		>/dev/null
	wait
	delay 0
	agreed 4 && cat "$tmp"/out.? | jq -se 'map(.connections_lost) | add > 0' >/dev/null
}

three_delays()
{
	hosts 4 $MESSAGES >"$tmp/hosts"
	run 4 --nodelay --json
	agreed 4 || return
	ktap_print_msg "p50, ms:" "$(cat "$tmp"/out.? | jq -r .latency_ms.p50 | tr '\n' ' ')"
	cat "$tmp"/out.? | jq -se --arg clock "$NETSTEER_CLOCK" 'all(.latency_ms | .min >= 30 and
		($clock != "virtual" or .p50 < 31))' >/dev/null
}

waits()
{
	hosts 4 $MESSAGES >"$tmp/hosts"
	ip netns exec "$prefix-0" timeout 60 bracha 0 "$tmp/hosts" --timeout 6 \
		>"$tmp/out.0" 2>"$tmp/err.0" && return 1
	grep -q "waiting for node 3 (10.7.3.2:$PORT)" "$tmp/err.0" &&
		grep -q "0 of 80 messages delivered" "$tmp/err.0"
}

refused()
{
	printf "%b" "$1" >"$tmp/bad"
	! bracha 0 "$tmp/bad" >/dev/null 2>"$tmp/err" && grep -q -- "$2" "$tmp/err"
}

bad_files()
{
	refused "x\n10.7.0.2:1\n" "line 1" && refused "5\n10.7.0.2\n" "line 2" &&
		refused "5\n\n10.7.0.2:1\n10.7.0.2:1\n" "line 4" && refused "5\n" "no addresses"
}

bft_init 16
ktap_set_plan 13
for n in 3 4 9 16; do
	check "$n nodes" all_sizes $n
done
check "the numbers that are delivered" numbers
check "binary, IPv4" forms 4 --binary
check "JSON, IPv6" forms 6
KEYS=y check "JSON, keys" forms 4 --nodelay
check "started one after the other" late
if command -v ss >/dev/null && delay 0; then
	check "cut connections" cut
else
	ktap_test_skip "cut connections: no ss -K or netem"
fi
if delay 10; then
	check "three message delays" three_delays
else
	ktap_test_skip "three message delays: $(tail -n 1 "$tmp/err")"
fi
check "says for whom it waits" waits
check "files with errors" bad_files
ktap_finished
