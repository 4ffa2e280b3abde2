/* test_token_table.c - the rows of the token view against the ids that the model is given. */
#include "tui/token_table.h"

#include <stdlib.h>

#include "base/buf.h"
#include "support/check.h"

enum { START = 49406, END = 49407, LENGTH = 77 };

static lt_tokenizer *tok;

static int open_clip(void **state)
{
    (void)state;
    CHECK_OK(lt_tokenizer_open(LT_ASSETS "/clip-vit-large-patch14", &tok, err));
    return 0;
}

static int close_clip(void **state)
{
    (void)state;
    lt_tokenizer_close(tok);
    return 0;
}

static lt_tokens encode(const char *text)
{
    lt_tokens t = {0};
    CHECK_OK(lt_tokenizer_encode(tok, text, strlen(text), &t, err));
    return t;
}

/* Prompts of 0 to 90 words: open rows are the positions one by one with their ids; folded ones
 * leave out padding only; what is cut follows. */
static void test_all_lengths(void **state)
{
    (void)state;
    lt_buf text = {0};
    lt_buf_str(&text, "");
    for (size_t words = 0; words <= 90; words++) {
        lt_tokens t = encode(text.data ? text.data : "");
        size_t used = words < 75 ? words : 75;
        int padding = (int)(LENGTH - 2 - used), cut = (int)(words - used);
        assert_int_equal(lt_token_padding(&t), padding);
        assert_int_equal(lt_token_rows(&t, true), LENGTH + cut);
        assert_int_equal(lt_token_rows(&t, false), 2 + (int)used + (padding > 0) + cut);
        for (int i = 0; i < LENGTH; i++) {
            lt_token_row r = lt_token_row_at(&t, true, i);
            lt_token_kind want = i == 0               ? LT_TOKEN_START
                                 : i <= (int)used     ? LT_TOKEN_TEXT
                                 : i == (int)used + 1 ? LT_TOKEN_END
                                                      : LT_TOKEN_PADDING;
            assert_int_equal(r.kind, want);
            assert_int_equal(r.position, i);
            assert_int_equal(r.count, 1);
            assert_int_equal(r.id, t.ids[i]);
        }
        if (padding > 0) {
            lt_token_row r = lt_token_row_at(&t, false, (int)used + 2);
            assert_int_equal(r.kind, LT_TOKEN_PADDING);
            assert_int_equal(r.count, padding);
            assert_int_equal(r.id, END);
        }
        for (int i = 0; i < cut; i++) {
            lt_token_row r = lt_token_row_at(&t, false, LENGTH + i);
            assert_int_equal(r.kind, LT_TOKEN_CUT);
            assert_int_equal(r.position, -1);
            assert_int_equal(r.token, 75 + i);
        }
        lt_tokens_done(&t);
        lt_buf_str(&text, words ? " cat" : "cat");
    }
    lt_buf_done(&text);
}

/* start a photo realistic red fox end padding */
static void test_words(void **state)
{
    (void)state;
    lt_tokens t = encode("a photorealistic red fox");
    assert_int_equal(t.total, 5);
    assert_int_equal(lt_token_words(&t, 0, t.total), 4);
    static const int after[] = {1, 2, 4, 4, 5, 5, 6, 7}, before[] = {0, 1, 1, 1, 2, 4, 5, 5};
    for (int i = 0; i < 8; i++) {
        assert_int_equal(lt_token_word_row(&t, false, i, 1), after[i]);
        assert_int_equal(lt_token_word_row(&t, false, i, -1), before[i]);
    }
    lt_tokens_done(&t);
}

/* A word of which the second piece is cut off: end and no padding between its pieces. */
static void test_cut_word(void **state)
{
    (void)state;
    lt_buf text = {0};
    for (int i = 0; i < 74; i++)
        lt_buf_str(&text, "cat ");
    lt_buf_str(&text, "photorealistic dog");
    lt_tokens t = encode(text.data);
    assert_int_equal(t.total, 77);
    assert_int_equal(lt_token_row_at(&t, false, 75).kind, LT_TOKEN_TEXT);
    assert_int_equal(lt_token_row_at(&t, false, 76).kind, LT_TOKEN_END);
    assert_int_equal(lt_token_row_at(&t, false, 77).kind, LT_TOKEN_CUT);
    assert_int_equal(lt_token_word_row(&t, false, 75, 1), 78);  /* "dog" */
    assert_int_equal(lt_token_word_row(&t, false, 78, -1), 75); /* its first piece is seen */
    assert_int_equal(lt_token_word_row(&t, false, 77, -1), 74);
    assert_int_equal(lt_token_words(&t, 0, t.used), 75);
    lt_tokens_done(&t);
    lt_buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_lengths),
                                       cmocka_unit_test(test_words),
                                       cmocka_unit_test(test_cut_word)};
    return cmocka_run_group_tests(tests, open_clip, close_clip);
}
