/* test_texts.c - text chunks, both ways. */
#define _XOPEN_SOURCE 700
#include "support/check.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "fixture.h"
#include "image/png.h"
#include "image/texts.h"

#define CAT "\xE7\x8C\xAB"

static void read_texts(const char *path, lt_png_texts *texts)
{
    lt_image *image;
    CHECK_OK(lt_png_read(path, &image, texts, err));
    lt_image_unref(image);
}

static void test_pillow(void **state)
{
    (void)state;
    lt_png_texts texts = {0};
    read_texts(FIXTURE("text-pillow.png"), &texts);
    assert_int_equal(texts.count, 4);
    assert_string_equal(lt_png_texts_get(&texts, "parameters"),
                        "a cat, caf\xC3\xA9\nSteps: 20, Seed: 42");
    assert_int_equal(strlen(lt_png_texts_get(&texts, "zipped")), 1000);
    assert_string_equal(lt_png_texts_get(&texts, "Description"), "ein " CAT " \xF0\x9F\x90\x88");
    assert_int_equal(strlen(lt_png_texts_get(&texts, "zipped too")), 300);
    assert_null(lt_png_texts_get(&texts, "missing"));
    lt_png_texts_done(&texts);
}

static void test_odd(void **state)
{
    (void)state;
    lt_png_texts texts = {0};
    read_texts(FIXTURE("text-odd.png"), &texts);
    assert_non_null(lt_png_texts_get(&texts, "nul"));
    assert_string_equal(lt_png_texts_get(&texts, "wrong"), "caf\xC3\xA9");
    assert_string_equal(lt_png_texts_get(&texts, "none"), "");
    assert_string_equal(lt_png_texts_get(&texts, "last"), "behind");
    lt_png_texts_done(&texts);
    lt_png_texts_add_raw(&texts, "\xE9", "a\0b", 3, true);
    assert_string_equal(lt_png_texts_get(&texts, "\xC3\xA9"), "a\xEF\xBF\xBD"
                                                              "b");
    lt_png_texts_done(&texts);
}

/* 20 MB in 20 kB, and a damaged chunk: the picture is read, the text left out and said so. */
static void test_left_out(void **state)
{
    (void)state;
    lt_png_texts texts = {0};
    read_texts(FIXTURE("text-bomb.png"), &texts);
    assert_null(lt_png_texts_get(&texts, "bomb"));
    assert_string_equal(lt_png_texts_get(&texts, "after"), "still read");
    assert_non_null(strstr(texts.warning, "zTXt"));
    lt_png_texts_done(&texts);
    read_texts(FIXTURE("text-crc.png"), &texts);
    assert_int_equal(texts.count, 0);
    assert_non_null(strstr(texts.warning, "CRC"));
    lt_png_texts_done(&texts);
}

/* A text chunk that declares 2 GiB - 1 is refused without allocating that much. */
static void test_declared_length(void **state)
{
    (void)state;
    lt_buf file = {0};
    lt_image *image;
    CHECK_OK(lt_file_read(FIXTURE("text-odd.png"), 10000, &file, err));
    for (size_t i = 33; i < 37; i++)
        file.data[i] = (char)(i == 33 ? 0x7F : 0xFF);
    /* libpng says "tEXt", or from 1.6.48 at the latest that the file ends too early */
    CHECK_FAILS(lt_png_decode(file.data, file.len, &image, NULL, err), LT_ERR_FORMAT, "");
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    assert_true(usage.ru_maxrss < 1 << 20); /* KiB */
    lt_buf_done(&file);
}

static bool contains(const lt_buf *b, const char *part)
{
    size_t n = strlen(part);
    for (size_t i = 0; i + n <= b->len; i++)
        if (memcmp(b->data + i, part, n) == 0)
            return true;
    return false;
}

