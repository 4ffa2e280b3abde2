/* cmd_roundtrip.c - `latentty roundtrip`: what the autoencoder keeps of a picture. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/version.h"
#include "cli/names.h"
#include "cli/open.h"
#include "cli/output.h"
#include "cli/picture.h"
#include "cli/signals.h"
#include "image/compare.h"
#include "pipeline/trace.h"

typedef struct trip {
    lt_picture picture;
    float *pixels;     /* owned [3,H,W]: decoded */
    lt_image *decoded; /* owned */
    lt_image_distance distance;
    int gain; /* of the difference picture */
} trip;

static void trip_done(trip *t)
{
    lt_picture_done(&t->picture);
    lt_image_unref(t->decoded);
    free(t->pixels);
}

/* A power of two that lifts the mean difference to a visible grey. */
static int gain_for(double mean)
{
    int gain = 1;
    while (gain < 64 && mean * gain * 2 <= 48)
        gain *= 2;
    return gain;
}

static bool go(const lt_context *c, lt_engine *e, const lt_params *params, trip *t, lt_error *err)
{
    lt_picture *p = &t->picture;
    void *memory = NULL;
    if (!lt_picture_open(c->args->operands[0], lt_engine_about(e)->vae, p, err))
        return false;
    lt_picture_say_resized(c, p, lt_engine_about(e)->vae->factor);
    if (!lt_try_alloc((size_t)3 * (size_t)p->width * (size_t)p->height * sizeof(float),
                      "the decoded picture", &memory, err))
        return false;
    t->pixels = memory;
    if (!lt_picture_encode(c, p, e, lt_params_tiling(params), err) ||
        !lt_engine_decode_mean(e, p->h, p->w, p->mean, t->pixels, c->progress, err) ||
        !lt_image_from_chw(t->pixels, p->width, p->height, &t->decoded, err) ||
        !lt_image_compare(p->image, t->decoded, &t->distance, err))
        return false;
    t->gain = gain_for(t->distance.mae);
    return true;
}

static bool save_row(const char *path, const trip *t, lt_error *err)
{
    char psnr[LT_IMAGE_PSNR_TEXT], decoded[64], gain[64];
    lt_image *difference = NULL, *cells[3] = {NULL, NULL, NULL};
    lt_image_psnr_text(&t->distance, psnr);
    snprintf(decoded, sizeof decoded, "decoded, PSNR %s", psnr);
    snprintf(gain, sizeof gain, "difference x%d", t->gain);
    bool ok = lt_image_difference(t->picture.image, t->decoded, t->gain, &difference, err) &&
              lt_picture_caption(t->picture.image, "original", &cells[0], err) &&
              lt_picture_caption(t->decoded, decoded, &cells[1], err) &&
              lt_picture_caption(difference, gain, &cells[2], err) && lt_signals_check(err) &&
              lt_picture_write_row(path, cells, 3, err);
    for (int i = 0; i < 3; i++)
        lt_image_unref(cells[i]);
    lt_image_unref(difference);
    return ok;
}

static bool save_trace(const char *path, const trip *t, lt_error *err)
{
    const lt_picture *p = &t->picture;
    lt_trace *trace = lt_trace_new();
    lt_shape pixels = {.ndim = 4, .dim = {1, 3, p->height, p->width}},
             latents = {.ndim = 4, .dim = {1, p->channels, p->h, p->w}};
    bool ok = lt_trace_meta(trace, "version", LT_VERSION, err) &&
              lt_trace_add(trace, "vae.enc.input", pixels, p->pixels, err) &&
              lt_trace_add(trace, "vae.enc.mean", latents, p->mean, err) &&
              lt_trace_add(trace, "vae.enc.logvar", latents, p->logvar, err) &&
              lt_trace_add(trace, "vae.roundtrip.float", pixels, t->pixels, err) &&
              lt_trace_images(trace, 1, t->pixels, &t->decoded, err) &&
              lt_trace_save(trace, path, err);
    lt_trace_free(trace);
    return ok;
}

static int64_t numbers(int64_t a, int64_t b, int64_t c)
{
    return a * b * c;
}

static json_object *side_json(int64_t width, int64_t height, int64_t channels)
{
    json_object *o = json_object_new_object();
    lt_output_set(o, "width", json_object_new_int64(width));
    lt_output_set(o, "height", json_object_new_int64(height));
    lt_output_set(o, "channels", json_object_new_int64(channels));
    lt_output_set(o, "positions", json_object_new_int64(width * height));
    lt_output_set(o, "numbers", json_object_new_int64(numbers(width, height, channels)));
    return o;
}

