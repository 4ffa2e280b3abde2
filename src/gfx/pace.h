/*
 * pace.h - when the next frame may be sent, and how good it may be.  Pure arithmetic; every clock
 * value is an argument, in seconds.
 *
 * One frame is on its way at a time: the next may go when the terminal has acknowledged the last
 * (CSI 5 n at its end), so a slow terminal or line gets fewer frames and keys never wait behind a
 * queue of pictures.  After a second without an answer it goes on anyway.  A terminal that left
 * three frames unanswered does not answer: then a frame may follow a quarter of a second after the
 * last, or after twice the time that write() took, whichever is longer.
 *
 * From bytes, send and answer it estimates the line: what a frame takes is a round trip plus bytes
 * by rate.  The round trip is the handshake's, unless frames come back much faster; the rate is a
 * moving mean of the recent frames.  The terminal's own painting counts as line, as it blocks in
 * the same way.  A frame is made coarser (scale 2 to 6, down to a tenth of the bytes) until it is
 * expected to hold the line for at most 120 ms, and finer again at 80 ms, so that it does not
 * waver.
 *
 * Nothing is known before the first frame: it is whole if the handshake took less than 30 ms, as on
 * a local terminal, at scale 2 if less than 150 ms, and at scale 4 otherwise.  A terminal without a
 * handshake gets whole frames until write() itself is seen to block.
 *
 * When nothing newer came for 300 ms and the last frame was coarse, a whole one is due.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct lt_pace {
    double round_trip; /* seconds; < 0: not known */
    double rate;       /* bytes a second; 0: not known */
    double full_bytes; /* what a whole frame was last, or would have been; 0: not known */
    int scale;         /* of the next frame */
    bool in_flight;
    int unanswered;       /* in a row */
    double sent, written; /* of the last frame: before and after write() */
    size_t bytes;
    int sent_scale;
    bool idle_due; /* the last frame was coarse */
} lt_pace;

/* answered, handshake: of lt_term (its ms / 1000). */
void lt_pace_init(lt_pace *p, bool answered, double handshake);

/* A frame of so many bytes at that scale was written, from `before` to `after`. */
void lt_pace_sent(lt_pace *p, size_t bytes, int scale, double before, double after);
/* The same for a frame that was cut short, because it held the line: `bytes` it would have had,
 * `written` it got. */
void lt_pace_cut(lt_pace *p, size_t bytes, size_t written, int scale, double before, double after);
/* CSI 0 n came.  One that nobody waits for is ignored. */
void lt_pace_acked(lt_pace *p, double now);

bool lt_pace_may_send(const lt_pace *p, double now);
/* Seconds until lt_pace_may_send would say yes without an answer; 0: now. */
double lt_pace_wait(const lt_pace *p, double now);
/* The scale for the next frame: 1..LT_SCALE_COARSEST. */
int lt_pace_scale(const lt_pace *p);
/* True if a whole frame of the last picture should be sent now.  It is the caller who knows that
 * nothing newer waits. */
bool lt_pace_full_due(const lt_pace *p, double now);
/* Seconds until lt_pace_full_due may say yes; negative: it will not. */
double lt_pace_full_wait(const lt_pace *p, double now);
