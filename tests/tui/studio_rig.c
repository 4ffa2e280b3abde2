/* studio_rig.c - see studio_rig.h. */
#define _POSIX_C_SOURCE 200809L
#include "studio_rig.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "image/compare.h"
#include "support/temp.h"

const terminal_options rig_large = {
    .columns = 120, .rows = 40, .cell_width = 10, .cell_height = 20};

enum { WORDS = 64, VARIABLES = 8, GUARD = 120 /* seconds */ };

/* ---- words ---- */

typedef struct words {
    char *text;            /* owned */
    char *argv[WORDS + 1]; /* into it */
} words;

/* The program, and what stands between the blanks of both texts. */
static words split(const char *a, const char *b)
{
    words w = {.text = lt_format("%s %s %s", LT_PROGRAM, a, b ? b : "")};
    int n = 0;
    size_t program = strlen(LT_PROGRAM);
    for (char *at = strtok(w.text, " "); at && n < WORDS; at = strtok(NULL, " "))
        w.argv[n++] = at;
    for (char *c = w.text + program + 1; c < w.text + program + 1 + strlen(a); c++)
        *c = *c == '_' ? ' ' : *c;
    return w;
}

/* A home of its own, and a locale that is everywhere. */
typedef struct environment {
    char *home, *at[VARIABLES];
} environment;

static environment environment_of(const char *dir, const char *variable)
{
    environment e = {.home = lt_format("HOME=%s", dir)};
    char *const fixed[] = {e.home,           "XDG_STATE_HOME", "XDG_CONFIG_HOME",
                           "XDG_CACHE_HOME", "XDG_DATA_HOME",  "LC_ALL=C.UTF-8"};
    memcpy(e.at, fixed, sizeof fixed);
    e.at[sizeof fixed / sizeof *fixed] = (char *)(uintptr_t)variable;
    return e;
}

/* ---- the studio ---- */

static void start(rig *r, const char *variable, const terminal_options *options, const char *more)
{
    terminal_options o = options ? *options : (terminal_options){0};
    words w = split(r->arguments, more);
    environment e = environment_of(r->dir, variable);
    if (!o.cell_width && !o.profile) {
        o.cell_width = 10;
        o.cell_height = 20;
    }
    o.folder = r->dir;
    o.guard_seconds = o.guard_seconds ? o.guard_seconds : GUARD;
    CHECK_OK(terminal_open(&r->t, &o, w.argv, e.at, err));
    free(w.text);
    free(e.home);
}

rig rig_open_with(const char *variable, const terminal_options *options, const char *arguments,
                  const char *more)
{
    rig r = {.dir = temp_dir(), .arguments = arguments};
    start(&r, variable, options, more);
    return r;
}

rig rig_open(const terminal_options *options, const char *arguments, const char *more)
{
    return rig_open_with(NULL, options, arguments, more);
}

rig rig_ready(const terminal_options *options, const char *arguments, const char *more)
{
    rig r = rig_open(options, arguments, more);
    rig_match(&r, "[0-9]/75|cut");
    return r;
}

void rig_again(rig *r, const terminal_options *options, const char *more)
{
    terminal_close(r->t);
    start(r, NULL, options, more);
}

void rig_close(rig *r)
{
    terminal_close(r->t);
    temp_dir_remove(r->dir);
    *r = (rig){0};
}

void rig_end(rig *r, int status)
{
    int ended;
    CHECK_OK(terminal_wait_exit(r->t, &ended, err));
    if (ended != status)
        terminal_explain(r->t, "another exit code");
    assert_int_equal(ended, status);
    CHECK_OK(terminal_end_clean(r->t, err));
}

void rig_leave(rig *r)
{
    /* one after the other, and none once it is leaving: one too many would meet the shell's line,
     * where it is a signal */
    for (int i = 0; i < 4 && !terminal_ended(r->t) && terminal_mode(r->t, 1049); i++) {
        rig_keys(r, "<c-c>");
        CHECK_OK(terminal_wait_quiet(r->t, 400, err));
    }
    rig_end(r, 0);
    rig_close(r);
}

