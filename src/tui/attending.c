/* attending.c - lens 6: the maps that it shows, taken from the run's or asked for, and its keys. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/studio.h"

enum { KEPT = 128 << 20 /* bytes of maps, of all runs */ };

/* ---- what is shown ---- */

static void forget(lt_attending *a)
{
    lt_attention_free(a->now);
    free(a->share);
    a->now = NULL;
    a->share = NULL;
    a->steps = 0;
}

/* The mean of the steps at hand. */
static bool mean_of(const lt_reel *r, int image, lt_attending *a, lt_error *err)
{
    int frames = lt_reel_frames(r);
    const lt_attention_maps **all = lt_alloc_array((size_t)frames + 1, sizeof *all);
    for (int k = 0; k < frames; k++) {
        const lt_attention_maps *maps = lt_reel_attention(r, k, image);
        if (maps)
            all[a->steps++] = maps;
    }
    bool ok = a->steps == 0 || lt_attention_mean(all, a->steps, &a->now, err);
    free(all);
    return ok;
}

/* The word that was chosen, where it was or elsewhere; -1: it is not among them. */
static int named(const lt_prompt_words *w, const lt_attending *a)
{
    if (a->text && a->word < w->count && strcmp(w->at[a->word].text, a->text) == 0)
        return a->word;
    for (int i = 0; a->text && i < w->count; i++)
        if (strcmp(w->at[i].text, a->text) == 0)
            return i;
    return -1;
}

/* The word that was looked at in another step or run; else the one of the prompt with the largest
 * share. */
static int word_of(const lt_attending *a)
{
    const lt_prompt_words *w = &a->now->words;
    int best = 0, same = named(w, a);
    for (int i = 0; i < w->count; i++)
        if (w->at[i].kind == LT_WORD_PROMPT &&
            (w->at[best].kind != LT_WORD_PROMPT || a->share[i] > a->share[best]))
            best = i;
    return same < 0 ? best : same;
}

/* A word is chosen, or the size is another one. */
static void choose(lt_attending *a, int word)
{
    const lt_word *w = &a->now->words.at[word];
    a->word = word;
    if (!a->text || strcmp(a->text, w->text) != 0) {
        free(a->text);
        a->text = lt_strdup(w->text);
    }
    a->range = lt_attention_range_of(a->now, a->size, w);
}

static void measure(lt_attending *a)
{
    const lt_prompt_words *w = &a->now->words;
    if (a->size >= a->now->count)
        a->size = LT_ATTENTION_ALL;
    free(a->share);
    a->share = lt_alloc_array((size_t)w->count, sizeof *a->share);
    for (int i = 0; i < w->count; i++)
        a->share[i] = lt_attention_share(a->now, a->size, &w->at[i]);
    choose(a, word_of(a));
}

static void refresh(lt_studio *s)
{
    lt_attending *a = &s->attending;
    lt_error err = {0};
    const lt_reel *r = s->reel;
    const lt_attention_maps *here = lt_reel_attention(r, s->step, s->image);
    forget(a);
    a->id = r->id;
    a->step = s->step;
    a->image = s->image;
    a->stale = false;
    a->version++;
    a->steps = !a->whole && here;
    if (!(a->whole ? mean_of(r, s->image, a, &err)
                   : !here || lt_attention_copy(here, &a->now, &err)))
        lt_studio_fault(s, &err);
    if (a->now && a->by_token)
        lt_attention_swap(a->now);
    if (a->now)
        measure(a);
    s->dirty = true;
}

/* ---- what is asked for ---- */

/* The prompt that the step had; NULL: its run, from which this one was forked, is not open. */
static const char *prompt_of(const lt_studio *s)
{
    const lt_film *maker = lt_studio_maker(s, s->reel, s->step), *own = s->reel->film;
    if (!maker && own->altered)
        return NULL;
    const lt_params *p = maker ? &maker->params : &own->params;
    return p->prompts[maker && maker != own ? 0 : s->image / lt_params_per_prompt(p)];
}

static void ask(lt_studio *s)
{
    lt_attending *a = &s->attending;
    const lt_reel *r = s->reel;
    const char *prompt = prompt_of(s);
    if (a->asked_id == r->id && a->asked_step == s->step && a->asked_image == s->image)
        return;
    if (prompt && !lt_studio_model_of(s, r->film))
        return;
    a->asked_id = r->id;
    a->asked_step = s->step;
    a->asked_image = s->image;
    a->asking = prompt != NULL;
    if (prompt)
        lt_session_attention(s->session, r->id, r->film, s->step, s->image, prompt);
    else
        lt_studio_say(s, LT_NOTE_INFO,
                      "step %d is of the run that this one was forked from: open "
                      "that one first",
                      s->step);
}

void lt_studio_attend(lt_studio *s)
{
    lt_attending *a = &s->attending;
    const lt_reel *r = s->reel;
    if (!r || s->step >= lt_reel_frames(r))
        return;
    bool same = a->id == r->id && a->image == s->image && !a->stale;
    if (!same || (a->step != s->step && !a->whole))
        refresh(s);
    a->step = s->step; /* the mean is that of every step */
}

void lt_studio_attention_ask(lt_studio *s)
{
    const lt_reel *r = s->reel;
    lt_look_part part;
    if (!r || s->step >= lt_reel_frames(r))
        return;
    /* a step that is being taken tells of its attention before its picture comes */
    bool taken = !lt_studio_look_lacks(s, r, s->step, s->image, &part) ||
                 r->state != LT_REEL_RUNNING || !s->follow;
    if (s->step > 0 && taken && !lt_reel_attention(r, s->step, s->image))
        ask(s);
}

