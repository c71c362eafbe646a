# SPDX-License-Identifier: GPL-2.0
# What tools share. A tool's Makefile says TOP, OUT and LIB, the names of the parts
# that it uses, includes this, and links $(LIB_OBJS). A part is a .c and a .h here, or
# only a .h (le.h: numbers in messages and files):
#
#   args    the arguments of a program that is to be run
#   file    a whole file in memory
#   pid1    for the first process of a guest: its words, its root
#   sandbox where a guest runs; needs args
#   units   numbers with units: 10ms, 100Mbit, 0.1%
#   yml     YAML with the lines of errors; needs units, and -lcyaml -lyaml
# The files of dependencies that make reads below begin with other goals.
.DEFAULT_GOAL := all
LIBDIR := $(TOP)/tools/lib
LIB_OBJS := $(LIB:%=$(OUT)/lib/%.o)
override CFLAGS += -D_GNU_SOURCE -I$(LIBDIR)

$(OUT)/lib/%.o: $(LIBDIR)/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

-include $(wildcard $(OUT)/lib/*.d)
