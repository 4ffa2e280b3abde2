/* test_token_words.c - the words of a prompt, and a prompt without one of them. */
#include <json-c/json.h>
#include <stdlib.h>

#include "base/mem.h"
#include "model/tokenizer.h"
#include "support/check.h"

#define CLIP LT_ASSETS "/clip-vit-large-patch14"

static lt_tokenizer *open_clip(void)
{
    lt_tokenizer *tok = NULL;
    CHECK_OK(lt_tokenizer_open(CLIP, &tok, err));
    return tok;
}

static lt_tokens encode(const lt_tokenizer *tok, const char *text)
{
    lt_tokens tokens = {0};
    CHECK_OK(lt_tokenizer_encode(tok, text, strlen(text), &tokens, err));
    return tokens;
}

/* Pieces of a word, punctuation, contractions, numbers digit by digit, special tokens. */
static void test_ranges(void **state)
{
    static const char text[] = "A photorealistic fox's den, 42 <|endoftext|>\xE4\xBA\xAC!";
    static const char *const words[] = {
        "A", "photorealistic", "fox",          "'s", "den", ",", "4",
        "2", "<|endoftext|>",  "\xE4\xBA\xAC", "!"};
    static const size_t counts[] = {1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1};
    (void)state;
    lt_tokenizer *tok = open_clip();
    lt_tokens t = encode(tok, text);
    size_t first = 0;
    for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
        assert_true(first < t.total);
        for (size_t i = 0; i < counts[k]; i++) {
            lt_token_word w = lt_tokens_word(&t, t.total, first + i);
            assert_int_equal(t.all[first + i].word, k);
            assert_int_equal(w.first, first);
            assert_int_equal(w.count, counts[k]);
            assert_int_equal(w.end - w.start, strlen(words[k]));
            assert_memory_equal(text + w.start, words[k], strlen(words[k]));
        }
        first += counts[k];
    }
    assert_int_equal(first, t.total);
    lt_tokens_done(&t);
    lt_tokenizer_close(tok);
}

/* The vocabulary marks the last piece of a word: "</w>".  Every prompt of transformers' cases. */
static void test_ends(void **state)
{
    (void)state;
    lt_tokenizer *tok = open_clip();
    struct json_object *root = json_object_from_file(LT_TEST_DATA "/model/tokenizer/cases.json"),
                       *cases = NULL, *text = NULL;
    size_t seen = 0;
    assert_true(root && json_object_object_get_ex(root, "cases", &cases));
    for (size_t k = 0; k < json_object_array_length(cases); k++) {
        json_object_object_get_ex(json_object_array_get_idx(cases, k), "text", &text);
        lt_tokens t = {0};
        CHECK_OK(lt_tokenizer_encode(tok, json_object_get_string(text),
                                     (size_t)json_object_get_string_len(text), &t, err));
        for (size_t i = 0; i < t.total; i++, seen++) {
            const char *piece = lt_tokenizer_piece(tok, t.all[i].id);
            bool special = t.all[i].id >= lt_tokenizer_begin(tok);
            bool ends =
                special || (strlen(piece) > 3 && !strcmp(piece + strlen(piece) - 4, "</w>"));
            bool last = i + 1 == t.total || t.all[i + 1].word != t.all[i].word;
            assert_int_equal(ends, last);
            assert_true(i == 0 || t.all[i].word - t.all[i - 1].word <= 1);
        }
        lt_tokens_done(&t);
    }
    assert_true(seen > 1000);
    json_object_put(root);
    lt_tokenizer_close(tok);
}

