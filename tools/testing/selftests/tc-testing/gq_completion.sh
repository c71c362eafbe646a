#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bash's completion of "tc qdisc ... gq", by iproute2's own completion of tc with
# gq's added to it, as bash calls it. Expected:
#
# 1. "gq" is offered as a kind, among others.
# 2. All words that "tc qdisc add ... gq help" names are offered, and no others:
#    after "gq", after "codel", after "band 0".
# 3. A word that is there already is offered no longer; nor one of a pair.
# 4. After "policy" and "queue" what follows is offered, and all of it is taken.
# 5. fq is completed as before.
set -eu

COMPLETION=${GQ_COMPLETION:-/etc/bash_completion.d/gq}
IPROUTE2=/usr/share/bash-completion/completions/tc

usage()
{
	sed -n '3,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
	cat <<USAGE

usage: gq_completion.sh
Variables: GQ_COMPLETION, gq's completion [$COMPLETION]

example:
  GQ_COMPLETION=tools/tc/gq.bash-completion TC_LIB_DIR=build/tools/tc \\
	tools/testing/selftests/tc-testing/gq_completion.sh
USAGE
}

# bash-completion's part, which is not always installed.
_init_completion()
{
	cur=${COMP_WORDS[COMP_CWORD]}
	prev=${COMP_WORDS[COMP_CWORD - 1]}
	words=("${COMP_WORDS[@]}")
	cword=$COMP_CWORD
}
# shellcheck source=/dev/null
_completion_loader() { . "$IPROUTE2"; }
_available_interfaces() { COMPREPLY=(lo); }
compopt() { :; }

# offered WORD...: what bash offers at the end of "tc qdisc add dev lo root WORD..."
offered()
{
	# shellcheck disable=SC2034 # they are for iproute2's functions
	local cur prev words cword

	COMP_WORDS=(tc qdisc add dev lo root "$@")
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMPREPLY=()
	_tc || :
	[ ${#COMPREPLY[@]} = 0 ] || printf '%s\n' "${COMPREPLY[@]}" | sort -u
}

has() { offered "${@:2}" | grep -qx -- "$1"; }

all_words()
{
	{ offered gq ''; offered gq codel ''; offered gq band 0 ''; } | sort -u
}

same_as_help()
{
	diff <(tc qdisc add dev lo root gq help 2>&1 |
		sed -nE '/^A time/q; s/^  ([a-z_]+) .*/\1/p' | cat - <(echo help) | sort -u) \
		<(all_words)
}

only_once()
{
	has limit gq '' && ! has limit gq limit 5 '' &&
		has nopacing gq '' && ! has nopacing gq pacing '' &&
		has weight gq band 0 '' && ! has weight gq band 0 weight 5 '' &&
		has weight gq band 0 weight 5 band 1 ''
}

# taken KEYWORD: what is offered behind it is valid, or it is not gq that refuses it.
taken()
{
	local word n=0

	for word in $(offered gq band 0 "$1" ''); do
		n=$((n + 1))
		tc qdisc add dev gq-none root gq band 0 "$1" "$word" 2>&1 |
			grep -q 'Cannot find device' || { echo "$1 $word is refused"; return 1; }
	done
	[ "$n" -ge 2 ]
}

n=0 failed=0
expect()
{
	local what=$1

	shift
	n=$((n + 1))
	if "$@" >"$tmp" 2>&1; then
		echo "ok $n $what"
	else
		sed 's/^/# /' "$tmp"
		echo "not ok $n $what"
		failed=1
	fi
}

case ${1-} in
-h|--help) usage; exit 0 ;;
esac
[ -r "$IPROUTE2" ] || { echo "1..0 # SKIP iproute2 has no $IPROUTE2 here"; exit 4; }
tmp=$(mktemp)
trap 'rm -f "$tmp"' EXIT
echo "TAP version 13"
echo "1..6"
# shellcheck source=tools/tc/gq.bash-completion
. "$COMPLETION"
# What iproute2 and bash-completion say reads variables that are not set.
set +u
_tc_gq_load || [ $? = 124 ]
expect "gq is a kind" has gq g
expect "the words of help" same_as_help
expect "each word once" only_once
expect "policies" taken policy
expect "queues" taken queue
expect "fq as before" has flow_limit fq ''
exit "$failed"
