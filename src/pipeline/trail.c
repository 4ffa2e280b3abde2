/* trail.c - see trail.h. */
#include "pipeline/trail.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/panic.h"

/* Room for another frame. */
static uint64_t *next_frame(lt_trail *t, int images)
{
    LT_ASSERT(t->frames == 0 || t->images == images);
    size_t row = (size_t)images, from = (size_t)t->frames * row;
    t->images = images;
    t->frames++;
    t->at = lt_grow(t->at, from + row, sizeof *t->at);
    return t->at + from;
}

void lt_trail_add(lt_trail *t, const float *latents, int images, size_t each)
{
    uint64_t *frame = next_frame(t, images);
    for (size_t i = 0; i < (size_t)images; i++)
        frame[i] = lt_hash_floats(latents + i * each, each);
}

void lt_trail_append(lt_trail *t, uint64_t hash)
{
    *next_frame(t, 1) = hash;
}

uint64_t lt_trail_at(const lt_trail *t, int frame, int image)
{
    LT_ASSERT(frame >= 0 && frame < t->frames && image >= 0 && image < t->images);
    return t->at[(size_t)frame * (size_t)t->images + (size_t)image];
}

void lt_trail_copy(lt_trail *t, const lt_trail *from, int frames)
{
    LT_ASSERT(frames <= from->frames);
    size_t count = (size_t)frames * (size_t)from->images;
    lt_trail_done(t);
    *t = (lt_trail){
        .at = lt_alloc_array(count, sizeof *t->at), .frames = frames, .images = from->images};
    if (count)
        memcpy(t->at, from->at, count * sizeof *t->at);
}

void lt_trail_done(lt_trail *t)
{
    free(t->at);
    *t = (lt_trail){0};
}
