/* picture.c - which picture belongs on the screen: from the film, from the VAE, or a guess. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "image/resize.h"
#include "tui/studio.h"

bool lt_studio_asked(const lt_studio *s, const lt_asked *what)
{
    return s->asked.id == what->id && s->asked.step == what->step &&
           s->asked.image == what->image && s->asked.lens == what->lens;
}

void lt_studio_decode(lt_studio *s, const lt_film *f, const lt_asked *what, const float *latents)
{
    s->asked = *what;
    lt_session_tile(s->session, f->tiled);
    lt_session_decode(s->session, what->id, what->step, what->image, what->lens, latents,
                      f->channels, f->h, f->w);
}

bool lt_studio_decoding(const lt_studio *s)
{
    if (lt_studio_look_waits(s))
        return true;
    if (!s->reel)
        return false;
    return lt_studio_asked(
        s, &(lt_asked){s->reel->id, s->step, s->image, lt_reel_lens(s->step, s->lens)});
}

bool lt_studio_model_of(lt_studio *s, const lt_film *f)
{
    if (s->facts && strcmp(s->facts->name, f->model) == 0 && *f->model_hash &&
        strcmp(s->facts->hash, f->model_hash) != 0)
        lt_studio_say(s, LT_NOTE_WARN, "%s had other weights when this run was made", f->model);
    if (!s->facts || strcmp(s->facts->name, f->model) == 0)
        return true;
    for (int i = 0; i < s->reels.count; i++)
        if (lt_reel_at_work(s->reels.all[i])) {
            lt_studio_say(s, LT_NOTE_INFO,
                          "its pictures need the model %s, and another one is at work", f->model);
            return false;
        }
    lt_session_load(s->session, &f->params);
    return true;
}

/* What the VAE would be given for all images; the caller's. */
static float *latents_of(const lt_film *f, int step, lt_lens lens)
{
    float *latents = lt_alloc_array(f->all, sizeof *latents);
    lt_film_lens(f, step, lens, latents);
    return latents;
}

/* Of one of them. */
static const float *part(const lt_film *f, const float *latents, int image)
{
    return latents + f->all / (size_t)f->images * (size_t)image;
}

bool lt_studio_ask_picture(lt_studio *s, const lt_reel *r, int step, int image)
{
    return lt_studio_ask_through(s, r, step, image, lt_reel_lens(step, s->lens));
}

bool lt_studio_ask_through(lt_studio *s, const lt_reel *r, int step, int image, lt_lens lens)
{
    const lt_film *f = r->film;
    lt_asked what = {r->id, step, image, lens};
    if (lt_studio_asked(s, &what))
        return true;
    if (!lt_studio_model_of(s, f))
        return false;
    float *latents = latents_of(f, step, lens);
    lt_studio_decode(s, f, &what, part(f, latents, image));
    free(latents);
    return true;
}

/* A guess of the shown step while the timeline is dragged. */
static bool guess(lt_studio *s, lt_lens lens)
{
    if (!s->dragging)
        return false;
    float *latents = latents_of(s->reel->film, s->step, lens);
    bool ok = lt_studio_guess(s, s->reel->film, part(s->reel->film, latents, s->image));
    free(latents);
    return ok;
}

/* As large as the picture, so that both fill the same cells. */
bool lt_studio_guess(lt_studio *s, const lt_film *f, const float *latents)
{
    lt_error ignored;
    lt_image *small, *image;
    if (!lt_linear_picture(&s->linear, latents, f->channels, f->h, f->w, &small))
        return false;
    bool ok = lt_image_resize(small, f->width, f->height, LT_NEAREST, &image, &ignored);
    lt_image_unref(small);
    if (!ok)
        return false;
    lt_beside_show(s, image, false, true);
    lt_image_unref(image);
    return true;
}

/* The picture of the lens that is looked through. */
static void through(lt_studio *s, bool each)
{
    lt_lens lens = lt_reel_lens(s->step, s->lens);
    if (lt_studio_through(s)->plot) {
        s->dirty = true;
        return;
    }
    if (lt_studio_through(s)->make) {
        lt_studio_look_picture(s, each);
        return;
    }
    lt_image *image = lt_reel_picture(s->reel, s->step, s->image, lens);
    if (image) {
        lt_beside_show(s, image, each, false);
        return;
    }
    /* the newest step's own picture is on its way from the run, through the lens that is watched */
    bool coming =
        s->follow && s->reel->state == LT_REEL_RUNNING && !s->reel->image[s->image].dropped;
    if (!coming && !guess(s, lens))
        lt_studio_ask_picture(s, s->reel, s->step, s->image);
}

/* A run that is about to begin leaves the picture before it on the screen meanwhile. */
static bool is_coming(const lt_reel *r)
{
    return r && (r->film || lt_reel_at_work(r));
}

void lt_studio_picture(lt_studio *s, bool each)
{
    if (s->view == LT_VIEW_GALLERY) {
        lt_gallery_picture(s);
        return;
    }
    if (s->view == LT_VIEW_GRID || lt_studio_vae(s)) { /* drawn as a whole, once a turn */
        s->dirty = true;
        return;
    }
    if (lt_studio_what_if(s)) {
        lt_studio_what_if_picture(s);
        return;
    }
    if (s->view == LT_VIEW_COMPARE) {
        lt_studio_compare_picture(s);
        return;
    }
    if (!s->reel || s->step >= lt_reel_frames(s->reel)) {
        if (!is_coming(s->reel))
            lt_beside_show(s, NULL, false, false);
        return;
    }
    through(s, each);
    lt_beside_ask(s);
}
