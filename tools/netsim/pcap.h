/* SPDX-License-Identifier: GPL-2.0-only */
/* Captures: what left and reached one interface, by virtual time in ns. */
#ifndef NETSIM_PCAP_H
#define NETSIM_PCAP_H

#include <stddef.h>
#include <stdint.h>

struct ns_pcap;

/* A new file with at most snaplen bytes of a frame. NULL: errno, not printed. */
struct ns_pcap *ns_pcap_create(const char *file, uint32_t snaplen);
void ns_pcap_frame(struct ns_pcap *p, uint64_t t_ns, const void *frame, size_t len);
/* 0, or -errno when something could not be written. */
int ns_pcap_close(struct ns_pcap *p);

/* One frame of a file that is read; data is valid until the next. */
struct ns_pcap_record {
	uint64_t t_ns;
	uint32_t len, caplen;
	const uint8_t *data;
};

struct ns_pcap_reader;

/* NULL: no capture, with the error printed. */
struct ns_pcap_reader *ns_pcap_open(const char *file);
/* 1, 0 at the end, or -EIO with the error printed. */
int ns_pcap_next(struct ns_pcap_reader *r, struct ns_pcap_record *record);
void ns_pcap_reader_free(struct ns_pcap_reader *r);

#endif
