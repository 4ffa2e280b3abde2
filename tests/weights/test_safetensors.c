/*
 * test_safetensors.c - every way in which a file can lie, and what honest ones hold.
 * data/weights/bad/manifest.json says what the reference reader thinks of each file there.
 */
#include "weights/safetensors.h"

#include <json-c/json_object.h>
#include <json-c/json_util.h>

#include "support/temp.h"
#include "weights/files.h"

#define BAD LT_TEST_DATA "/weights/bad/"

static char *bad_path(const char *name)
{
    return lt_format(BAD "%s", name);
}

/* The manifest's verdicts; a file that is refused says where it lies, and names itself. */
static void test_manifest(void **state)
{
    (void)state;
    json_object *list = json_object_from_file(BAD "manifest.json");
    assert_non_null(list);
    size_t n = json_object_array_length(list);
    assert_int_equal(n, 43);
    for (size_t i = 0; i < n; i++) {
        json_object *item = json_object_array_get_idx(list, i);
        const char *file = json_object_get_string(json_object_object_get(item, "file"));
        const char *want = json_object_get_string(json_object_object_get(item, "want"));
        char *path = bad_path(file);
        lt_safetensors *f = NULL;
        if (strcmp(want, "accept") == 0)
            CHECK_OK(lt_safetensors_open(path, &f, err));
        else
            CHECK_FAILS(lt_safetensors_open(path, &f, err), LT_ERR_FORMAT, file);
        lt_safetensors_close(f);
        free(path);
    }
    json_object_put(list);
}

/* Each lie is refused for its own reason, not by accident for another. */
static void test_reasons(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"short-file", "7 bytes, too short"},
        {"empty-file", "0 bytes, too short"},
        {"len-past-end", "header length 1000 in a file of 70 bytes"},
        {"len-huge", "header length 9223372036854775808"},
        {"len-max", "header length 18446744073709551615"},
        {"len-over-cap", "header length 100000001"},
        {"len-zero", "header length 0"},
        {"not-json", "byte 0: expected '{'"},
        {"not-object", "byte 0: expected '{'"},
        {"truncated-json", "a string does not end"},
        {"bad-utf8", "byte 2: not valid UTF-8"},
        {"trailing-garbage-json", "text after the object"},
        {"dup-key", "tensor 'a' is named twice"},
        {"hole", "tensor 'b': unused bytes before its data"},
        {"overlap", "tensor 'b': its data overlap another tensor's"},
        {"same-range", "tensor 'b': its data overlap another tensor's"},
        {"starts-late", "tensor 'a': unused bytes before its data"},
        {"trailing-data", "1 bytes after the last tensor"},
        {"missing-data", "the data end after 6 bytes, expected 8"},
        {"size-mismatch", "8 bytes in the file, expected 12 for its shape and dtype"},
        {"negative-offset", "a negative number"},
        {"reversed-offsets", "data_offsets end before they begin"},
        {"shape-overflow", "the product of the shape does not fit 63 bits"},
        {"shape-overflow2", "the product of the shape does not fit 63 bits"},
        {"negative-shape", "a negative number"},
        {"float-shape", "a number that is not an integer"},
        {"unknown-dtype", "unknown dtype 'F33'"},
        {"missing-field", "dtype, shape or data_offsets is missing"},
        {"three-offsets", "expected ',' or ']'"},
        {"metadata-number", "expected a string"},
        {"lfs-pointer", "it is a Git LFS pointer"},
        {"html", "it is a web page"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *path = lt_format(BAD "%s.safetensors", cases[i][0]);
        lt_safetensors *f;
        CHECK_FAILS(lt_safetensors_open(path, &f, err), LT_ERR_FORMAT, cases[i][1]);
        free(path);
    }
}

/* Opens what `header` and `data` bytes make. */
static bool open_made(const char *header, size_t n, size_t data, lt_safetensors **f, lt_error *err)
{
    char *dir = temp_dir(), *path = lt_path_join(dir, "x.safetensors");
    lt_buf file = {0};
    make_file(&file, header, n, data);
    put_bytes(dir, "x.safetensors", file.data, file.len);
    bool ok = lt_safetensors_open(path, f, err);
    lt_buf_done(&file);
    free(path);
    temp_dir_remove(dir);
    return ok;
}

static void made_fails(const char *header, size_t data, const char *part)
{
    lt_safetensors *f;
    CHECK_FAILS(open_made(header, strlen(header), data, &f, err), LT_ERR_FORMAT, part);
}

