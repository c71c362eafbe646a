#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Run gq.json with the kernel's own tdc.py, in a network namespace of its own,
# and turn its report into KTAP.
#
# tdc.py writes into its folder, so it is copied from the kernel source into a
# temporary one. It also runs all commands with an empty environment: a plugin
# of tc that is not installed is reached by a tc that sets TC_LIB_DIR.
set -eu

usage()
{
	cat <<EOF
Usage: gq_tdc.sh [TDC OPTION]...
Test gq's settings through tc, with the kernel's tdc.py.
Variables: KSRC        kernel source (6.12), for tdc.py
           TC          tc to test; default: the one in PATH
           TC_LIB_DIR  folder of q_gq.so, when it is not installed
Examples:
  make -C tools/testing/selftests TARGETS=tc-testing run_tests
  KSRC=/usr/src/linux ./gq_tdc.sh
  KSRC=/usr/src/linux ./gq_tdc.sh -e 0a41 -v      one test, with its commands
EOF
}

skip()
{
	echo "1..0 # SKIP $*"
	exit 4
}

fail()
{
	echo "gq_tdc.sh: $*" >&2
	exit 1
}

if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
	usage
	exit 0
fi
here=$(cd "$(dirname "$0")" && pwd)
tdc=${KSRC:-}/tools/testing/selftests/tc-testing
tc=${TC:-$(command -v tc || true)}

[ "$(id -u)" = 0 ] || skip "needs root, for a network namespace"
for cmd in python3 ip unshare nsenter awk; do
	command -v "$cmd" >/dev/null || skip "$cmd is not installed"
done
[ -n "$tc" ] || skip "tc is not installed (package iproute2)"
[ -r "$tdc/tdc.py" ] || fail "KSRC \"${KSRC:-}\": no tdc.py there; set KSRC to a kernel source"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cp -r "$tdc"/*.py "$tdc/plugins" "$tdc/plugin-lib" "$here/gq.json" "$tmp"
{
	echo '#!/bin/sh'
	[ -z "${TC_LIB_DIR:-}" ] || echo "export TC_LIB_DIR='$TC_LIB_DIR'"
	echo "exec '$tc' \"\$@\""
} >"$tmp/tc"
chmod +x "$tmp/tc"
cd "$tmp"

unshare -n sh -c 'ip link add gq0 type dummy && ./tc qdisc add dev gq0 root gq' ||
	fail "gq can not be used here; modprobe sch_gq, and install q_gq.so (or set TC_LIB_DIR)"

# The default qdisc, which a test changes for the whole system and restores; if
# it is interrupted, it is done here.
restore()
{
	[ ! -s default_qdisc ] ||
		nsenter -t 1 -n tee /proc/sys/net/core/default_qdisc <default_qdisc >/dev/null
	rm -rf "$tmp"
}
trap restore EXIT

status=0
unshare -n python3 ./tdc.py -f gq.json -p "$tmp/tc" --format tap \
	--outfile report "$@" >log 2>&1 || status=$?
[ -s report ] || {
	cat log >&2
	fail "tdc.py made no report"
}
[ $# -eq 0 ] || cat log >&2

# of a setup or teardown that failed, the report says only that it did
grep -a -A 1 '\*\*\* [CE]' log | sed -n 's/^[^ ]/# &/p' || true

# A run that stopped early must not pass: all tests have to be in the report.
want=$(grep -c '"id":' gq.json)
[ $# -eq 0 ] || want=0
awk -v want="$want" -v status="$status" '
	BEGIN { print "TAP version 13" }
	/^1\.\.[0-9]+$/ { print; next }
	/^(not )?ok [0-9]/ {
		n++
		if (sub(/# skipped -/, "# SKIP"))
			skip++
		else if (/^not /)
			fail++
		else
			pass++
		print
		next
	}
	NF { print "# " $0 }
	END {
		printf "# Totals: pass:%d fail:%d xfail:0 xpass:0 skip:%d error:0\n", \
			pass, fail, skip
		if (want && n != want)
			print "# expected " want " results, got " n + 0
		exit (want && n != want) || fail || !pass || status
	}' report
