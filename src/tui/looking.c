/* looking.c - the lens that the studio looks through: its picture once what it is made of is there,
 * its keys. */
#include <stdlib.h>

#include "tui/studio.h"

enum { GAIN = 4, MOST_GAIN = 32 };

const lt_look *lt_studio_through(const lt_studio *s)
{
    bool plain = s->view != LT_VIEW_STEP || lt_studio_what_if(s);
    return lt_look_row(plain ? lt_look_of(s->lens) : s->look);
}

const lt_film *lt_studio_maker(const lt_studio *s, const lt_reel *r, int frame)
{
    const lt_reel *maker = lt_reels_maker(&s->reels, r->id, frame);
    return maker ? maker->film : NULL;
}

static int parts_of(const lt_look *look, const lt_film *f, int k, lt_look_part *out)
{
    if (look->parts)
        return look->parts(f, k, out);
    out[0] = (lt_look_part){k, lt_reel_lens(k, look->lens)};
    return 1;
}

bool lt_look_lacks(const lt_look *look, const lt_reel *r, int k, int image, lt_look_part *out)
{
    lt_look_part parts[LT_LOOK_PARTS];
    int count = parts_of(look, r->film, k, parts);
    for (int i = 0; i < count; i++)
        if (!lt_reel_picture(r, parts[i].step, image, parts[i].lens)) {
            *out = parts[i];
            return true;
        }
    return false;
}

bool lt_studio_look_lacks(const lt_studio *s, const lt_reel *r, int k, int image, lt_look_part *out)
{
    return lt_look_lacks(lt_studio_through(s), r, k, image, out);
}

bool lt_studio_look_waits(const lt_studio *s)
{
    lt_look_part part;
    const lt_reel *r = s->reel;
    return s->view == LT_VIEW_STEP && r && s->asked_id == r->id && s->step < lt_reel_frames(r) &&
           lt_studio_through(s)->make && lt_studio_look_lacks(s, r, s->step, s->image, &part);
}

/* pictures: room for what `parts` points at. */
static lt_look_at look_at(const lt_studio *s, const lt_look *look, const lt_reel *r, int k,
                          int image, lt_image *pictures[LT_LOOK_PARTS])
{
    lt_look_part parts[LT_LOOK_PARTS];
    int next = k < r->film->steps ? k + 1 : k;
    lt_look_at at = {.film = r->film,
                     .maker = lt_studio_maker(s, r, next),
                     .step = k,
                     .image = image,
                     .parts = pictures,
                     .page = s->page,
                     .gain = s->gain ? s->gain : GAIN};
    int count = parts_of(look, r->film, k, parts);
    for (int i = 0; i < count; i++) {
        pictures[i] = lt_reel_picture(r, parts[i].step, image, parts[i].lens);
        if (!pictures[i] && !look->partly)
            at.parts = NULL;
    }
    if (look->attends)
        lt_studio_attention_of(s, r, k, image, &at);
    return at;
}

static lt_image *made(lt_studio *s, const lt_look *look, const lt_reel *r, int k, int image,
                      bool captions)
{
    lt_image *pictures[LT_LOOK_PARTS], *out;
    lt_error err = {0};
    lt_look_at at = look_at(s, look, r, k, image, pictures);
    at.captions = captions;
    if (!at.parts)
        return NULL;
    if (!look->make)
        return lt_image_ref(pictures[0]);
    if (look->make(&at, &out, &err))
        return out;
    lt_studio_fault(s, &err);
    return NULL;
}

lt_image *lt_studio_look_made(lt_studio *s, const lt_reel *r, int k, int image, bool captions)
{
    return made(s, lt_studio_through(s), r, k, image, captions);
}

int lt_studio_look_meta(const lt_studio *s, const lt_reel *r, int k, int image,
                        lt_meta_part out[LT_LOOK_PARTS])
{
    lt_look_part parts[LT_LOOK_PARTS] = {{k, LT_LENS_LATENTS}};
    const lt_look *look = lt_studio_through(s);
    int count = parts_of(look, r->film, k, parts);
    count = count ? count : 1; /* the latents themselves */
    for (int i = 0; i < count; i++) {
        out[i] = (lt_meta_part){lt_film_meta(r->film, parts[i].step), image};
        out[i].meta.lens = parts[i].lens;
        out[i].meta.screen = look->screen;
    }
    return count;
}

/* ---- on the screen ---- */

void lt_looking_done(lt_looking *l)
{
    lt_image_unref(l->sheet);
    for (int i = 0; i < LT_LOOK_PARTS; i++)
        lt_image_unref(l->of[i]);
    *l = (lt_looking){0};
}

