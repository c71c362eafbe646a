#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Does a run that is ended from outside leave anything behind but its folder? A run
# of four nodes that would last for hours.
#
# 1. SIGINT gives status 130 and a summary that says so, SIGTERM the same
# 2. no process of it is left, nor are sockets in /proc/net/unix, nor files in /tmp,
#    /dev/shm or /run
# 3. the same while the nodes still boot
# 4. after SIGKILL, which nobody can catch, its nodes die too
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/netsim_lib.sh"
needs jq=jq pgrep=procps
ktap_set_plan 4

cat >"$tmp/long.yaml" <<'EOT'
nodes:
  - name: n
    count: 4
    commands:
      - run: ping -i 0.1 -c 10000000 n0
links:
  - nodes: [n]
    latency: 2ms
EOT

# Everything that could be left, without what this test and the host have.
places()
{
	find /tmp /dev/shm /run -xdev -path "$tmp" -prune -o -print 2>/dev/null | sort
}

# Processes and sockets that name this run's folder.
traces()
{
	pgrep -f "$tmp/long" || :
	grep -F "$tmp/long" /proc/net/unix || :
}

running()
{
	[ -s "$tmp/long/nodes/n3/eth0.pcap" ] &&
		[ "$(stat -c %s "$tmp/long/nodes/n3/eth0.pcap")" -gt 2000 ]
}

booting()
{
	[ -d "$tmp/long/nodes/n3" ]
}

# end SIGNAL WHEN: start the run, signal it then
end()
{
	rm -rf "$tmp/long"
	"$NETSIM" run -q --out "$tmp/long" "$tmp/long.yaml" >"$tmp/out" 2>"$tmp/err" &
	child=$!
	until_true "$2" || return 1
	kill -"$1" "$child"
	status=0
	wait "$child" 2>>"$tmp/out" || status=$?
	child=
}

none_running()
{
	[ -z "$(traces)" ]
}

nothing_left()
{
	until_true none_running
}

stopped()
{
	local sig

	for sig in INT TERM; do
		end $sig running
		is "$status" 130 && is "$(summary long .interrupted)" true || return 1
	done
}

clean()
{
	local before

	before=$(places)
	end INT running
	# others may work on this host: what is new and has our name counts
	nothing_left && is "$(comm -13 <(echo "$before") <(places) | grep -i netsim)" ''
}

early()
{
	local before

	before=$(places)
	end INT booting
	is "$status" 130 && nothing_left &&
		is "$(comm -13 <(echo "$before") <(places) | grep -i netsim)" ''
}

killed()
{
	end KILL running
	is "$status" 137 && until_true none_running
}

check "SIGINT and SIGTERM end a run, with a summary" stopped
check "nothing is left but the run's folder" clean
check "nor while nodes boot" early
check "nodes die with a simulator that is killed" killed
ktap_finished
