/*
 * worker.h - what a session's two sides share, and the loop of its thread; session.h is the manual.
 */
#pragma once

#include "base/queue.h"
#include "pipeline/session.h"

typedef enum lt_job_kind {
    LT_JOB_LOAD,
    LT_JOB_RUN,
    LT_JOB_HOLD,
    LT_JOB_GO,
    LT_JOB_STEP,
    LT_JOB_STOP,
    LT_JOB_WATCH,
    LT_JOB_BUDGET,
    LT_JOB_ATTEND,
    LT_JOB_SEEN,
    LT_JOB_CHOOSE,
    LT_JOB_DROP,
    LT_JOB_DECODE,
    LT_JOB_TEXT,
    LT_JOB_ENCODE,
    LT_JOB_PREDICT,
    LT_JOB_LEAVE,
    LT_JOB_ATTEND_WORDS,
    LT_JOB_ATTENTION,
    LT_JOB_QUIT,
} lt_job_kind;

typedef struct lt_job {
    lt_job_kind kind;
    uint64_t id;
    bool hold;
    lt_params *params; /* owned */
    lt_film *parent;   /* RUN, owned: to go on from its last frame; NULL: from the noise */
    int step, image;
    lt_lens lens;
    double share;
    float *latents; /* owned [channels,h,w]; ATTENTION: what the UNet is given */
    float timestep; /* ATTENTION */
    int channels, h, w;
    char *text;        /* owned: TEXT, PREDICT, ATTENTION: a prompt */
    char *path;        /* ENCODE, owned: a file; NULL: the picture */
    lt_image *picture; /* ENCODE, owned */
    double abar;       /* PREDICT: of timestep `step` */
    bool tiled;        /* DECODE, PREDICT: the VAE works in tiles */
} lt_job;

typedef struct lt_shared {
    const lt_backend_ops *const *backends; /* borrowed */
    lt_queue *jobs, *events;               /* owned by the session */
    lt_progress progress;                  /* of the run, and of pictures of it */
    atomic_int stops;                      /* jobs in the queue that cancel what is before them */
    lt_progress beside;                    /* of what is no run's: ENCODE, PREDICT */
    atomic_int turns;                      /* jobs in the queue that cancel that */
    lt_progress attention;                 /* of ATTENTION */
    atomic_int looks;                      /* jobs in the queue that cancel that */
    atomic_int activity;                   /* an lt_activity */
} lt_shared;

/* True for jobs that are put with the cancel flag set, which is meant for what comes before them.
 */
bool lt_job_cancels(const lt_job *j);
/* The same for what is no run's: the newest of these is all that counts. */
bool lt_job_turns(const lt_job *j);
/* And for attention that is asked for. */
bool lt_job_looks(const lt_job *j);
void lt_job_done(lt_job *j);

/* Takes jobs until LT_JOB_QUIT; shared: an lt_shared. */
void *lt_worker_run(void *shared);