static void check_same(const char *key, const char *value, const char *kind)
{
    lt_png_texts texts = {0}, back = {0};
    lt_image *image = make_image(2, 2), *again;
    lt_buf file = {0};
    lt_png_texts_add(&texts, key, value);
    CHECK_OK(lt_png_encode(&file, image, &texts, 6, err));
    assert_true(contains(&file, kind));
    CHECK_OK(lt_png_decode(file.data, file.len, &again, &back, err));
    assert_int_equal(back.count, 1);
    assert_string_equal(back.items[0].key, key);
    assert_string_equal(back.items[0].value, value);
    assert_string_equal(back.warning, "");
    lt_image_unref(image);
    lt_image_unref(again);
    lt_png_texts_done(&texts);
    lt_png_texts_done(&back);
    lt_buf_done(&file);
}

static void test_round_trip(void **state)
{
    (void)state;
    char controls[32];
    for (int i = 0; i < 31; i++)
        controls[i] = (char)(i + 1);
    controls[31] = '\0';
    check_same("parameters", "a cat\nSteps: 20", "tEXt");
    check_same("parameters", "", "tEXt");
    check_same("parameters", "caf\xC3\xA9 \xC2\x80 \xC3\xBF", "tEXt");
    check_same("parameters", controls, "tEXt");
    check_same("parameters", "a " CAT "\n\x1B[2J", "iTXt");
    check_same("parameters", "\xC4\x80", "iTXt"); /* U+0100, the first that Latin-1 lacks */
    check_same("caf\xC3\xA9", CAT, "iTXt");
    check_same("k", "\xF0\x9F\x90\x88\xE2\x80\xAE", "iTXt");
    char *longest = malloc(LT_PNG_MAX_TEXT + 1);
    memset(longest, 'x', LT_PNG_MAX_TEXT);
    longest[LT_PNG_MAX_TEXT] = '\0';
    check_same("parameters", longest, "tEXt");
    memcpy(longest, CAT, 3);
    check_same("1234567890123456789012345678901234567890123456789012345678901234567890123456789",
               longest, "iTXt");
    free(longest);
}

static void check_refused(const char *key, const char *value, const char *part)
{
    lt_png_texts texts = {0};
    lt_image *image = make_image(2, 2);
    lt_buf file = {0};
    lt_png_texts_add(&texts, key, value);
    CHECK_FAILS(lt_png_encode(&file, image, &texts, 6, err), LT_ERR_ARGUMENT, part);
    assert_int_equal(file.len, 0);
    lt_png_texts_done(&texts);
    lt_image_unref(image);
}

static void test_refused(void **state)
{
    (void)state;
    char key[81];
    memset(key, 'k', 80);
    key[80] = '\0';
    check_refused(key, "v", "1 to 79");
    check_refused("", "v", "1 to 79");
    check_refused(" a", "v", "1 to 79");
    check_refused("a ", "v", "1 to 79");
    check_refused("a  b", "v", "1 to 79");
    check_refused("a\nb", "v", "1 to 79");
    check_refused(CAT, "v", "1 to 79");
    check_refused("\xE9", "v", "1 to 79");
    check_refused("k", "ab\xFF", "byte 2 is wrong");
    char *value = malloc(LT_PNG_MAX_TEXT + 2);
    memset(value, 'x', LT_PNG_MAX_TEXT + 1);
    value[LT_PNG_MAX_TEXT + 1] = '\0';
    check_refused("k", value, "1048577 bytes");
    free(value);
}

static void test_count(void **state)
{
    (void)state;
    lt_png_texts texts = {0}, back = {0};
    lt_image *image = make_image(2, 2), *again;
    lt_buf file = {0};
    for (int i = 0; i < LT_PNG_MAX_CHUNKS; i++)
        lt_png_texts_add(&texts, "k", "v");
    CHECK_OK(lt_png_encode(&file, image, &texts, 6, err));
    CHECK_OK(lt_png_decode(file.data, file.len, &again, &back, err));
    assert_int_equal(back.count, LT_PNG_MAX_CHUNKS);
    lt_image_unref(again);
    lt_png_texts_add(&texts, "k", "v");
    CHECK_FAILS(lt_png_encode(&file, image, &texts, 6, err), LT_ERR_ARGUMENT, "65 texts");
    lt_png_texts_done(&texts);
    lt_png_texts_done(&back);
    lt_image_unref(image);
    lt_buf_done(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pillow),     cmocka_unit_test(test_odd),
        cmocka_unit_test(test_left_out),   cmocka_unit_test(test_declared_length),
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
