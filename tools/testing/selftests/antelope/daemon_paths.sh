#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # what lib.sh sets
#
# Flows to one address change together, and try what may be better. Expected:
#
# 1.	on a path where both CCs earn the same, the one that the model believes to be
#	a little worse is tried, measured, and not stayed with; explain says all that
# 2.	two flows of which one began with another CC have one CC soon
# 3.	the next flow begins with what the path has found out
# 4.	with trial_rtts 0 nothing is tried and there is no path to tell of
. "$(dirname "$0")/daemon_lib.sh"

# path FILTER: of the flow that lives
path()
{
	local c

	c=$(cookie true) && [ "$(ask explain "$c" --json | jq "$1")" = true ]
}

# A connection that was closed goes on until all of it is sent, and would say what home is.
drained()
{
	[ -z "$(at "$A" ss -Htn)" ]
}

begin()
{
	wait_for drained && make_model "$tmp/model" reno="$1" cubic="$2" &&
		start --model "$tmp/model" --trial-rtts 4 --trial-upside 100% --margin 30% "${@:3}"
}

tried()
{
	begin 0 -0.2 || return
	flow 10.0.1.2 20 reno >"$tmp/cc" &
	wait_for path '.path.measured.cubic.phases > 0' && path '.path.trials > 0' &&
		path '.path.measured.cubic.over_home | . > -0.5 and . < 0.4' &&
		[ "$(field .kernel.tried)" -ge 1 ] && [ "$(field .kernel.followed)" -ge 1 ] || return
	ask explain "$(cookie true)" | grep -q "^path: .* home is reno"
	wait $!
}

# the model prefers reno, but not by the margin
together()
{
	begin 0 -0.2 --trial-upside 0% || return
	flow 10.0.1.2 8 cubic >"$tmp/one" &
	wait_for has_flow
	flow 10.0.1.2 4 reno >"$tmp/two"
	wait $!
	is "$(cat "$tmp/one" "$tmp/two" | tr '\n' ' ')" "cubic cubic "
}

next()
{
	begin 0 -0.2 --trial-upside 0% && is "$(flow 10.0.1.2 4 cubic)" cubic &&
		is "$(flow 10.0.1.2 1 reno)" cubic
}

alone()
{
	begin 0 -0.2 --trial-rtts 0 || return
	flow 10.0.1.2 5 reno >"$tmp/cc" &
	wait_for has_flow && sleep 3 && path '.path == null' && is "$(field .kernel.tried)" 0 || return
	wait $!
	is "$(cat "$tmp/cc")" reno
}

antelope_init
ktap_set_plan 4
check "a trial" tried
check "two flows" together
check "the next flow" next
check "without trials" alone
ktap_finished
