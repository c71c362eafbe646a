#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The programs of samples/bpf on TCP between two namespaces, 40 ms there and
# back, by load_sock_ops. The senders are in a cgroup of their own. Expected:
#
# 1.	flow_stats: records of the flow, with its addresses, an RTT of at least
#	40 ms, bytes that grow; the last one says closed. SIGTERM takes it off
# 2.	cc_by_dst: the longest prefix decides, IPv4 and IPv6; other destinations, and
#	flows of other cgroups, keep the default
# 3.	cc_by_dscp: the socket's DSCP decides, IPv4 and IPv6; others keep the default
# 4.	cc_by_rtt: the choice of the range that the RTT starts in, and of the range
#	that it moves to during the flow
# 5.	-l beside another program, twice the same: refused; -r takes off that one only;
#	twice: refused
# 6.	an unknown congestion control, a bad prefix, a range out of order, a program
#	without choices, a file that is no program, a folder that is no cgroup, a user
#	who may not: status 1, a message that names it, and nothing is attached
. "$(dirname "$0")/sock_ops_lib.sh"

stats()
{
	local loader

	ip netns exec "$A" load_sock_ops -l -f "$cgroup" "$here/flow_stats.bpf.o" >"$tmp/events" &
	loader=$!
	sleep 0.5
	flow 10.0.2.2 2 >/dev/null
	sleep 0.5
	kill "$loader"
	wait "$loader" || return
	is "$(attached)" 0 || return
	ktap_print_msg "$(wc -l <"$tmp/events") records, the last: $(tail -n 1 "$tmp/events")"
	jq -se 'length > 10 and all(.remote == "10.0.2.2" and .remote_port == 5000 and
		.cc == "cubic") and (.[2:] | all(.srtt_us >= 40000 and .min_rtt_us >= 40000))
		and last.state == 7 and last.bytes_acked > 1000000
		and (map(.bytes_acked) | . == sort)' "$tmp/events" >/dev/null
}

by_dst()
{
	l -l -c 10.0.0.0/16=westwood -c 10.0.2.0/24=vegas -c fd00:1::/64=reno "$cgroup" \
		"$here/cc_by_dst.bpf.o" || return
	is "$(flow 10.0.1.2 0.3)" westwood && is "$(flow 10.0.2.2 0.3)" vegas &&
		is "$(flow fd00:1::2 0.3)" reno && l -r "$cgroup" "$here/cc_by_dst.bpf.o" || return
	l -l -c 10.0.2.0/24=vegas "$cgroup" "$here/cc_by_dst.bpf.o" &&
		is "$(flow 10.0.1.2 0.3)" cubic || return
	is "$(ip netns exec "$A" tcp_flow send 10.0.2.2 $PORT - 0.3 | sed 's/.*cc=//')" cubic &&
		l -r "$cgroup" "$here/cc_by_dst.bpf.o" && is "$(flow 10.0.2.2 0.3)" cubic
}

by_dscp()
{
	l -l -c 46=vegas -c 8=westwood "$cgroup" "$here/cc_by_dscp.bpf.o" || return
	is "$(flow 10.0.1.2 0.3 184)" vegas && is "$(flow fd00:1::2 0.3 32)" westwood &&
		is "$(flow 10.0.1.2 0.3)" cubic && is "$(flow 10.0.1.2 0.3 40)" cubic &&
		l -r "$cgroup" "$here/cc_by_dscp.bpf.o"
}

by_rtt()
{
	l -l -c 0=westwood -c 80=vegas "$cgroup" "$here/cc_by_rtt.bpf.o" || return
	is "$(flow 10.0.1.2 2)" westwood || return
	(sleep 1.5; delay 160ms) &
	is "$(flow 10.0.1.2 6)" vegas || return
	is "$(flow 10.0.1.2 3)" vegas || return
	delay 40ms
	l -r "$cgroup" "$here/cc_by_rtt.bpf.o" && is "$(flow 10.0.1.2 1)" cubic
}

beside()
{
	l -l -c ::/0=reno "$cgroup" "$here/cc_by_dst.bpf.o" &&
		l -l -c 46=vegas "$cgroup" "$here/cc_by_dscp.bpf.o" && is "$(attached)" 2 || return
	! l -l -c ::/0=reno "$cgroup" "$here/cc_by_dst.bpf.o" && grep -q "already" "$tmp/err" || return
	l -r "$cgroup" "$here/cc_by_dst.bpf.o" && is "$(flow 10.0.1.2 0.3 184)" vegas &&
		is "$(flow 10.0.1.2 0.3)" cubic && l -r "$cgroup" "$here/cc_by_dscp.bpf.o" || return
	! l -r "$cgroup" "$here/cc_by_dscp.bpf.o" && grep -q "no cc_by_dscp at" "$tmp/err"
}

# refused PATTERN ARGUMENT...
refused()
{
	local pattern=$1

	shift
	if l "$@" || ! grep -q -- "$pattern" "$tmp/err"; then
		ktap_print_msg "load_sock_ops $*: $(cat "$tmp/err")"
		return 1
	fi
	is "$(attached)" 0
}

bad()
{
	echo "no program" >"$tmp/file"
	refused 'control "nosuch".*modprobe' -l -c ::/0=nosuch "$cgroup" "$here/cc_by_dst.bpf.o" &&
		refused '"10.0/33" is not' -l -c 10.0/33=reno "$cgroup" "$here/cc_by_dst.bpf.o" &&
		refused "larger" -l -c 5=reno -c 5=cubic "$cgroup" "$here/cc_by_rtt.bpf.o" &&
		refused "without -c" -l "$cgroup" "$here/cc_by_rtt.bpf.o" &&
		refused "no map" -l -c 1=reno "$cgroup" "$here/flow_stats.bpf.o" &&
		refused "$tmp/file" -l "$cgroup" "$tmp/file" &&
		refused "cgroup v2" -l -c 1=reno "$tmp" "$here/cc_by_dscp.bpf.o" || return
	! setpriv --reuid 65534 --clear-groups --inh-caps=-all load_sock_ops -l -c 1=reno \
		"$cgroup" "$here/cc_by_dscp.bpf.o" 2>"$tmp/err" && is "$(attached)" 0 &&
		grep -q "root?" "$tmp/err"
}

sock_ops_init
ktap_set_plan 6
check "flow_stats" stats
check "cc_by_dst" by_dst
check "cc_by_dscp" by_dscp
check "cc_by_rtt" by_rtt
check "several programs" beside
check "what is refused" bad
ktap_finished
