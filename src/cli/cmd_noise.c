/* cmd_noise.c - `latentty noise`: the forward process, step by step. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/bar.h"
#include "cli/names.h"
#include "cli/open.h"
#include "cli/output.h"
#include "cli/picture.h"
#include "cli/seeds.h"
#include "cli/signals.h"
#include "sample/rng.h"
#include "sample/schedule.h"

enum { MAX_TIMES = 64 };

typedef struct strip {
    long long times[MAX_TIMES];
    int count;
    lt_schedule schedule;
    lt_picture picture;
    float *x0, *eps, *xt;       /* owned, one block: [C,h,w] three times */
    lt_image *cells[MAX_TIMES]; /* owned */
} strip;

static void strip_done(strip *s)
{
    for (int i = 0; i < s->count; i++)
        lt_image_unref(s->cells[i]);
    lt_picture_done(&s->picture);
    lt_schedule_done(&s->schedule);
    free(s->x0);
}

static bool parse_times(const lt_context *c, strip *s, lt_error *err)
{
    static const lt_args_list kind = {"timesteps", 0, LT_SCHEDULE_MAX_TRAIN - 1, MAX_TIMES};
    const char *text = lt_args_value(c->args, "timesteps");
    bool ok = lt_args_wholes(&kind, text ? text : "0,250,500,750,999", s->times, &s->count, err);
    if (!ok)
        s->count = 0;
    return ok;
}

static bool check_times(const strip *s, lt_error *err)
{
    int most = s->schedule.config.num_train_timesteps - 1;
    for (int i = 0; i < s->count; i++)
        if (s->times[i] > most)
            return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                           "--timesteps has %lld, expected 0 to %d for this model", s->times[i],
                           most);
    return true;
}

static double signal(const strip *s, int i)
{
    return (double)s->schedule.alphas_cumprod[s->times[i]];
}

/* x0 in the space that the UNet works in, and one picture of noise for all timesteps. */
static bool begin(strip *s, float scaling, uint64_t seed, lt_error *err)
{
    const lt_picture *p = &s->picture;
    size_t n = (size_t)p->channels * (size_t)p->h * (size_t)p->w;
    void *memory = NULL;
    lt_rng rng;
    if (!lt_try_alloc(3 * n * sizeof(float), "the latents", &memory, err))
        return false;
    s->x0 = memory;
    s->eps = s->x0 + n;
    s->xt = s->eps + n;
    for (size_t i = 0; i < n; i++)
        s->x0[i] = p->mean[i] * scaling;
    lt_rng_seed(&rng, seed);
    lt_rng_normal(&rng, s->eps, n);
    return true;
}

static bool make_cell(const lt_context *c, lt_engine *e, strip *s, int i, lt_error *err)
{
    const lt_picture *p = &s->picture;
    size_t n = (size_t)p->channels * (size_t)p->h * (size_t)p->w;
    char text[64];
    lt_image *plain = NULL;
    snprintf(text, sizeof text, "t=%lld abar=%.4f", s->times[i], signal(s, i));
    bool ok = lt_schedule_add_noise(&s->schedule, (int)s->times[i], s->x0, s->eps, n, s->xt, err) &&
              lt_engine_picture(e, p->h, p->w, s->xt, &plain, c->progress, err) &&
              lt_picture_caption(plain, text, &s->cells[i], err);
    lt_image_unref(plain);
    return ok;
}

static bool make(const lt_context *c, lt_engine *e, const lt_params *p, strip *s, lt_error *err)
{
    const lt_engine_info *about = lt_engine_about(e);
    const char *in = c->args->operands[0];
    lt_bar bar;
    if (!lt_schedule_init(&s->schedule, &about->scheduler->base, 1, err) || !check_times(s, err) ||
        !lt_picture_open(in, about->vae, &s->picture, err))
        return false;
    lt_picture_say_resized(c, &s->picture, about->vae->factor);
    if (!lt_picture_encode(c, &s->picture, e, lt_params_tiling(p), err) ||
        !begin(s, about->vae->scaling_factor, p->seeds[0], err))
        return false;
    bool ok = true;
    lt_bar_init(&bar, c);
    lt_bar_begin(&bar, "decoding", s->count);
    for (int i = 0; i < s->count && ok; i++) {
        ok = make_cell(c, e, s, i, err);
        if (ok)
            lt_bar_step(&bar);
    }
    lt_bar_end(&bar);
    return ok && lt_signals_check(err);
}

