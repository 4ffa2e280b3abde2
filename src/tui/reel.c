/* reel.c - see reel.h. */
#include "tui/reel.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

size_t lt_reel_places(const lt_reel *r)
{
    return ((size_t)r->film->steps + 1) * (size_t)r->film->images;
}

size_t lt_reel_place(const lt_reel *r, int k, int image)
{
    return (size_t)k * (size_t)r->film->images + (size_t)image;
}

/* That of a picture, made where there was none. */
static lt_image **place_of(lt_reel *r, int k, int image, lt_lens lens)
{
    if (!r->picture[lens])
        r->picture[lens] = lt_alloc_array(lt_reel_places(r), sizeof(lt_image *));
    return &r->picture[lens][lt_reel_place(r, k, image)];
}

const char *lt_reel_state_name(lt_reel_state state)
{
    static const char *const names[] = {
        [LT_REEL_QUEUED] = "queued", [LT_REEL_WAITING] = "start", [LT_REEL_RUNNING] = "run",
        [LT_REEL_PAUSED] = "paused", [LT_REEL_DONE] = "done",     [LT_REEL_STOPPED] = "stopped",
        [LT_REEL_FAILED] = "failed",
    };
    return names[state];
}

static void drop_pictures(lt_reel *r)
{
    for (int lens = 0; lens < LT_REEL_LENSES; lens++) {
        for (size_t i = 0; r->picture[lens] && i < lt_reel_places(r); i++)
            lt_image_unref(r->picture[lens][i]);
        free(r->picture[lens]);
        r->picture[lens] = NULL;
    }
}

static void reel_free(lt_reel *r)
{
    drop_pictures(r);
    lt_reel_attention_drop(r);
    lt_film_free(r->film);
    if (r->queued)
        lt_params_done(r->queued);
    free(r->queued);
    free(r->image);
    free(r->prompt);
    free(r);
}

void lt_reels_done(lt_reels *r)
{
    for (int i = 0; i < r->count; i++)
        reel_free(r->all[i]);
    free(r->all);
    *r = (lt_reels){0};
}

lt_reel *lt_reels_add(lt_reels *r, uint64_t id, const char *prompt)
{
    lt_reel *reel = lt_alloc(sizeof *reel);
    reel->id = id;
    reel->state = LT_REEL_WAITING;
    reel->prompt = lt_strdup(prompt);
    r->all = lt_grow(r->all, (size_t)r->count + 1, sizeof(lt_reel *));
    r->all[r->count++] = reel;
    return reel;
}

lt_reel *lt_reels_find(const lt_reels *r, uint64_t id)
{
    for (int i = r->count - 1; i >= 0; i--)
        if (r->all[i]->id == id)
            return r->all[i];
    return NULL;
}

lt_reel *lt_reels_maker(const lt_reels *r, uint64_t id, int frame)
{
    lt_reel *maker = lt_reels_find(r, id);
    while (maker && maker->film && frame <= maker->film->forked)
        maker = lt_reels_find(r, maker->parent);
    return maker;
}

void lt_reels_drop(lt_reels *r, lt_reel *which)
{
    int kept = 0;
    for (int i = 0; i < r->count; i++)
        if (r->all[i] != which)
            r->all[kept++] = r->all[i];
    r->count = kept;
    reel_free(which);
}

lt_reel *lt_reels_stored(const lt_reels *r, int64_t stored)
{
    for (int i = r->count - 1; i >= 0; i--)
        if (stored && r->all[i]->stored == stored)
            return r->all[i];
    return NULL;
}

static void room_for_images(lt_reel *r)
{
    r->image = lt_alloc_array((size_t)r->film->images, sizeof *r->image);
}

lt_reel *lt_reels_reopen(lt_reels *r, uint64_t id, lt_film *film, lt_reel_state state,
                         int64_t stored)
{
    lt_reel *reel = lt_reels_add(r, id, film->params.prompts[0]);
    reel->film = film;
    reel->state = state;
    reel->stored = stored;
    reel->forked = film->forked;
    room_for_images(reel);
    return reel;
}

