/* cmd_bench.c - `latentty bench`: how long the parts of a picture take, op by op. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/bar.h"
#include "cli/open.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "pipeline/bench.h"

enum { REPEAT = 5, MAX_REPEAT = 1000 };

typedef struct bench {
    const lt_context *c;
    lt_params params;
    const lt_synthetic_model *synthetic; /* NULL: the model of params */
    lt_engine *engine;
    lt_bench_options options;
    int width, height;
    lt_bench *parts;
    lt_bar bar;

    double load; /* seconds */
    lt_bench_time text;
    lt_bench_part step, decode;
    lt_bench_time beside; /* median 0: the backend does one after the other */
    double matmul[2];     /* FLOP/s: before and after the parts */
    size_t peak;          /* bytes */
    double batch;         /* a guided step of all pictures in steps of one; 0: there is one */
    double attention;     /* a guided step with its maps in those without; 0: not asked for */
} bench;

/* ---- the command line ---- */

static bool read_count(const bench *b, const char *option, int most, int fallback, int *out,
                       lt_error *err)
{
    long long value = fallback;
    const char *text = lt_args_value(b->c->args, option);
    if (text && !lt_args_whole(text, 1, most, &value))
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "--%s is '%s', expected 1 to %d", option, text,
                       most);
    *out = (int)value;
    return true;
}

static bool read_arguments(bench *b, lt_error *err)
{
    const char *synthetic = lt_args_value(b->c->args, "synthetic");
    if (!lt_open_params(b->c, &b->params, err) ||
        !read_count(b, "batch", LT_PARAMS_MAX_BATCH, 1, &b->options.images, err) ||
        !read_count(b, "repeat", MAX_REPEAT, REPEAT, &b->options.repeat, err))
        return false;
    if (synthetic && (b->params.model || b->params.variant))
        return lt_fail(err, LT_ERR_ARGUMENT, "leave out one of them",
                       "--synthetic has no files, but --%s was given",
                       b->params.model ? "model" : "variant");
    return !synthetic || lt_synthetic_find(synthetic, &b->synthetic, err);
}

/* ---- the work ---- */

static bool open_synthetic(bench *b, lt_error *err)
{
    lt_engine_options options = {.backends = b->c->backends,
                                 .backend = b->params.backend ? b->params.backend : "auto",
                                 .dtype = b->params.dtype ? b->params.dtype : "auto",
                                 .threads = b->params.threads,
                                 .device = lt_params_device(&b->params),
                                 .needs = LT_NEEDS_ALL,
                                 .synthetic = b->synthetic};
    return lt_engine_open(&options, &b->engine, err);
}

static bool set_size(bench *b, lt_error *err)
{
    int side = lt_engine_default_side(b->engine), f = lt_engine_about(b->engine)->vae->factor;
    b->width = b->params.size.width ? b->params.size.width : side;
    b->height = b->params.size.height ? b->params.size.height : side;
    b->options.w = b->width / f;
    b->options.h = b->height / f;
    return lt_engine_check_size(b->engine, b->width, b->height, err);
}

static bool open_model(bench *b, lt_error *err)
{
    double start = lt_clock();
    lt_bar_status(&b->bar, "opening");
    if (!(b->synthetic ? open_synthetic(b, err)
                       : lt_open_engine(b->c, &b->params, LT_NEEDS_ALL, &b->engine, err)) ||
        !set_size(b, err))
        return false;
    b->load = lt_clock() - start;
    return true;
}

static bool begin(bench *b, lt_error *err)
{
    double start = lt_clock();
    lt_bar_status(&b->bar, "compiling");
    if (!lt_bench_begin(b->engine, &b->options, &b->parts, b->c->progress, err))
        return false;
    b->load += lt_clock() - start;
    return true;
}

static bool probe(bench *b, double *out, lt_error *err)
{
    const lt_engine_info *about = lt_engine_about(b->engine);
    const lt_backend_ops *const *ops = b->c->backends;
    lt_backend_options options = {.dtype = about->dtype,
                                  .threads = b->params.threads,
                                  .device = lt_params_device(&b->params)};
    while (strcmp((*ops)->name, about->backend) != 0)
        ops++;
    lt_bar_status(&b->bar, "matrix product");
    return lt_bench_matmul(*ops, &options, out, b->c->progress, err) && lt_signals_check(err);
}

/* The first product runs before anything large is in memory, so that the peak is the model's. */
static bool measure(bench *b, lt_error *err)
{
    lt_progress *progress = b->c->progress;
    if (!open_model(b, err) || !probe(b, &b->matmul[0], err) || !begin(b, err))
        return false;
    lt_bar_status(&b->bar, "text");
    if (!lt_bench_text(b->parts, &b->text, progress, err))
        return false;
    lt_bar_status(&b->bar, "guided steps");
    if (!lt_bench_guided_step(b->parts, &b->step, progress, err))
        return false;
    lt_bar_status(&b->bar, "decoding");
    if (!lt_bench_decode(b->parts, &b->decode, progress, err))
        return false;
    lt_bar_status(&b->bar, "guided steps with decoding");
    if (lt_engine_beside(b->engine) && !lt_bench_beside(b->parts, &b->beside, progress, err))
        return false;
    b->peak = lt_bench_peak_rss();
    if (b->options.images > 1) {
        lt_bar_status(&b->bar, "one picture and all in turns");
        if (!lt_bench_batch(b->parts, &b->batch, progress, err))
            return false;
    }
    if (lt_args_has(b->c->args, "attention")) {
        lt_bar_status(&b->bar, "steps with and without attention maps in turns");
        if (!lt_bench_attention(b->parts, &b->attention, progress, err))
            return false;
    }
    return probe(b, &b->matmul[1], err);
}

