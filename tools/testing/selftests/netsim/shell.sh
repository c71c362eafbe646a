#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Does netsim shell give a prompt that stops time? Lines come from a pipe or a file.
#
# 1. the first line runs at the time asked for; a pause of the user passes no time
# 2. variables, the folder and the status of a line stay for the next
# 3. output of any form arrives; a line of many kB, quotes and syntax errors work
# 4. a session repeats: the same lines, the same packets
# 5. the prompt's end ends the run, with the shell's status; with --go-on it goes on
# 6. the end of the input, without a last newline, is an end too
# 7. a wrong node or time says so, with status 2
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/netsim_lib.sh"
needs jq=jq ping=iputils-ping
ktap_set_plan 7

cat >"$tmp/pair.yaml" <<'EOT'
nodes:
  - name: a
  - name: b
    commands:
      - run: ping -c 30 a
links:
  - nodes: [a, b]
    latency: 10ms
EOT

# shell NAME OPTION...: lines come on standard input
shell()
{
	local name=$1

	shift
	status=0
	rm -rf "${tmp:?}/$name"
	"$NETSIM" shell -q --out "$tmp/$name" "$@" "$tmp/pair.yaml" a >"$tmp/out" \
		2>"$tmp/err" || status=$?
}

paused()
{
	local first second

	{ echo 'cut -d" " -f1 /proc/uptime'; sleep 2; echo 'cut -d" " -f1 /proc/uptime'; } |
		shell pause --at 3s
	{ read -r first; read -r second; } <"$tmp/out"
	# the clock began a second before time 0; a horizon of 10 ms passes with a line
	between 4.0 "$first" 4.01 && between 0.0 "$(echo "$second - $first" | bc)" 0.1
}

stays()
{
	shell stay <<-'EOT'
		x='a b'; cd /tmp
		echo "$x $PWD"
		false
		echo $?
	EOT
	is "$status" 0 && is "$(cat "$tmp/out")" $'a b /tmp\n1'
}

forms()
{
	{
		printf 'echo "%s" | wc -c\n' "$(seq -s, 2500)"
		cat <<-'EOT'
			echo 'single' "it's" \\
			for (
			printf "\001\002\n"; seq 20000 | tail -n 1; printf "no newline"
		EOT
	} | shell forms
	is "$(sed -n '1,2p;$p' "$tmp/out")" \
		"$(seq -s, 2500 | wc -c)"$'\n'"single it's \\"$'\nno newline' &&
		grep -q 'yntax error' "$tmp/out" && grep -q '^20000$' "$tmp/out" &&
		grep -q $'^\001\002$' "$tmp/out"
}

session()
{
	shell "$1" --at 500ms <<-'EOT'
		ping -c 2 b
		date +%s.%N; head -c 8 /dev/urandom | od -An -tx1
	EOT
	cp "$tmp/out" "$tmp/$1.out"
}

repeats()
{
	session one
	session two
	is "$status" 0 && grep -q 'time=20.0 ms' "$tmp/out" &&
		cmp "$tmp/one.out" "$tmp/two.out" && is "$(hashes two)" "$(hashes one)"
}

ends()
{
	shell over <<<'exit 5'
	is "$status" 5 && is "$(summary over '.nodes[1].commands[0].state')" stopped || return 1
	shell on --go-on <<<'sleep 3; exit 0'
	is "$status" 0 && is "$(summary on '.nodes[1].commands[0] | [.state, .status] | join(" ")')" \
		'exit 0'
}

last_line()
{
	shell last < <(printf 'echo one\necho two; false')
	is "$status" 1 && is "$(cat "$tmp/out")" $'one\ntwo'
}

wrong()
{
	status=0
	"$NETSIM" shell -q --out "$tmp/wrong" "$tmp/pair.yaml" z 2>"$tmp/err" </dev/null ||
		status=$?
	is "$status" 2 && grep -q 'no node z' "$tmp/err" || return 1
	shell wrong --at soon </dev/null
	is "$status" 2 && grep -q '"soon"' "$tmp/err"
}

check "time stands still at the prompt" paused
check "variables, folder and status stay" stays
check "lines and output of any form" forms
check "a session repeats" repeats
check "the prompt's end ends the run, or not" ends
check "the end of the input is an end" last_line
check "a wrong call says so" wrong
ktap_finished