static void print_json(const strip *s, uint64_t seed, const char *path)
{
    json_object *o = json_object_new_object(), *rows = json_object_new_array();
    for (int i = 0; i < s->count; i++) {
        json_object *row = json_object_new_object();
        double a = signal(s, i);
        lt_output_set(row, "t", json_object_new_int64(s->times[i]));
        lt_output_set(row, "signal_share", lt_output_number(a));
        lt_output_set(row, "signal_factor", lt_output_number(sqrt(a)));
        lt_output_set(row, "noise_factor", lt_output_number(sqrt(1 - a)));
        lt_output_set(row, "sigma", lt_output_number(sqrt((1 - a) / a)));
        json_object_array_add(rows, row);
    }
    lt_output_set(o, "timesteps", rows);
    lt_output_set(o, "seed", json_object_new_uint64(seed));
    lt_output_set(o, "width", json_object_new_int(s->picture.width));
    lt_output_set(o, "height", json_object_new_int(s->picture.height));
    lt_output_set(o, "file", lt_output_text(path));
    lt_output_json(o);
}

static void print_table(const strip *s, uint64_t seed, const char *path)
{
    lt_output_line(stdout,
                   "x_t = sqrt(abar_t) x_0 + sqrt(1-abar_t) eps, the same eps (seed %" PRIu64
                   ") for all",
                   seed);
    lt_output_line(stdout, "    t   signal share abar_t   sqrt(abar_t)   sqrt(1-abar_t)");
    for (int i = 0; i < s->count; i++)
        lt_output_line(stdout, "%5lld   %19.6f   %12.6f   %14.6f", s->times[i], signal(s, i),
                       sqrt(signal(s, i)), sqrt(1 - signal(s, i)));
    lt_output_line(stdout, "wrote %s", path);
}

static bool check_names(const char *in, const char *out, lt_error *err)
{
    lt_names names = {0};
    if (!out)
        return lt_fail(err, LT_ERR_ARGUMENT, "-o strip.png", "no -o was given");
    lt_names_keep(&names, in);
    bool ok = lt_names_check_png(out, err) && lt_names_add(&names, out, err) &&
              lt_names_check(&names, err);
    lt_names_done(&names);
    return ok;
}

static bool run(const lt_context *c, lt_error *err)
{
    lt_params p;
    lt_engine *e = NULL;
    strip s = {0};
    const char *path = lt_args_value(c->args, "output");
    bool ok = lt_open_params(c, &p, err) && lt_seeds_read(c, &p, "0", err) &&
              parse_times(c, &s, err) && check_names(c->args->operands[0], path, err);
    if (ok)
        lt_seeds_say(c, &p);
    ok = ok && lt_open_engine(c, &p, LT_NEEDS_VAE, &e, err) && make(c, e, &p, &s, err) &&
         lt_picture_write_row(path, s.cells, s.count, err);
    if (ok && c->json)
        print_json(&s, p.seeds[0], path);
    else if (ok && !c->quiet)
        print_table(&s, p.seeds[0], path);
    strip_done(&s);
    lt_engine_close(e);
    lt_params_done(&p);
    return ok;
}

static const lt_option options[] = {
    {"timesteps", 't', "T,...", "0,250,500,750,999", "training timesteps to show, up to 64", false},
    {"seed", 0, "S", "0", "seed of the noise", false},
    {"output", 'o', "FILE", NULL, "PNG file to write", false},
};
static const char *const settings[] = {"model",  "vae",     "variant",    "backend", "dtype",
                                       "device", "threads", "vae-tiling", NULL};

const lt_command lt_command_noise = {
    .name = "noise",
    .summary = "a picture at growing timesteps of the forward process",
    .synopsis = "PICTURE.png -o FILE [-t T,...] [options]",
    .operand = "PICTURE.png",
    .about = "Encodes a picture, adds noise to its scaled latents as training does, "
             "x_t = sqrt(abar_t) x_0 + sqrt(1-abar_t) eps, and decodes the result at every "
             "timestep.  The signal share is abar_t.  The picture is made to fit as by roundtrip.",
    .example = "latentty noise picture.png -t 0,250,500,750,999 --seed 0 -o strip.png",
    .options = options,
    .option_count = LT_COUNT(options),
    .settings = settings,
    .run = run,
};