/* The pictures that another run has of one of its images, up to this one's newest frame. */
static void share_pictures(lt_reel *r, const lt_reel *from, int image)
{
    for (int k = 0; k <= r->film->done; k++)
        for (int lens = 0; lens < LT_REEL_LENSES; lens++) {
            lt_image *picture = lt_reel_picture(from, k, image, (lt_lens)lens);
            if (picture && lens == (int)lt_reel_lens(k, (lt_lens)lens))
                *place_of(r, k, 0, (lt_lens)lens) = lt_image_ref(picture);
        }
}

/* A run of one picture begins with the noise of an image of another.  One that begins with a
 * picture reads its file, which may be another one by now. */
static bool same_noise(const lt_film *f, const lt_film *parent, int image)
{
    return parent->channels == f->channels && parent->h == f->h && parent->w == f->w &&
           memcmp(f->noise, parent->noise + (size_t)image * f->all, f->all * sizeof *f->noise) == 0;
}

/* The parent's pictures of the frames that are the same; without any it is none. */
static void inherit(const lt_reels *reels, lt_reel *r)
{
    const lt_reel *parent = lt_reels_find(reels, r->parent);
    if (!parent || !parent->film)
        return;
    if (same_noise(r->film, parent->film, r->parent_image))
        share_pictures(r, parent, r->parent_image);
    else
        r->parent = 0;
}

/* The stars of a run that starts again. */
static void keep_stars(lt_reel *r, const lt_reel_image *had, int count)
{
    for (int i = 0; i < count && i < r->film->images; i++)
        r->image[i].starred = had[i].starred;
}

/* What is known of the images of a run that was interrupted. */
static void keep_images(const lt_reels *reels, lt_reel *r)
{
    const lt_reel *before = lt_reels_find(reels, r->parent);
    if (!r->adopts || !before || !before->film || before->film->images != r->film->images)
        return;
    memcpy(r->image, before->image, (size_t)r->film->images * sizeof *r->image);
    r->starred = before->starred;
}

static void begun(const lt_reels *reels, lt_reel *r, lt_event *e)
{
    lt_reel_image *had = r->image;
    int count = r->film ? r->film->images : 0;
    if (r->film) {
        drop_pictures(r);
        lt_reel_attention_drop(r);
    }
    lt_film_free(r->film); /* a run that starts again in another type */
    r->film = e->film;
    e->film = NULL;
    r->state = LT_REEL_RUNNING;
    room_for_images(r);
    keep_stars(r, had, count);
    free(had);
    keep_images(reels, r);
    if (r->parent)
        inherit(reels, r);
}

static void picture(lt_reel *r, lt_event *e)
{
    lt_lens lens = lt_reel_lens(e->step, e->lens);
    if (!r->film || e->step > r->film->steps || e->image >= r->film->images)
        return;
    lt_image **place = place_of(r, e->step, e->image, lens);
    lt_image_unref(*place);
    *place = e->picture;
    e->picture = NULL;
    r->picture_seconds = e->seconds;
    r->beside = e->beside;
}

/* In a run that goes on it may have been before. */
static void dropped(lt_reel_image *image, int last)
{
    if (image->dropped)
        return;
    image->dropped = true;
    image->last = last;
}

lt_reel *lt_reels_event(lt_reels *reels, lt_event *e)
{
    lt_reel *r = e->id ? lt_reels_find(reels, e->id) : NULL;
    if (!r)
        return NULL;
    switch (e->kind) {
    case LT_EVENT_BEGUN:
        begun(reels, r, e);
        break;
    case LT_EVENT_STEP:
        r->step_seconds = e->taken.seconds;
        lt_film_add(r->film, &e->taken);
        r->state = LT_REEL_RUNNING;
        break;
    case LT_EVENT_PICTURE:
        picture(r, e);
        break;
    case LT_EVENT_SKIPPED:
        r->skipped++;
        break;
    case LT_EVENT_DROPPED:
        dropped(&r->image[e->image], e->step);
        break;
    case LT_EVENT_PAUSED:
        r->state = LT_REEL_PAUSED;
        break;
    case LT_EVENT_DONE:
        r->state = LT_REEL_DONE;
        break;
    case LT_EVENT_STOPPED:
        r->state = LT_REEL_STOPPED;
        break;
    case LT_EVENT_FAILED:
        r->state = LT_REEL_FAILED;
        r->error = e->error;
        break;
    default:
        break;
    }
    return r;
}

int lt_reel_frames(const lt_reel *r)
{
    return r->film ? r->film->done + 1 : 0;
}

