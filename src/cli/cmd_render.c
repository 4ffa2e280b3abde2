/* cmd_render.c - `latentty render`: from prompts to pictures. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/open.h"
#include "cli/output.h"
#include "cli/render.h"
#include "cli/seeds.h"
#include "cli/signals.h"
#include "image/png.h"
#include "pipeline/lens.h"

static bool read_lens(lt_render *r, lt_error *err)
{
    const char *word = lt_args_value(r->c->args, "lens");
    r->lens = LT_LENS_LATENTS;
    if (!word)
        return true;
    if (!r->frames && !lt_args_has(r->c->args, "animation"))
        return lt_fail(err, LT_ERR_ARGUMENT, "--frames DIR",
                       "--lens says what frames show, but there is no --frames or --animation");
    return lt_lens_find(word, &r->lens, err);
}

static bool read_batch(lt_render *r, lt_error *err)
{
    long long batch = 0; /* not given */
    const char *text = lt_args_value(r->c->args, "batch");
    if (text && !lt_args_whole(text, 1, LT_PARAMS_MAX_BATCH, &batch))
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "--batch is '%s', expected 1 to %d", text,
                       LT_PARAMS_MAX_BATCH);
    r->params.batch = (int)batch;
    return true;
}

static bool read_columns(lt_render *r, lt_error *err)
{
    long long columns = 0; /* not given */
    const char *text = lt_args_value(r->c->args, "columns");
    if (text && !lt_args_has(r->c->args, "sheet"))
        return lt_fail(err, LT_ERR_ARGUMENT, "--sheet FILE.png",
                       "--columns are those of the sheet, but there is no --sheet");
    if (text && !lt_args_whole(text, 1, LT_PARAMS_MAX_BATCH, &columns))
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "--columns is '%s', expected 1 to %d", text,
                       LT_PARAMS_MAX_BATCH);
    r->columns = (int)columns;
    return true;
}

static bool read_init_image(lt_render *r, lt_error *err)
{
    if (!r->params.init_image && lt_args_has(r->c->args, "strength"))
        return lt_fail(err, LT_ERR_ARGUMENT, "--init-image FILE.png",
                       "--strength is that of a picture to begin with, but there is no "
                       "--init-image");
    if (r->params.init_image && r->params.latents)
        return lt_fail(err, LT_ERR_ARGUMENT, "leave out one of them",
                       "--init-image and --latents both say what the run begins with");
    return lt_init_image_read(r->params.init_image, &r->init, err);
}

/* Everything on the command line; nothing of the model is read. */
static bool read_arguments(lt_render *r, lt_error *err)
{
    const lt_args *args = r->c->args;
    if (!lt_open_params(r->c, &r->params, err))
        return false;
    if (r->c->config && r->c->config->faults.all.len)
        lt_output_notes(r->c, r->c->config->faults.all.data);
    for (int i = 0; i < args->given_count; i++)
        if (strcmp(args->given[i].option->name, "prompt") == 0)
            lt_params_add_prompt(&r->params, args->given[i].value);
    r->frames = lt_args_value(args, "frames");
    r->trace_path = lt_args_value(args, "trace");
    r->attention.dir = lt_args_value(args, "attention");
    if (!read_lens(r, err) || !read_batch(r, err) || !read_columns(r, err) ||
        !lt_seeds_read(r->c, &r->params, lt_config_value_of(r->c->config, "seed"), err) ||
        !lt_params_check(&r->params, err) || !read_init_image(r, err) ||
        !lt_render_latents(r, err) || !lt_render_animation_read(r, err) || !lt_render_names(r, err))
        return false;
    lt_seeds_say(r->c, &r->params);
    return true;
}

static bool open_model(lt_render *r, lt_error *err)
{
    double start = lt_clock();
    bool ok = lt_open_engine(r->c, &r->params, LT_NEEDS_ALL, &r->engine, err) &&
              lt_render_size(r, err) && lt_signals_check(err);
    r->times.load = lt_clock() - start;
    return ok;
}

/* Host memory for pixels and frames. */
static bool make_room(lt_render *r, lt_error *err)
{
    const lt_run_view *v = r->view;
    size_t pixels = (size_t)3 * (size_t)v->width * (size_t)v->height * sizeof(float);
    size_t latents = (size_t)v->images * (size_t)v->channels * (size_t)v->h * (size_t)v->w;
    void *memory = NULL;
    r->images = lt_alloc_array((size_t)v->images, sizeof *r->images);
    r->times.steps = lt_alloc_array((size_t)v->steps, sizeof *r->times.steps);
    if (r->trace_path && !lt_mul(pixels, (size_t)v->images, &pixels))
        return lt_fail(err, LT_ERR_MEMORY, NULL, "the trace is too large");
    if (r->trace_path && !lt_try_alloc(pixels, "the pictures", &memory, err))
        return false;
    r->pixels = memory;
    if (!lt_render_shows(r))
        return true;
    if (!lt_try_alloc(latents * sizeof(float), "the frames", &memory, err))
        return false;
    r->shown = memory;
    return true;
}

