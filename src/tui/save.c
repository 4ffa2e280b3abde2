/* save.c - pictures to the thread that writes files, and settings back from files. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "image/font.h"
#include "pipeline/recall.h"
#include "tui/studio.h"

enum { IN_FLIGHT = 2 }; /* pictures of a series that the saver has at once */

lt_meta_part lt_studio_part(const lt_studio *s, const lt_reel *r, int k, int image)
{
    lt_meta meta = lt_film_meta(r->film, k);
    meta.lens = lt_reel_lens(k, s->lens);
    return (lt_meta_part){meta, image};
}

/* Frame k of v->reel with what made it; v need not be s->saving. */
static void put_frame(lt_studio *s, const lt_saving *v, int k, const char *path)
{
    lt_png_texts texts = {0};
    lt_meta_part parts[LT_LOOK_PARTS];
    lt_image *shown = lt_studio_look_made(s, v->look, v->gain, v->reel, k, v->image);
    if (!shown)
        return;
    int count = lt_look_meta(v->look, v->reel, k, v->image, parts);
    if (parts[0].meta.screen)
        lt_meta_parts_texts(parts, count, 0, &texts);
    else
        lt_meta_texts(&parts[0].meta, v->image, &texts);
    lt_saver_put(s->saver, path, shown, &texts, v->series);
    lt_image_unref(shown);
}

/* What is shown now. */
static lt_saving what_is_shown(const lt_studio *s)
{
    return (lt_saving){
        .reel = s->reel, .image = s->image, .look = lt_studio_through(s), .gain = s->gain};
}

static void put_shown(lt_studio *s, int k, const char *path)
{
    lt_saving v = what_is_shown(s);
    lt_studio_say(s, LT_NOTE_INFO, "saving...");
    put_frame(s, &v, k, path);
}

void lt_studio_save_image(lt_studio *s, const char *path, lt_image *image, lt_png_texts *texts)
{
    lt_saver_put(s->saver, path, image, texts, 0);
    lt_studio_say(s, LT_NOTE_INFO, "saving...");
}

void lt_studio_save_described(lt_studio *s, const char *stem, const char *path, lt_image *sheet,
                              const char *description)
{
    lt_png_texts texts = {0};
    char *name = path ? lt_strdup(path) : lt_studio_free_stem(s, stem, ".png");
    lt_png_texts_add(&texts, "Description", description);
    lt_studio_save_image(s, name, sheet, &texts);
    free(name);
}

char *lt_studio_free_stem(const lt_studio *s, const char *stem, const char *suffix)
{
    for (int i = 1;; i++) {
        char *name =
            i == 1 ? lt_format("%s%s", stem, suffix) : lt_format("%s-%d%s", stem, i, suffix);
        if (!lt_saver_has(s->saver, name) && !lt_file_exists(name) && !lt_dir_exists(name))
            return name;
        free(name);
    }
}

static char *free_name(const lt_studio *s, uint64_t seed, const char *what, const char *suffix)
{
    char *stem = lt_format("latentty-%" PRIu64 "%s%s", seed, what, lt_studio_through(s)->file);
    char *name = lt_studio_free_stem(s, stem, suffix);
    free(stem);
    return name;
}

char *lt_studio_free_name(const lt_studio *s, const char *what, const char *suffix)
{
    int place;
    return free_name(s, lt_params_seed(&s->reel->film->params, s->image, &place), what, suffix);
}

/* True, and said, if what is shown is no picture. */
static bool is_text(lt_studio *s)
{
    const lt_look *look = lt_studio_through(s);
    if (look->plot)
        lt_studio_say(s, LT_NOTE_INFO, "lens %c is text: there is no picture to save",
                      lt_look_key(look));
    return look->plot;
}

/* The frame whose picture is shown; -1: there is none, and that is said. */
static int shown_frame(lt_studio *s)
{
    lt_look_part ignored;
    int last = s->reel ? lt_reel_last(s->reel, s->image) : -1, k = s->step < last ? s->step : last;
    if (is_text(s))
        return -1;
    bool whole =
        !lt_studio_through(s)->attends || k == 0 || lt_studio_attention(s, s->reel, k, s->image);
    if (k >= 0 && whole && !lt_studio_look_lacks(s, s->reel, k, s->image, &ignored))
        return k;
    lt_studio_say(s, LT_NOTE_INFO, "there is no picture to save yet");
    return -1;
}

