/*
 * test_attention_blocks.c - attention as products in blocks, against loops in double precision: on
 * the host floor, and by tools/gpu-check.sh on a GPU.  Errors are the L2 norm of the difference
 * over that of the result.
 */
#define _XOPEN_SOURCE 700
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cuda/attention_blocks.h"
#include "host_device.h"
#include "support/check.h"
#include "tensor/half.h"

static lt_gpu *gpu;
static lt_gpu_stream *stream;

static int open_device(void **state)
{
    (void)state;
    lt_host_reset();
    CHECK_OK(lt_gpu_open(0, &gpu, err));
    CHECK_OK(lt_gpu_stream_open(gpu, false, &stream, err));
    return 0;
}

static int close_device(void **state)
{
    (void)state;
    lt_gpu_stream_close(stream);
    lt_gpu_close(gpu);
    assert_int_equal(lt_host()->live, 0);
    return 0;
}

/* Numbers on the device and, rounded to the type, here. */
typedef struct numbers {
    void *device, *pinned;
    float *here;
    size_t count;
    lt_dtype dtype;
} numbers;

static numbers numbers_new(lt_dtype dtype, size_t count, uint32_t seed, float spread)
{
    numbers x = {.count = count, .dtype = dtype};
    size_t bytes = count * lt_dtype_size(dtype);
    x.here = lt_alloc_array(count, sizeof *x.here);
    CHECK_OK(lt_gpu_alloc(gpu, bytes, "numbers", &x.device, err));
    CHECK_OK(lt_gpu_pin(gpu, bytes, "numbers", &x.pinned, err));
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        x.here[i] = ((float)(seed >> 8) / (float)(1 << 23) - 1) * spread;
    }
    lt_from_f32(x.pinned, dtype, x.here, count);
    lt_to_f32(x.here, x.pinned, dtype, count);
    CHECK_OK(lt_gpu_upload(stream, x.device, x.pinned, bytes, err));
    return x;
}

static void numbers_free(numbers *x)
{
    lt_gpu_free(gpu, x->device);
    lt_gpu_unpin(gpu, x->pinned);
    free(x->here);
}

static void bring(numbers *x)
{
    size_t bytes = x->count * lt_dtype_size(x->dtype);
    CHECK_OK(lt_gpu_download(stream, x->pinned, x->device, bytes, err));
    CHECK_OK(lt_gpu_wait(stream, err));
    lt_to_f32(x->here, x->pinned, x->dtype, x->count);
}

/* q, k and v of an attention: rows of one product, or apart. */
static const float *row(const numbers *x, bool in_one, int part, int64_t at, int d)
{
    return in_one ? x[0].here + (at * 3 + part) * d : x[part].here + at * d;
}

static void wanted(const lt_attention_shape *s, const numbers *x, bool in_one, double *want)
{
    double *p = lt_alloc_array((size_t)s->t, sizeof *p);
    for (int64_t query = 0; query < s->n * s->s; query++) {
        const float *q = row(x, in_one, 0, query, s->d);
        double most = -HUGE_VAL, sum = 0;
        int64_t first = query / s->s * s->t;
        for (int64_t key = 0; key < s->t; key++) {
            const float *k = row(x, in_one, 1, first + key, s->d);
            p[key] = 0;
            for (int i = 0; i < s->d; i++)
                p[key] += (double)q[i] * (double)k[i] / sqrt(s->d);
            most = fmax(most, p[key]);
        }
        for (int64_t key = 0; key < s->t; key++)
            sum += p[key] = exp(p[key] - most);
        for (int64_t key = 0; key < s->t; key++)
            for (int i = 0; i < s->d; i++)
                want[query * s->d + i] +=
                    p[key] / sum * (double)row(x, in_one, 2, first + key, s->d)[i];
    }
    free(p);
}

static double distance(const numbers *y, const double *want)
{
    double difference = 0, norm = 0;
    for (size_t i = 0; i < y->count; i++) {
        difference += pow((double)y->here[i] - want[i], 2);
        norm += want[i] * want[i];
    }
    return sqrt(difference / norm);
}

/* Measured on the host floor: 2.1e-6, 3.0e-4, 2.3e-3. */
static double limit_of(lt_dtype dtype)
{
    return dtype == LT_F32 ? 6e-6 : dtype == LT_F16 ? 1e-3 : 8e-3;
}

typedef struct blocks_case {
    int n, d;
    int64_t s, t;
    bool in_one;
    float spread;
} blocks_case;

