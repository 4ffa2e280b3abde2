/* Keys of the user in place of those of actions.def. */
#include "tui/keymap.h"

#include <stdlib.h>

#include "base/file.h"
#include "support/check.h"
#include "support/temp.h"

static lt_action on(const lt_keymap *m, lt_keymap_context context, const char *text)
{
    lt_key key;
    assert_true(lt_key_parse(text, &key));
    return lt_keymap_lookup(m, context, key);
}

static void keys_are(const lt_keymap *m, lt_keymap_context context, lt_action action,
                     const char *want)
{
    lt_buf keys = {0};
    lt_buf_str(&keys, "");
    lt_keymap_keys(m, context, action, &keys);
    assert_string_equal(keys.data, want);
    lt_buf_done(&keys);
}

static void bind(lt_keymap *m, const char *words)
{
    CHECK_OK(lt_keymap_bind(m, words, err));
}

/* The new key comes first, the old ones stay, and nothing else has the key any more. */
static void test_another_key(void **state)
{
    (void)state;
    lt_keymap *m = lt_keymap_new();
    bind(m, "w fork");
    assert_int_equal(on(m, LT_IN_VIEWING, "w"), LT_ACTION_FORK);
    assert_int_equal(on(m, LT_IN_PARAMS, "w"), LT_ACTION_NONE); /* fork has no meaning there */
    assert_int_equal(on(m, LT_IN_TYPING, "w"), LT_ACTION_NONE);
    keys_are(m, LT_IN_VIEWING, LT_ACTION_FORK, "w, f");
    bind(m, "s fork");
    assert_int_equal(on(m, LT_IN_VIEWING, "s"), LT_ACTION_FORK);
    assert_int_equal(on(m, LT_IN_PARAMS, "s"), LT_ACTION_SAVE); /* as before */
    keys_are(m, LT_IN_VIEWING, LT_ACTION_SAVE, "");
    keys_are(m, LT_IN_PARAMS, LT_ACTION_SAVE, "s");
    keys_are(m, LT_IN_VIEWING, LT_ACTION_FORK, "s, w, f");
    bind(m, "s fork"); /* again: once */
    keys_are(m, LT_IN_VIEWING, LT_ACTION_FORK, "s, w, f");
    lt_keymap_free(m);
}

static void test_contexts(void **state)
{
    (void)state;
    lt_keymap *m = lt_keymap_new();
    bind(m, "Ctrl+S save typing"); /* what works in the view works beside it, too */
    assert_int_equal(on(m, LT_IN_TYPING, "Ctrl+S"), LT_ACTION_SAVE);
    assert_int_equal(on(m, LT_IN_VIEWING, "Ctrl+S"), LT_ACTION_NONE);
    bind(m, "Ctrl+O run"); /* wherever run has a meaning */
    assert_int_equal(on(m, LT_IN_TYPING, "Ctrl+O"), LT_ACTION_RUN);
    assert_int_equal(on(m, LT_IN_VIEWING, "Ctrl+O"), LT_ACTION_RUN);
    assert_int_equal(on(m, LT_IN_LINE, "Ctrl+O"), LT_ACTION_NONE);
    bind(m, "o run"); /* a character stays text */
    assert_int_equal(on(m, LT_IN_TYPING, "o"), LT_ACTION_NONE);
    assert_int_equal(on(m, LT_IN_VIEWING, "o"), LT_ACTION_RUN);
    bind(m, "\"#\" save");
    assert_int_equal(on(m, LT_IN_VIEWING, "#"), LT_ACTION_SAVE);
    lt_keymap_free(m);
}

static void test_unbinding(void **state)
{
    (void)state;
    lt_keymap *m = lt_keymap_new();
    bind(m, "q none viewing");
    assert_int_equal(on(m, LT_IN_VIEWING, "q"), LT_ACTION_NONE);
    assert_int_equal(on(m, LT_IN_HELP, "q"), LT_ACTION_CLOSE);
    keys_are(m, LT_IN_VIEWING, LT_ACTION_QUIT, "");
    bind(m, "Tab none");
    assert_int_equal(on(m, LT_IN_LINE, "Tab"), LT_ACTION_NONE);
    assert_int_equal(on(m, LT_IN_TYPING, "Tab"), LT_ACTION_NONE);
    bind(m, "Tab none"); /* nothing to do */
    lt_keymap_free(m);
}

static void refused(const char *words, const char *why)
{
    lt_keymap *m = lt_keymap_new();
    CHECK_FAILS(lt_keymap_bind(m, words, err), LT_ERR_ARGUMENT, why);
    assert_int_equal(on(m, LT_IN_VIEWING, "q"), LT_ACTION_QUIT);
    lt_keymap_free(m);
}

