/* lesson_numbers.c - the numbers that a lesson's text may show, from what is on the screen. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tui/tour.h"

/* What the numbers come from. */
typedef struct sight {
    const lt_studio *s;
    const lt_film *film;         /* NULL: there is no step yet */
    const lt_model_facts *facts; /* NULL: no model is open */
    const lt_tokens *tokens;     /* of the prompt as it is typed; NULL: not counted */
    int k;                       /* the step */
    int next; /* the one that would be taken from here; of the last one, that one */
} sight;

static sight look(const lt_studio *s)
{
    sight v = {.s = s, .facts = s->facts};
    if (s->reel && s->reel->film && s->step < lt_reel_frames(s->reel)) {
        v.film = s->reel->film;
        v.k = s->step;
        v.next = v.k < v.film->steps ? v.k : v.film->steps - 1;
    }
    if (s->facts && s->prompt_count.version == lt_edit_version(s->form.prompt) + 1)
        v.tokens = &s->prompt_count.tokens;
    return v;
}

/* Finite numbers only. */
LT_PRINTF(3, 4) static bool put(lt_buf *out, double x, const char *format, ...)
{
    char text[64];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (isfinite(x))
        lt_buf_str(out, text);
    return isfinite(x);
}

static bool real(lt_buf *out, double x)
{
    return put(out, x, "%.4g", x == 0 ? 0 : x);
}

static bool whole(lt_buf *out, double x)
{
    return put(out, x, "%.0f", x);
}

/* ---- the step ---- */

static bool of_schedule(const sight *v, lt_lesson_number which, lt_buf *out)
{
    const lt_schedule *c = &v->film->schedule;
    double sigma = (double)c->sigmas[v->k], abar = lt_sigma_abar(sigma);
    switch (which) {
    case LT_LESSON_STEP:
        return whole(out, v->k);
    case LT_LESSON_STEPS:
        return whole(out, v->film->steps);
    case LT_LESSON_SIGMAS:
        return whole(out, c->steps + 1);
    case LT_LESSON_TIMESTEP:
        return real(out, (double)c->timesteps[v->next]);
    case LT_LESSON_SIGMA:
        return real(out, sigma);
    case LT_LESSON_SIGMA_BEFORE:
        return v->k > 0 && real(out, (double)c->sigmas[v->k - 1]);
    case LT_LESSON_SIGMA_NEXT:
        return v->k < c->steps && real(out, (double)c->sigmas[v->k + 1]);
    case LT_LESSON_SIGMA_FIRST:
        return real(out, (double)c->sigmas[0]);
    case LT_LESSON_SIGMA_LAST:
        return real(out, (double)c->sigmas[c->steps]);
    case LT_LESSON_INPUT_SCALE:
        return real(out, 1 / sqrt(sigma * sigma + 1));
    case LT_LESSON_ABAR:
        return real(out, abar);
    case LT_LESSON_SQRT_ABAR:
        return real(out, sqrt(abar));
    default: /* LT_LESSON_SQRT_NOISE */
        return real(out, sqrt(1 - abar));
    }
}

static bool of_step(const sight *v, lt_lesson_number which, lt_buf *out)
{
    lt_film_numbers n;
    lt_push push;
    bool guided = lt_film_push(v->film, v->k, v->s->image, &push);
    double sigma = (double)v->film->schedule.sigmas[v->k];
    lt_film_numbers_at(v->film, v->k, v->s->image, &n);
    switch (which) {
    case LT_LESSON_RMS:
        return real(out, n.rms_latents);
    case LT_LESSON_RMS_INPUT:
        return real(out, n.rms_latents / sqrt(sigma * sigma + 1));
    case LT_LESSON_RMS_X0:
        return v->k > 0 && real(out, n.rms_x0);
    case LT_LESSON_RMS_NOISE:
        return v->k > 0 && real(out, n.rms_eps);
    case LT_LESSON_CHANGED:
        return v->k > 0 && put(out, n.changed, "%.3g", 100 * n.changed);
    case LT_LESSON_GUIDANCE:
        return real(out, lt_studio_what_if(v->s) ? v->s->what_if.scale
                         : v->k > 0              ? v->film->at[v->k - 1].guidance_scale
                                                 : v->film->guidance_scale);
    case LT_LESSON_PUSH:
        return guided && push.rms_uncond > 0 &&
               put(out, push.length, "%.3g", push.length / push.rms_uncond);
    case LT_LESSON_COSINE:
        return guided && put(out, n.cosine, "%.4f", n.cosine);
    default: /* LT_LESSON_APART */
        return guided && put(out, push.apart, "%.2f", push.apart);
    }
}