static void print_json(const trip *t, const lt_engine *e, const char *path)
{
    const lt_picture *p = &t->picture;
    json_object *o = json_object_new_object(), *from = NULL;
    lt_output_set(o, "pixels", side_json(p->width, p->height, 3));
    lt_output_set(o, "latents", side_json(p->w, p->h, p->channels));
    lt_output_set(o, "fewer",
                  lt_output_number((double)numbers(p->width, p->height, 3) /
                                   (double)numbers(p->w, p->h, p->channels)));
    lt_output_set(o, "psnr_db", lt_output_number(t->distance.psnr));
    lt_output_set(o, "identical", json_object_new_boolean(t->distance.max == 0));
    lt_output_set(o, "mean_difference", lt_output_number(t->distance.mae));
    lt_output_set(o, "max_difference", json_object_new_int(t->distance.max));
    lt_output_set(o, "difference_gain", json_object_new_int(t->gain));
    if (lt_picture_resized(p)) {
        from = json_object_new_object();
        lt_output_set(from, "width", json_object_new_int(p->full_width));
        lt_output_set(from, "height", json_object_new_int(p->full_height));
    }
    lt_output_set(o, "resized_from", from);
    lt_output_set(o, "backend", json_object_new_string(lt_engine_about(e)->backend));
    lt_output_set(o, "dtype", json_object_new_string(lt_dtype_name(lt_engine_about(e)->dtype)));
    lt_output_set(o, "file", lt_output_text(path));
    lt_output_json(o);
}

static void print_table(const trip *t, const char *path)
{
    const lt_picture *p = &t->picture;
    char psnr[LT_IMAGE_PSNR_TEXT];
    lt_image_psnr_text(&t->distance, psnr);
    int64_t pixels = numbers(p->width, p->height, 3), latents = numbers(p->w, p->h, p->channels);
    lt_output_line(stdout, "pixels   %dx%d = %d positions, x3 = %" PRId64 " numbers", p->width,
                   p->height, p->width * p->height, pixels);
    lt_output_line(stdout, "latents  %dx%d = %d positions, x%d = %" PRId64 " numbers, %.3gx fewer",
                   p->w, p->h, p->w * p->h, p->channels, latents, (double)pixels / (double)latents);
    if (t->distance.max == 0)
        lt_output_line(stdout, "decoded  identical to the original in 8 bits");
    else
        lt_output_line(stdout,
                       "decoded  PSNR %s on 8-bit RGB, mean difference %.2f, largest %d of 255",
                       psnr, t->distance.mae, t->distance.max);
    lt_output_line(stdout, "wrote %s (original | decoded | difference x%d)", path, t->gain);
}

static bool check_names(const char *in, const char *out, const char *trace, lt_error *err)
{
    lt_names names = {0};
    if (!out)
        return lt_fail(err, LT_ERR_ARGUMENT, "-o compare.png", "no -o was given");
    lt_names_keep(&names, in);
    bool ok = lt_names_check_png(out, err) && lt_names_add(&names, out, err) &&
              (!trace || lt_names_add(&names, trace, err)) && lt_names_check(&names, err);
    lt_names_done(&names);
    return ok;
}

static bool run(const lt_context *c, lt_error *err)
{
    lt_params p;
    lt_engine *e = NULL;
    trip t = {0};
    const char *in = c->args->operands[0], *path = lt_args_value(c->args, "output"),
               *trace = lt_args_value(c->args, "trace");
    bool ok = lt_open_params(c, &p, err) && check_names(in, path, trace, err) &&
              lt_open_engine(c, &p, LT_NEEDS_VAE, &e, err) && go(c, e, &p, &t, err) &&
              save_row(path, &t, err) && (!trace || save_trace(trace, &t, err));
    if (ok && c->json)
        print_json(&t, e, path);
    else if (ok && !c->quiet)
        print_table(&t, path);
    trip_done(&t);
    lt_engine_close(e);
    lt_params_done(&p);
    return ok;
}

static const lt_option options[] = {
    {"output", 'o', "FILE", NULL, "PNG file to write", false},
    {"trace", 0, "FILE", NULL, ".safetensors file for every intermediate", false},
};
static const char *const settings[] = {"model",  "vae",     "variant",    "backend", "dtype",
                                       "device", "threads", "vae-tiling", NULL};

const lt_command lt_command_roundtrip = {
    .name = "roundtrip",
    .summary = "what the autoencoder keeps of a picture",
    .synopsis = "PICTURE.png -o FILE [options]",
    .operand = "PICTURE.png",
    .about =
        "Encodes a picture to the mean of its latents and decodes that again.  Writes the "
        "original, the decoded picture and their difference side by side and tells the PSNR "
        "and how many numbers the picture has in pixels and in latents.  A picture whose sides "
        "are no multiples of the VAE's factor is resized (Lanczos) to the multiples below them, as "
        "--init-image is.",
    .example = "latentty roundtrip picture.png -o compare.png",
    .options = options,
    .option_count = LT_COUNT(options),
    .settings = settings,
    .run = run,
};
