#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # what lib.sh sets
#
# Settings and model are read again while flows run. Expected:
#
# 1.	SIGHUP: another model, and a flow that runs is switched by it; "antelope reload"
#	does the same; epoch and digest change
# 2.	a CC that is no longer in the list is not chosen, and is when it is back
# 3.	another objective: for flows that run, too
# 4.	a file with an error (line named), a model that is damaged, of another schema or
#	gone, an objective for a folder that is no cgroup, another cgroup: refused, and all
#	is as before
. "$(dirname "$0")/daemon_lib.sh"


models()
{
	local sender old

	make_model "$tmp/model" reno=0 cubic=-1 && write "model: $tmp/model" &&
		start --config "$tmp/conf.yaml" || return
	old=$(digest)
	flow 10.0.1.2 8 >"$tmp/cc" &
	sender=$!
	sleep 2
	cookie '.cc == "reno"' >/dev/null && make_model "$tmp/model" reno=-1 cubic=0 || return
	kill -HUP "$daemon"
	sleep 2
	cookie '.cc == "cubic"' >/dev/null && [ "$(digest)" != "$old" ] && is "$(field .reloads)" 1 || return
	make_model "$tmp/model" reno=0 cubic=-1 && ask reload && is "$(digest)" "$old" || return
	wait $sender
	is "$(cat "$tmp/cc")" reno && is "$(field .epoch)" 3
}

lists()
{
	make_model "$tmp/model" reno=-1 cubic=0 && write "model: $tmp/model" "learn: no" &&
		start --config "$tmp/conf.yaml" || return
	is "$(flow 10.0.1.2 1)" cubic || return
	sed -i 's/^cc:.*/cc: [reno]/' "$tmp/conf.yaml"
	# the option of start() would win
	stop && start_file && is "$(flow 10.0.1.2 1)" reno || return
	sed -i 's/^cc:.*/cc: [reno, cubic]/' "$tmp/conf.yaml"
	ask reload && says '"cubic" is left out until' || return
	stop && start_file && is "$(flow 10.0.1.2 1)" cubic || return
	sed -i 's/^cc:.*/cc: [reno]/' "$tmp/conf.yaml"
	ask reload && is "$(flow 10.0.1.2 1)" reno && is "$(field '.ccs[] | select(.cc == "cubic").enabled')" false
}

# objective NAME: that the one flow has
objective()
{
	[ "$(ask explain "$(cookie true)" --json | jq -r .objective)" = "$1" ]
}

objectives()
{
	local sender

	make_model "$tmp/model" reno=0 cubic=-1 && write "model: $tmp/model" && start_file || return
	flow 10.0.1.2 6 >/dev/null &
	sender=$!
	wait_for objective balanced || return
	write "model: $tmp/model" "objective: latency" && ask reload && wait_for objective latency || return
	kill "$sender"
}

# stays PATTERN: reload fails, says this, and changes nothing
stays()
{
	local before

	before=$(field '[.epoch, .model.digest, .shadow, .cgroup]')
	! ask reload 2>/dev/null && says "$1" && says "stay as they were" &&
		is "$(field '[.epoch, .model.digest, .shadow, .cgroup]')" "$before"
}

bad()
{
	make_model "$tmp/model" reno=-1 cubic=0 && cp "$tmp/model" "$tmp/good" &&
		write "model: $tmp/model" && start_file || return
	write "model: $tmp/model" "dwell: 5" && stays "conf.yaml:3: dwell: \"5\" is wrong" || return
	write "model: $tmp/model" "dwel: 5s" && stays 'conf.yaml:3: dwel:.*did you mean "dwell"' || return
	write "model: $tmp/model" "cgroup: $tmp" && sed -i '/^cgroup/d' "$tmp/conf.yaml"
	write "model: $tmp/model" "objectives: [{cgroup: $tmp, objective: latency}]" &&
		stays "is no cgroup2 folder" || return
	write "model: $tmp/model" && head -c 200 "$tmp/good" >"$tmp/model" && stays "$tmp/model" || return
	sed 's/"schema": "./"schema": "z/' "$tmp/good" >"$tmp/model" && stays "$tmp/model.*schema" || return
	sed 's/-65536/-65535/' "$tmp/good" >"$tmp/model" && stays "$tmp/model.*digest" || return
	rm "$tmp/model" && stays "$tmp/model.*No such file" || return
	cp "$tmp/good" "$tmp/model" && ask reload && is "$(flow 10.0.1.2 1)" cubic
}

antelope_init
ktap_set_plan 4
check "another model" models
check "list of CCs" lists
check "another objective" objectives
check "what is refused" bad
ktap_finished