static void check(const blocks_case *c, lt_dtype dtype)
{
    int64_t wide = c->in_one ? 3 * c->d : c->d;
    lt_attention_shape s = {dtype, c->n, 1, c->d, c->s, c->t, wide, wide, wide, false};
    size_t queries = (size_t)(c->n * c->s), keys = (size_t)(c->n * c->t), d = (size_t)c->d;
    lt_attention_blocks *a = NULL;
    numbers x[3] = {numbers_new(dtype, queries * (size_t)wide, 1, c->spread),
                    numbers_new(dtype, keys * d, 2, c->spread), numbers_new(dtype, keys * d, 3, 1)};
    numbers y = numbers_new(dtype, queries * d, 4, 1);
    double *want = lt_alloc_array(queries * d, sizeof *want);
    size_t part = d * lt_dtype_size(dtype);
    const char *q = x[0].device;
    assert_true(lt_attention_blocks_takes(&s));
    CHECK_OK(lt_attention_blocks_new(stream, &s, &a, err));
    CHECK_OK(lt_attention_blocks_run(stream, a, q, c->in_one ? q + part : x[1].device,
                                     c->in_one ? q + 2 * part : x[2].device, y.device, err));
    bring(&y);
    wanted(&s, x, c->in_one, want);
    double far = distance(&y, want);
    print_message("%d x %lld to %lld, %d wide, %s: %.2g\n", c->n, (long long)c->s, (long long)c->t,
                  c->d, lt_dtype_name(dtype), far);
    assert_true(far < limit_of(dtype));
    lt_attention_blocks_free(a);
    for (int i = 0; i < 3; i++)
        numbers_free(&x[i]);
    numbers_free(&y);
    free(want);
}

static void test_numbers(void **state)
{
    const blocks_case cases[] = {
        {1, 512, 64, 64, true, 1},  /* 8x8 latents */
        {2, 512, 35, 35, true, 1},  /* odd sides, two samples */
        {1, 512, 63, 63, false, 4}, /* large scores */
        {2, 168, 70, 41, false, 1}, /* other keys */
        {1, 168, 1, 1, false, 1},   /* one of each */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int dtype = LT_F32; dtype <= LT_BF16; dtype++)
            check(&cases[i], (lt_dtype)dtype);
}

/* More queries than a block has: the last block begins earlier. */
static void test_blocks(void **state)
{
    const blocks_case c = {1, 168, 65, 33000, false, 1};
    (void)state;
    check(&c, LT_F32);
}

/* As it is replayed: the same bytes. */
static void test_recorded(void **state)
{
    const lt_attention_shape s = {LT_F16, 1, 1, 512, 70, 70, 512, 512, 512, false};
    numbers x[3] = {numbers_new(LT_F16, 70 * 512, 1, 1), numbers_new(LT_F16, 70 * 512, 2, 1),
                    numbers_new(LT_F16, 70 * 512, 3, 1)};
    numbers y = numbers_new(LT_F16, 70 * 512, 4, 1), again = numbers_new(LT_F16, 70 * 512, 5, 1);
    lt_attention_blocks *a = NULL;
    lt_gpu_graph *graph = NULL;
    (void)state;
    CHECK_OK(lt_attention_blocks_new(stream, &s, &a, err));
    CHECK_OK(
        lt_attention_blocks_run(stream, a, x[0].device, x[1].device, x[2].device, y.device, err));
    bring(&y);
    CHECK_OK(lt_gpu_record(stream, err));
    CHECK_OK(lt_attention_blocks_run(stream, a, x[0].device, x[1].device, x[2].device, again.device,
                                     err));
    CHECK_OK(lt_gpu_recorded(stream, &graph, err));
    CHECK_OK(lt_gpu_replay(stream, graph, err));
    bring(&again);
    assert_memory_equal(y.here, again.here, y.count * sizeof *y.here);
    lt_gpu_graph_free(graph);
    lt_attention_blocks_free(a);
    for (int i = 0; i < 3; i++)
        numbers_free(&x[i]);
    numbers_free(&y);
    numbers_free(&again);
}

static void test_takes(void **state)
{
    const lt_attention_shape wide = {LT_F16, 1, 1, 512, 9, 9, 512, 512, 512, false};
    lt_attention_shape s = wide;
    (void)state;
    assert_true(lt_attention_blocks_takes(&s));
    s.heads = 2;
    assert_false(lt_attention_blocks_takes(&s));
    s = wide;
    s.causal = true;
    assert_false(lt_attention_blocks_takes(&s));
    s = wide;
    s.d = 160; /* our kernel's */
    assert_false(lt_attention_blocks_takes(&s));
    s.d = 204;
    assert_false(lt_attention_blocks_takes(&s));
    s = wide;
    s.v_row = 515;
    assert_false(lt_attention_blocks_takes(&s));
}

/* Each call that fails is told, and nothing is left. */
static void test_faults(void **state)
{
    const lt_attention_shape s = {LT_F16, 1, 1, 512, 70, 70, 512, 512, 512, false};
    (void)state;
    for (long n = 1; !lt_host()->real; n++) {
        lt_attention_blocks *a = NULL;
        lt_error fault = {0};
        long live = lt_host()->live;
        lt_host()->fail_at = lt_host()->calls + n;
        bool ok = lt_attention_blocks_new(stream, &s, &a, &fault);
        bool met = lt_host()->calls >= lt_host()->fail_at;
        lt_host()->fail_at = 0;
        assert_true(ok != met);
        lt_attention_blocks_free(a);
        if (!met)
            break;
        assert_int_equal(fault.code, LT_ERR_DEVICE);
        assert_in_range(lt_host()->live, live - 1, live + 1); /* the workspace may be a new one */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_blocks), cmocka_unit_test(test_recorded),
        cmocka_unit_test(test_takes),
    };
    return cmocka_run_group_tests(tests, open_device, close_device);
}
