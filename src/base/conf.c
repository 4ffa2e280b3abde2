/* conf.c - see conf.h. */
#define _POSIX_C_SOURCE 200809L
#include "base/conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

/* ---- what is wrong ---- */

void lt_conf_faults_done(lt_conf_faults *f)
{
    lt_buf_done(&f->all);
    *f = (lt_conf_faults){0};
}

/* "path:3: message", or the message alone. */
static void describe(lt_buf *out, const char *path, int line, const lt_error *err)
{
    if (line > 0) {
        lt_buf_escape(out, path, strlen(path));
        lt_buf_format(out, ":%d: ", line);
    }
    lt_buf_str(out, err->message);
    if (*err->hint)
        lt_buf_format(out, " (%s)", err->hint);
}

void lt_conf_fault(lt_conf_faults *f, const char *path, int line, const lt_error *err)
{
    const char *slash = strrchr(path, '/');
    if (f->count == 0) {
        lt_buf first = {0};
        describe(&first, slash ? slash + 1 : path, line, err);
        lt_text_escape(f->first, sizeof f->first, first.data, first.len);
        lt_buf_done(&first);
    }
    if (f->count < LT_CONF_FAULTS_MOST) {
        describe(&f->all, path, line, err);
        lt_buf_char(&f->all, '\n');
    } else if (f->count == LT_CONF_FAULTS_MOST) {
        lt_buf_str(&f->all, "and more\n");
    }
    f->count++;
}

/* ---- lines ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The quote that closes the one at `open`, before which nothing but blanks or = may stand, and
 * behind which nothing but blanks, = or the end; NULL: it is a character like others. */
static char *closing(const char *start, char *open)
{
    char *end;
    if (*open != '"' || (open > start && !is_blank(open[-1]) && open[-1] != '='))
        return NULL;
    end = strchr(open + 1, '"');
    while (end && end[1] && !is_blank(end[1]) && end[1] != '=')
        end = strchr(end + 1, '"');
    return end;
}

/* Without comment and outer blanks; where it begins. */
static char *trim(char *text)
{
    text += strspn(text, " \t");
    char *start = text, *c = text;
    for (; *c; c++) {
        char *end = closing(start, c);
        if (end)
            c = end;
        else if (*c == '#' && (c == start || is_blank(c[-1])))
            break;
    }
    while (c > start && is_blank(c[-1]))
        c--;
    *c = '\0';
    return start;
}

static bool check(const char *bytes, size_t n, lt_error *err)
{
    size_t bad;
    if (n > LT_CONF_LINE)
        return lt_fail(err, LT_ERR_FORMAT, NULL, "the line has %zu bytes, expected at most %d", n,
                       LT_CONF_LINE);
    if (memchr(bytes, '\0', n))
        return lt_fail(err, LT_ERR_FORMAT, NULL, "the line holds a NUL byte, expected text");
    if (!lt_text_valid(bytes, n, &bad))
        return lt_fail(err, LT_ERR_FORMAT, NULL, "the line is not UTF-8: byte %zu is wrong", bad);
    return true;
}

static bool add_line(lt_conf *c, int number, const char *bytes, size_t n, lt_error *err)
{
    char *copy = lt_strndup(bytes, n);
    const char *text = trim(copy);
    bool full = *text && c->count == LT_CONF_LINES;
    if (*text && !full) {
        c->lines = lt_grow(c->lines, (size_t)c->count + 1, sizeof *c->lines);
        c->lines[c->count++] = (lt_conf_line){number, lt_strdup(text)};
    }
    free(copy);
    return !full || lt_fail(err, LT_ERR_FORMAT, NULL, "more than %d lines: the rest is not read",
                            LT_CONF_LINES);
}

void lt_conf_parse(const char *bytes, size_t n, const char *path, lt_conf *out, lt_conf_faults *f)
{
    static const char mark[] = "\xEF\xBB\xBF";
    const char *end = bytes + n;
    *out = (lt_conf){0};
    if (n >= 3 && memcmp(bytes, mark, 3) == 0)
        bytes += 3;
    for (int number = 1; bytes < end; number++) {
        lt_error err = {0};
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        const char *next = newline ? newline + 1 : end;
        size_t length = (size_t)((newline ? newline : end) - bytes);
        if (length && bytes[length - 1] == '\r')
            length--;
        if (!check(bytes, length, &err) || !add_line(out, number, bytes, length, &err))
            lt_conf_fault(f, path, number, &err);
        bytes = out->count == LT_CONF_LINES && err.code != LT_ERR_NONE ? end : next;
    }
}

static bool is_absent(const char *path)
{
    struct stat st;
    return lstat(path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

void lt_conf_read(const char *path, lt_conf *out, lt_conf_faults *f)
{
    lt_buf bytes = {0};
    lt_error err = {0};
    *out = (lt_conf){0};
    if (is_absent(path))
        return;
    if (lt_file_read(path, LT_CONF_FILE, &bytes, &err))
        lt_conf_parse(bytes.data, bytes.len, path, out, f);
    else
        lt_conf_fault(f, path, 0, &err);
    lt_buf_done(&bytes);
}

void lt_conf_done(lt_conf *c)
{
    for (int i = 0; i < c->count; i++)
        free(c->lines[i].text);
    free(c->lines);
    *c = (lt_conf){0};
}

/* ---- one line ---- */

bool lt_conf_pair(char *text, char **key, char **value)
{
    char *equals = strchr(text, '='), *end;
    if (!equals)
        return false;
    *equals = '\0';
    *key = trim(text);
    *value = equals + 1 + strspn(equals + 1, " \t");
    end = closing(*value, *value);
    if (end && end[1] == '\0') {
        *end = '\0';
        ++*value;
    }
    return true;
}

char *lt_conf_word(char **text)
{
    char *word = *text + strspn(*text, " \t"), *end = closing(word, word);
    if (*word == '\0')
        return NULL;
    if (end)
        word++;
    else
        end = word + strcspn(word, " \t");
    *text = *end ? end + 1 : end;
    *end = '\0';
    return word;
}

char *lt_conf_path(const char *name)
{
    return lt_path_user("XDG_CONFIG_HOME", ".config", name);
}

char *lt_conf_home(const char *path)
{
    const char *home = getenv("HOME");
    bool ours = path[0] == '~' && path[1] == '/' && home && *home == '/';
    return ours ? lt_path_join(home, path + 2) : lt_strdup(path);
}
