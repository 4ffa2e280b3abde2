/* The line editor's operations, one by one. */
#include "tui/edit.h"

#include <stdlib.h>

#include "support/check.h"
#include "tui/edit_check.h"

/* Text with the cursor as a '|'. */
static lt_edit *edit_at(const char *marked)
{
    lt_edit *e = lt_edit_new(true);
    const char *bar = strchr(marked, '|');
    assert_non_null(bar);
    lt_edit_insert(e, marked, (size_t)(bar - marked));
    size_t cursor = lt_edit_cursor(e);
    lt_edit_paste(e, bar + 1, strlen(bar + 1));
    lt_edit_move(e, cursor);
    return e;
}

static void is_now(const lt_edit *e, const char *marked)
{
    char now[512];
    size_t n, cursor = lt_edit_cursor(e);
    const char *text = lt_edit_text(e, &n);
    assert_true(n + 2 < sizeof now);
    memcpy(now, text, cursor);
    now[cursor] = '|';
    memcpy(now + cursor + 1, text + cursor, n - cursor + 1);
    assert_string_equal(now, marked);
    edit_check(e, true);
}

static void does(const char *before, lt_edit_op op, const char *after)
{
    lt_edit *e = edit_at(before);
    bool changed = lt_edit_do(e, op);
    is_now(e, after);
    assert_int_equal(changed, strcmp(before, after) != 0);
    lt_edit_free(e);
}

static void test_moves(void **state)
{
    (void)state;
    does("ab|", LT_EDIT_LEFT, "a|b");
    does("|ab", LT_EDIT_LEFT, "|ab");
    does("a|b", LT_EDIT_RIGHT, "ab|");
    does("ab|", LT_EDIT_RIGHT, "ab|");
    does("e\xCC\x81|", LT_EDIT_LEFT, "|e\xCC\x81");
    does("a|\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x9A\x92z", LT_EDIT_RIGHT,
         "a\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x9A\x92|z");
    does("one (two:1.2)|", LT_EDIT_WORD_LEFT, "one (two:1.|2)");
    does("one| (two", LT_EDIT_WORD_RIGHT, "one (two|");
    does("one |two", LT_EDIT_WORD_LEFT, "|one two");
    does("caf\xC3\xA9 \xE7\x8C\xAB|", LT_EDIT_WORD_LEFT, "caf\xC3\xA9 |\xE7\x8C\xAB");
    does("a\nbc|d\ne", LT_EDIT_HOME, "a\n|bcd\ne");
    does("a\nb|cd\ne", LT_EDIT_END, "a\nbcd|\ne");
    does("a\nb|cd\ne", LT_EDIT_TEXT_START, "|a\nbcd\ne");
    does("a\nb|cd\ne", LT_EDIT_TEXT_END, "a\nbcd\ne|");
}

static void test_erases(void **state)
{
    (void)state;
    does("ab|c", LT_EDIT_BACKSPACE, "a|c");
    does("|abc", LT_EDIT_BACKSPACE, "|abc");
    does("xe\xCC\x81|", LT_EDIT_BACKSPACE, "x|");
    does("\xF0\x9F\x87\xAB\xF0\x9F\x87\xB7|", LT_EDIT_BACKSPACE, "|");
    does("a|bc", LT_EDIT_DELETE, "a|c");
    does("abc|", LT_EDIT_DELETE, "abc|");
    does("e|\n\xCC\x81z", LT_EDIT_DELETE,
         "e\xCC\x81|z"); /* the mark joins; the cursor goes behind */
    does("ab|c", LT_EDIT_CLEAR, "|");
}

static void test_kills(void **state)
{
    (void)state;
    does("a b|c d\ne", LT_EDIT_KILL_END, "a b|\ne");
    does("a|\nb", LT_EDIT_KILL_END, "a|b");
    does("x\na b|c", LT_EDIT_KILL_START, "x\n|c");
    does("red (fox:1.2)  |z", LT_EDIT_KILL_BLANK_LEFT, "red |z");
    does("red (fox:1.2)|z", LT_EDIT_KILL_WORD_LEFT, "red (fox:1.|z");
    does("red |(fox), z", LT_EDIT_KILL_WORD_RIGHT, "red |), z");
}

