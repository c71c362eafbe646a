#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # what the test uses
#
# The network of sock_ops.sh, its cgroup, flows from there, and load_sock_ops.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$here/netns.sh"

A=sockopsa-$$ B=sockopsb-$$
readonly PORT=5000
chmod 755 "$tmp"	# for the user who may not
cgroup=

delay()
{
	tc -n "$A" qdisc replace dev v0 root netem delay "$1" limit 10000
}

setup()
{
	local ns

	mkdir "$tmp/cgroup"
	mount -t cgroup2 none "$tmp/cgroup" 2>"$tmp/err" || skip "no cgroup2: $(cat "$tmp/err")"
	at_exit umount "$tmp/cgroup"
	cgroup=$tmp/cgroup/sockops-$$
	mkdir "$cgroup"
	at_exit rmdir "$cgroup"
	add_netns "$A" "$B"
	veth "$A" v0 "$B" v0
	set_up "$A" v0 10.0.1.1/16 fd00:1::1/64
	set_up "$B" v0 10.0.1.2/16 fd00:1::2/64
	for ns in "$A" "$B"; do
		at "$ns" sysctl -qw net.ipv4.tcp_congestion_control=cubic
	done
	ip -n "$B" addr add 10.0.2.2/16 dev v0
	delay 40ms 2>"$tmp/err" || skip "no netem: $(cat "$tmp/err")"
	ip netns exec "$B" tcp_flow recv $PORT &
}

# flow ADDRESS SECONDS [TOS]: from the cgroup, and what it ran with to the end
flow()
{
	(
		echo "$BASHPID" >"$cgroup/cgroup.procs"
		exec ip netns exec "$A" tcp_flow send "$1" $PORT - "$2" 0 "${3:-0}"
	) | sed 's/.*cc=//'
}

l()
{
	ip netns exec "$A" load_sock_ops "$@" 2>"$tmp/err"
}

attached()
{
	bpftool -j cgroup show "$cgroup" | jq -s "add // [] | length"
}

sock_ops_init()
{
	needs root ip tc jq bpftool load_sock_ops tcp_flow
	[ -r /sys/kernel/btf/vmlinux ] || skip "the kernel has no BTF"
	setup
}
