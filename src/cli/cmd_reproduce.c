/* cmd_reproduce.c - `latentty reproduce`: makes a picture again, and says whether it is the same.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/open.h"
#include "cli/output.h"
#include "cli/reproduce.h"
#include "cli/seeds.h"
#include "cli/signals.h"
#include "image/png.h"
#include "pipeline/meta.h"

/* ---- what the file says ---- */

static bool read_file(lt_reproduce *r, lt_error *err)
{
    lt_png_texts texts = {0};
    bool ok = lt_png_read(r->path, &r->want, &texts, err);
    if (ok && lt_png_texts_get(&texts, LT_META_PICTURES))
        ok = lt_fail(err, LT_ERR_FORMAT, "latentty info --json FILE.png has the settings of each",
                     "'%s' is a sheet, a comparison or an animation, no picture of one run",
                     r->path);
    if (ok && !lt_recall_origin(&texts, &r->params, &r->origin, &r->notes, err)) {
        lt_fail_in(err, "'%s'", r->path);
        ok = lt_fail_hint(err, "latentty info FILE.png shows what a file carries");
    }
    if (ok && *texts.warning)
        lt_output_note(r->c, "warning: %s", texts.warning);
    lt_png_texts_done(&texts);
    return ok;
}

/* The command line's settings over the file's. */
static bool read_options(lt_reproduce *r, lt_error *err)
{
    const lt_args *args = r->c->args;
    if (lt_open_given(r->c, &r->params, err))
        return true;
    if (lt_args_has(args, "backend") || lt_args_has(args, "dtype"))
        return false;
    err->code = LT_ERR_MODEL; /* no mistake of who typed the command */
    lt_fail_in(err, "'%s' was computed elsewhere", r->path);
    return lt_fail_hint(err, "--backend auto --dtype auto");
}

/* What no run can make again, found before any work. */
static bool check_settings(lt_reproduce *r, lt_error *err)
{
    const lt_size *size = &r->params.size;
    if (r->origin.forked)
        return lt_fail(err, LT_ERR_FORMAT, "save the run that it was forked from",
                       "'%s' went on from step %d of another run, whose settings it does not carry",
                       r->path, r->origin.forked);
    if (r->params.seed_count == 0)
        return lt_fail(err, LT_ERR_FORMAT, NULL, "the settings in '%s' have no seed", r->path);
    if (!r->origin.ours && !lt_args_has(r->c->args, "model"))
        return lt_fail(err, LT_ERR_ARGUMENT, "--model DIR",
                       "'%s' carries no settings of latentty's own: its model must be given",
                       r->path);
    if (size->width && (size->width != r->want->width || size->height != r->want->height))
        return lt_fail(err, LT_ERR_FORMAT, NULL,
                       "'%s' has %dx%d pixels, its settings make %dx%d: it was changed afterwards",
                       r->path, r->want->width, r->want->height, size->width, size->height);
    r->params.size = (lt_size){r->want->width, r->want->height};
    return lt_params_check(&r->params, err);
}

static bool read_latents(lt_reproduce *r, lt_error *err)
{
    if (!r->params.latents || lt_latents_read(r->params.latents, &r->latents, err))
        return true;
    return lt_args_has(r->c->args, "latents") ? false : lt_fail_hint(err, "--latents FILE");
}

/* The picture that the file's own began with: it must be the same one. */
static bool read_init_image(lt_reproduce *r, lt_error *err)
{
    uint64_t want = r->origin.init_hash;
    if (!lt_init_image_read(r->params.init_image, &r->init, err))
        return lt_args_has(r->c->args, "init-image") ? false
                                                     : lt_fail_hint(err, "--init-image FILE");
    if (!want || r->init.hash == want)
        return true;
    return lt_fail(err, LT_ERR_FORMAT, "--init-image FILE",
                   "'%s' began with another picture than '%s' is now: its pixels differ", r->path,
                   r->params.init_image);
}

static bool read_all(lt_reproduce *r, lt_error *err)
{
    if (!read_file(r, err) || !read_options(r, err) || !check_settings(r, err) ||
        !read_latents(r, err) || !read_init_image(r, err))
        return false;
    if (r->notes.len)
        lt_output_note(r->c, "not followed: %s", r->notes.data);
    lt_seeds_say(r->c, &r->params);
    return true;
}

/* ---- the run ---- */

static bool open_model(lt_reproduce *r, lt_error *err)
{
    if (lt_open_engine(r->c, &r->params, LT_NEEDS_ALL, &r->engine, err))
        return true;
    return *err->hint || lt_args_has(r->c->args, "model") ? false
                                                          : lt_fail_hint(err, "--model DIR");
}

