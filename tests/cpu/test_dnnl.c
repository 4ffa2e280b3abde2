/* test_dnnl.c - the door to oneDNN: refusals become errors, layouts compare, slots work. */
#include <math.h>
#include <stdlib.h>

#include "cpu/cpu_dnnl.h"
#include "cpu/cpu_parallel.h"
#include "support/check.h"

enum { M = 5, N = 7, K = 6 };

static lt_dnnl *open_door(void **state)
{
    lt_dnnl *d = NULL;
    (void)state;
    CHECK_OK(lt_dnnl_open(&d, err));
    return d;
}

static void test_refused_convolution(void **state)
{
    lt_dnnl *d = open_door(state);
    lt_dnnl_op *op = NULL;
    lt_dnnl_conv wrong = {.n = 1,
                          .h = 8,
                          .w = 8,
                          .c = 4,
                          .out_h = 9,
                          .out_w = 8,
                          .o = 4,
                          .kernel = 3,
                          .stride = 1,
                          .top = 1,
                          .left = 1,
                          .bottom = 1,
                          .right = 1};
    CHECK_FAILS(lt_dnnl_conv_new(d, &wrong, NULL, &op, err), LT_ERR_DEVICE,
                "oneDNN cannot create a convolution: invalid arguments (status 2)");
    assert_null(op);
    lt_dnnl_close(d);
}

static void test_refused_product(void **state)
{
    lt_dnnl *d = open_door(state);
    lt_dnnl_op *op = NULL;
    lt_dnnl_matmul wrong = {.m = -2, .n = 3, .k = 4, .row_a = 4, .row_c = 3, .packed = true};
    CHECK_FAILS(lt_dnnl_matmul_new(d, &wrong, NULL, &op, err), LT_ERR_DEVICE, "oneDNN cannot");
    assert_null(op);
    lt_dnnl_close(d);
}

/* a [M,K] times packed weights [N,K], plus bias, onto what is there; rows of c are N + 1 apart. */
static void test_packed_product(void **state)
{
    lt_dnnl *d = open_door(state);
    lt_dnnl_op *op = NULL, *packer = NULL;
    float a[M * K], b[N * K], bias[N], c[M * (N + 1)];
    lt_dnnl_matmul shape = {.m = M,
                            .n = N,
                            .k = K,
                            .row_a = K,
                            .row_c = N + 1,
                            .packed = true,
                            .bias = true,
                            .sum = true};
    for (int i = 0; i < M * K; i++)
        a[i] = (float)(i % 5) - 2;
    for (int i = 0; i < N * K; i++)
        b[i] = (float)(i % 7) - 3;
    for (int i = 0; i < N; i++)
        bias[i] = (float)i;
    for (int i = 0; i < M * (N + 1); i++)
        c[i] = 100;
    CHECK_OK(lt_dnnl_matmul_new(d, &shape, NULL, &op, err));
    lt_dnnl_layout *layout = lt_dnnl_layout_of(op), *again = lt_dnnl_layout_of(op);
    assert_true(lt_dnnl_layout_equal(layout, again));
    void *packed = aligned_alloc(64, (lt_dnnl_layout_bytes(layout) + 63) / 64 * 64);
    void *scratch = aligned_alloc(64, lt_dnnl_op_scratch(op) / 64 * 64 + 64);
    CHECK_OK(lt_dnnl_packer_new(d, op, &packer, err));
    void *room = aligned_alloc(64, lt_dnnl_op_scratch(packer) / 64 * 64 + 64);
    CHECK_OK(lt_dnnl_set(packer, LT_DNNL_SRC, b, err));
    CHECK_OK(lt_dnnl_set(packer, LT_DNNL_DST, packed, err));
    CHECK_OK(lt_dnnl_set(packer, LT_DNNL_SCRATCH, room, err));
    CHECK_OK(lt_dnnl_set(packer, LT_DNNL_BIAS, bias, err)); /* has none: passed over */
    CHECK_OK(lt_dnnl_run(packer, err));
    CHECK_OK(lt_dnnl_set(op, LT_DNNL_SRC, a, err));
    CHECK_OK(lt_dnnl_set(op, LT_DNNL_WEIGHTS, packed, err));
    CHECK_OK(lt_dnnl_set(op, LT_DNNL_BIAS, bias, err));
    CHECK_OK(lt_dnnl_set(op, LT_DNNL_DST, c, err));
    CHECK_OK(lt_dnnl_set(op, LT_DNNL_SCRATCH, scratch, err));
    CHECK_OK(lt_dnnl_run(op, err));
    for (int m = 0; m < M; m++) {
        for (int n = 0; n < N; n++) {
            float want = 100 + bias[n];
            for (int k = 0; k < K; k++)
                want += a[m * K + k] * b[n * K + k];
            assert_true(c[m * (N + 1) + n] == want); /* small integers: exact */
        }
        assert_true(c[m * (N + 1) + N] == 100);
    }
    lt_dnnl_op_free(op);
    lt_dnnl_op_free(packer);
    lt_dnnl_layout_free(layout);
    lt_dnnl_layout_free(again);
    free(room);
    free(packed);
    free(scratch);
    lt_dnnl_close(d);
}

static void test_bf16_flags(void **state)
{
    bool fast, usable = lt_dnnl_has_bf16(&fast);
    (void)state;
    assert_true(usable || !fast);
}

static void count_task(void *context, int64_t task, int thread)
{
    int *seen = context;
    if (thread >= 0 && thread < 3)
        seen[task]++;
}

static void test_parallel(void **state)
{
    int seen[1000] = {0};
    (void)state;
    assert_true(lt_cpu_threads_allowed() >= 1);
    int before = lt_cpu_threads_use(2);
    assert_int_equal(lt_cpu_threads_use(before), 2);
    lt_cpu_for(3, 1000, count_task, seen);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(seen[i], 1);
    lt_cpu_for(3, 0, count_task, seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_convolution),
        cmocka_unit_test(test_refused_product),
        cmocka_unit_test(test_packed_product),
        cmocka_unit_test(test_bf16_flags),
        cmocka_unit_test(test_parallel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
