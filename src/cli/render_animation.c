/* render_animation.c - `render --animation`: every step of one picture in an animated PNG. */
#include <stdlib.h>

#include "cli/render.h"
#include "cli/signals.h"

bool lt_render_animation_read(lt_render *r, lt_error *err)
{
    const char *text = lt_args_value(r->c->args, "frame-ms");
    long long ms = LT_APNG_FRAME_MS;
    bool wanted = lt_args_has(r->c->args, "animation");
    if (text && !wanted)
        return lt_fail(err, LT_ERR_ARGUMENT, "--animation FILE.png",
                       "--frame-ms is for an animation, but there is no --animation");
    if (text && !lt_args_whole(text, 1, LT_APNG_MAX_DELAY, &ms))
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "--frame-ms is '%s', expected 1 to %d", text,
                       LT_APNG_MAX_DELAY);
    if (wanted && lt_params_images(&r->params) > 1)
        return lt_fail(err, LT_ERR_ARGUMENT, "--frames DIR",
                       "--animation shows one picture, and there are %d",
                       lt_params_images(&r->params));
    r->animation.frame_ms = (int)ms;
    return true;
}

bool lt_render_animation_begin(lt_render *r, lt_error *err)
{
    lt_render_animation *a = &r->animation;
    if (!a->path)
        return true;
    if (!lt_writer_open(&a->writer, a->path, err))
        return false;
    lt_apng_begin(&a->file, &a->writer, r->view->steps + 1, LT_RENDER_FRAME_LEVEL);
    return true;
}

bool lt_render_animation_add(lt_render *r, const lt_image *picture, lt_error *err)
{
    lt_render_animation *a = &r->animation;
    lt_png_texts texts = {0};
    int ms = a->frame_ms;
    if (!a->path)
        return true;
    if (r->view->done == r->view->steps && ms < LT_APNG_LAST_MS)
        ms = LT_APNG_LAST_MS;
    if (a->file.written == 0) {
        lt_meta_part part = {lt_meta_of(r->engine, &r->params, r->run), 0};
        lt_meta_parts_texts(&part, 1, 0, &texts); /* without a trail: it is not known yet */
    }
    bool ok = lt_signals_check(err) &&
              lt_apng_add(&a->file, picture, ms, texts.count ? &texts : NULL, err);
    lt_png_texts_done(&texts);
    return ok;
}

bool lt_render_animation_end(lt_render *r, lt_error *err)
{
    lt_render_animation *a = &r->animation;
    return !a->path || (lt_apng_end(&a->file, err) && lt_signals_check(err) &&
                        lt_writer_commit(&a->writer, err));
}

void lt_render_animation_undo(lt_render *r)
{
    lt_writer_abandon(&r->animation.writer);
}
