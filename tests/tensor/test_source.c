/* test_source.c - numbers that are none are found wherever they are, in every type. */
#include "tensor/source.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "support/check.h"
#include "tensor/half.h"

enum { COUNT = 2500 }; /* two whole blocks of the scan and a part of one */

static const lt_dtype dtypes[] = {LT_F32, LT_F16, LT_BF16};

/* A parameter of COUNT numbers at an odd address; free(*memory). */
static lt_param param_of(const float *x, lt_dtype dtype, unsigned char **memory)
{
    *memory = lt_alloc(COUNT * sizeof *x + 1);
    lt_from_f32(*memory + 1, dtype, x, COUNT);
    return (lt_param){.path = "block.weight",
                      .shape = {.ndim = 2, .dim = {5, COUNT / 5}},
                      .source = {.data = *memory + 1, .dtype = dtype}};
}

static void test_finite(void **state)
{
    (void)state;
    for (int d = 0; d < 3; d++) {
        /* the largest of each type, which has all but one bit of the exponent */
        float most = d == 0 ? 0x1.fffffep127f : d == 1 ? 65504.0f : 0x1.fep127f;
        float x[COUNT] = {0};
        unsigned char *memory;
        for (int i = 0; i < COUNT; i++)
            x[i] = i % 3 ? (i % 2 ? most : -most) : 0x1p-24f * (float)i;
        lt_param p = param_of(x, dtypes[d], &memory);
        CHECK_OK(lt_source_check(&p, err));
        assert_true(lt_source_finite(p.source.data, COUNT, dtypes[d]));
        lt_source_release(&p); /* no mapping: nothing happens */
        CHECK_OK(lt_source_check(&p, err));
        free(memory);
    }
}

static void test_not_finite(void **state)
{
    (void)state;
    static const int places[] = {0, 1, 1023, 1024, 2047, 2048, COUNT - 1};
    static const struct {
        float x;
        const char *name;
    } faults[] = {{NAN, "NaN"}, {-NAN, "NaN"}, {INFINITY, "infinity"}, {-INFINITY, "infinity"}};
    for (int d = 0; d < 3; d++)
        for (int f = 0; f < 4; f++)
            for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
                float x[COUNT] = {0};
                unsigned char *memory;
                char want[96];
                x[places[i]] = faults[f].x;
                lt_param p = param_of(x, dtypes[d], &memory);
                snprintf(want, sizeof want, "tensor 'block.weight' holds %s, number %d of 2500",
                         faults[f].name, places[i]);
                CHECK_FAILS(lt_source_check(&p, err), LT_ERR_MODEL, want);
                free(memory);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finite),
        cmocka_unit_test(test_not_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
