/*
 * test_tokenizer_open.c - the files of a tokenizer: other spellings of the same content, and every
 * way in which they can be wrong.  All start from the small vocabulary in
 * tests/data/model/tokenizer/mini.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <utf8proc.h>

#include "base/file.h"
#include "base/mem.h"
#include "model/tokenizer.h"
#include "support/check.h"
#include "support/temp.h"

#define MINI LT_TEST_DATA "/model/tokenizer/mini"

static const char PROMPT[] = "A! <|endoftext|> <|EndOfText|> <|StartOfText|> caf\xC3\xA9";
enum { BEGIN = 998, END = 999 };

static char *read_text(const char *dir, const char *name)
{
    lt_buf text = {0};
    char *path = lt_path_join(dir, name);
    CHECK_OK(lt_file_read(path, 1 << 20, &text, err));
    free(path);
    return text.data;
}

static void write_text(const char *dir, const char *name, const char *text)
{
    char *path = lt_path_join(dir, name);
    CHECK_OK(lt_file_write(path, text, strlen(text), err));
    free(path);
}

static char *mini_copy(void)
{
    static const char *const names[] = {"vocab.json", "merges.txt", "special_tokens_map.json",
                                        "tokenizer_config.json"};
    char *dir = temp_dir();
    for (size_t i = 0; i < 4; i++) {
        char *text = read_text(MINI, names[i]);
        write_text(dir, names[i], text);
        free(text);
    }
    return dir;
}

/* text with the first `from` replaced; both owned by the caller. */
static char *replace(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    assert_non_null(at);
    return lt_format("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void change(const char *dir, const char *name, const char *from, const char *to)
{
    char *text = read_text(dir, name), *changed = replace(text, from, to);
    write_text(dir, name, changed);
    free(text);
    free(changed);
}

static lt_tokens encode_with(const char *dir, const char *text)
{
    lt_tokenizer *tok = NULL;
    lt_tokens tokens = {0};
    CHECK_OK(lt_tokenizer_open(dir, &tok, err));
    CHECK_OK(lt_tokenizer_encode(tok, text, strlen(text), &tokens, err));
    lt_tokenizer_close(tok);
    return tokens;
}

static void check_same_as_mini(const char *dir)
{
    lt_tokens want = encode_with(MINI, PROMPT), got = encode_with(dir, PROMPT);
    assert_int_equal(got.total, want.total);
    assert_memory_equal(got.ids, want.ids, want.length * sizeof *want.ids);
    lt_tokens_done(&want);
    lt_tokens_done(&got);
}

/* Every character outside ASCII as \uXXXX, every line end as `end`. */
static char *respell(const char *text, bool escape, const char *end)
{
    lt_buf out = {0};
    for (size_t i = 0, n = strlen(text); i < n;) {
        utf8proc_int32_t point = 0;
        utf8proc_ssize_t used =
            utf8proc_iterate((const utf8proc_uint8_t *)text + i, (utf8proc_ssize_t)(n - i), &point);
        assert_true(used > 0);
        if (point == '\n')
            lt_buf_str(&out, end);
        else if (point >= 0x80 && escape)
            lt_buf_format(&out, "\\u%04x", (unsigned)point);
        else
            lt_buf_add(&out, text + i, (size_t)used);
        i += (size_t)used;
    }
    return out.data;
}

static void test_other_spellings(void **state)
{
    static const struct {
        bool escape;
        const char *end;
    } cases[] = {{false, "\r\n"}, {true, "\n"}, {true, ""}, {true, "\r\n \t"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *dir = mini_copy(), *vocab = read_text(MINI, "vocab.json");
        char *other = respell(vocab, cases[i].escape, cases[i].end);
        write_text(dir, "vocab.json", other);
        char *merges = read_text(MINI, "merges.txt"), *crlf = respell(merges, false, "\r\n");
        write_text(dir, "merges.txt", crlf);
        check_same_as_mini(dir);
        free(vocab);
        free(other);
        free(merges);
        free(crlf);
        temp_dir_remove(dir);
    }
}

static void test_no_version_line_and_doubles(void **state)
{
    (void)state;
    char *dir = mini_copy();
    change(dir, "merges.txt", "#version: 0.2\n", "");
    check_same_as_mini(dir);
    change(dir, "vocab.json", "\"!\": 0,", "\"!\": 0, \"!\": 0,");
    check_same_as_mini(dir);
    temp_dir_remove(dir);
}

static bool opens(const char *dir, lt_error *err)
{
    lt_tokenizer *tok = NULL;
    bool ok = lt_tokenizer_open(dir, &tok, err);
    lt_tokenizer_close(tok);
    return ok;
}

static void test_damaged(void **state)
{
    static const struct {
        const char *name, *from, *to;
        lt_error_code code;
        const char *part;
    } cases[] = {
        {"vocab.json", "\"!\": 0", "\"!\": \"0\"", LT_ERR_FORMAT, "'!' has the id \"0\""},
        {"vocab.json", "\"!\": 0", "\"!\": -1", LT_ERR_FORMAT, "'!' has the id -1"},
        {"vocab.json", "\"!\": 0", "\"!\": 1048576", LT_ERR_FORMAT, "expected 0 to 1048575"},
        {"vocab.json", "\"!\": 0", "\"!\": 1e99", LT_ERR_FORMAT, "'!' has the id"},
        {"vocab.json", "\"!\": 0", "\"!\": null", LT_ERR_FORMAT, "'!' has the id null"},
        {"vocab.json", "\"!\": 0", "\"!\": 1", LT_ERR_FORMAT, "have the same id 1"},
        {"vocab.json", "\"!\": 0", "\"wrong\": 0", LT_ERR_MODEL, "no '!' among 1000 tokens"},
        {"vocab.json", "\"!</w>\"", "\"wrong\"", LT_ERR_MODEL, "no '!</w>' among"},
        {"vocab.json", "<|startoftext|>", "start", LT_ERR_MODEL,
         "special token '<|startoftext|>' is not in vocab.json"},
        {"vocab.json", "<|endoftext|>", "end", LT_ERR_MODEL, "'<|endoftext|>' is not in"},
        {"vocab.json", "{", "[[[", LT_ERR_FORMAT, "not JSON at byte"},
        {"vocab.json", "\n}", "", LT_ERR_FORMAT, "the JSON ends in the middle"},
        {"vocab.json", "\n}", "} x", LT_ERR_FORMAT, "not JSON at byte"},
        {"vocab.json", "\"#\"", "\"\xFF#\"", LT_ERR_FORMAT, "not UTF-8 at byte"},
        {"vocab.json", "\"#\"", "\"\xED\xA0\x80\"", LT_ERR_FORMAT, "not UTF-8 at byte"},
        {"vocab.json", "\"the</w>\"", "\"xhe</w>\"", LT_ERR_MODEL,
         "line 8: 'the</w>' is not in vocab.json"},
        {"merges.txt", "\ni n\n", "\ni\xC4\x80 n\n", LT_ERR_MODEL,
         "line 2: 'i\xC4\x80' is not in vocab.json"},
        {"merges.txt", "\ni n\n", "\nin\n", LT_ERR_FORMAT,
         "line 2: expected two tokens, found 'in'"},
        {"merges.txt", "\ni n\n", "\ni n g\n", LT_ERR_FORMAT, "found 'i n g'"},
        {"merges.txt", "\ni n\n", "\ni \n", LT_ERR_FORMAT, "line 2: expected two tokens"},
        {"special_tokens_map.json", "{", "[{", LT_ERR_FORMAT, "special_tokens_map.json': "},
        {"special_tokens_map.json", "\"pad_token\": \"<|endoftext|>\"", "\"pad_token\": \"[PAD]\"",
         LT_ERR_MODEL, "special token '[PAD]' is not in vocab.json"},
        {"special_tokens_map.json", "\"pad_token\": \"<|endoftext|>\"", "\"pad_token\": 7",
         LT_ERR_FORMAT, "'pad_token' is not a string or an object"},
        {"special_tokens_map.json", "\"lstrip\": false", "\"lstrip\": true", LT_ERR_MODEL,
         "'bos_token' asks for lstrip"},
        {"tokenizer_config.json", ": 77", ": 1", LT_ERR_MODEL,
         "'model_max_length' is 1, expected 2"},
        {"tokenizer_config.json", ": 77", ": 1025", LT_ERR_MODEL, "is 1025"},
        {"tokenizer_config.json", ": 77", ": \"77\"", LT_ERR_MODEL, "is \"77\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *dir = mini_copy();
        change(dir, cases[i].name, cases[i].from, cases[i].to);
        CHECK_FAILS(opens(dir, err), cases[i].code, cases[i].part);
        temp_dir_remove(dir);
    }
}

/* Cut after any number of bytes, the vocabulary is refused. */
static void test_truncated(void **state)
{
    (void)state;
    char *dir = mini_copy(), *vocab = read_text(MINI, "vocab.json");
    size_t n = strlen(vocab), last = (size_t)(strrchr(vocab, '}') - vocab);
    for (size_t cut = 0; cut <= last; cut += cut + 97 < n ? 97 : 1) {
        char *part = lt_strndup(vocab, cut);
        write_text(dir, "vocab.json", part);
        CHECK_FAILS(opens(dir, err), LT_ERR_FORMAT, "vocab.json");
        free(part);
    }
    free(vocab);
    temp_dir_remove(dir);
}

static void test_wrong_whole_files(void **state)
{
    static const struct {
        const char *name, *text;
        lt_error_code code;
        const char *part;
    } cases[] = {
        {"vocab.json", "", LT_ERR_FORMAT, "the JSON ends in the middle"},
        {"vocab.json", "[1, 2]", LT_ERR_FORMAT, "expected a JSON object"},
        {"vocab.json", "{}", LT_ERR_MODEL, "not a CLIP vocabulary"},
        {"vocab.json", "{\"a\": {\"b\": [1]}}", LT_ERR_FORMAT, "'a' has the id"},
        {"merges.txt", "", LT_ERR_FORMAT, "no merges"},
        {"merges.txt", "#version: 0.2\r\n\r\n", LT_ERR_FORMAT, "no merges"},
        {"merges.txt", "<html>not found</html>", LT_ERR_MODEL, "line 1: '<html>not"},
        {"tokenizer_config.json", "null\n", LT_ERR_FORMAT, "expected a JSON object"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *dir = mini_copy();
        write_text(dir, cases[i].name, cases[i].text);
        CHECK_FAILS(opens(dir, err), cases[i].code, cases[i].part);
        temp_dir_remove(dir);
    }
}

static void test_missing_files(void **state)
{
    static const char *const names[] = {"vocab.json", "merges.txt"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char *dir = mini_copy(), *path = lt_path_join(dir, names[i]);
        unlink(path);
        CHECK_FAILS(opens(dir, err), LT_ERR_IO, names[i]);
        free(path);
        temp_dir_remove(dir);
    }
    CHECK_FAILS(opens("/nonexistent", err), LT_ERR_IO, "/nonexistent/vocab.json");
}

/* A merge line with a NUL byte reads no further than its token. */
static void test_nul_in_merges(void **state)
{
    static const char merges[] = "i\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0 n\n";
    (void)state;
    char *dir = mini_copy(), *path = lt_path_join(dir, "merges.txt");
    CHECK_OK(lt_file_write(path, merges, sizeof merges - 1, err));
    CHECK_FAILS(opens(dir, err), LT_ERR_MODEL, "is not in vocab.json");
    free(path);
    temp_dir_remove(dir);
}

static int32_t pad_of(const char *dir)
{
    lt_tokenizer *tok = NULL;
    CHECK_OK(lt_tokenizer_open(dir, &tok, err));
    int32_t pad = lt_tokenizer_pad(tok);
    lt_tokenizer_close(tok);
    return pad;
}

static size_t length_of(const char *dir)
{
    lt_tokens tokens = encode_with(dir, "a");
    size_t length = tokens.length;
    lt_tokens_done(&tokens);
    return length;
}

static void test_pad_and_length(void **state)
{
    (void)state;
    char *dir = mini_copy();
    change(dir, "tokenizer_config.json", "\"pad_token\": \"<|endoftext|>\"",
           "\"pad_token\": \"!\"");
    assert_int_equal(pad_of(dir), END); /* special_tokens_map.json first */
    change(dir, "special_tokens_map.json", "\"pad_token\": \"<|endoftext|>\"", "\"other\": null");
    assert_int_equal(pad_of(dir), 0);
    change(dir, "tokenizer_config.json", ": 77", ": 20");
    assert_int_equal(length_of(dir), 20);
    change(dir, "tokenizer_config.json", ": 20", ": 1000000000000000019884624838656");
    assert_int_equal(length_of(dir), 77); /* what transformers writes for "not set" */
    char *map = lt_path_join(dir, "special_tokens_map.json");
    char *config = lt_path_join(dir, "tokenizer_config.json");
    unlink(map);
    unlink(config);
    assert_int_equal(pad_of(dir), END);
    assert_int_equal(length_of(dir), 77);
    free(map);
    free(config);
    temp_dir_remove(dir);
}

/* How often `id` stands among the tokens of PROMPT. */
static size_t count_in(const char *dir, int32_t id)
{
    size_t n = 0;
    lt_tokens tokens = encode_with(dir, PROMPT);
    for (size_t i = 0; i < tokens.total; i++)
        n += tokens.all[i].id == id;
    lt_tokens_done(&tokens);
    return n;
}

/* A token given as a plain string is found in the raw text only, one given as an object in the
 * lowercase text too, as transformers 5.23.0 has it for each of these files. */
static void test_how_specials_match(void **state)
{
    static const char object[] = "\"pad_token\": {\"content\": \"%s\", \"normalized\": %s}";
    static const struct {
        const char *content, *normalized;
        size_t ends, pads;
    } cases[] = {
        {"<|endoftext|>", "true", 2, 2},
        {"<|endoftext|>", "false", 1, 1},
        {"!", "true", 2, 1},
        {"!", "false", 2, 1},
    };
    (void)state;
    assert_int_equal(count_in(MINI, BEGIN), 1);
    assert_int_equal(count_in(MINI, END), 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *dir = mini_copy(), to[128];
        snprintf(to, sizeof to, object, cases[i].content, cases[i].normalized);
        change(dir, "special_tokens_map.json", "\"pad_token\": \"<|endoftext|>\"", to);
        assert_int_equal(count_in(dir, BEGIN), 1);
        assert_int_equal(count_in(dir, END), cases[i].ends);
        assert_int_equal(count_in(dir, pad_of(dir)), cases[i].pads);
        temp_dir_remove(dir);
    }
}

static void test_added_tokens(void **state)
{
    (void)state;
    char *dir = mini_copy();
    change(dir, "tokenizer_config.json", "{",
           "{\"added_tokens_decoder\": {\"999\": {\"content\": \"<|endoftext|>\", \"normalized\": "
           "true}, \"0\": {\"content\": \"!\", \"normalized\": false}},");
    assert_int_equal(count_in(dir, END), 2);
    assert_int_equal(count_in(dir, 0), 1);
    assert_int_equal(pad_of(dir), END);
    change(dir, "tokenizer_config.json", "\"0\": {\"content\": \"!\"",
           "\"1000\": {\"content\": \"<cat>\"");
    CHECK_FAILS(opens(dir, err), LT_ERR_MODEL, "special token '<cat>' is not in vocab.json");
    temp_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_other_spellings),
        cmocka_unit_test(test_no_version_line_and_doubles),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_wrong_whole_files),
        cmocka_unit_test(test_missing_files),
        cmocka_unit_test(test_nul_in_merges),
        cmocka_unit_test(test_pad_and_length),
        cmocka_unit_test(test_how_specials_match),
        cmocka_unit_test(test_added_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