/* The picture's own noise in the file of --latents; NULL without. */
static bool pick_noise(const lt_reproduce *r, const float **out, lt_error *err)
{
    const lt_engine_info *about = lt_engine_about(r->engine);
    const int64_t *s = r->latents.shape;
    int f = about->vae->factor;
    *out = NULL;
    if (!r->latents.noise)
        return true;
    if (s[0] <= r->origin.image || s[1] != about->unet->in_channels ||
        s[2] != r->want->height / f || s[3] != r->want->width / f)
        return lt_fail(err, LT_ERR_FORMAT, "--latents FILE",
                       "'%s' has noise of [%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64
                       "], expected [%d or more,%d,%d,%d]",
                       r->params.latents, s[0], s[1], s[2], s[3], r->origin.image + 1,
                       about->unet->in_channels, r->want->height / f, r->want->width / f);
    *out = r->latents.noise + r->origin.image * s[1] * s[2] * s[3];
    return true;
}

static size_t latent_count(const lt_run_view *v)
{
    return (size_t)v->channels * (size_t)v->h * (size_t)v->w;
}

static bool begin(lt_reproduce *r, lt_error *err)
{
    lt_run_options options = {.params = &r->params,
                              .init = r->params.init_image ? &r->init : NULL,
                              .place = r->origin.place,
                              .of = r->origin.of};
    lt_bar_status(&r->bar, "preparing");
    if (!pick_noise(r, &options.noise, err) ||
        !lt_run_begin(r->engine, &options, &r->run, r->c->progress, err))
        return false;
    lt_bar_end(&r->bar);
    r->view = lt_run_about(r->run);
    if (r->view->tiled && lt_params_tiling(&r->params) == LT_TILING_AUTO)
        lt_output_note(r->c, "%s", LT_TILING_NOTE);
    r->last = r->origin.shown < 0 ? r->view->steps : r->origin.shown;
    if (r->last > r->view->steps)
        return lt_fail(err, LT_ERR_FORMAT, NULL, "'%s' says that it is step %d of %d", r->path,
                       r->last, r->view->steps);
    lt_trail_add(&r->trail, r->view->latents, 1, latent_count(r->view));
    lt_output_note(r->c, "step %d of %d, %dx%d, on %s in %s", r->last, r->view->steps,
                   r->view->width, r->view->height, lt_engine_about(r->engine)->backend,
                   lt_dtype_name(lt_engine_about(r->engine)->dtype));
    return true;
}

static bool take_steps(lt_reproduce *r, lt_error *err)
{
    lt_bar_begin(&r->bar, "steps", r->last);
    while (r->view->done < r->last) {
        if (lt_run_step(r->run, r->c->progress, err) == LT_STEP_FAILED)
            return lt_engine_needs_f32(r->engine) ? lt_fail_hint(err, "--dtype f32") : false;
        lt_trail_add(&r->trail, r->view->latents, 1, latent_count(r->view));
        if (!lt_signals_check(err))
            return false;
        lt_bar_step(&r->bar);
    }
    lt_bar_end(&r->bar);
    return true;
}

static bool decode(lt_reproduce *r, lt_error *err)
{
    const lt_run_view *v = r->view;
    float *latents = lt_alloc_array(latent_count(v), sizeof *latents);
    lt_run_lens(r->run, r->origin.lens, latents);
    lt_bar_status(&r->bar, "decoding");
    bool ok = lt_engine_picture(r->engine, v->h, v->w, latents, &r->made, r->c->progress, err) &&
              lt_image_compare(r->want, r->made, &r->distance, err);
    lt_bar_end(&r->bar);
    free(latents);
    return ok;
}

static void done(lt_reproduce *r)
{
    lt_run_free(r->run);
    lt_engine_close(r->engine);
    lt_image_unref(r->want);
    lt_image_unref(r->made);
    lt_params_done(&r->params);
    lt_origin_done(&r->origin);
    lt_latents_done(&r->latents);
    lt_init_image_done(&r->init);
    lt_trail_done(&r->trail);
    lt_buf_done(&r->notes);
}

static bool run(const lt_context *c, lt_error *err)
{
    lt_reproduce r = {.c = c, .path = c->args->operands[0]};
    lt_params_init(&r.params);
    lt_bar_init(&r.bar, c);
    bool ok = read_all(&r, err) && open_model(&r, err) && begin(&r, err) && take_steps(&r, err) &&
              decode(&r, err);
    lt_bar_end(&r.bar);
    ok = ok && lt_reproduce_report(&r, err);
    done(&r);
    return ok;
}

static const char *const settings[] = {LT_SETTINGS_OF_A_MODEL, "latents", "init-image",
                                       "vae-tiling", NULL};

const lt_command lt_command_reproduce = {
    .name = "reproduce",
    .summary = "makes a picture again from its file, and compares",
    .synopsis = "FILE.png [options]",
    .about = "Runs the settings that a PNG carries, on the backend and in the type that it names, "
             "and says whether the same picture comes out: exit code 0 if every pixel is equal, "
             "else 1, with the differences and the first step whose latents differ.  Options "
             "replace what the file says.  Pictures of other programs need --model; what their "
             "settings have and is not followed is listed.",
    .operand = "FILE.png",
    .example = "latentty reproduce out.png",
    .settings = settings,
    .run = run,
};
