/* programs.c - see programs.h. */
#include "pipeline/programs.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/panic.h"
#include "weights/bind.h"

enum { KEPT = 16 };

struct lt_programs {
    const lt_backend_ops *ops;
    lt_backend *backend;
    lt_networks networks;
    lt_unit units[KEPT];
    int count;
    unsigned clock;
    const lt_program *held; /* not to be dropped */
};

static lt_shape image(int n, int h, int w, int channels)
{
    return (lt_shape){.ndim = 4, .dim = {n, h, w, channels}};
}

static lt_tensor *record_text(lt_unit *u, const lt_clip_config *c)
{
    lt_shape ids = {.ndim = 2, .dim = {u->batch, c->max_position_embeddings}};
    lt_tensor *in = lt_input(u->graph, "ids", LT_I32, ids);
    u->in[0] = in;
    return lt_clip_text(u->graph, c, in);
}

static lt_tensor *record_time(lt_unit *u, const lt_unet_config *c)
{
    lt_shape time = {.ndim = 2, .dim = {u->batch, c->channels[0]}};
    lt_tensor *in = lt_input(u->graph, "time", LT_F32, time);
    u->in[0] = in;
    return lt_unet_time(u->graph, c, in);
}

/* What a UNet's network is beside UNET: the bits of its distance from that. */
enum { GUIDED = 1, MAPS = 2, OF_ONE = 4 };

lt_network lt_network_unet(bool guided, bool maps, bool one_prompt)
{
    return (lt_network)(LT_NET_UNET + (guided ? GUIDED : 0) + (maps ? MAPS : 0) +
                        (one_prompt ? OF_ONE : 0));
}

static bool is_unet(lt_network network)
{
    return network >= LT_NET_UNET && network <= LT_NET_GUIDED_MAPS_OF_ONE;
}

static bool has(lt_network network, int bit)
{
    return is_unet(network) && ((int)network - LT_NET_UNET) & bit;
}

static lt_tensor *record_unet(lt_unit *u, const lt_unet_config *c, int tokens)
{
    lt_graph *g = u->graph;
    bool of_one = has(u->network, OF_ONE);
    int texts = (has(u->network, GUIDED) ? 2 : 1) * (of_one ? 1 : u->batch);
    lt_shape time = {.ndim = 2, .dim = {1, c->channels[0]}};
    lt_shape shifts = {.ndim = 2, .dim = {1, lt_unet_shifts(c)}};
    lt_shape text = {.ndim = 3, .dim = {texts, tokens, c->cross_attention_dim}};
    lt_tensor *in[3] = {
        lt_input(g, "latents", LT_F32, image(u->batch, u->h, u->w, c->in_channels)),
        u->network == LT_NET_WHOLE ? lt_unet_time(g, c, lt_input(g, "time", LT_F32, time))
                                   : lt_input(g, "shifts", LT_F32, shifts),
        lt_input(g, "text", LT_F32, text),
    };
    memcpy(u->in, in, sizeof in);
    if (has(u->network, MAPS))
        lt_want(g, "*.attn2.map");
    return (of_one ? lt_unet_of_one : lt_unet)(g, c, in[0], in[1], in[2]);
}

static lt_tensor *record_vae(lt_unit *u, const lt_vae_config *c)
{
    bool decode = u->network == LT_NET_DECODE;
    int f = decode ? 1 : c->factor, channels = decode ? c->latent_channels : 3;
    lt_tensor *in =
        lt_input(u->graph, "image", LT_F32, image(u->batch, u->h * f, u->w * f, channels));
    u->in[0] = in;
    return decode ? lt_vae_decode(u->graph, c, in) : lt_vae_encode(u->graph, c, in);
}

static lt_checkpoint *weights_of(const lt_networks *n, lt_network network)
{
    if (network == LT_NET_TEXT)
        return n->clip_weights;
    return network == LT_NET_TIME || network == LT_NET_WHOLE || is_unet(network) ? n->unet_weights
                                                                                 : n->vae_weights;
}

/* Records the graph of *u, whose network, batch and size are set, and finds its weights. */
static bool record(const lt_networks *n, lt_unit *u, lt_error *err)
{
    u->graph = lt_graph_new();
    lt_tensor *out;
    switch (u->network) {
    case LT_NET_TEXT:
        out = record_text(u, n->clip);
        break;
    case LT_NET_TIME:
        out = record_time(u, n->unet);
        break;
    case LT_NET_DECODE:
    case LT_NET_ENCODE:
        out = record_vae(u, n->vae);
        break;
    default:
        out = record_unet(u, n->unet, n->clip ? n->clip->max_position_embeddings : 77);
        break;
    }
    u->out = lt_output(u->graph, "out", out);
    if (u->network == LT_NET_DECODE)
        u->rgb = lt_output(u->graph, "rgb", lt_to_rgb(u->graph, out));
    return lt_graph_ok(u->graph, err) &&
           (n->synthetic ? lt_synthetic_bind(n->synthetic, u->graph, err)
                         : lt_bind_graph(u->graph, weights_of(n, u->network), err));
}

const lt_tensor *lt_unit_map(const lt_unit *u, int i)
{
    for (int id = 0; id < lt_graph_nodes(u->graph); id++) {
        const lt_tensor *t = lt_graph_node(u->graph, id);
        if (t->output && t != u->out && i-- == 0)
            return t;
    }
    return NULL;
}

