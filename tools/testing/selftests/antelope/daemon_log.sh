#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # what lib.sh sets
#
# Logs of the daemon. Expected:
#
# 1.	the log begins anew with each model, and has its digest; each file is whole records
# 2.	files are rotated by size, and no more are kept than asked for
# 3.	a full disk: it is said, flows go on, the file is whole records; a folder or a
#	device as log is refused
. "$(dirname "$0")/daemon_lib.sh"

# whole FILE...: header and whole records; "records" is how many the last one has
whole()
{
	local file size header record

	for file; do
		size=$(stat -c %s "$file")
		read -r header record < <(od -An -tu4 -j12 -N8 "$file")
		is "$(head -c 7 "$file")" ANTELOG && is $(((size - header) % record)) 0 || return
		records=$(((size - header) / record))
	done
}

logs()
{
	local first second

	rm -f "$tmp"/log*
	make_model "$tmp/model" reno=-1 cubic=0 && write "model: $tmp/model" "log: $tmp/log" &&
		start_file && first=$(digest) && flow 10.0.1.2 2 >/dev/null || return
	make_model "$tmp/model" reno=0 cubic=-1 && ask reload && second=$(digest) &&
		flow 10.0.1.2 1 >/dev/null && wait_for quiet && stop || return
	grep -qa "$first" "$tmp/log.1" && grep -qa "$second" "$tmp/log" && whole "$tmp/log" "$tmp/log.1" &&
		between 10 "$records" 100
}

rotates()
{
	rm -f "$tmp"/log*
	write "log: $tmp/log" "log_size: 64KiB" "log_keep: 2" "window_rtts: 1" "window_time: 1ms" "window_acks: 2" &&
		start_file || return
	# round trips of some ms, and few packets
	tc -n "$A" qdisc replace dev v0 root netem delay 1ms rate 4mbit limit 4
	flow 10.0.1.2 30 >/dev/null
	tc -n "$A" qdisc replace dev v0 root netem delay 20ms rate 50mbit limit 200
	stop && is "$(cd "$tmp" && echo log*)" "log log.1 log.2" && whole "$tmp"/log* || return
	between 65000 "$(stat -c %s "$tmp/log.1")" 65536
}

full()
{
	mkdir -p "$tmp/small"
	mount -t tmpfs -o size=16k none "$tmp/small" && at_exit umount "$tmp/small" || return
	write "log: $tmp/small/log" "window_rtts: 1" && start_file && flow 10.0.1.2 8 >/dev/null || return
	says "No space left" && is "$(field '.log.error | test("No space left")')" true &&
		between 1 "$(field .log.failed)" 1000 && whole "$tmp/small/log" && stop || return
	write "log: $tmp/small"
	status at "$A" antelope run --config "$tmp/conf.yaml" --cgroup "$cgroup" --control "$q" >/dev/null
	is "$status" 1 && says "$tmp/small: is no ordinary file"
}

antelope_init
ktap_set_plan 3
check "a log for each model" logs
check "rotation" rotates
check "full disk" full
ktap_finished
