/*
 * test_tokenizer.c - prompts to ids, against the CLIPTokenizer of transformers 5.23.0; the files in
 * tests/data/model/tokenizer are written by make_cases.py there.
 */
#define _POSIX_C_SOURCE 200809L
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "model/tokenizer.h"
#include "support/check.h"
#include "support/temp.h"

#define CLIP LT_ASSETS "/clip-vit-large-patch14"
#define DATA LT_TEST_DATA "/model/tokenizer"

enum { BEGIN = 49406, END = 49407, LENGTH = 77 };

static lt_tokenizer *open_dir(const char *dir)
{
    lt_tokenizer *tok = NULL;
    CHECK_OK(lt_tokenizer_open(dir, &tok, err));
    return tok;
}

/* CLIP's vocabulary with "!" for padding, as Stable Diffusion 2 has it. */
static lt_tokenizer *open_sd2(void)
{
    static const char *const names[] = {"vocab.json", "merges.txt", "tokenizer_config.json"};
    static const char map[] = "{\"pad_token\": \"!\","
                              " \"bos_token\": {\"content\": \"<|startoftext|>\"},"
                              " \"eos_token\": {\"content\": \"<|endoftext|>\"},"
                              " \"unk_token\": {\"content\": \"<|endoftext|>\"}}";
    char *dir = temp_dir();
    for (size_t i = 0; i < 3; i++) {
        char *from = lt_path_join(CLIP, names[i]), *to = lt_path_join(dir, names[i]);
        assert_int_equal(symlink(from, to), 0);
        free(from);
        free(to);
    }
    char *path = lt_path_join(dir, "special_tokens_map.json");
    CHECK_OK(lt_file_write(path, map, strlen(map), err));
    free(path);
    lt_tokenizer *tok = open_dir(dir);
    temp_dir_remove(dir);
    return tok;
}

static lt_tokens encode_bytes(const lt_tokenizer *tok, const char *text, size_t n)
{
    lt_tokens tokens = {0};
    CHECK_OK(lt_tokenizer_encode(tok, text, n, &tokens, err));
    return tokens;
}

static lt_tokens encode(const lt_tokenizer *tok, const char *text)
{
    return encode_bytes(tok, text, strlen(text));
}

static struct json_object *read_lists(const char *path)
{
    struct json_object *root = json_object_from_file(path);
    assert_non_null(root);
    return root;
}

static struct json_object *member(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;
    assert_true(json_object_object_get_ex(object, name, &value));
    return value;
}

static int32_t id_at(struct json_object *ids, size_t i)
{
    return json_object_get_int(json_object_array_get_idx(ids, i));
}

/* One prompt of cases.json: all 77 ids. */
static void check_case(const lt_tokenizer *tok, struct json_object *one, const char *column)
{
    struct json_object *text = member(one, "text"), *want = member(one, column);
    const char *s = json_object_get_string(text);
    lt_tokens got = encode_bytes(tok, s, (size_t)json_object_get_string_len(text));
    assert_int_equal(got.length, LENGTH);
    assert_int_equal(json_object_array_length(want), LENGTH);
    for (size_t i = 0; i < LENGTH; i++)
        if (got.ids[i] != id_at(want, i))
            fail_msg("'%s': id %zu is %d, expected %d", s, i, got.ids[i], id_at(want, i));
    lt_tokens_done(&got);
}

static void check_cases(const lt_tokenizer *tok, const char *path, const char *column, size_t count)
{
    struct json_object *root = read_lists(path), *cases = member(root, "cases");
    assert_int_equal(json_object_array_length(cases), count);
    for (size_t i = 0; i < count; i++)
        check_case(tok, json_object_array_get_idx(cases, i), column);
    json_object_put(root);
}

/* One string of fuzz.json: every id, and ranges that lie in the text. */
static void check_string(const lt_tokenizer *tok, struct json_object *one)
{
    struct json_object *text = json_object_array_get_idx(one, 0);
    struct json_object *want = json_object_array_get_idx(one, 1);
    const char *s = json_object_get_string(text);
    size_t n = (size_t)json_object_get_string_len(text);
    lt_tokens got = encode_bytes(tok, s, n);
    if (got.total != json_object_array_length(want))
        fail_msg("'%s': %zu tokens, expected %zu", s, got.total, json_object_array_length(want));
    for (size_t i = 0; i < got.total; i++) {
        if (got.all[i].id != id_at(want, i))
            fail_msg("'%s': token %zu is %d, expected %d", s, i, got.all[i].id, id_at(want, i));
        assert_true(got.all[i].start < got.all[i].end && got.all[i].end <= n);
    }
    lt_tokens_done(&got);
}