void lt_studio_save(lt_studio *s)
{
    char step[32] = "";
    int k = shown_frame(s);
    if (k < 0)
        return;
    if (k < s->reel->film->steps)
        snprintf(step, sizeof step, "-step%d", k);
    char *name = lt_studio_free_name(s, step, ".png");
    put_shown(s, k, name);
    free(name);
}

void lt_studio_save_as(lt_studio *s, const char *path)
{
    lt_error err = {0};
    if (lt_saver_has(s->saver, path) || lt_file_exists(path)) {
        lt_fail(&err, LT_ERR_ARGUMENT, "another name", "'%s' is there already", path);
        lt_studio_fault(s, &err);
    } else if (s->view == LT_VIEW_AUTOENCODER) {
        lt_studio_autoencoder_save(s, path);
    } else if (s->view == LT_VIEW_NOISING) {
        lt_studio_noising_save(s, path);
    } else if (s->view == LT_VIEW_COMPARE) {
        lt_studio_compare_save(s, path);
    } else {
        int k = shown_frame(s);
        if (k >= 0)
            put_shown(s, k, path);
    }
}

/* Every tile with its caption, at its own size; NULL where it has no picture.  parts: of those that
 * have one; returns how many. */
static int tiles_of(const lt_studio *s, lt_image **out, lt_meta_part *parts)
{
    const lt_seed_grid *g = &s->grid;
    lt_error ignored;
    int count = 0;
    for (int i = 0; i < g->count; i++) {
        char caption[LT_GRID_TEXT];
        const lt_tile *t = &g->tiles[i];
        lt_reel *r;
        int k = lt_studio_grid_frame(s, t, &r);
        lt_image *image = k >= 0 ? lt_reel_picture(r, k, t->image, s->lens) : NULL;
        if (!image)
            continue;
        lt_grid_caption(g, i, r, caption);
        if (!lt_font_caption(image, caption, NULL, &out[i], &ignored))
            out[i] = lt_image_ref(image); /* without one rather than not at all */
        parts[count++] = lt_studio_part(s, r, k, t->image);
    }
    return count;
}

void lt_studio_save_sheet(lt_studio *s)
{
    lt_error err = {0};
    lt_image *tiles[LT_GRID_MOST] = {NULL}, *sheet;
    lt_meta_part parts[LT_GRID_MOST];
    lt_png_texts texts = {0};
    int place, count = s->view == LT_VIEW_GRID ? tiles_of(s, tiles, parts) : 0;
    int columns = s->grid.mosaic ? lt_mosaic_columns(s->grid.mosaic) : 4;
    lt_grid layout = {.columns = columns > 0 ? columns : 4, .gap = 4};
    if (count == 0) {
        lt_studio_say(s, LT_NOTE_INFO, "there are no pictures of several seeds to save yet");
        return;
    }
    char *name = free_name(s, lt_params_seed(parts[0].meta.params, parts[0].image, &place),
                           "-sheet", ".png");
    if (lt_image_grid((const lt_image *const *)tiles, s->grid.count, &layout, &sheet, &err)) {
        lt_meta_parts_texts(parts, count, 0, &texts);
        lt_studio_save_image(s, name, sheet, &texts);
        lt_image_unref(sheet);
    } else {
        lt_studio_fault(s, &err);
    }
    free(name);
    for (int i = 0; i < LT_GRID_MOST; i++)
        lt_image_unref(tiles[i]);
}

void lt_studio_saving_over(lt_studio *s)
{
    free(s->saving.dir);
    s->saving = (lt_saving){.series = s->saving.series};
}

void lt_studio_save_all(lt_studio *s)
{
    lt_error err = {0};
    if (!s->reel || lt_reel_frames(s->reel) == 0) {
        lt_studio_say(s, LT_NOTE_INFO, "there are no steps to save yet");
        return;
    }
    if (is_text(s))
        return;
    if (lt_studio_through(s)->attends) {
        lt_studio_say(s, LT_NOTE_INFO,
                      "lens 6 saves one step with s; latentty render --attention "
                      "DIR writes all");
        return;
    }
    lt_studio_saving_over(s);
    char *dir = lt_studio_free_name(s, "-steps", "");
    if (!lt_dir_make(dir, &err)) {
        lt_studio_fault(s, &err);
        free(dir);
        return;
    }
    uint64_t series = s->saving.series + 1;
    s->saving = what_is_shown(s);
    s->saving.dir = dir;
    s->saving.series = series;
    lt_studio_say(s, LT_NOTE_INFO, "saving...");
}

