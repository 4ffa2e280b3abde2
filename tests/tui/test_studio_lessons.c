/* test_studio_lessons.c - every lesson that comes along from its first page to its last, done as
 * its pages ask; and what a lesson's lists, keys and mistakes are. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "gfx/input.h"
#include "lesson_rig.h"
#include "tui/lesson.h"

#define SETTINGS "--size 64x64 --no-history"
enum { LESSONS = 8 };
static const terminal_options large = {
    .columns = 120, .rows = 40, .cell_width = 10, .cell_height = 20, .guard_seconds = 40};
static const terminal_options small = {.cell_width = 10, .cell_height = 20, .guard_seconds = 40};

/* ---- what a page asks for ---- */

/* As terminal_keys has it: "Ctrl+G" is <c-g>. */
static void add_key(lt_buf *out, lt_key key)
{
    char name[LT_KEY_TEXT];
    const char *base = name, *plus;
    lt_key_name(key, name);
    if (strcmp(name, "<") == 0 || (strlen(name) > 1 && strcmp(name, "Space") != 0) || key.mods) {
        lt_buf_char(out, '<');
        for (; (plus = strchr(base, '+')) && plus[1]; base = plus + 1)
            lt_buf_format(out, "%c-", *base == 'C' ? 'c' : *base == 'S' ? 's' : 'm');
        for (const char *c = base; *c; c++)
            lt_buf_char(out, (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c));
        lt_buf_char(out, '>');
    } else {
        lt_buf_str(out, key.code == ' ' ? "<space>" : name);
    }
}

static void press(rig *r, const lt_lesson_page *p)
{
    lt_buf keys = {0};
    for (int i = 0; i < p->key_count; i++)
        if (p->keys[i].text)
            lt_buf_str(&keys, p->keys[i].text);
        else
            add_key(&keys, p->keys[i].key);
    rig_keys(r, keys.data);
    lt_buf_done(&keys);
}

/* A line of it begins so. */
static bool does(const lt_lesson_page *p, const char *words)
{
    for (int i = 0; i < p->deed_count; i++)
        if (p->deeds[i].command && strncmp(p->deeds[i].command, words, strlen(words)) == 0)
            return true;
    return false;
}

/* No "..." stands in the panel. */
static bool all_known(terminal *t, void *user)
{
    int columns, rows;
    bool known = true;
    (void)user;
    terminal_size(t, &columns, &rows);
    for (int y = 0; y < rows; y++) {
        lt_buf row = {0};
        terminal_row(t, y, &row);
        const char *panel = row.len ? strstr(row.data, "││") : NULL;
        known = known && !(panel && strstr(panel, "..."));
        lt_buf_done(&row);
    }
    return known;
}

/* Does what the page asks for, which is seen and turns nothing, and turns it. */
static void one_page(rig *r, const lt_lesson *l, int page)
{
    const lt_lesson_page *p = &l->pages[page];
    char number[32];
    snprintf(number, sizeof number, "  page %d/%d ", page + 1, l->count);
    rig_wait(r, number);
    if (does(p, "pace 0."))
        rig_keys(r, ":pace 0<enter>");
    rig_gone(r, "it is being made");
    CHECK_OK(terminal_wait(r->t, all_known, NULL, "every number of the page", err));
    rig_gone(r, "PgDn: more"); /* it fits */
    if (rig_shows(r, "failed: "))
        fail_msg("%s: a line of page %d failed", l->title, page + 1);
    if (p->check_count && !p->key_count)
        fail_msg("%s: page %d has check: and no keys:", l->title, page + 1);
    if (p->check_count) {
        rig_wait(r, "waits for it");
        rig_gone(r, "Done."); /* of the page before, in another row: a screen comes in pieces */
        press(r, p);
        rig_match(r, page + 1 < l->count ? "Done\\.  F2: next page" : "Done\\.  F2: the end");
        rig_wait(r, number);
        CHECK_OK(terminal_wait(r->t, all_known, NULL, "every number once it is done", err));
        rig_gone(r, "PgDn: more"); /* beside what the keys have opened, too */
    }
    rig_keys(r, "<f2>");
}

