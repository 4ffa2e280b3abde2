/* test_faults.c - every call to the floor fails once: an error, nothing lost, and what is there
 * goes on; and every piece of memory is refused once. */
#include <stdlib.h>
#include <string.h>

#include "cuda_rig.h"
#include "support/check.h"

static const lt_backend_ops *const cuda = &lt_cuda_ops;

typedef struct scene {
    net nets[2];
    float *want; /* of the first net */
    lt_backend *backend;
    lt_program *programs[2], *beside; /* the first net once more, beside them */
} scene;

static void scene_init(scene *s)
{
    *s = (scene){.nets = {net_new(1, 3, "*", NULL)}};
    s->nets[1] = net_new(2, 2, NULL, &s->nets[0]);
    s->backend = cu_backend(LT_F16);
    lt_program *p = cu_program(s->backend, s->nets[0].g, 1);
    cu_run(p);
    s->want = cu_read(p, s->nets[0].y);
    cuda->discard(s->backend, p);
    cu_close(s->backend);
    s->backend = NULL;
}

static void scene_done(scene *s)
{
    free(s->want);
    for (int i = 0; i < 2; i++)
        net_free(&s->nets[i]);
}

static bool open_and_compile(scene *s, lt_error *err)
{
    if (!s->backend && !cuda->open(&(lt_backend_options){.dtype = LT_F16}, &s->backend, err))
        return false;
    for (int i = 0; i < 2; i++)
        if (!s->programs[i] && !cuda->compile(s->backend, s->nets[i].g, &s->programs[i], NULL, err))
            return false;
    return s->beside || cuda->compile_beside(s->backend, s->nets[0].g, &s->beside, NULL, err);
}

/* Until it is over, whatever comes of it. */
static void settle(lt_program *p)
{
    bool over = false;
    lt_error ignored;
    while (!over && cuda->finished(p, &over, &ignored))
        continue;
}

/* What may be at work: waited for, or thrown away. */
static void let_go(scene *s, bool wait)
{
    if (wait) {
        settle(s->beside);
        return;
    }
    cuda->discard(s->backend, s->beside);
    s->beside = NULL;
}

/* The second program runs while the other is at work. */
static bool run_beside(scene *s, lt_error *err)
{
    bool over = false;
    bool ok = graph_write_inputs(cuda, s->beside, s->nets[0].g, 1, err) &&
              cuda->start(s->beside, err) &&
              graph_write_inputs(cuda, s->programs[1], s->nets[1].g, 1, err) &&
              cuda->run(s->programs[1], NULL, err);
    while (ok && !over)
        ok = cuda->finished(s->beside, &over, err);
    float *got = ok ? graph_read(cuda, s->beside, s->nets[0].y, err) : NULL;
    if (got)
        assert_memory_equal(got, s->want, cu_count(s->nets[0].y) * sizeof *got);
    free(got);
    return got != NULL;
}

static bool measure(scene *s, lt_error *err)
{
    lt_step_time *rows = NULL;
    int count;
    bool ok = cuda->measure(s->programs[0], &rows, &count, NULL, err);
    free(rows);
    return ok;
}

/* Everything that a backend does, with the first program run so often that it is replayed. */
static bool act(scene *s, lt_error *err)
{
    bool ok = open_and_compile(s, err);
    for (int run = 0; run < 3 && ok; run++)
        ok = graph_write_inputs(cuda, s->programs[0], s->nets[0].g, 1, err) &&
             cuda->run(s->programs[0], NULL, err);
    float *got = ok ? graph_read(cuda, s->programs[0], s->nets[0].y, err) : NULL;
    if (got)
        assert_memory_equal(got, s->want, cu_count(s->nets[0].y) * sizeof *got);
    ok = ok && got && graph_write_inputs(cuda, s->programs[0], s->nets[0].g, 1, err) &&
         measure(s, err) && run_beside(s, err);
    free(got);
    return ok;
}

static void close_all(scene *s)
{
    for (int i = 0; i < 2; i++) {
        if (s->backend)
            cuda->discard(s->backend, s->programs[i]);
        s->programs[i] = NULL;
    }
    if (s->backend)
        cuda->discard(s->backend, s->beside);
    s->beside = NULL;
    cu_close(s->backend);
    s->backend = NULL;
}

/* The n-th call fails; then all goes on from where it was.  False once there is no n-th call. */
static bool fail_once(scene *s, long n, bool alloc, bool *told)
{
    lt_error fault = {0};
    lt_host_reset();
    lt_host()->fail_at = alloc ? 0 : n;
    lt_host()->fail_alloc_at = alloc ? n : 0;
    bool ok = act(s, &fault);
    long met = alloc ? lt_host()->allocs : lt_host()->calls;
    *told = !ok;
    if (!ok && alloc && (fault.code != LT_ERR_MEMORY || !strstr(fault.message, "asked")))
        fail_msg("allocation %ld: code %d, '%s'", n, (int)fault.code, fault.message);
    if (!ok && !alloc && (fault.code != LT_ERR_DEVICE || !strstr(fault.message, "made to fail")))
        fail_msg("call %ld: code %d, '%s'", n, (int)fault.code, fault.message);
    lt_host()->fail_at = lt_host()->fail_alloc_at = 0;
    if (!ok && s->beside)
        let_go(s, n % 2);
    if (!ok)
        CHECK_OK(act(s, err));
    close_all(s);
    return met >= n;
}

