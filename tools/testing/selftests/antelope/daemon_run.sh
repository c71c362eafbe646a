#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # what lib.sh sets
#
# What the daemon does with flows, and what it tells. Reno is the system's own,
# reno and cubic can be chosen. Expected:
#
# 1.	without a model: settings are printed, status answers, a flow keeps its CC
# 2.	top and explain show the flow: addresses, all features with units, scores, why
# 3.	a model that prefers cubic: the flow has it, once and for good; explain says why
# 4.	set: the flow has what it is given until the time is over, and until auto
# 5.	learnt: what an application asks for is what the next flow to that network begins
#	with; one elsewhere doesn't
# 6.	shadow: the same model switches nothing, and would have
# 7.	a cgroup with an objective of its own gets the best for that
# 8.	a pinned destination has its CC from the start, whatever the model says
# 9.	exploration without a model: both are tried
. "$(dirname "$0")/daemon_lib.sh"

without_model()
{
	start || return
	grep -q '^cc: \[reno, cubic\]$' "$tmp/out" && is "$(field .model)" null || return
	is "$(flow 10.0.1.2 1)" reno && wait_for quiet || return
	is "$(field .why.no_model)" "$(field '.kernel.windows - 1')" && is "$(field .flows_opened)" 1 &&
		is "$(field '.ccs[0].cc')" reno && between 1 "$(field '.ccs[0].windows')" 100 &&
		is "$(field .kernel.switches)" 0 && ask status | grep -q "^model *none" && stop
}

shows()
{
	local c

	start || return
	flow 10.0.1.2 2 >/dev/null &
	sleep 1
	c=$(cookie true) && ask top --once | grep -q "^$c  *10.0.1.2:$PORT  *reno " || return
	ask explain list | grep -q "^$c .*10.0.1.2:$PORT" || return
	ask explain "$c" >"$tmp/why" && is "$(sed -n '/^what/,/^scores/p' "$tmp/why" | grep -c '^  ')" 16 &&
		grep -q "^reno, because no model" "$tmp/why" || return
	ask explain "$c" --json | jq -e '.features[1].name == "min_rtt" and
		(.features[1].value | . > 14 and . < 15) and .scores.cubic == null' >/dev/null || return
	wait_for quiet
	status ask explain "$c"
	is "$status" 1 && says "flow $c is not known" && stop
}

prefers()
{
	make_model "$tmp/model" reno=-1 cubic=0 && start --model "$tmp/model" || return
	flow 10.0.1.2 3 >"$tmp/cc" &
	sleep 2
	ask explain "$(cookie true)" | grep -q "^cubic, because it is the best" || return
	ask explain "$(cookie true)" | grep -q '^  cubic *+0.0000  best' || return
	wait $!
	is "$(cat "$tmp/cc")" cubic && is "$(field .kernel.switches)" 1 &&
		is "$(field .why.opened)" 1 && is "$(field .model.version)" 1
}

# of the daemon of the test before
gives()
{
	local c sender

	wait_for quiet || return
	flow 10.0.1.2 8 >"$tmp/cc" &
	sender=$!
	wait_for has_flow && c=$(cookie true) && sleep 1 && ask set "$c" reno --for 2s || return
	sleep 1
	is "$(cookie '.cc == "reno" and .override')" "$c" || return
	sleep 2
	is "$(cookie '.cc == "cubic" and (.override | not)')" "$c" && ask set "$c" reno || return
	sleep 2
	is "$(cookie '.cc == "reno" and .why == "overridden"')" "$c" && ask set "$c" auto || return
	sleep 1
	is "$(cookie '.cc == "cubic"')" "$c" || return
	status ask set "$c" vegas
	is "$status" 1 && says '"vegas" is not in the list' || return
	status ask set 999999 cubic
	is "$status" 1 && says "flow 999999 is not known" && wait $sender && is "$(cat "$tmp/cc")" cubic
}

learns()
{
	start && is "$(flow 10.0.1.2 2 cubic)" cubic && wait_for quiet &&
		ask priors | grep -q '^10.0.1.0/24 *cubic$' || return
	is "$(flow 10.0.1.2 0.01)" cubic && is "$(flow 10.0.2.2 0.01)" reno || return
	flow fd00:1::2 2 cubic >/dev/null
	sleep 1
	ask priors | grep -q '^fd00:1::/48 *cubic$' && is "$(flow fd00:1::2 0.01)" cubic && stop
}

shadows()
{
	start --model "$tmp/model" --shadow || return
	is "$(flow 10.0.1.2 2)" reno && is "$(field .kernel.switches)" 0 && is "$(field .shadow)" true &&
		between 1 "$(field .why.shadow)" 100 && ask status | grep -q '^mode *shadow' && stop
}

by_cgroup()
{
	mkdir -p "$cgroup/quick/inner"
	at_exit rmdir "$cgroup/quick/inner" "$cgroup/quick"
	make_model "$tmp/model2" reno=0 cubic=-1 latency:reno=-1 latency:cubic=0 || return
	printf 'objectives:\n  - cgroup: quick\n    objective: latency\n' >"$tmp/quick.yaml"
	start --model "$tmp/model2" --config "$tmp/quick.yaml" --learn=no || return
	is "$(flow 10.0.1.2 2)" reno && is "$(flow 10.0.1.2 2 - "$cgroup/quick/inner")" cubic && stop
}

pins()
{
	printf 'cc: [reno, cubic]\npins:\n  - to: 10.0.2.0/24\n    cc: cubic\n' >"$tmp/pins.yaml"
	make_model "$tmp/model2" reno=0 cubic=-1 || return
	start --model "$tmp/model2" --config "$tmp/pins.yaml" || return
	is "$(flow 10.0.2.2 0.01)" cubic && is "$(flow 10.0.2.2 3)" cubic && is "$(flow 10.0.1.2 1)" reno &&
		between 1 "$(field .why.overridden)" 100 && stop
}

explores()
{
	start --explore 30% --learn=no || return
	flow 10.0.1.2 10 >/dev/null
	between 2 "$(field .kernel.explored)" 60 && between 1 "$(field '.ccs[0].windows')" 100 &&
		between 1 "$(field '.ccs[1].windows')" 100 && stop
}

antelope_init
ktap_set_plan 9
check "without a model" without_model
check "top and explain" shows
check "a model" prefers
check "set" gives
check "priors" learns
check "shadow mode" shadows
check "objective of a cgroup" by_cgroup
check "pins" pins
check "exploration" explores
ktap_finished
