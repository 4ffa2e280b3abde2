/* lesson.c - see lesson.h: a file's lines become pages. */
#include "tui/lesson.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/text.h"
#include "tui/cells.h"

/* The words before a colon. */
typedef enum word { TITLE, ABOUT, DO, WAIT, TRY, CHECK, KEYS, SOURCE, WORDS } word;
static const char *const words[] = {
    [TITLE] = "title", [ABOUT] = "about", [DO] = "do",     [WAIT] = "wait",
    [TRY] = "try",     [CHECK] = "check", [KEYS] = "keys", [SOURCE] = "source",
};

typedef struct reader {
    const char *path;
    const lt_lesson_vocabulary *v;
    lt_conf_faults *faults;
    lt_lesson *lesson;
    int line;
    bool body; /* behind the first --- */
    lt_buf say, try, source;
    lt_buf *open; /* what an indented line goes on with: try, source; NULL: it stands alone */
    bool joined;  /* the next plain line goes on with the paragraph */
} reader;

static void fault(reader *r, int line, const lt_error *err)
{
    lt_conf_fault(r->faults, r->path, line, err);
}

LT_PRINTF(2, 3) static void wrong(reader *r, const char *format, ...)
{
    char text[512];
    va_list args;
    lt_error err = {0};
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    lt_fail(&err, LT_ERR_FORMAT, NULL, "%s", text);
    fault(r, r->line, &err);
}

/* ---- pages ---- */

static lt_lesson_page *page(const reader *r)
{
    return r->lesson->count ? &r->lesson->pages[r->lesson->count - 1] : NULL;
}

static char *taken(lt_buf *b)
{
    while (b->len && (b->data[b->len - 1] == '\n' || b->data[b->len - 1] == ' '))
        b->data[--b->len] = '\0';
    char *text = lt_strdup(b->len ? b->data : "");
    lt_buf_clear(b);
    return text;
}

/* What can only be seen at its end. */
static void check_page(reader *r, const lt_lesson_page *p)
{
    lt_error err = {0};
    lt_buf rows = {0};
    int try_at, source_at;
    int n = lt_lesson_lay_out(p, NULL, NULL, LT_LESSON_COLS, true, &rows, &try_at, &source_at);
    lt_buf_done(&rows);
    if (!*p->say && !*p->try)
        lt_fail(&err, LT_ERR_FORMAT, NULL, "the page says nothing");
    else if (n > LT_LESSON_ROWS)
        lt_fail(&err, LT_ERR_FORMAT, "two pages",
                "the page has %d rows of %d columns, expected at most %d, which a screen of 80x24 "
                "shows",
                n, LT_LESSON_COLS, LT_LESSON_ROWS);
    else if ((p->check_count || p->key_count) && !*p->try)
        lt_fail(&err, LT_ERR_FORMAT, NULL, "the page has check: or keys:, but no try:");
    else if (p->key_count && !p->check_count)
        lt_fail(&err, LT_ERR_FORMAT, NULL, "the page has keys:, but no check:");
    if (err.code != LT_ERR_NONE)
        fault(r, p->line, &err);
}

static void close_page(reader *r)
{
    lt_lesson_page *p = page(r);
    if (p) {
        p->say = taken(&r->say);
        p->try = taken(&r->try);
        p->source = taken(&r->source);
        check_page(r, p);
    }
}

static void open_page(reader *r)
{
    lt_lesson *l = r->lesson;
    if (r->body)
        close_page(r);
    r->body = true;
    r->open = NULL;
    r->joined = false;
    if (l->count == LT_LESSON_PAGES) {
        wrong(r, "more than %d pages", LT_LESSON_PAGES);
        r->body = false; /* what follows is read as a header, and is none */
        return;
    }
    l->pages = lt_grow(l->pages, (size_t)l->count + 1, sizeof *l->pages);
    l->pages[l->count++] = (lt_lesson_page){.line = r->line + 1};
}

/* ---- lines ---- */

static bool full(reader *r, int count)
{
    if (count == LT_LESSON_EACH)
        wrong(r, "more than %d lines of this kind on a page", LT_LESSON_EACH);
    return count == LT_LESSON_EACH;
}

static void deed(reader *r, const char *command, const lt_lesson_test *until)
{
    lt_lesson_page *p = page(r);
    p->deeds = lt_grow(p->deeds, (size_t)p->deed_count + 1, sizeof *p->deeds);
    p->deeds[p->deed_count++] = (lt_lesson_deed){.line = r->line,
                                                 .command = command ? lt_strdup(command) : NULL,
                                                 .until = until ? *until : (lt_lesson_test){0}};
}

