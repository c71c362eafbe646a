#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Pass KTAP through; at its end, list what failed and turn it into the exit
# status: the kernel's runner itself always ends with 0.
set -eu

case ${1:-} in
'') ;;
*)
	echo "usage: make run_tests | verdict.sh; status 1 when a test failed or none ran"
	echo "example: cat log | verdict.sh"
	[ "$1" = --help ] || [ "$1" = -h ]
	exit
	;;
esac

exec awk '
	{ print; fflush() }
	/^ok [0-9]+ selftests: / {
		if (/# SKIP/)
			skipped = skipped "\n  skipped: " $0
		else
			passed++
	}
	/^not ok [0-9]+ selftests: / { failed++; list = list "\n  failed: " $0 }
	/^make.*\*\*\* / { failed++; list = list "\n  failed: " $0 }
	END {
		printf "# selftests: %d passed, %d failed%s%s\n", passed, failed, list, skipped
		exit failed || !passed
	}'
