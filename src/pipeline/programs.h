/*
 * programs.h - the compiled programs of an engine, one for each network, batch and size.
 *
 * Made on first use and kept; the least recently used one goes when there are too many.  Weights
 * are the backend's and are shared between programs.  The decoder is a program that runs beside the
 * others where the backend has such.  One thread.
 */
#pragma once

#include "base/error.h"
#include "model/clip.h"
#include "model/unet.h"
#include "model/vae.h"
#include "pipeline/synthetic.h"
#include "tensor/backend.h"
#include "weights/checkpoint.h"

/* TIME is the part of the UNet that knows the timesteps alone, WHOLE the UNet with it, to be
 * checked; GUIDED is the UNet for both halves of guidance.  _MAPS: the same with the map of every
 * cross-attention as an output (lt_unit_map).  _OF_ONE: for pictures that all have one prompt, with
 * one text for each half. */
typedef enum lt_network {
    LT_NET_TEXT,
    LT_NET_TIME,
    LT_NET_WHOLE,
    LT_NET_UNET,
    LT_NET_GUIDED,
    LT_NET_UNET_MAPS,
    LT_NET_GUIDED_MAPS,
    LT_NET_UNET_OF_ONE,
    LT_NET_GUIDED_OF_ONE,
    LT_NET_UNET_MAPS_OF_ONE,
    LT_NET_GUIDED_MAPS_OF_ONE,
    LT_NET_DECODE,
    LT_NET_ENCODE,
} lt_network;

/* What the graphs are recorded from; borrowed, NULL for what is not loaded. */
typedef struct lt_networks {
    const lt_clip_config *clip;
    const lt_unet_config *unet;
    const lt_vae_config *vae;
    lt_checkpoint *clip_weights, *unet_weights, *vae_weights;
    lt_synthetic *synthetic; /* if set, all weights come from here */
} lt_networks;

/* A recorded and, unless only checked, compiled graph. */
typedef struct lt_unit {
    lt_network network;
    int batch, h, w; /* pictures, texts or timesteps; TEXT, TIME: h and w are 0 */
    lt_graph *graph; /* owned */
    lt_program *program;
    /* TEXT: ids.  TIME: time [batch].  of a UNet: latents [batch], shifts [1], text [batch, or
     * twice that; OF_ONE: 1 or 2].  DECODE: z.  ENCODE: image */
    const lt_tensor *in[3];
    const lt_tensor *out;
    const lt_tensor *rgb; /* DECODE: of the one picture, as bytes (lt_to_rgb) */
    float *text; /* of a UNet, owned: what was written to in[2] last; valid if text_written.  A
                    program that is not told the same text again need not make its keys and values
                    again */
    bool text_written;
    unsigned used; /* when, for the cache */
} lt_unit;

/* The i-th map [batch, or twice that; S,T] of a unit in the order of the UNet's layers; NULL past
 * the end. */
const lt_tensor *lt_unit_map(const lt_unit *u, int i);

/* The UNet for a number of halves, with or without maps; one_prompt: of pictures that all have the
 * same. */
lt_network lt_network_unet(bool guided, bool maps, bool one_prompt);

typedef struct lt_programs lt_programs;
/* Everything is borrowed and must outlive the result. */
lt_programs *lt_programs_new(const lt_backend_ops *ops, lt_backend *b, const lt_networks *networks);
void lt_programs_free(lt_programs *p); /* NULL is fine */

/* The unit for this batch and latent size, compiled (which progress may cancel; it may be NULL).
 * Borrowed until the next call. */
bool lt_programs_get(lt_programs *p, lt_network network, int batch, int h, int w, lt_unit **out,
                     lt_progress *progress, lt_error *err) LT_WARN_UNUSED;

/* Drops those of other latent sizes, but for what is held, and TEXT and TIME, which have none;
 * false if there was none to drop. */
bool lt_programs_trim(lt_programs *p, int h, int w);

/* The unit is at work: it is not dropped to make room, until another one is held, or NULL. */
void lt_programs_hold(lt_programs *p, const lt_unit *u);

/* Drops that unit, if it is there and not held. */
void lt_programs_drop(lt_programs *p, lt_network network, int batch, int h, int w);

/* What lt_programs_get would take with this backend: p's own, or another of its kind that is asked
 * for its opinion.  Nothing for a unit that p's own has compiled already. */
bool lt_programs_forecast(lt_programs *p, lt_backend *b, const lt_unit *unit, lt_forecast *out,
                          lt_error *err) LT_WARN_UNUSED;

/* Records the network and gives it its weights without compiling: whether the checkpoint fits. */
bool lt_programs_check(const lt_networks *networks, lt_network network, int h, int w,
                       lt_error *err) LT_WARN_UNUSED;
