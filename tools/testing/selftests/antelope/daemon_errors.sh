#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # what lib.sh sets
#
# What the daemon refuses, each with a message that names the object and the next
# step, and nothing left in the kernel. Expected:
#
# 1.	options that are none, or wrong: status 2
# 2.	settings files: file, line and key are named
# 3.	every verb has help with examples; --print can be read again; the sample file and
#	the manual page have every key, and the sample is what --print says
# 4.	verbs without a daemon, and at another's socket
# 5.	clients that say nothing, too much, or nonsense: they are told, or dropped; others
#	are answered
. "$(dirname "$0")/daemon_lib.sh"

options()
{
	refused 2 '"5" is wrong; give a time' --dwell 5 && refused 2 "out of range" --confirm 0 &&
		refused 2 "out of range" --explore 101% && refused 2 "out of range" --log-size 1KiB &&
		refused 2 "no objective is called" --objective best && refused 2 "yes" --shadow=maybe &&
		refused 2 "more than 8" --cc a,b,c,d,e,f,g,h,i && refused 2 '"a" twice' --cc a,a &&
		refused 2 "no congestion control" --cc a,,b && refused 2 "is not in the list cc" --first bbr &&
		refused 2 "unrecognized option" --nosuch && refused 2 '"more" is no option' more || return
	status antelope nosuch
	is "$status" 2 && says 'unknown verb "nosuch"'
}

# file PATTERN LINE...: settings that are refused so
file()
{
	printf '%s\n' "${@:2}" >"$tmp/bad.yaml"
	refused 2 "bad.yaml:$1" --config "$tmp/bad.yaml"
}

files()
{
	file '2: dwel: unknown key; did you mean "dwell"' "shadow: no" "dwel: 5s" &&
		file '1: explore: "2" is wrong' "explore: 2" && file "2: shadow: given twice" \
		"shadow: no" "shadow: yes" && file '2: cc: "x y" is no' "first: system" "cc: [x y]" &&
		file '3: pins\[0\].to: "10.0.0.1/8" is no prefix' "cc: [reno]" "pins:" \
		"  - {to: 10.0.0.1/8, cc: reno}" && file '1: pins\[0\].cc: "bbr" is not in the list' \
		"{cc: [reno], pins: [{to: 10.0.0.0/8, cc: bbr}]}" && file '1: objectives\[0\]' \
		"objectives: [{cgroup: a, objective: best}]" && file ".*not YAML" "[" &&
		file ".*the file is empty" "#" || return
	refused 2 "$tmp/gone: cannot read it" --config "$tmp/gone"
}

documented()
{
	local verb key man

	for verb in $(antelope --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
		antelope "$verb" --help >"$tmp/help" && grep -q "^examples:" "$tmp/help" || return
	done
	antelope run --config "$tmp/none.yaml" --print >"$tmp/print" &&
		antelope run --config "$tmp/print" --print | diff - "$tmp/print" || return
	[ -r "${ETC:=/etc}/antelope.yaml" ] || return 0
	man=$(man -l -Tascii "${MAN:-/usr/share/man/man8/antelope.8}" 2>/dev/null | sed 's/.\x08//g')
	# every key of the sample, without its "#"
	sed -E 's/^#([a-z_]+:|  )/\1/' "$ETC/antelope.yaml" >"$tmp/sample.yaml"
	while read -r key; do
		grep -q "^$key:" "$tmp/sample.yaml" || { ktap_print_msg "no $key in the sample"; return 1; }
		[ -z "$man" ] || grep -q "  $key: " <<<"$man" || { ktap_print_msg "no $key in the page"; return 1; }
	done < <(sed -n 's/^\([a-z_]*\):.*/\1/p' "$tmp/print")
	antelope run --config "$tmp/sample.yaml" --print >"$tmp/out" || return
	echo "objective: balanced" >"$tmp/one.yaml"
	diff <(sed '/^objectives/,$d' "$tmp/out") <(antelope run --config "$tmp/one.yaml" --print)
}

clients()
{
	local verb

	for verb in status top priors reload "explain list" "explain 1" "set 1 reno"; do
		# shellcheck disable=SC2086
		status antelope $verb --socket "$tmp/gone"
		is "$status" 1 && says "$tmp/gone: No such file.*is antelope running" || return
	done
	status antelope explain x
	is "$status" 2 && says '"x" is no cookie' || return
	status antelope set 1 reno --for 5
	is "$status" 2 && says "give a time" || return
	status antelope set 1
	is "$status" 2 && says "something is missing"
}

hostile()
{
	local p=control_probe

	start --shadow=no || return
	is "$($p "$q" 1 20 'GET / HTTP/1.1\n' | jq -r .ok)" false || return
	is "$($p "$q" 1 5000 '[[[[[[[[' | jq -r .ok)" false || return
	is "$($p "$q" 1 30 '{"verb":"status","x":1}\n' | jq -r .error)" '"status" does not know "x"' || return
	is "$($p "$q" 1 18 '{"verb":"status"}\n' | jq -r .ok)" true || return
	# as many as there is room for, then one more that is told nothing
	is "$($p "$q" 17 0 '' | grep -c '^-$')" 17 && is "$(field .shadow)" false || return
	$p "$q" 16 3 '{"v' >/dev/null &
	sleep 1
	! antelope status --socket "$q" >/dev/null 2>"$tmp/err2" && wait_for answers && wait $! && stop
}

antelope_init
needs bpftool control_probe
ktap_set_plan 5
check "options" options
check "settings" files
check "what is documented" documented
check "verbs without a daemon" clients
check "hostile clients" hostile
ktap_finished
