/* test_beside.c - programs that run beside others, on the host floor: a piece of theirs is done
 * between any two of the others' (host_device.h), and nobody sees anything of it. */
#include <stdlib.h>

#include "cuda_rig.h"
#include "support/check.h"

static const lt_backend_ops *const cuda = &lt_cuda_ops;

typedef struct scene {
    net steps, picture;
    lt_backend *b;
    lt_program *p, *q; /* q runs beside p */
} scene;

static scene scene_new(lt_dtype dtype)
{
    scene s = {.steps = net_new(2, 8, NULL, NULL)};
    s.picture = net_new(1, 10, NULL, &s.steps); /* with the same weights */
    s.b = cu_backend(dtype);
    s.p = cu_program(s.b, s.steps.g, 1);
    CHECK_OK(cuda->compile_beside(s.b, s.picture.g, &s.q, NULL, err));
    CHECK_OK(graph_write_inputs(cuda, s.q, s.picture.g, 2, err));
    return s;
}

static void scene_free(scene *s)
{
    cuda->discard(s->b, s->p);
    cuda->discard(s->b, s->q);
    cu_close(s->b);
    net_free(&s->picture);
    net_free(&s->steps);
}

static bool is_over(lt_program *q)
{
    bool yes = false;
    CHECK_OK(cuda->finished(q, &yes, err));
    return yes;
}

static void check_read(lt_program *p, const net *t, const float *want)
{
    float *got = cu_read(p, t->y);
    assert_memory_equal(got, want, cu_count(t->y) * sizeof *got);
    free(got);
}

/* What a program of its own gives. */
static float *alone(lt_dtype dtype, const net *t, unsigned seed)
{
    lt_backend *b = cu_backend(dtype);
    lt_program *p = cu_program(b, t->g, seed);
    cu_run(p);
    float *want = cu_read(p, t->y);
    cuda->discard(b, p);
    cu_close(b);
    return want;
}

/* Both give what they give alone, to the bit, done step by step, recorded and replayed. */
static void test_same_bits(void **state)
{
    net steps = net_new(2, 8, NULL, NULL), picture = net_new(1, 10, NULL, &steps);
    (void)state;
    for (int type = 0; type < 3; type++) {
        lt_dtype dtype = (lt_dtype[]){LT_F32, LT_F16, LT_BF16}[type];
        float *want_p = alone(dtype, &steps, 1), *want_q = alone(dtype, &picture, 2);
        scene s = scene_new(dtype);
        for (int round = 0; round < 4; round++) {
            long before = lt_host()->between;
            CHECK_OK(graph_write_inputs(cuda, s.q, s.picture.g, 2, err));
            CHECK_OK(cuda->start(s.q, err));
            for (int step = 0; step < 2; step++) {
                CHECK_OK(graph_write_inputs(cuda, s.p, s.steps.g, 1, err));
                cu_run(s.p);
                check_read(s.p, &s.steps, want_p);
            }
            assert_true(lt_host()->between > before + 8);
            while (!is_over(s.q))
                continue;
            check_read(s.q, &s.picture, want_q);
        }
        assert_int_equal(lt_host()->recorded, 2);
        scene_free(&s);
        free(want_p);
        free(want_q);
    }
    net_free(&picture);
    net_free(&steps);
}

/* It is not over at once, nor is anything done by asking for more than a piece; with nothing new
 * written it is. */
static void test_asking(void **state)
{
    scene s = scene_new(LT_F16);
    long asked = 0, works = lt_host()->works;
    (void)state;
    assert_true(is_over(s.q)); /* nothing was started */
    CHECK_OK(cuda->start(s.q, err));
    assert_int_equal(lt_host()->works, works);
    for (; !is_over(s.q); asked++)
        assert_true(lt_host()->works <= works + asked + 1);
    assert_true(asked > 8);
    assert_true(is_over(s.q));
    CHECK_OK(cuda->start(s.q, err));
    assert_true(is_over(s.q));
    works = lt_host()->works;
    CHECK_OK(cuda->run(s.q, NULL, err)); /* what it can do as any program */
    assert_int_equal(lt_host()->works, works);
    assert_true(cu_works(s.p) > 0);
    CHECK_OK(graph_write_inputs(cuda, s.q, s.picture.g, 2, err));
    assert_true(cu_works(s.q) > 8);
    scene_free(&s);
}

/* Weights are shared; the values and the workspace are its own, and are counted. */
static void test_memory(void **state)
{
    net steps = net_new(2, 8, NULL, NULL);
    lt_backend *b = cu_backend(LT_F16);
    lt_program *p = cu_program(b, steps.g, 1), *q = NULL;
    lt_forecast f;
    lt_memory before = cuda->memory(b), after;
    (void)state;
    CHECK_OK(cuda->forecast(b, steps.g, &f, err));
    assert_int_equal(f.weights, 0);
    CHECK_OK(cuda->compile_beside(b, steps.g, &q, NULL, err));
    after = cuda->memory(b);
    assert_int_equal(after.weights, before.weights);
    assert_int_equal(after.activations, 2 * before.activations);
    assert_int_equal(after.weights + after.activations, lt_host()->used);
    cuda->discard(b, q);
    assert_int_equal(cuda->memory(b).activations, after.activations - f.activations);
    cuda->discard(b, p);
    cu_close(b);
    net_free(&steps);
}

/* One that is at work is waited for. */
static void test_discarded_at_work(void **state)
{
    (void)state;
    for (int more = 0; more < 3; more++) {
        scene s = scene_new(LT_F16);
        CHECK_OK(cuda->start(s.q, err));
        for (int i = 0; i < more; i++)
            assert_false(is_over(s.q));
        scene_free(&s);
    }
}

/* What its beginning met is told, or what its work met, once; then it can be started again. */
static void test_faults(void **state)
{
    scene s = scene_new(LT_F16);
    bool yes = true;
    (void)state;
    cu_run(s.q);
    float *want = cu_read(s.q, s.picture.y);
    CHECK_OK(graph_write_inputs(cuda, s.q, s.picture.g, 2, err));
    cu_run(s.q); /* from now on it is replayed */
    CHECK_OK(graph_write_inputs(cuda, s.q, s.picture.g, 2, err));
    lt_host()->fail_at = lt_host()->calls + 1;
    CHECK_FAILS(cuda->start(s.q, err), LT_ERR_DEVICE, "lt_gpu_replay was made to fail");
    lt_host()->fail_at = 0;
    assert_true(is_over(s.q));
    CHECK_OK(cuda->start(s.q, err));
    assert_false(is_over(s.q));
    lt_host()->fail_at = lt_host()->calls + 1;
    CHECK_FAILS(cuda->finished(s.q, &yes, err), LT_ERR_DEVICE, "lt_gpu_idle was made to fail");
    lt_host()->fail_at = 0;
    assert_true(is_over(s.q));
    CHECK_OK(cuda->start(s.q, err));
    while (!is_over(s.q))
        continue;
    check_read(s.q, &s.picture, want);
    free(want);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits), cmocka_unit_test(test_asking),
        cmocka_unit_test(test_memory),    cmocka_unit_test(test_discarded_at_work),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