static void test_more_lies(void **state)
{
    (void)state;
    made_fails("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"x\":1}}", 8,
               "a field that is none of");
    made_fails("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
               8, "a field is given twice");
    made_fails("{\"a\":{}}", 0, "expected a string");
    made_fails("{\"a\":[]}", 0, "expected '{'");
    made_fails("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", 8, "expected ','");
    made_fails("{\"a\":{\"dtype\":\"F32\",\"shape\":[2,],\"data_offsets\":[0,8]}}", 8,
               "expected a non-negative integer");
    made_fails("{\"a\":{\"dtype\":\"F32\",\"shape\":[02],\"data_offsets\":[0,8]}}", 8,
               "leading zero");
    made_fails("{\"a\":{\"dtype\":\"F32\",\"shape\":[2e0],\"data_offsets\":[0,8]}}", 8,
               "not an integer");
    made_fails(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[9223372036854775808,0],\"data_offsets\":[0,0]}}", 0,
        "a dimension does not fit 63 bits");
    made_fails("{\"a\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,1]}}", 1,
               "not a whole number of bytes");
    made_fails("{\"a\":{\"dtype\":1,\"shape\":[2],\"data_offsets\":[0,8]}}", 8,
               "expected a string");
    made_fails("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},}", 8,
               "expected a string");
    made_fails("{\"__metadata__\":{\"x\":\"1\",\"x\":\"2\"}}", 0, "metadata 'x' is given twice");
    made_fails("{\"__metadata__\":{},\"__metadata__\":{}}", 0, "'__metadata__' is given twice");
    made_fails("{\"__metadata__\":{\"x\":{\"y\":\"z\"}}}", 0, "expected a string");
    made_fails("{\"__metadata__\":{\"x\":null}}", 0, "expected a string");
    made_fails("{\"a\\u0000b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8,
               "NUL");
    made_fails("{\"\\u0061\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
               "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
               2, "tensor 'a' is named twice");
    made_fails(" {}", 0, "byte 0: expected '{'");
    made_fails("{}\v", 0, "text after the object");
    made_fails("{}", 1, "1 bytes after the last tensor");
}

/* 100000 nested arrays must cost no stack; the file of the manifest, made here because it is large.
 */
static void test_deep(void **state)
{
    (void)state;
    enum { DEPTH = 100000 };
    lt_buf b = {0};
    lt_safetensors *f;
    lt_buf_str(&b, "{\"a\":");
    for (int i = 0; i < DEPTH; i++)
        lt_buf_char(&b, '[');
    for (int i = 0; i < DEPTH; i++)
        lt_buf_char(&b, ']');
    lt_buf_char(&b, '}');
    CHECK_FAILS(open_made(b.data, b.len, 8, &f, err), LT_ERR_FORMAT, "byte 5: expected '{'");
    lt_buf_done(&b);
}

static void file_fails(const void *bytes, size_t n, const char *part)
{
    char *dir = temp_dir(), *path = lt_path_join(dir, "x.safetensors");
    lt_safetensors *f;
    put_bytes(dir, "x.safetensors", bytes, n);
    CHECK_FAILS(lt_safetensors_open(path, &f, err), LT_ERR_FORMAT, part);
    free(path);
    temp_dir_remove(dir);
}

static void test_other_formats(void **state)
{
    (void)state;
    file_fails("GGUF\003\0\0\0", 8, "a GGUF file");
    file_fails("<!DOCTYPE html><html>", 21, "a web page");
    file_fails("<HTML>", 6, "a web page");
    file_fails("version https://git-lfs.github.com/spec/v1\n", 43, "a Git LFS pointer");
}

static void test_no_file(void **state)
{
    (void)state;
    lt_safetensors *f;
    CHECK_FAILS(lt_safetensors_open(BAD "absent", &f, err), LT_ERR_IO, "cannot open");
    CHECK_FAILS(lt_safetensors_open(BAD, &f, err), LT_ERR_IO, "it is a directory");
    lt_safetensors_close(NULL);
}

