/* Memory: zeroed, aligned, and never too small quietly. */
#include "base/mem.h"

#include <stdlib.h>

#include "support/check.h"
#include "support/panics.h"

static bool all_zero(const void *p, size_t n)
{
    const unsigned char *bytes = p;
    for (size_t i = 0; i < n; i++)
        if (bytes[i])
            return false;
    return true;
}

static void test_alloc(void **state)
{
    (void)state;
    char *p = lt_alloc(1000);
    assert_true(all_zero(p, 1000));
    memset(p, 1, 1000);
    p = lt_grow(p, 300, 10);
    assert_int_equal(p[999], 1);
    p[2999] = 2;
    free(p);
    int *array = lt_alloc_array(7, sizeof *array);
    assert_true(all_zero(array, 7 * sizeof *array));
    free(array);
    void *nothing = lt_alloc(0);
    assert_non_null(nothing);
    nothing = lt_grow(nothing, 0, 8);
    assert_non_null(nothing);
    free(nothing);
}

static void test_strings(void **state)
{
    (void)state;
    char *a = lt_strdup("abc"), *b = lt_strndup("abcdef", 4), *c = lt_strndup("", 0);
    char *d = lt_format("%s-%04d", "x", 42);
    assert_string_equal(a, "abc");
    assert_string_equal(b, "abcd");
    assert_string_equal(c, "");
    assert_string_equal(d, "x-0042");
    free(a);
    free(b);
    free(c);
    free(d);
}

static void test_mul(void **state)
{
    (void)state;
    size_t out = 5;
    assert_true(lt_mul(0, SIZE_MAX, &out));
    assert_int_equal(out, 0);
    assert_true(lt_mul(SIZE_MAX / 2, 2, &out));
    assert_true(out == SIZE_MAX - 1);
    assert_false(lt_mul(SIZE_MAX / 2 + 1, 2, &out));
    assert_false(lt_mul((size_t)1 << 32, (size_t)1 << 32, &out));
}

static void test_try_alloc(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 63, 64, 65, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        void *p = NULL;
        CHECK_OK(lt_try_alloc(sizes[i], "a test", &p, err));
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 64, 0);
        assert_true(all_zero(p, sizes[i]));
        free(p);
    }
    void *p = NULL;
    CHECK_FAILS(lt_try_alloc(SIZE_MAX, "the UNet", &p, err), LT_ERR_MEMORY, "for the UNet");
    CHECK_FAILS(lt_try_alloc(SIZE_MAX - 62, "x", &p, err), LT_ERR_MEMORY, "MiB wanted");
    CHECK_FAILS(lt_try_alloc((size_t)1 << 60, "x", &p, err), LT_ERR_MEMORY,
                "1099511627776.0 MiB wanted");
    assert_null(p);
}

static void test_arena(void **state)
{
    (void)state;
    lt_arena *arena = lt_arena_new();
    unsigned char *blocks[3000];
    for (size_t i = 0; i < 3000; i++) { /* over several blocks of 64 KiB */
        size_t n = 1 + i % 97;
        blocks[i] = lt_arena_alloc(arena, n);
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        assert_true(all_zero(blocks[i], n));
        memset(blocks[i], (int)(i % 256), n);
    }
    for (size_t i = 0; i < 3000; i++) /* nothing overlaps */
        for (size_t k = 0; k < 1 + i % 97; k++)
            assert_int_equal(blocks[i][k], i % 256);
    unsigned char *large = lt_arena_alloc(arena, 1 << 20);
    assert_true(all_zero(large, 1 << 20));
    memset(large, 1, 1 << 20);
    assert_non_null(lt_arena_alloc(arena, 0));
    assert_string_equal(lt_arena_strdup(arena, "name"), "name");
    assert_string_equal(lt_arena_format(arena, "%s.%d", "down", 3), "down.3");
    assert_int_equal(large[(1 << 20) - 1], 1);
    lt_arena_free(arena);
    lt_arena_free(NULL);
}

static void overflow_array(void)
{
    free(lt_alloc_array(SIZE_MAX / 2, 3));
}

static void overflow_grow(void)
{
    free(lt_grow(NULL, SIZE_MAX / 2, 3));
}

static void overflow_arena(void)
{
    lt_arena *arena = lt_arena_new();
    lt_arena_alloc(arena, 1);
    lt_arena_alloc(arena, SIZE_MAX - 3); /* rounded up, it would be 0 */
    lt_arena_free(arena);
}

static void overflow_arena_block(void)
{
    lt_arena *arena = lt_arena_new();
    lt_arena_alloc(arena, SIZE_MAX - 20); /* with its header, it would be small */
    lt_arena_free(arena);
}

static void test_overflow(void **state)
{
    (void)state;
    check_panics(overflow_array, "overflows");
    check_panics(overflow_grow, "overflows");
    check_panics_memory(overflow_arena, "an arena of 18446744073709551612 bytes");
    check_panics_memory(overflow_arena_block, "18446744073709551595 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alloc), cmocka_unit_test(test_strings),
        cmocka_unit_test(test_mul),   cmocka_unit_test(test_try_alloc),
        cmocka_unit_test(test_arena), cmocka_unit_test(test_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
