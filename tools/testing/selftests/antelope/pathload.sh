#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # what lib.sh sets
#
# pathload, which loads the paths of bench-antelope, on a path that is known: 10 Mbit/s,
# 20 ms. Expected:
#
# 1.	goodput: 1448 bytes of a frame's 1514, less two round trips of 10 s of handshake and
#	begin, and at most 5 % more for slow start; RTT: the path's and one frame's 1.2 ms,
#	up to that and 40 frames of queue; nothing is sent again without losses
# 2.	packets lost by lot, 2 %: that share is sent again, within five standard deviations
#	(0.7 %) of it
# 3.	a lane's connections one after the other, with gaps; "A/B" takes turns; lanes with
#	others; "all" is their sum
# 4.	play prints each line at its time
# 5.	bad calls: status 2, said what
. "$(dirname "$0")/lib.sh"
. "$here/netns.sh"

A=pathloada-$$ B=pathloadb-$$
needs root ip tc jq pathload

path()
{
	tc -n "$A" qdisc replace dev v0 root netem delay 20ms rate 10mbit limit 40 "$@"
}

# sends LANE...: what it says, to $tmp/out
sends()
{
	at "$A" pathload send 10.0.1.2 5000 "$@" >"$tmp/out" 2>"$tmp/err"
}

# of FILTER: a number of the first flow, or what the filter says
of()
{
	jq -s "$1" "$tmp/out"
}

known()
{
	path && sends cubic,each=10 || return
	between 9082000 "$(of '.[0].goodput_bps')" 9565000 && is "$(of '.[0].again')" 0 &&
		between 20000 "$(of '.[0].min_us')" 21300 &&
		between 20000 "$(of '.[0].p50_us')" 70000 && between 900 "$(of '.[0].samples')" 1000 &&
		is "$(of '.[0].acked <= .[0].sent')" true
}

lossy()
{
	path loss 2% && sends bbr,each=20 || return
	between 0.013 "$(of '.[0].again / .[0].sent')" 0.027
}

lanes()
{
	path && sends cubic/reno,flows=3,each=2,gap=1 reno,start=1,each=3 || return
	is "$(of '[.[] | select(.lane == 0).cc] | join(",")')" '"cubic,reno,cubic"' &&
		is "$(of '[.[] | select(.lane == 0).start_s * 10 | round] | map(tostring) | join(" ")')" \
			'"0 30 60"' && is "$(of '[.[] | select(.lane == 1).start_s | round]' | tr -d ' \n')" "[1]" || return
	# shellcheck disable=SC2016 # jq's
	# of the bytes of all, by the 9 seconds that connections were open
	is "$(of '([.[] | select(.lane != "all").acked] | add) as $sum |
		.[-1] | (.goodput_bps - $sum * 8 / 9 | fabs) < 1')" true &&
		is "$(of '([.[] | select(.lane != "all").samples] | add) == .[-1].samples')" true
}

plays()
{
	local began ended

	printf '%s\n' "0 one" "250 two words" "1000 three" >"$tmp/lines"
	began=$(date +%s%3N)
	pathload play "$tmp/lines" >"$tmp/played" || return
	ended=$(date +%s%3N)
	printf '%s\n' one "two words" three | diff - "$tmp/played" &&
		between 1000 $((ended - began)) "$([ "$NETSTEER_CLOCK" = virtual ] && echo 1100 || echo 3000)"
}

# refuses PATTERN ARGUMENT...
refuses()
{
	status pathload "${@:2}" >/dev/null
	is "$status" 2 && grep -q -- "$1" "$tmp/err" && return
	ktap_print_msg "${*:2}: $(head -n 1 "$tmp/err")"
	return 1
}

calls()
{
	refuses "usage: pathload" && refuses "usage: pathload" nosuch && refuses "wants a port" recv 0 &&
		refuses "not an IPv4 address" send host 5000 cubic &&
		refuses 'lane 2: cannot read "bbr,each=x"' send 10.0.1.2 5000 cubic bbr,each=x &&
		refuses 'lane 1: cannot read "bbr,eech=1"' send 10.0.1.2 5000 bbr,eech=1 &&
		refuses "wants ADDRESS PORT LANE" send 10.0.1.2 5000
}

listens()
{
	at "$B" ss -Hltn "sport = :5000" | grep -q .
}

add_netns "$A" "$B"
link "$A" v0 "$B" v0 10.0.1 fd00:1:
ip -n "$A" link set v0 gso_max_segs 1
path 2>"$tmp/err" || skip "no netem: $(cat "$tmp/err")"
load_module tcp_bbr
ip netns exec "$B" pathload recv 5000 &
wait_for listens
ktap_set_plan 5
check "a known path" known
check "losses" lossy
check "lanes" lanes
check "lines by time" plays
check "bad calls" calls
ktap_finished
