/*
 * model_dir.h - from what the user gave to the directory of each component.
 *
 * A model is a diffusers directory (it holds model_index.json), a directory of one component (it
 * holds config.json and the weights, as stabilityai/sd-vae-ft-mse does) or an id
 * `ORG/NAME[@REVISION]` of a repository in the Hugging Face cache (hub.h); a directory wins over an
 * id.  Nothing is downloaded. Components may come from elsewhere one by one.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "weights/component.h"

typedef struct lt_model_request {
    const char *model;                         /* or NULL: everything needed is given below */
    const char *component[LT_COMPONENT_COUNT]; /* or NULL: from the model */
    const char *variant;                       /* of the weights: "fp16", ..., or NULL */
    unsigned needed; /* 1u << lt_component, or'ed: what must be there; LT_COMPONENTS_ALL */
} lt_model_request;

typedef struct lt_model_dir {
    char *path[LT_COMPONENT_COUNT];    /* owned; NULL if there is none and it was not needed */
    char *weights[LT_COMPONENT_COUNT]; /* owned; for lt_checkpoint_open; NULL if it has none */
} lt_model_dir;

/*
 * Zero *out is filled; release it with lt_model_dir_done, also after a failure.  Every needed
 * component has its config and weight files when this succeeds; nothing but small JSON files has
 * been read. LT_ERR_IO if something is missing, LT_ERR_MODEL if latentty cannot run it: SDXL,
 * inpainting and other pipelines are named by their class.
 */
bool lt_model_dir_resolve(const lt_model_request *request, lt_model_dir *out,
                          lt_error *err) LT_WARN_UNUSED;
void lt_model_dir_done(lt_model_dir *m); /* {0} is fine */

/* The directory that a model argument means: the directory itself, or the snapshot of an id.  Owned
 * by the caller. */
bool lt_model_dir_find(const char *model, char **dir, lt_error *err) LT_WARN_UNUSED;

/* The class of a diffusers directory and of its components, as model_index.json names them; for the
 * directory of one component, only that one.  Strings are owned; NULL where there is none. */
typedef struct lt_model_classes {
    char *pipeline;
    char *component[LT_COMPONENT_COUNT];
} lt_model_classes;
bool lt_model_dir_classes(const char *dir, lt_model_classes *out, lt_error *err) LT_WARN_UNUSED;
void lt_model_classes_done(lt_model_classes *c); /* {0} is fine */

/* True if latentty can run this class as this component. */
bool lt_model_dir_accepts(lt_component c, const char *class_name, const char *where,
                          lt_error *err) LT_WARN_UNUSED;
/* True if the files of the component are all in dir; *weights as in lt_model_dir. */
bool lt_model_dir_complete(lt_component c, const char *dir, const char *variant, char **weights,
                           lt_error *err) LT_WARN_UNUSED;
