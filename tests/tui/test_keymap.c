/* The table of actions as a whole, and what is made of it. */
#include "tui/keymap.h"

#include <stdlib.h>

#include "support/check.h"
#include "tui/cells.h"

static const lt_keymap_context contexts[] = {
    LT_IN_TYPING,  LT_IN_LINE,   LT_IN_VIEWING, LT_IN_PARAMS,      LT_IN_HELP,
    LT_IN_MESSAGE, LT_IN_RUNS,   LT_IN_GRID,    LT_IN_COMPARE,     LT_IN_GALLERY,
    LT_IN_WHATIF,  LT_IN_TOKENS, LT_IN_LESSON,  LT_IN_AUTOENCODER, LT_IN_NOISING};
enum { CONTEXTS = sizeof contexts / sizeof *contexts };

static lt_keymap *map; /* what actions.def says */

static lt_action on(lt_keymap_context context, const char *text)
{
    lt_key key;
    if (!lt_key_parse(text, &key))
        fail_msg("'%s' is no key", text);
    return lt_keymap_lookup(map, context, key);
}

/* Every key of every action leads back to it, so no two actions of a context share one. */
static void test_keys_are_apart(void **state)
{
    (void)state;
    int keys = 0;
    for (int c = 0; c < CONTEXTS; c++)
        for (int a = 1; a < LT_ACTIONS; a++) {
            lt_buf list = {0};
            lt_keymap_keys(map, contexts[c], (lt_action)a, &list);
            for (char *k = list.data, *next; k && *k; k = next, keys++) {
                char *end = strstr(k, ", ");
                if (end == k) /* the key ',' itself */
                    end = strstr(k + 1, ", ");
                next = end ? end + 2 : k + strlen(k);
                if (end)
                    *end = '\0';
                if (on(contexts[c], k) != (lt_action)a)
                    fail_msg("%s in context %d: %s, but also %s", k, (int)contexts[c],
                             lt_keymap_name((lt_action)a), lt_keymap_name(on(contexts[c], k)));
            }
            lt_buf_done(&list);
        }
    assert_true(keys > 150);
}

static void test_every_action(void **state)
{
    (void)state;
    for (int a = 1; a < LT_ACTIONS; a++) {
        lt_buf all = {0};
        const char *name = lt_keymap_name((lt_action)a), *help = lt_keymap_help((lt_action)a);
        for (int c = 0; c < CONTEXTS; c++)
            lt_keymap_keys(map, contexts[c], (lt_action)a, &all);
        if (!all.len)
            fail_msg("'%s' has no key", name);
        assert_true(*name && strspn(name, "abcdefghijklmnopqrstuvwxyz-0123456789") == strlen(name));
        assert_true(*help && help[strlen(help) - 1] != '.' && strlen(help) <= 60);
        for (int b = 1; b < a; b++)
            assert_string_not_equal(name, lt_keymap_name((lt_action)b));
        lt_buf_done(&all);
    }
}

static void test_every_edit_op(void **state)
{
    (void)state;
    bool seen[LT_EDIT_OPS] = {false};
    for (int a = 0; a < LT_ACTIONS; a++) {
        lt_edit_op op;
        if (!lt_keymap_edit_op((lt_action)a, &op))
            continue;
        assert_false(seen[op]);
        seen[op] = true;
    }
    for (int op = 0; op < LT_EDIT_OPS; op++)
        if (!seen[op])
            fail_msg("operation %d of the editor has no action", op);
}

static void test_lookup(void **state)
{
    (void)state;
    lt_edit_op op;
    assert_int_equal(on(LT_IN_VIEWING, "Space"), LT_ACTION_PAUSE);
    assert_int_equal(on(LT_IN_TYPING, "Space"), LT_ACTION_NONE); /* text */
    assert_int_equal(on(LT_IN_VIEWING, "Left"), LT_ACTION_BACK);
    assert_int_equal(on(LT_IN_PARAMS, "Left"), LT_ACTION_PARAM_LESS);
    assert_int_equal(on(LT_IN_TYPING, "Enter"), LT_ACTION_RUN);
    assert_int_equal(on(LT_IN_PARAMS, "Enter"), LT_ACTION_PARAM_TYPE);
    assert_int_equal(on(LT_IN_PARAMS, "Ctrl+G"), LT_ACTION_RUN);
    assert_int_equal(on(LT_IN_VIEWING, "N"), LT_ACTION_TYPE_SEED);
    assert_int_equal(on(LT_IN_VIEWING, "n"), LT_ACTION_EDIT_AVOID);
    for (int c = 0; c < CONTEXTS; c++)
        assert_int_equal(on(contexts[c], "Ctrl+C"), LT_ACTION_INTERRUPT);
    assert_true(lt_keymap_edit_op(on(LT_IN_LINE, "Ctrl+W"), &op));
    assert_int_equal(op, LT_EDIT_KILL_BLANK_LEFT);
    assert_int_equal(on(LT_IN_LINE, "Ctrl+J"), LT_ACTION_NONE); /* one line stays one */
    assert_int_equal(lt_keymap_lookup(map, LT_IN_VIEWING, (lt_key){0, 0}), LT_ACTION_NONE);
}