static void test_yank(void **state)
{
    (void)state;
    lt_edit *e = edit_at("one two| three");
    assert_true(lt_edit_do(e, LT_EDIT_KILL_BLANK_LEFT));
    assert_true(lt_edit_do(e, LT_EDIT_KILL_BLANK_LEFT));
    assert_true(lt_edit_do(e, LT_EDIT_KILL_WORD_RIGHT)); /* kills in a row add up, on both sides */
    is_now(e, "|");
    assert_true(lt_edit_do(e, LT_EDIT_YANK));
    is_now(e, "one two three|");
    lt_edit_do(e, LT_EDIT_KILL_WORD_LEFT); /* after something else a kill starts anew */
    lt_edit_do(e, LT_EDIT_HOME);
    lt_edit_do(e, LT_EDIT_YANK);
    is_now(e, "three|one two ");
    lt_edit_free(e);
}

static void test_transpose(void **state)
{
    (void)state;
    does("ab|c", LT_EDIT_TRANSPOSE, "acb|");
    does("abc|", LT_EDIT_TRANSPOSE, "acb|");
    does("|abc", LT_EDIT_TRANSPOSE, "|abc");
    does("a|", LT_EDIT_TRANSPOSE, "a|");
    does("a|a", LT_EDIT_TRANSPOSE, "a|a"); /* would change nothing */
    does("a|\nb", LT_EDIT_TRANSPOSE, "a|\nb");
    does("\xE7\x8C\xAB|e\xCC\x81", LT_EDIT_TRANSPOSE, "e\xCC\x81\xE7\x8C\xAB|");
}

static void test_phrases(void **state)
{
    (void)state;
    does("a red fox, sn|ow,  oil", LT_EDIT_PHRASE_LEFT, "sn|ow, a red fox,  oil");
    does("a red fox, sn|ow,  oil", LT_EDIT_PHRASE_RIGHT, "a red fox, oil,  sn|ow");
    does("a, b|", LT_EDIT_PHRASE_RIGHT, "a, b|");
    does("a|, b", LT_EDIT_PHRASE_LEFT, "a|, b");
    does("a, |b", LT_EDIT_PHRASE_LEFT, "|b, a");
    does("x, (a, b:1.2)|, c", LT_EDIT_PHRASE_LEFT,
         "(a, b:1.2)|, x, c");                           /* brackets hold together */
    does("x, (a, b|", LT_EDIT_PHRASE_LEFT, "x, b|, (a"); /* unless they do not close */
    does("a,|,b", LT_EDIT_PHRASE_LEFT, "|,a,b");
    does("a, b  |, c", LT_EDIT_PHRASE_LEFT, "b|, a  , c"); /* from the blanks behind it */
    does("no commas|", LT_EDIT_PHRASE_LEFT, "no commas|");
    does("\\(a, \\(b|", LT_EDIT_PHRASE_LEFT, "\\(b|, \\(a"); /* escaped brackets are text */
}

static void types(lt_edit *e, const char *s)
{
    for (; *s; s++)
        lt_edit_insert(e, s, 1);
}

static void test_undo(void **state)
{
    (void)state;
    lt_edit *e = lt_edit_new(true);
    assert_false(lt_edit_do(e, LT_EDIT_UNDO));
    types(e, "a red fox");
    lt_edit_do(e, LT_EDIT_BACKSPACE);
    lt_edit_do(e, LT_EDIT_BACKSPACE);
    lt_edit_paste(e, "lower, ", 7);
    lt_edit_do(e, LT_EDIT_HOME);
    lt_edit_do(e, LT_EDIT_DELETE);
    lt_edit_do(e, LT_EDIT_DELETE);
    is_now(e, "|red flower, ");
    static const char *const back[] = {"|a red flower, ", "a red f|", "a red fox|",
                                       "a red |",         "a |",      "|"};
    for (size_t i = 0; i < sizeof back / sizeof *back; i++) {
        assert_true(lt_edit_do(e, LT_EDIT_UNDO));
        is_now(e, back[i]);
    }
    assert_false(lt_edit_do(e, LT_EDIT_UNDO));
    for (int i = 0; i < 6; i++)
        assert_true(lt_edit_do(e, LT_EDIT_REDO));
    is_now(e, "|red flower, ");
    assert_false(lt_edit_do(e, LT_EDIT_REDO));
    lt_edit_do(e, LT_EDIT_UNDO);
    types(e, "x");
    assert_false(lt_edit_do(e, LT_EDIT_REDO)); /* another edit makes another future */
    lt_edit_reset(e, "new");
    assert_false(lt_edit_do(e, LT_EDIT_UNDO));
    is_now(e, "new|");
    lt_edit_free(e);
}

/* A cursor that was moved starts a new group, also when it came back. */
static void test_undo_groups_end(void **state)
{
    (void)state;
    lt_edit *e = lt_edit_new(true);
    types(e, "ab");
    lt_edit_do(e, LT_EDIT_LEFT);
    lt_edit_do(e, LT_EDIT_RIGHT);
    types(e, "cd");
    lt_edit_do(e, LT_EDIT_UNDO);
    is_now(e, "ab|");
    lt_edit_do(e, LT_EDIT_REDO);
    types(e, "ef");
    lt_edit_do(e, LT_EDIT_UNDO);
    is_now(e, "abcd|");
    lt_edit_free(e);
}

