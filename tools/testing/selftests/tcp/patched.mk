# SPDX-License-Identifier: GPL-2.0
# For tests of what patches/6.12 adds to TCP: the kernel's own linux/tcp.h and
# linux/inet_diag.h, since no libc has it, and tcp_lib.o. Comes after tests.mk.
TCP_TESTS := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
PATCHED_HDRS := $(OUTPUT)/include/linux/tcp.h $(OUTPUT)/include/linux/inet_diag.h
PATCHED_FLAGS := -D__user= -I$(OUTPUT)/include -I$(TCP_TESTS) \
		 -idirafter $(KSRC)/include/uapi
$(PATCHED_HDRS): $(OUTPUT)/include/linux/%.h: $(KSRC)/include/uapi/linux/%.h
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@
$(OUTPUT)/tcp_lib.o: $(TCP_TESTS)/tcp_lib.c $(TCP_TESTS)/tcp_lib.h $(PATCHED_HDRS)
	$(CC) $(CFLAGS) $(PATCHED_FLAGS) -c -o $@ $<