static void release(lt_programs *p, lt_unit *u)
{
    p->ops->discard(p->backend, u->program);
    lt_graph_free(u->graph);
    free(u->text);
    *u = (lt_unit){0};
}

lt_programs *lt_programs_new(const lt_backend_ops *ops, lt_backend *b, const lt_networks *networks)
{
    lt_programs *p = lt_alloc(sizeof *p);
    p->ops = ops;
    p->backend = b;
    p->networks = *networks;
    return p;
}

void lt_programs_free(lt_programs *p)
{
    if (!p)
        return;
    for (int i = 0; i < p->count; i++)
        release(p, &p->units[i]);
    free(p);
}

/* Compiles *u.  A file that changed meanwhile is the fault, whatever was found in it, and what was
 * packed from it is dropped. */
static bool compile(lt_programs *p, lt_unit *u, lt_progress *progress, lt_error *err)
{
    const lt_checkpoint *weights = weights_of(&p->networks, u->network);
    bool beside = u->network == LT_NET_DECODE && p->ops->compile_beside;
    bool ok = (beside ? p->ops->compile_beside : p->ops->compile)(p->backend, u->graph, &u->program,
                                                                  progress, err);
    if (p->networks.synthetic)
        return ok;
    if (!ok && err->code == LT_ERR_MODEL)
        lt_fail_in(err, "cannot load '%s'", lt_checkpoint_path(weights));
    if (lt_checkpoint_unchanged(weights, err))
        return ok;
    for (size_t i = 0; i < lt_checkpoint_files(weights); i++) {
        size_t bytes;
        const void *from = lt_safetensors_range(lt_checkpoint_file(weights, i), &bytes);
        p->ops->forget(p->backend, from, bytes);
    }
    return false;
}

static bool remember_text(lt_unit *u, lt_error *err)
{
    void *memory;
    if (!is_unet(u->network))
        return true;
    size_t bytes = (size_t)lt_shape_count(&u->in[2]->shape) * sizeof(float);
    if (!lt_try_alloc(bytes, "the text", &memory, err))
        return false;
    u->text = memory;
    return true;
}

static lt_unit *find(lt_programs *p, lt_network network, int batch, int h, int w)
{
    for (int i = 0; i < p->count; i++) {
        lt_unit *u = &p->units[i];
        if (u->network == network && u->batch == batch && u->h == h && u->w == w)
            return u;
    }
    return NULL;
}

/* An empty place, made by dropping the unit that was not used for longest. */
static lt_unit *room(lt_programs *p)
{
    if (p->count < KEPT)
        return &p->units[p->count++];
    lt_unit *oldest = NULL;
    for (int i = 0; i < p->count; i++)
        if (p->units[i].program != p->held && (!oldest || p->units[i].used < oldest->used))
            oldest = &p->units[i];
    release(p, oldest);
    return oldest;
}

bool lt_programs_trim(lt_programs *p, int h, int w)
{
    int before = p->count;
    for (int i = p->count - 1; i >= 0; i--) {
        lt_unit *u = &p->units[i];
        if (u->program == p->held || (u->h == h && u->w == w) || (u->h == 0 && u->w == 0))
            continue;
        release(p, u);
        *u = p->units[--p->count];
        p->units[p->count] = (lt_unit){0};
    }
    return p->count < before;
}

void lt_programs_hold(lt_programs *p, const lt_unit *u)
{
    p->held = u ? u->program : NULL;
}

bool lt_programs_get(lt_programs *p, lt_network network, int batch, int h, int w, lt_unit **out,
                     lt_progress *progress, lt_error *err)
{
    lt_unit *u = find(p, network, batch, h, w);
    if (!u) {
        lt_unit fresh = {.network = network, .batch = batch, .h = h, .w = w};
        if (!record(&p->networks, &fresh, err) || !compile(p, &fresh, progress, err) ||
            !remember_text(&fresh, err)) {
            release(p, &fresh);
            return false;
        }
        u = room(p);
        *u = fresh;
    }
    u->used = ++p->clock;
    *out = u;
    return true;
}

void lt_programs_drop(lt_programs *p, lt_network network, int batch, int h, int w)
{
    lt_unit *u = find(p, network, batch, h, w);
    if (!u || u->program == p->held)
        return;
    release(p, u);
    *u = p->units[--p->count];
    p->units[p->count] = (lt_unit){0};
}

bool lt_programs_forecast(lt_programs *p, lt_backend *b, const lt_unit *unit, lt_forecast *out,
                          lt_error *err)
{
    lt_unit u = {.network = unit->network, .batch = unit->batch, .h = unit->h, .w = unit->w};
    *out = (lt_forecast){0};
    if (b == p->backend && find(p, u.network, u.batch, u.h, u.w))
        return true;
    bool ok = record(&p->networks, &u, err) && p->ops->forecast(b, u.graph, out, err);
    lt_graph_free(u.graph);
    return ok;
}

bool lt_programs_check(const lt_networks *networks, lt_network network, int h, int w, lt_error *err)
{
    lt_unit u = {.network = network, .batch = 1, .h = h, .w = w};
    bool ok = record(networks, &u, err);
    lt_graph_free(u.graph);
    return ok;
}