/* A mark that joins takes the cursor elsewhere, so the next edit of the kind is not beside the
 * last. */
static void test_undo_where_clusters_join(void **state)
{
    (void)state;
    static const lt_edit_op ops[] = {LT_EDIT_BACKSPACE, LT_EDIT_DELETE};
    static const char *const before[] = {"xe\n|\xCC\x81z", "xe|\n\xCC\x81z"};
    static const char *const once = "xe\xCC\x81|z", *const twice[] = {"x|z", "xe\xCC\x81|"};
    for (int i = 0; i < 2; i++) {
        lt_edit *e = edit_at(before[i]);
        lt_edit_do(e, ops[i]);
        is_now(e, once);
        lt_edit_do(e, ops[i]);
        is_now(e, twice[i]);
        lt_edit_do(e, LT_EDIT_UNDO);
        is_now(e, once);
        lt_edit_do(e, LT_EDIT_UNDO);
        is_now(e, before[i]);
        lt_edit_free(e);
    }
}

static void test_undo_is_bounded(void **state)
{
    (void)state;
    lt_edit *e = lt_edit_new(true);
    char *large = malloc(40 << 10);
    int undone = 0;
    memset(large, 'x', 40 << 10);
    for (int i = 0; i < 100; i++) {
        lt_edit_paste(e, large, 40 << 10);
        lt_edit_do(e, LT_EDIT_CLEAR);
    }
    while (lt_edit_do(e, LT_EDIT_UNDO))
        undone++;
    assert_in_range(undone, 20, 26); /* 1 MiB of changes */
    for (int i = 0; i < 3000; i++)
        lt_edit_paste(e, "y", 1);
    for (undone = 0; lt_edit_do(e, LT_EDIT_UNDO);)
        undone++;
    assert_int_equal(undone, 1000);
    free(large);
    lt_edit_free(e);
}

static void becomes(bool lines, const char *pasted, const char *want)
{
    lt_edit *e = lt_edit_new(lines);
    lt_edit_paste(e, pasted, strlen(pasted));
    assert_string_equal(lt_edit_text(e, NULL), want);
    edit_check(e, lines);
    lt_edit_free(e);
}

static void test_paste_is_cleaned(void **state)
{
    (void)state;
    becomes(true,
            "a\r\nb\rc\nd\xC2\x85"
            "e\xE2\x80\xA8"
            "f",
            "a\nb\nc\nd\ne\nf");
    becomes(true, "a\r\n", "a\n");
    becomes(true, "a\r", "a\n");
    becomes(false, "a\r\nb\rc\nd", "a b c d");
    becomes(true, "a\tb", "a b");
    becomes(true, "\x1B[2Jx\x07\x7F\xC2\x9By", "[2Jxy");
    becomes(true, "a\xFF\xE2\x82z", "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz");
    becomes(true, "", "");
    lt_edit *e = lt_edit_new(true);
    assert_true(lt_edit_paste(e, "a\0b", 3));
    assert_string_equal(lt_edit_text(e, NULL), "ab");
    assert_false(lt_edit_paste(e, "\x1B", 1));
    lt_edit_free(e);
}

static void test_newline(void **state)
{
    (void)state;
    does("a|b", LT_EDIT_NEWLINE, "a\n|b");
    lt_edit *e = lt_edit_new(false);
    assert_false(lt_edit_do(e, LT_EDIT_NEWLINE));
    assert_string_equal(lt_edit_text(e, NULL), "");
    lt_edit_free(e);
}

static void test_joining_at_the_cursor(void **state)
{
    (void)state;
    lt_edit *e = edit_at("e|z");
    lt_edit_insert(e, "\xCC\x81", 2);
    is_now(e, "e\xCC\x81|z");
    lt_edit_free(e);
    e = edit_at("\xF0\x9F\x91\xA9|\xF0\x9F\x9A\x92z"); /* a joiner between two emoji makes one */
    lt_edit_insert(e, "\xE2\x80\x8D", 3);
    is_now(e, "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x9A\x92|z");
    lt_edit_do(e, LT_EDIT_UNDO);
    is_now(e, "\xF0\x9F\x91\xA9|\xF0\x9F\x9A\x92z");
    lt_edit_move(e, 2); /* into a character: to the border behind it */
    is_now(e, "\xF0\x9F\x91\xA9|\xF0\x9F\x9A\x92z");
    lt_edit_free(e);
}

