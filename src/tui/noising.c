/* noising.c - the view "noising": a slider over the timesteps of the forward process, what the UNet
 * says of its noise once the slider rests, and a run that begins there. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "pipeline/init_image.h"
#include "tui/studio.h"
#include "tui/wake.h"

static const double rest = 0.15; /* seconds after which a moved slider rests */

static const char *prompt_of(const lt_studio *s)
{
    return lt_edit_text(s->form.prompt, NULL);
}

/* It was drawn with another noise, or with another prediction of it. */
static void forget_noises(lt_noising_view *v)
{
    lt_image_unref(v->noises);
    v->noises = NULL;
}

static void forget_said(lt_noising_view *v)
{
    if (v->said)
        forget_noises(v);
    lt_predicted_free(v->said);
    v->said = NULL;
    v->changes++;
}

/* What is of x_t. */
static void forget_made(lt_noising_view *v)
{
    lt_image_unref(v->noised);
    v->noised = NULL;
    v->asked = 0;
    forget_said(v);
}

void lt_studio_noising_forget(lt_studio *s)
{
    lt_noising_view *v = &s->noising;
    forget_made(v);
    forget_noises(v);
    lt_image_unref(v->dark);
    v->dark = NULL;
    for (int i = 0; i < LT_COMPARE_MOST; i++)
        lt_compare_kept_done(&v->kept[i]);
    free(v->noise);
    v->noise = v->x_t = NULL;
    v->of = NULL;
    v->rest_at = 0;
}

static void forget_next(lt_noising_view *v)
{
    if (v->next)
        lt_params_done(v->next);
    free(v->next);
    free(v->going);
    v->next = NULL;
    v->going = NULL;
}

void lt_studio_noising_done(lt_studio *s)
{
    lt_noising_view *v = &s->noising;
    lt_studio_noising_forget(s);
    forget_next(v);
    lt_image_unref(v->sheet);
    free(v->prompt);
    *v = (lt_noising_view){0};
}

/* ---- the slider ---- */

int lt_studio_noising_last(const lt_studio *s)
{
    return s->vae.encoded ? s->vae.encoded->schedule.config.num_train_timesteps - 1 : 0;
}

/* x_t of this t, at once; all that follows from it is to come. */
static void noise_to(lt_studio *s, int t)
{
    lt_noising_view *v = &s->noising;
    const lt_encoded *e = s->vae.encoded;
    lt_error ignored; /* t is in range */
    if (v->asked)
        lt_session_leave(s->session);
    forget_made(v);
    v->at = lt_noising_at(&e->schedule, t);
    (void)!lt_schedule_add_noise(&e->schedule, t, e->latents, v->noise, v->n, v->x_t, &ignored);
    s->dirty = true;
}

void lt_studio_noising_set(lt_studio *s, int t)
{
    int last = lt_studio_noising_last(s);
    t = t < 0 ? 0 : t > last ? last : t;
    if (!s->noising.of || t == s->noising.at.t)
        return;
    noise_to(s, t);
    s->noising.rest_at = s->now + rest;
}

static void new_noise(lt_studio *s)
{
    lt_noising_view *v = &s->noising;
    lt_noising_noise(++v->seed, v->n, v->noise);
    forget_noises(v);
    noise_to(s, v->at.t);
    v->rest_at = s->now + rest;
}

/* ---- what the worker makes ---- */

static void ask(lt_studio *s)
{
    lt_noising_view *v = &s->noising;
    const lt_encoded *e = s->vae.encoded;
    forget_said(v); /* of another prompt */
    v->rest_at = 0;
    free(v->prompt);
    v->prompt = lt_strdup(prompt_of(s));
    v->asked = ++s->next_id;
    lt_noise_call call = {.prompt = v->prompt,
                          .t = v->at.t,
                          .channels = e->channels,
                          .h = e->h,
                          .w = e->w,
                          .abar = v->at.abar,
                          .x_t = v->x_t};
    lt_session_tile(s->session, e->tiled);
    lt_session_predict(s->session, v->asked, &s->form.next, &call);
}

