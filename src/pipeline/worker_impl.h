/*
 * worker_impl.h - the worker's state, and what worker.c (jobs and the loop), worker_model.c,
 * worker_run.c, worker_show.c (pictures), worker_beside.c (what is no run's) and worker_attention.c
 * do with it.  Everything belongs to the worker's thread.
 */
#pragma once

#include "pipeline/worker.h"

/* Of a picture: given to the decoder for this step; at the end also as it is; not computed any
 * more. */
enum { LT_WORKER_SHOWN = 1, LT_WORKER_PLAIN = 2, LT_WORKER_DROPPED = 4 };

/* The picture that the engine is at: of the run, or one that was asked for.  There is one at a
 * time. */
typedef struct lt_worker_decoder {
    bool busy;
    bool of_run;
    bool beside;           /* it is made beside other work; tiles are not */
    bool silent;           /* its run is over: nobody waits for it */
    lt_job picture;        /* of one that was asked for with its latents */
    lt_image *made;        /* owned: it is there, and held back; NULL: it is not */
    double since, seconds; /* when it was begun; that it took */
} lt_worker_decoder;

/* What only the worker touches. */
typedef struct lt_worker {
    lt_shared *s;
    lt_engine *engine; /* owned */
    lt_params opened;  /* owned: what names the model that is open */
    lt_params *params; /* owned: of the run */
    lt_film *parent;   /* owned: what the run goes on from, or NULL */
    lt_run *run;       /* owned */
    uint64_t id;
    int step; /* frames after the first that exist */
    bool hold, quit;
    int credit; /* steps to take though held */
    lt_lens watched;
    int chosen;              /* of several pictures the first to be decoded */
    unsigned char *state;    /* owned [images]: LT_WORKER_SHOWN and the others */
    bool showing, last;      /* pictures of this step are still to be made; it is the last step */
    int passed, passed_from; /* steps whose pictures newer ones took the place of, the first */
    double attend;           /* seconds to wait for a picture to be seen */
    double stepped;          /* when the newest step was taken */
    double unseen;           /* when the newest picture was sent; 0: it was seen */
    int sent;                /* of which step it is */
    lt_worker_decoder decoder;
    double share, stepping, decoding; /* the budget, and seconds spent so far */
    lt_job wanted;                    /* a picture; no latents: none */
    char *text;                       /* owned: to be encoded; NULL: none */
    lt_job beside;                    /* ENCODE or PREDICT; id 0: none */
    bool attends;                     /* steps are taken with their attention */
    lt_job wanted_attention;          /* no latents: none */
    float *shown;                     /* owned: of the run's size */
    size_t shown_count;
} lt_worker;

/* ---- worker.c ---- */
void lt_worker_send(lt_worker *w, lt_event e);
void lt_worker_say(lt_worker *w, lt_event_kind kind, const char *text);
void lt_worker_tell(lt_worker *w, lt_event_kind kind); /* of the run and its step */
void lt_worker_at(lt_worker *w, lt_activity what);
/* Seconds that somebody who asked for attention may still be waited for, from `since` on; 0: not
 * any longer, or since is 0. */
double lt_worker_patience(const lt_worker *w, double since);

/* ---- worker_model.c ---- */
/* Both name the same model, opened in the same way. */
bool lt_worker_same_model(const lt_params *a, const lt_params *b);
/* Opens what p names unless it is open. */
bool lt_worker_open(lt_worker *w, const lt_params *p, lt_error *err) LT_WARN_UNUSED;
void lt_worker_close(lt_worker *w);

/* ---- worker_run.c ---- */
typedef bool lt_worker_part(lt_worker *w, lt_error *err);
/* Does a part of the run; if that fails, lt_worker_fail. */
void lt_worker_go_on(lt_worker *w, lt_worker_part *part);
/* What follows a fault of the run: a retry, or its end. */
void lt_worker_fail(lt_worker *w, lt_worker_part *part, lt_error *err);
/* A part: the next step, and what is shown of it. */
bool lt_worker_step(lt_worker *w, lt_error *err) LT_WARN_UNUSED;
/* Begins what j says in place of the run, and takes what j owns. */
void lt_worker_start(lt_worker *w, lt_job *j);
void lt_worker_stop(lt_worker *w); /* without one: nothing */
/* Goes on without one of the run's pictures; without the last one it is over. */
void lt_worker_drop_image(lt_worker *w, const lt_job *j);
void lt_worker_drop_run(lt_worker *w); /* and says nothing */

/* ---- worker_text.c ---- */
/* Encodes w->text.  If that is cancelled it stays wanted: that was meant for the run. */
void lt_worker_encode_text(lt_worker *w);

/* ---- worker_show.c ---- */
/* Begins with the pictures of the step that was taken; last: of the run.  What is left of those
 * before it is passed over. */
bool lt_worker_show(lt_worker *w, bool last, lt_error *err) LT_WARN_UNUSED;
/* Gives the decoder, which is free, the next picture of the step. */
bool lt_worker_show_next(lt_worker *w, lt_error *err) LT_WARN_UNUSED;
/* Every picture is to be decoded, again if it was. */
void lt_worker_show_again(lt_worker *w);
/* Gives the decoder, which is free, the picture that was asked for.  One that is cancelled stays
 * wanted: that was meant for the run. */
void lt_worker_show_wanted(lt_worker *w);
/* Sends what the decoder has finished. */
bool lt_worker_show_finished(lt_worker *w, lt_error *err) LT_WARN_UNUSED;
/* The picture that the decoder is at is nobody's any more. */
void lt_worker_silence(lt_worker *w);
/* The engine is about to close: what was asked for is wanted again. */
void lt_worker_decoder_drop(lt_worker *w);
/* The picture to decode next, the chosen one first; -1: none is left. */
int lt_worker_next_image(const lt_worker *w);
/* Nothing is left of the step, if that is so. */
void lt_worker_shown_all(lt_worker *w);

/* ---- worker_beside.c ---- */
/* Takes a job over that is no run's, in place of the one that waits. */
void lt_worker_beside_take(lt_worker *w, lt_job *j);
/* Does it.  One that is cancelled by a job for the run stays. */
void lt_worker_beside(lt_worker *w);

/* ---- worker_attention.c ---- */
/* Where attention does not fit, a note says so, and w->attends is off. */
/* lt_run_begin, with attention where it is wanted. */
bool lt_worker_begin_attending(lt_worker *w, lt_run_options *o, lt_error *err) LT_WARN_UNUSED;
/* The run takes its next step with attention, or without. */
bool lt_worker_attend(lt_worker *w, lt_error *err) LT_WARN_UNUSED;
/* The attention of the step that was taken, of every picture that is not dropped. */
void lt_worker_send_attention(lt_worker *w);
/* The attention that was asked for.  What cancels it is in the queue: it stays, or is replaced. */
void lt_worker_attention_wanted(lt_worker *w);
