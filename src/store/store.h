/*
 * store.h - the history of runs: what was asked for, and every step's numbers, in one SQLite file.
 *
 * The file is $XDG_DATA_HOME/latentty/history.db with mode 0600, in directories of 0700 where they
 * are new.  Beside it lie SQLite's -wal and -shm, a -lock and one -live-* for each program that has
 * it open (live.h).  Nothing here fails the caller's run: where the history cannot be used, a note
 * says why, and every function then fails with that reason or finds nothing.
 *
 * What is kept when something goes wrong.  Each function that writes is one transaction.  What
 * it returned true for survives the death of the program by any signal.  The journal is a WAL with
 * synchronous=NORMAL: a step costs no wait for the disk, and a power cut can take the
 * transactions since the last checkpoint (4 MB, a dozen steps of 512x512), never more and never the
 * file.  FULL would save those too, for one fsync a step; they can be computed again.
 *
 * A damaged file is renamed to <name>.damaged-<time>, with its -wal, and a new one is made: when it
 * is opened, or, if damage was met later, when it is closed.  It is left where it is while another
 * program has it open.  Every step has a checksum, so wrong numbers are told, not shown.
 *
 * Forks.  A fork keeps the steps after the one it began at; those before are its parent's and are
 * read from there.  A parent that is purged loses everything but the steps that forks need, which
 * go with the last of them; its id then names no run any more.
 *
 * Numbers come back bit for bit.  They are kept as float32 of the machine, or as the upper halves
 * where the lower ones are all 0, which the predictions of a run in bfloat16 are.  zlib was
 * measured and left out: at level 1 it leaves 93 % of latents, x0 and float32 predictions and 54 %
 * of bfloat16 ones, for 1.3 to 2 ms for each 64 KiB.
 *
 * A store belongs to one thread; another thread opens its own.  It must not be used in a child of
 * fork, nor may the child open the same file again (SQLite); exec is fine.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct lt_store lt_store;

/* Where the history is; owned by the caller.  NULL where neither XDG_DATA_HOME nor HOME is an
 * absolute path. */
char *lt_store_path(void);

int64_t lt_store_now(void); /* ms since 1970 */

typedef enum lt_store_mode {
    LT_STORE_OFF,    /* there is none: reading finds nothing, writing fails */
    LT_STORE_READS,  /* it can be looked at */
    LT_STORE_WRITES, /* all is well */
} lt_store_mode;

/*
 * Opens the history at `path`, NULL: at lt_store_path; makes it where it is missing, and brings an
 * older one up to date.  Never NULL and never fails: *note tells what does not work (code is not
 * LT_ERR_NONE), or that a damaged file was set aside, and is left alone otherwise.  A file of a
 * newer latentty, and what is not a history at all but a sound database, a directory or a device,
 * is left as it is.
 */
lt_store *lt_store_open(const char *path, lt_error *note);
void lt_store_close(lt_store *s); /* NULL is fine */

lt_store_mode lt_store_mode_of(const lt_store *s);
const char *lt_store_file(const lt_store *s); /* its path; "" where there is no home directory */

/* ---- a run ---- */

typedef enum lt_store_state {
    LT_STORE_UNFINISHED, /* at work, or its program is gone */
    LT_STORE_DONE,
    LT_STORE_STOPPED,
    LT_STORE_FAILED,
} lt_store_state;

const char *lt_store_state_name(lt_store_state state); /* "unfinished", "done", ... */
/* ms since 1970 as "2026-11-30 09:15", in the local time; "?" where it has none. */
enum { LT_STORE_WHEN = 32 };
void lt_store_when(int64_t ms, char to[LT_STORE_WHEN]);

/* What is known of one of the pictures that a run makes at once, beyond its numbers. */
typedef struct lt_store_picture {
    int image; /* from 0 on */
    bool starred;
    bool dropped; /* it ended earlier than the run */
    int last;     /* then: its newest frame; what the run's later ones say of it is no picture */
} lt_store_picture;

/* Texts: UTF-8; NULL is "" when a run is begun, and never comes back. */
typedef struct lt_store_run {
    int64_t id;                /* above 0; grows with time */
    int64_t parent;            /* of a fork: the run it came from, which may be purged; else 0 */
    int parent_step;           /* the last step that both share, 0 for the noise */
    int64_t created, finished; /* ms since 1970; 0: not yet, and for begin: now */
    lt_store_state state;
    char *prompt, *negative, *settings, *sampler, *model, *model_hash; /* owned; settings: the
                                                                          caller's, such as JSON */
    uint64_t seed;
    int steps, width, height; /* steps: asked for */
    double guidance;
    double seconds; /* of begin, and of the steps that are kept */
    int done;       /* the last step that is kept, the ancestors' included */
    bool starred, deleted;
    lt_store_picture *pictures; /* owned: those that are starred or dropped, in order */
    size_t picture_count;
    unsigned char *thumbnail; /* owned: PNG; NULL: none, or not asked for */
    size_t thumbnail_bytes;
} lt_store_run;
void lt_store_run_done(lt_store_run *run); /* {0} is fine */

/* Frame k of a run: 0 is the noise (latents only), k the state after step k.  An array that there
 * is not has count 0. */
