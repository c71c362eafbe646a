# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Sourced by bench-antelope and collect, after env.sh: guests of the lab, several at
# a time, whose output is kept, so that what is done is not done again.

# guest FILE SEED OPTION...: the output of scripts/antelope/guest in FILE, unless it is
# there. Options of scripts/vm come before a "--".
guest()
{
	local file=$1 seed=$2 vm=()

	shift 2
	[ ! -s "$file" ] || return 0
	while [ "$1" != -- ]; do
		vm+=("$1")
		shift
	done
	shift
	if ! nice "$TOP/scripts/vm" --virtual-time --mem 1G --seed "$seed" "${vm[@]}" -- \
		"$TOP/scripts/antelope/guest" "$@" >"$file.new" 2>"$file.err" </dev/null; then
		warn "${file##*/} failed: $(tail -n 1 "$file.err"); all of it: $file.err"
		return 1
	fi
	mv "$file.new" "$file"
	rm -f "$file.err"
}

failed=0	# of the guests so far

# wait_below N: until fewer than N guests run
wait_below()
{
	while [ "$(jobs -rp | wc -l)" -ge "$1" ]; do
		# shellcheck disable=SC2034 # callers look at it
		wait -n || failed=1
	done
}

# An interrupted call leaves no guest behind.
stop_guests()
{
	# shellcheck disable=SC2046 # a list
	kill $(jobs -p) 2>/dev/null || :
	wait
	exit 130
}
trap stop_guests INT TERM

# positive NUMBER OPTION
positive()
{
	case $1 in
	'' | *[!0-9]* | 0) die "$2 \"$1\": wants a number from 1 on" ;;
	esac
}

build_guest()
{
	"$TOP/scripts/stage" >/dev/null
	make -s -C "$TOP/tools/antelope/bench" BUILD="$TOP/build" >&2
}
