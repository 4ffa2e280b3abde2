/* graph_run.c - see graph_run.h. */
#include "graph_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tensor/half.h"

enum { VOCABULARY = 50 };

/* SplitMix64, Steele, Lea and Flood 2014. */
static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

/* The sum of four uniforms is normal enough: variance 1. */
static float draw(uint64_t *state)
{
    uint64_t u = next(state);
    double sum = 0;
    for (int i = 0; i < 4; i++)
        sum += (double)(u >> (16 * i) & 0xFFFF) / 65536.0 - 0.5;
    return (float)(sum * 1.7320508);
}

static float rounded(float x)
{
    return lt_bf16_to_f32(lt_f32_to_bf16(x));
}

void graph_values(float *to, size_t count, unsigned seed)
{
    uint64_t state = seed;
    for (size_t i = 0; i < count; i++)
        to[i] = rounded(draw(&state));
}

static void fill_param(const lt_param *p, float *to, unsigned seed)
{
    size_t count = (size_t)lt_shape_count(&p->shape);
    bool is_bias = strstr(p->path, "bias") != NULL;
    double fan = p->shape.ndim > 1 ? (double)count / (double)p->shape.dim[0] : 25.0;
    graph_values(to, count, seed);
    for (size_t i = 0; i < count; i++) {
        double x = (double)to[i] / sqrt(fan);
        to[i] = rounded((float)(p->shape.ndim == 1 && !is_bias ? 1.0 + x : x));
    }
}

graph_weights graph_weights_set(lt_graph *g, unsigned seed, lt_dtype dtype, size_t skew)
{
    graph_weights w = {0};
    for (int i = 0; i < lt_graph_params(g); i++)
        w.size += (size_t)lt_shape_count(&lt_graph_param(g, i)->shape) * sizeof(float) + 64;
    w.bytes = lt_alloc(w.size);
    size_t at = 0;
    for (int i = 0; i < lt_graph_params(g); i++) {
        lt_param *p = lt_graph_param(g, i);
        size_t count = (size_t)lt_shape_count(&p->shape);
        float *values = lt_alloc_array(count, sizeof *values);
        fill_param(p, values, seed + 1000U * (unsigned)i + 1);
        p->source = (lt_source){w.bytes + at + skew, dtype};
        lt_from_f32(w.bytes + at + skew, dtype, values, count);
        at += (count * lt_dtype_size(dtype) + skew + 63) & ~(size_t)63;
        free(values);
    }
    return w;
}

void graph_weights_free(graph_weights *w)
{
    free(w->bytes);
    *w = (graph_weights){0};
}

bool graph_write_inputs(const lt_backend_ops *ops, lt_program *p, const lt_graph *g, unsigned seed,
                        lt_error *err)
{
    bool ok = true;
    for (int i = 0; ok && i < lt_graph_nodes(g); i++) {
        const lt_tensor *t = lt_graph_node(g, i);
        if (t->op != LT_OP_INPUT)
            continue;
        size_t count = (size_t)lt_shape_count(&t->shape);
        float *values = lt_alloc_array(count, sizeof *values);
        uint64_t state = seed + (unsigned)i;
        graph_values(values, count, seed + 77U * (unsigned)i);
        for (size_t k = 0; t->dtype == LT_I32 && k < count; k++) {
            int32_t id = (int32_t)(next(&state) % VOCABULARY);
            memcpy(&values[k], &id, sizeof id);
        }
        ok = ops->write(p, t, values, count, err);
        free(values);
    }
    return ok;
}

float *graph_read(const lt_backend_ops *ops, lt_program *p, const lt_tensor *output, lt_error *err)
{
    size_t count = (size_t)lt_shape_count(&output->shape);
    float *values = lt_alloc_array(count, sizeof *values);
    if (ops->read(p, output, values, count, err)) {
        const unsigned char *bytes = (const unsigned char *)values;
        for (size_t i = count; output->dtype == LT_U8 && i-- > 0;) /* each over later bytes */
            values[i] = bytes[i];
        return values;
    }
    free(values);
    return NULL;
}

float *graph_run(const lt_backend_ops *ops, lt_backend *b, const lt_graph *g,
                 const lt_tensor *output, unsigned seed, lt_error *err)
{
    lt_program *p = NULL;
    float *values = NULL;
    if (ops->compile(b, g, &p, NULL, err) && graph_write_inputs(ops, p, g, seed, err) &&
        ops->run(p, NULL, err))
        values = graph_read(ops, p, output, err);
    ops->discard(b, p);
    return values;
}

graph_difference graph_compare(const float *a, const float *b, size_t count)
{
    double worst = 0, sum = 0, squares = 1e-60;
    for (size_t i = 0; i < count; i++) {
        double d = fabs((double)a[i] - (double)b[i]);
        worst = d > worst || isnan(d) ? d : worst;
        sum += d * d;
        squares += (double)b[i] * (double)b[i];
    }
    double scale = sqrt(squares / (double)count);
    return (graph_difference){worst / scale, sqrt(sum / (double)count) / scale};
}