bool lt_studio_saving(const lt_studio *s)
{
    const lt_saving *v = &s->saving;
    lt_look_part ignored;
    return v->reel && v->next - v->done < IN_FLIGHT && v->next <= lt_reel_last(v->reel, v->image) &&
           (s->asked.id == 0 || !lt_look_lacks(v->look, v->reel, v->next, v->image, &ignored));
}

void lt_studio_save_on(lt_studio *s)
{
    lt_saving *v = &s->saving;
    lt_look_part part;
    if (!lt_look_lacks(v->look, v->reel, v->next, v->image, &part)) {
        char *path = lt_format("%s/%03d.png", v->dir, v->next);
        put_frame(s, v, v->next++, path);
        free(path);
    } else if (s->asked.id == 0 &&
               !lt_studio_ask_through(s, v->reel, part.step, v->image, part.lens)) {
        lt_studio_saving_over(s);
    }
}

/* A fault that came after the picture was put stays. */
static bool faulty(const lt_studio *s)
{
    return s->note.kind == LT_NOTE_ERROR && s->note.text[0];
}

/* One of all steps. */
static void saved_step(lt_studio *s, const lt_saved *e)
{
    lt_saving *v = &s->saving;
    if (!v->reel || e->series != v->series) /* given up meanwhile */
        return;
    if (e->error.code != LT_ERR_NONE) {
        lt_studio_fault(s, &e->error);
        lt_studio_saving_over(s);
        return;
    }
    int frames = lt_reel_last(v->reel, v->image) + 1;
    if (++v->done < frames) {
        if (!faulty(s))
            lt_studio_say(s, LT_NOTE_INFO, "saving: %d of %d pictures", v->done, frames);
    } else {
        if (!faulty(s))
            lt_studio_say(s, LT_NOTE_INFO, "saved %d pictures in %s", frames, v->dir);
        lt_studio_saving_over(s);
    }
}

void lt_studio_saved(lt_studio *s)
{
    lt_saved e;
    while (lt_saver_poll(s->saver, &e)) {
        bool taken = e.series || lt_studio_noising_saved(s, &e);
        if (e.series)
            saved_step(s, &e);
        else if (!taken && e.error.code != LT_ERR_NONE)
            lt_studio_fault(s, &e.error);
        else if (!taken && !faulty(s))
            lt_studio_say(s, LT_NOTE_INFO, "saved %s", e.path);
        lt_saved_done(&e);
    }
}

void lt_studio_take_settings(lt_studio *s, const lt_params *p, const char *notes)
{
    lt_params next;
    if (p->prompt_count)
        lt_edit_set(s->form.prompt, p->prompts[0]);
    lt_edit_set(s->form.negative, p->negative_prompt ? p->negative_prompt : "");
    lt_params_copy(&next, p);
    for (int i = 0; i < lt_param_count; i++) { /* what the picture does not say stays */
        char text[4096];
        lt_error ignored;
        const lt_param_info *info = &lt_param_infos[i];
        if (!lt_params_text(p, info, text, sizeof text) &&
            lt_params_text(&s->form.next, info, text, sizeof text))
            (void)!lt_params_set(&next, info, text, &ignored);
    }
    if (p->seed_count && isnan(p->variation_seed)) /* unless it says all of the noise */
        next.variation_seed = next.variation_strength = (double)NAN;
    lt_params_done(&s->form.next);
    s->form.next = next;
    if (p->seed_count)
        lt_form_seed(&s->form, p->seeds[0]);
    lt_form_hold(&s->form);
    if (*notes)
        lt_studio_say(s, LT_NOTE_WARN, "settings taken; not used: %s", notes);
    else
        lt_studio_say(s, LT_NOTE_INFO, "settings taken; Enter makes the picture");
}

void lt_studio_read_settings(lt_studio *s, const char *path)
{
    lt_image *image = NULL;
    lt_png_texts texts = {0};
    lt_buf notes = {0};
    lt_error err = {0};
    lt_params p;
    lt_params_init(&p);
    if (!lt_png_read(path, &image, &texts, &err)) {
        lt_studio_fault(s, &err);
    } else if (!lt_recall_texts(&texts, &p, &notes, &err)) {
        lt_fail_in(&err, "'%s'", path);
        lt_studio_fault(s, &err);
    } else {
        lt_studio_take_settings(s, &p, notes.len ? notes.data : "");
    }
    lt_image_unref(image);
    lt_png_texts_done(&texts);
    lt_buf_done(&notes);
    lt_params_done(&p);
}
