#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Is a command in the lab like a command on the host?
#
#  1. exit status 0, 7 and 255 come through
#  2. a command that signal 9 ended gives 137, one that does not exist 127
#  3. stdout and stderr stay apart, each complete
#  4. 64 MiB of noise through a pipe, cat and a pipe are the same bytes
#  5. the same from a file, whose read position is respected
#  6. 64 MiB of output of a slow reader lose nothing
#  7. the end of input reaches the command, and an open input does not hold it
#  8. when the reader of its output goes away, the command gets SIGPIPE
#  9. SIGINT goes to the command, whose own trap decides the status
# 10. a second SIGTERM ends a guest whose command ignores it
# 11. arguments, environment and folder arrive as they are
# 12. output that is complete at the exit is complete on the host
# 13. with a terminal, the command has one: a pty of the same size
# shellcheck disable=SC2002,SC2016
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lab_lib.sh"
ktap_set_plan 13

codes()
{
	local c

	for c in 0 7 255; do
		status vm -- sh -c "exit $c" </dev/null
		is "$status" "$c" || return 1
	done
}

deaths()
{
	status vm -- sh -c 'kill -9 $$' </dev/null
	is "$status" 137 || return 1
	status vm -- /no/such/program </dev/null
	is "$status" 127 && grep -q "cannot run '/no/such/program'" "$tmp/err"
}

apart()
{
	status vm -- sh -c 'for i in 1 2 3; do echo out$i; echo err$i >&2; done' </dev/null >"$tmp/out"
	is "$(tr '\n' ' ' <"$tmp/out")" 'out1 out2 out3 ' &&
		is "$(tr '\n' ' ' <"$tmp/err")" 'err1 err2 err3 '
}

sum() { sha256sum | cut -d' ' -f1; }

from_pipe() { is "$(cat "$tmp/noise" | vm -- cat | sum)" "$want"; }

from_file()
{
	is "$(vm -- cat <"$tmp/noise" | sum)" "$want" || return 1
	is "$({ dd bs=1 count=5 status=none of=/dev/null; vm -- cat; } <<<"12345rest")" rest
}

slow_reader()
{
	is "$(vm -- cat <"$tmp/noise" | { sleep 1; sum; })" "$want"
}

input_end()
{
	is "$(printf "a\nb" | vm -- wc -c)" 3 ||
		return 1
	exec 9<>"$tmp/open"
	vm_background true <"$tmp/open"
	status wait "$child"
	exec 9>&-
	is "$status" 0
}

broken_pipe()
{
	vm -- sh -c 'yes; echo "yes got $?" >&2' </dev/null 2>"$tmp/err" | head -n 1 >"$tmp/out"
	is "$(cat "$tmp/out")" y && grep -q 'yes got 141' "$tmp/err"
}

# in_background COMMAND...: its output in $tmp/out; returns when it said ready
in_background()
{
	: >"$tmp/out"
	vm_background "$@" </dev/null >"$tmp/out" 2>"$tmp/err"
	wait_for grep -q ready "$tmp/out"
}

interrupt()
{
	in_background sh -c 'trap "exit 42" INT; echo ready; while :; do sleep 0.1; done'
	kill -INT "$child"
	status wait "$child"
	is "$status" 42
}

end_at_second()
{
	in_background sh -c 'trap "" TERM; echo ready; while :; do sleep 0.1; done'
	kill -TERM "$child"
	sleep 0.3
	kill -TERM "$child"
	status wait "$child"
	is "$status" 143
}

as_it_is()
{
	local odd=$'a b\tc\n"d"'

	is "$(cd / && LAB_TEST=$odd vm -- sh -c 'printf "%s|%s|%s|" "$PWD" "$LAB_TEST" "$1"' x "$odd" \
		</dev/null)" "/|$odd|$odd|"
}

complete()
{
	is "$(vm -- head -c 3000001 /dev/zero </dev/null | wc -c)" 3000001
}

terminal()
{
	local shown

	# script(1) would type an end of file into the terminal
	exec 9<>"$tmp/open"
	# shellcheck disable=SC2086
	shown=$(script -qec "stty rows 33 cols 77; $TOP/scripts/vm ${LAB_ARGS:-} -- sh -c 'tty; stty size'" \
		/dev/null <"$tmp/open" | tr -d '\r' | tr '\n' ' ')
	exec 9>&-
	is "$shown" '/dev/pts/0 33 77 '
}

mkfifo "$tmp/open"
head -c $((64 << 20)) /dev/urandom >"$tmp/noise"
want=$(sum <"$tmp/noise")

check 'exit status' codes
check 'death by signal, command not found' deaths
check 'stdout and stderr apart' apart
check '64 MiB from a pipe, binary clean' from_pipe
check '64 MiB from a file, binary clean' from_file
check '64 MiB to a slow reader' slow_reader
check 'end of input' input_end
check 'SIGPIPE when the reader goes away' broken_pipe
check 'SIGINT reaches the command' interrupt
check 'a second SIGTERM ends the guest' end_at_second
check 'arguments, environment, folder' as_it_is
check 'all output before the exit status' complete
check 'a terminal of the same size' terminal
ktap_finished