lt_lens lt_reel_lens(int k, lt_lens lens)
{
    return k == 0 ? LT_LENS_LATENTS : lens;
}

int lt_reel_last(const lt_reel *r, int image)
{
    if (!r->film)
        return -1;
    return r->image[image].dropped ? r->image[image].last : r->film->done;
}

lt_image *lt_reel_picture(const lt_reel *r, int k, int image, lt_lens lens)
{
    lens = lt_reel_lens(k, lens);
    if (k >= lt_reel_frames(r) || !r->picture[lens])
        return NULL;
    return r->picture[lens][lt_reel_place(r, k, image)];
}

bool lt_reels_pick(lt_reels *r, const lt_reel *from, int image, uint64_t id, lt_reel **out,
                   lt_error *err)
{
    lt_film *film;
    if (!lt_film_pick(from->film, image, lt_reel_last(from, image), &film, err))
        return false;
    lt_reel *one = lt_reels_add(r, id, from->prompt);
    one->film = film;
    one->state = from->image[image].dropped ? LT_REEL_STOPPED : from->state;
    one->step_seconds = from->step_seconds;
    one->picture_seconds = from->picture_seconds;
    one->beside = from->beside;
    room_for_images(one);
    one->origin = from->id;
    one->origin_image = image;
    one->starred = one->image[0].starred = from->image[image].starred;
    share_pictures(one, from, image);
    *out = one;
    return true;
}

/* ---- stars ---- */

lt_reel *lt_reels_origin(const lt_reels *r, lt_reel *which, int *image)
{
    lt_reel *origin = which->origin ? lt_reels_find(r, which->origin) : NULL;
    if (!origin)
        return which;
    *image = which->origin_image;
    return origin;
}

static bool has_star(const lt_reel *r)
{
    for (int i = 0; i < r->film->images; i++)
        if (r->image[i].starred)
            return true;
    return false;
}

/* An interrupted run stays open beside the one that goes on. */
static bool is_same(const lt_reel *a, const lt_reel *b)
{
    return a == b || (a->stored && a->stored == b->stored);
}

void lt_reels_star_image(lt_reels *r, lt_reel *which, int image, bool starred)
{
    for (int i = 0; i < r->count; i++) {
        lt_reel *other = r->all[i];
        int place = image;
        if (!other->film || !is_same(lt_reels_origin(r, other, &place), which) || place != image)
            continue;
        other->image[other->origin ? 0 : image].starred = starred;
        other->starred = has_star(other);
    }
}

void lt_reels_star(lt_reels *r, lt_reel *which, bool starred)
{
    int images = which->film ? which->film->images : 0;
    for (int i = 0; i < images && (images == 1 || !starred); i++)
        lt_reels_star_image(r, which, i, starred);
    for (int i = 0; i < r->count; i++)
        if (is_same(r->all[i], which))
            r->all[i]->starred = starred;
}

double lt_reel_seconds(const lt_reel *r)
{
    double longer = r->step_seconds > r->picture_seconds ? r->step_seconds : r->picture_seconds;
    return r->beside ? longer : r->step_seconds + r->picture_seconds;
}

double lt_reel_rate(const lt_reel *r)
{
    double seconds = lt_reel_seconds(r);
    return seconds > 0 ? 1 / seconds : 0;
}

bool lt_reel_at_work(const lt_reel *r)
{
    return r->state == LT_REEL_WAITING || r->state == LT_REEL_RUNNING || r->state == LT_REEL_PAUSED;
}

static size_t bytes_of(const lt_reel *r)
{
    size_t bytes = 0;
    for (int lens = 0; lens < LT_REEL_LENSES; lens++)
        for (size_t i = 0; r->picture[lens] && i < lt_reel_places(r); i++)
            if (r->picture[lens][i])
                bytes += lt_image_bytes(r->picture[lens][i]);
    return bytes;
}

void lt_reels_trim(lt_reels *r, const lt_reel *keep, size_t bytes)
{
    size_t held = 0;
    for (int i = 0; i < r->count; i++)
        held += bytes_of(r->all[i]);
    for (int i = 0; i < r->count && held > bytes; i++) {
        if (r->all[i] == keep || lt_reel_at_work(r->all[i]))
            continue;
        held -= bytes_of(r->all[i]);
        if (r->all[i]->film)
            drop_pictures(r->all[i]);
    }
}
