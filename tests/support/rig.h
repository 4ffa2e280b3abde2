/*
 * rig.h - the networks of a diffusers directory on a backend, one call at a time and without a
 * pipeline, for tests.  Values are float32 in torch's order ([N,C,H,W]); token ids are int32.
 */
#pragma once

#include "base/error.h"
#include "model/clip.h"
#include "model/unet.h"
#include "model/vae.h"
#include "tensor/backend.h"
#include "weights/checkpoint.h"

typedef struct rig {
    const lt_backend_ops *ops;
    lt_backend *backend; /* owned */
    lt_unet_config unet;
    lt_vae_config vae;
    lt_clip_config clip;
    lt_checkpoint *weights[LT_COMPONENT_COUNT]; /* owned */
} rig;

/* Zero *out is filled; rig_close releases it, also after a failure. */
bool rig_open(const lt_backend_ops *ops, lt_dtype dtype, const char *dir, rig *out,
              lt_error *err) LT_WARN_UNUSED;
void rig_close(rig *r);

typedef enum rig_part { RIG_TEXT, RIG_UNET, RIG_DECODE, RIG_ENCODE } rig_part;

/* One compiled network; every part has its inputs in the order of the function that records it. */
typedef struct rig_network {
    rig *rig; /* borrowed */
    lt_graph *graph;
    lt_program *program;
    lt_tensor *in[3], *out;
} rig_network;

/* n: batch; h, w: size of the latents (RIG_TEXT: ignored).  Zero *out is filled; rig_network_close
 * releases it, also after a failure. */
bool rig_network_open(rig *r, rig_part part, int n, int h, int w, rig_network *out,
                      lt_error *err) LT_WARN_UNUSED;
void rig_network_close(rig_network *net);

size_t rig_network_count(const rig_network *net); /* floats of the output */
/* in: as many as the network has inputs. */
bool rig_network_run(rig_network *net, const void *const *in, float *out,
                     lt_error *err) LT_WARN_UNUSED;