static void shows(lt_keymap_context context, unsigned state, int width, const char *want)
{
    lt_hint hints[LT_HINTS];
    char line[512] = "";
    int n = lt_keymap_hints(map, context, state, width, hints), column = 0;
    for (int i = 0; i < n; i++) {
        assert_int_equal(hints[i].column, column);
        assert_int_equal(hints[i].cells, strlen(hints[i].text));
        assert_true(hints[i].text[hints[i].key_cells] == ' ');
        strcat(strcat(line, i ? "  " : ""), hints[i].text);
        column += hints[i].cells + 2;
    }
    assert_true((int)strlen(line) <= width);
    assert_string_equal(line, want);
}

static void test_hints(void **state)
{
    (void)state;
    shows(LT_IN_VIEWING, 0, 35, "Enter run  ? keys  i prompt  q quit");
}

static void test_hints_follow_the_state(void **state)
{
    (void)state;
    shows(LT_IN_VIEWING, LT_STATE_RUNNING | LT_STATE_FILM, 30, "Space pause  x stop  ? keys");
    shows(LT_IN_VIEWING, LT_STATE_RUNNING | LT_STATE_FILM | LT_STATE_PAUSED, 30,
          "Space go on  x stop  ? keys");
    shows(LT_IN_VIEWING, LT_STATE_FILM | LT_STATE_ERROR, 30, "e details  Enter run  ? keys");
    shows(LT_IN_VIEWING, LT_STATE_WORDS, 30, "Enter run  l word  ? keys");
    shows(LT_IN_VIEWING, 0, 8, "? keys");
    shows(LT_IN_VIEWING, 0, 0, "");
    shows(LT_IN_HELP, 0, 17, "Esc close  / find");
}

static void test_hints_fit(void **state)
{
    (void)state;
    lt_hint hints[LT_HINTS];
    for (int c = 0; c < CONTEXTS; c++)
        for (unsigned s = 0; s < 16; s++)
            for (int width = 0; width < 200; width++) {
                int n = lt_keymap_hints(map, contexts[c], s, width, hints);
                assert_in_range(n, 0, LT_HINTS);
                if (n)
                    assert_true(hints[n - 1].column + hints[n - 1].cells <= width);
            }
}

static void test_page(void **state)
{
    (void)state;
    lt_buf page = {0};
    assert_int_equal(lt_keymap_page(map, LT_IN_VIEWING, "seed", 60, true, &page), 3);
    assert_string_equal(page.data, "Watching\n"
                                   "  r  run with a new random seed\n"
                                   "  N  type a seed\n"
                                   "  L  keep the seed for the next runs, or let it change\n");
    lt_buf_clear(&page);
    assert_int_equal(lt_keymap_page(map, LT_IN_VIEWING, "SEED", 120, true, &page),
                     3); /* two columns */
    assert_string_equal(page.data, "Watching\n"
                                   "  r  run with a new random seed                         L  k"
                                   "eep the seed for the next runs, or let it change\n"
                                   "  N  type a seed\n");
    lt_buf_clear(&page);
    assert_int_equal(lt_keymap_page(map, LT_IN_VIEWING, "ctrl+z", 30, false, &page), 1);
    assert_string_equal(page.data, "Watching\n  Ctrl+Z  back to the shell...\n");
    lt_buf_clear(&page);
    assert_int_equal(lt_keymap_page(map, LT_IN_ANYWHERE, "no such word", 80, true, &page), 0);
    assert_int_equal(page.len, 0);
    assert_int_equal(lt_keymap_page(map, LT_IN_VIEWING | LT_IN_TYPING, "ctrl+z", 80, true, &page),
                     1);
    lt_buf_done(&page);
}

static void test_page_holds_all(void **state)
{
    (void)state;
    for (int width = 20; width < 260; width += 7) {
        lt_buf page = {0};
        int lines = 0;
        assert_true(lt_keymap_page(map, LT_IN_ANYWHERE, NULL, width, true, &page) >=
                    LT_ACTIONS - 1);
        for (char *p = page.data, *end; *p; p = end + 1, lines++) {
            end = strchr(p, '\n');
            assert_non_null(end);
            assert_true(lt_cells_width(p, (size_t)(end - p)) <= width);
        }
        if (width > 100)
            for (int a = 1; a < LT_ACTIONS; a++)
                if (!strstr(page.data, lt_keymap_help((lt_action)a)))
                    fail_msg("'%s' is not in the help", lt_keymap_name((lt_action)a));
        assert_true(lines > 10);
        lt_buf_done(&page);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_are_apart), cmocka_unit_test(test_every_action),
        cmocka_unit_test(test_every_edit_op),  cmocka_unit_test(test_lookup),
        cmocka_unit_test(test_hints),          cmocka_unit_test(test_hints_follow_the_state),
        cmocka_unit_test(test_hints_fit),      cmocka_unit_test(test_page),
        cmocka_unit_test(test_page_holds_all),
    };
    map = lt_keymap_new();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    lt_keymap_free(map);
    return failed;
}
