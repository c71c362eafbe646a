# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: GPL-2.0
#
# What the tests that simulate share: run, the expectations, a private folder in
# $tmp. NETSIM is what to test; by default scripts/netsim, with the kernel that
# scripts/kernel built. KSRC gives the kernel's ktap_helpers.sh.

TOP=${TOP:-$(cd "$(dirname "$0")/../../../.." && pwd)}
KSRC=${KSRC:-$("$TOP/scripts/kernel" source)}
NETSIM=${NETSIM:-$TOP/scripts/netsim}
# shellcheck disable=SC1091
. "$KSRC/tools/testing/selftests/kselftest/ktap_helpers.sh"

case ${1:-} in
-h | --help)
	sed -n '3,/^set/s/^# \{0,1\}//p' "$0"
	echo "example: make -C tools/testing/selftests TARGETS=netsim run_tests"
	exit 0
	;;
esac

tmp=$(mktemp -d)
child=
trap 'rm -rf "$tmp"; [ -z "$child" ] || kill -9 "$child" 2>/dev/null || :' EXIT
trap 'exit 130' INT TERM

# run NAME [OPTION...]: simulate the file on standard input into $tmp/NAME;
# $status, output and errors in $tmp/out and $tmp/err
run()
{
	local name=$1

	shift
	rm -rf "${tmp:?}/$name"
	cat >"$tmp/$name.yaml"
	status=0
	"$NETSIM" run -q --out "$tmp/$name" "$@" "$tmp/$name.yaml" >"$tmp/out" \
		2>"$tmp/err" || status=$?
}

# summary NAME FILTER: what jq finds in the summary of a run
summary()
{
	jq -r "$2" "$tmp/$1/summary.json"
}

# output NAME NODE COMMAND: what a command wrote
output()
{
	cat "$tmp/$1/nodes/$2/$3.out"
}

# hashes NAME: everything about a run that must repeat
hashes()
{
	summary "$1" '[.trace_hash, .console_hash, .output_hash] | join(" ")'
}

# frames NAME NODE FILTER [FIELD...]: fields of frames in the capture of eth0
frames()
{
	local capture=$tmp/$1/nodes/$2/eth0.pcap filter=$3 field fields=()

	shift 3
	for field in "${@:-frame.len}"; do
		fields+=(-e "$field")
	done
	tshark -r "$capture" -Y "$filter" -T fields "${fields[@]}" 2>/dev/null
}

# check DESCRIPTION CONDITION...: one numbered result
check()
{
	local what=$1

	shift
	if "$@"; then
		ktap_test_pass "$what"
	else
		ktap_test_fail "$what"
		ktap_print_msg "failed: $*"
		[ ! -s "$tmp/err" ] || head -n 20 "$tmp/err" | sed 's/^/#   /'
	fi
}

is()
{
	[ "$1" = "$2" ] || {
		ktap_print_msg "is '$1', expected '$2'"
		return 1
	}
}

# between LOW VALUE HIGH, of any numbers
between()
{
	awk -v l="$1" -v v="$2" -v h="$3" 'BEGIN { exit !(v != "" && l <= v && v <= h) }' || {
		ktap_print_msg "$2 is not from $1 to $3"
		return 1
	}
}

# until_true COMMAND...: up to thirty seconds
until_true()
{
	local i

	for ((i = 0; i < 600; i++)); do
		! "$@" || return 0
		sleep 0.05
	done
	return 1
}

# needs PROGRAM=PACKAGE...: skip all when one is missing
needs()
{
	local p

	for p; do
		[ -z "$(PATH=$PATH:/usr/sbin:/sbin type -P "${p%%=*}")" ] || continue
		ktap_skip_all "no ${p%%=*} here; install ${p#*=}"
		exit "$KSFT_SKIP"
	done
}

# needs_qemu: skip all where no QEMU node can run; best with that of backports
needs_qemu()
{
	local why

	"$TOP/scripts/qemu-backports" >"$tmp/out" 2>&1 ||
		ktap_print_msg "no QEMU of bookworm-backports: $(tail -n 1 "$tmp/out")"
	"$NETSIM" doctor --json >"$tmp/doctor" || :
	why=$(jq -r '.[] | select(.name == "backend qemu" and .state != "ok").what' \
		"$tmp/doctor")
	[ -n "$why" ] || return 0
	ktap_skip_all "$why"
	exit "$KSFT_SKIP"
}

ktap_print_header
"$NETSIM" --version >"$tmp/out" 2>&1 || {
	ktap_set_plan 1
	sed "s/^/# /" "$tmp/out"
	ktap_test_fail "$NETSIM runs"
	exit "$KSFT_FAIL"
}
if ! "$NETSIM" doctor >"$tmp/out" 2>&1; then
	sed 's/^/# /' "$tmp/out"
	ktap_skip_all "netsim cannot run here; see netsim doctor"
	exit "$KSFT_SKIP"
fi
