/*
 * floats.h - the arrays of a step as one run of bytes, and back bit for bit.
 *
 * An array whose floats all have a lower half of zeros, as a bfloat16 network gives them, is kept
 * as the upper halves.  In the machine's byte order, which is little-endian wherever this runs.
 */
#pragma once

#include "store/store.h"

enum {
    LT_FLOATS_PARTS = 4,       /* latents, x0, eps_text, eps_uncond */
    LT_FLOATS_MOST = 64 << 20, /* floats of an array */
};

typedef struct lt_floats_packed {
    unsigned char *bytes; /* owned */
    size_t size;
    int halves; /* bit i: array i is kept as upper halves */
} lt_floats_packed;

/* LT_ERR_ARGUMENT for an array above LT_FLOATS_MOST; LT_ERR_MEMORY. */
bool lt_floats_pack(const lt_store_step *step, lt_floats_packed *out, lt_error *err) LT_WARN_UNUSED;

/* Bytes of a step's arrays as they are; SIZE_MAX for one that lt_floats_pack refuses. */
size_t lt_floats_bytes(const lt_store_step *step);
/* A step with arrays of its own, in one block. */
bool lt_floats_copy(const lt_store_step *step, lt_store_step *out, lt_error *err) LT_WARN_UNUSED;

/* Bytes of such arrays; each count is at most LT_FLOATS_MOST. */
size_t lt_floats_size(const size_t counts[LT_FLOATS_PARTS], int halves);

/* Sets the arrays of *out and its block; packed->size is what lt_floats_size says. */
bool lt_floats_unpack(const lt_floats_packed *packed, const size_t counts[LT_FLOATS_PARTS],
                      lt_store_step *out, lt_error *err) LT_WARN_UNUSED;
