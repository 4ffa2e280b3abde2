/* Lessons as text: pages, placeholders, what is waited for, and mistakes by line. */
#include "tui/lesson.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "support/check.h"

static bool command(const char *line, lt_error *err)
{
    return strcmp(line, "bad") != 0 || lt_fail(err, LT_ERR_ARGUMENT, NULL, "no command 'bad'");
}

static bool setting(const char *name, const char *value, lt_error *err)
{
    (void)value;
    return strcmp(name, "steps") == 0 ||
           lt_fail(err, LT_ERR_ARGUMENT, NULL, "no setting '%s'", name);
}

static const lt_lesson_vocabulary words = {command, setting};

static lt_lesson parsed(const char *text, lt_conf_faults *f)
{
    lt_lesson l;
    *f = (lt_conf_faults){0};
    lt_lesson_parse(text, strlen(text), "dir/x.txt", &words, &l, f);
    return l;
}

static lt_lesson good(const char *text)
{
    lt_conf_faults f;
    lt_lesson l = parsed(text, &f);
    if (f.count)
        fail_msg("%s", f.first);
    return l;
}

#define HEAD "title: T\nabout: A\n---\n"

/* A page is read with just this mistake. */
static void wrong(const char *text, const char *want)
{
    lt_conf_faults f;
    lt_lesson l = parsed(text, &f);
    if (f.count != 1 || strcmp(f.first, want) != 0)
        fail_msg("%d mistakes, the first '%s'; wanted '%s'", f.count, f.first, want);
    lt_lesson_done(&l);
    lt_conf_faults_done(&f);
}

static void test_pages(void **state)
{
    (void)state;
    lt_lesson l = good("\xEF\xBB\xBF# a comment\ntitle: T\r\nabout: About it\n\n---\n"
                       "One line\nand another.\n\n  x = {sigma}\nNext.\nsource: S\n  goes on\n"
                       "do: run\nwait: step 3\ndo: lens-2\n---\n# no text\nTwo {{x}.\n"
                       "try: Press 2\n  now.\ncheck: lens 2\ncheck: next steps 4\n"
                       "keys: 2 \"a b\" Ctrl+G \"\n");
    assert_string_equal(l.title, "T");
    assert_string_equal(l.about, "About it");
    assert_int_equal(l.count, 2);
    const lt_lesson_page *p = &l.pages[0];
    assert_string_equal(p->say, "One line and another.\n\n  x = {sigma}\nNext.");
    assert_string_equal(p->source, "S goes on");
    assert_string_equal(p->try, "");
    assert_int_equal(p->deed_count, 3);
    assert_string_equal(p->deeds[0].command, "run");
    assert_null(p->deeds[1].command);
    assert_int_equal(p->deeds[1].until.fact, LT_LESSON_IF_STEP);
    assert_true(p->deeds[1].until.number == 3);
    assert_string_equal(p->deeds[2].command, "lens-2");
    p = &l.pages[1];
    assert_int_equal(p->line, 17);
    assert_string_equal(p->try, "Press 2 now.");
    assert_int_equal(p->check_count, 2);
    assert_string_equal(p->checks[1].text, "steps");
    assert_string_equal(p->checks[1].value, "4");
    assert_int_equal(p->key_count, 4);
    assert_int_equal(p->keys[0].key.code, '2');
    assert_string_equal(p->keys[1].text, "a b");
    assert_int_equal(p->keys[2].key.code, 'g');
    assert_int_equal(p->keys[2].key.mods, 4);
    assert_int_equal(p->keys[3].key.code, '"'); /* one that is not closed */
    lt_lesson_done(&l);
}

