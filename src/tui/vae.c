/* vae.c - the picture of the views "autoencoder" and "noising": where it comes from, and what the
 * VAE makes of it. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "tui/studio.h"

static void forget_sheet(lt_vae_view *v)
{
    lt_image_unref(v->sheet);
    v->sheet = NULL;
    v->made_gain = 0;
}

static void forget(lt_studio *s)
{
    lt_vae_view *v = &s->vae;
    lt_studio_noising_forget(s);
    lt_png_texts_done(&v->texts);
    lt_image_unref(v->picture);
    forget_sheet(v);
    lt_encoded_free(v->encoded);
    free(v->name);
    free(v->path);
    *v = (lt_vae_view){.gain = v->gain};
}

void lt_studio_vae_done(lt_studio *s)
{
    forget(s);
    lt_studio_noising_done(s);
}

static void take_file(lt_studio *s, const char *path)
{
    lt_vae_view *v = &s->vae;
    const char *slash = strrchr(path, '/');
    forget(s);
    v->path = lt_strdup(path);
    v->name = lt_strdup(slash && slash[1] ? slash + 1 : path);
}

/* What is seen of the step; false, said, if there is nothing. */
static bool take_shown(lt_studio *s)
{
    lt_vae_view *v = &s->vae;
    lt_reel *r = s->reel;
    int place;
    lt_image *shown = r && r->film ? lt_reel_picture(r, s->step, s->image, s->lens) : NULL;
    if (!shown) {
        lt_studio_say(s, LT_NOTE_INFO,
                      "no picture is shown yet: :autoencoder or :noising FILE.png opens one");
        return false;
    }
    if (shown == v->picture)
        return true;
    lt_meta_part part = lt_studio_part(s, r, s->step, s->image);
    forget(s);
    v->picture = lt_image_ref(shown);
    v->name = lt_format("run %d step %d", lt_studio_run_number(s, r->id), s->step);
    v->seed = lt_params_seed(&r->film->params, s->image, &place);
    lt_meta_texts(&part.meta, part.image, &v->texts);
    return true;
}

/* Of the model that is open. */
static bool is_fresh(const lt_studio *s)
{
    const lt_encoded *e = s->vae.encoded;
    return e && s->facts && strcmp(e->model_hash, s->facts->hash) == 0;
}

/* A file is made to fit as the form's next run would; a picture of a run has its size. */
static void encode(lt_studio *s)
{
    lt_vae_view *v = &s->vae;
    lt_params p;
    lt_params_copy(&p, &s->form.next);
    if (!v->path)
        p.size = (lt_size){0};
    v->asked = ++s->next_id;
    lt_session_encode_picture(s->session, v->asked, &p, v->path, v->picture);
    lt_params_done(&p);
}

void lt_studio_vae_open(lt_studio *s, lt_view view, const char *path)
{
    lt_vae_view *v = &s->vae;
    lt_error err = {0};
    if (path && !lt_file_can_read(path, &err)) { /* what is seen stays */
        lt_studio_fault(s, &err);
        return;
    }
    if (path)
        take_file(s, path);
    else if (!lt_studio_vae(s) && !take_shown(s))
        return;
    lt_studio_show_view(s, view);
    s->focus = LT_FOCUS_VIEW;
    s->replaying = false;
    s->redraw = true;
    lt_studio_noising_ready(s);
    if (!v->asked && !is_fresh(s))
        encode(s);
}

void lt_studio_vae_loaded(lt_studio *s)
{
    if (lt_studio_vae(s) && !s->vae.asked && !is_fresh(s))
        encode(s);
}

void lt_studio_vae_leave(lt_studio *s)
{
    lt_vae_view *v = &s->vae;
    lt_session_leave(s->session);
    v->asked = s->noising.asked = 0;
    forget_sheet(v);
}

/* The picture is encoded. */
static void take_encoded(lt_studio *s, lt_event *e)
{
    lt_vae_view *v = &s->vae;
    lt_studio_noising_forget(s);
    lt_encoded_free(v->encoded);
    forget_sheet(v);
    v->encoded = e->encoded;
    e->encoded = NULL;
    lt_linear_learn(&s->linear, v->encoded->latents, v->encoded->channels, v->encoded->h,
                    v->encoded->w, v->encoded->decoded);
}

bool lt_studio_vae_take(lt_studio *s, lt_event *e)
{
    lt_vae_view *v = &s->vae;
    bool mine = e->id && e->id == v->asked;
    if (!mine && !lt_studio_noising_take(s, e))
        return false;
    if (e->kind == LT_EVENT_FAILED) {
        s->loading[0] = '\0';
        lt_studio_fault(s, &e->error);
    }
    if (mine && e->kind == LT_EVENT_ENCODED)
        take_encoded(s, e);
    if (mine && (e->kind == LT_EVENT_ENCODED || e->kind == LT_EVENT_FAILED))
        v->asked = 0;
    if (mine)
        lt_studio_noising_ready(s);
    return true;
}
