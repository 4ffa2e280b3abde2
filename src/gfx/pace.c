/* pace.c - see pace.h. */
#include "gfx/pace.h"

#include "gfx/graphics.h"

static const double patience = 1.0;            /* seconds without an answer */
static const double mute_interval = 0.25;      /* between frames to a terminal that never answers */
static const double hold_most = 0.120;         /* seconds of line that a frame may take */
static const double hold_finer = 0.080;        /* a finer one must stay below this */
static const double idle = 0.300;              /* after which a coarse frame is made whole */
static const double near = 0.030, far = 0.150; /* handshakes */
static const double weight = 0.5;              /* of the newest frame in the rate */
enum { MUTE = 3, FAR = 4, COARSEST = LT_SCALE_COARSEST };
/* Bytes of a coarse frame of sixels by a whole one's: 0.35, 0.3 and 0.2 were measured for noise,
 * less for smooth pictures (gfx_bench). */
static const double share[COARSEST + 1] = {1.0, 1.0, 0.35, 0.3, 0.2, 0.16, 0.1};
static const double small = 2048; /* bytes: too few to tell a rate */

void lt_pace_init(lt_pace *p, bool answered, double handshake)
{
    *p = (lt_pace){.round_trip = -1.0, .scale = 1};
    if (!answered)
        return;
    p->round_trip = handshake;
    p->scale = handshake < near ? 1 : handshake < far ? 2 : FAR;
}

static double bytes_at(const lt_pace *p, int scale)
{
    return p->full_bytes * share[scale];
}

static void choose_scale(lt_pace *p)
{
    if (p->rate <= 0 || p->full_bytes <= 0)
        return;
    while (p->scale < COARSEST && bytes_at(p, p->scale) > hold_most * p->rate)
        p->scale++;
    while (p->scale > 1 && bytes_at(p, p->scale - 1) <= hold_finer * p->rate)
        p->scale--;
}

static void learn_rate(lt_pace *p, size_t bytes, double seconds)
{
    const double least = 1e-4; /* a clock's grain */
    if ((double)bytes < small)
        return;
    double rate = (double)bytes / (seconds > least ? seconds : least);
    p->rate = p->rate > 0 ? p->rate * (1.0 - weight) + rate * weight : rate;
    choose_scale(p);
}

void lt_pace_sent(lt_pace *p, size_t bytes, int scale, double before, double after)
{
    if (p->in_flight)
        p->unanswered++; /* the last one was given up */
    p->in_flight = true;
    p->sent = before;
    p->written = after;
    p->bytes = bytes;
    p->sent_scale = scale;
    p->idle_due = scale > 1;
    p->full_bytes = (double)bytes / share[scale < COARSEST ? scale : COARSEST];
    if (p->unanswered >= MUTE) /* all that can be seen is how long write() took */
        learn_rate(p, bytes, after - before);
}

void lt_pace_cut(lt_pace *p, size_t bytes, size_t written, int scale, double before, double after)
{
    lt_pace_sent(p, written, scale, before, after);
    p->full_bytes = (double)bytes / share[scale < COARSEST ? scale : COARSEST];
    p->idle_due = false; /* the caller sends it again, coarser */
    learn_rate(p, written, after - before);
    if (p->scale <= scale && p->scale < COARSEST)
        p->scale = scale + 1; /* what a buffer on the way took tells too good a rate */
}

/* What of an answer's time was the line's.  A handshake that was slow for another reason (a
 * terminal that was starting) shows when a frame comes back in less than half of it: then a quarter
 * of the frame's time stands for the round trip.  Never less than an eighth, so that no frame alone
 * makes the line look endless. */
static double line_time(lt_pace *p, double took)
{
    const double least = took / 8.0;
    if (p->round_trip < 0 || took < p->round_trip / 2.0)
        p->round_trip = took / 4.0;
    return took - p->round_trip > least ? took - p->round_trip : least;
}

void lt_pace_acked(lt_pace *p, double now)
{
    if (!p->in_flight)
        return;
    p->in_flight = false;
    p->unanswered = 0;
    learn_rate(p, p->bytes, line_time(p, now > p->sent ? now - p->sent : 0));
}

double lt_pace_wait(const lt_pace *p, double now)
{
    double until = p->sent + patience;
    if (!p->in_flight)
        return 0;
    if (p->unanswered + 1 >= MUTE) {
        double took = p->written - p->sent;
        until = p->sent + (2.0 * took > mute_interval ? 2.0 * took : mute_interval);
    }
    return until > now ? until - now : 0;
}

bool lt_pace_may_send(const lt_pace *p, double now)
{
    return lt_pace_wait(p, now) <= 0;
}

int lt_pace_scale(const lt_pace *p)
{
    return p->scale;
}

double lt_pace_full_wait(const lt_pace *p, double now)
{
    if (!p->idle_due)
        return -1.0;
    double quiet = p->sent + idle - now, line = lt_pace_wait(p, now);
    double wait = quiet > line ? quiet : line;
    return wait > 0 ? wait : 0;
}

bool lt_pace_full_due(const lt_pace *p, double now)
{
    double wait = lt_pace_full_wait(p, now);
    return wait >= 0 && wait <= 0;
}
