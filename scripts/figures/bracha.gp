# SPDX-License-Identifier: GPL-2.0-only
#
# The figure of scripts/bench-bracha, an SVG on stdout. Set by the caller:
#   data      a block for each run: "NAME", then lines "node analysis p50 p99 nagle"
#   n         how many blocks
#   subtitle  what was run

if (!exists("data")) { print "bracha.gp: run scripts/bench-bracha, which calls this"; exit status 1 }

set terminal svg size 1180,480 dynamic font "Helvetica,Arial,sans-serif,13" background "#ffffff"
set border 3 lc rgb "#888888"
set tics nomirror out scale 0.6 textcolor rgb "#333333"
set grid ytics lc rgb "#e4e4e4" lt 1
set key left top
set yrange [0:*]
set offsets 0.5, 0.5, graph 0.35, 0
set ylabel "ms"
set xlabel "node"
set multiplot layout 1,n title "Bracha's broadcast: from INITIAL to the origin's own delivery\n{/*0.8 ".subtitle."}"
do for [i=0:n-1] {
	stats data index i every ::::0 using (title = strcol(1), 0) nooutput
	stats data index i every ::1 using 1 nooutput
	set title title noenhanced
	step = STATS_records > 10 ? 5 : 1
	set xtics step
	plot data index i every ::1 using 1:5 with points pt 5 lc rgb "#d55e00" title "p50, Nagle", \
		'' index i every ::1 using 1:3:3:4 with yerrorbars pt 7 lc rgb "#0072b2" \
			title "p50 to p99, --nodelay", \
		'' index i every ::1 using 1:2 with points pt 1 ps 1.6 lw 2 lc rgb "#333333" \
			title "analysis"
	unset key
	unset ylabel
}
unset multiplot
