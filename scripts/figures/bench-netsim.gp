# SPDX-License-Identifier: GPL-2.0
#
# Virtual seconds per wall second of each case, ours beside the published scheduling.
# Variables: points ("case schedule ratio" a line), out, machine.

set terminal svg size 860,420 dynamic noenhanced font "sans-serif,12" background "white"
set output out
set title machine font ",10"
set logscale y
set grid y
set style data histogram
set style histogram clustered gap 1
set style fill solid 0.8
set ylabel "virtual seconds per wall second"
set key top right
cases = system("awk '!($1 in s) { s[$1] = 1; print $1 }' '" . points . "'")
ratio(c, s) = real(system(sprintf("awk '$1 == \"%s\" && $2 == \"%s\" { v = $3 } END { print v + 0 }' '%s'", c, s, points)))
set print $data
do for [c in cases] {
	print sprintf("%s %g %g", c, ratio(c, "windows"), ratio(c, "published"))
}
unset print
plot $data using ($2 > 0 ? $2 : 1/0):xtic(1) title "windows, in parallel", \
     "" using ($3 > 0 ? $3 : 1/0) title "published scheduling"
