# SPDX-License-Identifier: GPL-2.0-only
#
# What scripts/antelope/guest printed (jq -n -f), as lines of CSV: one of all
# connections, one of the first of each lane.
# Variables: seed.

# Jain's index of a list
def jain: (add * add) / (length * (map(. * .) | add));

# What connections achieved of a capacity; $s is the line of the scenario
def run($s; $capacity; $flows; $mean; $p50; $p95):
	($flows | map(.goodput_bps) | add / length * $s.lanes) as $bps |
	($bps / $capacity) as $share |
	(($flows | map(.again) | add) / ([$flows | map(.sent) | add, 1] | max)) as $loss |
	(if $s.lanes < 2 then "" else
		$flows | group_by(.flow) | map(map(.goodput_bps) | jain) | add / length end) as $jain |
	($s.rtt_us / ([$mean, $s.rtt_us] | max)) as $quick |
	[ $bps / 1e6, $share, $p50 / 1000, $p95 / 1000, $mean / 1000, 1 / $quick, $loss,
	  $jain, $share * (1 - $loss), $share * ($quick | sqrt) * (1 - $loss) ];

[inputs] | map(select(.scenario))[0] as $s | map(select(.lane == "all"))[0] as $all |
map(select(.flow != null)) as $flows | ($flows | map(select(.flow == 0))) as $first |
($first | map(select(.samples > 0))) as $seen |
( ["all"] + run($s; $s.capacity_bps; $flows; $all.mean_us; $all.p50_us; $all.p95_us),
  ["first"] + run($s; $s.first_bps; $first; ($seen | map(.mean_us) | add / length);
	($seen | map(.p50_us) | add / length); ($seen | map(.p95_us) | add / length)) ) |
[$s.scenario, $s.arm, $seed] + . | @csv | gsub("\""; "")
