/* synthetic.c - see synthetic.h. */
#include "pipeline/synthetic.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sample/rng.h"
#include "tensor/half.h"

/* ---- shapes ---- */

/* Source: the config.json files of CompVis/stable-diffusion-v1-4. */
static const lt_synthetic_model models[] = {{
    .name = "sd14",
    .clip = {.vocab_size = 49408,
             .hidden_size = 768,
             .intermediate_size = 3072,
             .num_hidden_layers = 12,
             .num_attention_heads = 12,
             .max_position_embeddings = 77,
             .hidden_act = LT_QUICK_GELU,
             .layer_norm_eps = 1e-5f,
             .eos_token_id = 2},
    .unet = {.levels = 4,
             .channels = {320, 640, 1280, 1280},
             .down_attends = {true, true, true, false},
             .up_attends = {true, true, true, false},
             .layers = {2, 2, 2, 2},
             .depth = {1, 1, 1, 1},
             .heads = {8, 8, 8, 8},
             .in_channels = 4,
             .out_channels = 4,
             .cross_attention_dim = 768,
             .norm_num_groups = 32,
             .norm_eps = 1e-5f,
             .mid_block = true,
             .mid_block_scale_factor = 1,
             .flip_sin_to_cos = true,
             .sample_size = 64},
    .vae = {.levels = 4,
            .channels = {128, 256, 512, 512},
            .layers_per_block = 2,
            .latent_channels = 4,
            .norm_num_groups = 32,
            .scaling_factor = 0.18215f,
            .sample_size = 512,
            .factor = 8},
}};

bool lt_synthetic_find(const char *name, const lt_synthetic_model **out, lt_error *err)
{
    lt_buf names = {0};
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        if (strcmp(models[i].name, name) == 0) {
            *out = &models[i];
            lt_buf_done(&names);
            return true;
        }
        lt_buf_format(&names, "%s%s", i ? " or " : "", models[i].name);
    }
    lt_fail(err, LT_ERR_ARGUMENT, NULL, "--synthetic is '%s', expected %s", name, names.data);
    lt_buf_done(&names);
    return false;
}

/* ---- weights ---- */

enum {
    APART = 32,        /* elements between two parameters: a cache line */
    SPARE = 1 << 17,   /* elements of a block beyond its largest parameter, for 4096 of them */
    PATTERN = 1 << 20, /* random elements; a block repeats them */
};

/* Where numbers come from: the newest block, and where its next parameter starts. */
typedef struct pool {
    float centre, spread; /* uniform in centre +- spread */
    uint16_t *block;      /* of `blocks` */
    size_t count, next;   /* elements */
} pool;

typedef struct place {
    char *path; /* owned */
    const uint16_t *at;
} place;

struct lt_synthetic {
    pool near_zero, near_one;
    place *places; /* owned */
    int place_count, place_cap;
    void **blocks; /* owned, each as well */
    int block_count;
};

lt_synthetic *lt_synthetic_new(void)
{
    lt_synthetic *s = lt_alloc(sizeof *s);
    s->near_zero = (pool){.centre = 0, .spread = 0.035f}; /* deviation 0.02, as CLIP is made */
    s->near_one = (pool){.centre = 1, .spread = 0.1f};
    return s;
}

void lt_synthetic_free(lt_synthetic *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->place_count; i++)
        free(s->places[i].path);
    for (int i = 0; i < s->block_count; i++)
        free(s->blocks[i]);
    free(s->places);
    free(s->blocks);
    free(s);
}

static void fill(const pool *p)
{
    size_t done = p->count < PATTERN ? p->count : PATTERN;
    lt_rng rng;
    lt_rng_seed(&rng, 0);
    for (size_t i = 0; i < done; i++) {
        float unit = (float)lt_rng_u32(&rng) * 0x1p-31f - 1; /* -1..1 */
        p->block[i] = lt_f32_to_f16(p->centre + p->spread * unit);
    }
    for (size_t n; done < p->count; done += n) {
        n = p->count - done < done ? p->count - done : done;
        memcpy(p->block + done, p->block, n * sizeof *p->block);
    }
}

/* A new block that `count` elements fit in.  Older ones stay for those who have them. */
static bool grow(lt_synthetic *s, pool *p, size_t count, lt_error *err)
{
    void *block;
    size_t bytes;
    if (!lt_mul(count + SPARE, sizeof *p->block, &bytes))
        return lt_fail(err, LT_ERR_MEMORY, NULL, "random weights are too large");
    if (!lt_try_alloc(bytes, "random weights", &block, err))
        return false;
    s->blocks = lt_grow(s->blocks, (size_t)s->block_count + 1, sizeof *s->blocks);
    s->blocks[s->block_count++] = block;
    p->block = block;
    p->count = count + SPARE;
    p->next = 0;
    fill(p);
    return true;
}

static bool take(lt_synthetic *s, pool *p, size_t count, const uint16_t **out, lt_error *err)
{
    if (p->next + count > p->count && !grow(s, p, count, err))
        return false;
    *out = p->block + p->next;
    p->next += APART;
    return true;
}

static bool is_norm_weight(const lt_param *p)
{
    static const char end[] = ".weight";
    size_t n = strlen(p->path), k = sizeof end - 1;
    return p->shape.ndim == 1 && n >= k && strcmp(p->path + n - k, end) == 0;
}

static const uint16_t *find(const lt_synthetic *s, const char *path)
{
    for (int i = 0; i < s->place_count; i++)
        if (strcmp(s->places[i].path, path) == 0)
            return s->places[i].at;
    return NULL;
}

static void keep(lt_synthetic *s, const char *path, const uint16_t *at)
{
    if (s->place_count == s->place_cap) {
        s->place_cap = s->place_cap ? 2 * s->place_cap : 256;
        s->places = lt_grow(s->places, (size_t)s->place_cap, sizeof *s->places);
    }
    s->places[s->place_count++] = (place){.path = lt_strdup(path), .at = at};
}

bool lt_synthetic_bind(lt_synthetic *s, const lt_graph *g, lt_error *err)
{
    for (int i = 0; i < lt_graph_params(g); i++) {
        lt_param *p = lt_graph_param(g, i);
        const uint16_t *at = find(s, p->path);
        if (!at) {
            pool *from = is_norm_weight(p) ? &s->near_one : &s->near_zero;
            if (!take(s, from, (size_t)lt_shape_count(&p->shape), &at, err))
                return lt_fail_in(err, "'%s'", p->path);
            keep(s, p->path, at);
        }
        p->source = (lt_source){.data = at, .dtype = LT_F16};
    }
    return true;
}
