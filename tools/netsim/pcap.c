// SPDX-License-Identifier: GPL-2.0-only
/*
 * Captures by libpcap, with times in ns: the classic format has a variant for
 * them, which tcpdump and tshark read. Time 0 is the start of the simulation, so
 * a time in tshark is virtual time. Sent and received frames of an interface are
 * in one file, as tcpdump on it would write; who sent one shows its source.
 */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcap.h"

#define BUFFER		65536
#define SECOND_NS	1000000000

struct ns_pcap {
	pcap_t *pcap;
	pcap_dumper_t *dump;
	FILE *f;		/* of dump, closed by it */
	uint32_t snaplen;
};

struct ns_pcap_reader {
	pcap_t *pcap;
	char *file;
};

struct ns_pcap *ns_pcap_create(const char *file, uint32_t snaplen)
{
	struct ns_pcap *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->snaplen = snaplen;
	p->f = fopen(file, "wxe");
	if (!p->f)
		goto err_free;
	setvbuf(p->f, NULL, _IOFBF, BUFFER);
	errno = ENOMEM;
	p->pcap = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, snaplen,
						       PCAP_TSTAMP_PRECISION_NANO);
	if (!p->pcap)
		goto err_close;
	p->dump = pcap_dump_fopen(p->pcap, p->f);
	if (p->dump)
		return p;
	pcap_close(p->pcap);
err_close:
	fclose(p->f);
err_free:
	free(p);
	return NULL;
}

void ns_pcap_frame(struct ns_pcap *p, uint64_t t_ns, const void *frame, size_t len)
{
	struct pcap_pkthdr h = {
		.ts.tv_sec = t_ns / SECOND_NS, .ts.tv_usec = t_ns % SECOND_NS,
		.caplen = len < p->snaplen ? len : p->snaplen, .len = len,
	};

	pcap_dump((u_char *)p->dump, &h, frame);
}

int ns_pcap_close(struct ns_pcap *p)
{
	int err = 0;

	if (!p)
		return 0;
	errno = 0;
	if (pcap_dump_flush(p->dump) || ferror(p->f))
		err = errno ? -errno : -EIO;
	pcap_dump_close(p->dump);
	pcap_close(p->pcap);
	free(p);
	return err;
}

struct ns_pcap_reader *ns_pcap_open(const char *file)
{
	struct ns_pcap_reader *r = calloc(1, sizeof(*r));
	char err[PCAP_ERRBUF_SIZE] = "no memory";

	if (r)
		r->file = strdup(file);
	if (r && r->file)
		r->pcap = pcap_open_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO,
								  err);
	if (r && r->pcap)
		return r;
	fprintf(stderr, "netsim: %s: no capture: %s; give the folder of a run\n", file, err);
	if (r)
		free(r->file);
	free(r);
	return NULL;
}

int ns_pcap_next(struct ns_pcap_reader *r, struct ns_pcap_record *record)
{
	struct pcap_pkthdr *h;
	int got = pcap_next_ex(r->pcap, &h, &record->data);

	if (got == PCAP_ERROR_BREAK)
		return 0;
	if (got < 0) {
		fprintf(stderr, "netsim: %s: cannot read on: %s; was the run cut short?\n",
			r->file, pcap_geterr(r->pcap));
		return -EIO;
	}
	record->t_ns = (uint64_t)h->ts.tv_sec * SECOND_NS + h->ts.tv_usec;
	record->len = h->len;
	record->caplen = h->caplen;
	return 1;
}

void ns_pcap_reader_free(struct ns_pcap_reader *r)
{
	if (!r)
		return;
	pcap_close(r->pcap);
	free(r->file);
	free(r);
}
