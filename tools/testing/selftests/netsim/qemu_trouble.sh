#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A node that is a QEMU, in trouble.
#
# 1. a panic is named, with its words
# 2. a missing kernel, QEMU or program: the error says what to do
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/netsim_lib.sh"
needs jq=jq
needs_qemu
ktap_set_plan 2

cat >"$tmp/pair.conf" <<'EOT'
nodes:
  - name: a
    backend: qemu
    commands:
      - run: echo c > /proc/sysrq-trigger
  - name: b
links:
  - nodes: [a, b]
    latency: 10ms
EOT

panic()
{
	run panic <"$tmp/pair.conf"
	is "$status" 1 && grep -q 'node a died.*Kernel panic - not syncing: sysrq' "$tmp/err"
}

absent()
{
	NETSIM_KERNEL_X86_64=/no/such run absent <"$tmp/pair.conf"
	is "$status" 1 && grep -q 'scripts/kernel --arch x86_64 build\|check the name' "$tmp/err" || return 1
	NETSIM_QEMU=/no/such run absent <"$tmp/pair.conf"
	is "$status" 1 && grep -q '/no/such.*install.*qemu-system-x86' "$tmp/err" || return 1
	NETSIM_QEMU=/bin/true run absent <"$tmp/pair.conf"
	is "$status" 1 && grep -q 'true does not export .*scripts/qemu-backports' "$tmp/err" || return 1
	run absent < <(sed '0,/backend:/s//programs: [no-such-program]\n    backend:/' "$tmp/pair.conf")
	is "$status" 1 && grep -q "node a: .*'no-such-program'.*install it" "$tmp/err"
}

check "a panic is named" panic
check "what is missing is named" absent
ktap_finished