typedef struct lt_store_floats {
    const float *data;
    size_t count;
} lt_store_floats;
typedef struct lt_store_step {
    int k;
    double seconds;
    lt_store_floats latents, x0, eps_text, eps_uncond;
    void *block; /* owned, of a step that was read: all arrays */
} lt_store_step;
void lt_store_steps_free(lt_store_step *steps, size_t count); /* NULL is fine */

/*
 * Begins a run.  Of `run`, id, finished, state, done, deleted, the pictures and the thumbnail are
 * not looked at.
 * A fork needs a parent that is there and has parent_step.  Until it is finished it belongs to this
 * store, and only it adds steps.
 */
bool lt_store_begin(lt_store *s, const lt_store_run *run, int64_t *id,
                    lt_error *err) LT_WARN_UNUSED;
/* Adds frame k: the one after the last, or the noise where nothing is there yet.
 * LT_ERR_ARGUMENT for any other, and for a run that is finished or another program's. */
bool lt_store_append(lt_store *s, int64_t id, const lt_store_step *step,
                     lt_error *err) LT_WARN_UNUSED;
bool lt_store_finish(lt_store *s, int64_t id, lt_store_state state, lt_error *err) LT_WARN_UNUSED;
/* The newest run that is not finished and whose program is gone; 0: none. */
bool lt_store_unfinished(lt_store *s, int64_t *id, lt_error *err) LT_WARN_UNUSED;
/* Such a run belongs to this store from now on: it can be added to, or finished. */
bool lt_store_adopt(lt_store *s, int64_t id, lt_error *err) LT_WARN_UNUSED;

/* png is copied; n 0 removes it. */
bool lt_store_set_thumbnail(lt_store *s, int64_t id, const void *png, size_t n,
                            lt_error *err) LT_WARN_UNUSED;
/* A run without a star has none on its pictures either. */
bool lt_store_star(lt_store *s, int64_t id, bool starred, lt_error *err) LT_WARN_UNUSED;
/* A run with a star on a picture is starred; the last one that goes takes the run's with it. */
bool lt_store_star_picture(lt_store *s, int64_t id, int image, bool starred,
                           lt_error *err) LT_WARN_UNUSED;
/* The picture ends at frame `last`; the others go on. */
bool lt_store_drop_picture(lt_store *s, int64_t id, int image, int last,
                           lt_error *err) LT_WARN_UNUSED;
/* Out of sight, or back again.  What is deleted stays until it is purged. */
bool lt_store_delete(lt_store *s, int64_t id, bool deleted, lt_error *err) LT_WARN_UNUSED;
/* For good; not a run that is being written (LT_ERR_ARGUMENT). */
bool lt_store_purge(lt_store *s, int64_t id, lt_error *err) LT_WARN_UNUSED;
/* Every run that was deleted before `time`, ms since 1970; *gone may be NULL. */
bool lt_store_purge_deleted(lt_store *s, int64_t time, int *gone, lt_error *err) LT_WARN_UNUSED;

/* ---- looking ---- */

typedef struct lt_store_query {
    const char *search; /* NULL: all.  Every word must be in the prompt, the negative prompt, the
                           model's name, the sampler's or the seed; upper and lower case are one */
    bool starred;       /* only those */
    bool deleted;       /* the deleted ones in place of the others */
    bool thumbnails;    /* bring the pictures, too */
    int64_t before;     /* only ids below; 0: from the newest */
    int limit;          /* runs at most; 0: all */
} lt_store_query;

typedef struct lt_store_page {
    lt_store_run *runs; /* owned; newest first */
    size_t count;
} lt_store_page;

bool lt_store_list(lt_store *s, const lt_store_query *q, lt_store_page *out,
                   lt_error *err) LT_WARN_UNUSED;
void lt_store_page_done(lt_store_page *page); /* {0} is fine */
/* How many there are, whatever q->before and q->limit. */
bool lt_store_count(lt_store *s, const lt_store_query *q, int64_t *out,
                    lt_error *err) LT_WARN_UNUSED;

/* One run with its thumbnail, deleted or not; LT_ERR_ARGUMENT if there is none. */
bool lt_store_read(lt_store *s, int64_t id, lt_store_run *out, lt_error *err) LT_WARN_UNUSED;
/* Frames first to last of those that there are, in order, the ancestors' included.  LT_ERR_FORMAT
 * names one whose numbers are damaged. */
bool lt_store_read_steps(lt_store *s, int64_t id, int first, int last, lt_store_step **steps,
                         size_t *count, lt_error *err) LT_WARN_UNUSED;

/* ---- room ---- */

/* What is in use; the file may be larger until it is pruned. */
bool lt_store_bytes(lt_store *s, int64_t *out, lt_error *err) LT_WARN_UNUSED;
/*
 * Purges runs until at most `most` bytes are in use: first what is deleted, then the oldest.  Never
 * a starred one, nor one that is being written, nor steps that a fork needs; so it may end above.
 * The file becomes as small as what is in it.  *gone: how many, may be NULL.
 */
bool lt_store_prune(lt_store *s, int64_t most, int *gone, lt_error *err) LT_WARN_UNUSED;
