/* run_kept.c - a run that goes on without some of its pictures: what the UNet is asked for those
 * that are left; see run.h. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/panic.h"
#include "pipeline/run_impl.h"

typedef struct packed {
    float *input, *cond, *uncond, *eps_cond, *eps_uncond;
} packed;

/* Numbers in the texts of n pictures. */
static size_t texts_of(const lt_run *run, int n)
{
    return (size_t)n * (size_t)run->view.tokens * (size_t)run->view.text_width;
}

/* The parts of a block for n pictures. */
static packed packed_of(const lt_run *run, float *block, int n)
{
    size_t latents = (size_t)n * run->one, text = texts_of(run, n);
    packed p = {.input = block};
    p.cond = p.input + latents;
    p.uncond = p.cond + text;
    p.eps_cond = p.uncond + text;
    p.eps_uncond = p.eps_cond + latents;
    return p;
}

int lt_run_kept(const lt_run *run)
{
    return run->kept ? run->kept_count : run->view.images;
}

/* Those that are kept without `image`; how many.  [images] */
static int without(const lt_run *run, int image, int *out)
{
    int n = 0;
    for (int k = 0; k < lt_run_kept(run); k++) {
        int i = run->kept ? run->kept[k] : k;
        out[n] = i;
        n += i != image;
    }
    return n;
}

/* The texts of the kept pictures, which stay as they are. */
static void pack_texts(lt_run *run)
{
    const lt_run_view *v = &run->view;
    packed p = packed_of(run, run->packed, run->kept_count);
    size_t row = texts_of(run, 1);
    for (int k = 0; k < run->kept_count; k++) {
        size_t from = (size_t)run->kept[k] * row, to = (size_t)k * row;
        memcpy(p.cond + to, run->text_cond + from, row * sizeof(float));
        if (v->guided)
            memcpy(p.uncond + to, run->text_uncond + from, row * sizeof(float));
    }
}

/* Of a picture that is not computed any more: with no noise found, its latents stay finite. */
static void silence(lt_run *run, int image)
{
    size_t at = (size_t)image * run->one, bytes = run->one * sizeof(float);
    memset(run->eps_text + at, 0, bytes);
    memset(run->eps + at, 0, bytes);
    if (run->eps_uncond)
        memset(run->eps_uncond + at, 0, bytes);
}

bool lt_run_drop(lt_run *run, int image, lt_progress *progress, lt_error *err)
{
    const lt_run_view *v = &run->view;
    int *kept = lt_alloc_array((size_t)v->images, sizeof *kept), n = without(run, image, kept);
    void *block;
    LT_ASSERT(n > 0);
    if (n == lt_run_kept(run)) {
        free(kept);
        return true;
    }
    size_t numbers = 3 * (size_t)n * run->one + 2 * texts_of(run, n);
    if (!lt_run_prepare(run, n, run->attention, progress, err) ||
        !lt_try_alloc(numbers * sizeof(float), "the latents", &block, err)) {
        free(kept);
        return false;
    }
    free(run->kept);
    free(run->packed);
    run->kept = kept;
    run->kept_count = n;
    run->packed = block;
    pack_texts(run);
    silence(run, image);
    return true;
}

lt_unet_call lt_run_call(lt_run *run)
{
    const lt_run_view *v = &run->view;
    size_t shift = (size_t)lt_unet_shifts(lt_engine_about(run->engine)->unet);
    lt_unet_call call = {.images = lt_run_kept(run),
                         .h = v->h,
                         .w = v->w,
                         .latents = run->model_input,
                         .shifts = run->shifts + (size_t)run->state.step * shift,
                         .cond = run->text_cond,
                         .uncond = v->guided ? run->text_uncond : NULL,
                         .one_prompt = run->params->prompt_count == 1,
                         .eps_cond = run->eps_text,
                         .eps_uncond = run->eps_uncond};
    for (int k = 0; run->attention && k < call.images; k++)
        run->attending[k] = run->attention[run->kept ? run->kept[k] : k];
    call.attention = run->attending;
    if (!run->kept)
        return call;
    packed p = packed_of(run, run->packed, run->kept_count);
    for (int k = 0; k < run->kept_count; k++)
        memcpy(p.input + (size_t)k * run->one, run->model_input + (size_t)run->kept[k] * run->one,
               run->one * sizeof(float));
    call.latents = p.input;
    call.cond = p.cond;
    call.uncond = v->guided ? p.uncond : NULL;
    call.eps_cond = p.eps_cond;
    call.eps_uncond = p.eps_uncond;
    return call;
}

void lt_run_unpack(lt_run *run, const lt_unet_call *call)
{
    for (int k = 0; run->kept && k < run->kept_count; k++) {
        size_t from = (size_t)k * run->one, to = (size_t)run->kept[k] * run->one;
        memcpy(run->eps_text + to, call->eps_cond + from, run->one * sizeof(float));
        if (call->uncond)
            memcpy(run->eps_uncond + to, call->eps_uncond + from, run->one * sizeof(float));
    }
}
