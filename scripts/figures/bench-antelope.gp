# SPDX-License-Identifier: GPL-2.0
#
# Reward of each path: bars of what is chosen among, a line for the best fixed
# congestion control. Variables: points ("path arm reward" a line), out.

set terminal svg size 1200,460 dynamic noenhanced font "sans-serif,12" background "white"
set output out
set grid y
set style data histogram
set style histogram clustered gap 1.5
set style fill solid 0.85 noborder
set ylabel "reward"
set yrange [0:1]
set xtics rotate by -30 nomirror
set key above horizontal
set rmargin 6

paths = system("awk '!($1 in s) { s[$1] = 1; print $1 }' '" . points . "'")
shown = system("awk '{ has[$2] = 1 } END { n = split(\"cubic bbr bpftune antelope-stock antelope\", a, \" \"); for (i = 1; i <= n; i++) if (a[i] in has) print a[i] }' '" . points . "'")
reward(p, a) = system(sprintf("awk '$1 == \"%s\" && $2 == \"%s\" { v = $3 } END { print v + 0 }' '%s'", p, a, points))
best(p) = system(sprintf("awk '$1 == \"%s\" && $2 ~ /^(cubic|bbr|illinois|c2tcp|westwood|vegas)$/ && $3 > v { v = $3 } END { print v + 0 }' '%s'", p, points))

set print $data
do for [p in paths] {
	line = p . " " . best(p)
	do for [a in shown] {
		line = line . " " . reward(p, a)
	}
	print line
}
unset print
array color[5] = ["#8a8f98", "#d98c3f", "#8c6bb1", "#7fb5d5", "#1f6fb2"]
plot for [i = 1:words(shown)] $data using (column(i + 2)):xtic(1) title word(shown, i) lc rgb color[i], \
     $data using 0:2:(0.4) with xerrorbars pt 0 lw 2 lc rgb "#c0392b" title "best fixed"