/* ---- what is said ---- */

/* FLOP/s of the large product: the better of the two. */
static double best_matmul(const bench *b)
{
    return b->matmul[0] > b->matmul[1] ? b->matmul[0] : b->matmul[1];
}

/* flop / seconds as a number; null where there are no products. */
static json_object *rate(double flop, double seconds, double unit)
{
    return flop > 0 && seconds > 0 ? lt_output_number(flop / seconds / unit) : NULL;
}

static json_object *time_json(const lt_bench_time *t)
{
    json_object *o = json_object_new_object();
    lt_output_set(o, "min_ms", lt_output_number(t->least * 1e3));
    lt_output_set(o, "median_ms", lt_output_number(t->median * 1e3));
    lt_output_set(o, "max_ms", lt_output_number(t->most * 1e3));
    return o;
}

static json_object *kind_json(const bench *b, const lt_bench_part *p, const lt_bench_kind *k)
{
    json_object *o = json_object_new_object();
    lt_output_set(o, "op", json_object_new_string(lt_op_name(k->op)));
    lt_output_set(o, "count", json_object_new_int(k->count));
    lt_output_set(o, "ms", lt_output_number(k->seconds * 1e3));
    lt_output_set(o, "share", lt_output_number(k->seconds / p->seconds));
    lt_output_set(o, "flop", lt_output_number(k->flop));
    lt_output_set(o, "flop_per_s", rate(k->flop, k->seconds, 1));
    lt_output_set(o, "of_matmul", rate(k->flop, k->seconds, best_matmul(b)));
    return o;
}

static json_object *part_json(const bench *b, const lt_bench_part *p)
{
    json_object *o = time_json(&p->time), *ops = json_object_new_array();
    for (int i = 0; i < p->kind_count; i++)
        json_object_array_add(ops, kind_json(b, p, &p->kinds[i]));
    lt_output_set(o, "flop", lt_output_number(p->flop));
    lt_output_set(o, "flop_per_s", rate(p->flop, p->time.median, 1));
    lt_output_set(o, "of_matmul", rate(p->flop, p->time.median, best_matmul(b)));
    lt_output_set(o, "ops_ms", lt_output_number(p->seconds * 1e3));
    lt_output_set(o, "ops", ops);
    return o;
}

static json_object *matmul_json(const bench *b)
{
    json_object *o = json_object_new_object();
    lt_output_set(o, "side", json_object_new_int(LT_BENCH_MATMUL_SIDE));
    lt_output_set(o, "before_flop_per_s", lt_output_number(b->matmul[0]));
    lt_output_set(o, "after_flop_per_s", lt_output_number(b->matmul[1]));
    return o;
}

static void print_json(const bench *b)
{
    const lt_engine_info *about = lt_engine_about(b->engine);
    int threads = b->params.threads;
    json_object *o = json_object_new_object();
    lt_output_set(o, "model", lt_output_text(about->model));
    lt_output_set(o, "synthetic", json_object_new_boolean(b->synthetic != NULL));
    lt_output_set(o, "backend", json_object_new_string(about->backend));
    lt_output_set(o, "dtype", json_object_new_string(lt_dtype_name(about->dtype)));
    lt_output_set(o, "threads", threads ? json_object_new_int(threads) : NULL);
    lt_output_set(o, "width", json_object_new_int(b->width));
    lt_output_set(o, "height", json_object_new_int(b->height));
    lt_output_set(o, "batch", json_object_new_int(b->options.images));
    lt_output_set(o, "repeat", json_object_new_int(b->options.repeat));
    lt_output_set(o, "guided_step_ms", lt_output_number(b->step.time.median * 1e3));
    lt_output_set(o, "decode_ms", lt_output_number(b->decode.time.median * 1e3));
    lt_output_set(o, "guided_step_with_decode_ms",
                  b->beside.median > 0 ? lt_output_number(b->beside.median * 1e3) : NULL);
    lt_output_set(o, "text_ms", lt_output_number(b->text.median * 1e3));
    lt_output_set(o, "load_ms", lt_output_number(b->load * 1e3));
    lt_output_set(o, "peak_rss_mb", b->peak ? lt_output_number((double)b->peak / 0x1p20) : NULL);
    lt_output_set(o, "guided_step_of_one", b->batch > 0 ? lt_output_number(b->batch) : NULL);
    lt_output_set(o, "attention_of_plain",
                  b->attention > 0 ? lt_output_number(b->attention) : NULL);
    lt_output_set(o, "text", time_json(&b->text));
    lt_output_set(o, "guided_step", part_json(b, &b->step));
    lt_output_set(o, "decode", part_json(b, &b->decode));
    lt_output_set(o, "matmul", matmul_json(b));
    lt_output_json(o);
}

