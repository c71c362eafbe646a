# SPDX-License-Identifier: GPL-2.0-only
#
# From the raw documents of each guest (scripts/demo --guest) to results.json.
# Fails, and says why, if a run is not what it claims to be: another qdisc at
# the root, flows that did not come, packets that the recorder missed.

def mean: if length > 0 then add / length else null end;

# Jain's fairness index: 1 if all are equal, 1/n if one has all.
def jain: if (map(. * .) | add) > 0 then (add * add) / (length * (map(. * .) | add)) else null end;

def root: map(select(.root)) | first;

def demand(ok; what): if ok then . else error(what) end;

def quantile($q):
	sort_by(.[0]) as $bins | ($bins | map(.[1]) | add // 0) as $n
	| reduce $bins[] as $b ({seen: 0, value: null};
		if .value == null and .seen + $b[1] > $q * $n
		then .value = $b[0] else . end | .seen += $b[1])
	| .value;

# The bins of all classes together.
def merged: group_by(.[0]) | map([.[0][0], (map(.[1]) | add)]);

def class($server; $client; $record):
	($server.rate_bps) as $asked
	| ($server.bps | if $asked > 0 then map(. / $asked) else null end) as $ratio
	| { name: $server.name, asked_bps: $asked, flows: $server.flows,
	    achieved_bps: ($server.bps | mean),
	    ratio: ($ratio | if . then { mean: mean, min: min, max: max,
		worst: (max_by((. - 1) | fabs)) } else null end),
	    fairness: ($server.bps | jain),
	    jitter_ns: (if $asked > 0 then $record.deviation_ns else null end),
	    departures: $record.packets,
	    segments: $client.segments, retransmits: $client.retransmits };

def run:
	(.qdisc | split(",")[0]) as $kind
	| (.before | root) as $b | (.after | root) as $a
	| demand($a.kind == $kind; "\(.qdisc): the root qdisc is \($a.kind)")
	| demand(.client.failed == 0; "\(.qdisc): \(.client.failed) flows failed")
	| demand(.server.accepted == $flows; "\(.qdisc): \(.server.accepted) of \($flows) flows came")
	| demand(.record.missed == 0; "\(.qdisc): the recorder missed \(.record.missed) packets")
	# One or two may be armed between the end of tracing and the reading of gq's.
	| demand($a.timer_arms == null or
		($a.timer_arms - $b.timer_arms - .arms.qdisc | . >= 0 and . < 10);
		"\(.qdisc): it armed its timer \(($a.timer_arms // 0) - ($b.timer_arms // 0)) times, the kernel saw \(.arms.qdisc)")
	| . as $r
	| [range(.server.classes | length)
	   | class($r.server.classes[.]; $r.client.classes[.]; $r.record.classes[.])] as $classes
	| ($a.packets - $b.packets) as $packets
	| ([.record.classes[] | select(.rate_bps > 0) | .deviation_bins[]] | merged) as $bins
	| { kind: $a.kind, options: ($a.options // {}), release: .release, classes: $classes,
	    goodput_bps: ([$classes[] | .achieved_bps * .flows] | add),
	    packets: $packets,
	    departures: ([$classes[].departures] | add),
	    jitter_ns: { p50: ($bins | quantile(0.5)), p90: ($bins | quantile(0.9)),
		p99: ($bins | quantile(0.99)) },
	    jitter_bins: $bins,
	    retransmits: ([$classes[].retransmits] | add),
	    timeouts: (.nstat.TcpExtTCPTimeouts // 0),
	    drops: { qdisc: ($a.drops - $b.drops), bottleneck: (.bottleneck | root | .drops) },
	    timer_arms: { qdisc: .arms.qdisc, tcp: .arms.tcp, total: (.arms.qdisc + .arms.tcp),
		per_1000_packets: (1000 * (.arms.qdisc + .arms.tcp) / $packets) },
	    own_statistics: ($a | del(.options, .kind, .handle, .root, .refcnt)) };

{ seed: $seed, flows: $flows, duration_s: $duration, warmup_s: $warmup, spread_s: $spread,
  bottleneck: { bps: $bottleneck_bps, delay_ms: $delay_ms },
  qdiscs: (map({ key: .qdisc, value: run }) | from_entries) }
