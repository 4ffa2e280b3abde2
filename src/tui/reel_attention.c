/* reel_attention.c - the attention of a run's steps, as far as it was seen; see reel.h. */
#include <stdlib.h>

#include "base/mem.h"
#include "tui/reel.h"

const lt_attention_maps *lt_reel_attention(const lt_reel *r, int k, int image)
{
    if (!r->attention || k >= lt_reel_frames(r))
        return NULL;
    return r->attention[lt_reel_place(r, k, image)];
}

void lt_reel_attention_take(lt_reel *r, lt_event *e)
{
    if (!r->film || e->step > r->film->steps || e->image >= r->film->images)
        return;
    if (!r->attention)
        r->attention = lt_alloc_array(lt_reel_places(r), sizeof(lt_attention_maps *));
    lt_attention_maps **place = &r->attention[lt_reel_place(r, e->step, e->image)];
    lt_attention_free(*place);
    *place = e->attention;
    e->attention = NULL;
}

void lt_reel_attention_drop(lt_reel *r)
{
    for (size_t i = 0; r->attention && i < lt_reel_places(r); i++)
        lt_attention_free(r->attention[i]);
    free(r->attention);
    r->attention = NULL;
}

static size_t bytes_of(const lt_reel *r)
{
    size_t bytes = 0;
    for (size_t i = 0; r->attention && i < lt_reel_places(r); i++)
        bytes += r->attention[i] ? r->attention[i]->bytes : 0;
    return bytes;
}

/* Frees the step that is furthest from `step`; its bytes, 0 if only that one is left. */
static size_t drop_furthest(lt_reel *r, int step)
{
    size_t images = (size_t)r->film->images, bytes = 0;
    int far = -1;
    for (size_t i = 0; i < lt_reel_places(r); i++) {
        int k = (int)(i / images), away = abs(k - step);
        if (r->attention[i] && away > 0 && (far < 0 || away > abs(far - step)))
            far = k;
    }
    for (size_t i = 0; far >= 0 && i < images; i++) {
        lt_attention_maps **place = &r->attention[(size_t)far * images + i];
        bytes += *place ? (*place)->bytes : 0;
        lt_attention_free(*place);
        *place = NULL;
    }
    return bytes;
}

void lt_reels_attention_trim(lt_reels *r, lt_reel *keep, int step, size_t bytes)
{
    size_t held = 0, freed = 1;
    for (int i = 0; i < r->count; i++)
        held += bytes_of(r->all[i]);
    for (int i = 0; i < r->count && held > bytes; i++) {
        if (r->all[i] == keep || !r->all[i]->attention)
            continue;
        held -= bytes_of(r->all[i]);
        lt_reel_attention_drop(r->all[i]);
    }
    while (held > bytes && keep && keep->attention && freed > 0) {
        freed = drop_furthest(keep, step);
        held -= freed;
    }
}
