#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Which rate paces a packet. All with low_rate_threshold above the rate, so that
# each packet's due time is exact (see gq_pacing.sh). Expected:
#
# 1.	maxrate paces sockets that ask for no rate
# 2.	the lower of maxrate and the socket's rate counts
# 3.	a socket's rate counts where it is below maxrate
# 4.	maxrate paces forwarded packets
# 5.	a socket that is not connected is paced too
# 6.	with nopacing nothing is held back
# 7.	64 flows with one rate each get that rate, each packet on time
# 8.	a socket does not pay for its predecessor at the same address: of 20
#	senders one after the other, each sends its first packet at once
# 9.	a lower maxrate counts from the next packet on
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2086,SC2119 # see gq_lib.sh
. "$(dirname "$0")/gq_lib.sh"
timed

exact()
{
	in_time $GRANULARITY && mean "$rate" $((1042 * 1000000000 / rate))
}

# paced WHAT GQ-OPTIONS TX-OPTION...: 300 packets of 1000 bytes at 1 Mbit/s
paced()
{
	local what=$1 rate=125000 options=$2

	shift 2
	gq $EXACT $options
	rx_start --rate $rate --low-rate $LOW --count 300
	tx --to $V4 --count 300 "$@"
	rx_end
	expect "$what" exact
}

gq_init 9
paced "maxrate" "maxrate 1mbit"
paced "maxrate below the socket's rate" "maxrate 1mbit" --rate 250000
paced "maxrate above the socket's rate" "maxrate 2mbit" --rate 125000

add_netns "$C"
link "$C" veth0 "$A" veth1 198.51.100 2001:db8:1:
ip netns exec "$A" sysctl -qw net.ipv4.ip_forward=1
ip -n "$C" route add default via 198.51.100.2
ip -n "$B" route add default via 192.0.2.1
from=$C
paced "forwarded packets" "maxrate 1mbit"
from=
paced "not connected" "" --rate 125000 --unconnected

gq $EXACT nopacing
rx_start --count 300
tx --to $V4 --rate 125000 --count 300
rx_end
check "nopacing" "R[packets] == 300" "R[ns] < 1000000000"

gq $EXACT
rx_start --rate 125000 --low-rate $LOW --count 6400
tx --to $V4 --rate 125000 --flows 64 --count 100
rx_end
all_flows()
{
	in_time $GRANULARITY && ((R[flows] == 64 && R[flow_bytes_min] == 104200))
}
expect "64 flows" all_flows

gq $EXACT
rx_start --count 20
for ((i = 0; i < 20; i++)); do
	tx --to $V4 --rate 10000
done
rx_end
check "successors at one address" "R[packets] == 20" "R[late_ns] < (V ? CLOCK_NS : 50000000)"

# 100 packets at 1 Mbit/s take 0.83 s; 2 Mbit/s before that, for 0.4 s.
gq $EXACT maxrate 2mbit
rx_start --count 200
tx --to $V4 --count 200
sleep 0.4
change maxrate 1mbit
rx_end
check "maxrate is lowered under way" "R[packets] == 200" "R[disorder] == 0" \
	"R[ns] > (V ? 1199000000 : 829000000)" "R[ns] < $(virtual && echo 1300000000 || echo 4000000000)"
ktap_finished
