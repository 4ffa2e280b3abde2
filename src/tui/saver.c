/* saver.c - see saver.h. */
#include "tui/saver.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/panic.h"
#include "base/queue.h"

typedef struct job {
    char *path;         /* owned; NULL: nothing comes any more */
    lt_image *image;    /* a reference */
    lt_png_texts texts; /* owned */
    uint64_t series;
} job;

struct lt_saver {
    lt_queue *jobs, *events; /* owned */
    pthread_t thread;
    char **waiting; /* the caller's: owned paths [count] whose events were not taken */
    size_t count;
};

/* ---- the thread ---- */

static bool write_file(const job *j, lt_error *err)
{
    if (lt_file_exists(j->path)) /* another program's, or the same name spelled otherwise */
        return lt_fail(err, LT_ERR_IO, "another name", "'%s' is there already", j->path);
    return lt_png_write(j->path, j->image, &j->texts, LT_PNG_LEVEL, err);
}

static void *work(void *saver)
{
    lt_saver *s = saver;
    job j;
    for (;;) {
        lt_queue_wait(s->jobs);
        if (!lt_queue_take(s->jobs, &j))
            continue;
        if (!j.path)
            return NULL;
        lt_saved done = {.path = j.path, .series = j.series};
        if (write_file(&j, &done.error))
            done.error = (lt_error){0};
        lt_image_unref(j.image);
        lt_png_texts_done(&j.texts);
        lt_queue_put(s->events, &done);
    }
}

/* ---- the caller's side ---- */

static void saver_free(lt_saver *s)
{
    lt_queue_free(s->jobs);
    lt_queue_free(s->events);
    free(s->waiting);
    free(s);
}

bool lt_saver_open(lt_saver **out, lt_error *err)
{
    lt_saver *s = lt_alloc(sizeof *s);
    bool ok =
        lt_queue_new(sizeof(job), &s->jobs, err) && lt_queue_new(sizeof(lt_saved), &s->events, err);
    if (ok && pthread_create(&s->thread, NULL, work, s) != 0)
        ok = lt_fail(err, LT_ERR_IO, NULL, "cannot start a thread");
    if (ok)
        *out = s;
    else
        saver_free(s);
    return ok;
}

bool lt_saver_close(lt_saver *s, lt_error *err)
{
    bool ok = true;
    lt_saved e;
    if (!s)
        return true;
    lt_queue_put(s->jobs, &(job){0});
    LT_ASSERT(pthread_join(s->thread, NULL) == 0);
    while (lt_saver_poll(s, &e)) {
        if (ok && e.error.code != LT_ERR_NONE) {
            *err = e.error;
            ok = false;
        }
        lt_saved_done(&e);
    }
    saver_free(s);
    return ok;
}

void lt_saver_put(lt_saver *s, const char *path, lt_image *image, lt_png_texts *texts,
                  uint64_t series)
{
    job j = {.path = lt_strdup(path), .image = lt_image_ref(image), .series = series};
    if (texts) {
        j.texts = *texts;
        *texts = (lt_png_texts){0};
    }
    s->waiting = lt_grow(s->waiting, s->count + 1, sizeof *s->waiting);
    s->waiting[s->count++] = lt_strdup(path);
    lt_queue_put(s->jobs, &j);
}

bool lt_saver_has(const lt_saver *s, const char *path)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->waiting[i], path) == 0)
            return true;
    return false;
}

int lt_saver_fd(const lt_saver *s)
{
    return lt_queue_fd(s->events);
}

bool lt_saver_poll(lt_saver *s, lt_saved *out)
{
    if (!lt_queue_take(s->events, out))
        return false;
    free(s->waiting[0]); /* in the order of putting */
    memmove(s->waiting, s->waiting + 1, --s->count * sizeof *s->waiting);
    return true;
}

void lt_saved_done(lt_saved *e)
{
    free(e->path);
    *e = (lt_saved){0};
}
