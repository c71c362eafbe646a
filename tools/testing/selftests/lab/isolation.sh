#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Can a guest change the host? Does anything stay behind?
#
# 1. a guest that writes and removes system files sees its changes, the host not
# 2. a hostile guest that mounts the host anew, writable, cannot write there
# 3. a folder of --share takes what the guest writes; others beside it do not
# 4. after a normal end no process, no file is left
# 5. after SIGKILL to the lab no process, no file is left
# 6. an ordinary user can run the lab
#
# shellcheck disable=SC2016
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lab_lib.sh"
ktap_set_plan 6

host=$TOP/build/lab-test.$$
mkdir -p "$host"
at_exit rm -rf "$host"

fresh()
{
	rm -rf "$host"
	mkdir -p "$host/kept" "$host/shared"
	echo precious >"$host/kept/file"
}

kept() { is "$(cat "$host/kept/file")" precious && is "$(ls "$host/kept")" file; }

overlay()
{
	fresh
	is "$(vm -- sh -ec 'echo "made here" >/etc/lab-test; rm -rf "$1"; [ ! -e "$1" ]
		rm -f /etc/passwd; [ ! -e /etc/passwd ]; cat /etc/lab-test' x "$host/kept" \
		</dev/null)" 'made here' || return 1
	kept && [ ! -e /etc/lab-test ] && [ -s /etc/passwd ]
}

# The attacks end in true: what they were allowed to do shows on the host. An
# export of QEMU can be mounted but once, so there the first step must fail.
hostile()
{
	fresh
	if [[ ${LAB_ARGS:-} = *x86_64* ]]; then
		status vm -- mount -t 9p -o trans=virtio,version=9p2000.L host /mnt </dev/null
		[ "$status" != 0 ] && kept
		return
	fi
	vm -- sh -c 'mkdir -p /mnt/h
		mount -t hostfs -o / none /mnt/h || exit 1
		mount -o remount,rw /mnt/h
		[ -s "/mnt/h/$1/file" ] || exit 1
		echo changed >"/mnt/h/$1/file"; touch "/mnt/h/$1/new"; rm -f "/mnt/h/$1/file"
		chmod 0 "/mnt/h/$1/file"; mknod "/mnt/h/$1/node" b 254 0; true' \
		x "$host/kept" </dev/null 2>"$tmp/err" || return 1
	grep -q 'Read-only file system' "$tmp/err" && kept
}

share()
{
	fresh
	vm --share "$host/shared" -- sh -ec 'echo "from the guest" >"$1/shared/new"
		echo changed >"$1/kept/file"' x "$host" </dev/null || return 1
	is "$(cat "$host/shared/new")" 'from the guest' && kept
}

# The mark is on the kernel's command line, so in that of every process of the run.
processes() { pgrep -f "lab_mark=$mark" >"$tmp/left" 2>/dev/null; }
no_processes() { ! processes; }
files() { find /tmp /dev/shm -maxdepth 1 -name 'netsteer-*' 2>/dev/null | sort; }
same_files() { [ "$(files)" = "$before" ]; }

clean_end()
{
	mark=end$$
	before=$(files)
	printf x | vm --append "lab_mark=$mark" -- sh -c 'sleep 1000 & cat >/dev/null' &&
		no_processes && same_files
}

clean_kill()
{
	mark=kill$$
	before=$(files)
	mkfifo "$tmp/open"
	exec 9<>"$tmp/open"
	# shellcheck disable=SC2086
	"$TOP/scripts/vm" ${LAB_ARGS:-} --append "lab_mark=$mark" -- \
		sh -c 'echo ready; sleep 1000' <"$tmp/open" >"$tmp/out" 2>"$tmp/err" &
	child=$!
	wait_for grep -q ready "$tmp/out" && processes || return 1
	kill -9 "$child"
	wait "$child" 2>/dev/null || :
	child=
	exec 9>&-
	wait_for no_processes && wait_for same_files
}

ordinary_user()
{
	local run='' tree=$TOP

	[ "$(id -u)" != 0 ] || run='setpriv --reuid=65534 --regid=65534 --clear-groups'
	# A tree that only root can read: let it use what it needs of it.
	if ! $run test -r "$TOP/scripts/vm"; then
		tree=$tmp/tree
		mkdir -p "$tree/build"
		cp -r --preserve=mode,timestamps "$TOP/scripts" "$tree"
		cp -r --preserve=mode,timestamps "$TOP/build/lab" "$tree/build"
		chmod -R a+rX "$tree"
	fi
	# shellcheck disable=SC2086
	(cd / && status $run "$tree/scripts/vm" --kernel "$tmp/kernel" -- \
		sh -c 'id -u; touch /etc/x "$HOME/x" && echo both' </dev/null >"$tmp/out")
	is "$(tr '\n' ' ' <"$tmp/out")" '0 both '
}

check 'changes stay in the guest' overlay
check 'the host is read-only to a hostile guest' hostile
check 'shared folders, and only those, are writable' share
check 'nothing left after the end' clean_end
check 'nothing left after SIGKILL' clean_kill
# root's cache is closed to others, so the image is handed over
image=$(sed -n 's/.*--kernel \([^ ]*\).*/\1/p' <<<"${LAB_ARGS:-}")
chmod 755 "$tmp"
if [[ ${LAB_ARGS:-} = *x86_64* ]]; then
	ktap_test_skip 'an ordinary user (tried with the user-mode kernel)'
else
	install -m 755 "${image:-$("$TOP/scripts/kernel" image)}" "$tmp/kernel"
	check 'an ordinary user' ordinary_user
fi
ktap_finished
