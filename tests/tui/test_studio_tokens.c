/* test_studio_tokens.c - the tokens of a prompt on the screen. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "studio_rig.h"

#define SETTINGS "--size 64x64 --seed 7 --steps 2"
#define PROMPT   "-p a_photorealistic_red_fox,_in_the_snow " SETTINGS

/* After a run, its tokens. */
static rig open_tokens(const terminal_options *options)
{
    rig r = rig_ready(options, PROMPT, "--run");
    rig_wait(&r, "DONE 2/2");
    rig_keys(&r, "t");
    rig_wait(&r, "Tokens: the prompt of run 1");
    return r;
}

/* Ids as transformers' CLIPTokenizer has them (tests/model/test_tokenizer.c). */
static void test_table(void **state)
{
    (void)state;
    rig r = open_tokens(NULL);
    rig_wait(&r, "9 of 75 tokens, 8 words; 66 of 77 positions are padding; nothing is cut");
    rig_match(&r, " 0 <\\|startoftext\\|> +49406 start");
    rig_match(&r, " 1 a</w> +320 text +a ");
    rig_match(&r, " 2 photo +1153 text +photorealis");
    rig_match(&r, " 3 realistic</w> +16157 text +photorealis");
    rig_wait_chosen(&r, "  1 a</w>");
    rig_wait(&r, "'a', a word with a token of its own");
    rig_keys(&r, "l");
    rig_wait(&r, "'photorealistic', token 1 of its 2");
    rig_keys(&r, "<right>");
    rig_wait_chosen(&r, "  4 red</w>");
    rig_keys(&r, "k");
    rig_wait(&r, "'photorealistic', token 2 of its 2");
    rig_keys(&r, "h");
    rig_wait_chosen(&r, "  1 a</w>");
    rig_keys(&r, "<end>");
    rig_match(&r, "11 <\\|endoftext\\|> +49407 padding 66, folded +Space shows their vectors");
    rig_wait(&r, "Padding up to 77 positions, with <|endoftext|> (id 49407)");
    rig_keys(&r, "k");
    rig_wait_chosen(&r, " 10 <|endoftext|>");
    rig_keys(&r, " <end>");
    rig_match(&r, "76 <\\|endoftext\\|> +49407 padding");
    rig_keys(&r, "<pgup><home>");
    rig_wait_chosen(&r, "  0 <|startoftext|>");
    rig_keys(&r, "t");
    rig_gone(&r, "Tokens:");
    rig_wait(&r, "Step 2 of 2");
    rig_sound_scrolled(&r);
    rig_leave(&r);
}

/* last_hidden_state of e.safetensors, which `latentty encode` wrote; the caller's. */
enum { POSITIONS = 77, WIDTH = 64 };
static float *hidden_of(const rig *r)
{
    char *path = lt_path_join(r->dir, "e.safetensors");
    lt_buf file = {0};
    size_t from, to;
    uint64_t header;
    float *out = lt_alloc_array((size_t)POSITIONS * WIDTH, sizeof *out);
    CHECK_OK(lt_file_read(path, 1 << 20, &file, err));
    memcpy(&header, file.data, sizeof header);
    const char *at = strstr(file.data + 8, "\"last_hidden_state\"");
    assert_non_null(at);
    at = strstr(at, "\"data_offsets\":[");
    assert_int_equal(sscanf(at, "\"data_offsets\":[%zu,%zu]", &from, &to), 2);
    assert_int_equal(to - from, POSITIONS * WIDTH * sizeof(float));
    memcpy(out, file.data + 8 + header + from, to - from);
    lt_buf_done(&file);
    free(path);
    return out;
}

/* Cosine as that of unit vectors. */
static double cosine(const float *x, const float *y)
{
    double xx = 0, yy = 0, sum = 0;
    for (int i = 0; i < WIDTH; i++) {
        xx += (double)x[i] * (double)x[i];
        yy += (double)y[i] * (double)y[i];
    }
    for (int i = 0; i < WIDTH; i++)
        sum += (double)x[i] / sqrt(xx) * ((double)y[i] / sqrt(yy));
    return sum;
}

/* Every number of every position is that of what `latentty encode` writes; the pooled row is that
 * of the end token. */
