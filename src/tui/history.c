/* history.c - see history.h. */
#define _DEFAULT_SOURCE /* flock */
#include "tui/history.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json_object.h>
#include <json-c/json_tokener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/panic.h"
#include "base/text.h"
#include "tui/edit.h"
#include "tui/find.h"

enum {
    LARGEST = 64 << 20,   /* bytes of a file that is read */
    SMALLER = 16 << 20,   /* a file above is made again */
    LOCK_TRIES = 200,     /* of 10 ms: others hold it for one write, or to make the file again */
    REPLACED_TRIES = 100, /* another program may make the file again while this one opens it */
};

struct lt_prompts {
    char *texts[LT_PROMPTS_MOST + 1]; /* owned, newest first; one place more while one is added */
    size_t count;
    char *path;       /* owned; NULL: in memory */
    size_t at;        /* of a walk: 0 the unfinished line, else texts[at - 1] */
    char *unfinished; /* owned; NULL: no walk */
};

char *lt_prompts_path(void)
{
    return lt_path_user("XDG_STATE_HOME", ".local/state", "prompts");
}

/* ---- the list ---- */

static bool is_kept(const char *text)
{
    size_t n = strlen(text);
    return text[strspn(text, " \n")] && n <= LT_EDIT_LIMIT && lt_text_valid(text, n, NULL);
}

/* Takes the text. */
static void push(lt_prompts *p, char *text)
{
    size_t i = 0;
    while (i < p->count && strcmp(p->texts[i], text) != 0)
        i++;
    if (i < p->count) /* the older one goes */
        free(p->texts[i]);
    else
        p->count++;
    memmove(p->texts + 1, p->texts, i * sizeof *p->texts);
    p->texts[0] = text;
    if (p->count > LT_PROMPTS_MOST)
        free(p->texts[--p->count]);
}

size_t lt_prompts_count(const lt_prompts *p)
{
    return p->count;
}

const char *lt_prompts_get(const lt_prompts *p, size_t i)
{
    LT_ASSERT(i < p->count);
    return p->texts[i];
}

void lt_prompts_rest(lt_prompts *p)
{
    free(p->unfinished);
    p->unfinished = NULL;
    p->at = 0;
}

const char *lt_prompts_up(lt_prompts *p, const char *current)
{
    size_t i = p->at;
    while (i < p->count && (strcmp(p->texts[i], current) == 0 ||
                            (p->unfinished && strcmp(p->texts[i], p->unfinished) == 0)))
        i++;
    if (i == p->count)
        return NULL;
    if (!p->unfinished)
        p->unfinished = lt_strdup(current);
    p->at = i + 1;
    return p->texts[i];
}

const char *lt_prompts_down(lt_prompts *p)
{
    if (p->at == 0)
        return NULL;
    do
        p->at--;
    while (p->at > 0 && strcmp(p->texts[p->at - 1], p->unfinished) == 0);
    return p->at > 0 ? p->texts[p->at - 1] : p->unfinished;
}

bool lt_prompts_search(const lt_prompts *p, const char *needle, size_t from, size_t *index,
                       size_t *start, size_t *end)
{
    for (size_t i = from; i < p->count; i++)
        if (lt_find(p->texts[i], strlen(p->texts[i]), 0, needle, start, end)) {
            *index = i;
            return true;
        }
    return false;
}

/* ---- the file ---- */

static bool refuse(const char *path, lt_error *note)
{
    return lt_fail(note, LT_ERR_IO, NULL, "prompts are not saved: cannot write '%s': %s", path,
                   strerror(errno));
}

static bool wait_for_lock(int fd)
{
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return true;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return true; /* a file system without locks: appending has to do */
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    errno = EWOULDBLOCK;
    return false;
}

/* True if the path still names the open file; another program may have put a new one there. */
static bool is_current(const char *path, int fd)
{
    struct stat open_file, named;
    return fstat(fd, &open_file) == 0 && stat(path, &named) == 0 &&
           open_file.st_ino == named.st_ino && open_file.st_dev == named.st_dev;
}

static int open_regular(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
    if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        errno = EINVAL;
        return -1;
    }
    return fd;
}

/* *fd is open for appending and locked; closing it gives the lock back. */
static bool open_locked(const char *path, int *fd, lt_error *note)
{
    for (int i = 0; i < REPLACED_TRIES; i++) {
        *fd = open_regular(path);
        if (*fd < 0)
            return refuse(path, note);
        if (!wait_for_lock(*fd)) {
            refuse(path, note);
            close(*fd);
            return false;
        }
        if (is_current(path, *fd))
            return true;
        close(*fd);
    }
    errno = EBUSY;
    return refuse(path, note);
}

