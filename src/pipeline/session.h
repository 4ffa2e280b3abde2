/*
 * session.h - the pipeline on a thread of its own: jobs in, events out.
 *
 * A session owns one worker thread, and the worker owns the backend, the engine and the run.  The
 * caller (the screen's thread) puts jobs, which never block, and takes events, which own what they
 * carry.  The pictures of a run do not depend on what is looked at meanwhile: previews read what
 * the run made and change nothing.  Of a run of several pictures each is decoded after each step,
 * one after another, and jobs are handled in between.
 *
 * Order: jobs are handled in the order they came, between two steps of a run.  Stopping, and asking
 * for another run or model, also cancels what is being computed, within one op.  A picture that is
 * asked for is made before the next step; of several that wait only the newest is.
 *
 * Where the backend makes pictures beside the steps (lt_engine_beside) the run does not wait for
 * them: a step's picture comes after later steps, the newest step takes the place of one whose
 * pictures were not begun, and what is asked for is the next that is begun.  Pictures of a run, and
 * what is told of those that were left out, come in the order of the steps; those of its last step
 * and of one after which it pauses are always made.  Of a run that is over nothing comes any more.
 *
 * Every function belongs to the caller's thread.
 */
#pragma once

#include "image/image.h"
#include "pipeline/encoding.h"
#include "pipeline/film.h"
#include "pipeline/noising.h"

typedef struct lt_session lt_session;

/* Starts the worker.  backends: as in lt_engine_options; must outlive the session. */
bool lt_session_open(const lt_backend_ops *const *backends, lt_session **out,
                     lt_error *err) LT_WARN_UNUSED;
/* Cancels what is being computed, waits for the worker and drops the events that nobody took. */
void lt_session_close(lt_session *s); /* NULL is fine */

/* ---- jobs ---- */

/* Opens the model that p names (unless it is open), so that the first run need not. */
void lt_session_load(lt_session *s, const lt_params *p);

/*
 * Begins a run in place of the one at work, opening its model where needed.  p is copied; it has
 * one picture, or several with own_generators, and passes lt_params_check.  id, not 0, is that of
 * the events; hold: pauses after the noise.
 */
void lt_session_run(lt_session *s, uint64_t id, const lt_params *p, bool hold);
/* The same from frame k of another run on, 1 to parent->done, of which the first frames are copied:
 * with p's prompts, guidance and sampler; both have one picture (lt_film_pick), and steps and size
 * must be the parent's.  The film of
 * LT_EVENT_BEGUN has the parent's frames up to k.  LT_ERR_MEMORY. */
bool lt_session_fork(lt_session *s, uint64_t id, const lt_params *p, const lt_film *parent, int k,
                     bool hold, lt_error *err) LT_WARN_UNUSED;
void lt_session_hold(lt_session *s); /* pauses after the step at work */
void lt_session_go(lt_session *s);
void lt_session_step(lt_session *s); /* takes one step of a paused run */
void lt_session_stop(lt_session *s); /* gives the run up, where it is */

/* The picture of a run of several that is decoded first after each step; 0 at first. */
void lt_session_choose(lt_session *s, int image);
/* Goes on without one picture of run id, if that is at work: LT_EVENT_DROPPED says after which
 * step; of the last one it is lt_session_stop. */
void lt_session_drop(lt_session *s, uint64_t id, int image);

/* What is decoded after each step of a run; LT_LENS_LATENTS at first. */
void lt_session_watch(lt_session *s, lt_lens lens);
/* The share of a run's time that may go into decoding steps: 0 nothing but the pictures of the
 * first and the last, 1 (the default) all.  A step of several pictures may get some of them. */
void lt_session_budget(lt_session *s, double share);

/*
 * After a picture of a run the worker waits, at most so long, until it was said to be on the screen
 * before it begins the next step: so a screen that can take every picture gets every one, however
 * fast the steps are.  0, the default: it does not wait.  Pictures beside the steps: it waits
 * before it sends that of another step, and after a step before it begins one that would take its
 * place.
 */
void lt_session_attend(lt_session *s, double seconds);
void lt_session_seen(lt_session *s); /* all pictures so far are there, or will not be */

/* Makes one picture: latents [C,h,w] as lt_film_lens gives them for that image, copied.  Of
 * requests that wait, the newest is made and the others are dropped without an event; without a
 * model that is open it is LT_EVENT_FAILED. */
void lt_session_decode(lt_session *s, uint64_t id, int step, int image, lt_lens lens,
                       const float *latents, int channels, int h, int w);

/* Encodes a prompt with the model that is open, between two steps of a run: LT_EVENT_TEXT.  Of
 * requests that wait, the newest is done and the others are dropped without an event. */
void lt_session_encode_text(lt_session *s, const char *text);
/* From the next step on of any run, each comes with an LT_EVENT_ATTENTION of every picture, before
 * the step's own picture; the steps' numbers stay the same bytes.  Where that does not fit in
 * memory an LT_EVENT_NOTE says so, and it is off. */
void lt_session_attend_words(lt_session *s, bool on);
/*
 * The attention of one picture of frame k of a film, 1 to f->done: the UNet's conditional pass from
 * the latents before it, with the prompt that the step had (of a fork's first frames, the
 * parent's).  The film is read, not kept; its model must be open, as for lt_session_decode.  Of
 * requests the newest alone counts, and cancels the one before it within an op, without an event.
 */
