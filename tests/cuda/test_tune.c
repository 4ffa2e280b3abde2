/* The choice among several ways, on a device whose clock the test sets. */
#include <stdlib.h>

#include "base/mem.h"
#include "cuda/tune.h"
#include "fake_device.h"
#include "support/check.h"
#include "tensor/half.h"

enum { WAYS = 4 };

typedef struct ways {
    lt_gpu_stream *stream;
    double seconds[WAYS];
    bool refused[WAYS], not_recorded[WAYS];
} ways;

static bool put(void *context, int i, lt_error *err)
{
    ways *w = context;
    if (w->refused[i] || (w->not_recorded[i] && fake_recording(w->stream)))
        return lt_fail(err, LT_ERR_DEVICE, NULL, "way %d is not possible", i);
    fake_work(w->stream, w->seconds[i]);
    return true;
}

static int fastest(ways w, fake_device *d)
{
    int best = -1;
    w.stream = fake_stream_open(d);
    CHECK_OK(lt_tune_fastest(w.stream, WAYS, put, &w, &best, err));
    fake_stream_close(w.stream);
    return best;
}

static void test_fastest(void **state)
{
    fake_device d = {0};
    (void)state;
    assert_int_equal(fastest((ways){.seconds = {4, 2, 1, 3}}, &d), 2);
    assert_int_equal(d.replays, 4 * WAYS);
    for (int n = 1; n <= 4 * WAYS; n++) { /* once, something else was in the way */
        fake_device busy = {.hiccup = n};
        assert_int_equal(fastest((ways){.seconds = {4, 2, 1, 3}}, &busy), 2);
    }
    assert_int_equal(fastest((ways){.seconds = {1, 2, 1, 3}}, &d), 0);
    /* within the noise the order of the heuristics holds */
    assert_int_equal(fastest((ways){.seconds = {1, 0.99, 0.985, 3}}, &d), 0);
    assert_int_equal(fastest((ways){.seconds = {1, 0.99, 0.97, 0.96}}, &d), 2);
}

static void test_passed_over(void **state)
{
    fake_device d = {0};
    (void)state;
    assert_int_equal(fastest((ways){.seconds = {4, 2, 1, 3}, .refused = {[2] = true}}, &d), 1);
    assert_int_equal(d.drops, 0);
    assert_int_equal(fastest((ways){.seconds = {4, 2, 1, 3}, .not_recorded = {[2] = true}}, &d), 1);
    assert_int_equal(d.drops, 1);
}

static void test_none(void **state)
{
    fake_device d = {0};
    ways w = {.refused = {true, true, true, true}, .stream = fake_stream_open(&d)};
    int best;
    (void)state;
    CHECK_FAILS(lt_tune_fastest(w.stream, WAYS, put, &w, &best, err), LT_ERR_DEVICE, "way 0");
    d.broken = true;
    w.refused[0] = false;
    CHECK_FAILS(lt_tune_fastest(w.stream, WAYS, put, &w, &best, err), LT_ERR_DEVICE, "broken");
    fake_stream_close(w.stream);
}

static void check_memory(lt_gpu_stream *s, lt_dtype dtype)
{
    const size_t bytes[] = {1000, 0, 300000, 2};
    lt_tune_memory m;
    CHECK_OK(lt_tune_memory_new(s, dtype, bytes, 4, &m, err));
    assert_null(m.operand[1]);
    assert_ptr_equal(m.operand[0], m.block);
    assert_int_equal((char *)m.operand[2] - (char *)m.operand[0], 1024);
    size_t count = bytes[2] / lt_dtype_size(dtype);
    float *x = lt_alloc_array(count, sizeof *x), least = 0, most = 0;
    double sum = 0;
    lt_to_f32(x, m.operand[2], dtype, count);
    for (size_t i = 0; i < count; i++) {
        assert_true(x[i] >= -1 && x[i] <= 1); /* also: not NaN */
        least = x[i] < least ? x[i] : least;
        most = x[i] > most ? x[i] : most;
        sum += (double)x[i];
    }
    assert_true(least < -0.99f && most > 0.99f);
    assert_true(sum / (double)count < 0.02 && sum / (double)count > -0.02);
    free(x);
    lt_tune_memory_done(s, &m);
}

static void test_memory(void **state)
{
    fake_device d = {0};
    lt_gpu_stream *s = fake_stream_open(&d);
    lt_tune_memory m;
    (void)state;
    check_memory(s, LT_F16);
    check_memory(s, LT_BF16);
    check_memory(s, LT_F32);
    assert_int_equal(d.allocations, 3);
    assert_int_equal(d.frees, 3);
    d.no_memory = true;
    CHECK_FAILS(lt_tune_memory_new(s, LT_F16, (size_t[]){8}, 1, &m, err), LT_ERR_MEMORY, "measure");
    d.no_memory = false;
    d.broken = true;
    CHECK_FAILS(lt_tune_memory_new(s, LT_F16, (size_t[]){8}, 1, &m, err), LT_ERR_DEVICE, "broken");
    assert_int_equal(d.allocations, d.frees);
    fake_stream_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fastest),
        cmocka_unit_test(test_passed_over),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
