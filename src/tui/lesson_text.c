/* lesson_text.c - see lesson.h: numbers by name, the lay-out of a page, and what may be waited for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "tui/lesson.h"
#include "tui/wrap.h"

typedef enum argument { NOTHING, WHOLE, NUMBER, MAYBE, SETTING, TEXT, VIEW } argument;

static const struct {
    const char *name, *help;
    int cells;
} numbers[] = {
#define LT_LESSON_NUMBER(name, text, source, cells, help) {text, help, cells},
#include "tui/lesson.def"
};

static const struct {
    const char *name, *help;
    argument argument;
    int least, most;
} facts[] = {
#define LT_LESSON_FACT(name, text, argument, least, most, help) {text, help, argument, least, most},
#include "tui/lesson.def"
};

static const char *const views[] = {"step",   "grid",        "compare", "history",
                                    "tokens", "autoencoder", "noising"};
enum { VIEWS = sizeof views / sizeof *views };

const char *lt_lesson_number_at(int i, const char **help)
{
    if (i >= LT_LESSON_NUMBERS)
        return NULL;
    if (help)
        *help = numbers[i].help;
    return numbers[i].name;
}

const char *lt_lesson_fact_at(int i, const char **help)
{
    if (i >= LT_LESSON_FACTS)
        return NULL;
    if (help)
        *help = facts[i].help;
    return facts[i].name;
}

const char *lt_lesson_view_at(int i)
{
    return i < VIEWS ? views[i] : NULL;
}

static const char *number_name(const void *context, int i)
{
    (void)context;
    return lt_lesson_number_at(i, NULL);
}

static const char *fact_name(const void *context, int i)
{
    (void)context;
    return lt_lesson_fact_at(i, NULL);
}

/* ---- numbers by name ---- */

bool lt_lesson_named(const char *text, size_t *length, lt_lesson_number *out, lt_error *err)
{
    size_t n = strcspn(text + 1, "{}");
    if (text[1 + n] != '}')
        return lt_fail(err, LT_ERR_FORMAT, "{{ stands for a brace", "'%.40s' is not closed with }",
                       text);
    *length = n + 2;
    for (int i = 0; i < LT_LESSON_NUMBERS; i++)
        if (strlen(numbers[i].name) == n && strncmp(numbers[i].name, text + 1, n) == 0) {
            *out = (lt_lesson_number)i;
            return true;
        }
    char name[64];
    snprintf(name, sizeof name, "%.*s", n < sizeof name ? (int)n : (int)sizeof name - 1, text + 1);
    const char *near = lt_nearest(name, number_name, NULL);
    return lt_fail(err, LT_ERR_FORMAT, NULL, "there is no number {%s}; {%s} is one", name,
                   near ? near : numbers[0].name);
}

bool lt_lesson_check_text(const char *text, lt_error *err)
{
    size_t length;
    lt_lesson_number which;
    for (const char *at = text; *at; at += length) {
        length = 1;
        if (at[0] == '{' && at[1] == '{')
            length = 2;
        else if (at[0] == '{' && !lt_lesson_named(at, &length, &which, err))
            return false;
    }
    return true;
}

static void add_number(lt_lesson_number which, lt_lesson_value *value, const void *user,
                       lt_buf *out)
{
    if (!value)
        for (int i = 0; i < numbers[which].cells; i++) /* as wide as it may be, on one line */
            lt_buf_char(out, which == LT_LESSON_PIECES && i % 8 == 7 ? ' ' : '0');
    else if (!value(user, which, out))
        lt_buf_str(out, "...");
}

void lt_lesson_expand(const char *text, lt_lesson_value *value, const void *user, lt_buf *out)
{
    lt_error ignored;
    size_t length;
    lt_lesson_number which;
    for (const char *at = text; *at; at += length) {
        length = 1;
        if (at[0] == '{' && at[1] == '{') {
            length = 2;
            lt_buf_char(out, '{');
        } else if (at[0] == '{' && lt_lesson_named(at, &length, &which, &ignored)) {
            add_number(which, value, user, out);
        } else {
            lt_buf_char(out, *at);
        }
    }
}

/* ---- a page ---- */

static void fix(char **text, lt_lesson_value *value, const void *user)
{
    lt_buf full = {0}, out = {0};
    lt_lesson_expand(*text, value, user, &full);
    for (size_t i = 0; i < full.len; i++)
        lt_buf_str(&out, full.data[i] == '{' ? "{{" : (char[]){full.data[i], '\0'});
    free(*text);
    *text = lt_strdup(out.len ? out.data : "");
    lt_buf_done(&full);
    lt_buf_done(&out);
}

void lt_lesson_fix(lt_lesson_page *p, lt_lesson_value *value, const void *user)
{
    fix(&p->say, value, user);
    fix(&p->try, value, user);
    fix(&p->source, value, user);
}

static void page_done(lt_lesson_page *p)
{
    for (int i = 0; i < p->deed_count; i++) {
        free(p->deeds[i].command);
        lt_lesson_test_done(&p->deeds[i].until);
    }
    for (int i = 0; i < p->check_count; i++)
        lt_lesson_test_done(&p->checks[i]);
    for (int i = 0; i < p->key_count; i++)
        free(p->keys[i].text);
    free(p->say);
    free(p->try);
    free(p->source);
    free(p->deeds);
    free(p->checks);
    free(p->keys);
}

