#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # what lib.sh sets
#
# What the daemon does not start with, each with a message that names the object and
# the next step, and nothing left in the kernel. Expected:
#
# 1.	no permission: the capability is named; with the three, as nobody, it runs
# 2.	a kernel without BTF
# 3.	a cgroup that is not there, or not of cgroup2
# 4.	an unknown CC is left out, aloud; none left: an error
# 5.	a model that is not there, cut, of another schema, changed
. "$(dirname "$0")/daemon_lib.sh"

# nobody CAPABILITIES: what runs the daemon with no others, to "run"
run=()

nobody()
{
	run=(setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps "-all,$1"
		--ambient-caps "-all,$1" --bounding-set "-all,$1" antelope run
		--config "$tmp/none.yaml" --cgroup "$cgroup" --control "$tmp/own/q")
}

permission()
{
	local caps=+bpf,+perfmon,+net_admin without

	chmod 755 "$tmp" && mkdir -p /run/antelope && chown 65534 /run/antelope && mkdir -p "$tmp/own" &&
		chown 65534 "$tmp/own" || return
	for without in bpf perfmon net_admin; do
		nobody "${caps/+$without/-$without}"
		status "${run[@]}" >"$tmp/out"
		is "$status" 1 && says "CAP_${without^^} is missing.*antelope.service" || return
	done
	q=$tmp/own/q
	nobody "$caps"
	"${run[@]}" >"$tmp/out" 2>"$tmp/err" &
	daemon=$!
	wait_for answers && is "$(flow 10.0.1.2 1)" reno && wait_for quiet && is "$(field .flows_opened)" 1 || return
	stop && chown 0 /run/antelope
}

without_btf()
{
	# shellcheck disable=SC2016
	status unshare -m sh -c 'mount -t tmpfs none /sys/kernel/btf && exec antelope run --config "$1" \
		--cgroup "$2" --control "$3"' sh "$tmp/none.yaml" "$cgroup" "$q" >"$tmp/out"
	is "$status" 1 && says "/sys/kernel/btf/vmlinux: No such file.*CONFIG_DEBUG_INFO_BTF"
}

cgroups()
{
	refused 1 "cgroup $tmp/gone: No such file.*--cgroup" --cgroup "$tmp/gone" &&
		refused 1 "cgroup $tmp: is not in a cgroup2.*mount -t cgroup2" --cgroup "$tmp"
}

unknown()
{
	refused 1 "no congestion control of the list cc can be had" --cc nosuch,other &&
		start --cc reno,nosuch && says '"nosuch" is left out: no such module.*modprobe tcp_nosuch' &&
		is "$(field '[.ccs[].cc] | join(",")')" reno && stop
}

models()
{
	make_model "$tmp/good" reno=0 && refused 1 "$tmp/gone.*No such file" --model "$tmp/gone" || return
	head -c 300 "$tmp/good" >"$tmp/bad" && refused 1 "$tmp/bad" --model "$tmp/bad" || return
	sed 's/"schema": "./"schema": "z/' "$tmp/good" >"$tmp/bad" && refused 1 "schema" --model "$tmp/bad" || return
	sed 's/"version": 1/"version": 2/' "$tmp/good" >"$tmp/bad" && refused 1 "digest" --model "$tmp/bad"
}

antelope_init
needs bpftool setpriv
ktap_set_plan 5
check "no permission" permission
check "no BTF" without_btf
check "cgroups" cgroups
check "unknown CCs" unknown
check "models" models
ktap_finished