static void test_mistakes(void **state)
{
    (void)state;
    wrong("", "x.txt:1: there are no pages, expected a line --- before each");
    wrong("title: T\n---\nText\n", "x.txt:1: the lesson has no about:");
    wrong("title: T\nabout: A\nText\n---\nText\n",
          "x.txt:3: text before the first ---, expected title: and about:");
    wrong("title: T\nabout: A\ntitle: B\n---\nText\n", "x.txt:3: there is a title: already");
    wrong("title: A title that is long\nabout: A\n---\nText\n",
          "x.txt:1: the title has 20 columns, expected at most 18");
    wrong(HEAD "Text\nabout: B\n", "x.txt:5: about: belongs before the first ---");
    wrong("title: T\nabout: A\ndo: run\n---\nText\n", "x.txt:3: do: belongs behind the first ---");
    wrong(HEAD "Text\nsouce: B\n",
          "x.txt:5: there is no 'souce:'; source: is one, and text begins with a capital");
    wrong(HEAD "Text\ndo:\n", "x.txt:5: do: says nothing");
    wrong(HEAD "Text\ndo: bad\n", "x.txt:5: no command 'bad'");
    wrong(HEAD "Text {sigmma}\nMore\n", "x.txt:4: there is no number {sigmma}; {sigma} is one");
    wrong(HEAD "Text {sigma\nMore\n",
          "x.txt:4: '{sigma' is not closed with } ({{ stands for a brace)");
    wrong(HEAD "Text\nwait: runn\n", "x.txt:5: 'runn' cannot be waited for; run can");
    wrong(HEAD "Text\nwait: run now\n", "x.txt:5: 'now' is left over: run takes nothing");
    wrong(HEAD "Text\nwait: step\n", "x.txt:5: step is '', expected a whole number from 0 to 1000");
    wrong(HEAD "Text\ntry: T\ncheck: lens x\n",
          "x.txt:6: lens is 'x', expected a whole number from 0 to 8");
    wrong(HEAD "Text\ntry: T\ncheck: lens 9\n",
          "x.txt:6: lens is '9', expected a whole number from 0 to 8");
    wrong(HEAD "Text\ntry: T\ncheck: page 0\n",
          "x.txt:6: page is '0', expected a whole number from 1 to 4");
    wrong(HEAD "Text\ntry: T\ncheck: step 2.5\n",
          "x.txt:6: step is '2.5', expected a whole number from 0 to 1000");
    wrong(HEAD "Text\ntry: T\ncheck: what-if 1001\n",
          "x.txt:6: what-if is '1001', expected a number from 0 to 1000");
    wrong(HEAD "Text\nwait: seconds nan\n",
          "x.txt:5: seconds is 'nan', expected a number from 0 to 3600");
    wrong(HEAD "Text\ntry: T\ncheck: view grit\n",
          "x.txt:6: there is no view 'grit', expected one of step, grid, compare, history, tokens, "
          "autoencoder, noising");
    wrong(HEAD "Text\ntry: T\ncheck: next steps\n",
          "x.txt:6: 'steps', expected a setting and its value");
    wrong(HEAD "Text\ntry: T\ncheck: this stepps 4\n", "x.txt:6: no setting 'stepps'");
    wrong(HEAD "Text\ntry: T\ncheck: prompt\n", "x.txt:6: prompt needs words");
    wrong(HEAD "Text\ntry: T\ncheck: seconds 3\n",
          "x.txt:6: seconds go by alone: they are for wait:, not for check:");
    wrong(HEAD "Text\ntry: T\ncheck: run\nkeys: Foo\n",
          "x.txt:7: 'Foo' is no key, expected names as in keys.conf, or text in double quotes");
    wrong(HEAD "Text\ncheck: run\n", "x.txt:4: the page has check: or keys:, but no try:");
    wrong(HEAD "Text\ntry: T\nkeys: 2\n", "x.txt:4: the page has keys:, but no check:");
    wrong(HEAD "do: run\n", "x.txt:4: the page says nothing");
    wrong(HEAD "Text\n\tx\n",
          "x.txt:5: the line holds the control character 0x09 (blanks instead of tabs)");
    wrong(HEAD "Text\n\xFF\n", "x.txt:5: the line is not UTF-8: byte 0 is wrong");
}

/* A step that no run of the lesson has; more steps, or a number that nobody knows, are fine. */
static void test_steps(void **state)
{
    (void)state;
#define NEVER                                                                                      \
    " is never there: no run of the lesson has more than 12 steps (check: next steps N, where "    \
    "the learner sets them)"
    wrong(HEAD "Text\ndo: set steps 12\ndo: run\ndo: goto 13\n", "x.txt:7: step 13" NEVER);
    wrong(HEAD "Text\ndo: steps 12\ndo: run\n---\nText\ntry: T\ncheck: step 30\n",
          "x.txt:10: step 30" NEVER);
    wrong(HEAD "Text\ndo: set steps 8\ndo: set steps 12\nwait: made 13\n",
          "x.txt:7: made 13" NEVER);
    static const char *const fine[] = {
        "do: goto 90\nwait: made 90\n",
        "do: run\ndo: set steps 12\ndo: goto 20\n",
        "do: set steps 12\ndo: default steps\ndo: run\ndo: goto 20\n",
        "do: set steps 70\ndo: run\ndo: set steps 12\ndo: goto 70\n",
        "do: set steps 12\ntry: T\ncheck: next steps 20\n---\nText\nwait: step 20\n",
    };
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        char text[256];
        snprintf(text, sizeof text, "%sText\n%s", HEAD, fine[i]);
        lt_lesson l = good(text);
        lt_lesson_done(&l);
    }
}

static void test_room(void **state)
{
    (void)state;
    lt_buf text = {0};
    lt_buf_str(&text, HEAD);
    for (int i = 0; i < LT_LESSON_ROWS; i++)
        lt_buf_format(&text, "  row %d\n", i);
    lt_lesson l = good(text.data);
    lt_lesson_done(&l);
    lt_buf_str(&text, "  one too many\n");
    wrong(text.data, "x.txt:4: the page has 16 rows of 44 columns, expected at most 15, which a "
                     "screen of 80x24 shows (two pages)");
    lt_buf_clear(&text);
    lt_buf_str(&text, "title: T\nabout: A\n");
    for (int i = 0; i <= LT_LESSON_PAGES; i++)
        lt_buf_str(&text, "---\nText\n");
    lt_conf_faults f;
    l = parsed(text.data, &f);
    assert_int_equal(l.count, LT_LESSON_PAGES);
    assert_string_equal(f.first, "x.txt:83: more than 40 pages");
    lt_lesson_done(&l);
    lt_conf_faults_done(&f);
    lt_buf_done(&text);
}