/* What a PNG would refuse at the end, after all the work. */
static bool check_settings(const lt_render *r, lt_error *err)
{
    bool ok = true;
    lt_meta meta = lt_meta_of(r->engine, &r->params, r->run);
    size_t trail = lt_meta_trail_bytes(meta.shown);
    for (int i = 0; i < r->view->images && ok; i += r->view->per_prompt) {
        lt_buf json = {0};
        lt_meta_json(&meta, i, &json);
        if (json.len + trail > LT_PNG_MAX_TEXT)
            ok = lt_fail(err, LT_ERR_ARGUMENT, "a shorter prompt",
                         "the settings have %zu bytes as JSON, more than the %d that a PNG carries",
                         json.len + trail, LT_PNG_MAX_TEXT);
        lt_buf_done(&json);
    }
    return ok;
}

static void add_to_trail(lt_render *r)
{
    const lt_run_view *v = r->view;
    lt_trail_add(&r->trail, v->latents, v->images,
                 (size_t)v->channels * (size_t)v->h * (size_t)v->w);
}

static bool begin(lt_render *r, lt_error *err)
{
    double start = lt_clock();
    lt_run_options options = {.params = &r->params,
                              .noise = r->latents.noise,
                              .init = r->params.init_image ? &r->init : NULL,
                              .keep_uncond = r->trace_path != NULL,
                              .attention = r->attention.dir != NULL};
    lt_bar_status(&r->bar, "preparing");
    if (!lt_run_begin(r->engine, &options, &r->run, r->c->progress, err))
        return false;
    r->view = lt_run_about(r->run);
    r->times.begin = lt_clock() - start;
    lt_bar_end(&r->bar);
    if (r->view->tiled && lt_params_tiling(&r->params) == LT_TILING_AUTO)
        lt_output_note(r->c, "%s", LT_TILING_NOTE);
    if (!check_settings(r, err) || !lt_render_sheet_check(r, err) || !make_room(r, err) ||
        !lt_render_animation_begin(r, err))
        return false;
    add_to_trail(r);
    lt_render_begun(r);
    if (!r->trace_path)
        return true;
    r->trace = lt_trace_new();
    return lt_trace_begin(r->trace, r->engine, r->run, err);
}

static bool take_steps(lt_render *r, lt_error *err)
{
    lt_step_result result = LT_STEP_MORE;
    if (!lt_render_frame(r, err))
        return false;
    lt_bar_begin(&r->bar, "steps", r->view->steps);
    while (result == LT_STEP_MORE) {
        double start = lt_clock();
        result = lt_run_step(r->run, r->c->progress, err);
        if (result == LT_STEP_FAILED)
            return false;
        r->times.steps[r->times.step_count++] = lt_clock() - start;
        add_to_trail(r);
        if ((r->trace && !lt_trace_step(r->trace, r->run, err)) ||
            !lt_render_attention_step(r, err) ||
            (result == LT_STEP_MORE && !lt_render_frame(r, err)) || !lt_signals_check(err))
            return false;
        lt_bar_step(&r->bar);
    }
    lt_bar_end(&r->bar);
    return true;
}

/* Says how far it came, in place of what stopped. */
static void say_stop(const lt_render *r, lt_error *err)
{
    const char *name = lt_signals_name(lt_signals_received());
    char files[64];
    if (err->code != LT_ERR_CANCELLED)
        return;
    snprintf(files, sizeof files, r->written ? "%d of %d pictures written" : "no picture written",
             r->written, r->path_count);
    if (!r->view)
        lt_fail(err, LT_ERR_CANCELLED, NULL, "stopped by %s before the first step, %s", name,
                files);
    else if (r->view->done < r->view->steps)
        lt_fail(err, LT_ERR_CANCELLED, NULL, "stopped by %s at step %d of %d, %s", name,
                r->view->done + 1, r->view->steps, files);
    else
        lt_fail(err, LT_ERR_CANCELLED, NULL, "stopped by %s after the last step, %s", name, files);
}

/* Frees what begin, take_steps and lt_render_finish made: they can be called again. */
static void forget_run(lt_render *r)
{
    for (int i = 0; r->images && i < r->path_count; i++)
        lt_image_unref(r->images[i]);
    lt_render_animation_undo(r);
    lt_render_attention_forget(r, false);
    lt_trace_free(r->trace);
    lt_trail_done(&r->trail);
    lt_run_free(r->run);
    free(r->images);
    free(r->pixels);
    free(r->shown);
    free(r->times.steps);
    free(r->times.decodes);
    r->images = NULL;
    r->trace = NULL;
    r->run = NULL;
    r->view = NULL;
    r->pixels = r->shown = NULL;
    r->written = 0;
    r->times = (lt_render_times){.load = r->times.load, .start = r->times.start};
}

