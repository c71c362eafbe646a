# SPDX-License-Identifier: GPL-2.0
#
# The rate of a cellular link, "MS MBIT" each 100 ms.
# Variables: profile, seed, seconds.
#
# What published traces of LTE (Winstein et al., "Sprout", NSDI'13; Abbasloo et al.,
# "C2TCP", 2018) have in common: the logarithm of the rate wanders about a mean with a
# memory of a second or so, and now and then the link all but stops for a moment. So
# the logarithm here is an autoregressive process, x' = a x + sqrt(1 - a^2) n, with
# a = exp(-0.1 s / memory), and a Markov chain of two states makes the outages:
#
#   profile   median   sigma of ln   memory   outages     each
#   drive     12       0.8           1.0 s    1 in 8 s    0.3 s at 0.2 Mbit/s
#   walk      9        0.5           3.0 s    1 in 20 s   0.3 s
#   still     16       0.25          5.0 s    none
#   train     8        1.0           0.6 s    1 in 5 s    0.5 s
#
# Rates stay within 0.2 and 60 Mbit/s. The generator of random numbers is its own
# (Park and Miller, CACM 1988), since those of awks differ.

function uniform()
{
	seed = (seed * 16807) % 2147483647
	return seed / 2147483647
}

function normal()
{
	return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform())
}

BEGIN {
	split("drive 12 0.8 1.0 8 0.3 walk 9 0.5 3.0 20 0.3 " \
	      "still 16 0.25 5.0 0 0.1 train 8 1.0 0.6 5 0.5", p, " ")
	for (i = 1; i in p && p[i] != profile; i += 6)
		;
	if (!(i in p)) {
		print "cell.awk: no profile \"" profile "\"" >"/dev/stderr"
		exit 1
	}
	median = p[i + 1]; sigma = p[i + 2]; memory = p[i + 3]
	every = p[i + 4]; lasts = p[i + 5]
	seed = (seed * 7919 + 12345) % 2147483646 + 1
	for (i = 0; i < 10; i++)
		uniform()
	a = exp(-0.1 / memory)
	x = normal()
	for (ms = 0; ms < seconds * 1000; ms += 100) {
		x = a * x + sqrt(1 - a * a) * normal()
		if (out)
			out = uniform() > 0.1 / lasts
		else
			out = every && uniform() < 0.1 / every
		rate = out ? 0.2 : median * exp(sigma * x)
		rate = rate < 0.2 ? 0.2 : rate > 60 ? 60 : rate
		printf "%d %.3f\n", ms, rate
	}
}
