/* test_safetensors_writer.c - what is written is read back. */
#include "weights/safetensors_writer.h"

#include "support/temp.h"
#include "weights/files.h"

static const int64_t one = 1, three = 3, matrix[] = {2, 3};

static void test_round_trip(void **state)
{
    (void)state;
    char *dir = temp_dir(), *path = lt_path_join(dir, "x.safetensors");
    const float floats[6] = {1, 2, 3, 4, 5, -6.5f};
    const uint16_t halves[3] = {0x3C00, 0xC000, 0x7C00};
    const int32_t ints[3] = {1, -1, INT32_MAX};
    const uint8_t bytes[3] = {1, 2, 255};
    const int64_t longs[3] = {1, -1, INT64_MIN};
    struct {
        const char *name;
        lt_safetensors_dtype type;
        int ndim;
        const int64_t *dim;
        const void *data;
        size_t n, index;
    } parts[] = {
        {"bytes \"\\\n\x01\xC3\xA9", LT_ST_U8, 1, &three, bytes, 3, 0},
        {"", LT_ST_F16, 1, &three, halves, 6, 0},
        {"b.weight", LT_ST_BF16, 1, &three, halves, 6, 0},
        {"i", LT_ST_I32, 1, &three, ints, 12, 0},
        {"l", LT_ST_I64, 1, &three, longs, 24, 0},
        {"f", LT_ST_F32, 2, matrix, floats, 24, 0},
        {"scalar", LT_ST_F32, 0, NULL, floats, 4, 0},
        {"none", LT_ST_F32, 1, &(const int64_t){0}, NULL, 0, 0},
    };
    enum { PARTS = sizeof parts / sizeof *parts };
    lt_safetensors_writer *w = lt_safetensors_writer_new();
    CHECK_OK(lt_safetensors_writer_meta(w, "note", "a \"quoted\"\nline", err));
    CHECK_OK(lt_safetensors_writer_meta(w, "format", "pt", err));
    for (int i = 0; i < PARTS; i++)
        CHECK_OK(lt_safetensors_writer_add(w, parts[i].name, parts[i].type, parts[i].ndim,
                                           parts[i].dim, &parts[i].index, err));
    CHECK_OK(lt_safetensors_writer_begin(w, path, err));
    assert_false(lt_file_exists(path));
    for (int i = PARTS; i-- > 0;) /* not the order of the file */
        CHECK_OK(lt_safetensors_writer_put(w, parts[i].index, parts[i].data, parts[i].n, err));
    CHECK_OK(lt_safetensors_writer_commit(w, err));
    lt_safetensors_writer_free(w);

    lt_safetensors *f = NULL;
    CHECK_OK(lt_safetensors_open(path, &f, err));
    assert_int_equal(lt_safetensors_count(f), PARTS);
    assert_string_equal(lt_safetensors_meta(f, "format"), "pt");
    assert_string_equal(lt_safetensors_meta(f, "note"), "a \"quoted\"\nline");
    for (int i = 0; i < PARTS; i++) {
        const lt_safetensors_tensor *t = lt_safetensors_find(f, parts[i].name);
        assert_non_null(t);
        assert_int_equal(t->type, parts[i].type);
        assert_int_equal(t->ndim, parts[i].ndim);
        assert_int_equal(t->bytes, parts[i].n);
        if (parts[i].n)
            assert_memory_equal(t->data, parts[i].data, parts[i].n);
        assert_int_equal(t->offset % (lt_safetensors_dtype_bits(t->type) / 8), 0);
    }
    lt_safetensors_close(f);
    free(path);
    temp_dir_remove(dir);
}

static void test_collect(void **state)
{
    (void)state;
    char *dir = temp_dir(), *path = lt_path_join(dir, "trace.safetensors");
    lt_safetensors_writer *w = lt_safetensors_writer_new();
    for (int i = 0; i < 200; i++) {
        char name[16];
        float value = (float)i; /* the writer must keep a copy */
        snprintf(name, sizeof name, "step.%d", i);
        CHECK_OK(lt_safetensors_writer_collect(w, name, LT_ST_F32, 1, &one, &value, err));
    }
    CHECK_OK(lt_safetensors_writer_save(w, path, err));
    lt_safetensors_writer_free(w);
    lt_safetensors *f = NULL;
    CHECK_OK(lt_safetensors_open(path, &f, err));
    float value;
    memcpy(&value, lt_safetensors_find(f, "step.123")->data, sizeof value);
    assert_true(value == 123.0f);
    lt_safetensors_close(f);
    free(path);
    temp_dir_remove(dir);
}

