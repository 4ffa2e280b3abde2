/* engine_vae.c - pictures through the VAE, whole or in tiles; see engine.h. */
#include <math.h>
#include <string.h>

#include "pipeline/engine_impl.h"
#include "pipeline/layout.h"

/* One of the VAE's networks: channels, and positions a latent along each side, of what goes in and
 * of what comes out. */
typedef struct half {
    lt_network network;
    int in, in_scale, out, out_scale;
} half;

static half decoder_of(const lt_engine *e)
{
    return (half){LT_NET_DECODE, e->vae.latent_channels, 1, 3, e->vae.factor};
}

static half encoder_of(const lt_engine *e)
{
    return (half){LT_NET_ENCODE, 3, e->vae.factor, 2 * e->vae.latent_channels, 1};
}

/* Numbers of h x w latents, or of their pixels. */
static size_t numbers(int h, int w, int scale, int channels)
{
    return (size_t)h * (size_t)w * (size_t)scale * (size_t)scale * (size_t)channels;
}

void lt_engine_tile(lt_engine *e, bool on)
{
    e->tiled = on;
}

bool lt_engine_tiles(const lt_engine *e, int h, int w)
{
    lt_vae_tiles t;
    return e->tiled && lt_vae_tiles_plan(&e->vae, h, w, &t);
}

/* Floats of e->tiles: what the tiles become, and behind it what they are cut from. */
static size_t tile_floats(const lt_vae_tiles *t, const half *n)
{
    return lt_vae_tiles_numbers(t, lt_vae_tiles_count(t), n->out_scale, n->out) +
           numbers(t->h, t->w, n->in_scale, n->in);
}

size_t lt_engine_tile_bytes(const lt_engine *e, const lt_vae_tiles *t, bool encode)
{
    half to = decoder_of(e), from = encoder_of(e);
    size_t decoded = tile_floats(t, &to), encoded = encode ? tile_floats(t, &from) : 0;
    return (decoded > encoded ? decoded : encoded) * sizeof(float);
}

/* Room in e->swap for what goes in and comes out, also as bytes, in e->tiles for the tiles if there
 * are some. */
static bool reserve(lt_engine *e, const half *n, int h, int w, lt_error *err)
{
    lt_vae_tiles t;
    size_t in = numbers(h, w, n->in_scale, n->in), out = numbers(h, w, n->out_scale, n->out);
    size_t bytes = LT_RGB_PARTS / sizeof(float); /* behind a picture's (lt_to_rgb) */
    return lt_engine_reserve(&e->swap, (out > in ? out : in) + bytes, err) &&
           (!e->tiled || !lt_vae_tiles_plan(&e->vae, h, w, &t) ||
            lt_engine_reserve(&e->tiles, tile_floats(&t, n), err));
}

static bool unit_of(lt_engine *e, const half *n, int h, int w, lt_unit **u, lt_progress *progress,
                    lt_error *err)
{
    lt_unit wanted = {.network = n->network, .batch = 1, .h = h, .w = w};
    return lt_engine_unit(e, &wanted, u, progress, err);
}

bool lt_engine_prepare_vae(lt_engine *e, int h, int w, lt_progress *progress, lt_error *err)
{
    lt_unit *u;
    lt_vae_tiles t;
    half n = decoder_of(e);
    lt_vae_tile first = {.h = h, .w = w};
    if (e->tiled && lt_vae_tiles_plan(&e->vae, h, w, &t))
        first = lt_vae_tiles_at(&t, 0);
    return reserve(e, &n, h, w, err) && unit_of(e, &n, first.h, first.w, &u, progress, err);
}

/* Numbers `from` through the program, to `to`. */
static bool run(lt_engine *e, const lt_unit *u, const float *from, float *to, lt_progress *progress,
                lt_error *err)
{
    size_t in = (size_t)lt_shape_count(&u->in[0]->shape),
           out = (size_t)lt_shape_count(&u->out->shape);
    return e->ops->write(u->program, u->in[0], from, in, err) &&
           lt_engine_run_unit(e, u, progress, err) &&
           e->ops->read(u->program, u->out, to, out, err);
}