static void check_strings(const lt_tokenizer *tok, const char *column, size_t count)
{
    struct json_object *root = read_lists(DATA "/fuzz.json"), *list = member(root, column);
    assert_int_equal(json_object_array_length(list), count);
    for (size_t i = 0; i < count; i++)
        check_string(tok, json_object_array_get_idx(list, i));
    json_object_put(root);
}

static void test_known_prompt(void **state)
{
    static const int32_t want[] = {BEGIN, 550, 2867, 539, 320, 1205, 4629};
    (void)state;
    lt_tokenizer *tok = open_dir(CLIP);
    lt_tokens got = encode(tok, "An image of a big truck");
    assert_int_equal(got.total, 6);
    assert_int_equal(got.used, 6);
    assert_int_equal(got.length, LENGTH);
    assert_memory_equal(got.ids, want, sizeof want);
    for (size_t i = 7; i < LENGTH; i++)
        assert_int_equal(got.ids[i], END);
    lt_tokens_done(&got);
    lt_tokenizer_close(tok);
}

static void test_reference(void **state)
{
    (void)state;
    lt_tokenizer *tok = open_dir(CLIP);
    check_cases(tok, DATA "/cases.json", "fast", 58);
    check_strings(tok, "sd1", 1600);
    lt_tokenizer_close(tok);
}

static void test_reference_sd2(void **state)
{
    (void)state;
    lt_tokenizer *tok = open_sd2();
    assert_int_equal(lt_tokenizer_pad(tok), 0);
    check_cases(tok, DATA "/cases.json", "sd2", 58);
    check_strings(tok, "sd2", 400);
    lt_tokenizer_close(tok);
}

static void test_mini_vocabulary(void **state)
{
    (void)state;
    lt_tokenizer *tok = open_dir(DATA "/mini");
    assert_int_equal(lt_tokenizer_vocab_size(tok), 1000);
    assert_int_equal(lt_tokenizer_begin(tok), 998);
    assert_int_equal(lt_tokenizer_end(tok), 999);
    check_cases(tok, DATA "/mini.json", "fast", 12);
    lt_tokenizer_close(tok);
}

/* 100,000 bytes in one piece; the counts are transformers' own.  A merge loop that is quadratic in
 * the word takes minutes here. */
static void test_long(void **state)
{
    static const struct {
        const char *unit;
        size_t tokens;
        int32_t first, last;
    } cases[] = {
        {"a", 12501, 23126, 19336},
        {" ", 0, 0, 0},
        {"\xF0\x9F\x98\x80", 24999, 12832, 34503},
        {"\xCC\x81", 100000, 136, 479},
    };
    (void)state;
    enum { BYTES = 100000 };
    lt_tokenizer *tok = open_dir(CLIP);
    char *text = lt_alloc(BYTES);
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        size_t n = strlen(cases[k].unit);
        for (size_t i = 0; i < BYTES; i++)
            text[i] = cases[k].unit[i % n];
        lt_tokens got = encode_bytes(tok, text, BYTES);
        assert_int_equal(got.total, cases[k].tokens);
        assert_int_equal(got.used, got.total ? LENGTH - 2 : 0);
        assert_int_equal(got.ids[LENGTH - 1], END);
        if (got.total) {
            assert_int_equal(got.all[0].id, cases[k].first);
            assert_int_equal(got.all[got.total - 1].id, cases[k].last);
            assert_int_equal(got.all[got.total - 1].end, BYTES);
        }
        lt_tokens_done(&got);
    }
    free(text);
    lt_tokenizer_close(tok);
}

static void test_cut(void **state)
{
    (void)state;
    lt_buf text = {0};
    for (int i = 0; i < 76; i++)
        lt_buf_str(&text, "cat ");
    lt_buf_str(&text, "dog");
    lt_tokenizer *tok = open_dir(CLIP);
    lt_tokens got = encode_bytes(tok, text.data, text.len);
    assert_int_equal(got.total, 77);
    assert_int_equal(got.used, 75);
    assert_int_equal(got.ids[76], END);
    assert_int_equal(got.all[75].start, 75 * 4);
    assert_int_equal(got.all[76].start, 76 * 4);
    assert_int_equal(got.all[76].end, text.len);
    lt_tokens_done(&got);
    got = encode_bytes(tok, text.data, 75 * 4);
    assert_int_equal(got.used, 75);
    assert_int_equal(got.total, 75);
    lt_tokens_done(&got);
    lt_buf_done(&text);
    lt_tokenizer_close(tok);
}

