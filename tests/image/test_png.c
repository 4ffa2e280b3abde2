/* test_png.c - reading every kind of PNG as Pillow does, and writing. */
#define _POSIX_C_SOURCE 200809L
#include "support/check.h"
#include "support/temp.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "fixture.h"
#include "image/png.h"

static void test_pillow(void **state)
{
    (void)state;
    FILE *list = fopen(FIXTURE("good.txt"), "r");
    char name[32];
    int width, height, n = 0;
    uint64_t hash;
    assert_non_null(list);
    for (; fscanf(list, "%31s %d %d %" SCNx64, name, &width, &height, &hash) == 4; n++) {
        char *path = lt_format("%s/image/good/%s.png", LT_TEST_DATA, name);
        lt_image *image;
        lt_png_texts texts = {0};
        CHECK_OK(lt_png_read(path, &image, &texts, err));
        assert_int_equal(image->width, width);
        assert_int_equal(image->height, height);
        if (image_hash(image) != hash)
            fail_msg("'%s' differs from Pillow", name);
        assert_int_equal(texts.count, 0);
        assert_string_equal(texts.warning, "");
        lt_image_unref(image);
        lt_png_texts_done(&texts);
        free(path);
    }
    assert_int_equal(n, 37);
    fclose(list);
}

static void test_round_trip(void **state)
{
    (void)state;
    const int sizes[][2] = {{1, 1}, {37, 23}, {16384, 1}, {1, 16384}, {300, 200}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        lt_image *image = make_image(sizes[i][0], sizes[i][1]), *back;
        for (int level = 0; level <= 9; level += 3) {
            lt_buf file = {0}, again = {0};
            CHECK_OK(lt_png_encode(&file, image, NULL, level, err));
            CHECK_OK(lt_png_encode(&again, image, NULL, level, err));
            assert_int_equal(file.len, again.len); /* deterministic */
            assert_memory_equal(file.data, again.data, file.len);
            CHECK_OK(lt_png_decode(file.data, file.len, &back, NULL, err));
            assert_int_equal(back->width, image->width);
            assert_memory_equal(back->rgb, image->rgb, lt_image_bytes(image));
            lt_image_unref(back);
            lt_buf_done(&file);
            lt_buf_done(&again);
        }
        lt_image_unref(image);
    }
}

static void test_level(void **state)
{
    (void)state;
    lt_image *image;
    lt_buf stored = {0}, packed = {0};
    CHECK_OK(lt_image_new(100, 100, &image, err));
    CHECK_OK(lt_png_encode(&stored, image, NULL, 0, err));
    CHECK_OK(lt_png_encode(&packed, image, NULL, 9, err));
    assert_true(stored.len > 30000 && packed.len < 300); /* measured 30204 and 109 */
    lt_buf_done(&stored);
    lt_buf_done(&packed);
    lt_image_unref(image);
}

static void test_files(void **state)
{
    (void)state;
    char *dir = temp_dir(), *path = lt_path_join(dir, "a.png"),
         *none = lt_path_join(dir, "x/a.png");
    lt_image *image = make_image(20, 10), *back;
    lt_png_texts texts = {0};
    lt_buf memory = {0}, disk = {0};
    lt_writer w = {0};
    lt_png_texts_add(&texts, "parameters", "a cat");
    CHECK_OK(lt_png_write(path, image, &texts, LT_PNG_LEVEL, err));
    CHECK_OK(lt_png_encode(&memory, image, &texts, LT_PNG_LEVEL, err));
    CHECK_OK(lt_file_read(path, 100000, &disk, err));
    assert_int_equal(disk.len, memory.len);
    assert_memory_equal(disk.data, memory.data, disk.len);
    CHECK_OK(lt_png_read(path, &back, NULL, err));
    assert_memory_equal(back->rgb, image->rgb, lt_image_bytes(image));
    lt_image_unref(back);
    CHECK_FAILS(lt_png_write(none, image, NULL, 6, err), LT_ERR_IO, none);
    CHECK_FAILS(lt_png_read(none, &back, NULL, err), LT_ERR_IO, none);
    CHECK_FAILS(lt_png_read(dir, &back, NULL, err), LT_ERR_IO, "directory");
    /* A failed write leaves the old file and nothing else. */
    CHECK_FAILS(lt_png_write(path, image, NULL, 10, err), LT_ERR_ARGUMENT, "level of 10");
    CHECK_FAILS(lt_png_encode(&memory, image, NULL, -1, err), LT_ERR_ARGUMENT, "level of -1");
    assert_int_equal(disk.len, memory.len);
    lt_buf_clear(&disk);
    CHECK_OK(lt_file_read(path, 100000, &disk, err));
    assert_memory_equal(disk.data, memory.data, disk.len);
    assert_int_equal(remove(path), 0);
    CHECK_OK(lt_writer_open(&w, path, err));
    fclose(w.stream);
    w.stream = fopen("/dev/full", "wb");
    if (w.stream) {
        setvbuf(w.stream, NULL, _IONBF, 0);
        CHECK_FAILS(lt_png_write_to(&w, image, NULL, 6, err), LT_ERR_IO, "a.png");
    }
    lt_writer_abandon(&w);
    assert_int_equal(rmdir(dir), 0); /* empty: nothing half-written */
    lt_buf_done(&memory);
    lt_buf_done(&disk);
    lt_png_texts_done(&texts);
    lt_image_unref(image);
    free(path);
    free(none);
    free(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pillow),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_level),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
