#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# samples/tcp/ack_windows and what a system's own tools say beside it, over 20 ms
# there and back and 20 Mbit/s. Expected:
#
# 1.	as long as net.ipv4.tcp_ack_window is 0, it is refused, with a message that
#	names the sysctl; so is a window of 0 or 65536 ACKs
# 2.	windows of the ACKs asked for, one after the other, with no RTT shorter than
#	the path, and together all bytes, but for a window at the end
# 3.	a change of congestion control shows in the next windows, and nstat counts it
# 4.	ss -tin says as much about a socket with windows as about one without
. "$(dirname "$0")/lib.sh"
. "$here/netns.sh"

A=acka-$$ B=ackb-$$
readonly PORT=5000

explain()
{
	ktap_print_msg "$(tail -n 3 "$tmp/out" "$tmp/err" 2>/dev/null)"
}

# windows ACKS SECONDS [CC]
windows()
{
	at "$A" ack_windows 10.0.0.2 $PORT "$@" >"$tmp/out" 2>"$tmp/err"
}

refused()
{
	at "$A" sysctl -qw net.ipv4.tcp_ack_window=0
	! windows 20 1 && grep -q "sysctl -w net.ipv4.tcp_ack_window=1" "$tmp/err" || return
	at "$A" sysctl -qw net.ipv4.tcp_ack_window=1
	! windows 65536 1 && grep -q "1 to 65535" "$tmp/err"
}

one_by_one()
{
	windows 20 4 && ktap_print_msg "$(wc -l <"$tmp/out") windows, the last: $(tail -n 1 "$tmp/out")"
	# 4 s of 20 Mbit/s are 9.5 MB of payload, a little less with slow start
	jq -se 'length > 50 and all(.acks == 20 and .cc == "cubic" and .changes == 0 and
			.rtt_min_us >= 20000 and .rtt_min_us <= .rtt_mean_us and
			.rtt_mean_us <= .rtt_max_us)
		and (map(.window) == [range(1; length + 1)])
		and (map(.bytes) | add > 7000000 and add < 9600000)' "$tmp/out" >/dev/null
}

changed()
{
	windows 20 4 vegas &&
		jq -se 'first.cc == "cubic" and last.cc == "vegas" and last.changes == 1 and
			(map(.changes) | . == sort)' "$tmp/out" >/dev/null &&
		is "$(at "$A" nstat -asz TcpExtTCPCCSwitch | awk '/CCSwitch/ { print $2 }')" 1
}

momentary="last(snd|rcv|ack)|retrans|lost|sacked|notsent|(rwnd|sndbuf)_limited|ssthresh"

# The names of what ss -i says of the sender; not of what it leaves out when it is 0 or
# not so at the moment.
said()
{
	at "$A" ss -tinHO "dport = :$PORT" | tr ' ' '\n' | sed -n 's/:.*//p' |
		grep '^[a-z_]*$' | grep -vE "^($momentary)\$" | sort -u
}

ss_reads()
{
	at "$A" tcp_flow send 10.0.0.2 $PORT cubic 3 >/dev/null &
	sleep 2
	said >"$tmp/without"
	wait $!
	at "$A" ack_windows 10.0.0.2 $PORT 20 3 >/dev/null &
	sleep 2
	said >"$tmp/with"
	wait $!
	cp "$tmp/with" "$tmp/out"
	grep -qx cwnd "$tmp/with" && grep -qx minrtt "$tmp/with" &&
		diff "$tmp/without" "$tmp/with" >"$tmp/err"
}

needs root ip=iproute2 tc=iproute2 ss=iproute2 nstat=iproute2 jq
[ -e /proc/sys/net/ipv4/tcp_ack_window ] ||
	skip "this kernel has no net.ipv4.tcp_ack_window (patches/6.12)"
add_netns "$A" "$B"
veth "$A" v0 "$B" v0 gso_max_segs 1
set_up "$A" v0 10.0.0.1/24
set_up "$B" v0 10.0.0.2/24
at "$A" sysctl -qw net.ipv4.tcp_congestion_control=cubic
at "$A" tc qdisc add dev v0 root netem delay 20ms rate 20mbit limit 1000 2>"$tmp/err" ||
	skip "no netem: $(head -n 1 "$tmp/err")"
ip netns exec "$B" tcp_flow recv $PORT &
settle 2>/dev/null || sleep 0.2
ktap_set_plan 4
check "what is refused" refused
check "windows, one by one" one_by_one
check "a change of congestion control" changed
check "ss beside it" ss_reads
ktap_finished