void rig_restart(rig *r, const char *more)
{
    rig_keys(r, "q");
    rig_end(r, 0);
    rig_again(r, NULL, more);
    rig_match(r, "[0-9]/75");
}

void rig_watch(rig *r)
{
    /* the screen comes in pieces: its last row may still be the one of before, and the next key,
     * too soon after Esc, would look like Alt */
    rig_keys(r, "<esc>");
    CHECK_OK(terminal_wait_quiet(r->t, 150, err));
    rig_wait(r, "? keys");
}

lt_image *rig_saved(rig *r, const char *name)
{
    rig_keys(r, "s");
    rig_wait(r, name);
    return rig_read_png(r, name, NULL);
}

void rig_keys(rig *r, const char *keys)
{
    CHECK_OK(terminal_keys(r->t, keys, err));
}

void rig_wait(rig *r, const char *text)
{
    CHECK_OK(terminal_wait_text(r->t, text, err));
}

void rig_expect(rig *r, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    rig_wait(r, text);
}

static bool is_chosen(terminal *t, void *user)
{
    int row, column;
    terminal_cell cell;
    return terminal_find(t, user, &row, &column) && terminal_cell_at(t, row, column, &cell) &&
           cell.reverse;
}

void rig_wait_chosen(rig *r, const char *text)
{
    char own[64];
    snprintf(own, sizeof own, "%s", text);
    CHECK_OK(terminal_wait(r->t, is_chosen, own, text, err));
}

void rig_gone(rig *r, const char *text)
{
    CHECK_OK(terminal_wait_gone(r->t, text, err));
}

void rig_match(rig *r, const char *expression)
{
    CHECK_OK(terminal_wait_match(r->t, expression, err));
}

bool rig_shows(const rig *r, const char *text)
{
    return terminal_find(r->t, text, NULL, NULL);
}

int rig_skipped(const rig *r)
{
    int row, column, n = 0;
    lt_buf text = {0};
    bool one = terminal_find(r->t, " 1 picture skipped ", &row, &column);
    if (one || terminal_find(r->t, " pictures skipped ", &row, &column)) {
        terminal_row(r->t, row, &text);
        char *at = strstr(text.data, one ? " picture skipped " : " pictures skipped ");
        while (at > text.data && at[-1] >= '0' && at[-1] <= '9')
            at--;
        sscanf(at, "%d", &n);
    }
    lt_buf_done(&text);
    return n;
}

void rig_sound(rig *r)
{
    if (terminal_damages(r->t) || terminal_faults(r->t) || terminal_holes(r->t))
        terminal_explain(r->t, "damage, faults or holes");
    assert_int_equal(terminal_damages(r->t), 0);
    assert_int_equal(terminal_faults(r->t), 0);
    assert_int_equal(terminal_holes(r->t), 0);
}

void rig_sound_cleared(rig *r)
{
    CHECK_OK(terminal_wait_quiet(r->t, 200, err));
    for (int i = 0; i < terminal_damages(r->t); i++)
        if (!strstr(terminal_damage_get(r->t, i)->bytes, "[2J"))
            rig_sound(r);
    terminal_damage_forget(r->t);
    rig_sound(r);
}

void rig_sound_scrolled(rig *r)
{
    CHECK_OK(terminal_wait_quiet(r->t, 200, err));
    for (int i = 0; i < terminal_faults(r->t); i++)
        if (!strstr(terminal_fault(r->t, i), "were scrolled"))
            rig_sound(r);
    terminal_faults_forget(r->t);
    rig_sound_cleared(r);
}

/* ---- the history ---- */

char *rig_history_path(const rig *r)
{
    return lt_format("%s/.local/share/latentty/history.db", r->dir);
}

