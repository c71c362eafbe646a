#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# gqctl's commands against nf_tables, without a gq. Expected:
#
# 1.	no arguments, in a fresh namespace: no table, no rule, status 0
# 2.	packets of an --out rule carry its DSCP at the receiver, IPv4 and IPv6
# 3.	an --in rule marks too, and both count just the packets that match
# 4.	list, flush, apply: the same rules again
# 5.	a file with errors: each is named by line and column, nothing changes
# 6.	--check changes nothing
# 7.	an overlapping rule, an unknown class, a band without a gq, a wrong ID:
#	status 1, a message, and not a byte of the ruleset changes
# 8.	counters go on when another rule is added or deleted
# 9.	above its rate a packet keeps its DSCP
# 10.	tables of others are left alone
# 11.	ten at once: no rule is lost
# 12.	all 64 code points, named as the RFCs say, in JSON
# 13.	without root: it says so
# 14.	1000 rules from a file
# 15.	what comes in passes an ifb, marked; ends without a trace
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

# A table at the receiver that counts by DSCP: seen FAMILY DSCP
watch()
{
	at "$B" nft -f - <<-NFT
		add table inet seen
		delete table inet seen
		table inet seen {
			chain seen {
				type filter hook prerouting priority -300
				ip dscp ef counter comment "ip 46"
				ip6 dscp ef counter comment "ip6 46"
				ip dscp af41 counter comment "ip 34"
				ip dscp cs0 ip protocol icmp counter comment "ip 0"
			}
		}
	NFT
}

seen()
{
	at "$B" nft -j list table inet seen | jq --arg c "$1 $2" '[.nftables[].rule
		| select(.comment == $c) | .expr[].counter // empty | .packets] | add'
}

ping4()
{
	at "$A" ping -q -n -i 0.01 -W 3 -c "$1" 192.0.2.2 >/dev/null
}

ping6()
{
	at "$A" ping -q -n -i 0.01 -W 3 -c "$1" 2001:db8::2 >/dev/null
}

packets()
{
	at "${2:-$A}" gqctl rank list -j | jq ".[] | select(.id == $1) | .packets"
}

marks_out()
{
	watch
	g rank add --out --proto icmp --dst 192.0.2.0/24 --dscp EF &&
		g rank add --out --proto icmpv6 --dst 2001:db8::2 --dscp EF &&
		ping4 7 && ping6 5 && [ "$(seen ip 46)" = 7 ] && [ "$(seen ip6 46)" -ge 5 ]
}

marks_in()
{
	at "$B" gqctl rank add --in --proto icmp --src 192.0.2.1 --dev veth0 --dscp CS6 &&
		ping4 4 && [ "$(packets 1)" = 11 ] && [ "$(packets 1 "$B")" = 4 ] &&
		at "$B" gqctl rank flush
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

counters_stay()
{
	local before

	ping4 3
	before=$(packets 1)
	g rank add --out --proto udp --dscp VA && [ "$(packets 1)" = "$before" ] || return
	g rank del "$(g rank list -j | jq '.[] | select(.dscp == 44) | .id')" &&
		[ "$before" -ge 3 ] && [ "$(packets 1)" = "$before" ]
}

# 800 kbit/s are 100 kB, and 64 kB of burst: some of 300 kB at once are above.
rate()
{
	g rank flush && g rank add --out --proto icmp --dscp AF41 --rate 800kbit && watch || return
	at "$A" ping -q -n -f -W 3 -c 300 -s 972 192.0.2.2 >/dev/null || return
	[ "$(seen ip 34)" -ge 150 ] && [ "$(seen ip 0)" -ge 50 ] &&
		[ $(($(seen ip 34) + $(seen ip 0))) = 300 ]
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
		and all(range(8); . as $c | true)
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

intake()
{
	local ifb="ip -n $B -s -j link show ifb0"

	watch
	ping4 3
	[ "$($ifb | jq '.[0].stats64.tx.packets')" -ge 3 ] || return
	[ "$(packets 1 "$B")" = 3 ] && at "$B" gqctl rank flush &&
		at "$B" gqctl intake del --dev veth0 &&
		[ "$(at "$B" nft list tables)" = "table inet seen" ] && ping4 1
}

gqctl_init 15 ping setpriv
link "$A" veth0 "$B" veth0 192.0.2 2001:db8:
wait_for ping6 1 || :
check "fresh" fresh
check "--out marks" marks_out
check "--in marks" marks_in
check "list, flush, apply" round_trip
check "a file with errors" bad_file
check "--check" checks_only
check "refusals" refusals
check "counters go on" counters_stay
check "rate" rate
check "other tables" others
check "ten at once" at_once
check "code points" code_points
check "no root" no_root
check "1000 rules" many
ip -n "$B" link add ifb0 type ifb
ip -n "$B" link set ifb0 up
if at "$B" gqctl rank add --in --proto icmp --dscp EF &&
   at "$B" gqctl intake add --dev veth0 --ifb ifb0 2>"$tmp/err"; then
	check "intake" intake
else
	ktap_test_skip "intake: $(head -n 1 "$tmp/err")"
fi
ktap_finished
