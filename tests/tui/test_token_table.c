/* test_token_table.c - the rows of the token view against the ids that the model is given. */
#define _POSIX_C_SOURCE 200809L
#include "tui/token_table.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "support/check.h"
#include "support/temp.h"

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

/* CLIP's vocabulary with "!" (id 0) for padding, as Stable Diffusion 2 has it; the caller's. */
static lt_tokenizer *open_sd2(void)
{
    static const char map[] = "{\"pad_token\": \"!\"}";
    static const char *const names[] = {"vocab.json", "merges.txt", "tokenizer_config.json"};
    lt_tokenizer *sd2 = NULL;
    char *dir = temp_dir();
    for (size_t i = 0; i < 3; i++) {
        char *from = lt_path_join(LT_ASSETS "/clip-vit-large-patch14", names[i]);
        char *to = lt_path_join(dir, names[i]);
        assert_int_equal(symlink(from, to), 0);
        free(from);
        free(to);
    }
    char *path = lt_path_join(dir, "special_tokens_map.json");
    CHECK_OK(lt_file_write(path, map, strlen(map), err));
    CHECK_OK(lt_tokenizer_open(dir, &sd2, err));
    free(path);
    temp_dir_remove(dir);
    return sd2;
}

/* What a prompt spells with the padding's id is text where it stands. */
static void test_another_padding(void **state)
{
    (void)state;
    lt_tokenizer *sd2 = open_sd2();
    lt_tokens t = {0};
    CHECK_OK(lt_tokenizer_encode(sd2, "wow!!", 5, &t, err));
    assert_int_equal(t.total, 3);
    static const lt_token_kind kinds[] = {LT_TOKEN_START, LT_TOKEN_TEXT, LT_TOKEN_TEXT,
                                          LT_TOKEN_TEXT,  LT_TOKEN_END,  LT_TOKEN_PADDING};
    for (int i = 0; i < 6; i++)
        assert_int_equal(lt_token_row_at(&t, false, i).kind, kinds[i]);
    assert_int_equal(lt_token_row_at(&t, false, 2).id, 0);
    assert_int_equal(lt_token_row_at(&t, false, 4).id, END);
    assert_int_equal(lt_token_row_at(&t, false, 5).id, 0);
    assert_int_equal(lt_token_row_at(&t, true, LENGTH - 1).id, 0);
    lt_tokens_done(&t);
    lt_tokenizer_close(sd2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_lengths), cmocka_unit_test(test_words),
        cmocka_unit_test(test_cut_word), cmocka_unit_test(test_another_padding)};
    return cmocka_run_group_tests(tests, open_clip, close_clip);
}
