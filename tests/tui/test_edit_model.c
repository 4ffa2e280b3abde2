/* Random operations on the editor and on a model that is only a list of clusters. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "support/check.h"
#include "tui/edit.h"
#include "tui/edit_check.h"

enum { MOST = 4096, RUNS = 150, STEPS = 200 };

typedef struct model {
    char *parts[MOST]; /* one cluster each, owned */
    size_t count, cursor;
    char *killed;
    int kills; /* 0: the last operation was none */
} model;

static uint64_t seed;

static size_t below(size_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(seed >> 33) % n;
}

static char *join(const model *m, size_t from, size_t to)
{
    lt_buf b = {0};
    for (size_t i = from; i < to; i++)
        lt_buf_str(&b, m->parts[i]);
    lt_buf_str(&b, "");
    return b.data;
}

/* The text anew, with the cursor at the first border from a byte on. */
static void model_set(model *m, const char *text, size_t cursor)
{
    size_t n = strlen(text), count, *borders = edit_borders(text, n, &count);
    assert_non_null(borders);
    assert_true(count <= MOST);
    for (size_t i = 0; i < m->count; i++)
        free(m->parts[i]);
    m->count = m->cursor = count;
    for (size_t i = count; i-- > 0;) {
        m->parts[i] = lt_strndup(text + borders[i], borders[i + 1] - borders[i]);
        if (borders[i] >= cursor)
            m->cursor = i;
    }
    free(borders);
}

/* Clusters from..to become a text, and the cursor stands behind it. */
static void model_replace(model *m, size_t from, size_t to, const char *text)
{
    char *before = join(m, 0, from), *after = join(m, to, m->count);
    char *all = lt_format("%s%s%s", before, text, after);
    model_set(m, all, strlen(before) + strlen(text));
    free(before);
    free(after);
    free(all);
}

static bool is(const model *m, size_t i, const char *one_of)
{
    return strchr(one_of, *m->parts[i]) != NULL;
}

/* Enough for what words() holds: all else there is a word. */
static bool is_word(const model *m, size_t i)
{
    return !is(m, i, " \n,.:()[]\\!");
}

static size_t word_left(const model *m)
{
    size_t i = m->cursor;
    for (; i && !is_word(m, i - 1); i--)
        ;
    for (; i && is_word(m, i - 1); i--)
        ;
    return i;
}

static size_t word_right(const model *m)
{
    size_t i = m->cursor;
    for (; i < m->count && !is_word(m, i); i++)
        ;
    for (; i < m->count && is_word(m, i); i++)
        ;
    return i;
}

static size_t blank_left(const model *m)
{
    size_t i = m->cursor;
    for (; i && is(m, i - 1, " \n"); i--)
        ;
    for (; i && !is(m, i - 1, " \n"); i--)
        ;
    return i;
}

static size_t line_edge(const model *m, int way)
{
    size_t i = m->cursor;
    while (way < 0 ? i > 0 && !is(m, i - 1, "\n") : i < m->count && !is(m, i, "\n"))
        i += (size_t)way;
    return i;
}

static void model_kill(model *m, size_t from, size_t to)
{
    if (from == to) {
        m->kills *= 2; /* nothing killed: kills in a row go on */
        return;
    }
    char *cut = join(m, from, to), *old = m->kills ? m->killed : lt_strdup("");
    if (!m->kills)
        free(m->killed);
    m->killed = from < m->cursor ? lt_format("%s%s", cut, old) : lt_format("%s%s", old, cut);
    m->kills = 2;
    free(cut);
    free(old);
    model_replace(m, from, to, "");
}

static void model_transpose(model *m)
{
    size_t i = m->cursor == m->count && m->count ? m->count - 1 : m->cursor;
    if (i == 0 || i >= m->count || is(m, i, "\n") || is(m, i - 1, "\n") ||
        strcmp(m->parts[i], m->parts[i - 1]) == 0)
        return;
    char *both = lt_format("%s%s", m->parts[i], m->parts[i - 1]);
    model_replace(m, i - 1, i + 1, both);
    free(both);
}