/* All are told but those of a recording, without which the work is done as well, and what is waited
 * for while something else is let go. */
static void test_every_call(void **state)
{
    scene s;
    long n = 1, silent = 0;
    bool told;
    (void)state;
    scene_init(&s);
    for (; fail_once(&s, n, false, &told); n++)
        silent += !told;
    print_message("%ld calls, %ld of them not told\n", n - 1, silent);
    assert_true(n > 200 && silent > 2 && silent < 40);
    scene_done(&s);
}

/* What cannot be recorded is done step by step from then on, and gives the same numbers. */
static void test_not_recorded(void **state)
{
    scene s;
    (void)state;
    scene_init(&s);
    for (int what = 0; what < 3; what++) { /* the start, a step, the end */
        lt_host_reset();
        CHECK_OK(open_and_compile(&s, err));
        CHECK_OK(graph_write_inputs(cuda, s.programs[0], s.nets[0].g, 1, err));
        long before = lt_host()->calls;
        cu_run(s.programs[0]);
        long steps = lt_host()->calls - before - 1; /* and a wait */
        CHECK_OK(graph_write_inputs(cuda, s.programs[0], s.nets[0].g, 1, err));
        lt_host()->fail_at = lt_host()->calls + (long[]){1, 5, steps + 2}[what];
        for (int run = 0; run < 3; run++) {
            cu_run(s.programs[0]);
            float *got = cu_read(s.programs[0], s.nets[0].y);
            assert_memory_equal(got, s.want, cu_count(s.nets[0].y) * sizeof *got);
            free(got);
            CHECK_OK(graph_write_inputs(cuda, s.programs[0], s.nets[0].g, 1, err));
        }
        assert_true(lt_host()->calls > lt_host()->fail_at);
        assert_int_equal(lt_host()->recorded, 0);
        close_all(&s);
    }
    scene_done(&s);
}

static void test_every_allocation(void **state)
{
    scene s;
    long n = 1;
    bool told;
    (void)state;
    scene_init(&s);
    for (; fail_once(&s, n, true, &told); n++)
        assert_true(told);
    print_message("%ld allocations\n", n - 1);
    assert_true(n > 6);
    scene_done(&s);
}

/* A device that is full: what is there runs on, and what is too large does not come in. */
static void test_full_device(void **state)
{
    net small = net_new(1, 6, NULL, NULL), large = net_new(2, 24, NULL, &small);
    lt_backend *b = cu_backend(LT_F16);
    lt_program *p = cu_program(b, small.g, 1), *q = NULL;
    (void)state;
    cu_run(p);
    float *before = cu_read(p, small.y);
    lt_memory m = cuda->memory(b);
    lt_host()->memory = lt_host()->used + 4096;
    CHECK_FAILS(cuda->compile(b, large.g, &q, NULL, err), LT_ERR_MEMORY, "activations: ");
    assert_int_equal(cuda->memory(b).weights, m.weights);
    assert_int_equal(cuda->memory(b).activations, m.activations);
    for (int run = 0; run < 3; run++) {
        CHECK_OK(graph_write_inputs(cuda, p, small.g, 1, err));
        cu_run(p);
    }
    float *after = cu_read(p, small.y);
    assert_memory_equal(before, after, cu_count(small.y) * sizeof *before);
    lt_host()->memory *= 2;
    lt_host()->memory += 64 << 20;
    CHECK_OK(cuda->compile(b, large.g, &q, NULL, err));
    cuda->discard(b, p);
    cuda->discard(b, q);
    cu_close(b);
    free(before);
    free(after);
    net_free(&large);
    net_free(&small);
}

/* A kernel that is refused: the error names the layer. */
static void test_names_the_layer(void **state)
{
    net t = net_new(1, 6, NULL, NULL);
    lt_backend *b = cu_backend(LT_F16);
    lt_program *p = cu_program(b, t.g, 1);
    (void)state;
    lt_host()->fail_at = lt_host()->calls + 1;
    CHECK_FAILS(cuda->run(p, NULL, err), LT_ERR_DEVICE, "group_norm 'norm1' [1,6,6,32]: ");
    lt_host()->fail_at = 0;
    cu_run(p);
    cuda->discard(b, p);
    cu_close(b);
    net_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_call),       cmocka_unit_test(test_not_recorded),
        cmocka_unit_test(test_every_allocation), cmocka_unit_test(test_full_device),
        cmocka_unit_test(test_names_the_layer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