/* The tiles that have the size of the index-th, from there on. */
static bool run_size(lt_engine *e, const half *n, const lt_vae_tiles *t, int index,
                     lt_progress *progress, lt_error *err)
{
    lt_unit *u;
    lt_vae_tile size = lt_vae_tiles_at(t, index);
    int count = lt_vae_tiles_count(t);
    const float *whole = e->tiles.at + lt_vae_tiles_numbers(t, count, n->out_scale, n->out);
    bool ok = unit_of(e, n, size.h, size.w, &u, progress, err);
    for (int i = index; i < count && ok; i++) {
        lt_vae_tile tile = lt_vae_tiles_at(t, i);
        if (tile.h != size.h || tile.w != size.w)
            continue;
        lt_vae_tiles_cut(t, i, n->in_scale, n->in, whole, e->swap.at);
        ok = run(e, u, e->swap.at, e->tiles.at + lt_vae_tiles_numbers(t, i, n->out_scale, n->out),
                 progress, err);
    }
    lt_programs_drop(e->programs, n->network, 1, size.h, size.w);
    return ok;
}

/* True if one of the tiles before it has its size. */
static bool seen(const lt_vae_tiles *t, int index)
{
    lt_vae_tile tile = lt_vae_tiles_at(t, index);
    for (int i = 0; i < index; i++) {
        lt_vae_tile other = lt_vae_tiles_at(t, i);
        if (other.h == tile.h && other.w == tile.w)
            return true;
    }
    return false;
}

/* e->swap, channels last, through the network and back to e->swap. */
static bool run_tiles(lt_engine *e, const half *n, const lt_vae_tiles *t, lt_progress *progress,
                      lt_error *err)
{
    int count = lt_vae_tiles_count(t);
    memcpy(e->tiles.at + lt_vae_tiles_numbers(t, count, n->out_scale, n->out), e->swap.at,
           numbers(t->h, t->w, n->in_scale, n->in) * sizeof(float));
    for (int i = 0; i < count; i++)
        if (!seen(t, i) && !run_size(e, n, t, i, progress, err))
            return false;
    lt_vae_tiles_join(t, n->out_scale, n->out, e->tiles.at, e->swap.at);
    return true;
}

static bool run_half(lt_engine *e, const half *n, int h, int w, const char *what,
                     lt_progress *progress, lt_error *err)
{
    lt_unit *u;
    lt_vae_tiles t;
    bool ok = e->tiled && lt_vae_tiles_plan(&e->vae, h, w, &t)
                  ? run_tiles(e, n, &t, progress, err)
                  : unit_of(e, n, h, w, &u, progress, err) &&
                        run(e, u, e->swap.at, e->swap.at, progress, err);
    return ok &&
           lt_engine_check_finite(e, what, e->swap.at, numbers(h, w, n->out_scale, n->out), err);
}

/* Ready to decode: nothing else is being decoded, and there is room. */
static bool begin_decode(lt_engine *e, const half *n, int h, int w, lt_error *err)
{
    lt_engine_settle(e); /* it needs e->swap */
    return reserve(e, n, h, w, err);
}

/* What the sampler holds to what the decoder reads, in e->swap. */
static void unscale(lt_engine *e, int h, int w, const float *latents)
{
    int c = e->vae.latent_channels;
    lt_layout_to_last(e->swap.at, latents, 1, c, h * w);
    for (size_t k = 0; k < numbers(h, w, 1, c); k++)
        e->swap.at[k] /= e->vae.scaling_factor;
}

/* What is in e->swap -> pixels [3,H,W]. */
static bool decode_swap(lt_engine *e, int h, int w, float *pixels, lt_progress *progress,
                        lt_error *err)
{
    half n = decoder_of(e);
    if (!run_half(e, &n, h, w, "the VAE's picture", progress, err))
        return false;
    lt_layout_to_first(pixels, e->swap.at, 1, 3, h * w * n.out_scale * n.out_scale, 3);
    return true;
}

bool lt_engine_decode(lt_engine *e, int images, int h, int w, const float *latents, float *pixels,
                      lt_progress *progress, lt_error *err)
{
    half n = decoder_of(e);
    size_t in = numbers(h, w, 1, n.in), out = numbers(h, w, n.out_scale, n.out);
    if (!begin_decode(e, &n, h, w, err))
        return false;
    for (int i = 0; i < images; i++) {
        unscale(e, h, w, latents + (size_t)i * in);
        if (!decode_swap(e, h, w, pixels + (size_t)i * out, progress, err))
            return false;
    }
    return true;
}