static lt_lesson read(const char *path)
{
    lt_lesson l;
    lt_buf bytes = {0};
    lt_conf_faults f = {0};
    CHECK_OK(lt_file_read(path, LT_LESSON_FILE, &bytes, err));
    lt_lesson_parse(bytes.data, bytes.len, path, NULL, &l, &f);
    if (f.count)
        fail_msg("%s", f.first);
    lt_buf_done(&bytes);
    lt_conf_faults_done(&f);
    return l;
}

static const char *const files[LESSONS] = {"1-tokens",   "2-latents",  "3-noising", "4-step",
                                           "5-guidance", "6-samplers", "7-seeds",   "8-blog"};

static void follow(int number, const terminal_options *options)
{
    char words[32], title[64];
    char *path = lt_format("%s/lessons/%s.txt", LT_ASSETS, files[number - 1]);
    lt_lesson l = read(path);
    snprintf(words, sizeof words, "lesson %d", number);
    snprintf(title, sizeof title, "lesson %d: %s", number, l.title);
    /* image to image of a picture of a run needs the history */
    rig r = rig_open(options, words, number == 3 ? "--size 64x64" : SETTINGS);
    rig_wait(&r, title);
    for (int page = 0; page < l.count; page++)
        one_page(&r, &l, page);
    rig_gone(&r, "F2 next page");
    rig_gone(&r, title);
    if (terminal_faults(r.t) || terminal_holes(r.t))
        terminal_explain(r.t, l.title);
    assert_int_equal(terminal_faults(r.t), 0);
    assert_int_equal(terminal_holes(r.t), 0);
    rig_leave(&r);
    lt_lesson_done(&l);
    free(path);
}

static void test_small(void **state)
{
    (void)state;
    for (int i = 1; i <= LESSONS; i++)
        follow(i, &small);
}

static void test_large(void **state)
{
    (void)state;
    for (int i = 1; i <= LESSONS; i++)
        follow(i, &large);
}

/* ---- skipping ---- */

/* It asks for a view beside the step, or for the slider of a what-if. */
static bool opens(const lt_lesson_page *p)
{
    for (int i = 0; i < p->check_count; i++)
        if ((p->checks[i].fact == LT_LESSON_IF_VIEW && p->checks[i].number > 0) ||
            (p->checks[i].fact == LT_LESSON_IF_WHAT_IF && p->checks[i].number == 0))
            return true;
    return false;
}

static bool closes(const lt_lesson_page *p)
{
    for (int i = 0; i < p->check_count; i++)
        if ((p->checks[i].fact == LT_LESSON_IF_VIEW && p->checks[i].number == 0) ||
            p->checks[i].fact == LT_LESSON_IF_NEW_RUN)
            return true;
    return false;
}

/* What a page opens is opened, and all else is skipped: a page behind one that closes has the step
 * beside it, where Enter is its key, and no line of it fails. */
static void skip_through(int number)
{
    char words[32], page[64];
    char *path = lt_format("%s/lessons/%s.txt", LT_ASSETS, files[number - 1]);
    lt_lesson l = read(path);
    snprintf(words, sizeof words, "lesson %d", number);
    rig r = rig_open(&small, words, number == 3 ? "--size 64x64" : SETTINGS);
    for (int i = 0; i < l.count; i++) {
        const lt_lesson_page *p = &l.pages[i];
        snprintf(page, sizeof page, "  page %d/%d ", i + 1, l.count);
        rig_wait(&r, page);
        if (does(p, "pace 0."))
            rig_keys(&r, ":pace 0<enter>");
        rig_gone(&r, "it is being made");
        if (i > 0 && closes(&l.pages[i - 1]) && !does(p, "seeds") && !does(p, "vary"))
            rig_wait(&r, "Enter next page");
        if (opens(p)) { /* but for what needs a page that was skipped */
            rig_match(&r, "waits for it|Done\\.");
            CHECK_OK(terminal_wait_quiet(r.t, 100, err)); /* and not the page before's */
            press(&r, p);
        }
        if (rig_shows(&r, "failed: "))
            fail_msg("%s: a line of page %d failed", l.title, i + 1);
        if (i + 1 == l.count) /* a view that comes later brings another message */
            rig_wait(&r, opens(p) ? "Done." : p->check_count ? "waits for it" : "F2: the end");
        rig_keys(&r, "<f2>");
    }
    rig_wait(&r, "lesson over");
    rig_leave(&r);
    lt_lesson_done(&l);
    free(path);
}

static void test_skip(void **state)
{
    (void)state;
    for (int i = 1; i <= LESSONS; i++)
        skip_through(i);
}