void lt_session_attention(lt_session *s, uint64_t id, const lt_film *f, int k, int image,
                          const char *prompt);

/*
 * What is no run's, made between two steps; of these the newest counts alone, and cancels the one
 * before it within an op, without an event.  They use the model that is open, whatever p says of
 * one, or open p's where none is.  id, not 0, is that of their events; what fails is
 * LT_EVENT_FAILED with it.
 */
/* A PNG file, or a picture, of which a reference is kept, where path is NULL, through the
 * autoencoder (lt_encode_picture; p->size is `given`): LT_EVENT_ENCODED. */
void lt_session_encode_picture(lt_session *s, uint64_t id, const lt_params *p, const char *path,
                               lt_image *picture);
/* x_t decoded: LT_EVENT_NOISED; then lt_predict_noise with its x0 decoded: LT_EVENT_PREDICTED.
 * Everything is copied. */
void lt_session_predict(lt_session *s, uint64_t id, const lt_params *p, const lt_noise_call *call);
/* None of them is wanted any more. */
void lt_session_leave(lt_session *s);

/* Whether what is asked for from now on goes through the VAE in tiles, as lt_film.tiled says of a
 * run's pictures, and lt_encoded.tiled of those of its latents; at first it does not.  What
 * lt_session_encode_picture asks for goes as its settings say. */
void lt_session_tile(lt_session *s, bool on);

/* ---- events ---- */

typedef enum lt_event_kind {
    LT_EVENT_LOADING,   /* a model is being opened; text: its name */
    LT_EVENT_LOADED,    /* it is open */
    LT_EVENT_NOTE,      /* text: something to be said, such as a retry in another type */
    LT_EVENT_BEGUN,     /* film; again if a run starts anew in f32 */
    LT_EVENT_STEP,      /* step, taken */
    LT_EVENT_PICTURE,   /* picture of step, image and lens */
    LT_EVENT_ATTENTION, /* attention of step and image */
    LT_EVENT_SKIPPED,   /* pictures of step were left out: for the budget, or for a newer step */
    LT_EVENT_DROPPED,   /* image ends after step; the others go on */
    LT_EVENT_PAUSED,    /* the run waits after step */
    LT_EVENT_DONE,      /* after the last picture */
    LT_EVENT_STOPPED,   /* given up after step */
    LT_EVENT_TEXT,      /* encoding; or, with text, the error that was met */
    LT_EVENT_FAILED,    /* error; id 0: of loading, of a single picture, or of its attention */
    LT_EVENT_ENCODED,   /* encoded: a picture */
    LT_EVENT_NOISED,    /* picture: x_t of timestep `step` */
    LT_EVENT_PREDICTED, /* predicted, with its picture */
} lt_event_kind;

/* What became known of a model. */
typedef struct lt_model_facts {
    char *name, *backend;    /* owned */
    const char *dtype;       /* a constant */
    char hash[20];           /* lt_engine_info.hash */
    lt_tokenizer *tokenizer; /* owned: one of the caller's, for counting while typing */
    int side;                /* default pixels */
    int factor;              /* the VAE's */
    double scaling_factor;   /* likewise */
    int text_width;          /* numbers of a token that the UNet reads */
    int steps;               /* the model's advice, as is the rest */
    double guidance_scale;
    char sampler[32];
    double seconds; /* that opening took */
} lt_model_facts;

typedef struct lt_event {
    lt_event_kind kind;
    uint64_t id;
    int step, image;
    lt_lens lens;
    double seconds;               /* PICTURE: that decoding took, until the worker saw it */
    bool beside;                  /* PICTURE: made beside the steps of whatever runs */
    char *text;                   /* owned */
    lt_film *film;                /* owned */
    lt_film_step taken;           /* owned */
    lt_image *picture;            /* owned */
    lt_model_facts *model;        /* owned */
    lt_attention_maps *attention; /* owned */
    lt_encoding *encoding;        /* owned */
    lt_encoded *encoded;          /* owned */
    lt_predicted *predicted;      /* owned */
    lt_error error;
} lt_event;

/* For poll: readable while there are events. */
int lt_session_fd(const lt_session *s);
/* The next event, which the caller then owns; false if there is none. */
bool lt_session_poll(lt_session *s, lt_event *out);
/* Releases what an event still carries; take something by setting it to NULL. */
void lt_event_done(lt_event *e);
void lt_model_facts_free(lt_model_facts *m); /* NULL is fine */

/* ---- at any moment ---- */

/* What the worker is at, for a progress line: read without a lock. */
typedef enum lt_activity {
    LT_IDLE,
    LT_AT_LOADING,
    LT_AT_TEXT,
    LT_AT_COMPILING,
    LT_AT_STEP,
    LT_AT_PICTURE,
    LT_AT_ENCODING,
    LT_AT_PREDICTING, /* noise, of no run */
    LT_AT_ATTENTION,
} lt_activity;
typedef struct lt_activity_now {
    lt_activity what;
    int done, total; /* nodes of the program at work */
} lt_activity_now;
lt_activity_now lt_session_now(const lt_session *s);
