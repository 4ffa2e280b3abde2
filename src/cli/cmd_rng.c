/* cmd_rng.c - `latentty rng`: torch's random numbers. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/names.h"
#include "cli/open.h"
#include "cli/output.h"
#include "cli/seeds.h"
#include "sample/rng.h"
#include "weights/safetensors_writer.h"

enum { MAX_DIMS = 8, SHOWN = 8 };
#define MAX_NUMBERS ((size_t)1 << 30) /* 4 GiB of float32 */

typedef struct tensor {
    int ndim;
    int64_t dim[MAX_DIMS];
    size_t count;
    float *data; /* owned */
} tensor;

static bool parse_shape(const lt_context *c, tensor *t, lt_error *err)
{
    static const lt_args_list kind = {"shape", 1, INT32_MAX, MAX_DIMS};
    long long sides[MAX_DIMS];
    const char *text = lt_args_value(c->args, "shape");
    if (!text)
        return lt_fail(err, LT_ERR_ARGUMENT, "--shape 4,4,64,64", "no --shape was given");
    if (!lt_args_wholes(&kind, text, sides, &t->ndim, err))
        return false;
    t->count = 1;
    for (int i = 0; i < t->ndim; i++) {
        t->dim[i] = sides[i];
        if (!lt_mul(t->count, (size_t)sides[i], &t->count) || t->count > MAX_NUMBERS)
            return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                           "--shape %s has too many numbers, expected at most %zu", text,
                           MAX_NUMBERS);
    }
    return true;
}

static bool check(const lt_params *p, const tensor *t, lt_error *err)
{
    if (p->own_generators && p->seed_count != t->dim[0])
        return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                       "--seeds has %d seeds, expected one for each of the %d items of --shape",
                       p->seed_count, (int)t->dim[0]);
    return true;
}

/* As torch.randn(shape) from one generator, or item by item from one each. */
static bool draw(const lt_params *p, tensor *t, lt_error *err)
{
    void *memory = NULL;
    if (!lt_try_alloc(t->count * sizeof(float), "the numbers", &memory, err))
        return false;
    t->data = memory;
    size_t parts = p->own_generators ? (size_t)p->seed_count : 1, n = t->count / parts;
    for (size_t i = 0; i < parts; i++) {
        lt_rng rng;
        lt_rng_seed(&rng, p->seeds[i]);
        lt_rng_normal(&rng, t->data + i * n, n);
    }
    return true;
}

static bool save(const char *path, const char *seeds, const tensor *t, lt_error *err)
{
    lt_safetensors_writer *w = lt_safetensors_writer_new();
    size_t index;
    bool ok = lt_safetensors_writer_meta(w, "seed", seeds, err) &&
              lt_safetensors_writer_add(w, "noise", LT_ST_F32, t->ndim, t->dim, &index, err) &&
              lt_safetensors_writer_begin(w, path, err) &&
              lt_safetensors_writer_put(w, index, t->data, t->count * sizeof(float), err) &&
              lt_safetensors_writer_commit(w, err);
    lt_safetensors_writer_free(w);
    return ok;
}

static void moments(const tensor *t, double *mean, double *deviation)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < t->count; i++)
        sum += (double)t->data[i];
    *mean = sum / (double)t->count;
    for (size_t i = 0; i < t->count; i++)
        squares += ((double)t->data[i] - *mean) * ((double)t->data[i] - *mean);
    *deviation = sqrt(squares / (double)t->count);
}

static void report(const lt_context *c, const lt_params *p, const tensor *t, const char *path)
{
    double mean, deviation;
    size_t shown = t->count < SHOWN ? t->count : SHOWN;
    moments(t, &mean, &deviation);
    if (c->json) {
        json_object *o = json_object_new_object(), *seeds = json_object_new_array();
        for (int i = 0; i < p->seed_count; i++)
            json_object_array_add(seeds, json_object_new_uint64(p->seeds[i]));
        lt_output_set(o, "seeds", seeds);
        lt_output_set(o, "shape", lt_output_sizes(t->dim, t->ndim));
        lt_output_set(o, "mean", lt_output_number(mean));
        lt_output_set(o, "deviation", lt_output_number(deviation));
        lt_output_set(o, "first", lt_output_floats(t->data, shown));
        lt_output_set(o, "file", lt_output_text(path));
        lt_output_json(o);
        return;
    }
    lt_buf first = {0};
    for (size_t i = 0; i < shown; i++)
        lt_buf_format(&first, " %.6f", (double)t->data[i]);
    lt_output_line(stdout, "%zu numbers, mean %.5f, deviation %.5f", t->count, mean, deviation);
    lt_output_line(stdout, "first:%s", first.data);
    if (path)
        lt_output_line(stdout, "wrote %s", path);
    lt_buf_done(&first);
}

static bool run(const lt_context *c, lt_error *err)
{
    lt_params p;
    tensor t = {0};
    lt_names names = {0};
    const char *path = lt_args_value(c->args, "output");
    lt_params_init(&p);
    bool ok = parse_shape(c, &t, err) && lt_seeds_read(c, &p, "0", err) && check(&p, &t, err) &&
              (!path || lt_names_add(&names, path, err));
    if (ok)
        lt_seeds_say(c, &p);
    const char *seeds = lt_args_value(c->args, p.own_generators ? "seeds" : "seed");
    ok = ok && draw(&p, &t, err) && (!path || save(path, seeds ? seeds : "0", &t, err));
    if (ok && (c->json || !c->quiet))
        report(c, &p, &t, path);
    free(t.data);
    lt_names_done(&names);
    lt_params_done(&p);
    return ok;
}

static const lt_option options[] = {
    {"seed", 0, "S", "0", "seed of one generator for the whole tensor", false},
    {"seeds", 0, "LIST", NULL, "42,43..47: a generator for each item of the first dimension",
     false},
    {"shape", 0, "N,...", NULL, "sides of the tensor, such as 4,4,64,64", false},
    {"output", 'o', "FILE", "only the first numbers", ".safetensors file to write", false},
};

const lt_command lt_command_rng = {
    .name = "rng",
    .summary = "torch's random numbers, bit for bit",
    .synopsis = "--seed S --shape N,... [-o FILE] [options]",
    .about = "Draws the normals that torch.randn(shape, generator=g) gives on a CPU after "
             "g.manual_seed(S), and writes them as the tensor \"noise\" in float32.  render "
             "--latents takes such a file.",
    .example = "latentty rng --seed 44 --shape 4,4,64,64 -o n.safetensors",
    .options = options,
    .option_count = LT_COUNT(options),
    .run = run,
};
