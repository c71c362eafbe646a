#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # set by lib.sh
#
# antelope train, replay and export, as commands. Expected:
#
#  1. train makes a model from a log, says its error, the confusion and the gain of
#     features, and the same again the same bytes
#  2. its JSON has the same, and the model says what it was made of
#  3. a figure is an SVG with each feature in it
#  4. a model that follows another has the next version and the other's digest
#  5. export: a line each record, as many columns as names, in CSV and in JSON
#  6. export of a model: its canonical text is the file
#  7. replay: choices, three estimates with errors
#  8. bad calls and files: status 2, one line that names the object, no model left
#  9. each verb has --help with examples
# 10. without libxgboost train says so, and the others do not need it
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# makes FILE: a model from the log
makes()
{
	antelope train "$tmp/log" -o "$@" >"$tmp/out" 2>"$tmp/err"
}

trains()
{
	makes "$tmp/model" && makes "$tmp/again" && cmp "$tmp/model" "$tmp/again" &&
		grep -q '^balanced  *bbr ' "$tmp/out" &&
		grep -q '^balanced, .* best measured' "$tmp/out" &&
		grep -q '^loss  *[1-9]' "$tmp/out"
}

trains_json()
{
	antelope train "$tmp/log" -o "$tmp/again" --json --seed 2 >"$tmp/json" &&
		jq -e '.forests | length == 9 and all(.rmse < .rmse_mean)' "$tmp/json" &&
		jq -e '.confusion.balanced | .regret < 0.1 and .regret_done > 0.3' "$tmp/json" &&
		jq -e '.training.seed == 2 and .sources[0].records == 3600' "$tmp/again" &&
		is "$(jq -r .digest "$tmp/json")" "$(jq -r .digest "$tmp/again")"
} >/dev/null

draws()
{
	local name

	makes "$tmp/again" --figure "$tmp/gain.svg" || return
	for name in $(jq -r ".gain | keys[]" "$tmp/json"); do
		grep -q ">$name<" "$tmp/gain.svg" || return
	done
	is "$(jq -r ".gain | length" "$tmp/json")" 16
}

follows()
{
	makes "$tmp/next" --parent "$tmp/model" &&
		is "$(jq -r '"\(.version) \(.parent)"' "$tmp/next")" \
			"2 $(jq -r .digest "$tmp/model")"
}

exports()
{
	antelope export "$tmp/log" --csv >"$tmp/csv" &&
		is "$(awk -F, 'NR == 1 { n = NF } NF != n { exit 1 } END { print NR, n }' \
			"$tmp/csv")" "3601 49" &&
		antelope export "$tmp/log" --json >"$tmp/json" &&
		is "$(jq -s 'length' "$tmp/json")" 3600 &&
		is "$(sed -n '101s/,.*//p' "$tmp/csv")" "$(sed -n 100p "$tmp/json" | jq .cookie)" &&
		is "$(sed -n 100p "$tmp/json" | jq length)" 49
}

exports_model()
{
	antelope export "$tmp/model" | grep -q '^balanced  *vegas  *40 ' &&
		antelope export "$tmp/model" --json | cmp - "$tmp/model"
}

replays()
{
	antelope replay "$tmp/log" --model "$tmp/model" --json >"$tmp/json" &&
		jq -e '.decisions == 3480 and .agree > 900 and .agree < 1500' "$tmp/json" &&
		jq -e '.doubly_robust.gain | .mean > 0.5 and .standard_error < 0.05' "$tmp/json" &&
		jq -e '.inverse_propensity.gain.mean > 0.4' "$tmp/json" &&
		jq -e '[.choices[][]] | add == 3480' "$tmp/json"
} >/dev/null

# refuses TEXT COMMAND...: status 2, one line on stderr that has the text
refuses()
{
	local text=$1

	shift
	status "$@" >/dev/null
	is "$status" 2 && is "$(wc -l <"$tmp/err")" 1 && grep -qF -- "$text" "$tmp/err" && return
	ktap_print_msg "$*: $(head -c 300 "$tmp/err"), expected: $text"
	return 1
}

refuses_calls()
{
	refuses "no log is named" antelope train -o "$tmp/none" &&
		refuses "give -o MODEL" antelope train "$tmp/log" &&
		refuses "--trees: \"41\"" antelope train "$tmp/log" -o "$tmp/none" --trees 41 &&
		refuses "--rate: \"x\"" antelope train "$tmp/log" -o "$tmp/none" --rate x &&
		refuses "--nothing is unknown" antelope train --nothing &&
		refuses "give --model" antelope replay "$tmp/log" &&
		refuses "\"best\"" antelope replay "$tmp/log" --model "$tmp/model" --objective best &&
		refuses "give one log or model" antelope export
}

refuses_files()
{
	head -c 5000 "$tmp/model" >"$tmp/cut"
	sed 's/"version": 1/"version": 7/' "$tmp/model" >"$tmp/changed"
	refuses "$tmp/cut: ends in line" antelope replay "$tmp/log" --model "$tmp/cut" &&
		refuses "does not fit its digest" antelope export "$tmp/changed" &&
		refuses "$tmp/gone" antelope train "$tmp/gone" -o "$tmp/none" &&
		refuses "$tmp/model: is no log" antelope train "$tmp/model" -o "$tmp/none" &&
		refuses "of the" antelope train "$tmp/log" -o "$tmp/none" --min 9999 &&
		refuses "$tmp/no/model" antelope train "$tmp/log" -o "$tmp/no/model" &&
		is "$(find "$tmp" -name 'none*' | wc -l)" 0
}

helps()
{
	local verb

	for verb in train replay export; do
		antelope "$verb" --help >"$tmp/help" && grep -q '^examples:' "$tmp/help" || return
	done
}

# in a mount namespace where libxgboost is an empty file
without_library()
{
	local lib

	lib=$(ldconfig -p | sed -n "s/.*libxgboost.so.* => //p" | head -n 1)
	[ -n "$lib" ] && unshare -m mount --bind /dev/null "$(realpath "$lib")" 2>"$tmp/err" || return
	# shellcheck disable=SC2016
	refuses "apt-get install libxgboost0" unshare -m sh -c 'mount --bind /dev/null "$0" &&
		antelope export "$1" >/dev/null && exec antelope train "$1" -o "$2"' \
		"$(realpath "$lib")" "$tmp/log" "$tmp/none" && [ ! -e "$tmp/none" ]
}

needs antelope jq gnuplot=gnuplot-nox make_log
make_log "$tmp/log" 5 || skip "cannot write $tmp/log"
ktap_set_plan 11
check "train makes a model, the same again" trains
check "train --json" trains_json
check "train --figure" draws
check "train --parent" follows
check "export of a log" exports
check "export of a model" exports_model
check "replay" replays
check "bad calls" refuses_calls
check "bad files" refuses_files
check "--help" helps
check "no libxgboost" without_library
ktap_finished
