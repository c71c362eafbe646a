#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# CoDel for each flow, with gq's own rate of 10 Mbit/s as the link. Expected:
#
# 1.	a burst of UDP that does not respond is dropped as RFC 8289 says: at each
#	packet that leaves, as many are missing before it as a model of the RFC
#	drops, which is given the times of the departures, give or take one. As in
#	the kernel, its square root gets one Newton step for each drop.
# 2.	what CoDel dropped is counted, and nothing else is missing
# 3.	ECT packets are marked instead, as often as the model drops, and none is
#	dropped
# 4.	the time that a socket's rate holds packets back is no delay: none is
#	dropped, though they are queued for a second
# 5.	below tbf, which peeks, all packets are accounted for
# 6.	a flow that does not queue loses nothing beside one that does
# 7.	flows that wait already when CoDel is switched on come under it: one that
#	never falls idle, in a band that takes turns and in a ranked one, and one
#	that its rate holds back
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2086,SC2119 # see gq_lib.sh
. "$(dirname "$0")/gq_lib.sh"
timed

readonly SIZE="--size 1208" COUNT=2000	# 1250 bytes on the link: 1 ms each
readonly LINK="rate 10mbit bands 1 $DEEP"
readonly TARGET=5000000 INTERVAL=100000000

# model ECN: gq_recv's CSV, all packets having come at once, beside the RFC.
# Prints how many were dropped or marked, and how far off the worst packet was.
model()
{
	awk -F, -v ecn="$1" -v target=$TARGET -v interval=$INTERVAL -v sent=$COUNT '
	function ok(now) {
		if (now - start < target || sent - next_seq <= 1) {
			above = 0
			return 0
		}
		if (!above)
			above = now + interval
		return above != now + interval && now >= above
	}
	function newton() { root *= (3 - count * root * root) / 2 }
	function hit(now) { hits++; next_seq += !ecn; return ecn ? 0 : ok(now) }
	function leave(now,  may) {
		next_seq++
		may = ok(now)
		if (dropping && !may) {
			dropping = 0
		} else if (dropping) {
			while (dropping && now >= drop_next) {
				count++
				newton()
				if (!hit(now) && !ecn)
					dropping = 0
				else
					drop_next += interval * root
				if (ecn)
					break
			}
		} else if (may) {
			hit(now)
			dropping = 1
			delta = count - last
			if (delta > 1 && now - drop_next < 16 * interval) {
				count = delta
				newton()
			} else {
				count = root = 1
			}
			drop_next = now + interval * root
			last = count
		}
	}
	NR == 1 { next }
	NR == 2 { start = $4 }
	{
		leave($1)
		off = ecn ? (ce += $7) - hits : $3 - (next_seq - 1)
		off = off < 0 ? -off : off
		worst = off > worst ? off : worst
	}
	END { print hits + 0, worst + 0 }' "$tmp/csv"
}

# burst TX-OPTION...: packets all at once, until nothing more comes
burst()
{
	rx_start --idle-ms 500 --csv "$tmp/csv"
	tx --to $V4 $SIZE --count $COUNT "$@"
	rx_end
	stats "$which"
}

which=.root
gq_init 7
# CoDel leaves less than an MTU alone.
ip -n "$A" link set veth0 mtu 1500
gq $LINK codel target 5ms interval 100ms
burst
read -r hits worst < <(model 0)
echo "# model: $hits drops, off by $worst at most; gq: ${S[codel_drops]}"
check "UDP that does not respond" "!V || $worst <= 1" "S[codel_drops] > 20" "S[codel_drops] < COUNT / 4"
check "drops are counted" "S[codel_drops] == COUNT - R[packets]" "S[evicted] == S[codel_drops]" \
	"S[drops] == S[codel_drops]" "S[enqueued] == S[dequeued] + S[evicted]"
gq $LINK codel target 5ms interval 100ms ecn
burst --ecn
read -r hits worst < <(model 1)
echo "# model: $hits marks, off by $worst at most; gq: ${S[codel_marks]}"
check "ECN" "!V || $worst <= 1" "S[codel_marks] > 20" "S[codel_drops] == 0" "R[packets] == COUNT" \
	"R[ce] == S[codel_marks]"
gq $EXACT codel target 1ms interval 10ms
rx_start --count 300
tx --to $V4 --rate 312500 --count 300
rx_end
stats
check "pacing is no delay" "R[packets] == 300" "S[codel_drops] == 0" "R[ns] > 900000000"
which='.handle == "2:"'
tc -n "$A" qdisc del dev veth0 root
tc -n "$A" qdisc add dev veth0 root handle 1: tbf rate 10mbit burst 3028 limit 9m
tc -n "$A" qdisc add dev veth0 parent 1: handle 2: gq $DEEP codel target 5ms interval 100ms
burst
check "below tbf" "S[codel_drops] > 20" "S[codel_drops] == COUNT - R[packets]" "S[qlen] == 0" \
	"S[backlog] == 0" "S[enqueued] == S[dequeued] + S[evicted]"
which=.root
gq $LINK codel target 5ms interval 100ms
rx_start --idle-ms 500 --csv "$tmp/csv"
tx --to $V4 $SIZE --count $COUNT &
ip netns exec "$A" gq_send --to $V4 --first-flow 1 --count 50 --gap-ns 20000000 >/dev/null
wait $!
rx_end
stats
check "a flow that does not queue" "$(awk -F, '$2 == 1' "$tmp/csv" | wc -l) == 50" "S[codel_drops] > 20"

bad=0
for o in "" "band 0 policy stfq"; do
	gq $LINK priomap 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 $o
	rx_start --idle-ms 500
	tx --to $V4 $SIZE --count $COUNT
	change codel target 5ms interval 100ms
	rx_end
	stats
	((S[codel_drops] > 20 && S[codel_drops] == COUNT - R[packets] && R[disorder] == 0)) || bad=$((bad + 1))
done
# 100 packets a second, which is more than the link carries then.
gq $LINK
rx_start --idle-ms 500 --csv "$tmp/csv"
tx --to $V4 $SIZE --rate 125000 --count 100 &
sleep 0.1
change codel target 1ms interval 20ms rate 600kbit
wait $!
rx_end
stats
check "flows from before" "bad == 0" "S[codel_drops] > 0" "S[codel_drops] == 100 - R[packets]"
ktap_finished
