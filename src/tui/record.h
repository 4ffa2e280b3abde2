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

int lt_record_fd(const struct lt_studio *s); /* for poll; -1: none */
/* What the writer says. */
void lt_record_events(struct lt_studio *s);