static void done(lt_render *r)
{
    lt_render_names_undo(r);
    forget_run(r);
    for (int i = 0; i < r->attention.file_count; i++)
        free(r->attention.files[i]);
    free(r->attention.files);
    for (int i = 0; i < r->path_count; i++)
        free(r->paths[i]);
    lt_engine_close(r->engine);
    lt_params_done(&r->params);
    free(r->paths);
    free(r->sheet);
    free(r->animation.path);
    lt_latents_done(&r->latents);
    lt_init_image_done(&r->init);
}

static bool generate(lt_render *r, lt_error *err)
{
    return begin(r, err) && take_steps(r, err) && lt_render_finish(r, err);
}

/* The same generation from its start in f32; what was written of the first is written again. */
static bool retry(lt_render *r, lt_error *err)
{
    bool asked = r->params.dtype && strcmp(r->params.dtype, "auto") != 0;
    lt_bar_end(&r->bar);
    lt_output_note(r->c, "%s; starting again in f32%s%s", err->message,
                   asked ? ", in spite of --dtype " : "", asked ? r->params.dtype : "");
    r->retried = lt_dtype_name(lt_engine_about(r->engine)->dtype);
    if (r->view) {
        lt_render_frames_undo(r);
        lt_render_attention_forget(r, true);
    }
    forget_run(r);
    lt_engine_close(r->engine); /* before the other: there may be memory for one only */
    r->engine = NULL;
    free(r->params.dtype);
    r->params.dtype = lt_strdup("f32");
    *err = (lt_error){0};
    return open_model(r, err) && generate(r, err);
}

static bool run(const lt_context *c, lt_error *err)
{
    lt_render r = {.c = c, .times.start = lt_clock()};
    lt_bar_init(&r.bar, c);
    bool ok = read_arguments(&r, err) && open_model(&r, err) && generate(&r, err);
    if (!ok && r.engine && lt_engine_needs_f32(r.engine))
        ok = retry(&r, err);
    lt_bar_end(&r.bar);
    if (ok)
        lt_render_report(&r);
    else
        say_stop(&r, err);
    done(&r);
    return ok;
}

static const lt_option options[] = {
    {"prompt", 'p', "TEXT", NULL, "what the picture shows; given again, another picture", true},
    {"seed", 0, "S", "random", "seed of one generator for all pictures", false},
    {"batch", 0, "N", "1", "pictures a prompt", false},
    {"seeds", 0, "LIST", NULL,
     "42,43..47: a picture of each for every prompt, each from its own generator; with "
     "--batch N, one seed for every picture",
     false},
    {"output", 'o', "NAME", "latentty-{seed}.png",
     "PNG to write; {seed}, {i} and {prompt_i} are replaced, the numbers counted from 0", false},
    {"sheet", 0, "FILE", NULL, "PNG with all pictures, each with its seed, and prompt if several",
     false},
    {"columns", 0, "N", "pictures a prompt up to 8, else a square", "of the sheet", false},
    {"frames", 0, "DIR", NULL, "write every step there as III-KKK.png; K = 000 is the noise",
     false},
    {"animation", 0, "FILE", NULL, "animated PNG of every step of one picture", false},
    {"frame-ms", 0, "N", "100",
     "milliseconds a step in it; the last one stays for 2 seconds or more", false},
    {"lens", 0, "NAME", "latents",
     "what frames show: latents, x0, the prediction, or noise, the predicted one", false},
    {"attention", 0, "DIR", NULL,
     "write there where every step looked for which word: III-KKK.safetensors, and over the "
     "picture "
     "III-wNN.png, listed in III-words.txt",
     false},
    {"trace", 0, "FILE", NULL, ".safetensors file for every intermediate", false},
};
static const char *const settings[] = {LT_SETTINGS_OF_A_PICTURE, "latents", LT_SETTINGS_OF_A_MODEL,
                                       NULL};

const lt_command lt_command_render = {
    .name = "render",
    .summary = "pictures from prompts",
    .synopsis = "-p TEXT [-p TEXT ...] [-o NAME] [options]",
    .about = "Makes pictures with Stable Diffusion, with diffusers' numbers: P prompts with N "
             "pictures each are numbered prompt by prompt.  Settings are named as diffusers names "
             "its arguments.  A PNG carries its settings, for 'latentty info' and for other "
             "programs.",
    .example = "latentty render -p \"A wild pokemon appears!\" --seed 42 -o out.png",
    .options = options,
    .option_count = LT_COUNT(options),
    .settings = settings,
    .configured = true,
    .run = run,
};