static void add_do(reader *r, const char *value)
{
    lt_error err = {0};
    if (r->v && r->v->command && !r->v->command(value, &err))
        fault(r, r->line, &err);
    else if (!full(r, page(r)->deed_count))
        deed(r, value, NULL);
}

static void add_test(reader *r, const char *value, bool wait)
{
    lt_error err = {0};
    lt_lesson_test t;
    lt_lesson_page *p = page(r);
    bool ok = lt_lesson_test_parse(value, r->v, &t, &err);
    t.line = r->line;
    if (!ok) {
        fault(r, r->line, &err);
    } else if (t.fact == LT_LESSON_IF_SECONDS && !wait) {
        wrong(r, "seconds go by alone: they are for wait:, not for check:");
    } else if (!full(r, wait ? p->deed_count : p->check_count)) {
        if (wait) {
            deed(r, NULL, &t);
        } else {
            p->checks = lt_grow(p->checks, (size_t)p->check_count + 1, sizeof *p->checks);
            p->checks[p->check_count++] = t;
        }
        return;
    }
    lt_lesson_test_done(&t);
}

/* Names of keys with blanks between, and text in double quotes. */
static void add_keys(reader *r, const char *value)
{
    lt_lesson_page *p = page(r);
    char *copy = lt_strdup(value), *at = copy;
    while (*(at += strspn(at, " "))) {
        bool quoted = *at == '"' && strchr(at + 1, '"');
        lt_lesson_stroke s = {0};
        at += quoted;
        size_t n = strcspn(at, quoted ? "\"" : " ");
        bool last = at[n] == '\0';
        at[n] = '\0';
        if (quoted)
            s.text = lt_strdup(at);
        else if (!lt_key_parse(at, &s.key))
            wrong(r, "'%s' is no key, expected names as in keys.conf, or text in double quotes",
                  at);
        if (full(r, p->key_count)) {
            free(s.text);
            break;
        }
        p->keys = lt_grow(p->keys, (size_t)p->key_count + 1, sizeof *p->keys);
        p->keys[p->key_count++] = s;
        at += n + !last;
    }
    free(copy);
}

static void text(reader *r, lt_buf *to, const char *value)
{
    lt_error err = {0};
    if (!lt_lesson_check_text(value, &err))
        fault(r, r->line, &err);
    else
        lt_buf_format(to, "%s%s", to->len ? " " : "", value);
    r->open = to;
}

static void header(reader *r, word w, const char *value)
{
    char **to = w == TITLE ? &r->lesson->title : &r->lesson->about;
    int cells = lt_cells_width(value, strlen(value));
    if (*to) {
        wrong(r, "there is a %s: already", words[w]);
        return;
    }
    if (w == TITLE && cells > LT_LESSON_TITLE)
        wrong(r, "the title has %d columns, expected at most %d", cells, LT_LESSON_TITLE);
    *to = lt_strdup(value);
}

static void in_page(reader *r, word w, const char *value)
{
    switch (w) {
    case DO:
        add_do(r, value);
        break;
    case WAIT:
    case CHECK:
        add_test(r, value, w == WAIT);
        break;
    case KEYS:
        add_keys(r, value);
        break;
    default:
        text(r, w == TRY ? &r->try : &r->source, value);
        break;
    }
}

static const char *word_at(const void *context, int i)
{
    const reader *r = context;
    int first = r->body ? DO : TITLE, last = r->body ? WORDS : DO;
    return first + i < last ? words[first + i] : NULL;
}

static void named(reader *r, const char *name, const char *value)
{
    int w = 0;
    bool ours;
    while (w < WORDS && strcmp(words[w], name) != 0)
        w++;
    ours = w < WORDS && (w >= DO) == r->body;
    r->open = NULL;
    r->joined = false;
    if (ours && !*value)
        wrong(r, "%s: says nothing", name);
    else if (ours && r->body)
        in_page(r, (word)w, value);
    else if (ours)
        header(r, (word)w, value);
    else if (w < WORDS)
        wrong(r, "%s: belongs %s the first ---", name, r->body ? "before" : "behind");
    else {
        const char *near = lt_nearest(name, word_at, r);
        wrong(r, "there is no '%s:'; %s: is one%s", name, near ? near : word_at(r, 0),
              r->body ? ", and text begins with a capital" : "");
    }
}

