#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# As gq_conserve.sh, below a tbf of 1 Mbit/s, which peeks at packets that it does
# not take yet. Expected:
#
# 1.	limit lowered below the queue: tbf's queue is then the same as gq's
# 2.	20 moments under load: the sum holds, and the bytes match
# 3.	the queue run empty
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2086,SC2119 # see gq_lib.sh
. "$(dirname "$0")/gq_lib.sh"
timed

readonly IT='.handle == "2:"'

gq_init 3
tc -n "$A" qdisc del dev veth0 root
tc -n "$A" qdisc add dev veth0 root handle 1: tbf rate 1mbit burst 70k limit 1m
tc -n "$A" qdisc add dev veth0 parent 1: handle 2: gq $DEEP
rx_start --idle-ms 3000
tx --to $V4 --count 1000
tc -n "$A" qdisc change dev veth0 parent 1: handle 2: gq limit 200
stats '.handle == "1:"'
parent=${S[qlen]} parent_bytes=${S[backlog]} nr_moments=0
moment "$IT"
check "evictions behind another qdisc" "nr_moments == 1" "S[evicted] > 500" "V ? parent == S[qlen] : parent - S[qlen] < 50" \
	"!V || parent_bytes == S[backlog]"
expect "20 moments under a link that peeks" moments 20 0.04 "$IT"
rx_end
moment "$IT"
check "run empty" "S[qlen] == 0" "S[backlog] == 0" "R[packets] == S[dequeued]"
ktap_finished