void lt_lesson_done(lt_lesson *l)
{
    for (int i = 0; i < l->count; i++)
        page_done(&l->pages[i]);
    free(l->pages);
    free(l->title);
    free(l->about);
    *l = (lt_lesson){0};
}

/* Appends one of its texts behind a blank line; where it begins, -1: it is empty. */
static int part(const char *label, const char *text, lt_lesson_value *value, const void *user,
                int width, bool utf8, int *lines, lt_buf *out)
{
    lt_buf full = {0};
    if (!*text)
        return -1;
    if (*lines) {
        lt_buf_char(out, '\n');
        ++*lines;
    }
    int at = *lines;
    lt_buf_str(&full, label);
    lt_lesson_expand(text, value, user, &full);
    *lines += lt_wrap_text(out, full.data, full.len, width, utf8);
    lt_buf_done(&full);
    return at;
}

int lt_lesson_lay_out(const lt_lesson_page *p, lt_lesson_value *value, const void *user, int width,
                      bool utf8, lt_buf *out, int *try_at, int *source_at)
{
    int lines = 0;
    part("", p->say, value, user, width, utf8, &lines, out);
    *try_at = part("Try: ", p->try, value, user, width, utf8, &lines, out);
    *source_at = part("Source: ", p->source, value, user, width, utf8, &lines, out);
    return lines;
}

/* ---- what may be waited for ---- */

void lt_lesson_test_done(lt_lesson_test *t)
{
    free(t->text);
    free(t->value);
    *t = (lt_lesson_test){0};
}

static bool read_number(const char *text, lt_lesson_test *out, lt_error *err)
{
    char *end;
    int least = facts[out->fact].least, most = facts[out->fact].most;
    bool whole = facts[out->fact].argument == WHOLE;
    out->number = strtod(text, &end);
    out->counted = *text != '\0';
    if (!*text || *end || !(out->number >= least && out->number <= most) ||
        (whole && out->number != (int)out->number))
        return lt_fail(err, LT_ERR_FORMAT, NULL, "%s is '%s', expected a %snumber from %d to %d",
                       facts[out->fact].name, text, whole ? "whole " : "", least, most);
    return true;
}

static bool read_view(const char *text, lt_lesson_test *out, lt_error *err)
{
    lt_buf all = {0};
    for (int i = 0; i < VIEWS; i++) {
        lt_buf_format(&all, "%s%s", i ? ", " : "", views[i]);
        out->number = i;
        out->counted = strcmp(views[i], text) == 0;
        if (out->counted)
            break;
    }
    if (!out->counted)
        lt_fail(err, LT_ERR_FORMAT, NULL, "there is no view '%s', expected one of %s", text,
                all.data);
    lt_buf_done(&all);
    return out->counted;
}

/* "guidance-scale 3" */
static bool read_setting(const char *text, const lt_lesson_vocabulary *v, lt_lesson_test *out,
                         lt_error *err)
{
    size_t n = strcspn(text, " ");
    out->text = lt_strndup(text, n);
    out->value = lt_strdup(text + n + strspn(text + n, " "));
    if (!n || !*out->value)
        return lt_fail(err, LT_ERR_FORMAT, NULL, "'%s', expected a setting and its value", text);
    return !v || !v->setting || v->setting(out->text, out->value, err);
}

static bool read_argument(const char *text, const lt_lesson_vocabulary *v, lt_lesson_test *out,
                          lt_error *err)
{
    const char *name = facts[out->fact].name;
    switch (facts[out->fact].argument) {
    case NOTHING:
        return !*text ||
               lt_fail(err, LT_ERR_FORMAT, NULL, "'%s' is left over: %s takes nothing", text, name);
    case MAYBE:
        return !*text || read_number(text, out, err);
    case WHOLE:
    case NUMBER:
        return read_number(text, out, err);
    case VIEW:
        return read_view(text, out, err);
    case SETTING:
        return read_setting(text, v, out, err);
    default:
        out->text = lt_strdup(text);
        return *text || lt_fail(err, LT_ERR_FORMAT, NULL, "%s needs words", name);
    }
}

bool lt_lesson_test_parse(const char *text, const lt_lesson_vocabulary *v, lt_lesson_test *out,
                          lt_error *err)
{
    char name[64];
    size_t n = strcspn(text, " ");
    *out = (lt_lesson_test){0};
    snprintf(name, sizeof name, "%.*s", n < sizeof name ? (int)n : (int)sizeof name - 1, text);
    for (int i = 0; i < LT_LESSON_FACTS; i++)
        if (strcmp(facts[i].name, name) == 0) {
            out->fact = (lt_lesson_fact)i;
            return read_argument(text + n + strspn(text + n, " "), v, out, err);
        }
    const char *near = lt_nearest(name, fact_name, NULL);
    return lt_fail(err, LT_ERR_FORMAT, NULL, "'%s' cannot be waited for; %s can", name,
                   near ? near : facts[0].name);
}