/* A line of text: plain ones make paragraphs, indented ones stay as they are. */
static void say(reader *r, const char *line)
{
    lt_error err = {0};
    bool indented = *line == ' ';
    if (!r->body) {
        wrong(r, "text before the first ---, expected title: and about:");
    } else if (!lt_lesson_check_text(line, &err)) {
        fault(r, r->line, &err);
    } else if (indented && r->open) {
        lt_buf_format(r->open, " %s", line + strspn(line, " "));
        return;
    } else {
        const char *before = !r->say.len || r->say.data[r->say.len - 1] == '\n' ? ""
                             : r->joined && !indented                           ? " "
                                                                                : "\n";
        lt_buf_format(&r->say, "%s%s%s", before, line, indented ? "\n" : "");
        r->joined = !indented;
    }
    r->open = NULL;
}

static void blank(reader *r)
{
    if (r->body && r->say.len)
        lt_buf_str(&r->say, r->say.data[r->say.len - 1] == '\n' ? "\n" : "\n\n");
    r->open = NULL;
    r->joined = false;
}

/* "word: value", where the word is of lower case letters. */
static bool cut(char *line, char **value)
{
    size_t n = strspn(line, "abcdefghijklmnopqrstuvwxyz");
    if (n == 0 || line[n] != ':' || (line[n + 1] && line[n + 1] != ' '))
        return false;
    line[n] = '\0';
    *value = line + n + 1 + strspn(line + n + 1, " ");
    return true;
}

static void one_line(reader *r, char *line)
{
    char *value;
    if (*line == '#')
        return;
    if (strcmp(line, "---") == 0)
        open_page(r);
    else if (!*line)
        blank(r);
    else if (cut(line, &value))
        named(r, line, value);
    else
        say(r, line);
}

static bool is_text(const char *line, size_t n, lt_error *err)
{
    size_t bad;
    if (n > LT_LESSON_LINE)
        return lt_fail(err, LT_ERR_FORMAT, NULL, "the line has %zu bytes, expected at most %d", n,
                       LT_LESSON_LINE);
    if (!lt_text_valid(line, n, &bad))
        return lt_fail(err, LT_ERR_FORMAT, NULL, "the line is not UTF-8: byte %zu is wrong", bad);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7F)
            return lt_fail(err, LT_ERR_FORMAT, "blanks instead of tabs",
                           "the line holds the control character 0x%02X", (unsigned char)line[i]);
    return true;
}

static void take(reader *r, const char *line, size_t n)
{
    lt_error err = {0};
    while (n > 0 && (line[n - 1] == ' ' || line[n - 1] == '\r'))
        n--;
    r->line++;
    if (!is_text(line, n, &err)) {
        fault(r, r->line, &err);
        return;
    }
    char *copy = lt_strndup(line, n);
    one_line(r, copy);
    free(copy);
}

static void finish(reader *r)
{
    lt_lesson *l = r->lesson;
    lt_error err = {0};
    if (r->body)
        close_page(r);
    else if (l->count == 0)
        lt_fail(&err, LT_ERR_FORMAT, NULL, "there are no pages, expected a line --- before each");
    if (err.code == LT_ERR_NONE && (!l->title || !l->about))
        lt_fail(&err, LT_ERR_FORMAT, NULL, "the lesson has no %s:", l->title ? "about" : "title");
    if (err.code != LT_ERR_NONE)
        fault(r, 1, &err);
    lt_lesson_check_steps(l, r->path, r->faults);
    l->title = l->title ? l->title : lt_strdup("");
    l->about = l->about ? l->about : lt_strdup("");
    lt_buf_done(&r->say);
    lt_buf_done(&r->try);
    lt_buf_done(&r->source);
}

void lt_lesson_parse(const char *bytes, size_t n, const char *path, const lt_lesson_vocabulary *v,
                     lt_lesson *out, lt_conf_faults *f)
{
    reader r = {.path = path, .v = v, .faults = f, .lesson = out};
    *out = (lt_lesson){0};
    size_t at = n >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    while (at < n) {
        const char *end = memchr(bytes + at, '\n', n - at);
        size_t length = (end ? (size_t)(end - bytes) : n) - at;
        take(&r, bytes + at, length);
        at += length + 1;
    }
    finish(&r);
}
