/* save.c - pictures to files, and settings back from them. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "pipeline/recall.h"
#include "tui/studio.h"

/* One frame with what made it.  False says the fault. */
static bool write_frame(lt_studio *s, const lt_reel *r, int k, const char *path)
{
    lt_error err = {0};
    lt_png_texts texts = {0};
    lt_buf parameters = {0}, json = {0};
    lt_meta meta = lt_film_meta(r->film, k);
    meta.lens = lt_reel_lens(k, s->lens);
    lt_meta_parameters(&meta, 0, &parameters);
    lt_meta_json(&meta, 0, &json);
    lt_png_texts_add(&texts, LT_META_PARAMETERS, parameters.data);
    lt_png_texts_add(&texts, LT_META_JSON, json.data);
    bool ok = lt_png_write(path, lt_reel_picture(r, k, s->lens), &texts, LT_PNG_LEVEL, &err);
    if (!ok)
        lt_studio_fault(s, &err);
    lt_png_texts_done(&texts);
    lt_buf_done(&parameters);
    lt_buf_done(&json);
    return ok;
}

char *lt_studio_free_name(const lt_studio *s, const char *what, const char *suffix)
{
    int place;
    uint64_t seed = lt_params_seed(&s->reel->film->params, 0, &place);
    const char *lens = s->lens == LT_LENS_X0 ? "-x0" : "";
    for (int i = 1;; i++) {
        char *name = i == 1
                         ? lt_format("latentty-%" PRIu64 "%s%s%s", seed, what, lens, suffix)
                         : lt_format("latentty-%" PRIu64 "%s%s-%d%s", seed, what, lens, i, suffix);
        if (!lt_file_exists(name) && !lt_dir_exists(name))
            return name;
        free(name);
    }
}

static bool has_picture(lt_studio *s)
{
    if (s->reel && lt_reel_frames(s->reel) > 0 && lt_reel_picture(s->reel, s->step, s->lens))
        return true;
    lt_studio_say(s, LT_NOTE_INFO, "there is no picture to save yet");
    return false;
}

void lt_studio_save(lt_studio *s)
{
    char step[32] = "";
    if (!has_picture(s))
        return;
    if (s->step < s->reel->film->steps)
        snprintf(step, sizeof step, "-step%d", s->step);
    char *name = lt_studio_free_name(s, step, ".png");
    if (write_frame(s, s->reel, s->step, name))
        lt_studio_say(s, LT_NOTE_INFO, "saved %s", name);
    free(name);
}

void lt_studio_save_as(lt_studio *s, const char *path)
{
    lt_error err = {0};
    if (!has_picture(s))
        return;
    if (lt_file_exists(path)) {
        lt_fail(&err, LT_ERR_ARGUMENT, "another name", "'%s' is there already", path);
        lt_studio_fault(s, &err);
    } else if (write_frame(s, s->reel, s->step, path)) {
        lt_studio_say(s, LT_NOTE_INFO, "saved %s", path);
    }
}

static void saving_over(lt_studio *s)
{
    free(s->saving.dir);
    s->saving = (lt_saving){0};
}

void lt_studio_save_all(lt_studio *s)
{
    lt_error err = {0};
    if (!s->reel || lt_reel_frames(s->reel) == 0) {
        lt_studio_say(s, LT_NOTE_INFO, "there are no steps to save yet");
        return;
    }
    saving_over(s);
    char *dir = lt_studio_free_name(s, "-steps", "");
    if (!lt_dir_make(dir, &err)) {
        lt_studio_fault(s, &err);
        free(dir);
        return;
    }
    s->saving = (lt_saving){.reel = s->reel, .dir = dir};
}

/* The VAE makes the picture that is missing. */
static void ask(lt_studio *s, const lt_reel *r, int k)
{
    const lt_film *f = r->film;
    lt_lens lens = lt_reel_lens(k, s->lens);
    float *latents = lt_alloc_array(f->all, sizeof *latents);
    lt_film_lens(f, k, lens, latents);
    lt_session_decode(s->session, r->id, k, 0, lens, latents, f->channels, f->h, f->w);
    free(latents);
}

static void write_next(lt_studio *s)
{
    lt_saving *v = &s->saving;
    char *path = lt_format("%s/%03d.png", v->dir, v->next);
    if (write_frame(s, v->reel, v->next, path)) {
        v->next++;
        v->asked = false;
        lt_studio_say(s, LT_NOTE_INFO, "saving: %d of %d pictures", v->next,
                      lt_reel_frames(v->reel));
    } else {
        saving_over(s);
    }
    free(path);
}

bool lt_studio_saving(const lt_studio *s)
{
    const lt_saving *v = &s->saving;
    return v->reel && (!v->asked || lt_reel_picture(v->reel, v->next, s->lens));
}

void lt_studio_save_on(lt_studio *s)
{
    lt_saving *v = &s->saving;
    int frames = lt_reel_frames(v->reel);
    if (v->next == frames) {
        lt_studio_say(s, LT_NOTE_INFO, "saved %d pictures in %s", frames, v->dir);
        saving_over(s);
    } else if (lt_reel_picture(v->reel, v->next, s->lens)) {
        write_next(s);
    } else {
        v->asked = true;
        ask(s, v->reel, v->next);
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
