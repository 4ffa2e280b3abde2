/* rig.c - see rig.h. */
#include "support/rig.h"

#include <stdlib.h>

#include "base/mem.h"
#include "weights/bind.h"
#include "weights/model_dir.h"

static bool read_configs(rig *r, const lt_model_dir *m, lt_error *err)
{
    return lt_unet_config_read(m->path[LT_UNET], &r->unet, err) &&
           lt_vae_config_read(m->path[LT_VAE], &r->vae, err) &&
           lt_clip_config_read(m->path[LT_TEXT_ENCODER], &r->clip, err);
}

bool rig_open(const lt_backend_ops *ops, lt_dtype dtype, const char *dir, rig *out, lt_error *err)
{
    lt_backend_options options = {.dtype = dtype, .threads = 1};
    lt_model_request request = {.model = dir, .needed = LT_COMPONENTS_ALL};
    lt_model_dir m = {0};
    out->ops = ops;
    bool ok = lt_model_dir_resolve(&request, &m, err) && read_configs(out, &m, err);
    for (int i = 0; i < LT_COMPONENT_COUNT; i++)
        ok = ok && (!m.weights[i] || lt_checkpoint_open(m.weights[i], &out->weights[i], err));
    lt_model_dir_done(&m);
    return ok && ops->open(&options, &out->backend, err);
}

void rig_close(rig *r)
{
    if (r->backend)
        r->ops->close(r->backend);
    for (int i = 0; i < LT_COMPONENT_COUNT; i++)
        lt_checkpoint_close(r->weights[i]);
    *r = (rig){0};
}

static lt_shape shape(int ndim, int64_t a, int64_t b, int64_t c, int64_t d)
{
    return (lt_shape){.ndim = ndim, .dim = {a, b, c, d}};
}

static lt_component record(rig_network *net, rig_part part, int n, int h, int w)
{
    rig *r = net->rig;
    lt_graph *g = net->graph;
    int tokens = r->clip.max_position_embeddings, f = r->vae.factor;
    switch (part) {
    case RIG_TEXT:
        net->in[0] = lt_input(g, "ids", LT_I32, shape(2, n, tokens, 0, 0));
        net->out = lt_clip_text(g, &r->clip, net->in[0]);
        return LT_TEXT_ENCODER;
    case RIG_UNET:
        net->in[0] = lt_input(g, "latents", LT_F32, shape(4, n, h, w, r->unet.in_channels));
        net->in[1] = lt_input(g, "time", LT_F32, shape(2, n, r->unet.channels[0], 0, 0));
        net->in[2] =
            lt_input(g, "text", LT_F32, shape(3, n, tokens, r->unet.cross_attention_dim, 0));
        net->out =
            lt_unet(g, &r->unet, net->in[0], lt_unet_time(g, &r->unet, net->in[1]), net->in[2]);
        return LT_UNET;
    case RIG_DECODE:
        net->in[0] = lt_input(g, "latents", LT_F32, shape(4, n, h, w, r->vae.latent_channels));
        net->out = lt_vae_decode(g, &r->vae, net->in[0]);
        return LT_VAE;
    case RIG_ENCODE:
        net->in[0] = lt_input(g, "image", LT_F32, shape(4, n, h * f, w * f, 3));
        net->out = lt_vae_encode(g, &r->vae, net->in[0]);
        return LT_VAE;
    }
    return LT_VAE;
}

bool rig_network_open(rig *r, rig_part part, int n, int h, int w, rig_network *out, lt_error *err)
{
    out->rig = r;
    out->graph = lt_graph_new();
    lt_component component = record(out, part, n, h, w);
    lt_output(out->graph, "out", out->out);
    return lt_graph_ok(out->graph, err) && lt_bind_graph(out->graph, r->weights[component], err) &&
           r->ops->compile(r->backend, out->graph, &out->program, NULL, err);
}

void rig_network_close(rig_network *net)
{
    if (net->program)
        net->rig->ops->discard(net->rig->backend, net->program);
    lt_graph_free(net->graph);
    *net = (rig_network){0};
}

size_t rig_network_count(const rig_network *net)
{
    return (size_t)lt_shape_count(&net->out->shape);
}

/* s: the shape channels last.  Copies [N,C,H,W] to [N,H,W,C], or back. */
static void reorder(const lt_shape *s, const float *from, float *to, bool channels_last)
{
    int64_t pixels = s->dim[1] * s->dim[2], channels = s->dim[3];
    for (int64_t n = 0; n < s->dim[0]; n++)
        for (int64_t p = 0; p < pixels; p++)
            for (int64_t c = 0; c < channels; c++) {
                int64_t last = (n * pixels + p) * channels + c;
                int64_t first = (n * channels + c) * pixels + p;
                to[channels_last ? last : first] = from[channels_last ? first : last];
            }
}

static bool write_input(rig_network *net, const lt_tensor *input, const void *values, lt_error *err)
{
    size_t n = (size_t)lt_shape_count(&input->shape);
    if (input->shape.ndim != 4)
        return net->rig->ops->write(net->program, input, values, n, err);
    float *copy = lt_alloc_array(n, sizeof *copy);
    reorder(&input->shape, values, copy, true);
    bool ok = net->rig->ops->write(net->program, input, copy, n, err);
    free(copy);
    return ok;
}

static bool read_output(rig_network *net, float *out, lt_error *err)
{
    size_t n = rig_network_count(net);
    if (net->out->shape.ndim != 4)
        return net->rig->ops->read(net->program, net->out, out, n, err);
    float *copy = lt_alloc_array(n, sizeof *copy);
    bool ok = net->rig->ops->read(net->program, net->out, copy, n, err);
    if (ok)
        reorder(&net->out->shape, copy, out, false);
    free(copy);
    return ok;
}

bool rig_network_run(rig_network *net, const void *const *in, float *out, lt_error *err)
{
    for (int i = 0; i < 3 && net->in[i]; i++)
        if (!write_input(net, net->in[i], in[i], err))
            return false;
    return net->rig->ops->run(net->program, NULL, err) && read_output(net, out, err);
}
