# SPDX-License-Identifier: GPL-2.0
# What the Makefile of a tool includes which is one program of all .c of its folder,
# with a manual page and a completion. It says before
#
#   PROGRAM   the name; the completion is PROGRAM.bash-completion
#   SECTION   of the manual page: 1, or 8 for what goes to sbin
#   LDLIBS    libraries, TOOL_CFLAGS what else to compile with, NEEDS their packages
#
# BUILD and DESTDIR as in the top Makefile.
SRC := $(patsubst %/,%,$(dir $(abspath $(firstword $(MAKEFILE_LIST)))))
TOP := $(abspath $(SRC)/../..)
BUILD ?= $(TOP)/build
OUT := $(BUILD)/tools/$(notdir $(SRC))
CC ?= cc
CFLAGS ?= -O2 -g
PREFIX ?= /usr
SYSCONFDIR ?= $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)
BIN := $(PREFIX)/$(if $(filter 8,$(SECTION)),sbin,bin)
override CFLAGS += -Wall -Wextra -Werror -D_GNU_SOURCE $(TOOL_CFLAGS)
OBJS := $(patsubst $(SRC)/%.c,$(OUT)/%.o,$(wildcard $(SRC)/*.c))

all: $(OUT)/$(PROGRAM)

$(OUT)/$(PROGRAM): $(OBJS)
	$(CC) $(LDFLAGS) -o $@ $(OBJS) $(LDLIBS)

$(OUT)/%.o: $(SRC)/%.c $(wildcard $(SRC)/*.h $(TOP)/include/uapi/linux/*.h)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

install: all
	install -D -m 755 $(OUT)/$(PROGRAM) $(DESTDIR)$(BIN)/$(PROGRAM)
	install -D -m 644 $(TOP)/Documentation/man/$(PROGRAM).$(SECTION) \
		$(DESTDIR)$(PREFIX)/share/man/man$(SECTION)/$(PROGRAM).$(SECTION)
	install -D -m 644 $(SRC)/$(PROGRAM).bash-completion \
		$(DESTDIR)$(SYSCONFDIR)/bash_completion.d/$(PROGRAM)

clean:
	rm -f $(OUT)/$(PROGRAM) $(OBJS)

help:
	@echo 'all      build $(OUT)/$(PROGRAM)$(if $(NEEDS),; needs $(NEEDS))'
	@echo 'install  to $(DESTDIR)$(BIN); other root: DESTDIR='
	@echo 'clean    remove what was built'

.PHONY: all install clean help
