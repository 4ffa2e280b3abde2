/* floats.c - see floats.h. */
#include "store/floats.h"

#include <string.h>

#include "base/mem.h"

static bool has_half(int halves, int part)
{
    return (halves >> part & 1) != 0;
}

size_t lt_floats_size(const size_t counts[LT_FLOATS_PARTS], int halves)
{
    size_t n = 0;
    for (int i = 0; i < LT_FLOATS_PARTS; i++)
        n += counts[i] * (has_half(halves, i) ? sizeof(uint16_t) : sizeof(float));
    return n;
}

static bool fits_half(const lt_store_floats *part)
{
    for (size_t i = 0; i < part->count; i++) {
        uint32_t bits;
        memcpy(&bits, part->data + i, sizeof bits);
        if (bits & 0xFFFF)
            return false;
    }
    return part->count > 0;
}

static size_t put(unsigned char *to, const lt_store_floats *part, bool half)
{
    if (!half) {
        if (part->count)
            memcpy(to, part->data, part->count * sizeof(float));
        return part->count * sizeof(float);
    }
    for (size_t i = 0; i < part->count; i++) {
        uint32_t bits;
        memcpy(&bits, part->data + i, sizeof bits);
        uint16_t upper = (uint16_t)(bits >> 16);
        memcpy(to + i * sizeof upper, &upper, sizeof upper);
    }
    return part->count * sizeof(uint16_t);
}

bool lt_floats_pack(const lt_store_step *step, lt_floats_packed *out, lt_error *err)
{
    const lt_store_floats *parts[LT_FLOATS_PARTS] = {&step->latents, &step->x0, &step->eps_text,
                                                     &step->eps_uncond};
    size_t counts[LT_FLOATS_PARTS], at = 0;
    void *bytes;
    *out = (lt_floats_packed){0};
    for (int i = 0; i < LT_FLOATS_PARTS; i++) {
        counts[i] = parts[i]->count;
        if (counts[i] > LT_FLOATS_MOST)
            return lt_fail(err, LT_ERR_ARGUMENT, NULL, "cannot keep a step of %zu numbers",
                           counts[i]);
        if (fits_half(parts[i]))
            out->halves |= 1 << i;
    }
    out->size = lt_floats_size(counts, out->halves);
    if (!lt_try_alloc(out->size ? out->size : 1, "a step of the history", &bytes, err))
        return false;
    out->bytes = bytes;
    for (int i = 0; i < LT_FLOATS_PARTS; i++)
        at += put(out->bytes + at, parts[i], has_half(out->halves, i));
    return true;
}

static size_t take(const unsigned char *from, size_t count, bool half, float *to)
{
    if (!half) {
        if (count)
            memcpy(to, from, count * sizeof(float));
        return count * sizeof(float);
    }
    for (size_t i = 0; i < count; i++) {
        uint16_t upper;
        memcpy(&upper, from + i * sizeof upper, sizeof upper);
        uint32_t bits = (uint32_t)upper << 16;
        memcpy(to + i, &bits, sizeof bits);
    }
    return count * sizeof(uint16_t);
}

bool lt_floats_unpack(const lt_floats_packed *packed, const size_t counts[LT_FLOATS_PARTS],
                      lt_store_step *out, lt_error *err)
{
    lt_store_floats *parts[LT_FLOATS_PARTS] = {&out->latents, &out->x0, &out->eps_text,
                                               &out->eps_uncond};
    size_t all = lt_floats_size(counts, 0), at = 0, used = 0;
    if (!lt_try_alloc(all ? all : 1, "a step of the history", &out->block, err))
        return false;
    for (int i = 0; i < LT_FLOATS_PARTS; i++) {
        float *to = (float *)out->block + at;
        used += take(packed->bytes + used, counts[i], has_half(packed->halves, i), to);
        *parts[i] = (lt_store_floats){counts[i] ? to : NULL, counts[i]};
        at += counts[i];
    }
    return true;
}

size_t lt_floats_bytes(const lt_store_step *step)
{
    const lt_store_floats *parts[LT_FLOATS_PARTS] = {&step->latents, &step->x0, &step->eps_text,
                                                     &step->eps_uncond};
    size_t counts[LT_FLOATS_PARTS];
    for (int i = 0; i < LT_FLOATS_PARTS; i++) {
        counts[i] = parts[i]->count;
        if (counts[i] > LT_FLOATS_MOST)
            return SIZE_MAX;
    }
    return lt_floats_size(counts, 0);
}

bool lt_floats_copy(const lt_store_step *step, lt_store_step *out, lt_error *err)
{
    lt_store_floats *parts[LT_FLOATS_PARTS] = {&out->latents, &out->x0, &out->eps_text,
                                               &out->eps_uncond};
    size_t bytes = lt_floats_bytes(step), at = 0;
    *out = *step;
    if (!lt_try_alloc(bytes ? bytes : 1, "a step of the history", &out->block, err))
        return false;
    for (int i = 0; i < LT_FLOATS_PARTS; i++) {
        float *to = (float *)out->block + at;
        if (parts[i]->count)
            memcpy(to, parts[i]->data, parts[i]->count * sizeof *to);
        parts[i]->data = to;
        at += parts[i]->count;
    }
    return true;
}