static void test_vectors(void **state)
{
    (void)state;
    enum { END = 10 };
    rig r = open_tokens(NULL);
    assert_int_equal(
        rig_run(&r, "encode -q a_photorealistic_red_fox,_in_the_snow -o e.safetensors"), 0);
    float *hidden = hidden_of(&r);
    rig_wait(&r, "last_hidden_state: 77 vectors of 64 numbers");
    rig_wait(&r, "Pooled output: row 10 of them, where the text ends");
    rig_keys(&r, "<home> ");
    for (int k = 0; k < POSITIONS; k++) {
        const float *x = hidden + (size_t)k * WIDTH;
        double square = 0;
        for (int i = 0; i < WIDTH; i++)
            square += (double)x[i] * (double)x[i];
        char *row = lt_format("^[^ ]+ +%d .* %.2f +%.3f +%.3f ", k, sqrt(square / WIDTH),
                              cosine(x, hidden + (size_t)END * WIDTH), cosine(x, hidden));
        rig_match(&r, row);
        free(row);
        rig_keys(&r, "j");
    }
    rig_keys(&r, "<home>");
    rig_match(&r, " start +[0-9.]+ +-?[0-9.]+ +1.000 ");
    rig_wait(&r, "the same vector in every prompt.");
    free(hidden);
    rig_sound_scrolled(&r);
    rig_leave(&r);
}

/* A text that was looked at before has its vectors at once; while a run is at work they come
 * between its steps. */
static void test_while_running(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, "-p a_fox --size 64x64 --seed 7 --steps 1000", "--run");
    rig_match(&r, "RUN [1-9]");
    rig_keys(&r, "t");
    rig_wait(&r, "Tokens: the prompt of run 1");
    rig_wait(&r, "77 vectors of 64 numbers");
    rig_keys(&r, "i");
    rig_wait(&r, "Tokens: the prompt as it is typed");
    rig_keys(&r, "<c-u>a house");
    rig_match(&r, " 2 house</w> .* [0-9.]+ +-?[0-9.]+ +-?[0-9.]+ ");
    rig_keys(&r, " <lt>|endoftext|> of stone");
    rig_wait(&r, "Pooled output: row 3 of them, the first end token");
    rig_keys(&r, "<esc>");
    rig_wait(&r, "Esc close");
    rig_keys(&r, "qx");
    rig_wait(&r, "stopped after step");
    rig_sound_scrolled(&r);
    rig_leave(&r);
}

/* Guidance is what reads the negative prompt. */
static void test_unguided(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, "-p a_fox --guidance-scale 1 " SETTINGS, "--run");
    rig_wait(&r, "DONE 2/2");
    rig_keys(&r, "t<tab>");
    rig_wait(&r, "Guidance is off: this text was not read.");
    rig_keys(&r, "<tab><tab>");
    rig_wait(&r, "Guidance reads it for the prediction without the prompt.");
    rig_leave(&r);
}

/* Strip and words beside the table; a click chooses. */
static void test_wide(void **state)
{
    (void)state;
    rig r = open_tokens(&rig_large);
    rig_wait(&r, "pooled output (pooler_output)");
    rig_wait(&r, "|a|photo+realistic|red|fox|,|in|the|snow|");
    int row, column;
    rig_wait(&r, "  5 fox</w>");
    assert_true(terminal_find(r.t, "  5 fox</w>", &row, &column));
    assert_true(terminal_mouse(r.t, 0, row, column + 6, TERMINAL_CLICK));
    rig_wait_chosen(&r, "  5 fox</w>");
    rig_wait(&r, "'fox', a word with a token of its own");
    rig_keys(&r, ":tokens<enter>");
    rig_gone(&r, "Tokens:");
    rig_keys(&r, "pt");
    rig_wait(&r, "Tokens: the prompt of run 1");
    rig_keys(&r, ":params<enter>");
    rig_gone(&r, "Tokens:");
    rig_sound_scrolled(&r);
    rig_leave(&r);
}

/* The field's text, where there is another one than the run's. */
static void test_field(void **state)
{
    (void)state;
    rig r = open_tokens(NULL); /* they are the same */
    rig_keys(&r, "<esc>");
    rig_gone(&r, "Tokens:");
    rig_keys(&r, ":prompt a blue whale<enter>t");
    rig_wait(&r, "Tokens: the prompt as it is typed");
    rig_match(&r, " 3 whale</w> +[0-9]+ text +whale");
    rig_keys(&r, "<tab><tab>");
    rig_wait(&r, "Tokens: the prompt of run 1");
    rig_keys(&r, "<esc>");
    rig_gone(&r, "Tokens:");
    rig_keys(&r, "i<m-k>");
    rig_watch(&r);
    rig_keys(&r, "t");
    rig_wait(&r, "Tokens: the prompt of run 1");
    rig_leave(&r);
}