/* ---- the sampler ---- */

static bool of_sampler(const sight *v, lt_lesson_number which, lt_buf *out)
{
    lt_update u;
    double sum = 0;
    if (which == LT_LESSON_SAMPLER) {
        lt_buf_str(out, v->film->sampler->label);
        return true;
    }
    if (!lt_film_update(v->film, v->next, &u))
        return false;
    int j = (int)which - LT_LESSON_WEIGHT_1;
    for (int i = 0; i < u.order; i++)
        sum += u.weight[i];
    if (which == LT_LESSON_ORDER)
        return whole(out, u.order);
    if (which == LT_LESSON_WEIGHT_SUM)
        return real(out, sum);
    return j >= 0 && j < u.order && real(out, u.weight[j]);
}

/* ---- the forward process ---- */

static bool of_training(const sight *v, lt_lesson_number which, lt_buf *out)
{
    const lt_schedule *c = &v->film->schedule;
    int last = c->config.num_train_timesteps - 1, t = (int)lrint((double)c->timesteps[v->next]);
    t = t < 0 ? 0 : t > last ? last : t;
    bool edge = which == LT_LESSON_BETA_FIRST || which == LT_LESSON_BETA_LAST;
    t = !edge ? t : which == LT_LESSON_BETA_FIRST ? 0 : last;
    double beta = lt_schedule_beta(&c->config, t);
    if (c->config.rescale_betas_zero_snr && t > 0) /* that one is before it */
        beta = 1 - (double)c->alphas_cumprod[t] / (double)c->alphas_cumprod[t - 1];
    switch (which) {
    case LT_LESSON_TRAIN_STEPS:
        return whole(out, last + 1);
    case LT_LESSON_TRAIN_T:
        return whole(out, t);
    case LT_LESSON_SQRT_BETA:
        return real(out, sqrt(beta));
    case LT_LESSON_SQRT_KEEP:
        return real(out, sqrt(1 - beta));
    case LT_LESSON_ABAR_FIRST:
        return real(out, (double)c->alphas_cumprod[0]);
    case LT_LESSON_ABAR_LAST:
        return real(out, (double)c->alphas_cumprod[last]);
    default: /* BETA, BETA_FIRST, BETA_LAST */
        return put(out, beta, "%.3g", beta);
    }
}

/* ---- pictures and latents ---- */

/* In the autoencoder's view: of the picture there. */
static double fewer(const sight *v, bool positions)
{
    const lt_film *f = v->film;
    const lt_encoded *e = v->s->view == LT_VIEW_AUTOENCODER ? v->s->vae.encoded : NULL;
    double pixels = (double)f->width * f->height, area = (double)f->h * f->w;
    if (e)
        return positions ? lt_encoded_fewer_positions(e) : lt_encoded_fewer_numbers(e);
    return positions ? pixels / area : 3 * pixels / (area * f->channels);
}