/* What is typed takes its place; all else ends the selection and works as ever. */
static void test_select(void **state)
{
    (void)state;
    lt_edit *e = lt_edit_new(false);
    lt_edit_select(e);
    assert_false(lt_edit_selected(e)); /* nothing is there */
    lt_edit_reset(e, "7.5");
    lt_edit_select(e);
    assert_true(lt_edit_selected(e));
    assert_true(lt_edit_insert(e, "1", 1));
    assert_false(lt_edit_selected(e));
    assert_true(lt_edit_insert(e, "5", 1));
    is_now(e, "15|");
    assert_true(lt_edit_do(e, LT_EDIT_UNDO));
    is_now(e, "7.5|");
    static const lt_edit_op keep[] = {LT_EDIT_END, LT_EDIT_RIGHT, LT_EDIT_YANK, LT_EDIT_REDO};
    for (size_t i = 0; i < sizeof keep / sizeof *keep; i++) {
        lt_edit_reset(e, "7.5");
        lt_edit_select(e);
        lt_edit_do(e, keep[i]);
        assert_false(lt_edit_selected(e));
        is_now(e, "7.5|");
    }
    lt_edit_select(e);
    assert_true(lt_edit_do(e, LT_EDIT_BACKSPACE));
    is_now(e, "7.|");
    lt_edit_select(e);
    lt_edit_move(e, 1);
    assert_true(lt_edit_insert(e, "0", 1));
    is_now(e, "70|.");
    lt_edit_select(e);
    assert_true(lt_edit_paste(e, "3", 1));
    is_now(e, "3|");
    lt_edit_select(e);
    assert_false(lt_edit_insert(e, "3", 1)); /* it is that already */
    assert_true(lt_edit_insert(e, "0", 1));
    is_now(e, "30|");
    lt_edit_free(e);
}

static void test_limit(void **state)
{
    (void)state;
    lt_edit *e = lt_edit_new(true);
    char *full = malloc(LT_EDIT_LIMIT + 2);
    size_t n;
    memset(full, 'x', LT_EDIT_LIMIT + 1);
    full[LT_EDIT_LIMIT + 1] = '\0';
    assert_false(lt_edit_paste(e, full, LT_EDIT_LIMIT + 1));
    assert_true(lt_edit_refused(e));
    assert_true(lt_edit_paste(e, full, LT_EDIT_LIMIT));
    assert_false(lt_edit_refused(e));
    assert_false(lt_edit_insert(e, "y", 1));
    assert_true(lt_edit_refused(e));
    assert_false(lt_edit_do(e, LT_EDIT_NEWLINE));
    assert_true(lt_edit_refused(e));
    assert_false(lt_edit_do(e, LT_EDIT_RIGHT));
    assert_false(lt_edit_refused(e));
    assert_true(lt_edit_do(e, LT_EDIT_BACKSPACE));
    assert_true(lt_edit_insert(e, "y", 1));
    lt_edit_text(e, &n);
    assert_int_equal(n, LT_EDIT_LIMIT);
    assert_false(lt_edit_set(e, full));
    assert_true(lt_edit_refused(e));
    assert_true(lt_edit_set(e, "short"));
    is_now(e, "short|");
    lt_edit_do(e, LT_EDIT_HOME);
    assert_false(lt_edit_set(e, "short"));
    is_now(e, "short|");
    free(full);
    lt_edit_free(e);
}

static void test_version(void **state)
{
    (void)state;
    lt_edit *e = lt_edit_new(true);
    unsigned long before = lt_edit_version(e);
    lt_edit_insert(e, "a", 1);
    assert_true(lt_edit_version(e) > before);
    before = lt_edit_version(e);
    lt_edit_do(e, LT_EDIT_LEFT);
    lt_edit_do(e, LT_EDIT_BACKSPACE);
    assert_true(lt_edit_version(e) == before);
    lt_edit_do(e, LT_EDIT_UNDO);
    assert_true(lt_edit_version(e) > before);
    lt_edit_free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_erases),
        cmocka_unit_test(test_kills),
        cmocka_unit_test(test_yank),
        cmocka_unit_test(test_transpose),
        cmocka_unit_test(test_phrases),
        cmocka_unit_test(test_undo),
        cmocka_unit_test(test_undo_groups_end),
        cmocka_unit_test(test_undo_where_clusters_join),
        cmocka_unit_test(test_undo_is_bounded),
        cmocka_unit_test(test_paste_is_cleaned),
        cmocka_unit_test(test_newline),
        cmocka_unit_test(test_joining_at_the_cursor),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_select),
        cmocka_unit_test(test_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
