/* The published vectors of FNV-1a, and floats as the bytes that a little-endian machine has. */
#include "base/hash.h"

#include <math.h>
#include <string.h>

#include "support/check.h"

/* http://www.isthe.com/chongo/src/fnv/test_fnv.c */
static void test_known(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t hash;
    } rows[] = {
        {"", 0xcbf29ce484222325u},
        {"a", 0xaf63dc4c8601ec8cu},
        {"b", 0xaf63df4c8601f1a5u},
        {"foobar", 0x85944171f73967e8u},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_true(lt_hash_bytes(rows[i].text, strlen(rows[i].text)) == rows[i].hash);
}

static void test_floats(void **state)
{
    (void)state;
    const float x[] = {1, -2.5f, 0}, other[] = {1, -2.5f, -0.0f};
    const unsigned char bytes[] = {0, 0, 0x80, 0x3F, 0, 0, 0x20, 0xC0, 0, 0, 0, 0};
    assert_true(lt_hash_floats(x, 3) == lt_hash_bytes(bytes, sizeof bytes));
    assert_true(lt_hash_floats(x, 0) == lt_hash_bytes("", 0));
    assert_true(lt_hash_floats(x, 3) != lt_hash_floats(other, 3)); /* bits, not values */
    assert_true(lt_hash_floats(x, 3) != lt_hash_floats(x, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_known), cmocka_unit_test(test_floats)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