/* A file that the reference writer made. */
static void test_numpy(void **state)
{
    (void)state;
    lt_safetensors *f = NULL;
    CHECK_OK(lt_safetensors_open(LT_TEST_DATA "/weights/numpy.safetensors", &f, err));
    assert_int_equal(lt_safetensors_count(f), 6);
    const lt_safetensors_tensor *t = lt_safetensors_find(f, "single");
    assert_non_null(t);
    assert_int_equal(t->type, LT_ST_F32);
    assert_int_equal(t->ndim, 2);
    assert_int_equal(t->dim[0], 2);
    assert_int_equal(t->dim[1], 3);
    assert_int_equal(t->bytes, 24);
    assert_int_equal(lt_safetensors_elements(t), 6);
    float last;
    memcpy(&last, (const char *)t->data + 20, 4);
    assert_true(last == 5.0f);
    uint16_t half[2];
    memcpy(half, lt_safetensors_find(f, "half")->data, 4);
    assert_int_equal(half[0], 0x3E00);
    assert_int_equal(half[1], 0xC000);
    int64_t second;
    memcpy(&second, (const char *)lt_safetensors_find(f, "index")->data + 8, 8);
    assert_true(second == -2);
    assert_int_equal(*(const unsigned char *)lt_safetensors_find(f, "byte")->data, 7);
    assert_int_equal(lt_safetensors_find(f, "scalar")->ndim, 0);
    assert_int_equal(lt_safetensors_elements(lt_safetensors_find(f, "scalar")), 1);
    assert_int_equal(lt_safetensors_find(f, "empty")->bytes, 0);
    assert_null(lt_safetensors_find(f, "absent"));
    assert_null(lt_safetensors_find(f, ""));
    assert_int_equal(lt_safetensors_meta_count(f), 2);
    assert_string_equal(lt_safetensors_meta_key(f, 0), "format");
    assert_string_equal(lt_safetensors_meta_value(f, 0), "np");
    assert_string_equal(lt_safetensors_meta(f, "note"), "\xC3\xA9\n\"");
    assert_null(lt_safetensors_meta(f, "absent"));
    lt_safetensors_close(f);
}

/* The data order counts, whatever the order of the header; the data may start at an odd address. */
static void test_order(void **state)
{
    (void)state;
    lt_safetensors *f = NULL;
    CHECK_OK(lt_safetensors_open(BAD "ok-order.safetensors", &f, err));
    assert_string_equal(lt_safetensors_at(f, 0)->name, "a");
    assert_string_equal(lt_safetensors_at(f, 1)->name, "b");
    assert_int_equal(lt_safetensors_at(f, 1)->offset, lt_safetensors_at(f, 0)->offset + 4);
    lt_safetensors_close(f);
    CHECK_OK(lt_safetensors_open(BAD "ok-unaligned.safetensors", &f, err));
    const lt_safetensors_tensor *t = lt_safetensors_at(f, 0);
    assert_true(t->offset % 2 == 1);
    assert_memory_equal(t->data, "\0\1\2\3\4\5\6\7", 8);
    size_t size;
    const char *start = lt_safetensors_range(f, &size);
    assert_true((const char *)t->data == start + t->offset);
    assert_int_equal(size, t->offset + t->bytes);
    lt_safetensors_close(f);
    CHECK_OK(lt_safetensors_open(BAD "ok-escapes.safetensors", &f, err));
    assert_non_null(lt_safetensors_find(f, "a/b"));
    lt_safetensors_close(f);
}

static void test_dtypes(void **state)
{
    (void)state;
    lt_dtype t;
    assert_true(lt_safetensors_dtype_compute(LT_ST_BF16, &t) && t == LT_BF16);
    assert_true(lt_safetensors_dtype_compute(LT_ST_F16, &t) && t == LT_F16);
    assert_true(lt_safetensors_dtype_compute(LT_ST_F32, &t) && t == LT_F32);
    assert_true(lt_safetensors_dtype_compute(LT_ST_I32, &t) && t == LT_I32);
    assert_false(lt_safetensors_dtype_compute(LT_ST_F64, &t));
    assert_false(lt_safetensors_dtype_compute(LT_ST_F8_E4M3, &t));
    assert_string_equal(lt_safetensors_dtype_name(LT_ST_F8_E4M3), "F8_E4M3");
    assert_int_equal(lt_safetensors_dtype_bits(LT_ST_F6_E2M3), 6);
}

static void test_shape_text(void **state)
{
    (void)state;
    char text[96];
    int64_t dim[8] = {320, 4, 3, 3};
    lt_safetensors_tensor t = {.ndim = 4, .dim = dim};
    assert_string_equal(lt_safetensors_shape_text(&t, text), "[320,4,3,3]");
    t.ndim = 0;
    assert_string_equal(lt_safetensors_shape_text(&t, text), "[]");
    for (int i = 0; i < 8; i++)
        dim[i] = INT64_MAX;
    t.ndim = 8;
    lt_safetensors_shape_text(&t, text);
    assert_string_equal(text + strlen(text) - 5, ",...]");
}