static bool of_size(const sight *v, lt_lesson_number which, lt_buf *out)
{
    const lt_film *f = v->film;
    double pixels = 3.0 * f->width * f->height, latents = (double)f->channels * f->h * f->w;
    double share;
    uint64_t other;
    int place;
    switch (which) {
    case LT_LESSON_SEED:
        lt_buf_format(out, "%" PRIu64, lt_params_seed(&f->params, v->s->image, &place));
        return true;
    case LT_LESSON_PICTURES:
        return whole(out, v->s->view == LT_VIEW_GRID ? v->s->grid.count : f->images);
    case LT_LESSON_VARIATION:
        return lt_params_variation(&f->params, v->s->image, &other, &share) && real(out, share);
    case LT_LESSON_WIDTH:
        return whole(out, f->width);
    case LT_LESSON_HEIGHT:
        return whole(out, f->height);
    case LT_LESSON_LATENT_WIDTH:
        return whole(out, f->w);
    case LT_LESSON_LATENT_HEIGHT:
        return whole(out, f->h);
    case LT_LESSON_CHANNELS:
        return whole(out, f->channels);
    case LT_LESSON_FACTOR:
        return real(out, (double)f->width / f->w);
    case LT_LESSON_FEWER_POSITIONS:
        return real(out, fewer(v, true));
    case LT_LESSON_PIXEL_NUMBERS:
        return whole(out, pixels);
    case LT_LESSON_LATENT_NUMBERS:
        return whole(out, latents);
    default: /* LT_LESSON_FEWER_NUMBERS */
        return real(out, fewer(v, false));
    }
}

/* ---- the model and the prompt ---- */

/* What the text encoder is given, as ids or as pieces, the first ones. */
static bool tokens(const sight *v, bool ids, lt_buf *out)
{
    enum { MOST = 12 };
    for (size_t i = 0; i < v->tokens->used && i < MOST; i++) {
        int32_t id = v->tokens->all[i].id;
        const char *piece = lt_tokenizer_piece(v->facts->tokenizer, id);
        if (ids)
            lt_buf_format(out, "%s%d", i ? " " : "", (int)id);
        else
            lt_buf_format(out, "%s%s", i ? " " : "", piece ? piece : "?");
    }
    if (v->tokens->used > MOST)
        lt_buf_str(out, " ...");
    return v->tokens->used > 0;
}

static bool of_prompt(const sight *v, lt_lesson_number which, lt_buf *out)
{
    const lt_tokens *t = v->tokens;
    switch (which) {
    case LT_LESSON_TOKENS:
        return whole(out, (double)t->used);
    case LT_LESSON_CUT:
        return whole(out, (double)(t->total - t->used));
    case LT_LESSON_ROOM:
        return whole(out, (double)t->length - 2);
    case LT_LESSON_POSITIONS:
        return whole(out, (double)t->length);
    case LT_LESSON_PADDING:
        return whole(out, (double)(t->length - t->used) - 2);
    default: /* PIECES, IDS */
        return tokens(v, which == LT_LESSON_IDS, out);
    }
}

static bool of_model(const sight *v, lt_lesson_number which, lt_buf *out)
{
    const lt_model_facts *m = v->facts;
    switch (which) {
    case LT_LESSON_SCALING:
        return put(out, m->scaling_factor, "%.5g", m->scaling_factor);
    case LT_LESSON_UNSCALED:
        return put(out, m->scaling_factor, "%.3g", 1 / m->scaling_factor);
    case LT_LESSON_TEXT_WIDTH:
        return whole(out, m->text_width);
    case LT_LESSON_VOCABULARY:
        return whole(out, (double)lt_tokenizer_vocab_size(m->tokenizer));
    case LT_LESSON_ID_BEGIN:
        return whole(out, lt_tokenizer_begin(m->tokenizer));
    case LT_LESSON_ID_END:
        return whole(out, lt_tokenizer_end(m->tokenizer));
    default: /* LT_LESSON_ID_PAD */
        return whole(out, lt_tokenizer_pad(m->tokenizer));
    }
}

static bool of_form(const sight *v, lt_lesson_number which, lt_buf *out)
{
    char text[128];
    const char *setting = which == LT_LESSON_NEXT_STEPS ? "steps" : "guidance-scale";
    (void)lt_form_next(&v->s->form, lt_form_row_of(setting), text, sizeof text);
    lt_buf_str(out, text);
    return true;
}

