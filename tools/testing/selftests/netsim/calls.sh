#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Does netsim refuse wrong calls, with a message that helps? Expectations:
#
# 1. no argument, --help, and --help of each command: usage and examples, status 0
# 2. unknown commands, options and values: status 2, one line that names the culprit
# 3. a wrong file: status 2, file, line and key, and no folder is made
# 4. a missing kernel: the command that builds it
# 5. a missing init, stage or folder: named
# 6. a folder that cannot be made: named, with what to do
# 7. report and diff of what is no run: named
# 8. doctor names what is missing, and how to get it
# 9. completion offers commands, options, files and nodes
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/netsim_lib.sh"
needs jq=jq
ktap_set_plan 9

cd "$tmp"
cat >good.yaml <<YAML
nodes: [{name: left}, {name: right}]
links: [{nodes: [left, right], latency: 1ms}]
YAML

# refuses STATUS PATTERN ARGUMENT...
refuses()
{
	local expected=$1 pattern=$2

	shift 2
	status=0
	"$NETSIM" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || status=$?
	if is "$status" "$expected" && [ ! -s "$tmp/out" ] && grep -q -e "$pattern" "$tmp/err"; then
		return 0
	fi
	ktap_print_msg "netsim $*: $(cat "$tmp/err")"
	return 1
}

helps()
{
	local c

	"$NETSIM" >out && grep -q '^examples:' out && "$NETSIM" --help | cmp - out || return 1
	for c in run check diff report shell doctor; do
		"$NETSIM" "$c" --help >out && grep -q "^usage: netsim $c" out &&
			grep -q '^examples:' out || return 1
	done
}

wrong_calls()
{
	refuses 2 '"fly".*--help' fly &&
		refuses 2 'which file.*--help' run &&
		refuses 2 'which file.*--help' check &&
		refuses 2 'which two runs.*--help' diff one &&
		refuses 2 'which runs.*--help' report &&
		refuses 2 "'--bogus'" run --bogus good.yaml &&
		refuses 2 '--seed: "0"' run --seed 0 good.yaml &&
		refuses 2 '--seed: "x"' run --seed x good.yaml &&
		refuses 2 '--stop: "10"' run --stop 10 good.yaml &&
		refuses 2 '--snaplen: "-1"' run --snaplen=-1 good.yaml &&
		refuses 2 '--snaplen: "99999"' run --snaplen 99999 good.yaml &&
		refuses 2 '--silence: "0"' run --silence 0 good.yaml &&
		refuses 2 '-n: "1"' check -n 1 good.yaml &&
		refuses 2 '"more".*after --' run good.yaml more &&
		is "$(wc -l <err)" 1
}

wrong_files()
{
	printf 'nodes:\n- name: a\n- name: a\n' >bad.yaml
	refuses 2 'bad.yaml:3: nodes\[1\].name: .*; use another' run bad.yaml &&
		refuses 2 'bad.yaml:3: nodes\[1\].name: ' check bad.yaml &&
		refuses 2 'missing.yaml: cannot read it: No such file' run missing.yaml &&
		refuses 2 '/: cannot read it: .*regular file' run / &&
		[ ! -e runs ] && mkfifo fifo.yaml &&
		refuses 2 'fifo.yaml: cannot read it: .*regular file' run fifo.yaml &&
		printf '0 1\n1\n' >m.txt && refuses 2 'm.txt:2: row 1 has 1' run m.txt
}

no_kernel()
{
	local NETSTEER_CACHE=$tmp/empty

	export NETSTEER_CACHE
	refuses 1 'run scripts/kernel build.*--kernel FILE' run good.yaml &&
		refuses 1 '/no/kernel: no kernel there' run --kernel /no/kernel good.yaml
	status=$?
	export -n NETSTEER_CACHE
	[ ! -e runs ] && return "$status"
}

no_parts()
{
	refuses 1 '/no/lib: ' run --lib /no/lib good.yaml &&
		refuses 1 '/no/stage: no stage there' run --stage /no/stage good.yaml
}

no_folder()
{
	mkdir full && touch full/something
	refuses 1 'full: cannot make.*--out' run --out full good.yaml &&
		refuses 1 '/no/such/folder: cannot make.*--out' run --out /no/such/folder good.yaml &&
		is "$(ls full)" something
}

no_run()
{
	refuses 1 'full: no summary in it' report full &&
		refuses 2 'full: no summary in it' diff full full &&
		mkdir broken && echo '{' >broken/summary.json &&
		refuses 1 'broken: no summary in it' report broken
}

examines()
{
	NETSTEER_CACHE=$tmp/empty "$NETSIM" doctor >out && return 1
	grep -q '^user-mode kernel *missing' out && grep -q 'scripts/kernel build' out &&
		"$NETSIM" doctor --json >out && is "$(jq -r '.[4].name' out)" 'backend um' &&
		is "$(jq -r '.[4].state' out)" ok
}

# completes WORD... : what is offered for the last word
completes()
{
	COMP_WORDS=(netsim "$@") COMP_CWORD=$# COMPREPLY=()
	_netsim
	echo "${COMPREPLY[*]}"
}

completion()
{
	# shellcheck disable=SC1091
	. "$TOP/tools/netsim/netsim.bash-completion"
	is "$(completes d)" 'diff doctor' && is "$(completes run --sn)" '--snaplen' &&
		is "$(completes run good)" good.yaml && is "$(completes shell good.yaml r)" right &&
		is "$(completes check m)" m.txt
}

check 'help' helps
check 'wrong calls' wrong_calls
check 'wrong files' wrong_files
check 'no kernel' no_kernel
check 'no stage, no init' no_parts
check 'no folder' no_folder
check 'no run' no_run
check 'doctor' examines
check 'completion' completion
ktap_finished