/* ---- keys ---- */

static void test_list(void **state)
{
    (void)state;
    rig r = rig_ready(&small, "-p a_red_fox --steps 4 --seed 1 " SETTINGS, "");
    rig_keys(&r, "<f2>");
    rig_wait(&r, "which lesson");
    for (int i = 0; i < LESSONS; i++) {
        char *path = lt_format("%s/lessons/%s.txt", LT_ASSETS, files[i]);
        lt_lesson l = read(path);
        char *line = lt_format("%d  %s", i + 1, l.title);
        rig_wait(&r, line);
        free(line);
        lt_lesson_done(&l);
        free(path);
    }
    rig_keys(&r, "<esc>");
    rig_gone(&r, "which lesson");
    rig_keys(&r, "<f2>9");
    rig_wait(&r, "which lesson: 9");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "there is no lesson 9, expected 1 to 8");
    rig_keys(&r, "<f2>2");
    rig_wait(&r, "which lesson: 2");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "lesson 2: Latents  page 1/");
    rig_keys(&r, ":lesson 9<enter>");
    rig_wait(&r, "there is no lesson 9, expected 1 to 8");
    rig_keys(&r, ":lesson 4 please<enter>");
    rig_wait(&r, "'please' is left over");
    rig_keys(&r, ":lesson 4<enter>");
    rig_wait(&r, "lesson 4: One denoising step  page 1/");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "page 2/");
    rig_keys(&r, "<bs>");
    rig_wait(&r, "page 1/");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "page 2/");
    rig_keys(&r, "<esc>");
    rig_wait(&r, "lesson left: F2 goes on at page 2");
    rig_match(&r, "prompt> a red fox +3/75"); /* as before both lessons */
    rig_match(&r, "steps +[0-9]+ +4 ");
    rig_keys(&r, "<f2><enter>");
    rig_wait(&r, "lesson 4: One denoising step  page 2/");
    rig_wait(&r, "(waits for it"); /* the lines of the page before are done */
    rig_keys(&r, ":lesson 3.99<enter>");
    rig_match(&r, "lesson 3 has no page 99, expected 1 to [1-9][0-9]");
    rig_keys(&r, ":lesson 3.0<enter>");
    rig_wait(&r, "lesson 3 has no page 0, expected 1 to ");
    rig_keys(&r, ":lesson 3.2<enter>");
    rig_wait(&r, "lesson 3: Noising  page 2/");
    rig_keys(&r, "<esc>");
    rig_wait(&r, "lesson left: F2 goes on at page 2");
    rig_keys(&r, "<f2>");
    rig_wait(&r, "5  Guidance");
    int row, column;
    assert_true(terminal_find(r.t, "5  Guidance", &row, &column));
    assert_true(terminal_mouse(r.t, 0, row, column + 3, TERMINAL_CLICK));
    rig_wait(&r, "lesson 5: Guidance  page 1/");
    rig_leave(&r);
}

static const char own[] = "title: Own\nabout: x\n---\nOne.\ndo: set guidance-scale 4\n"
                          "---\nTwo.\ntry: Press i and type.\ncheck: prompt blue fox\n"
                          "check: next guidance-scale 4\nkeys: i \"a blue fox\"\n"
                          "---\nThree.\nwait: seconds 0.1\ndo: view\n";

/* The lesson does what it asks for; going back sets the form again. */
static void test_show(void **state)
{
    (void)state;
    rig r = rig_lesson(&small, own, SETTINGS);
    rig_match(&r, "[0-9]/75");
    rig_wait(&r, "lesson: Own  page 1/3");
    rig_keys(&r, ":guidance-scale 6<enter>");
    rig_wait(&r, "guidance-scale is 6");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "page 2/3");
    rig_wait(&r, "waits for it");
    rig_keys(&r, "<bs>");
    rig_wait(&r, "page 1/3");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "page 2/3");
    rig_wait(&r, "waits for it");
    rig_keys(&r, "<f3>");
    rig_wait(&r, "a blue fox");
    rig_wait(&r, "Done.  F2: next page"); /* guidance was 4 again */
    rig_keys(&r, "<f2>");                 /* out of the field */
    rig_wait(&r, "Three.");
    rig_keys(&r, "<bs>");
    rig_wait(&r, "page 2/3");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "Three.");
    rig_keys(&r, "<f2>");
    rig_wait(&r, "lesson over; as before it: guidance-scale, prompt");
    rig_gone(&r, "blue");
    rig_leave(&r);
}

