#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # what the tests use
#
# Shared by gqctl's tests: private network namespaces, results in KTAP.
#
# Each test lists its expectations, calls gqctl_init TOOL... and ktap_set_plan,
# then "check" for each expectation, and ends with ktap_finished. Only in virtual
# time are upper bounds of delays asserted.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$here/netns.sh"

A=gqctla-$$ R=gqctlr-$$ B=gqctlb-$$

gqctl_init()
{
	needs root gqctl nft jq ip "$@"
	add_netns "$A" "$R" "$B"
	at "$A" nft list tables >"$tmp/err" 2>&1 ||
		skip "the kernel has no nf_tables: $(head -n 1 "$tmp/err")"
}