/* The negative prompt, and the fields while they are typed; a run shows its picture. */
static void test_texts(void **state)
{
    (void)state;
    rig r = open_tokens(NULL);
    rig_keys(&r, "<tab>");
    rig_wait(&r, "Tokens: what run 1 avoids");
    rig_wait(&r, "0 of 75 tokens, 0 words; 75 of 77 positions are padding");
    rig_wait_chosen(&r, "  1 <|endoftext|>");
    rig_keys(&r, "<tab>");
    rig_wait(&r, "Tokens: the prompt as it is typed");
    rig_keys(&r, "i");
    rig_wait(&r, "Esc watch");
    rig_keys(&r, "<c-u>a blue whale");
    rig_wait(&r, "3 of 75 tokens, 3 words");
    rig_match(&r, " 3 whale</w> +[0-9]+ text +whale");
    rig_keys(&r, "s<left>");
    rig_match(&r, " 3 whales</w> +[0-9]+ text +whales");
    rig_keys(&r, "<tab>blurry");
    rig_wait(&r, "Tokens: what to avoid, as it is typed");
    rig_match(&r, " 1 blurry</w> +[0-9]+ text +blurry");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "run 2/2");
    rig_wait(&r, "DONE 2/2");
    assert_false(rig_shows(&r, "Tokens:"));
    rig_keys(&r, "t<tab>");
    rig_wait(&r, "Tokens: what run 2 avoids");
    rig_wait(&r, "1 of 75 tokens, 1 word;");
    rig_sound_scrolled(&r);
    rig_leave(&r);
}

/* Without a model no text is cut, and the footer offers no keys for its words. */
static void test_no_model(void **state)
{
    (void)state;
    rig r = rig_open(NULL, PROMPT, "--model none");
    rig_wait(&r, "cannot find model 'none'");
    rig_watch(&r);
    rig_keys(&r, "t");
    rig_wait(&r, "Tokens: the prompt as it is typed");
    rig_wait(&r, "Esc close");
    assert_false(rig_shows(&r, "other text") || rig_shows(&r, "padding"));
    rig_keys(&r, "-l <tab>");
    rig_wait(&r, "Tokens: the prompt as it is typed");
    rig_leave(&r);
}

/* Vectors are computed once the text rests, not for every key. */
static void test_typing(void **state)
{
    (void)state;
    rig r = open_tokens(&rig_large);
    rig_keys(&r, "<tab><tab>i");
    rig_wait(&r, "Esc watch");
    rig_wait(&r, "77 vectors of 64 numbers");
    size_t from = terminal_written(r.t);
    rig_keys(&r, " of stone");
    CHECK_OK(terminal_wait_bytes(r.t, "typing rests", from, err));
    rig_wait(&r, "77 vectors of 64 numbers");
    rig_leave(&r);
}

/* 75 words fit; what is cut off has rows without a position. */
static void test_cut(void **state)
{
    (void)state;
    lt_buf line = {0};
    for (int i = 0; i < 76; i++)
        lt_buf_format(&line, "%s", i ? "_cat" : "-p cat");
    lt_buf_str(&line, "_a_red_fox " SETTINGS);
    rig r = rig_ready(NULL, line.data, "");
    rig_keys(&r, "<esc>");
    rig_wait(&r, "i prompt");
    rig_keys(&r, "t");
    rig_wait(&r, "75 of 75 tokens, 75 words; 0 of 77 positions are padding; 4 cut");
    rig_keys(&r, "<end>");
    rig_match(&r, " 76 <\\|endoftext\\|> +49407 end");
    rig_match(&r, "  - fox</w> +3240 cut +fox");
    rig_wait(&r, "Cut off: 75 tokens fit between start");
    rig_keys(&r, "hhhh");
    rig_wait_chosen(&r, " 75 cat</w>");
    rig_keys(&r, " ");
    rig_wait(&r, "there is no padding");
    lt_buf_done(&line);
    rig_sound_scrolled(&r);
    rig_leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),         cmocka_unit_test(test_wide),
        cmocka_unit_test(test_texts),         cmocka_unit_test(test_field),
        cmocka_unit_test(test_no_model),      cmocka_unit_test(test_typing),
        cmocka_unit_test(test_cut),           cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_while_running), cmocka_unit_test(test_unguided)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
