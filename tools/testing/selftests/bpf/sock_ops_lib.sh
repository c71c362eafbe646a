#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # what the test uses
#
# The network of sock_ops.sh, its cgroup, flows from there, and load_sock_ops.
set -eu

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
KSELFTEST=${KSELFTEST:-$here/../kselftest}
PATH=$here:$PATH
A=sockopsa-$$ B=sockopsb-$$
readonly PORT=5000
tmp=$(mktemp -d)
chmod 755 "$tmp"	# for the user who may not
cgroup=

# shellcheck disable=SC1091
. "$KSELFTEST/ktap_helpers.sh"

cleanup()
{
	local i

	for i in $(jobs -p); do
		kill "$i" 2>/dev/null || :
	done
	wait 2>/dev/null || :
	ip netns del "$A" 2>/dev/null || :
	ip netns del "$B" 2>/dev/null || :
	[ -z "$cgroup" ] || rmdir "$cgroup" 2>/dev/null || :
	umount "$tmp/cgroup" 2>/dev/null || :
	rm -rf "$tmp"
}

skip()
{
	ktap_skip_all "$*"
	exit "$KSFT_SKIP"
}

delay()
{
	tc -n "$A" qdisc replace dev v0 root netem delay "$1" limit 10000
}

setup()
{
	local i dir

	mkdir "$tmp/cgroup"
	mount -t cgroup2 none "$tmp/cgroup" 2>"$tmp/err" || skip "no cgroup2: $(cat "$tmp/err")"
	cgroup=$tmp/cgroup/sockops-$$
	mkdir "$cgroup"
	ip netns add "$A"
	ip netns add "$B"
	ip -n "$A" link add v0 type veth peer name v0 netns "$B"
	for i in 1 2; do
		dir=$([ $i = 1 ] && echo "$A" || echo "$B")
		ip -n "$dir" addr add "10.0.1.$i/16" dev v0
		ip -n "$dir" addr add "fd00:1::$i/64" dev v0 nodad
		ip -n "$dir" link set v0 up
		ip netns exec "$dir" sysctl -qw net.ipv4.tcp_congestion_control=cubic
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

# is WANT GOT
is()
{
	[ "$1" = "$2" ] && return
	ktap_print_msg "expected $1, got $2"
	return 1
}
check()
{
	local what=$1

	shift
	if "$@"; then
		ktap_test_pass "$what"
	else
		ktap_print_msg "$(cat "$tmp/err")"
		ktap_test_fail "$what"
	fi
}

sock_ops_init()
{
	local tool

	ktap_print_header
	trap cleanup EXIT
	trap 'exit 1' INT TERM HUP
	[ "$(id -u)" = 0 ] || skip "needs root"
	PATH=$PATH:/usr/sbin
	for tool in ip tc jq bpftool load_sock_ops tcp_flow; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
	[ -r /sys/kernel/btf/vmlinux ] || skip "the kernel has no BTF"
	setup
}
