/* record.c - see record.h. */
#include "tui/record.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>

#include "base/mem.h"
#include "image/png.h"
#include "image/resize.h"
#include "pipeline/archive.h"
#include "tui/studio.h"

enum {
    SIDE = 160,      /* pixels of a small picture's longer side */
    SMALL_LEVEL = 1, /* of zlib: the history is no place to save them forever */
};
static const double seldom = 2;   /* seconds between two small pictures of a run at work */
static const double patience = 1; /* and that a step's picture waits for the disk */

void lt_record_open(lt_studio *s)
{
    lt_error err = {0};
    lt_store_writer_options o = {.largest = s->options->history_max};
    if (s->options->history && !lt_store_writer_open(&o, &s->writer, &err))
        lt_studio_say(s, LT_NOTE_WARN, "no run will be kept: %s", err.message);
}

void lt_record_close(lt_studio *s)
{
    lt_store_close(s->store);
    lt_store_writer_close(s->writer);
}

/* ---- what goes in ---- */

double lt_record_behind(const lt_studio *s)
{
    const lt_await *a = &s->awaited;
    return a->ticket && !a->slow && a->until > s->now ? a->until - s->now : 0;
}

static void put_step(lt_studio *s, const lt_reel *r, int k)
{
    lt_await *a = &s->awaited;
    lt_store_step step = lt_archive_step(r->film, k);
    lt_store_writer_step(s->writer, r->ticket, &step);
    if (r->lost)
        return;
    a->slow |= a->ticket && a->until <= s->now; /* the one before was waited for in vain */
    a->ticket = r->ticket;
    a->step = k;
    a->until = s->now + patience;
}

static void put_frames(lt_studio *s, lt_reel *r, int from)
{
    for (int k = from; k <= r->film->done; k++)
        put_step(s, r, k);
}

static void begin(lt_studio *s, lt_reel *r)
{
    lt_store_run run;
    const lt_reel *parent = lt_reels_find(&s->reels, r->parent);
    if (r->ticket) /* it starts again in another type */
        lt_store_writer_finish(s->writer, r->ticket, LT_STORE_FAILED);
    if (r->adopts) {
        r->ticket = lt_store_writer_adopt(s->writer, r->adopts);
        return;
    }
    lt_archive_run(r->film, &run);
    bool fork = parent && !parent->lost && (parent->ticket || parent->stored);
    if (fork) {
        run.parent = parent->ticket ? 0 : parent->stored;
        run.parent_step = r->film->done;
    }
    r->ticket = lt_store_writer_begin(s->writer, &run, fork ? parent->ticket : 0);
    lt_store_run_done(&run);
    put_frames(s, r, fork ? r->film->done + 1 : 0);
}

/* At most `side` pixels a side; the caller's, NULL where there is no picture. */
static lt_image *shrunk(const lt_image *image, int side)
{
    lt_image *small;
    lt_error ignored;
    if (!image)
        return NULL;
    int longer = image->width > image->height ? image->width : image->height;
    int width = longer > side ? image->width * side / longer : image->width;
    int height = longer > side ? image->height * side / longer : image->height;
    if (!lt_image_resize(image, width > 0 ? width : 1, height > 0 ? height : 1, LT_BOX, &small,
                         &ignored))
        return NULL;
    return small;
}

/* Frame k small, the pictures of a batch side by side; the caller's, NULL where there is none. */
static lt_image *small_frame(const lt_reel *r, int k)
{
    int images = r->film->images;
    lt_grid square = {.columns = 1};
    lt_image *whole, **all = lt_alloc_array((size_t)images, sizeof *all);
    lt_error ignored;
    while (square.columns * square.columns < images)
        square.columns++;
    for (int i = 0; i < images; i++)
        all[i] = shrunk(lt_reel_picture(r, k, i, LT_LENS_LATENTS), SIDE / square.columns);
    bool ok = lt_image_grid((const lt_image *const *)all, images, &square, &whole, &ignored);
    for (int i = 0; i < images; i++)
        lt_image_unref(all[i]);
    free(all);
    return ok ? whole : NULL;
}

/* The newest frame of which there is a picture. */
static void thumbnail(lt_studio *s, lt_reel *r)
{
    lt_image *small = NULL;
    lt_buf png = {0};
    lt_error ignored;
    for (int k = r->film->done; k >= 0 && !small; k--)
        small = small_frame(r, k);
    if (!small)
        return;
    if (lt_png_encode(&png, small, NULL, SMALL_LEVEL, &ignored))
        lt_store_writer_thumbnail(s->writer, r->ticket, png.data, png.len);
    lt_buf_done(&png);
    lt_image_unref(small);
    r->thumbnail_at = s->now;
}

