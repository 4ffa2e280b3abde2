/* history_export.c - a run of the history as files: KKK.png, settings.json, trace.safetensors, and
 * animation.png if it is wanted. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/history.h"
#include "cli/open.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "image/apng.h"
#include "pipeline/archive.h"
#include "pipeline/trace.h"

/* The model of the run, on the backend and in the type that the command line wants, or else that it
 * was made in. */
static bool open_vae(const lt_context *c, const lt_film *f, lt_engine **out, lt_error *err)
{
    static const char *const flags[] = {"backend", "dtype", "device", "threads"};
    lt_params p;
    bool ok = true;
    lt_params_copy(&p, &f->params);
    for (int i = 0; ok && i < LT_COUNT(flags); i++) {
        const char *text = lt_args_value(c->args, flags[i]);
        ok = !text || lt_params_set(&p, lt_params_find(flags[i]), text, err);
    }
    ok = ok && lt_open_check(c->backends, &p, err) && lt_open_engine(c, &p, LT_NEEDS_VAE, out, err);
    lt_params_done(&p);
    return ok;
}

static bool make_dir(const char *dir, lt_error *err)
{
    if (lt_dir_exists(dir) || lt_file_exists(dir))
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "'%s' is there already: name a new directory",
                       dir);
    return lt_dir_make(dir, err);
}

/* The pictures of a film on their way into files. */
typedef struct exporting {
    const lt_context *c;
    const lt_film *film;
    const lt_store_run *run;
    const char *dir;
    int written;       /* pictures */
    lt_engine *engine; /* owned */
    float *latents;    /* owned [B,C,h,w] */
    bool animate;      /* animation.png, too */
    lt_writer writer;  /* of that */
    lt_apng file;      /* likewise */
} exporting;

static bool animate(exporting *x, int k, const lt_image *image, lt_error *err)
{
    lt_png_texts texts = {0};
    if (!x->animate)
        return true;
    if (k == 0) {
        lt_meta_part part = {lt_film_meta(x->film, x->film->done), 0};
        lt_meta_parts_texts(&part, 1, 0, &texts);
    }
    bool ok = lt_apng_add(&x->file, image, k == x->film->done ? LT_APNG_LAST_MS : LT_APNG_FRAME_MS,
                          texts.count ? &texts : NULL, err);
    lt_png_texts_done(&texts);
    return ok;
}

/* Picture i was stopped before frame k. */
static bool is_over(const exporting *x, int i, int k)
{
    for (size_t n = 0; n < x->run->picture_count; n++) {
        const lt_store_picture *p = &x->run->pictures[n];
        if (p->image == i && p->dropped)
            return k > p->last;
    }
    return false;
}

/* Frame k of every picture that has one: KKK.png, or I-KKK.png where there are several. */
static bool export_frame(exporting *x, int k, lt_error *err)
{
    const lt_film *f = x->film;
    size_t one = f->all / (size_t)f->images;
    lt_meta meta = lt_film_meta(f, k);
    lt_film_lens(f, k, LT_LENS_LATENTS, x->latents);
    for (int i = 0; i < f->images; i++) {
        lt_image *image;
        if (is_over(x, i, k))
            continue;
        char *path = f->images > 1 ? lt_format("%s/%03d-%03d.png", x->dir, i, k)
                                   : lt_format("%s/%03d.png", x->dir, k);
        bool ok = lt_engine_picture(x->engine, f->h, f->w, x->latents + (size_t)i * one, &image,
                                    x->c->progress, err);
        if (ok) {
            ok = lt_meta_write(&meta, i, image, path, err) && animate(x, k, image, err);
            lt_image_unref(image);
        }
        free(path);
        if (!ok || !lt_signals_check(err))
            return false;
        x->written++;
    }
    return true;
}

static bool reserve(exporting *x, lt_error *err)
{
    void *latents = NULL;
    bool ok = lt_try_alloc(x->film->all * sizeof(float), "the latents of a step", &latents, err);
    x->latents = latents;
    return ok;
}

static bool open_animation(exporting *x, lt_error *err)
{
    if (!x->animate)
        return true;
    char *path = lt_path_join(x->dir, "animation.png");
    bool ok = lt_writer_open(&x->writer, path, err);
    free(path);
    if (ok)
        lt_apng_begin(&x->file, &x->writer, x->film->done + 1, LT_PNG_LEVEL);
    return ok;
}

static bool export_frames(const lt_context *c, const lt_store_run *run, const lt_film *f,
                          const char *dir, int *written, lt_error *err)
{
    exporting x = {
        .c = c, .film = f, .run = run, .dir = dir, .animate = lt_args_has(c->args, "animation")};
    if (x.animate && f->images > 1)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                       "--animation shows one picture, and the run has %d", f->images);
    bool ok = open_vae(c, f, &x.engine, err);
    if (ok && lt_engine_about(x.engine)->vae->factor * f->w != f->width)
        ok = lt_fail(err, LT_ERR_MODEL, NULL, "the model '%s' is not the one that made the run",
                     f->model);
    if (ok)
        lt_engine_tile(x.engine, f->tiled);
    ok = ok && reserve(&x, err) && make_dir(dir, err) && open_animation(&x, err);
    for (int k = 0; ok && k <= f->done; k++)
        ok = export_frame(&x, k, err);
    if (ok && x.animate)
        ok = lt_apng_end(&x.file, err) && lt_writer_commit(&x.writer, err);
    lt_writer_abandon(&x.writer);
    free(x.latents);
    lt_engine_close(x.engine);
    *written = x.written;
    return ok;
}

static bool export_numbers(const lt_film *f, const char *dir, lt_error *err)
{
    lt_buf json = {0};
    lt_meta meta = lt_film_meta(f, f->done);
    char *settings = lt_path_join(dir, "settings.json"),
         *path = lt_path_join(dir, "trace.safetensors");
    lt_trace *t = lt_trace_new();
    lt_meta_json(&meta, 0, &json);
    bool ok = lt_trace_film(t, f, err) && lt_trace_meta(t, "settings", json.data, err) &&
              lt_trace_save(t, path, err);
    lt_buf_char(&json, '\n');
    ok = ok && lt_file_write(settings, json.data, json.len, err);
    lt_trace_free(t);
    lt_buf_done(&json);
    free(settings);
    free(path);
    return ok;
}

bool lt_history_export(const lt_context *c, lt_store *s, int64_t id, lt_error *err)
{
    lt_film *f = NULL;
    lt_store_run run;
    int written = 0;
    const char *given = lt_args_value(c->args, "output");
    char *dir = given ? lt_strdup(given) : lt_format("latentty-run-%" PRId64, id);
    bool ok = lt_archive_read(s, id, &run, &f, err) &&
              export_frames(c, &run, f, dir, &written, err) && export_numbers(f, dir, err);
    if (ok && c->json) {
        json_object *o = json_object_new_object();
        lt_output_set(o, "directory", lt_output_text(dir));
        lt_output_set(o, "frames", json_object_new_int(f->done + 1));
        lt_output_json(o);
    } else if (ok) {
        lt_output_line(stdout, "wrote %s: %d pictures, settings.json, trace.safetensors", dir,
                       written);
    }
    lt_film_free(f);
    lt_store_run_done(&run);
    free(dir);
    return ok;
}
