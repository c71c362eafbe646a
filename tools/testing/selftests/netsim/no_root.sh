#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Does an ordinary user need anything that only root has? As nobody, without groups
# and without capabilities.
#
# 1. two nodes ping each other, with gq as a module of the stage
# 2. in the nodes the user is root, and sees what it may see of the host, no more
# 3. a run repeats
# 4. nothing was written but the run's folder, which is nobody's
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/netsim_lib.sh"
needs jq=jq setpriv=util-linux ping=iputils-ping
ktap_set_plan 4

# Kernel, stage and programs may be below a home that nobody may see.
bin=$("$NETSIM" doctor --json | jq -r '.. | .what? // empty' | grep -m1 '/init$') ||
	bin=$TOP/build/tools/netsim/init
kernel=${NETSIM_KERNEL:-$("$TOP/scripts/kernel" image)}
stage=${NETSIM_STAGE:-$TOP/build/stage/$("$TOP/scripts/kernel" id)}
chmod 755 "$tmp"
mkdir -m 777 "$tmp/home"
mkdir "$tmp/bin"
cp "$kernel" "$tmp/kernel"
cp "$(dirname "$bin")"/netsim "$(dirname "$bin")"/*.so "$bin" "$tmp/bin"
cp -r "$stage" "$tmp/stage"
chmod -R a+rX "$tmp/bin" "$tmp/stage" "$tmp/kernel"
export NETSIM_KERNEL=$tmp/kernel NETSIM_STAGE=$tmp/stage NETSIM_LIB=$tmp/bin

cat >"$tmp/pair.yaml" <<'EOT'
nodes:
  - name: a
    modules: [sch_gq]
    qdisc: gq
    commands:
      - run: ping -c 3 b; tc qdisc show dev eth0
  - name: b
    commands:
      - run: id -u; touch /usr/here && echo may write; cat /etc/shadow; ls /proc/1/fd | wc -l
        may_fail: true
links:
  - nodes: [a, b]
    latency: 10ms
EOT

user=()
[ "$(id -u)" != 0 ] ||
	user=(setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all
		--inh-caps=-all --no-new-privs)

# as_user NAME: run into the folder NAME
as_user()
{
	status=0
	(cd "$tmp/home" && env HOME="$tmp/home" "${user[@]}" "$tmp/bin/netsim" run -q \
		--out "$tmp/home/$1" "$tmp/pair.yaml") >"$tmp/out" 2>"$tmp/err" || status=$?
}

pings()
{
	is "$status" 0 && output home/run a 0 | grep -q 'time=20.0 ms' &&
		output home/run a 0 | grep -q '^qdisc gq'
}

as_root()
{
	is "$(output home/run b 0 | sed -n 1,2p)" $'0\nmay write' &&
		[ ! -e /usr/here ] &&
		if [ "$(id -u)" = 0 ]; then
			output home/run b 0 | grep -q 'shadow: Permission denied'
		fi
}

repeats()
{
	as_user again
	is "$(hashes home/again)" "$(hashes home/run)"
}

only_folder()
{
	is "$(cd "$tmp/home" && echo *)" 'again run' &&
		is "$(find "$tmp/home/run" ! -user "$(stat -c %u "$tmp/home/run")")" ''
}

as_user run
check "an ordinary user's nodes ping each other" pings
check "in them it is root, over files that it may see" as_root
check "a run of its repeats" repeats
check "only the runs' folders were written" only_folder
ktap_finished
