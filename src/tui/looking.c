/* looking.c - the lens that the studio looks through: its picture once what it is made of is there,
 * its keys. */
#include <string.h>

#include "tui/view.h"

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
    return s->view == LT_VIEW_STEP && r && s->asked.id == r->id && s->step < lt_reel_frames(r) &&
           lt_studio_through(s)->make && lt_studio_look_lacks(s, r, s->step, s->image, &part);
}

/* The frame after. */
static int after(const lt_reel *r, int k)
{
    return k < r->film->steps ? k + 1 : k;
}

/* pictures: room for what `parts` points at. */
static lt_look_at look_at(const lt_studio *s, const lt_look *look, const lt_reel *r, int k,
                          int image, lt_image *pictures[LT_LOOK_PARTS])
{
    lt_look_part parts[LT_LOOK_PARTS];
    lt_look_at at = {.film = r->film,
                     .maker = lt_studio_maker(s, r, after(r, k)),
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
    if (look->maps)
        lt_studio_attention_kept(s, r, k, image, &at);
    return at;
}

static lt_image *made(lt_studio *s, const lt_look *look, const lt_look_at *at)
{
    lt_image *out;
    lt_error err = {0};
    if (!at->parts)
        return NULL;
    if (!look->make)
        return lt_image_ref(at->parts[0]);
    if (look->make(at, &out, &err))
        return out;
    lt_studio_fault(s, &err);
    return NULL;
}

lt_image *lt_studio_look_made(lt_studio *s, const lt_look *look, int gain, const lt_reel *r, int k,
                              int image)
{
    lt_image *pictures[LT_LOOK_PARTS];
    lt_look_at at = look_at(s, look, r, k, image, pictures);
    at.captions = true;
    at.gain = gain ? gain : GAIN;
    return made(s, look, &at);
}

int lt_look_meta(const lt_look *look, const lt_reel *r, int k, int image,
                 lt_meta_part out[LT_LOOK_PARTS])
{
    lt_look_part parts[LT_LOOK_PARTS] = {{k, LT_LENS_LATENTS}};
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

static void forget(lt_looked *l)
{
    for (int i = 0; i < LT_LOOK_PARTS; i++)
        lt_image_unref(l->of[i]);
    *l = (lt_looked){0};
}

static void keep(lt_looked *l, const lt_looked *now)
{
    forget(l);
    *l = *now;
    for (int i = 0; i < LT_LOOK_PARTS; i++)
        l->of[i] = l->of[i] ? lt_image_ref(l->of[i]) : NULL;
}

void lt_looking_done(lt_looking *l)
{
    lt_image_unref(l->sheet);
    l->sheet = NULL;
    forget(&l->of);
}

void lt_look_numbers_done(lt_look_numbers *n)
{
    lt_buf_done(&n->text);
    forget(&n->of);
    n->lines = 0;
}

static bool same(const lt_looked *a, const lt_looked *b)
{
    return a->look == b->look && a->id == b->id && a->maker == b->maker && a->step == b->step &&
           a->image == b->image && a->gain == b->gain && a->page == b->page && a->done == b->done &&
           a->attention == b->attention && a->word == b->word && a->size == b->size &&
           a->version == b->version && memcmp(a->of, b->of, sizeof a->of) == 0;
}

/* What the shown step is through a lens; pictures: of `at`, the rest NULL. */
static lt_looked looked_at(const lt_studio *s, const lt_look *look, const lt_look_at *at,
                           lt_image *const pictures[LT_LOOK_PARTS])
{
    const lt_reel *r = s->reel;
    const lt_reel *maker = look->plot ? lt_reels_maker(&s->reels, r->id, after(r, s->step)) : NULL;
    lt_looked l = {.look = look,
                   .id = r->id,
                   .maker = maker ? maker->id : 0,
                   .step = at->step,
                   .image = at->image,
                   .gain = at->gain,
                   .page = at->page,
                   .done = look->plot ? r->film->done : 0,
                   .attention = at->attention,
                   .word = at->word,
                   .size = at->size,
                   .version = at->attention ? s->attending.version : 0};
    memcpy(l.of, pictures, sizeof l.of);
    return l;
}

lt_image *lt_studio_look_once(lt_studio *s, lt_looking *l, int row)
{
    lt_image *pictures[LT_LOOK_PARTS] = {NULL};
    const lt_look *look = lt_look_row(row);
    lt_look_at at = look_at(s, look, s->reel, s->step, s->image, pictures);
    lt_looked now = looked_at(s, look, &at, pictures);
    if (same(&l->of, &now))
        return l->sheet; /* NULL: it failed, and that was said, or something lacks */
    lt_looking_done(l);
    keep(&l->of, &now);
    at.captions = lt_view_captions(s);
    return l->sheet = made(s, look, &at);
}

/* The worker, unless it makes it in any case. */
static void ask(lt_studio *s, const lt_reel *r, const lt_look_part *part)
{
    bool coming = s->follow && r->state == LT_REEL_RUNNING && !r->image[s->image].dropped &&
                  part->step == s->step && part->lens == lt_reel_lens(s->step, s->lens);
    if (!coming)
        lt_studio_ask_through(s, r, part->step, s->image, part->lens);
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
    if (lacks)
        ask(s, r, &part);
    if (lt_studio_through(s)->attends) /* behind the picture, which is there sooner */
        lt_studio_attention_ask(s);
}

/* False: there is nothing to look at. */
static bool is_there(const lt_studio *s)
{
    return s->reel && s->step < lt_reel_frames(s->reel);
}

const lt_look_numbers *lt_studio_look_numbers(lt_studio *s)
{
    static const lt_look_numbers none;
    lt_image *pictures[LT_LOOK_PARTS] = {NULL};
    const lt_look *look = lt_studio_through(s);
    lt_look_numbers *n = &s->look_numbers;
    if (!look->say || !is_there(s))
        return &none;
    lt_look_at at = look_at(s, look, s->reel, s->step, s->image, pictures);
    lt_looked now = looked_at(s, look, &at, pictures);
    if (same(&n->of, &now))
        return n;
    lt_look_numbers_done(n);
    keep(&n->of, &now);
    look->say(&at, &n->text);
    for (size_t i = 0; i < n->text.len; i++)
        n->lines += n->text.data[i] == '\n';
    return n;
}

bool lt_studio_look_plot(const lt_studio *s, int width, int height, lt_buf *out)
{
    lt_image *pictures[LT_LOOK_PARTS];
    const lt_look *look = lt_studio_through(s);
    if (!look->plot || !is_there(s))
        return false;
    lt_look_at at = look_at(s, look, s->reel, s->step, s->image, pictures);
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
