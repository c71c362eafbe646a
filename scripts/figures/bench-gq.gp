# SPDX-License-Identifier: GPL-2.0
#
# ns per packet over the number of flows, a panel for each of two traces.
# Variables: points ("trace flows kind ns" a line), out, machine.

set terminal svg size 960,420 dynamic noenhanced font "sans-serif,12" background "white"
set output out
set multiplot layout 1,2 title machine font ",10"
set logscale xy
set grid
set xlabel "flows"
set ylabel "ns per packet, enqueue and dequeue"
set format x "%.0s%c"
set yrange [5:*]
set key top left
sel(t, k) = sprintf("< awk '$1 == \"%s\" && $3 == \"%s\" { print $2, $4 }' '%s' | sort -n", t, k, points)
set title "paced: 1.2 Mbit/s a flow"
plot for [k in "gq fq fq-large"] sel("paced", k) using 1:2 with linespoints lw 2 title k
set title "unpaced: all flows backlogged"
plot for [k in "gq fq fq-large fq_codel cake pfifo"] sel("unpaced", k) using 1:2 with linespoints lw 2 title k
unset multiplot
