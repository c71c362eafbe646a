# SPDX-License-Identifier: GPL-2.0-only
#
# The figure of scripts/demo, an SVG on stdout. Set by the caller:
#   dir       folder with classes.I, jitter.I and timers.I of the I-th qdisc
#   n, names  how many qdiscs, and what they are called
#   subtitle  what was run

if (!exists("dir")) { print "demo.gp: run scripts/demo, which calls this"; exit status 1 }

set terminal svg size 1180,520 dynamic font "Helvetica,Arial,sans-serif,13" background "#ffffff"

# Okabe and Ito's colours, told apart also by the colour-blind.
array colour[6] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]
array mark[6] = [7, 5, 9, 11, 13, 15]
name(i) = word(names, i)
shade(i) = colour[(i - 1) % 6 + 1]
escaped(s) = strstrt(s, "_") ? s[1:strstrt(s, "_") - 1]."\\_".s[strstrt(s, "_") + 1:] : s
# Options follow a comma: each goes on a line of its own.
stacked(s) = strstrt(s, ",") ? s[1:strstrt(s, ",") - 1]."\n".stacked(s[strstrt(s, ",") + 1:]) : escaped(s)
# A legend's entry is as wide as the longest name, about 8 of 1180 pixels a letter.
entry = 0.045
do for [i=1:n] { if (0.04 + 0.0068 * strlen(name(i)) > entry) { entry = 0.04 + 0.0068 * strlen(name(i)) } }

set border 3 lc rgb "#888888"
set tics nomirror out scale 0.6 textcolor rgb "#333333"
set grid ytics lc rgb "#e4e4e4" lt 1
set key off
set bars 0.7

set multiplot
set label 1 "The same paced TCP flows through different qdiscs of the sender" \
	at screen 0.5,0.955 center font ",18"
set label 2 subtitle at screen 0.5,0.9 center textcolor rgb "#555555"
# The legend, one for all panels.
set for [i=1:n] label 10 + i name(i) noenhanced at screen 0.51 + entry * (i - 1 - n / 2.0),0.845 left \
	point pt mark[(i - 1) % 6 + 1] lc rgb shade(i) ps 1.1 offset 1.2,0 textcolor rgb shade(i) font ",14"

# 1. Rate achieved, of the rate asked: mean, and range of the flows.
set label 3 "Rate achieved, of the rate asked" at graph 0,1.105 left font ",15"
set lmargin at screen 0.055; set rmargin at screen 0.355
set tmargin at screen 0.73; set bmargin at screen 0.17
set xlabel "asked by a flow (point: mean of the class, bar: its flows)" textcolor rgb "#555555"
set format y "%g %%"
stats dir."/classes.1" using 1 nooutput
class(k) = system(sprintf("awk 'NR == %d { print $2 }' %s/classes.1", k + 1, dir))
set xrange [-0.6:STATS_max + 0.6]
set xtics () scale 0
set for [k=0:STATS_max] xtics add (class(k) k)
set yrange [*:*]
step = n > 1 ? 0.5 / (n - 1) : 0
set arrow 1 from graph 0, first 100 to graph 1, first 100 nohead lc rgb "#888888" dt 3

plot for [i=1:n] dir.sprintf("/classes.%d", i) \
	using ($1 + step * (i - (n + 1) / 2.0)):3:4:5 \
	with yerrorbars lc rgb shade(i) pt mark[(i - 1) % 6 + 1] ps 0.9 lw 1.6
unset arrow 1
unset label
set xtics autofreq scale 0.6

# 2. Distribution of the deviation of gaps.
set label 3 "Departure jitter" at graph 0,1.105 left font ",15"
set lmargin at screen 0.425; set rmargin at screen 0.70
set xlabel "share of gaps that are at most so far from ideal"
set logscale x
set xrange [0.01:*]
set yrange [0:100]
set xtics ("10 ns" 0.01, "100 ns" 0.1, "1 \302\265s" 1, "10 \302\265s" 10, "100 \302\265s" 100, \
	"1 ms" 1e3, "10 ms" 1e4, "" 1e5, "1 s" 1e6, "" 1e7)
plot for [i=1:n] dir.sprintf("/jitter.%d", i) using 1:2 \
	with steps lc rgb shade(i) lw 2.2
unset logscale x

# 3. Timers, those of the qdisc below those of TCP.
set label 3 "Timers armed per 1000 packets" at graph 0,1.105 left font ",15"
set label 4 "solid: by the qdisc, light: by TCP itself" at graph 0,1.04 left textcolor rgb "#555555" font ",12"
set lmargin at screen 0.77; set rmargin at screen 0.98
set format y "%g"
unset xlabel
set xrange [0.4:n + 0.6]
set yrange [0:*]
set offsets 0,0,graph 0.08,0
set xtics () scale 0
set for [i=1:n] xtics add (stacked(name(i)) i)
set boxwidth 0.55
plot for [i=1:n] dir.sprintf("/timers.%d", i) using (i):($1 + $2) with boxes \
	fs transparent solid 0.25 border lc rgb shade(i) lc rgb shade(i), \
	for [i=1:n] dir.sprintf("/timers.%d", i) using (i):1 with boxes \
	fs solid 0.85 border lc rgb shade(i) lc rgb shade(i), \
	for [i=1:n] dir.sprintf("/timers.%d", i) using (i):($1 + $2):(sprintf("%.0f", $1 + $2)) \
	with labels offset 0,0.7
unset multiplot