static bool value(const void *user, lt_lesson_number which, lt_buf *out)
{
    (void)user;
    if (which != LT_LESSON_SIGMA)
        return false;
    lt_buf_str(out, "1.5");
    return true;
}

static void test_expand(void **state)
{
    (void)state;
    lt_buf out = {0};
    lt_lesson_expand("a {sigma}, {seed} {{b} {c", value, NULL, &out);
    assert_string_equal(out.data, "a 1.5, ... {b} {c");
    lt_buf_done(&out);
    int try_at, source_at;
    lt_lesson l = good(HEAD "One two three {sigma}\ntry: Four\nsource: Five\n");
    assert_int_equal(
        lt_lesson_lay_out(&l.pages[0], value, NULL, 10, true, &out, &try_at, &source_at), 7);
    assert_string_equal(out.data, "One two\nthree 1.5\n\nTry: Four\n\nSource:\nFive\n");
    assert_int_equal(try_at, 3);
    assert_int_equal(source_at, 5);
    lt_buf_done(&out);
    lt_lesson_done(&l);
    l = good(HEAD "It is {sigma}, {seed}, {{so}.\ntry: {sigma}\n");
    lt_lesson_fix(&l.pages[0], value, NULL);
    assert_string_equal(l.pages[0].say, "It is 1.5, ..., {{so}.");
    assert_string_equal(l.pages[0].try, "1.5");
    assert_string_equal(l.pages[0].source, "");
    lt_lesson_done(&l);
}

/* The manual names every word. */
static void test_manual(void **state)
{
    (void)state;
    lt_buf manual = {0};
    const char *name, *help;
    char word[64];
    CHECK_OK(lt_file_read(LT_ASSETS "/lessons/README.md", 1 << 20, &manual, err));
    for (int i = 0; (name = lt_lesson_number_at(i, &help)); i++) {
        snprintf(word, sizeof word, "`{%s}`", name);
        if (!strstr(manual.data, word) || !*help)
            fail_msg("the manual lacks %s", word);
    }
    for (int i = 0; (name = lt_lesson_fact_at(i, &help)); i++) {
        snprintf(word, sizeof word, "| `%s", name);
        if (!strstr(manual.data, word) || !*help)
            fail_msg("the manual lacks %s", word);
    }
    for (int i = 0; (name = lt_lesson_view_at(i)); i++)
        assert_non_null(strstr(manual.data, name));
    lt_buf_done(&manual);
}

/* ---- docs/WALK.md ---- */

static lt_lesson numbered(int number)
{
    static const char *const names[] = {"tokens",   "latents",  "noising", "step",
                                        "guidance", "samplers", "seeds",   "blog"};
    lt_buf bytes = {0};
    lt_conf_faults f = {0};
    lt_lesson l;
    char path[512];
    assert_in_range(number, 1, 8);
    snprintf(path, sizeof path, "%s/lessons/%d-%s.txt", LT_ASSETS, number, names[number - 1]);
    CHECK_OK(lt_file_read(path, LT_LESSON_FILE, &bytes, err));
    lt_lesson_parse(bytes.data, bytes.len, path, NULL, &l, &f);
    lt_buf_done(&bytes);
    lt_conf_faults_done(&f);
    return l;
}

/* "| claim | 1.5 | "words" |": they stand on that page. */
static bool check_claim(const char *row)
{
    int number, page;
    const char *cell = strchr(row + 1, '|');
    if (*row != '|' || !cell || sscanf(cell, "| %d.%d |", &number, &page) != 2)
        return false;
    const char *from = strchr(cell, '"');
    assert_non_null(from);
    char *quote = lt_strndup(from + 1, strcspn(from + 1, "\""));
    lt_lesson l = numbered(number);
    assert_in_range(page, 1, l.count);
    if (!*quote || !strstr(l.pages[page - 1].say, quote))
        fail_msg("page %d of lesson %d does not say '%s'", page, number, quote);
    lt_lesson_done(&l);
    free(quote);
    return true;
}

/* What the list of the walk's claims quotes is what the pages say. */
static void test_walk(void **state)
{
    (void)state;
    lt_buf walk = {0};
    int claims = 0;
    CHECK_OK(lt_file_read(LT_ASSETS "/../docs/WALK.md", 1 << 20, &walk, err));
    for (const char *at = walk.data; at; at = strchr(at, '\n')) {
        at += *at == '\n';
        claims += check_claim(at);
    }
    assert_in_range(claims, 25, 99);
    lt_buf_done(&walk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),  cmocka_unit_test(test_mistakes), cmocka_unit_test(test_room),
        cmocka_unit_test(test_expand), cmocka_unit_test(test_manual),   cmocka_unit_test(test_walk),
        cmocka_unit_test(test_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