/* A line that cannot be done is told, and told apart from what the page says. */
static void test_failed(void **state)
{
    (void)state;
    rig r = rig_lesson(&small,
                       "title: Own\nabout: x\n---\nOne.\ndo: goto 3\ndo: lens-2\n"
                       "---\nTwo.\ndo: what-if 2\n---\nThree.\ndo: vary 0.2\n"
                       "---\nFour.\ndo: lens-1\n",
                       SETTINGS);
    rig_wait(&r, "failed: goto 3");
    rig_wait(&r, "there are no steps to go to yet");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "failed: what-if 2");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "failed: vary 0.2");
    rig_keys(&r, "<enter>");
    rig_wait(&r, "Four.");
    rig_gone(&r, "failed: ");
    rig_leave(&r);
}

/* What cannot be, and what can. */
static const char *const impossible[] = {
    "do: goto x",        "do: goto 1001",   "do: pace fast",      "do: pace 61",
    "do: seeds 1",       "do: seeds 99",    "do: seeds 2.5",      "do: vary 2",
    "do: vary 0",        "do: what-if -1",  "do: what-if 1001",   "do: theme pink",
    "do: mouse maybe",   "do: default foo", "do: map x quit",     "do: set foo 1",
    "do: set steps 0",   "do: set foo",     "do: lesson-next",    "wait: lens 9",
    "wait: step 2.5",    "wait: page 5",    "wait: made 1001",    "wait: t 100000",
    "wait: seconds inf", "wait: what-if x", "wait: next steps x", "do: accept",
};
static const char possible[] =
    "title: Own\nabout: x\n---\nText\ndo: goto 0\ndo: pace 0.5\ndo: seeds 2\ndo: vary 1\n"
    "do: what-if 7.5\ndo: theme dark\ndo: mouse on\ndo: default steps\ndo: set steps\n"
    "do: set negative-prompt a dog\nwait: lens 0\nwait: page 4\nwait: made 0\nwait: t 999\n"
    "wait: seconds 0.5\nwait: what-if 0.5\ndo: close\ndo: grid-close\n";

/* A mistake is told by line before there is a screen, and by the list of them. */
static void test_wrong(void **state)
{
    (void)state;
    rig r = rig_lesson(&small, "title: Own\nabout: x\n---\n{sigmma}\ndo: lens-22\n", SETTINGS);
    rig_wait(&r, "own.txt:4: there is no number {sigmma}; {sigma} is one");
    rig_end(&r, 1);
    assert_int_equal(rig_run(&r, "lesson --check own.txt"), 1);
    rig_write(&r, "own.txt", "title: Own\nabout: x\n---\nText\ndo: lesson own.txt\n");
    assert_int_equal(rig_run(&r, "lesson --check own.txt"), 1);
    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++) {
        char *text = lt_format("title: Own\nabout: x\n---\nText\n%s\n", impossible[i]);
        rig_write(&r, "own.txt", text);
        if (rig_run(&r, "lesson --check own.txt") != 1)
            fail_msg("no mistake is seen in '%s'", impossible[i]);
        free(text);
    }
    rig_write(&r, "own.txt", possible);
    assert_int_equal(rig_run(&r, "lesson --check own.txt"), 0);
    rig_write(&r, "own.txt", own);
    assert_int_equal(rig_run(&r, "lesson --check own.txt"), 0);
    assert_int_equal(rig_run(&r, "lesson --check own.txt 4"), 2);
    assert_int_equal(rig_run(&r, "lesson --list 4"), 2);
    assert_int_equal(rig_run(&r, "lesson 4 5"), 2);
    assert_int_equal(rig_run(&r, "lesson 99999999999999999999"), 2);
    assert_int_equal(rig_run(&r, "lesson --check none.txt"), 1);
    assert_int_equal(rig_run(&r, "lesson 9"), 2);
    assert_int_equal(rig_run(&r, "lesson"), 2);
    assert_int_equal(rig_run(&r, "lesson --list"), 0);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small),  cmocka_unit_test(test_large), cmocka_unit_test(test_list),
        cmocka_unit_test(test_show),   cmocka_unit_test(test_wrong), cmocka_unit_test(test_skip),
        cmocka_unit_test(test_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