static void test_empty(void **state)
{
    (void)state;
    char *dir = temp_dir(), *path = lt_path_join(dir, "x.safetensors");
    lt_safetensors_writer *w = lt_safetensors_writer_new();
    CHECK_OK(lt_safetensors_writer_save(w, path, err));
    lt_safetensors_writer_free(w);
    lt_buf b = {0};
    CHECK_OK(lt_file_read(path, 100, &b, err));
    assert_int_equal(b.len, 16);
    assert_memory_equal(b.data, "\x08\0\0\0\0\0\0\0{}      ", 16);
    lt_buf_done(&b);
    free(path);
    temp_dir_remove(dir);
}

static void test_refuses(void **state)
{
    (void)state;
    const float x[6] = {0};
    size_t index;
    lt_safetensors_writer *w = lt_safetensors_writer_new();
    const int64_t huge[] = {INT64_MAX, 2}, negative = -1;
    CHECK_FAILS(lt_safetensors_writer_add(w, "\xFF", LT_ST_F32, 1, &one, &index, err),
                LT_ERR_ARGUMENT, "not valid UTF-8");
    CHECK_FAILS(lt_safetensors_writer_add(w, "__metadata__", LT_ST_F32, 1, &one, &index, err),
                LT_ERR_ARGUMENT, "the name is reserved");
    CHECK_FAILS(lt_safetensors_writer_add(w, "a", LT_ST_F32, 2, huge, &index, err), LT_ERR_ARGUMENT,
                "out of range");
    CHECK_FAILS(lt_safetensors_writer_add(w, "a", LT_ST_F32, 1, &negative, &index, err),
                LT_ERR_ARGUMENT, "out of range");
    CHECK_FAILS(lt_safetensors_writer_add(w, "a", LT_ST_F4, 1, &one, &index, err), LT_ERR_ARGUMENT,
                "out of range");
    CHECK_OK(lt_safetensors_writer_meta(w, "k", "1", err));
    CHECK_FAILS(lt_safetensors_writer_meta(w, "k", "2", err), LT_ERR_ARGUMENT, "'k' twice");
    CHECK_FAILS(lt_safetensors_writer_meta(w, "l", "\xFF", err), LT_ERR_ARGUMENT,
                "not valid UTF-8");
    CHECK_OK(lt_safetensors_writer_collect(w, "a", LT_ST_F32, 2, matrix, x, err));
    CHECK_OK(lt_safetensors_writer_collect(w, "a", LT_ST_F32, 2, matrix, x, err));
    CHECK_FAILS(lt_safetensors_writer_save(w, "unused", err), LT_ERR_ARGUMENT, "'a' twice");
    lt_safetensors_writer_free(w);
    lt_safetensors_writer_free(NULL);
}

/* Nothing appears unless everything was written. */
static void test_whole_or_nothing(void **state)
{
    (void)state;
    char *dir = temp_dir(), *path = lt_path_join(dir, "x.safetensors");
    const float x = 0;
    size_t a, b;
    lt_safetensors_writer *w = lt_safetensors_writer_new();
    CHECK_OK(lt_safetensors_writer_add(w, "a", LT_ST_F32, 1, &one, &a, err));
    CHECK_OK(lt_safetensors_writer_add(w, "b", LT_ST_F32, 1, &one, &b, err));
    CHECK_OK(lt_safetensors_writer_begin(w, path, err));
    CHECK_FAILS(lt_safetensors_writer_put(w, a, &x, 3, err), LT_ERR_ARGUMENT,
                "3 bytes given, expected 4");
    CHECK_OK(lt_safetensors_writer_put(w, a, &x, 4, err));
    CHECK_FAILS(lt_safetensors_writer_commit(w, err), LT_ERR_ARGUMENT,
                "the data of tensor 'b' were never given");
    assert_false(lt_file_exists(path));
    lt_safetensors_writer_free(w);

    w = lt_safetensors_writer_new();
    CHECK_OK(lt_safetensors_writer_begin(w, path, err));
    lt_safetensors_writer_free(w); /* begun, not committed */
    assert_false(lt_file_exists(path));
    free(path);
    path = lt_path_join(dir, "absent/x.safetensors");
    w = lt_safetensors_writer_new();
    CHECK_FAILS(lt_safetensors_writer_save(w, path, err), LT_ERR_IO, "cannot write");
    lt_safetensors_writer_free(w);
    free(path);
    temp_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_collect),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_whole_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