static void model_do(model *m, lt_edit_op op)
{
    size_t c = m->cursor;
    m->kills = m->kills == 2; /* only right after a kill */
    switch (op) {
    case LT_EDIT_LEFT:
        m->cursor -= c > 0;
        break;
    case LT_EDIT_RIGHT:
        m->cursor += c < m->count;
        break;
    case LT_EDIT_WORD_LEFT:
        m->cursor = word_left(m);
        break;
    case LT_EDIT_WORD_RIGHT:
        m->cursor = word_right(m);
        break;
    case LT_EDIT_HOME:
        m->cursor = line_edge(m, -1);
        break;
    case LT_EDIT_END:
        m->cursor = line_edge(m, 1);
        break;
    case LT_EDIT_TEXT_START:
        m->cursor = 0;
        break;
    case LT_EDIT_TEXT_END:
        m->cursor = m->count;
        break;
    case LT_EDIT_DELETE:
        model_replace(m, c, c + (c < m->count), "");
        break;
    case LT_EDIT_BACKSPACE:
        model_replace(m, c - (c > 0), c, "");
        break;
    case LT_EDIT_KILL_END:
        model_kill(m, c, c < m->count && is(m, c, "\n") ? c + 1 : line_edge(m, 1));
        break;
    case LT_EDIT_KILL_START:
        model_kill(m, line_edge(m, -1), c);
        break;
    case LT_EDIT_KILL_BLANK_LEFT:
        model_kill(m, blank_left(m), c);
        break;
    case LT_EDIT_KILL_WORD_LEFT:
        model_kill(m, word_left(m), c);
        break;
    case LT_EDIT_KILL_WORD_RIGHT:
        model_kill(m, c, word_right(m));
        break;
    case LT_EDIT_YANK:
        model_replace(m, c, c, m->killed);
        break;
    case LT_EDIT_TRANSPOSE:
        model_transpose(m);
        break;
    case LT_EDIT_NEWLINE:
        model_replace(m, c, c, "\n");
        break;
    case LT_EDIT_CLEAR:
        model_replace(m, 0, m->count, "");
        break;
    default:
        fail_msg("operation %d has no model", (int)op);
    }
}

/* What may be inserted as it is. */
static const char *word(void)
{
    static const char *const words[] = {"a",
                                        "fox",
                                        " ",
                                        "  ",
                                        ",",
                                        ", ",
                                        "(",
                                        ")",
                                        "!",
                                        "\n",
                                        "x\ny",
                                        "12.5",
                                        "\xC3\xA9",
                                        "e\xCC\x81",
                                        "\xCC\x81",
                                        "\xCC\x81\xCC\xA3\xCC\x82",
                                        "\xE7\x8C\xAB",
                                        "\xE1\x84\x80",
                                        "\xE1\x85\xA1",
                                        "\xE1\x86\xA8",
                                        "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x9A\x92",
                                        "\xF0\x9F\x91\xA9",
                                        "\xF0\x9F\x87\xAB",
                                        "\xF0\x9F\x87\xB7",
                                        "\xE2\x9D\xA4\xEF\xB8\x8F",
                                        "\xE0\xA4\xA8\xE0\xA4\xBF",
                                        "\xE0\xA4\x95\xE0\xA5\x8D\xE0\xA4\xB7",
                                        "\xD7\xA9\xD7\x9C"};
    return words[below(sizeof words / sizeof *words)];
}

static void compare(const lt_edit *e, const model *m, lt_edit_op op)
{
    char *all = join(m, 0, m->count), *before = join(m, 0, m->cursor);
    if (strcmp(lt_edit_text(e, NULL), all) != 0 || lt_edit_cursor(e) != strlen(before))
        fail_msg("after operation %d: '%s' at %zu, model '%s' at %zu", (int)op,
                 lt_edit_text(e, NULL), lt_edit_cursor(e), all, strlen(before));
    free(all);
    free(before);
    edit_check(e, true);
}

/* Every text that there was, for undo and redo to come back to. */
typedef struct past {
    char *texts[STEPS + 1];
    int count, at;
} past;

static void past_add(past *p, const char *text)
{
    if (p->count && strcmp(p->texts[p->at], text) == 0)
        return;
    while (p->count > p->at + (p->count > 0))
        free(p->texts[--p->count]);
    p->at = p->count;
    p->texts[p->count++] = lt_strdup(text);
}

static void past_go(past *p, int way, const char *text)
{
    do {
        p->at += way;
        if (p->at < 0 || p->at >= p->count)
            fail_msg("undo or redo made '%s', which never was", text);
    } while (strcmp(p->texts[p->at], text) != 0);
}