static void put_dropped(lt_studio *s, const lt_reel *r)
{
    for (int i = 0; i < r->film->images; i++)
        if (r->image[i].dropped)
            lt_store_writer_drop(s->writer, r->ticket, i, r->image[i].last);
}

static void finish(lt_studio *s, lt_reel *r, lt_store_state state)
{
    thumbnail(s, r);
    lt_store_writer_finish(s->writer, r->ticket, state);
}

void lt_record_event(lt_studio *s, lt_reel *r, lt_event_kind kind)
{
    if (!s->writer || !r->film || (!r->ticket && kind != LT_EVENT_BEGUN))
        return;
    switch (kind) {
    case LT_EVENT_BEGUN:
        begin(s, r);
        break;
    case LT_EVENT_STEP:
        put_step(s, r, r->film->done);
        break;
    case LT_EVENT_PICTURE:
        if (lt_reel_at_work(r) && s->now >= r->thumbnail_at + seldom)
            thumbnail(s, r);
        break;
    case LT_EVENT_DROPPED:
        put_dropped(s, r);
        break;
    case LT_EVENT_DONE:
        finish(s, r, LT_STORE_DONE);
        break;
    case LT_EVENT_STOPPED:
        finish(s, r, LT_STORE_STOPPED);
        break;
    case LT_EVENT_FAILED:
        finish(s, r, LT_STORE_FAILED);
        break;
    default:
        break;
    }
}

/* ---- what comes back ---- */

int lt_record_fd(const lt_studio *s)
{
    return s->writer ? lt_store_writer_fd(s->writer) : -1;
}

static lt_reel *of_ticket(const lt_studio *s, uint64_t ticket)
{
    for (int i = 0; i < s->reels.count; i++)
        if (ticket && s->reels.all[i]->ticket == ticket)
            return s->reels.all[i];
    return NULL;
}

/* A run that another program left unfinished, as it was killed. */
static void offer(lt_studio *s)
{
    lt_error ignored;
    lt_store_run run;
    int64_t id;
    if (!lt_store_unfinished(s->store, &id, &ignored) || !id ||
        !lt_store_read(s->store, id, &run, &ignored))
        return;
    if (run.done < run.steps) {
        s->interrupted = id;
        lt_studio_say(s, LT_NOTE_WARN, "\"%.40s\" was interrupted at step %d of %d: %s goes on",
                      run.prompt, run.done, run.steps, s->focus == LT_FOCUS_VIEW ? "u" : "Ctrl+O");
    }
    lt_store_run_done(&run);
}

static void opened(lt_studio *s, const lt_store_event *e)
{
    lt_error note = {0};
    s->store = lt_store_open(NULL, &note);
    if (e->error.code != LT_ERR_NONE) {
        s->note.error = e->error;
        lt_studio_say(s, LT_NOTE_WARN, "%s", e->error.message);
    } else {
        offer(s);
    }
}

/* The writer has done what it can with this step and those before it. */
static void arrived(lt_studio *s, uint64_t ticket, int step)
{
    lt_await *a = &s->awaited;
    if (a->ticket == ticket && a->step <= step)
        *a = (lt_await){0};
}

static void lost(lt_studio *s, lt_reel *r, const lt_store_event *e)
{
    if (r)
        r->lost = true;
    arrived(s, e->ticket, INT_MAX);
    s->note.error = e->error;
    if (e->step > 0)
        lt_studio_say(s, LT_NOTE_WARN, "the history has this run up to step %d only: %s",
                      e->step - 1, e->error.message);
    else
        lt_studio_say(s, LT_NOTE_WARN, "the history does not have this run: %s", e->error.message);
}

void lt_record_events(lt_studio *s)
{
    lt_store_event e;
    while (s->writer && lt_store_writer_poll(s->writer, &e)) {
        lt_reel *r = of_ticket(s, e.ticket);
        switch (e.kind) {
        case LT_STORE_OPENED:
            opened(s, &e);
            break;
        case LT_STORE_BEGUN:
            if (r) {
                r->stored = e.id;
                lt_runs_stored(s, r);
            }
            lt_gallery_grown(s);
            break;
        case LT_STORE_KEPT:
            arrived(s, e.ticket, e.step);
            continue; /* it is no news for the screen */
        case LT_STORE_LOST:
            lost(s, r, &e);
            break;
        case LT_STORE_FINISHED:
            break;
        case LT_STORE_PRUNED:
            if (e.step > 0)
                lt_studio_say(s, LT_NOTE_INFO, "the history was full: %d old runs left it", e.step);
            break;
        case LT_STORE_TROUBLE:
            lt_studio_say(s, LT_NOTE_WARN, "history: %s", e.error.message);
            break;
        }
        s->dirty = true;
    }
}