/* "infinite" between equal pictures. */
static bool distance(lt_buf *out, const lt_image_distance *d)
{
    if (d->max > 0)
        return put(out, d->psnr, "%.1f", d->psnr);
    lt_buf_str(out, "infinite");
    return true;
}

static bool of_compared(const sight *v, lt_lesson_number which, lt_buf *out)
{
    const lt_comparing *c = &v->s->comparing;
    const lt_encoded *e = v->s->vae.encoded;
    (void)which;
    if (v->s->view == LT_VIEW_COMPARE)
        return c->measured && distance(out, &c->distance);
    return v->s->view == LT_VIEW_AUTOENCODER && e && distance(out, &e->distance);
}

/* ---- where words are looked at ---- */

static bool of_looked(const sight *v, lt_lesson_number which, lt_buf *out)
{
    const lt_attending *a = &v->s->attending;
    double rest = 0;
    const lt_attention_maps *maps = lt_studio_attention(v->s, v->s->reel, v->k, v->s->image);
    if (!lt_studio_through(v->s)->attends || !maps)
        return false;
    const lt_word *words = maps->words.at;
    if (which == LT_LESSON_WORD) {
        lt_buf_str(out, words[a->word].text);
        return true;
    }
    for (int i = 0; i < maps->words.count; i++)
        rest += words[i].kind == LT_WORD_PROMPT ? 0 : a->share[i];
    return put(out, rest, "%.1f", 100 * (which == LT_LESSON_WORD_SHARE ? a->share[a->word] : rest));
}

/* ---- noise in a picture ---- */

static bool of_noised(const sight *v, lt_lesson_number which, lt_buf *out)
{
    const lt_noising_view *n = &v->s->noising;
    lt_noising_start start;
    lt_error ignored;
    if (v->s->view != LT_VIEW_NOISING || !n->of)
        return false;
    switch (which) {
    case LT_LESSON_T:
        return whole(out, n->at.t);
    case LT_LESSON_SIGNAL:
        return real(out, n->at.signal);
    case LT_LESSON_NOISE:
        return real(out, n->at.noise);
    case LT_LESSON_SNR:
        return put(out, n->at.snr_db, "%.1f", n->at.snr_db);
    case LT_LESSON_GUESS_COSINE:
        return n->said && put(out, n->error.cosine, "%.4f", n->error.cosine);
    case LT_LESSON_GUESS_PSNR:
        return n->said && distance(out, &n->distance);
    default: /* LT_LESSON_START_STEPS */
        return lt_studio_noising_start(v->s, &start, &ignored) && whole(out, start.taken);
    }
}

typedef enum source {
    SCHEDULE,
    STEP,
    SAMPLER,
    TRAINING,
    SIZE,
    LOOKED,
    MODEL,
    COMPARED,
    NOISED,
    PROMPT,
    FORM
} source;
static bool (*const parts[])(const sight *v, lt_lesson_number which, lt_buf *out) = {
    [SCHEDULE] = of_schedule, [STEP] = of_step,         [SAMPLER] = of_sampler,
    [TRAINING] = of_training, [SIZE] = of_size,         [LOOKED] = of_looked,
    [MODEL] = of_model,       [COMPARED] = of_compared, [NOISED] = of_noised,
    [PROMPT] = of_prompt,     [FORM] = of_form,
};
static const source sources[] = {
#define LT_LESSON_NUMBER(name, text, source, cells, help) source,
#include "tui/lesson.def"
};

bool lt_tour_number(const void *studio, lt_lesson_number which, lt_buf *out)
{
    sight v = look(studio);
    source from = sources[which];
    if (from <= LOOKED && !v.film)
        return false;
    if (from == MODEL && !(v.facts && v.facts->tokenizer))
        return false;
    return (from != PROMPT || v.tokens) && parts[from](&v, which, out);
}
