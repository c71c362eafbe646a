#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The folder that a run leaves, and what is made of it. Expectations:
#
# 1. every file that netsim(1) names is there, and no other
# 2. the manifest's hashes are those of the files it names
# 3. resolved.yaml gives the same run
# 4. captures have virtual time in ns: a packet arrives its latency after it left
# 5. files that a command leaves come back, with their folders
# 6. a run never writes over another
# 7. diff: equal runs are equal, of others the first packet is named
# 8. report: table, CSV and figure tell of each run
# 9. check -n: repeats, and leaves nothing
# 10. a matrix and a command, with {id}, {n} and {name}
# 11. check -n notices what comes from outside: it fails, and keeps two runs that
#     diff tells apart by the first packet and the command whose output differs
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/netsim_lib.sh"
needs tshark=tshark jq=jq gnuplot=gnuplot-nox
ktap_set_plan 11

pair()
{
	cat <<YAML
nodes:
  - name: a
    commands:
      - {run: "ping -nqc 2 b"}
      - {run: "mkdir -p sub/dir && echo left >sub/dir/file && echo {name} >top", start: 1ms}
  - name: b
    commands: [{run: "echo $1", start: 5ms}, {run: "ping -nqc 1 -s $2 a", start: 30ms}]
links:
  - {nodes: [a, b], latency: 3ms, paths: [{from: b, latency: 7000001ns}]}
YAML
}

everything_there()
{
	local expected

	expected=$(cat <<-LIST
		manifest.json
		nodes/a/0.out
		nodes/a/console.log
		nodes/a/eth0.pcap
		nodes/a/files/sub/dir/file
		nodes/a/files/top
		nodes/a/netsim.conf
		nodes/a/status.json
		nodes/b/0.out
		nodes/b/1.out
		nodes/b/console.log
		nodes/b/eth0.pcap
		nodes/b/netsim.conf
		nodes/b/status.json
		resolved.yaml
		summary.json
	LIST
	)
	is "$status" 0 && is "$(cd "$tmp/one" && find . -type f | sed 's|^./||' | LC_ALL=C sort)" \
		"$expected" && is "$(summary one .ok)" true &&
		is "$(jq -r '.commands[1].state' "$tmp/one/nodes/a/status.json")" exit
}

manifest()
{
	local path sum n=0

	while read -r sum path; do
		[ -f "$path" ] || continue
		# the program itself; a shell would name its own
		[ "$path" != /proc/self/exe ] || path=$TOP/build/tools/netsim/netsim
		is "$(sha256sum <"$path" | cut -d' ' -f1)" "$sum" || return 1
		n=$((n + 1))
	done < <(jq -r '.inputs[] | .sha256 + " " + .path' "$tmp/one/manifest.json")
	is "$(jq -r '[.inputs[].what] | contains(["user-mode kernel", "init", "netsim", "file"])' \
		"$tmp/one/manifest.json")" true && [ "$n" -ge 5 ]
}

resolved()
{
	run again <"$tmp/one/resolved.yaml"
	is "$(hashes again)" "$(hashes one)"
}

# times NODE TYPE: ns of the echo packets of that type
times()
{
	frames one "$1" "icmp.type == $2 && icmp.seq == 1 && ip.len == 84 || icmpv6.type == \
$(($2 == 8 ? 128 : 129)) && icmpv6.echo.sequence_number == 1 && ipv6.plen == 64" frame.time_epoch |
		tr -d . | sed 's/^0*//' | head -n 1
}

virtual_time()
{
	local left back

	left=$(times a 8) back=$(times b 0)
	is $(($(times b 8) - left)) 3000000 && is $(($(times a 0) - back)) 7000001
}

left_files()
{
	is "$(cat "$tmp/one/nodes/a/files/sub/dir/file")" left &&
		is "$(cat "$tmp/one/nodes/a/files/top")" a
}

no_overwrite()
{
	local before

	before=$(hashes one)
	status=0
	"$NETSIM" run -q --out "$tmp/one" "$tmp/one.yaml" 2>"$tmp/err" || status=$?
	is "$status" 1 && grep -q -e '/one: .*exists.*--out' "$tmp/err" &&
		is "$(hashes one)" "$before"
}

