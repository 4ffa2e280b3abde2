/* engine_beside.c - a picture that is decoded beside other work; see engine.h. */
#define _POSIX_C_SOURCE 200809L
#include <time.h>

#include "base/panic.h"
#include "pipeline/engine_impl.h"

bool lt_engine_beside(const lt_engine *e)
{
    return e->ops->start != NULL;
}

static bool begin(lt_engine *e, const lt_unit *u, const float *latents, lt_error *err)
{
    if (!lt_engine_decoder_write(e, u, latents, err) || !e->ops->start(u->program, err))
        return false;
    e->at_work = *u;
    lt_programs_hold(e->programs, u);
    return true;
}

bool lt_engine_picture_start(lt_engine *e, int h, int w, const float *latents,
                             lt_progress *progress, lt_error *err)
{
    lt_unit *u;
    LT_ASSERT(!e->at_work.program && !e->made);
    /* what is measured is waited for; tiles are blended on the host, one size after another */
    if (!lt_engine_beside(e) || e->profile || lt_engine_tiles(e, h, w))
        return lt_engine_picture(e, h, w, latents, &e->made, progress, err);
    return lt_engine_decoder(e, h, w, &u, progress, err) && begin(e, u, latents, err);
}

/* *over: nothing is at work any more, and what was is in e->made. */
static bool look(lt_engine *e, bool *over, lt_error *err)
{
    lt_unit u = e->at_work;
    *over = !u.program;
    if (*over)
        return true;
    bool ok = e->ops->finished(u.program, over, err);
    if (ok && !*over)
        return true;
    e->at_work = (lt_unit){0};
    lt_programs_hold(e->programs, NULL);
    return ok && lt_engine_decoder_read(e, &u, &e->made, err);
}

bool lt_engine_picture_finished(lt_engine *e, bool *yes, lt_image **out, lt_error *err)
{
    *yes = false;
    *out = NULL;
    if (e->late.code != LT_ERR_NONE) {
        *err = e->late;
        e->late = (lt_error){0};
        return false;
    }
    if (!look(e, yes, err))
        return false;
    if (*yes) {
        *out = e->made;
        e->made = NULL;
    }
    return true;
}

void lt_engine_settle(lt_engine *e)
{
    const struct timespec glance = {.tv_nsec = 100000}; /* a decode takes many of these */
    bool over = false;
    lt_error late = {0};
    while (look(e, &over, &late) && !over)
        nanosleep(&glance, NULL);
    if (late.code != LT_ERR_NONE)
        e->late = late;
}
