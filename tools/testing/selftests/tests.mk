# SPDX-License-Identifier: GPL-2.0
# What the Makefile of each folder of tests includes, after it has said what its
# tests are: TEST_PROGS, TEST_GEN_PROGS, TEST_FILES and so on, as for the kernel's
# lib.mk, which follows from here. After it come rules of the folder, and CFLAGS.
# What needs TOP or KSRC before is assigned with "=".
#
# The tests run from OUTPUT, where the scripts stand beside the programs. See
# ./Makefile for KSRC and OUTPUT.
SELFTESTS := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
TOP ?= $(abspath $(SELFTESTS)/../../..)
BUILD ?= $(TOP)/build
KSRC ?= $(shell $(TOP)/scripts/kernel source)
OUTPUT ?= $(BUILD)/selftests/$(CURDIR:$(SELFTESTS)/%=%)
export TOP KSRC

ifeq ($(wildcard $(KSRC)/tools/testing/selftests/lib.mk),)
$(error no kernel source at "$(KSRC)"; run "make kernel", or give KSRC=)
endif

TEST_FILES += $(wildcard *_lib.sh lib.sh netns.sh settings config)

# lib.mk then copies the scripts beside the programs and runs them there
building_out_of_srctree := 1
# ... and takes this folder for OUTPUT when it believes to be the first make
MAKELEVEL := 1
export KSELFTEST := $(KSRC)/tools/testing/selftests/kselftest
# The runner looks for settings only below the kernel source.
export kselftest_override_timeout ?= $(shell sed -n 's/^timeout=//p' settings)

include $(KSRC)/tools/testing/selftests/lib.mk

CFLAGS += -O2 -g -Wall -Wextra -Werror -isystem $(selfdir)

all: scripts
$(TEST_GEN_PROGS) $(TEST_GEN_PROGS_EXTENDED) $(TEST_GEN_FILES) scripts: | $(OUTPUT)
$(OUTPUT):
	$(Q)mkdir -p $@
# Already there for a run that may not write; rsync leaves equal files alone.
scripts:
	$(Q)rsync -aqL $(TEST_PROGS) $(TEST_FILES) $(OUTPUT)
.PHONY: scripts