static void test_without(void **state)
{
    static const struct {
        const char *text;
        int word;
        const char *want;
    } cases[] = {
        {"a red fox in the snow", 1, "a fox in the snow"},
        {"red fox", 0, "fox"},
        {"a red  fox \n", 2, "a red"},
        {"a red \t fox", 1, "a fox"},
        {"a fox, running", 1, "a, running"},
        {"fox, snow", 0, "snow"},
        {"snow, fox", 2, "snow"},
        {"snow, fox, night", 2, "snow, night"},
        {"snow,fox,night", 2, "snow,night"},
        {"a fox, running", 2, "a fox running"},
        {"rock&roll", 1, "rock roll"},
        {"the fox's den", 1, "the 's den"},
        {"the fox's den", 2, "the fox den"},
        {"photorealistic fox", 0, "fox"},
        {"fox", 0, ""},
        {"caf\xC3\xA9 \xE6\x9D\xB1\xE4\xBA\xAC", 1, "caf\xC3\xA9"},
        {"caf\xC3\xA9 \xE6\x9D\xB1\xE4\xBA\xAC", 0, "\xE6\x9D\xB1\xE4\xBA\xAC"},
    };
    (void)state;
    lt_tokenizer *tok = open_clip();
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        lt_tokens t = encode(tok, cases[k].text);
        size_t i = 0;
        while (i < t.total && t.all[i].word != (size_t)cases[k].word)
            i++;
        assert_true(i < t.total);
        lt_token_word w = lt_tokens_word(&t, t.total, i);
        char *left = lt_tokens_without(cases[k].text, strlen(cases[k].text), w.start, w.end);
        assert_string_equal(left, cases[k].want);
        free(left);
        lt_tokens_done(&t);
    }
    lt_tokenizer_close(tok);
}

/* What is left has the tokens that it had, in their order, less those of the word (and of a comma
 * that went with it). */
static void test_rest(void **state)
{
    static const char text[] = "An extraordinarily detailed oil painting, of a fox's den; 4k, snow";
    (void)state;
    lt_tokenizer *tok = open_clip();
    lt_tokens t = encode(tok, text);
    for (size_t i = 0; i < t.total; i++) {
        lt_token_word w = lt_tokens_word(&t, t.total, i);
        char *left = lt_tokens_without(text, strlen(text), w.start, w.end);
        lt_tokens rest = encode(tok, left);
        bool last = w.first + w.count == t.total; /* its comma goes with it */
        assert_int_equal(rest.total, t.total - w.count - last);
        for (size_t k = 0; k < rest.total; k++)
            assert_int_equal(rest.all[k].id, t.all[k < w.first ? k : k + w.count].id);
        lt_tokens_done(&rest);
        free(left);
    }
    lt_tokens_done(&t);
    lt_tokenizer_close(tok);
}

/* Marks that the tokenizer orders anew, so that the bytes of the pieces do not ascend; and what the
 * model sees of a word that is cut off. */
static void test_limits(void **state)
{
    static const char marks[] = "q\xCC\x87\xCC\x9B\xCC\xA7", cut[] = "fox bioluminescent";
    (void)state;
    lt_tokenizer *tok = open_clip();
    lt_tokens t = encode(tok, marks);
    assert_true(t.total > 2 && t.all[1].start > t.all[t.total - 1].start);
    for (size_t i = 1; i < t.total; i++) {
        lt_token_word w = lt_tokens_word(&t, t.total, i);
        assert_true(w.first == 1 && w.count == t.total - 1);
        assert_true(w.start == 1 && w.end == strlen(marks));
    }
    lt_tokens_done(&t);
    t = encode(tok, cut);
    lt_token_word w = lt_tokens_word(&t, 2, 1);
    assert_true(w.first == 1 && w.count == 1 && w.start == 4 && w.end == 6);
    w = lt_tokens_word(&t, t.total, 1);
    assert_true(w.first == 1 && w.count == t.total - 1 && w.start == 4 && w.end == strlen(cut));
    lt_tokens_done(&t);
    lt_tokenizer_close(tok);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ranges), cmocka_unit_test(test_ends),
                                       cmocka_unit_test(test_without), cmocka_unit_test(test_rest),
                                       cmocka_unit_test(test_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
