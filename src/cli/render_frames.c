/* render_frames.c - decoding the latents of `render`: after every step, and at the end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/render.h"
#include "cli/signals.h"
#include "image/png.h"

static size_t latent_count(const lt_run_view *v)
{
    return (size_t)v->channels * (size_t)v->h * (size_t)v->w;
}

static size_t pixel_count(const lt_run_view *v)
{
    return (size_t)3 * (size_t)v->width * (size_t)v->height;
}

/* A trace has the picture's numbers, too. */
static bool decode_floats(lt_render *r, const float *latents, int at, lt_image **out, lt_error *err)
{
    const lt_run_view *v = r->view;
    float *pixels = r->pixels + (size_t)at * pixel_count(v);
    return lt_engine_decode(r->engine, 1, v->h, v->w, latents, pixels, r->c->progress, err) &&
           lt_image_from_chw(pixels, v->width, v->height, out, err);
}

bool lt_render_decode(lt_render *r, const float *latents, int at, lt_image **out, lt_error *err)
{
    const lt_run_view *v = r->view;
    lt_render_times *t = &r->times;
    double start = lt_clock();
    if (!(r->trace ? decode_floats(r, latents, at, out, err)
                   : lt_engine_picture(r->engine, v->h, v->w, latents, out, r->c->progress, err)))
        return false;
    t->decodes = lt_grow(t->decodes, (size_t)t->decode_count + 1, sizeof *t->decodes);
    t->decodes[t->decode_count++] = lt_clock() - start;
    return true;
}

/* The file of a frame, owned by the caller. */
static char *frame_path(const lt_render *r, int image, int step)
{
    char name[64];
    snprintf(name, sizeof name, "%03d-%03d.png", image, step);
    return lt_path_join(r->frames, name);
}

void lt_render_frames_undo(lt_render *r)
{
    for (int i = 0; i < r->frame_count; i++) { /* written step by step, each picture by picture */
        char *path = frame_path(r, i % r->view->images, i / r->view->images);
        unlink(path);
        free(path);
    }
    r->frame_count = 0;
}

bool lt_render_shows(const lt_render *r)
{
    return r->frames || r->animation.path;
}

static bool write_frame(lt_render *r, int image, const lt_image *picture, lt_error *err)
{
    if (!r->frames)
        return true;
    char *path = frame_path(r, image, r->view->done);
    bool ok =
        lt_signals_check(err) && lt_png_write(path, picture, NULL, LT_RENDER_FRAME_LEVEL, err);
    free(path);
    r->frame_count += ok;
    return ok;
}

static bool keep_frame(lt_render *r, int image, const lt_image *picture, lt_error *err)
{
    return write_frame(r, image, picture, err) && lt_render_animation_add(r, picture, err);
}

static bool decode_frame(lt_render *r, int image, lt_error *err)
{
    lt_image *picture = NULL;
    bool ok =
        lt_render_decode(r, r->shown + (size_t)image * latent_count(r->view), 0, &picture, err) &&
        keep_frame(r, image, picture, err);
    lt_image_unref(picture);
    return ok;
}

bool lt_render_frame(lt_render *r, lt_error *err)
{
    if (!lt_render_shows(r))
        return true;
    lt_run_lens(r->run, r->lens, r->shown);
    for (int i = 0; i < r->view->images; i++)
        if (!decode_frame(r, i, err))
            return false;
    return true;
}

static bool write_picture(lt_render *r, int i, const lt_image *picture, lt_error *err)
{
    lt_meta meta = lt_render_meta(r);
    bool ok = lt_signals_check(err) && lt_meta_write(&meta, i, picture, r->paths[i], err);
    r->written += ok;
    return ok;
}

/* The frame of the last step: mostly the picture itself, which need not be decoded twice. */
static bool last_frame(lt_render *r, int i, const lt_image *picture, lt_error *err)
{
    size_t n = latent_count(r->view), at = (size_t)i * n;
    if (!lt_render_shows(r))
        return true;
    if (memcmp(r->shown + at, r->view->latents + at, n * sizeof(float)) == 0)
        return keep_frame(r, i, picture, err);
    if (!r->trace)
        return decode_frame(r, i, err);
    /* decode_frame works in the first picture's pixels, which the trace still needs */
    float *kept = r->pixels;
    void *spare = NULL;
    if (!lt_try_alloc(pixel_count(r->view) * sizeof(float), "a frame", &spare, err))
        return false;
    r->pixels = spare;
    bool ok = decode_frame(r, i, err);
    r->pixels = kept;
    free(spare);
    return ok;
}

static bool finish_one(lt_render *r, int i, lt_error *err)
{
    const lt_run_view *v = r->view;
    lt_image **picture = &r->images[i];
    bool ok = lt_render_decode(r, v->latents + (size_t)i * latent_count(v), r->trace ? i : 0,
                               picture, err) &&
              write_picture(r, i, *picture, err) && last_frame(r, i, *picture, err) &&
              lt_render_attention_finish(r, i, *picture, err);
    if (!r->trace && !r->sheet) {
        lt_image_unref(*picture);
        *picture = NULL;
    }
    return ok;
}

static bool save_trace(lt_render *r, lt_error *err)
{
    lt_buf json = {0};
    lt_meta meta = lt_render_meta(r);
    lt_meta_json(&meta, 0, &json);
    bool ok = lt_trace_images(r->trace, r->view->images, r->pixels, r->images, err) &&
              lt_trace_meta(r->trace, "settings", json.data, err) && lt_signals_check(err) &&
              lt_trace_save(r->trace, r->trace_path, err);
    lt_buf_done(&json);
    return ok;
}

bool lt_render_finish(lt_render *r, lt_error *err)
{
    int images = r->view->images;
    if (lt_render_shows(r))
        lt_run_lens(r->run, r->lens, r->shown);
    if (images > 1)
        lt_bar_begin(&r->bar, "decoding", images);
    else
        lt_bar_status(&r->bar, "decoding");
    for (int i = 0; i < images; i++) {
        if (!finish_one(r, i, err))
            return false;
        if (images > 1)
            lt_bar_step(&r->bar);
    }
    lt_bar_end(&r->bar);
    return lt_render_animation_end(r, err) && lt_render_sheet(r, err) &&
           (!r->trace || save_trace(r, err));
}
