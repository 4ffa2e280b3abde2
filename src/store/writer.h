/*
 * writer.h - the history written on a thread of its own, so that no step waits for a disk.
 *
 * Putting copies what it is given, never blocks and never fails; what happened comes back as
 * events.  A run in the history is always the first part of a run, without gaps: where a step
 * cannot be written (a full disk), or more waits than may, those after it are not kept either, one
 * event says so, and the run itself goes on as if nothing had happened.  The next run is tried
 * anew.
 *
 * Every function belongs to one thread, the caller's.
 */
#pragma once

#include "store/store.h"

typedef struct lt_store_writer lt_store_writer;

typedef struct lt_store_writer_options {
    const char *path; /* as lt_store_open */
    size_t waiting;   /* bytes that may wait; 0: 256 MiB, some twenty seconds of a slow disk */
    int64_t largest;  /* the history is pruned to so many bytes after each run; 0: never */
} lt_store_writer_options;

/* Opening the file is the thread's work, too: what lt_store_open notes comes as an event. */
bool lt_store_writer_open(const lt_store_writer_options *options, lt_store_writer **out,
                          lt_error *err) LT_WARN_UNUSED;
/* Writes what waits, then closes.  The program's other stores are closed before it: a damaged file
 * is set aside by whoever met the damage, once it is alone. */
void lt_store_writer_close(lt_store_writer *w); /* NULL is fine */

/* A ticket names a run before it has an id: 1, 2, ...  Of a fork `parent` is the ticket of the run
 * it came from; 0: run->parent says it. */
uint64_t lt_store_writer_begin(lt_store_writer *w, const lt_store_run *run, uint64_t parent);
/* A run that was interrupted goes on (lt_store_adopt): its steps follow those it has. */
uint64_t lt_store_writer_adopt(lt_store_writer *w, int64_t id);
void lt_store_writer_step(lt_store_writer *w, uint64_t ticket, const lt_store_step *step);
void lt_store_writer_thumbnail(lt_store_writer *w, uint64_t ticket, const void *png, size_t n);
/* lt_store_drop_picture */
void lt_store_writer_drop(lt_store_writer *w, uint64_t ticket, int image, int last);
void lt_store_writer_finish(lt_store_writer *w, uint64_t ticket, lt_store_state state);

typedef enum lt_store_event_kind {
    LT_STORE_OPENED,   /* error: the note, if any */
    LT_STORE_BEGUN,    /* the ticket's run has this id */
    LT_STORE_KEPT,     /* step: it is in the history, and survives the end of the program */
    LT_STORE_LOST,     /* error: why steps of the ticket's run from `step` on are not kept; 0: the
                          run is not in the history at all.  Once for a run, and before its BEGUN
                          where too much waits */
    LT_STORE_FINISHED, /* everything of it is written */
    LT_STORE_PRUNED,   /* step: how many runs went */
    LT_STORE_TROUBLE,  /* error: of a thumbnail, a dropped picture, finishing or pruning */
} lt_store_event_kind;

typedef struct lt_store_event {
    lt_store_event_kind kind;
    uint64_t ticket;
    int64_t id;
    int step;
    lt_error error;
} lt_store_event;

/* For poll: readable while there are events. */
int lt_store_writer_fd(const lt_store_writer *w);
bool lt_store_writer_poll(lt_store_writer *w, lt_store_event *out); /* false: none */
/* Bytes that wait to be written. */
size_t lt_store_writer_waiting(const lt_store_writer *w);
