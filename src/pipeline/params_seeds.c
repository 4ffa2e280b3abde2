/* params_seeds.c - the seeds of a run: from text, drawn, and which picture has which. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "pipeline/params.h"

enum { MAX_SEEDS = 4096 };

/* ---- from text ---- */

/* One seed at *text, which moves past it; negative ones wrap modulo 2^64 as in torch. */
static bool parse_seed(const char **text, uint64_t *out)
{
    const char *c = *text;
    bool negative = *c == '-';
    uint64_t value = 0;
    c += negative;
    const char *digits = c;
    for (; *c >= '0' && *c <= '9'; c++)
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*c - '0'), &value))
            return false;
    if (c == digits || (negative && value > (uint64_t)1 << 63))
        return false;
    *out = negative ? 0 - value : value;
    *text = c;
    return true;
}

static bool add_seed(lt_params *p, uint64_t seed)
{
    if (p->seed_count == MAX_SEEDS)
        return false;
    p->seeds = lt_grow(p->seeds, (size_t)p->seed_count + 1, sizeof *p->seeds);
    p->seeds[p->seed_count++] = seed;
    return true;
}

/* "A" or "A..B" at *text. */
static bool add_range(lt_params *p, const char **text)
{
    uint64_t first, last;
    if (!parse_seed(text, &first))
        return false;
    last = first;
    if (strncmp(*text, "..", 2) == 0) {
        *text += 2;
        if (!parse_seed(text, &last) || last < first || last - first >= MAX_SEEDS)
            return false;
    }
    for (uint64_t n = 0; n <= last - first; n++)
        if (!add_seed(p, first + n))
            return false;
    return true;
}

bool lt_params_set_seeds(lt_params *p, const char *text, bool own_generators, lt_error *err)
{
    const char *c = text;
    bool ok = true;
    p->seed_count = 0;
    p->own_generators = own_generators;
    do
        ok = add_range(p, &c);
    while (ok && own_generators && *c == ',' && c++);
    if (ok && *c == '\0' && (own_generators || p->seed_count == 1))
        return true;
    return lt_fail(err, LT_ERR_ARGUMENT, NULL, "--%s is '%s', expected %s",
                   own_generators ? "seeds" : "seed", text,
                   own_generators ? "seeds such as 42,44 or 42..47, at most 4096"
                                  : "one whole number below 2^64");
}

/* ---- those that are left open ---- */

static bool draw_seed(uint32_t *seed, lt_error *err) /* 32 bits: torch's generator uses no more */
{
    if (getrandom(seed, sizeof *seed, 0) != (ssize_t)sizeof *seed)
        return lt_fail(err, LT_ERR_IO, "--seed 42", "cannot draw a random seed: %s",
                       strerror(errno));
    return true;
}

bool lt_params_draw_seeds(lt_params *p, lt_error *err)
{
    uint32_t seed;
    if (p->seed_count == 0) {
        if (!draw_seed(&seed, err))
            return false;
        add_seed(p, seed);
    }
    if (isnan(p->variation_seed) && p->variation_strength > 0) {
        if (!draw_seed(&seed, err))
            return false;
        p->variation_seed = seed;
    }
    return true;
}

/* ---- of each picture ---- */

int lt_params_per_prompt(const lt_params *p)
{
    if (p->batch)
        return p->batch;
    return p->own_generators ? p->seed_count : 1;
}

int lt_params_images(const lt_params *p)
{
    return p->prompt_count * lt_params_per_prompt(p);
}

bool lt_params_variation(const lt_params *p, int image, uint64_t *seed, double *strength)
{
    const double usual = 0.1;
    if (isnan(p->variation_seed))
        return false;
    int place = p->own_generators ? image % p->seed_count : 0;
    *seed = (uint32_t)((uint64_t)p->variation_seed + (uint64_t)place);
    *strength = isnan(p->variation_strength) ? usual : p->variation_strength;
    return *strength > 0;
}

void lt_params_pick(lt_params *p, int image)
{
    int prompt = image / lt_params_per_prompt(p), place;
    uint64_t seed = lt_params_seed(p, image, &place), other;
    double strength;
    char *text = lt_strdup(p->prompts[prompt]);
    if (lt_params_variation(p, image, &other, &strength))
        p->variation_seed = (double)other;
    for (int i = 0; i < p->prompt_count; i++)
        free(p->prompts[i]);
    p->prompts[0] = text;
    p->seeds[0] = seed;
    p->prompt_count = p->seed_count = 1;
    p->own_generators = false;
    p->batch = 0;
}

uint64_t lt_params_seed(const lt_params *p, int image, int *place)
{
    *place = p->own_generators ? 0 : image;
    return p->seeds[p->own_generators ? image % p->seed_count : 0];
}

void lt_params_say_seed(const lt_params *p, int image, lt_buf *out)
{
    int place;
    uint64_t other;
    double strength;
    lt_buf_format(out, "seed %" PRIu64, lt_params_seed(p, image, &place));
    if (lt_params_variation(p, image, &other, &strength))
        lt_buf_format(out, ", variation %" PRIu64 " at %g", other, strength);
}
