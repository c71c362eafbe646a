# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: GPL-2.0
#
# What the lab's tests share: vm, the expectations, a private folder in $tmp.
# KSRC gives the kernel's ktap_helpers.sh; LAB_ARGS goes to every scripts/vm.

TOP=${TOP:-$(cd "$(dirname "$0")/../../../.." && pwd)}
KSRC=${KSRC:-$("$TOP/scripts/kernel" source)}
# shellcheck disable=SC1091
. "$KSRC/tools/testing/selftests/kselftest/ktap_helpers.sh"

case ${1:-} in
-h | --help)
	sed -n '3,/^set/s/^# \{0,1\}//p' "$0"
	echo "example: LAB_ARGS='--arch x86_64' $0"
	exit 0
	;;
esac

tmp=$(mktemp -d)
child=
trap 'rm -rf "$tmp"; [ -z "$child" ] || kill -9 "$child" 2>/dev/null || :' EXIT
trap 'exit 130' INT TERM

vm()
{
	# shellcheck disable=SC2086
	"$TOP/scripts/vm" ${LAB_ARGS:-} "$@"
}

# vm_background COMMAND...: $child is its process, which takes signals
vm_background()
{
	# shellcheck disable=SC2086
	"$TOP/scripts/vm" ${LAB_ARGS:-} -- "$@" <&0 &
	child=$!
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

# status COMMAND...: run it, errors to $tmp/err, its exit status to $status
status()
{
	status=0
	"$@" 2>"$tmp/err" || status=$?
}

is()
{
	[ "$1" = "$2" ] || {
		ktap_print_msg "is '$1', expected '$2'"
		return 1
	}
}

# until_true COMMAND...: up to ten seconds
until_true()
{
	local i

	for ((i = 0; i < 200; i++)); do
		! "$@" || return 0
		sleep 0.05
	done
	return 1
}

ktap_print_header
if ! vm -- true </dev/null 2>"$tmp/err"; then
	cat "$tmp/err" >&2
	ktap_skip_all "the lab does not boot; run make kernel"
	exit "$KSFT_SKIP"
fi
