# SPDX-License-Identifier: GPL-2.0
#
# netsteer. "make" alone lists the targets. Every step is a script below
# scripts/ or a Makefile of its folder, and works alone as well.

VERSION	:= 0.1.0
BUILD	:= $(CURDIR)/build
PREFIX	?= /usr
DESTDIR	?=
KDIR	?= /lib/modules/$(shell uname -r)/build
V	?= 0
export V

# Folders with a userspace program each.
TOOLS	:= tools/tc tools/flowgen
TOOLS	+= tools/gqctl
TOOLS	+= tools/bft
TOOLS	+= tools/netsim
TOOLS	+= tools/antelope

# The lab's kernel: um is an ordinary process, x86_64 runs in QEMU.
ARCH	?= um
LAB	:= --arch $(ARCH)$(if $(DEBUG), --debug)

# One folder of built modules for each kernel, so that the sources stay clean.
MODDIR	= $(BUILD)/modules/$(shell scripts/modules --id $(KDIR) 2>/dev/null)

ifneq ($(KSRC),)
export NETSTEER_KSRC := $(KSRC)
endif

Q	:= $(if $(filter 1,$(V)),,@)

.PHONY: help
help:
	@sed -nE 's/^##( |$$)//p' $(firstword $(MAKEFILE_LIST))

## netsteer: steer every flow on Linux, and prove it in a virtual-time lab
##
##   make demo            install what is needed, build, run real TCP through
##                        gq, fq and pfifo_fast; a table and a figure
##   make check           all tests, same preparation
##
## Targets
##   deps                 install Debian's packages that the rest needs
##   kernel               build the lab's kernel [ARCH=um|x86_64 DEBUG=1]
##   lab                  kernel, modules, tools and selftests for the lab
##   modules              build the modules [KDIR=...  M=net/sched]
##   tools                build tc's plugin and the programs
##   samples              build the BPF samples
##   selftests            build the kselftests [KSRC=...]
##   bench-gq             what a packet costs in gq, fq and others, in three
##                        ways: their operations alone, pktgen, 20000 TCP flows
##   bench-bracha         what a broadcast takes, measured and by analysis
##   bench-netsim         netsim: speed, memory and error, beside their goals
##   bench-antelope       antelope against fixed congestion controls, by path
##   bench-tcp-handoff    changes of congestion control, with a hand-over and without
##   check-debug          the gq tests under KASAN, kmemleak and lockdep
##   style                checkpatch --strict, sparse, shellcheck, mandoc, and whether
##                        what the documentation names is there
##   install              install modules, tools, manual pages [DESTDIR=]
##   install-tools        the same without the modules
##   install-modules      the modules alone
##   dkms-install         let DKMS build the modules for every kernel
##   clean                remove build/ (the kernels' cache stays:
##                        scripts/kernel clean removes that)
##
## Variables
##   KDIR=DIR             kernel to build modules for: a build tree or a
##                        headers package of 6.12 [the running kernel's]
##   KSRC=DIR             kernel source for selftests and style
##                        [Debian's linux-source-6.12, patched, in the cache]
##   M=DIR                build only the modules below DIR
##   V=1                  show the commands
##   DESTDIR=DIR          install below DIR

.PHONY: deps
deps:
	$(Q)scripts/deps

.PHONY: kernel
kernel: deps
	$(Q)scripts/kernel $(LAB) build

.PHONY: lab
lab: deps
	$(Q)scripts/stage $(LAB)

.PHONY: modules
modules:
	$(Q)scripts/modules $(if $(M),--sub $(M)) $(KDIR) $(MODDIR)

.PHONY: tools $(TOOLS) scripts/lab
tools: $(TOOLS) scripts/lab
$(TOOLS) scripts/lab:
	$(Q)$(MAKE) --no-print-directory -C $@ BUILD=$(BUILD)

.PHONY: samples
samples:
	$(Q)$(MAKE) --no-print-directory -C samples/bpf BUILD=$(BUILD)

.PHONY: selftests
selftests:
	$(Q)$(MAKE) --no-print-directory -C tools/testing/selftests all

.PHONY: demo
demo: lab
	$(Q)scripts/demo

.PHONY: bench-gq
bench-gq: lab
	$(Q)scripts/bench-gq
	$(Q)scripts/bench-gq-pktgen
	$(Q)scripts/bench-gq-tcp

.PHONY: bench-netsim
bench-netsim: lab
	$(Q)scripts/bench-netsim

.PHONY: bench-antelope
bench-antelope: lab
	$(Q)scripts/bench-antelope

.PHONY: bench-tcp-handoff
bench-tcp-handoff: lab
	$(Q)scripts/bench-tcp-handoff

.PHONY: bench-bracha
bench-bracha: lab
	$(Q)scripts/bench-bracha tools/netsim/examples/delays_9x9_aws.txt

.PHONY: check
check: deps
	$(Q)scripts/check

.PHONY: check-debug
check-debug: deps
	$(Q)scripts/check --debug

.PHONY: style
style:
	$(Q)scripts/style

.PHONY: install install-tools install-modules
install: install-modules install-tools
install-tools: tools
	$(Q)for d in $(TOOLS); do \
		$(MAKE) --no-print-directory -C $$d BUILD=$(BUILD) \
			PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) install || exit 1; \
	done
install-modules: modules
	$(Q)scripts/modules --install "$(DESTDIR)" $(KDIR) $(MODDIR)

.PHONY: dkms-install
dkms-install:
	$(Q)scripts/dkms-install $(VERSION)

.PHONY: clean
clean:
	$(Q)rm -rf $(BUILD)
