# SPDX-License-Identifier: GPL-2.0
#
# Each change of congestion control: what a cold one and a warm one bring in the two
# seconds after it. Of the clean path the RTT, since all have all of its throughput;
# of the one with loss the throughput. Variables: points (from handoff-table.awk), out.

set terminal svg size 980,560 dynamic noenhanced font "sans-serif,11" background "white"
set output out
set grid x
set key outside bottom center horizontal
set multiplot layout 1,2 title "two seconds after a change of congestion control"
rows(path) = sprintf("< awk '$1 == \"%s\"' '%s'", path, points)
set yrange [*:*] reverse
set offsets 0, 0, 0.7, 0.7
set title "20 Mbit/s, 40 ms, 2 BDP: mean RTT, ms"
plot rows("clean") using 5:0:($7 - $5):(0):ytic(stringcolumn(2) . " to " . stringcolumn(3)) \
		with vectors nohead lw 2 lc "gray" notitle, \
     "" using 5:0 with points pt 6 ps 1 lc "dark-orange" title "cold", \
     "" using 7:0 with points pt 7 ps 1 lc "web-blue" title "warm"
set title "50 Mbit/s, 100 ms, 1 BDP, 0.1 % loss: throughput, %"
plot rows("lossy") using 4:0:($6 - $4):(0):ytic(stringcolumn(2) . " to " . stringcolumn(3)) \
		with vectors nohead lw 2 lc "gray" notitle, \
     "" using 4:0 with points pt 6 ps 1 lc "dark-orange" title "cold", \
     "" using 6:0 with points pt 7 ps 1 lc "web-blue" title "warm"
unset multiplot