static void go_in_time(lt_edit *e, model *m, past *p, lt_edit_op op)
{
    bool can = op == LT_EDIT_UNDO ? p->at > 0 : p->at + 1 < p->count;
    bool done = lt_edit_do(e, op);
    m->kills = 0;
    if (done != can)
        fail_msg("%s: %d, at %d of %d texts", op == LT_EDIT_UNDO ? "undo" : "redo", done, p->at,
                 p->count);
    if (done)
        past_go(p, op == LT_EDIT_UNDO ? -1 : 1, lt_edit_text(e, NULL));
    model_set(m, lt_edit_text(e, NULL), lt_edit_cursor(e));
}

static int by_value(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

/* A phrase that moves changes nothing but the order. */
static void move_phrase(lt_edit *e, model *m, lt_edit_op op)
{
    char *before = lt_strdup(lt_edit_text(e, NULL));
    lt_edit_do(e, op);
    char *after = lt_strdup(lt_edit_text(e, NULL));
    model_set(m, after, lt_edit_cursor(e));
    m->kills = 0;
    assert_int_equal(strlen(after), strlen(before));
    qsort(before, strlen(before), 1, by_value);
    qsort(after, strlen(after), 1, by_value);
    assert_string_equal(after, before);
    free(before);
    free(after);
}

static void one_step(lt_edit *e, model *m, past *p)
{
    lt_edit_op op = (lt_edit_op)below(LT_EDIT_OPS + LT_EDIT_OPS / 2);
    if (op == LT_EDIT_CLEAR && below(8))
        op = LT_EDIT_LEFT;
    if (op >= LT_EDIT_OPS) {
        const char *w = word();
        assert_true((below(2) ? lt_edit_insert : lt_edit_paste)(e, w, strlen(w)));
        model_replace(m, m->cursor, m->cursor, w);
        m->kills = 0;
    } else if (op == LT_EDIT_UNDO || op == LT_EDIT_REDO) {
        go_in_time(e, m, p, op);
    } else if (op == LT_EDIT_PHRASE_LEFT || op == LT_EDIT_PHRASE_RIGHT) {
        move_phrase(e, m, op);
    } else {
        lt_edit_do(e, op);
        model_do(m, op);
    }
    compare(e, m, op);
    past_add(p, lt_edit_text(e, NULL));
}

static void test_random(void **state)
{
    (void)state;
    for (int run = 0; run < RUNS; run++) {
        lt_edit *e = lt_edit_new(true);
        model m = {.killed = lt_strdup("")};
        past p = {0};
        seed = (uint64_t)run;
        past_add(&p, "");
        for (int i = 0; i < STEPS; i++)
            one_step(e, &m, &p);
        int undone = 0;
        while (lt_edit_do(e, LT_EDIT_UNDO))
            undone++;
        assert_string_equal(lt_edit_text(e, NULL), "");
        assert_true(undone > 0);
        while (lt_edit_do(e, LT_EDIT_REDO))
            edit_check(e, true);
        assert_string_equal(lt_edit_text(e, NULL), p.texts[p.count - 1]);
        model_set(&m, "", 0);
        while (p.count)
            free(p.texts[--p.count]);
        free(m.killed);
        lt_edit_free(e);
    }
}

/* Strings that break editors: typed, stepped over both ways, taken away from both ends. */
static void test_torture(void **state)
{
    (void)state;
    for (size_t a = 0; a < edit_torture_count; a++)
        for (size_t b = 0; b < edit_torture_count; b++) {
            lt_edit *e = lt_edit_new(true);
            size_t count, steps = 0;
            lt_edit_insert(e, edit_torture[a], strlen(edit_torture[a]));
            edit_check(e, true);
            lt_edit_insert(e, edit_torture[b], strlen(edit_torture[b]));
            edit_check(e, true);
            lt_edit_clusters(e, &count);
            for (; lt_edit_do(e, LT_EDIT_LEFT); steps++)
                edit_check(e, true);
            assert_int_equal(steps, count);
            for (; lt_edit_do(e, LT_EDIT_RIGHT); steps--)
                edit_check(e, true);
            assert_int_equal(steps, 0);
            for (; lt_edit_do(e, LT_EDIT_BACKSPACE); steps++)
                edit_check(e, true);
            assert_int_equal(steps,
                             count); /* from the end, a cluster goes without joining others */
            lt_edit_free(e);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_torture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