lt_store *rig_history(const rig *r)
{
    lt_error note = {0};
    char *path = rig_history_path(r);
    lt_store *s = lt_store_open(path, &note);
    free(path);
    if (note.code != LT_ERR_NONE)
        fail_msg("the history did not open clean: %s", note.message);
    return s;
}

int rig_kept(lt_store *s, int64_t id)
{
    lt_store_step *steps;
    size_t n;
    CHECK_OK(lt_store_read_steps(s, id, 0, 1000, &steps, &n, err));
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(steps[i].k, i);
        assert_true(steps[i].latents.count > 0);
    }
    lt_store_steps_free(steps, n);
    return (int)n - 1;
}

/* ---- render ---- */

static void child(const rig *r, char *const *argv)
{
    char *log = lt_path_join(r->dir, "render.log");
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0666), none = open("/dev/null", O_RDONLY);
    if (out < 0 || none < 0 || dup2(none, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0 ||
        chdir(r->dir) != 0 || setenv("HOME", r->dir, 1) != 0)
        _exit(99);
    execv(argv[0], argv);
    _exit(98);
}

int rig_run(rig *r, const char *text)
{
    int status = 0;
    words w = split(text, NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        child(r, w.argv);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    free(w.text);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

lt_image *rig_read_png(const rig *r, const char *name, lt_png_texts *texts)
{
    lt_image *image = NULL;
    char *path = lt_path_join(r->dir, name);
    CHECK_OK(lt_png_read(path, &image, texts, err));
    free(path);
    return image;
}

lt_image *rig_render(rig *r, const char *name, const char *more, lt_png_texts *texts)
{
    char *line = lt_format("render -q %s %s -o %s", r->arguments, more, name);
    assert_int_equal(rig_run(r, line), 0);
    free(line);
    return rig_read_png(r, name, texts);
}

void rig_frames(rig *r, const char *lens, frames *out)
{
    char *more = lt_format("--frames frames-%s --lens %s", lens, lens);
    *out = (frames){0};
    lt_image_unref(rig_render(r, "frames.png", more, NULL));
    free(more);
    for (; out->count < RIG_FRAMES; out->count++) {
        char *name = lt_format("frames-%s/000-%03d.png", lens, out->count);
        char *path = lt_path_join(r->dir, name);
        if (lt_file_exists(path))
            out->at[out->count] = rig_read_png(r, name, NULL);
        free(path);
        free(name);
        if (!out->at[out->count])
            break;
    }
    assert_true(out->count > 1);
}

void frames_done(frames *f)
{
    for (int k = 0; k < f->count; k++)
        lt_image_unref(f->at[k]);
    *f = (frames){0};
}

/* ---- pictures ---- */

static bool one_colour(const lt_image *image, int x, int y, int side)
{
    const unsigned char *first = image->rgb + 3 * ((size_t)y * (size_t)image->width + (size_t)x);
    for (int row = y; row < y + side; row++)
        for (int column = x; column < x + side; column++) {
            size_t at = 3 * ((size_t)row * (size_t)image->width + (size_t)column);
            if (memcmp(image->rgb + at, first, 3) != 0)
                return false;
        }
    return true;
}

/* NULL where it is not the small one enlarged.  Rows that pad a last band of sixels are left out.
 */
static lt_image *shrunk(const lt_image *image, int width, int height)
{
    int times = image->width / width;
    lt_image *small = NULL;
    if (times < 1 || image->width != times * width || image->height < times * height ||
        image->height >= times * height + 6)
        return NULL;
    CHECK_OK(lt_image_new(width, height, &small, err));
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            size_t from = 3 * ((size_t)(y * times) * (size_t)image->width + (size_t)(x * times));
            if (!one_colour(image, x * times, y * times, times)) {
                lt_image_unref(small);
                return NULL;
            }
            memcpy(small->rgb + 3 * ((size_t)y * (size_t)width + (size_t)x), image->rgb + from, 3);
        }
    return small;
}

lt_image *rig_shrunk_if(rig *r, int number, int width, int height)
{
    const lt_image *image = terminal_picture_image(r->t, number);
    assert_non_null(image);
    return shrunk(image, width, height);
}

lt_image *rig_shrunk(rig *r, int number, int width, int height)
{
    lt_image *small = rig_shrunk_if(r, number, width, height);
    if (!small)
        fail_msg("picture %d is not %dx%d enlarged", number, width, height);
    return small;
}

/* Colours of a picture, at most `most`. */
static int colours(const lt_image *image, int most)
{
    size_t n = (size_t)image->width * (size_t)image->height;
    unsigned seen[256];
    int count = 0;
    for (size_t i = 0; i < n && count < most; i++) {
        const unsigned char *c = image->rgb + 3 * i;
        unsigned colour = (unsigned)c[0] << 16 | (unsigned)c[1] << 8 | c[2];
        int k = 0;
        while (k < count && seen[k] != colour)
            k++;
        if (k == count)
            seen[count++] = colour;
    }
    return count;
}

lt_image *rig_at_rest(rig *r, int width, int height)
{
    enum {
        FEW = 64 /* of a picture that is sent in squares */,
        AGAIN = 3500 /* ms, the canvas's */
    };
    rig_gone(r, "linear preview");
    rig_gone(r, "decoding");
    CHECK_OK(terminal_wait_quiet(r->t, 300, err));
    for (int tries = 0;; tries++) {
        const terminal_picture *last = terminal_picture_last(r->t);
        assert_non_null(last);
        lt_image *small = rig_shrunk_if(r, last->number, width, height);
        if (tries == 2 || (small && colours(small, FEW + 1) > FEW)) {
            assert_non_null(small);
            return small;
        }
        lt_image_unref(small);
        CHECK_OK(terminal_wait_quiet(r->t, AGAIN, err));
    }
}

double rig_distance(const lt_image *a, const lt_image *b)
{
    lt_image_distance d;
    CHECK_OK(lt_image_compare(a, b, &d, err));
    return d.mae;
}

int rig_nearest(const lt_image *picture, const frames *f, double *distance)
{
    int nearest = 0;
    double least = 256;
    for (int k = 0; k < f->count; k++) {
        double d = rig_distance(picture, f->at[k]);
        nearest = d < least ? k : nearest;
        least = d < least ? d : least;
    }
    if (distance)
        *distance = least;
    return nearest;
}

typedef struct step_wait {
    const frames *f;
    int step, seen;
} step_wait;

static bool step_holds(terminal *t, void *user)
{
    step_wait *w = user;
    const terminal_picture *last = terminal_picture_last(t);
    if (!last || last->number == w->seen)
        return false;
    w->seen = last->number;
    const lt_image *image = terminal_picture_image(t, last->number), *first = w->f->at[0];
    lt_image *small = image ? shrunk(image, first->width, first->height) : NULL;
    double distance = 256;
    bool holds =
        small && rig_nearest(small, w->f, &distance) == w->step && distance < RIG_PALETTE_ERROR;
    lt_image_unref(small);
    return holds;
}

void rig_wait_step(rig *r, const frames *f, int step)
{
    step_wait wait = {f, step, 0};
    char *what = lt_format("the picture of step %d", step);
    CHECK_OK(terminal_wait(r->t, step_holds, &wait, what, err));
    free(what);
}

void rig_same_pixels(const lt_image *a, const lt_image *b)
{
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    assert_memory_equal(a->rgb, b->rgb, lt_image_bytes(a));
}

void rig_saves_same(rig *r, const char *name)
{
    rig_keys(r, ":save same.png<enter>");
    rig_wait(r, "saved same.png");
    lt_image *want = rig_read_png(r, name, NULL), *got = rig_read_png(r, "same.png", NULL);
    rig_same_pixels(got, want);
    lt_image_unref(want);
    lt_image_unref(got);
}
