/* engine_beside.c - a picture that is decoded beside other work; see engine.h. */
#include "base/panic.h"
#include "pipeline/engine_impl.h"

bool lt_engine_beside(const lt_engine *e)
{
    return e->ops->start != NULL;
}

static bool begin(lt_engine *e, const lt_unit *u, const float *latents, float *pixels,
                  lt_error *err)
{
    if (!lt_engine_decoder_write(e, u, latents, err) || !e->ops->start(u->program, err))
        return false;
    e->at_work = *u;
    e->pixels = pixels;
    lt_programs_hold(e->programs, u);
    return true;
}

bool lt_engine_decode_start(lt_engine *e, int h, int w, const float *latents, float *pixels,
                            lt_progress *progress, lt_error *err)
{
    lt_unit *u;
    LT_ASSERT(!e->at_work.program);
    /* what is measured is waited for; tiles are blended on the host, one size after another */
    if (!lt_engine_beside(e) || e->profile || lt_engine_tiles(e, h, w))
        return lt_engine_decode(e, 1, h, w, latents, pixels, progress, err);
    return lt_engine_decoder(e, h, w, &u, progress, err) && begin(e, u, latents, pixels, err);
}

bool lt_engine_decode_finished(lt_engine *e, bool *yes, lt_error *err)
{
    lt_unit u = e->at_work;
    *yes = !u.program;
    if (e->late.code != LT_ERR_NONE) {
        *err = e->late;
        e->late = (lt_error){0};
        return false;
    }
    if (*yes)
        return true;
    bool ok = e->ops->finished(u.program, yes, err);
    if (ok && !*yes)
        return true;
    e->at_work = (lt_unit){0};
    lt_programs_hold(e->programs, NULL);
    return ok && lt_engine_decoder_read(e, &u, e->pixels, err);
}

void lt_engine_settle(lt_engine *e)
{
    bool over = false;
    lt_error late = {0};
    while (!over && lt_engine_decode_finished(e, &over, &late))
        continue;
    e->late = late;
}