bool lt_engine_decode_mean(lt_engine *e, int h, int w, const float *mean, float *pixels,
                           lt_progress *progress, lt_error *err)
{
    half n = decoder_of(e);
    if (!begin_decode(e, &n, h, w, err))
        return false;
    lt_layout_to_last(e->swap.at, mean, 1, n.in, h * w);
    return decode_swap(e, h, w, pixels, progress, err);
}

/* ---- pictures ---- */

bool lt_engine_decoder(lt_engine *e, int h, int w, lt_unit **out, lt_progress *progress,
                       lt_error *err)
{
    half n = decoder_of(e);
    return begin_decode(e, &n, h, w, err) && unit_of(e, &n, h, w, out, progress, err);
}

bool lt_engine_decoder_write(lt_engine *e, const lt_unit *u, const float *latents, lt_error *err)
{
    half n = decoder_of(e);
    unscale(e, u->h, u->w, latents);
    return e->ops->write(u->program, u->in[0], e->swap.at, numbers(u->h, u->w, 1, n.in), err);
}

/* The bytes come through e->swap, with the marks of what was not finite behind them. */
bool lt_engine_decoder_read(lt_engine *e, const lt_unit *u, lt_image **out, lt_error *err)
{
    half n = decoder_of(e);
    unsigned char *bytes = (unsigned char *)e->swap.at;
    size_t count = numbers(u->h, u->w, n.out_scale, n.out);
    if (!e->ops->read(u->program, u->rgb, bytes, count + LT_RGB_PARTS, err))
        return false;
    for (int i = 0; i < LT_RGB_PARTS; i++)
        if (bytes[count + (size_t)i])
            return lt_engine_not_finite(e, "the VAE's picture", err);
    if (!lt_image_new(u->w * n.out_scale, u->h * n.out_scale, out, err))
        return false;
    memcpy((*out)->rgb, bytes, count);
    return true;
}

/* They are blended before they are rounded. */
static bool picture_of_tiles(lt_engine *e, int h, int w, const float *latents, lt_image **out,
                             lt_progress *progress, lt_error *err)
{
    half n = decoder_of(e);
    if (!begin_decode(e, &n, h, w, err))
        return false;
    unscale(e, h, w, latents);
    return run_half(e, &n, h, w, "the VAE's picture", progress, err) &&
           lt_image_from_hwc(e->swap.at, w * n.out_scale, h * n.out_scale, out, err);
}

bool lt_engine_picture(lt_engine *e, int h, int w, const float *latents, lt_image **out,
                       lt_progress *progress, lt_error *err)
{
    lt_unit *u;
    if (lt_engine_tiles(e, h, w))
        return picture_of_tiles(e, h, w, latents, out, progress, err);
    return lt_engine_decoder(e, h, w, &u, progress, err) &&
           lt_engine_decoder_write(e, u, latents, err) && lt_engine_run_unit(e, u, progress, err) &&
           lt_engine_decoder_read(e, u, out, err);
}

/* ---- encoding ---- */

bool lt_engine_encode_image(lt_engine *e, int h, int w, const float *pixels, float *mean,
                            float *logvar, lt_progress *progress, lt_error *err)
{
    half n = encoder_of(e);
    int c = e->vae.latent_channels, area = h * w;
    if (!reserve(e, &n, h, w, err))
        return false;
    lt_layout_to_last(e->swap.at, pixels, 1, 3, area * n.in_scale * n.in_scale);
    if (!run_half(e, &n, h, w, "the VAE's encoding", progress, err))
        return false;
    lt_layout_to_first(mean, e->swap.at, 1, c, area, n.out);
    if (logvar) {
        lt_layout_to_first(logvar, e->swap.at + c, 1, c, area, n.out);
        for (size_t i = 0; i < (size_t)c * (size_t)area; i++)
            logvar[i] = fminf(fmaxf(logvar[i], -30.0f), 20.0f);
    }
    return true;
}