/* Many tensors, in the worst order, and a very long shape: nothing quadratic, nothing fixed. */
static void test_many(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    lt_buf b = {0};
    lt_safetensors *f = NULL;
    lt_buf_char(&b, '{');
    for (int i = MANY; i-- > 0;)
        lt_buf_format(&b, "\"t%d\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[%d,%d]},", i,
                      i, i + 1);
    lt_buf_str(&b, "\"deep\":{\"dtype\":\"U8\",\"shape\":[0");
    for (int i = 0; i < MANY; i++)
        lt_buf_str(&b, ",1");
    lt_buf_str(&b, "],\"data_offsets\":[0,0]}}");
    CHECK_OK(open_made(b.data, b.len, MANY, &f, err));
    assert_int_equal(lt_safetensors_count(f), MANY + 1);
    assert_int_equal(lt_safetensors_find(f, "deep")->ndim, MANY + 1);
    assert_int_equal(*(const char *)lt_safetensors_find(f, "t99999")->data, 99999 & 127);
    lt_safetensors_close(f);
    lt_buf_done(&b);
}

/* xorshift64*, Vigna 2016: the same mutations every time. */
static uint32_t next(uint64_t *s)
{
    *s ^= *s >> 12;
    *s ^= *s << 25;
    *s ^= *s >> 27;
    return (uint32_t)((*s * 2685821657736338717u) >> 32);
}

static void mutate(lt_buf *b, uint64_t *s)
{
    static const char telling[] = "{}[]\",:0129-.eE\\u \x80\xFF";
    for (unsigned n = next(s) % 4; n-- > 0 && b->len;) {
        size_t at = next(s) % b->len;
        switch (next(s) % 4) {
        case 0:
            b->data[at] = (char)(b->data[at] ^ (1 << next(s) % 8));
            break;
        case 1:
            b->data[at] = telling[next(s) % (sizeof telling - 1)];
            break;
        case 2:
            memmove(b->data + at, b->data + at + 1, b->len - at - 1);
            b->len--;
            break;
        default:
            b->len = at;
        }
    }
}

/* Whatever is accepted must be readable to its last byte. */
static unsigned touch(const lt_safetensors *f)
{
    unsigned sum = 0;
    for (size_t i = 0; i < lt_safetensors_count(f); i++) {
        const lt_safetensors_tensor *t = lt_safetensors_at(f, i);
        for (size_t k = 0; k < t->bytes; k++)
            sum += ((const unsigned char *)t->data)[k];
        for (int k = 0; k < t->ndim; k++)
            sum += (unsigned)t->dim[k];
        assert_ptr_equal(lt_safetensors_find(f, t->name), t);
    }
    return sum;
}

static void test_mutations(void **state)
{
    (void)state;
    static const char *const seeds[] = {
        BAD "ok-order.safetensors", BAD "ok-metadata.safetensors", BAD "ok-escapes.safetensors",
        BAD "ok-empty-tensor.safetensors", LT_TEST_DATA "/weights/numpy.safetensors"};
    enum { ROUNDS = 20000, SEEDS = sizeof seeds / sizeof *seeds };
    lt_buf original[SEEDS] = {0}, b = {0};
    char *dir = temp_dir(), *path = lt_path_join(dir, "x.safetensors");
    uint64_t s = 0x9E3779B97F4A7C15u;
    unsigned accepted = 0, refused = 0, sum = 0;
    for (int i = 0; i < SEEDS; i++)
        CHECK_OK(lt_file_read(seeds[i], 4096, &original[i], err));
    for (int i = 0; i < ROUNDS; i++) {
        lt_safetensors *f = NULL;
        lt_error err = {0};
        lt_buf_clear(&b);
        lt_buf_add(&b, original[i % SEEDS].data, original[i % SEEDS].len);
        mutate(&b, &s);
        remove(path); /* truncating it, or lt_file_write, would wait for the disk 20000 times */
        FILE *out = fopen(path, "wb");
        assert_non_null(out);
        fwrite(b.data, 1, b.len, out);
        fclose(out);
        if (lt_safetensors_open(path, &f, &err)) {
            accepted++;
            sum += touch(f);
            lt_safetensors_close(f);
        } else {
            refused++;
            assert_int_equal(err.code, LT_ERR_FORMAT);
            assert_true(*err.message);
        }
    }
    /* both paths were walked: a quarter of the rounds change nothing, many changes hit only data */
    assert_true(accepted > ROUNDS / 5 && refused > ROUNDS / 5 && sum > 0);
    for (int i = 0; i < SEEDS; i++)
        lt_buf_done(&original[i]);
    lt_buf_done(&b);
    free(path);
    temp_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_manifest),      cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_more_lies),     cmocka_unit_test(test_deep),
        cmocka_unit_test(test_other_formats), cmocka_unit_test(test_no_file),
        cmocka_unit_test(test_numpy),         cmocka_unit_test(test_order),
        cmocka_unit_test(test_dtypes),        cmocka_unit_test(test_shape_text),
        cmocka_unit_test(test_many),          cmocka_unit_test(test_mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
