/*
 * reel.h - the runs of a session as the screen keeps them: each a film with the pictures that were
 * decoded of it.  Fed with the session's events; nothing here draws.  A run may be of several
 * pictures at once, its images, which count from 0.
 */
#pragma once

#include "pipeline/session.h"

typedef enum lt_reel_state {
    LT_REEL_QUEUED,  /* its turn has not come */
    LT_REEL_WAITING, /* loading, encoding: there is no film yet */
    LT_REEL_RUNNING,
    LT_REEL_PAUSED,
    LT_REEL_DONE,
    LT_REEL_STOPPED,
    LT_REEL_FAILED,
} lt_reel_state;

const char *lt_reel_state_name(lt_reel_state state); /* "queued", "run", ... */

enum { LT_REEL_LENSES = LT_LENSES };

/* One of the pictures that a run makes at once. */
typedef struct lt_reel_image {
    bool starred;
    bool dropped;
    int last; /* dropped: its newest frame */
} lt_reel_image;

typedef struct lt_reel {
    uint64_t id;
    lt_reel_state state;
    lt_film *film;                      /* owned; NULL while waiting */
    lt_reel_image *image;               /* owned [film->images]; NULL while waiting */
    lt_image **picture[LT_REEL_LENSES]; /* owned [steps + 1, images]; NULL where not decoded */
    lt_attention_maps **attention; /* owned [steps + 1, images]; NULL where not seen, or for long */
    int skipped;                   /* pictures left out, for the budget or the terminal */
    double step_seconds, picture_seconds; /* the newest */
    bool beside;                          /* pictures are made beside the steps */
    char *prompt;                         /* owned: for the list of runs */
    uint64_t parent;                      /* the run that it goes on from; 0: none */
    int parent_image, forked;             /* from which image of it, at which frame; 0: its noise */
    uint64_t origin;                      /* the run that it was picked from; 0: none */
    int origin_image;                     /* which image of it */
    uint64_t ticket;                      /* of the history's writer; 0: none */
    int64_t stored;                       /* its id in the history; 0: not there, or not yet */
    int64_t adopts;                       /* an interrupted run of the history that it goes on */
    bool lost;                            /* the history does not have all of it */
    bool starred;                         /* it, or an image of it */
    lt_params *queued;                    /* owned: of one that is QUEUED */
    double thumbnail_at;                  /* when its small picture was last put there */
    lt_error error;                       /* FAILED */
} lt_reel;

typedef struct lt_reels {
    lt_reel **all; /* owned, oldest first */
    int count;
} lt_reels;

void lt_reels_done(lt_reels *r);
/* A run that was asked for. */
lt_reel *lt_reels_add(lt_reels *r, uint64_t id, const char *prompt);
/* Takes it off the list and frees it. */
void lt_reels_drop(lt_reels *r, lt_reel *which);
lt_reel *lt_reels_find(const lt_reels *r, uint64_t id); /* NULL if there is none */
/* The run that made a frame of another: that one itself, or what it was forked from; NULL: it is
 * not open. */
lt_reel *lt_reels_maker(const lt_reels *r, uint64_t id, int frame);
/* One that comes from the history; takes the film over. */
lt_reel *lt_reels_reopen(lt_reels *r, uint64_t id, lt_film *film, lt_reel_state state,
                         int64_t stored);
lt_reel *lt_reels_stored(const lt_reels *r, int64_t stored); /* NULL if it is not open */

/* One image of a run that is over becomes a run of its own, with what was decoded of it.
 * LT_ERR_MEMORY. */
bool lt_reels_pick(lt_reels *r, const lt_reel *from, int image, uint64_t id, lt_reel **out,
                   lt_error *err) LT_WARN_UNUSED;

/* The run of the history that an image is of: this one, or what it was picked from, if that is
 * open; *image becomes the place there. */
lt_reel *lt_reels_origin(const lt_reels *r, lt_reel *which, int *image);
/* A run with a starred image is starred, one without a star has none on its images, and of a run
 * of one image it is the same star.  Other copies of it have the same ones. */
void lt_reels_star(lt_reels *r, lt_reel *which, bool starred);
void lt_reels_star_image(lt_reels *r, lt_reel *which, int image, bool starred);

/* Takes what the event carries for a run; returns that run, NULL if it is of none. */
lt_reel *lt_reels_event(lt_reels *r, lt_event *e);

/* Frames that exist: 0 without a film, else steps taken + 1. */
int lt_reel_frames(const lt_reel *r);
/* Frames times images, and where one of them is, for arrays [steps + 1, images]; it has a film. */
size_t lt_reel_places(const lt_reel *r);
size_t lt_reel_place(const lt_reel *r, int k, int image);
/* The newest frame of an image, which may have been dropped; -1 without a film. */
int lt_reel_last(const lt_reel *r, int image);
lt_image *lt_reel_picture(const lt_reel *r, int k, int image, lt_lens lens); /* borrowed, or NULL */
/* What frame 0 shows through any lens is its latents. */
lt_lens lt_reel_lens(int k, lt_lens lens);
/* Of a step with its pictures. */
double lt_reel_seconds(const lt_reel *r);
/* "it/s" of the run so far: steps a second with their pictures; 0: not known. */
double lt_reel_rate(const lt_reel *r);
bool lt_reel_at_work(const lt_reel *r);

/* Drops pictures of other runs than `keep`, oldest first, until at most `bytes` are held. */
void lt_reels_trim(lt_reels *r, const lt_reel *keep, size_t bytes);

/* ---- reel_attention.c ---- */
/* Of a step and one of its images; borrowed until the next take, drop or trim, NULL: not there. */
const lt_attention_maps *lt_reel_attention(const lt_reel *r, int k, int image);
void lt_reel_attention_take(lt_reel *r, lt_event *e); /* of LT_EVENT_ATTENTION */
void lt_reel_attention_drop(lt_reel *r);
/* Frees that of other runs than `keep`, oldest first, and then of keep's steps those that are
 * furthest from `step`, until at most `bytes` are held; what is freed can be asked for again. */
void lt_reels_attention_trim(lt_reels *r, lt_reel *keep, int step, size_t bytes);