static void print_time(const bench *b, const char *name, const lt_bench_time *t)
{
    lt_output_line(stdout, "%-12s %10.2f ms   %.2f to %.2f in %d run%s", name, t->median * 1e3,
                   t->least * 1e3, t->most * 1e3, b->options.repeat,
                   b->options.repeat == 1 ? "" : "s");
}

static void print_kinds(const bench *b, const char *name, const lt_bench_part *p)
{
    lt_output_line(stdout, "%s", "");
    lt_output_line(stdout, "%-14s %6s %10s %7s %10s %10s", name, "count", "ms", "share", "GFLOP/s",
                   "of matmul");
    for (int i = 0; i < p->kind_count; i++) {
        const lt_bench_kind *k = &p->kinds[i];
        double speed = k->flop > 0 && k->seconds > 0 ? k->flop / k->seconds : 0;
        char products[32] = "";
        if (speed > 0)
            snprintf(products, sizeof products, " %10.1f %10.2f", speed / 1e9,
                     speed / best_matmul(b));
        lt_output_line(stdout, "%-14s %6d %10.2f %6.1f%%%s", lt_op_name(k->op), k->count,
                       k->seconds * 1e3, 100 * k->seconds / p->seconds, products);
    }
    lt_output_line(stdout, "%-14s %6s %10.2f %6.1f%% %10.1f %10.2f", "together", "",
                   p->seconds * 1e3, 100.0, p->flop / p->seconds / 1e9,
                   p->flop / p->seconds / best_matmul(b));
}

static void print_table(const bench *b)
{
    const lt_engine_info *about = lt_engine_about(b->engine);
    lt_output_line(stdout, "%s%s, %dx%d, batch %d, %s on %s", about->model,
                   b->synthetic ? " (random weights)" : "", b->width, b->height, b->options.images,
                   lt_dtype_name(about->dtype), about->backend);
    lt_output_line(stdout, "%-12s %10.2f ms", "load", b->load * 1e3);
    print_time(b, "text", &b->text);
    print_time(b, "guided step", &b->step.time);
    print_time(b, "decode", &b->decode.time);
    if (b->beside.median > 0)
        print_time(b, "step, decode", &b->beside);
    if (b->batch > 0)
        lt_output_line(stdout, "%-12s %10.2f times the step of one", "batch", b->batch);
    if (b->attention > 0)
        lt_output_line(stdout, "%-12s %10.3f times the step without", "attention", b->attention);
    if (b->peak)
        lt_output_line(stdout, "%-12s %10.0f MiB", "peak memory", (double)b->peak / 0x1p20);
    lt_output_line(stdout, "%-12s %10.1f GFLOP/s before, %.1f after (%d x %d)", "matmul",
                   b->matmul[0] / 1e9, b->matmul[1] / 1e9, LT_BENCH_MATMUL_SIDE,
                   LT_BENCH_MATMUL_SIDE);
    print_kinds(b, "guided step", &b->step);
    print_kinds(b, "decode", &b->decode);
}

static bool run(const lt_context *c, lt_error *err)
{
    bench b = {.c = c};
    lt_bar_init(&b.bar, c);
    bool ok = read_arguments(&b, err) && measure(&b, err);
    lt_bar_end(&b.bar);
    if (ok && c->json)
        print_json(&b);
    else if (ok && !c->quiet)
        print_table(&b);
    lt_bench_free(b.parts);
    lt_engine_close(b.engine);
    lt_params_done(&b.params);
    return ok;
}

static const lt_option options[] = {
    {"synthetic", 0, "NAME", NULL, "sd14: that model's exact shapes with random weights, no files",
     false},
    {"batch", 0, "N", "1", "pictures that are made together", false},
    {"attention", 0, NULL, NULL, "also what a guided step costs with its attention maps", false},
    {"repeat", 0, "R", "5", "timed runs of each part, after one to warm up", false},
};
static const char *const settings[] = {"size",  "model",  "variant", "backend",
                                       "dtype", "device", "threads", NULL};

const lt_command lt_command_bench = {
    .name = "bench",
    .summary = "how long the parts of a picture take, op by op",
    .synopsis = "[--model MODEL | --synthetic sd14] [--size WxH] [options]",
    .about =
        "Times what comes before the first step (load: opening, compiling, the first texts), a "
        "prompt's encoding, a guided step and the decoding of N pictures to the bytes that are "
        "shown: the median of R runs, with the fastest and the slowest; for more than one picture "
        "also what their step costs beside that of one, both in turns.  Then, for the fastest of "
        "R runs that are measured step by step, each kind of op: its time, its share, its rate, "
        "and that rate as a share of what a large matrix product reaches on the same backend.  The "
        "product is timed before and after, as a shared machine changes its speed; the better one "
        "counts.",
    .example = "latentty bench --synthetic sd14 --size 512x512 --json",
    .options = options,
    .option_count = LT_COUNT(options),
    .settings = settings,
    .run = run,
};