/* The noise of this picture: of the seed that is given, else of the run's that made it. */
static bool begin(lt_studio *s, lt_error *err)
{
    lt_noising_view *v = &s->noising;
    const lt_encoded *e = s->vae.encoded;
    int last = lt_studio_noising_last(s), t = v->at.t ? v->at.t : (last + 1) * 2 / 5;
    void *block;
    lt_studio_noising_forget(s);
    v->n = (size_t)e->channels * (size_t)e->h * (size_t)e->w;
    if (!lt_try_alloc(2 * v->n * sizeof(float), "the noise", &block, err))
        return false;
    v->noise = block;
    v->x_t = v->noise + v->n;
    v->of = e;
    v->seed = s->form.seed_given ? s->form.seed : s->vae.seed;
    lt_noising_noise(v->seed, v->n, v->noise);
    noise_to(s, t < last ? t : last);
    return true;
}

void lt_studio_noising_ready(lt_studio *s)
{
    lt_noising_view *v = &s->noising;
    lt_error err = {0};
    if (s->view != LT_VIEW_NOISING || !s->vae.encoded)
        return;
    if (v->of != s->vae.encoded && !begin(s, &err)) {
        lt_studio_fault(s, &err);
        return;
    }
    if (!v->asked && !(v->said && strcmp(v->prompt, prompt_of(s)) == 0))
        ask(s);
}

static void take_said(lt_studio *s, lt_event *e)
{
    lt_noising_view *v = &s->noising;
    lt_error ignored; /* both have one size */
    forget_noises(v);
    v->said = e->predicted;
    e->predicted = NULL;
    v->error = lt_noise_compare(v->said->noise, v->noise, v->n);
    (void)!lt_image_compare(s->vae.encoded->original, v->said->picture, &v->distance, &ignored);
}

bool lt_studio_noising_take(lt_studio *s, lt_event *e)
{
    lt_noising_view *v = &s->noising;
    const lt_encoded *c = s->vae.encoded;
    if (!e->id || e->id != v->asked)
        return false;
    if (e->kind == LT_EVENT_NOISED) {
        lt_image_unref(v->noised);
        v->noised = e->picture;
        e->picture = NULL;
        lt_linear_learn(&s->linear, v->x_t, c->channels, c->h, c->w, v->noised);
    } else if (e->kind == LT_EVENT_PREDICTED) {
        take_said(s, e);
    }
    if (e->kind == LT_EVENT_PREDICTED || e->kind == LT_EVENT_FAILED)
        v->asked = 0;
    v->changes++;
    return true;
}

double lt_studio_noising_wait(const lt_studio *s)
{
    double at = s->noising.rest_at;
    return s->view == LT_VIEW_NOISING && at > 0 ? lt_wake_until(at, s->now) : -1;
}

void lt_studio_noising_tick(lt_studio *s)
{
    lt_noising_view *v = &s->noising;
    if (s->view != LT_VIEW_NOISING || !v->of)
        return;
    if (v->rest_at <= 0 && strcmp(v->prompt, prompt_of(s)) != 0) { /* it was changed */
        forget_said(v);
        v->rest_at = s->now;
    }
    if (lt_studio_noising_wait(s) != 0)
        return;
    ask(s);
    s->dirty = true;
}

/* ---- a run from there ---- */

bool lt_studio_noising_start(const lt_studio *s, lt_noising_start *out, lt_error *err)
{
    return lt_noising_start_at(&s->vae.encoded->scheduler, &s->form.next, s->noising.at.t, out,
                               err);
}

static void go(lt_studio *s, const lt_params *p)
{
    lt_studio_begin_reel(s, p->prompts[0], s->pace > 0);
    lt_session_run(s->session, s->next_id, p, s->paced_hold);
}

/* Of the settings of the form: this picture, this noise, these steps. */
static void from_here(const lt_studio *s, const lt_noising_start *start, lt_params *p)
{
    const lt_encoded *e = s->vae.encoded;
    p->strength = start->strength;
    p->size = (lt_size){e->original->width, e->original->height};
    free(p->seeds);
    p->seeds = lt_alloc(sizeof *p->seeds);
    p->seeds[0] = s->noising.seed;
    p->seed_count = 1;
    p->variation_seed = p->variation_strength = (double)NAN;
}

/* A picture of a run by its hash, beside the history; NULL where there is none. */
static char *file_of(const lt_studio *s)
{
    char *name = lt_format("init/%016" PRIx64 ".png", lt_init_image_hash(s->vae.picture));
    char *path = s->options->history ? lt_path_user("XDG_DATA_HOME", ".local/share", name) : NULL;
    free(name);
    return path;
}

