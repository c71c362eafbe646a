#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# After the tests: unload what was tested, and ask kmemleak for what nothing
# points to any more. Prints KTAP.
set -eu

case ${1:-} in
'') ;;
*)
	echo "usage: kmemleak.sh; status 1 when kmemleak knows of a leak"
	echo "example: scripts/vm --debug -- tools/testing/selftests/kmemleak.sh"
	[ "$1" = --help ] || [ "$1" = -h ]
	exit
	;;
esac

file=/sys/kernel/debug/kmemleak
echo "TAP version 13"
if ! echo scan 2>/dev/null >$file; then
	echo "1..1"
	echo "ok 1 kmemleak # SKIP the kernel has none, or it gave up"
	exit 0
fi
echo "1..2"
status=0
loaded=$(lsmod | awk '$1 ~ /^(sch_gq|gq_)/ { print $1 }')
# shellcheck disable=SC2086
if [ -z "$loaded" ] || rmmod $loaded; then
	echo "ok 1 kmemleak: the modules unload"
else
	echo "not ok 1 kmemleak: the modules unload"
	status=1
fi
# Twice: what is younger than 5 s may still be on its way.
for _ in 1 2; do
	sleep 6
	echo scan >$file
done
if [ -z "$(cat $file)" ]; then
	echo "ok 2 kmemleak: no leak"
else
	sed 's/^/# /' $file
	echo "not ok 2 kmemleak: no leak"
	status=1
fi
exit $status
