/*
 * cudnn_build.h - descriptors of cuDNN, made one after another without asking after each: the first
 * failure is kept, and turns what follows into no-ops.
 *
 * Kinds, attributes and types are cuDNN's numbers, so that this header needs none of cuDNN's.
 */
#pragma once

#include <stdint.h>

#include "cuda/cudnn.h"

enum { LT_CUDNN_DESCRIPTORS = 24 }; /* that one build makes at most */

typedef struct lt_cudnn_build {
    void *made[LT_CUDNN_DESCRIPTORS]; /* owned */
    int count;
    bool failed;
    lt_error *err; /* borrowed */
} lt_cudnn_build;

void *lt_cudnn_make(lt_cudnn_build *b, int kind);
void lt_cudnn_set(lt_cudnn_build *b, void *descriptor, int attribute, int type, int64_t count,
                  const void *values);
void lt_cudnn_set_int(lt_cudnn_build *b, void *descriptor, int attribute, int64_t value);
void lt_cudnn_set_one(lt_cudnn_build *b, void *descriptor, int attribute, void *other);
void lt_cudnn_finish(lt_cudnn_build *b, void *descriptor, const char *what);
void lt_cudnn_build_done(lt_cudnn_build *b);

/* LT_ERR_DEVICE with cuDNN's reason: "cuDNN: <what>: NOT_SUPPORTED, <last message>". */
bool lt_cudnn_fail(int status, const char *what, lt_error *err);

/* What a target gives to descriptors: its handle (a cudnnHandle_t) or its description; the other is
 * NULL. */
void *lt_cudnn_handle(const lt_cudnn *c);
void *lt_cudnn_description(const lt_cudnn *c);

struct lt_cudnn_graph {
    lt_cudnn_build build;
    void *operations; /* of the build */
    bool exact;       /* f32: no TF32 */
};