/* The text of one line without its newline, owned by the caller; NULL: it is none. */
static char *read_line(const char *line, size_t n)
{
    char *text = NULL;
    json_tokener *parser = json_tokener_new_ex(2);
    if (!parser)
        lt_panic_memory("a JSON parser", 0);
    json_tokener_set_flags(parser, JSON_TOKENER_STRICT);
    json_object *o = NULL;
    if (n > 1 && *line == '"' && line[n - 1] == '"' && lt_text_valid(line, n, NULL))
        o = json_tokener_parse_ex(parser, line, (int)n);
    if (o && json_object_is_type(o, json_type_string)) {
        const char *s = json_object_get_string(o);
        if (strlen(s) == (size_t)json_object_get_string_len(o) && is_kept(s))
            text = lt_strdup(s);
    }
    json_object_put(o);
    json_tokener_free(parser);
    return text;
}

/* The number of lines. */
static size_t read_lines(lt_prompts *p, const lt_buf *b)
{
    size_t lines = 0;
    for (size_t i = 0; i < b->len; lines++) {
        const char *end = memchr(b->data + i, '\n', b->len - i);
        size_t n = end ? (size_t)(end - (b->data + i)) : b->len - i;
        char *text = read_line(b->data + i, n);
        if (text)
            push(p, text);
        i += n + 1;
    }
    return lines;
}

static void add_line(lt_buf *b, const char *text)
{
    lt_buf_json(b, text);
    lt_buf_char(b, '\n');
}

static bool make_again(const lt_prompts *p, const char *path, lt_error *note)
{
    lt_buf all = {0};
    for (size_t i = p->count; i-- > 0;)
        add_line(&all, p->texts[i]);
    bool ok = lt_file_write(path, all.data ? all.data : "", all.len, note);
    lt_buf_done(&all);
    return ok || lt_fail_in(note, "prompts are not saved");
}

/* Reads the file, and leaves it such that it can be appended to. */
static bool load(lt_prompts *p, const char *path, lt_error *note)
{
    lt_buf b = {0};
    lt_error unread = {0};
    int fd;
    lt_dir_make_above(path);
    bool writable = open_locked(path, &fd, note);
    bool ok = lt_file_read(path, LARGEST, &b, &unread);
    size_t lines = ok ? read_lines(p, &b) : 0;
    if (writable && !ok) {
        *note = unread;
        lt_fail_in(note, "prompts are not saved");
    }
    if (writable && ok && (lines > 2 * LT_PROMPTS_MOST || b.len > SMALLER))
        ok = make_again(p, path, note);
    if (writable)
        close(fd);
    lt_buf_done(&b);
    return writable && ok;
}

static bool write_all(int fd, const char *s, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, s, n);
        if (done < 0 && errno != EINTR)
            return false;
        s += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
    return true;
}

/* The end of a line that a program did not finish must not spoil this one. */
static bool ends_in_line(int fd)
{
    char last = '\n';
    off_t size = lseek(fd, 0, SEEK_END);
    return size <= 0 || pread(fd, &last, 1, size - 1) != 1 || last == '\n';
}

static bool append(const char *path, const char *text, lt_error *note)
{
    lt_buf line = {0};
    int fd;
    if (!open_locked(path, &fd, note))
        return false;
    if (!ends_in_line(fd))
        lt_buf_char(&line, '\n');
    add_line(&line, text);
    bool ok = write_all(fd, line.data, line.len) || refuse(path, note);
    close(fd);
    lt_buf_done(&line);
    return ok;
}

lt_prompts *lt_prompts_open(const char *path, lt_error *note)
{
    lt_prompts *p = lt_alloc(sizeof *p);
    if (!path)
        lt_fail(note, LT_ERR_IO, "set HOME or XDG_STATE_HOME to a full path",
                "prompts are not saved: there is no home directory");
    else if (load(p, path, note))
        p->path = lt_strdup(path);
    return p;
}

void lt_prompts_close(lt_prompts *p)
{
    if (!p)
        return;
    lt_prompts_rest(p);
    while (p->count)
        free(p->texts[--p->count]);
    free(p->path);
    free(p);
}

bool lt_prompts_add(lt_prompts *p, const char *text, lt_error *note)
{
    lt_prompts_rest(p);
    if (!is_kept(text) || (p->count && strcmp(p->texts[0], text) == 0))
        return true;
    char *copy = lt_strdup(text); /* text may be one of the list's */
    bool ok = !p->path || append(p->path, copy, note);
    if (!ok) {
        free(p->path);
        p->path = NULL;
    }
    push(p, copy);
    return ok;
}