lt_image *lt_studio_look_once(lt_studio *s, lt_looking *l, int row)
{
    lt_image *now[LT_LOOK_PARTS] = {NULL};
    lt_look_at at = look_at(s, lt_look_row(row), s->reel, s->step, s->image, now);
    bool captions = lt_view_captions(s), same;
    same = l->sheet && l->id == s->reel->id && l->step == s->step && l->image == s->image &&
           l->look == row && l->gain == at.gain &&
           (!at.attention || l->attention == s->attending.version);
    for (int i = 0; i < LT_LOOK_PARTS; i++)
        same = same && l->of[i] == now[i];
    if (same)
        return l->sheet;
    lt_looking_done(l);
    for (int i = 0; i < LT_LOOK_PARTS; i++)
        l->of[i] = now[i] ? lt_image_ref(now[i]) : NULL;
    l->id = s->reel->id;
    l->step = s->step;
    l->image = s->image;
    l->look = row;
    l->gain = at.gain;
    l->attention = at.attention ? s->attending.version : 0;
    return l->sheet = made(s, lt_look_row(row), s->reel, s->step, s->image, captions);
}

void lt_studio_look_picture(lt_studio *s, bool each)
{
    lt_look_part part;
    const lt_reel *r = s->reel;
    if (lt_studio_through(s)->attends)
        lt_studio_attend(s);
    bool lacks = lt_studio_look_lacks(s, r, s->step, s->image, &part);
    if (!lacks || lt_studio_through(s)->partly) {
        lt_image *image = lt_studio_look_once(s, &s->looking, s->look);
        if (image)
            lt_beside_show(s, image, each && !lacks, false);
        s->dirty = true; /* the numbers may be of the pictures */
    }
    if (!lacks)
        return;
    bool coming = s->follow && r->state == LT_REEL_RUNNING && !r->image[s->image].dropped &&
                  part.step == s->step && part.lens == lt_reel_lens(s->step, s->lens);
    if (!coming)
        lt_studio_ask_through(s, r, part.step, s->image, part.lens);
}

/* False: there is nothing to look at. */
static bool looked_at(const lt_studio *s, lt_image *pictures[LT_LOOK_PARTS], lt_look_at *out)
{
    if (!s->reel || s->step >= lt_reel_frames(s->reel))
        return false;
    *out = look_at(s, lt_studio_through(s), s->reel, s->step, s->image, pictures);
    return true;
}

bool lt_studio_look_say(const lt_studio *s, lt_buf *out)
{
    lt_image *pictures[LT_LOOK_PARTS];
    lt_look_at at;
    const lt_look *look = lt_studio_through(s);
    if (!look->say || !looked_at(s, pictures, &at))
        return false;
    look->say(&at, out);
    return true;
}

bool lt_studio_look_plot(const lt_studio *s, int width, int height, lt_buf *out)
{
    lt_image *pictures[LT_LOOK_PARTS];
    lt_look_at at;
    const lt_look *look = lt_studio_through(s);
    if (!look->plot || !looked_at(s, pictures, &at))
        return false;
    look->plot(&at, width, height, out);
    return true;
}

/* ---- keys ---- */

static void watch(lt_studio *s, lt_lens lens)
{
    if (lens == s->lens)
        return;
    s->lens = lens;
    s->grid.gave_up = false;
    lt_session_watch(s->session, lens);
    if (s->view == LT_VIEW_GRID && s->reel && s->reel->film)
        s->grid.exact = s->reel->film->done;
}

void lt_studio_look(lt_studio *s, int row)
{
    const lt_look *was = lt_look_row(s->look), *is = lt_look_row(row);
    if (row == s->look) {
        s->page = is->plot ? (s->page + 1) % LT_LOOK_PAGES : 0;
        s->dirty = true;
        return;
    }
    s->look = row;
    s->page = 0;
    s->redraw |= was->plot || is->plot; /* text in the picture's place */
    if (was->attends != is->attends)
        lt_session_attend_words(s->session, is->attends);
    watch(s, is->lens);
    bool follow = s->follow;
    if (s->reel && s->reel->film && s->reel->state == LT_REEL_RUNNING)
        s->follow = false; /* this step's picture through the new lens comes before the next step */
    lt_studio_picture(s, false);
    s->follow = follow;
    s->dirty = true;
}

static void gain(lt_studio *s, int by)
{
    int now = s->gain ? s->gain : GAIN;
    int next = by > 0 ? now * 2 : now / 2;
    if (!lt_studio_through(s)->gains && !lt_beside_on(s)) {
        lt_studio_say(s, LT_NOTE_INFO, "this lens shows no difference; 5, 7 and 0 do");
        return;
    }
    s->gain = next < 1 ? 1 : next > MOST_GAIN ? MOST_GAIN : next;
    lt_studio_picture(s, false);
}

bool lt_studio_look_act(lt_studio *s, lt_action action)
{
    for (int i = 0; i < lt_look_rows(); i++)
        if (lt_look_row(i)->action == action && (i != s->look || !lt_look_row(i)->attends)) {
            if (!lt_beside_look(s, i))
                lt_studio_look(s, i);
            return true;
        }
    if (lt_studio_attention_act(s, action))
        return true;
    if (action != LT_ACTION_LENS_MORE && action != LT_ACTION_LENS_LESS)
        return false;
    gain(s, action == LT_ACTION_LENS_MORE ? 1 : -1);
    return true;
}
