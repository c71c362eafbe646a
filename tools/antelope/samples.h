/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Logs as samples to learn from, or to look back at: what the flow looked like, what
 * was chosen and how probable that was, and what the next windows earned by it.
 */
#ifndef ANTELOPE_SAMPLES_H
#define ANTELOPE_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>

#include "args.h"
#include "model.h"

/* A mean of fewer samples tells nothing. */
#define SAMPLES_MEASURED	8

/* What a record has to say; CCs by their numbers here. */
struct sample {
	uint64_t cookie;
	uint64_t time_ns;
	uint64_t duration_ns;
	uint32_t run;		/* number of the daemon's run */
	uint32_t flow;		/* number of the flow; counts from 0 */
	uint32_t group;		/* flows of one run to one destination */
	uint32_t window;
	uint32_t bytes;		/* of the window itself, from here to min_rtt_us */
	uint32_t packets;
	uint32_t lost;
	uint32_t mean_rtt_us;
	uint32_t min_rtt_us;	/* of the flow */
	uint8_t why;
	uint8_t cc;
	uint8_t best;
	uint8_t choice;
	uint8_t objective;
	uint8_t flags;
	uint8_t enabled;	/* mask of CCs that could be chosen */
	uint8_t windows;	/* that earned is the mean of; 0: nobody knows */
	bool compared;		/* several CCs were measured at its destination */
	uint32_t file;		/* number of the log */
	float propensity;
	float earned[ANTELOPE_OBJECTIVES];	/* by the choice, logarithms */
	float level[ANTELOPE_OBJECTIVES];	/* mean of its destination, by CCs */
	uint8_t remote[16];
	int32_t x[ANTELOPE_FEATURES];	/* ANTELOPE_F_CC by the number here */
	int32_t score[ANTELOPE_CCS];
};

/* How choices are judged. */
struct judgement {
	uint64_t horizon_ns;	/* by what comes so long after them; 0: by all there */
	double bound;		/* no further from the destination's level, logarithm */
};

struct samples {
	struct sample *s;	/* by run, flow and time */
	size_t n;
	size_t room;
	uint32_t ccs;
	uint32_t files;
	uint32_t runs;
	uint32_t flows;
	uint32_t groups;
	uint64_t cut;		/* files whose last record is not whole */
	uint64_t usable;	/* samples that have earned something */
	char cc[ANTELOPE_CCS][ANTELOPE_CC_NAME];	/* sorted by name */
	struct model_source source[MODEL_SOURCES];
	char model[MODEL_SOURCES][MODEL_DIGEST];	/* that the log was made with */
};

/*
 * Read logs, and judge the choices in them. 0, or -errno
 * and a message in err, which has MODEL_ERR bytes. Free in both cases.
 */
int samples_read(struct samples *all, char * const *path, unsigned int paths,
		 const struct judgement *by, char *err);
void samples_free(struct samples *all);
/* The part of it that fills in what choices have earned. */
int samples_earn(struct samples *all, const struct judgement *by);

/* What a CC has earned at a destination, when samples were judged with a horizon of 0. */
struct worth {
	uint64_t samples;
	float earned[ANTELOPE_OBJECTIVES];
	float above[ANTELOPE_OBJECTIVES];	/* the level */
};

/* By destination * ANTELOPE_CCS + CC; to be freed; NULL without memory. */
struct worth *samples_worth(const struct samples *all);

/* Number of a CC, or ANTELOPE_NO_CC. */
unsigned int samples_cc(const struct samples *all, const char *name);

/* 1 / propensity, but at most clip. */
static inline double sample_weight(const struct sample *s, double clip)
{
	return s->propensity * clip > 1 ? 1 / s->propensity : clip;
}

/* Options of the verbs that read logs, for their tables. */
#define SAMPLES_NONE	"no log is named; antelope run --log FILE makes one"

/* whole: 0 is possible, too. */
static inline struct arg samples_horizon(double *seconds, bool whole)
{
	return (struct arg){ "horizon", 0, ARG_NUMBER, seconds, whole ? 0 : 0.001, 1e6, "SECONDS",
			     whole ? "time after a choice by which it is judged,\n"
			     "if that is four windows; 0: by all that its CC\n"
			     "has earned at the destination, of logs in which\n"
			     "each had its time there" :
			     "time after a choice by which it is judged,\n"
			     "if that is four windows" };
}

static inline struct arg samples_bound(double *bound)
{
	return (struct arg){ "bound", 0, ARG_NUMBER, bound, 0.01, 1e6, "B",
			     "rewards count as no further than that from the\n"
			     "mean of their destination" };
}

#endif
