#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# gqctl's commands against nf_tables, without a gq. Expected:
#
# 1.	no arguments, in a fresh namespace: no table, no rule, status 0
# 2.	list, flush, apply: the same rules again
# 3.	a file with errors: each is named by line and column, nothing changes
# 4.	--check changes nothing
# 5.	an overlapping rule, an unknown class, a band without a gq, a wrong ID:
#	status 1, a message, and not a byte of the ruleset changes
# 6.	tables of others are left alone
# 7.	ten at once: no rule is lost
# 8.	all 64 code points, named as the RFCs say, in JSON
# 9.	without root: it says so
# 10.	1000 rules from a file
. "$(dirname "$0")/gqctl_lib.sh"

g()
{
	at "$A" gqctl "$@"
}

# fails PATTERN ARGUMENT...: status 1, a message, and nothing changed
fails()
{
	local pattern=$1 before after

	shift
	before=$(at "$A" nft list ruleset)
	if g "$@" >/dev/null 2>"$tmp/err"; then
		ktap_print_msg "succeeds: gqctl $*"
		return 1
	fi
	after=$(at "$A" nft list ruleset)
	grep -q -- "$pattern" "$tmp/err" && [ "$before" = "$after" ] && return
	ktap_print_msg "gqctl $*: $(cat "$tmp/err")"
	return 1
}

fresh()
{
	g --json | jq -e '.table == false and .rules == [] and .gq == []' >/dev/null
}

rules()
{
	g rank list | sed 's/  #.*//'
}

round_trip()
{
	local before

	g rank add --in --proto tcp --sport 80-90 --dscp AF41 --rate 8192kbit \
		--comment "a # in quotes: b" || return
	before=$(rules)
	g rank list >"$tmp/rules" && g rank flush && [ -z "$(rules)" ] &&
		g apply "$tmp/rules" && [ "$(rules)" = "$before" ]
}

bad_file()
{
	cat >"$tmp/bad" <<-FILE
		# a comment
		rank --out --proto tcp --dport 80 --dscp EF
		  rank --out --dscp WRONG
		rank --out --proto tcp --dport 70-90 --dscp AF11
		frank --out
	FILE
	fails "bad:3:21: .*WRONG" apply "$tmp/bad" && grep -q "bad:4:1: .*line 2" "$tmp/err" &&
		grep -q "bad:5:1: .*frank" "$tmp/err" &&
		fails "cannot read" apply "$tmp/none" && fails "FILE" apply
}

checks_only()
{
	local before

	before=$(at "$A" nft list ruleset)
	echo "rank --out --dscp LE" >"$tmp/le"
	g apply "$tmp/le" --check && g rank add --check --out --proto udp --dscp LE &&
		[ "$(at "$A" nft list ruleset)" = "$before" ]
}

refusals()
{
	fails "also matched by rule 1" rank add --out --proto icmp --dscp AF11 &&
		fails "just what" rank add --out --proto icmp --dst 192.0.2.0/24 --dscp EF &&
		fails "unknown class" rank add --out --proto udp --dscp AF44 &&
		fails "tc qdisc replace" rank add --out --proto udp --dscp VA --band 1 &&
		fails "no rule 99" rank del 99 && fails "no rule" rank del x &&
		fails "unknown command" rank swap && fails "no device" intake add --dev nix --ifb nox
}

others()
{
	at "$A" nft add table inet other
	g rank flush && g rank add --out --dscp LE && g rank flush &&
		[ "$(at "$A" nft list tables)" = "table inet other" ]
}

at_once()
{
	local i pids=()

	for i in 1 2 3 4 5 6 7 8 9 10; do
		g rank add --out --proto tcp --dport "$i" --dscp "$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || return
	done
	[ "$(g rank list -j | jq -c '[length, ([.[].id] | unique | length)]')" = "[10,10]" ]
}

code_points()
{
	g dscp --json | jq -e 'length == 64 and ([.[].dscp] == [range(64)])
		and .[46].name == "EF" and .[44].name == "VA" and .[1].name == "LE"
		and ([.[] | select(.name // "" | startswith("CS")) | .dscp] == [range(0; 64; 8)])
		and ([.[] | select(.name // "" | startswith("AF")) | .name] ==
			[range(1; 5) as $c | range(1; 4) as $d | "AF\($c)\($d)"])' >/dev/null
}

no_root()
{
	at "$A" setpriv --reuid 65534 --clear-groups gqctl rank add --out --dscp LE 2>"$tmp/err" &&
		return 1
	grep -q "as root" "$tmp/err"
}

many()
{
	local i

	for ((i = 1; i <= 1000; i++)); do
		echo "rank --out --proto udp --dport $i --dscp $((i % 64))"
	done >"$tmp/many"
	g apply "$tmp/many" && [ "$(g rank list | wc -l)" = 1000 ] && g rank flush
}

gqctl_init setpriv
ktap_set_plan 10
check "fresh" fresh
g rank add --out --proto icmp --dst 192.0.2.0/24 --dscp EF
check "list, flush, apply" round_trip
check "a file with errors" bad_file
check "--check" checks_only
check "refusals" refusals
check "other tables" others
check "ten at once" at_once
check "code points" code_points
check "no root" no_root
check "1000 rules" many
ktap_finished
