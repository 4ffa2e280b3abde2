/*
 * record.h - the runs of the screen go into the history as they are made, on a thread that no step
 * waits for (store/writer.h); what becomes of that is told in the row of messages.
 */
#pragma once

#include "pipeline/session.h"
#include "tui/reel.h"

struct lt_studio;

/* Without a history (--no-history, no memory for a thread) nothing is kept, and the rest works. */
void lt_record_open(struct lt_studio *s);
/* What waits is written first: seconds on a slow disk. */
void lt_record_close(struct lt_studio *s);

/* After the event of a run was taken by lt_reels_event. */
void lt_record_event(struct lt_studio *s, lt_reel *r, lt_event_kind kind);

/* The newest step that went to the writer.  What follows it, its picture above all, is not taken
 * from the session until it is written: what was on the screen survives `kill -9`.  A disk that
 * does not answer is waited for once, until it has caught up. */
typedef struct lt_await {
    uint64_t ticket; /* 0: nothing is awaited */
    int step;
    double until; /* when the wait is over in any case */
    bool slow;    /* it once was: nothing is waited for */
} lt_await;
/* Seconds that the session's events are to wait at most; 0: not at all. */
double lt_record_behind(const struct lt_studio *s);

int lt_record_fd(const struct lt_studio *s); /* for poll; -1: none */
/* What the writer says. */
void lt_record_events(struct lt_studio *s);