static void test_refused(void **state)
{
    (void)state;
    refused("", "expected KEY ACTION [CONTEXT]");
    refused("q", "expected KEY ACTION [CONTEXT]");
    refused("q save viewing more", "'more' is left over");
    refused("Ctrl+I save", "a terminal sends Tab");
    refused("Shift+Enter run", "arrives without Shift");
    refused("qq save", "'qq' is no key");
    refused("q saev", "there is no action 'saev'; save is one");
    refused("q zzzzzz", "there is no action 'zzzzzz'");
    refused("q save nowhere",
            "there is no context 'nowhere', expected one of viewing, lesson, runs");
    refused("q save line", "in the context line");
    refused("Ctrl+T accept viewing", "accept does nothing in the context viewing");
    refused("q run typing", "'q' is text in the context typing");
    refused("q edit-undo", "'q' is text wherever edit-undo works");
}

/* Ctrl+C stops and leaves, whatever a file says. */
static void test_ctrl_c(void **state)
{
    (void)state;
    lt_keymap_context context;
    refused("Ctrl+C none", "Ctrl+C always stops or leaves");
    refused("ctrl+c save viewing", "Ctrl+C always");
    lt_keymap *m = lt_keymap_new();
    bind(m, "F5 interrupt");
    for (int i = 0; lt_keymap_context_at(i, &context); i++) {
        assert_int_equal(on(m, context, "Ctrl+C"), LT_ACTION_INTERRUPT);
        assert_int_equal(on(m, context, "F5"), LT_ACTION_INTERRUPT);
    }
    lt_keymap_free(m);
}

/* The footer and the page show the keys that there are. */
static void test_shown(void **state)
{
    (void)state;
    lt_keymap *m = lt_keymap_new();
    lt_hint hints[LT_HINTS];
    lt_buf page = {0};
    bind(m, "F7 pause");
    bind(m, "\xC3\xB6 stop");
    bind(m, "\xE7\x8C\xAB step");
    int n = lt_keymap_hints(m, LT_IN_VIEWING, LT_STATE_RUNNING | LT_STATE_FILM, 60, hints);
    assert_true(n > 3);
    assert_string_equal(hints[0].text, "F7 pause");
    assert_string_equal(hints[1].text, "\xC3\xB6 stop");
    assert_int_equal(hints[1].column, 10);
    assert_int_equal(hints[1].key_cells, 1);
    assert_int_equal(hints[1].key_bytes, 2);
    assert_int_equal(hints[1].cells, 6);
    assert_int_equal(hints[2].column, 18);
    lt_keymap_page(m, LT_IN_VIEWING, "compute another", 80, true, &page);
    assert_string_equal(page.data, "Watching\n"
                                   "  \xE7\x8C\xAB, ., Right  one step on; at the last one "
                                   "computed, compute another\n");
    lt_buf_done(&page);
    lt_keymap_free(m);
}

static void test_file(void **state)
{
    (void)state;
    static const char text[] = "# keys of mine\n"
                               "w  fork\n"
                               "Ctrl+M run\n"
                               "\n"
                               "q none viewing # not by accident\n"
                               "e sav\n";
    char *dir = temp_dir(), *path = lt_path_join(dir, "keys.conf");
    lt_conf_faults f = {0};
    lt_keymap *m = lt_keymap_new();
    lt_keymap_load(m, path, &f); /* not there */
    assert_int_equal(f.count, 0);
    CHECK_OK(lt_file_write(path, text, sizeof text - 1, err));
    lt_keymap_load(m, path, &f);
    assert_int_equal(on(m, LT_IN_VIEWING, "w"), LT_ACTION_FORK);
    assert_int_equal(on(m, LT_IN_VIEWING, "q"), LT_ACTION_NONE);
    assert_int_equal(on(m, LT_IN_VIEWING, "e"), LT_ACTION_DETAILS);
    assert_int_equal(f.count, 2);
    assert_string_equal(f.first,
                        "keys.conf:3: 'Ctrl+M' cannot be told apart: a terminal sends Enter");
    assert_non_null(strstr(f.all.data, "keys.conf:6: there is no action 'sav'; save is one\n"));
    lt_keymap_free(m);
    lt_conf_faults_done(&f);
    free(path);
    temp_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_another_key), cmocka_unit_test(test_contexts),
        cmocka_unit_test(test_unbinding),   cmocka_unit_test(test_refused),
        cmocka_unit_test(test_ctrl_c),      cmocka_unit_test(test_shown),
        cmocka_unit_test(test_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