/* The run begins once its picture is in a file, from which it can be made again. */
static void write_first(lt_studio *s, const char *path, const lt_params *p)
{
    lt_noising_view *v = &s->noising;
    lt_png_texts texts = {0};
    for (int i = 0; i < s->vae.texts.count; i++)
        lt_png_texts_add(&texts, s->vae.texts.items[i].key, s->vae.texts.items[i].value);
    forget_next(v);
    v->going = lt_strdup(path);
    v->next = lt_alloc(sizeof *v->next);
    lt_params_copy(v->next, p);
    lt_dir_make_above(path);
    if (!lt_saver_has(s->saver, path))
        lt_saver_put(s->saver, path, s->vae.picture, &texts, 0);
    lt_png_texts_done(&texts);
}

bool lt_studio_noising_saved(lt_studio *s, const lt_saved *e)
{
    lt_noising_view *v = &s->noising;
    if (!v->going || strcmp(e->path, v->going) != 0)
        return false;
    if (lt_file_exists(v->going)) /* maybe of another program, meanwhile */
        go(s, v->next);
    else
        lt_studio_fault(s, &e->error);
    forget_next(v);
    return true;
}

static void denoise(lt_studio *s)
{
    lt_params p;
    lt_noising_start start;
    lt_error err = {0};
    char *path = s->vae.path ? lt_strdup(s->vae.path) : file_of(s);
    if (!lt_form_params(&s->form, &p, &err) || !lt_studio_noising_start(s, &start, &err)) {
        lt_studio_fault(s, &err);
    } else if (!path) {
        lt_studio_say(s, LT_NOTE_INFO,
                      "no history is kept: save the picture, then :noising FILE.png");
    } else {
        from_here(s, &start, &p);
        free(p.init_image);
        p.init_image = lt_strdup(path);
        if (s->vae.path || lt_file_exists(path))
            go(s, &p);
        else
            write_first(s, path, &p);
    }
    lt_params_done(&p);
    free(path);
}

/* ---- keys ---- */

static void type_prompt(lt_studio *s)
{
    char *line = lt_format("prompt %s", prompt_of(s));
    lt_studio_ask(s, LT_ASK_COMMAND, line);
    free(line);
}

static bool act(lt_studio *s, lt_action action)
{
    int t = s->noising.at.t;
    switch (action) {
    case LT_ACTION_T_MORE:
        lt_studio_noising_set(s, t + 10);
        return true;
    case LT_ACTION_T_LESS:
        lt_studio_noising_set(s, t - 10);
        return true;
    case LT_ACTION_T_NEXT:
        lt_studio_noising_set(s, t + 1);
        return true;
    case LT_ACTION_T_BEFORE:
        lt_studio_noising_set(s, t - 1);
        return true;
    case LT_ACTION_T_FIRST:
        lt_studio_noising_set(s, 0);
        return true;
    case LT_ACTION_T_LAST:
        lt_studio_noising_set(s, lt_studio_noising_last(s));
        return true;
    case LT_ACTION_NEW_NOISE:
        new_noise(s);
        return true;
    case LT_ACTION_DENOISE:
        denoise(s);
        return true;
    case LT_ACTION_SAVE:
        lt_studio_noising_save(s, NULL);
        return true;
    default:
        return false;
    }
}

bool lt_studio_noising_act(lt_studio *s, lt_action action)
{
    bool own = action >= LT_ACTION_NOISING && action <= LT_ACTION_DENOISE;
    if (action == LT_ACTION_NOISING && s->view != LT_VIEW_NOISING) {
        lt_studio_vae_open(s, LT_VIEW_NOISING, NULL);
        return true;
    }
    if (s->view != LT_VIEW_NOISING || s->help || s->details)
        return own;
    if (action == LT_ACTION_CLOSE)
        lt_studio_close_view(s);
    else if (action == LT_ACTION_EDIT_PROMPT)
        type_prompt(s);
    else if (!s->noising.of && (own || action == LT_ACTION_SAVE))
        lt_studio_say(s, LT_NOTE_INFO, "there is no picture yet");
    else
        return act(s, action) || own;
    return true;
}
