/* test_json_file.c - small JSON files. */
#include "base/json_file.h"

#include <json-c/json_object.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "support/check.h"
#include "support/temp.h"

static void fails(const char *text, lt_error_code code, const char *part)
{
    char *dir = temp_dir(), *path = lt_path_join(dir, "x.json");
    json_object *object;
    CHECK_OK(lt_file_write(path, text, strlen(text), err));
    CHECK_FAILS(lt_json_file_read(path, 1000, &object, err), code, part);
    free(path);
    temp_dir_remove(dir);
}

static void test_reads(void **state)
{
    (void)state;
    static const char *const texts[] = {"{\"a\": \"b\", \"n\": 1}", " {\"a\":\"b\",\"n\":1}\r\n\n"};
    for (int i = 0; i < 2; i++) {
        char *dir = temp_dir(), *path = lt_path_join(dir, "x.json");
        json_object *object = NULL;
        CHECK_OK(lt_file_write(path, texts[i], strlen(texts[i]), err));
        CHECK_OK(lt_json_file_read(path, 1000, &object, err));
        assert_string_equal(lt_json_file_string(object, "a"), "b");
        assert_null(lt_json_file_string(object, "n"));
        assert_null(lt_json_file_string(object, "z"));
        json_object_put(object);
        free(path);
        temp_dir_remove(dir);
    }
}

/* json-c 0.18 refuses whole numbers of more than 64 bits; they are read as the largest. */
static void test_large_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *written, *read;
    } numbers[] = {
        {"1000000000000000019884624838656", "9223372036854775807"},
        {"-1000000000000000019884624838656", "-9223372036854775807"},
        {"9007199254740993", "9007199254740993"},
        {"0.30000000000000000000000001", "0.30000000000000000000000001"},
        {"100000000000000000000.5", "100000000000000000000.5"},
        {"\"\\\"1000000000000000019884624838656\"", "\"\\\"1000000000000000019884624838656\""},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char *dir = temp_dir(), *path = lt_path_join(dir, "x.json");
        char *text = lt_format("{\"n\": %s, \"after\": true}", numbers[i].written);
        json_object *object = NULL, *n;
        CHECK_OK(lt_file_write(path, text, strlen(text), err));
        CHECK_OK(lt_json_file_read(path, 1000, &object, err));
        assert_true(json_object_object_get_ex(object, "n", &n));
        assert_string_equal(json_object_to_json_string(n), numbers[i].read);
        assert_true(json_object_object_get_ex(object, "after", NULL));
        json_object_put(object);
        free(text);
        free(path);
        temp_dir_remove(dir);
    }
}

static void test_refuses(void **state)
{
    (void)state;
    char deep[201];
    memset(deep, '[', 200);
    memcpy(deep, "{\"a\":", 5);
    deep[200] = '\0';
    fails("", LT_ERR_FORMAT, "the JSON ends in the middle");
    fails("{\"a\": ", LT_ERR_FORMAT, "the JSON ends in the middle");
    fails("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", LT_ERR_FORMAT,
          "it is a Git LFS pointer");
    fails("\n<!DOCTYPE html><html>", LT_ERR_FORMAT, "it is a web page");
    fails("<html>", LT_ERR_FORMAT, "it is a web page");
    fails("[1]", LT_ERR_FORMAT, "expected a JSON object");
    fails("null", LT_ERR_FORMAT, "expected a JSON object");
    fails("{\"a\": 1} x", LT_ERR_FORMAT, "not JSON at byte 9: ");
    fails("{a: 1}", LT_ERR_FORMAT, "not JSON at byte 1: ");
    fails("{\"\xFF\": 1}", LT_ERR_FORMAT, "not UTF-8 at byte 2");
    fails("{\"\xED\xA0\x80\": 1}", LT_ERR_FORMAT, "not UTF-8 at byte 2");
    fails(deep, LT_ERR_FORMAT, "nesting");
}

static void test_refuses_nul(void **state)
{
    (void)state;
    char *dir = temp_dir(), *path = lt_path_join(dir, "x.json");
    json_object *object;
    CHECK_OK(lt_file_write(path, "{}\0{}", 5, err));
    CHECK_FAILS(lt_json_file_read(path, 1000, &object, err), LT_ERR_FORMAT, "not JSON at byte 2");
    free(path);
    temp_dir_remove(dir);
}

static void test_limit(void **state)
{
    (void)state;
    char *dir = temp_dir(), *path = lt_path_join(dir, "x.json");
    json_object *object;
    CHECK_OK(lt_file_write(path, "{\"a\": \"b\"}", 10, err));
    CHECK_FAILS(lt_json_file_read(path, 5, &object, err), LT_ERR_FORMAT, "larger than the 5 bytes");
    CHECK_FAILS(lt_json_file_read(dir, 5, &object, err), LT_ERR_IO, "it is a directory");
    free(path);
    temp_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads),   cmocka_unit_test(test_large_numbers),
        cmocka_unit_test(test_refuses), cmocka_unit_test(test_refuses_nul),
        cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