/* Where each token came from, through composition, collapsed spaces and characters of several
 * tokens. */
static void test_ranges(void **state)
{
    static const char text[] = "Cafe\xCC\x81 au \t LAIT \xE6\x9D\xB1\xE4\xBA\xAC<|endoftext|>!";
    static const struct {
        const char *piece;
        size_t start, end;
    } want[] = {
        {"caf\xC3\x83\xC2\xA9</w>", 0, 6},
        {"au</w>", 7, 9},
        {"la", 12, 14},
        {"it</w>", 14, 16},
        {"\xC3\xA6\xC4\xBF\xC2\xB1", 17, 20},
        {"\xC3\xA4\xC2\xBA", 20, 23},
        {"\xC2\xAC</w>", 20, 23},
        {"<|endoftext|>", 23, 36},
        {"!</w>", 36, 37},
    };
    (void)state;
    lt_tokenizer *tok = open_dir(CLIP);
    lt_tokens got = encode(tok, text);
    assert_int_equal(got.total, sizeof want / sizeof want[0]);
    for (size_t i = 0; i < got.total; i++) {
        assert_string_equal(lt_tokenizer_piece(tok, got.all[i].id), want[i].piece);
        assert_int_equal(got.all[i].start, want[i].start);
        assert_int_equal(got.all[i].end, want[i].end);
    }
    lt_tokens_done(&got);
    lt_tokenizer_close(tok);
}

static void test_pieces(void **state)
{
    char text[64];
    (void)state;
    lt_tokenizer *tok = open_dir(CLIP);
    assert_int_equal(lt_tokenizer_vocab_size(tok), 49408);
    assert_int_equal(lt_tokenizer_length(tok), LENGTH);
    assert_string_equal(lt_tokenizer_piece(tok, 4629), "truck</w>");
    assert_null(lt_tokenizer_piece(tok, -1));
    assert_null(lt_tokenizer_piece(tok, 49408));
    assert_int_equal(lt_tokenizer_readable(tok, 4629, text, sizeof text), 5);
    assert_string_equal(text, "truck");
    lt_tokenizer_readable(tok, 15304, text, sizeof text);
    assert_string_equal(text, "caf\xC3\xA9");
    lt_tokenizer_readable(tok, 21078, text, sizeof text); /* two of the three bytes of a kanji */
    assert_string_equal(text, "\\xE4\\xBA");
    lt_tokenizer_readable(tok, END, text, sizeof text);
    assert_string_equal(text, "<|endoftext|>");
    assert_int_equal(lt_tokenizer_readable(tok, 49408, text, sizeof text), 0);
    lt_tokenizer_close(tok);
}

static void test_nul(void **state)
{
    static const int32_t want[] = {320, 444, 321};
    (void)state;
    lt_tokenizer *tok = open_dir(CLIP);
    lt_tokens got = encode_bytes(tok, "a\0b", 3);
    assert_int_equal(got.total, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(got.all[i].id, want[i]);
    lt_tokens_done(&got);
    got = encode_bytes(tok, NULL, 0);
    assert_int_equal(got.total, 0);
    assert_int_equal(got.ids[1], END);
    lt_tokens_done(&got);
    lt_tokenizer_close(tok);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"\xFF", "0xFF at offset 0"},
        {"cat \xC3", "0xC3 at offset 4"},
        {"ab\xED\xA0\x80", "0xED at offset 2"},
        {"a\xC0\x80z", "0xC0 at offset 1"},
        {"\xF0\x9F\x98\x80\x80", "0x80 at offset 4"},
    };
    (void)state;
    lt_tokenizer *tok = open_dir(DATA "/mini");
    lt_tokens got = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CHECK_FAILS(lt_tokenizer_encode(tok, cases[i].text, strlen(cases[i].text), &got, err),
                    LT_ERR_ARGUMENT, cases[i].part);
    char *big = lt_alloc(LT_TOKENIZER_MAX_TEXT + 1);
    CHECK_FAILS(lt_tokenizer_encode(tok, big, LT_TOKENIZER_MAX_TEXT + 1, &got, err),
                LT_ERR_ARGUMENT, "too long: 262145 bytes, at most 262144");
    free(big);
    assert_null(got.all);
    assert_null(got.ids);
    lt_tokens_done(&got);
    lt_tokenizer_close(tok);
    lt_tokenizer_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_prompt),  cmocka_unit_test(test_reference),
        cmocka_unit_test(test_reference_sd2), cmocka_unit_test(test_mini_vocabulary),
        cmocka_unit_test(test_long),          cmocka_unit_test(test_cut),
        cmocka_unit_test(test_ranges),        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_nul),           cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