const lt_attention_maps *lt_studio_attention(const lt_studio *s, const lt_reel *r, int k, int image)
{
    const lt_attending *a = &s->attending;
    return r && a->id == r->id && a->step == k && a->image == image ? a->now : NULL;
}

/* Of what is on the screen. */
static const lt_attention_maps *shown(const lt_studio *s)
{
    return lt_studio_attention(s, s->reel, s->step, s->image);
}

void lt_studio_attention_of(const lt_studio *s, const lt_reel *r, int k, int image, lt_look_at *out)
{
    const lt_attending *a = &s->attending;
    out->attention = lt_studio_attention(s, r, k, image);
    if (!out->attention)
        return;
    out->word = a->word;
    out->size = a->size;
}

void lt_studio_attention_kept(const lt_studio *s, const lt_reel *r, int k, int image,
                              lt_look_at *out)
{
    const lt_attending *a = &s->attending;
    const lt_attention_maps *maps = lt_reel_attention(r, k, image);
    if (!maps)
        return;
    out->attention = maps;
    out->size = a->size < maps->count ? a->size : LT_ATTENTION_ALL;
    out->word = named(&maps->words, a);
    for (int i = 0; out->word < 0 && i < maps->words.count; i++)
        out->word = maps->words.at[i].kind == LT_WORD_PROMPT ? i : -1;
    out->word = out->word < 0 ? 0 : out->word;
}

bool lt_studio_attention_waits(const lt_studio *s)
{
    const lt_attending *a = &s->attending;
    return a->asking && s->reel && a->asked_id == s->reel->id && a->asked_step == s->step &&
           a->asked_image == s->image;
}

void lt_studio_attention_take(lt_studio *s, lt_reel *r, lt_event *e)
{
    lt_attending *a = &s->attending;
    const lt_look *look = lt_studio_through(s);
    lt_reel_attention_take(r, e);
    if (a->asked_id == r->id && a->asked_step == e->step && a->asked_image == e->image) {
        a->asking = false;
        a->asked_id = 0;
    }
    lt_reels_attention_trim(&s->reels, s->reel, s->step, KEPT);
    if (r != s->reel || e->image != s->image)
        return;
    a->stale |= a->whole || e->step == s->step;
    if ((look->attends && a->stale) || (look->maps && e->step == s->step))
        lt_studio_picture(s, false);
}

void lt_studio_attention_failed(lt_studio *s)
{
    s->attending.asking = false; /* it is not asked for again until another was */
}

void lt_studio_attention_done(lt_studio *s)
{
    forget(&s->attending);
    free(s->attending.text);
}

/* ---- keys and the mouse ---- */

static void changed(lt_studio *s)
{
    s->attending.version++;
    lt_studio_picture(s, false);
    s->dirty = true;
}

void lt_studio_attention_word(lt_studio *s, int word)
{
    lt_attending *a = &s->attending;
    const lt_attention_maps *maps = shown(s);
    if (!maps || word < 0 || word >= maps->words.count)
        return;
    choose(a, word); /* of several that are spelled the same it is this one */
    changed(s);
}

void lt_studio_attention_click(lt_studio *s, int x, int y)
{
    const lt_attending *a = &s->attending;
    lt_rect r = lt_beside_main(s);
    if (!shown(s) || x < r.x || x >= r.x + r.width || y < r.y || y >= r.y + r.height)
        return;
    int word =
        lt_attention_at(a->now, a->size, (x - r.x + 0.5) / r.width, (y - r.y + 0.5) / r.height);
    if (word < 0)
        lt_studio_say(s, LT_NOTE_INFO, "the prompt has no words");
    lt_studio_attention_word(s, word);
}

/* Also before there are maps: they are measured as they come. */
static void next_size(lt_studio *s)
{
    lt_attending *a = &s->attending;
    int count = a->now ? a->now->count : LT_UNET_LEVELS;
    a->size = a->size + 1 < count ? a->size + 1 : LT_ATTENTION_ALL;
    if (a->now)
        measure(a);
    changed(s);
}

/* Words, or their tokens: what has the first position of what was chosen is chosen then. */
static void next_parts(lt_studio *s)
{
    lt_attending *a = &s->attending;
    a->by_token = !a->by_token;
    if (a->now) {
        int from = a->now->words.at[a->word].from;
        lt_attention_swap(a->now);
        choose(a, lt_words_at(&a->now->words, from));
        measure(a);
    }
    changed(s);
}

bool lt_studio_attention_act(lt_studio *s, lt_action action)
{
    lt_attending *a = &s->attending;
    bool size = action == LT_ACTION_LENS_6, mode = action == LT_ACTION_ATTENTION_MODE;
    bool parts = action == LT_ACTION_ATTENTION_TOKENS;
    int by = action == LT_ACTION_WORD_BEFORE ? -1 : action == LT_ACTION_WORD_AFTER ? 1 : 0;
    if (!size && !mode && !parts && by == 0)
        return false;
    if (!lt_studio_through(s)->attends) {
        lt_studio_say(s, LT_NOTE_INFO, "words are those of lens 6");
        return true;
    }
    if (size)
        next_size(s);
    else if (parts)
        next_parts(s);
    else if (by && shown(s))
        lt_studio_attention_word(s, (a->word + by + a->now->words.count) % a->now->words.count);
    if (mode) {
        a->whole = !a->whole;
        a->stale = true;
        lt_studio_picture(s, false);
    }
    return true;
}
