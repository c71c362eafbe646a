#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Faulty nodes and strangers, over real TCP. Expected:
#
# 1.	with f faulty nodes of each mode, the correct ones deliver all messages of
#	all correct nodes, and the same; of a message of a faulty node no two
#	correct ones deliver different values
# 2.	what was forged or said twice is counted, and a node that sends what is no
#	message is not listened to
# 3.	with the published thresholds 3 silent of 9 stop the run; with ours, for
#	which 3 are too many as well, f = 2 silent do not
# 4.	a node with another's id and without its key is refused; without keys, one
#	that comes from another address
# 5.	strangers that connect and send anything, or nothing, or reset, have no
#	effect, however many they are
. "$(dirname "$0")/bracha_lib.sh"

readonly MESSAGES=10

# Values of one key, from all correct nodes: bit 32 is the lie.
one_value()
{
	correct "$1" | sed "s|^|$tmp/out.|" | xargs cat | sed -n 's/^Delivered msg //p' | sort -u |
		awk '{ key = $1 % 4294967296 } seen[key]++ { bad = 1 } END { exit bad }'
}

tolerated()
{
	FAULTY="1 4"
	MODE=$1
	hosts 7 $MESSAGES >"$tmp/hosts"
	run 7 --nodelay
	one_value 7 || return
	run 7 --nodelay --json
	agreed 7
}

noticed()
{
	FAULTY=2 MODE=forge
	hosts 4 $MESSAGES >"$tmp/hosts"
	run 4 --json
	agreed 4 && jq -e '.not_counted.forged > 0' "$tmp/out.0" >/dev/null || return
	MODE=replay
	run 4 --json
	agreed 4 && jq -e '.not_counted.duplicate > 0' "$tmp/out.0" >/dev/null || return
	MODE=garbage
	run 4 --json
	agreed 4 && grep -q "node 2 .* is not listened to" "$tmp/err.0"
}

published()
{
	FAULTY="6 7 8" MODE=silent
	hosts 9 $MESSAGES >"$tmp/hosts"
	run 9 --json --compat --timeout 5
	jq -e '.delivered == 0' "$tmp/out.0" >/dev/null || return
	FAULTY="7 8"
	run 9 --json
	agreed 9
}

impostor()
{
	bracha --keygen "$tmp/keys" --nodes 4 && bracha --keygen "$tmp/other" --nodes 4 || return
	# It believes to be node 3, and has all but the key of the others' node 3.
	sed 4d "$tmp/keys/keys" >"$tmp/other/mixed"
	sed -n 4p "$tmp/other/keys" >>"$tmp/other/mixed"
	hosts 4 $MESSAGES >"$tmp/hosts"
	FAULTY=3
	for i in 0 1 2; do
		node "$i" --json --faulty 3 --keys "$tmp/keys/keys" --secret "$tmp/keys/node-$i.key"
	done
	node 3 --timeout 3 --keys "$tmp/other/mixed" --secret "$tmp/other/node-3.key"
	wait
	FAULTY=3 agreed 4 && grep -q "its signature is not that of the node" "$tmp/err.0"
}

elsewhere()
{
	hosts 3 $MESSAGES >"$tmp/hosts"
	sed "s/10.7.0.2:/10.7.3.2:/" "$tmp/hosts" >"$tmp/moved"
	ip netns exec "$prefix-3" bracha 0 "$tmp/moved" --timeout 4 >/dev/null 2>&1 &
	FAULTY=0
	node 1 --json --faulty 0
	node 2 --json --faulty 0 --timeout 10
	wait
	FAULTY="0 3" agreed 3 && grep -q "does not come from that node's address" "$tmp/err.1"
}

# 200 connections from a namespace that is no node's: silent, random, closed.
bother()
{
	local i fd

	for ((i = 0; i < 200; i++)); do
		exec {fd}<>"/dev/tcp/10.7.0.2/$PORT" || return 0
		case $((i % 3)) in
		0) head -c 500 /dev/urandom >&$fd ;;
		1) printf 'BRB1%76s' "" >&$fd ;;
		esac 2>/dev/null || :
		[ $((i % 5)) = 0 ] || exec {fd}>&-
	done
	sleep 2
}

strangers()
{
	FAULTY=
	hosts 3 $MESSAGES >"$tmp/hosts"
	node 0 --json
	sleep 0.3
	export PORT
	ip netns exec "$prefix-6" bash -c "$(declare -f bother); bother" 2>/dev/null &
	sleep 1
	node 1 --json
	node 2 --json
	wait
	agreed 3 && jq -e '.connections_refused > 0' "$tmp/out.0" >/dev/null
}

bft_init 9
modes="silent equivocate selective forge replay chaos garbage"
ktap_set_plan 12
for mode in $modes; do
	check "2 of 7 faulty: $mode" tolerated "$mode"
done
check "what is noticed" noticed
check "published thresholds" published
check "an impostor without the key" impostor
check "a node from elsewhere" elsewhere
check "strangers" strangers
ktap_finished
