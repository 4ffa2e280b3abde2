/*
 * info.h - what a file or a directory of weights holds, as data, for `latentty info`.
 */
#pragma once

#include <stdint.h>

#include "weights/checkpoint.h"
#include "weights/model_dir.h"
#include "weights/weights_kind.h"

typedef struct lt_info_weights {
    lt_checkpoint *checkpoint; /* owned; open, for its metadata (lt_checkpoint_file) and tensors */
    lt_weights_kind kind;
    size_t tensors;
    uint64_t parameters;              /* elements of all tensors */
    uint64_t bytes;                   /* of all tensors */
    size_t dtypes[LT_ST_DTYPE_COUNT]; /* tensors of each type */
} lt_info_weights;

/* path: as lt_checkpoint_open takes it. */
bool lt_info_weights_open(const char *path, lt_info_weights *out, lt_error *err) LT_WARN_UNUSED;
void lt_info_weights_done(lt_info_weights *w); /* {0} is fine */

typedef struct lt_info_component {
    char *class_name; /* owned; NULL: the model has none */
    char *path;       /* owned: its directory, whether or not it exists */
    char *weights;    /* owned: for lt_info_weights_open; NULL if there are none */
    lt_error problem; /* code LT_ERR_NONE: complete and runnable; otherwise what is wrong */
} lt_info_component;

typedef struct lt_info_model {
    char *dir;      /* owned */
    char *pipeline; /* owned; the class in model_index.json, or NULL: a component by itself */
    bool runnable;  /* the pipeline's class, and every component, can be run */
    lt_info_component component[LT_COMPONENT_COUNT];
} lt_info_model;

/* model: as lt_model_dir_find takes it; variant as in lt_model_request.  Fails only if there is
 * nothing to tell; what is missing is told in the components.  Release with lt_info_model_done in
 * both cases. */
bool lt_info_model_open(const char *model, const char *variant, lt_info_model *out,
                        lt_error *err) LT_WARN_UNUSED;
void lt_info_model_done(lt_info_model *m); /* {0} is fine */