# The packets of both are the same but for those that are longer in "more".
differences()
{
	local number t

	run more < <(pair said 57)
	"$NETSIM" diff "$tmp/one" "$tmp/again" >"$tmp/out" || return 1
	status=0
	"$NETSIM" diff --json "$tmp/one" "$tmp/more" >"$tmp/out" || status=$?
	number=$(jq -r .number "$tmp/out") t=$(jq -r .t_ns "$tmp/out")
	is "$status" 1 && is "$(jq -r .node "$tmp/out")" b &&
		is "$(jq -r '.first.length, .second.length' "$tmp/out" | xargs)" "$(
			frames one b "frame.number == $number") $(
			frames more b "frame.number == $number")" &&
		is "$(frames one b "frame.number == $number" frame.time_epoch |
			tr -d . | sed 's/^0*//')" "$t" &&
		is "$(frames one b "frame.number < $number" frame.time_epoch frame.len)" \
			"$(frames more b "frame.number < $number" frame.time_epoch frame.len)"
}

reports()
{
	"$NETSIM" report "$tmp/one" "$tmp/more" >"$tmp/out" &&
		is "$(grep -c ' ok ' "$tmp/out")" 2 &&
		"$NETSIM" report --csv - "$tmp/one" "$tmp/more" >"$tmp/out" &&
		is "$(awk -F, '{ print NF }' "$tmp/out" | uniq -c | xargs)" "3 14" &&
		"$NETSIM" report --svg "$tmp/x.svg" "$tmp/one" >"$tmp/out" &&
		grep -q '</svg>' "$tmp/x.svg" && grep -q '>a eth0<' "$tmp/x.svg" &&
		is "$("$NETSIM" report --json "$tmp/one" | jq -r '.[0].trace_hash')" \
			"$(summary one .trace_hash)"
}

repeats()
{
	TMPDIR=$tmp "$NETSIM" check -n 3 --json "$tmp/one.yaml" >"$tmp/out" 2>"$tmp/err" &&
		is "$(jq -r .same "$tmp/out")" true &&
		is "$(jq -r .trace_hash "$tmp/out")" "$(summary one .trace_hash)" &&
		! ls -d "$tmp"/netsim-check-* 2>/dev/null
}

matrix()
{
	echo '0 5 1
	      7 0 1
	      1 1 0' >"$tmp/m.txt"
	"$NETSIM" run -q --out "$tmp/m" "$tmp/m.txt" -- sh -c \
		"echo {id} of {n} is {name}; [ {id} = 2 ] || ping -nqc 2 n\$((1 - {id}))" \
		>"$tmp/out" 2>"$tmp/err" && is "$(head -n 1 "$tmp/m/nodes/n1/0.out")" "1 of 3 is n1" &&
		grep -q '^rtt min.* = 12.000/' "$tmp/m/nodes/n0/0.out"
}

# A file of the host that another process keeps changing decides the length.
outside()
{
	local shared

	shared=$(mktemp -d "$TOP/build/netsim-test-XXXXXX")
	at_exit rm -rf "$shared"
	echo 100 >"$shared/length"
	(
		i=100
		while :; do
			i=$((i + 1))
			[ "$i" -lt 1000 ] || i=100
			echo "$i" >"$shared/new" && mv "$shared/new" "$shared/length"
			sleep 0.01
		done 2>/dev/null
	) &
	sed "s|echo said|cat $shared/length|; s|-s 56|-s \$(cat $shared/length)|" "$tmp/one.yaml" \
		>"$tmp/outside.yaml"
	status=0
	"$NETSIM" check -qn 4 --out "$tmp/kept" "$tmp/outside.yaml" >"$tmp/out" 2>"$tmp/err" ||
		status=$?
	is "$status" 1 && grep -q 'two runs differ.*kept/1 ' "$tmp/err" || return 1
	"$NETSIM" diff "$tmp"/kept/* >"$tmp/out" && return 1
	is "$(find "$tmp/kept" -mindepth 1 -maxdepth 1 | wc -l)" 2 &&
		grep -q '^first difference: node b, eth0, packet [1-9]' "$tmp/out" &&
		grep -q '^outputs: node b, command 0: ' "$tmp/out"
}

run one < <(pair said 56)
check 'all files are there' everything_there
check 'hashes of the inputs' manifest
check 'the resolved configuration gives the same' resolved
check 'virtual time in captures' virtual_time
check 'files of a node' left_files
check 'nothing is written over' no_overwrite
check 'diff names the first packet' differences
check 'reports' reports
check 'check -n' repeats
check 'matrix and command' matrix
check 'check -n notices the outside' outside
ktap_finished
