/* cudnn.c - targets and descriptors; see cudnn.h and cudnn_build.h. */
#include "cuda/cudnn.h"

#include <cudnn_graph.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cuda/cudnn_build.h"
#include "cuda/nvrtc.h"

struct lt_cudnn {
    cudnnHandle_t handle;                 /* owned; NULL: only described */
    cudnnBackendDescriptor_t description; /* owned; NULL: there */
};

/* The first reason that cuDNN gives: it tells of every engine that it has tried, line by line. */
static const char *reason_of(char *text)
{
    static const char mark[] = "Reason: ";
    char *at = strstr(text, mark);
    at = at ? at + strlen(mark) : text;
    at[strcspn(at, "\n")] = '\0';
    return at;
}

bool lt_cudnn_fail(int status, const char *what, lt_error *err)
{
    char text[1024] = "";
    cudnnGetLastErrorString(text, sizeof text);
    const char *reason = reason_of(text), *prefix = "CUDNN_STATUS_";
    const char *name = cudnnGetErrorString((cudnnStatus_t)status);
    if (strncmp(name, prefix, strlen(prefix)) == 0)
        name += strlen(prefix);
    return lt_fail(err, LT_ERR_DEVICE, NULL, "cuDNN: %s: %s%s%s", what, name, *reason ? ", " : "",
                   reason);
}

/* ---- descriptors ---- */

static void keep(lt_cudnn_build *b, cudnnStatus_t status, const char *what)
{
    if (status != CUDNN_STATUS_SUCCESS && !b->failed)
        b->failed = !lt_cudnn_fail((int)status, what, b->err);
}

void *lt_cudnn_make(lt_cudnn_build *b, int kind)
{
    cudnnBackendDescriptor_t d = NULL;
    if (b->failed)
        return NULL;
    if (b->count == LT_CUDNN_DESCRIPTORS) {
        b->failed = !lt_fail(b->err, LT_ERR_DEVICE, NULL, "cuDNN: more descriptors than expected");
        return NULL;
    }
    keep(b, cudnnBackendCreateDescriptor((cudnnBackendDescriptorType_t)kind, &d),
         "a descriptor cannot be made");
    if (!b->failed)
        b->made[b->count++] = d;
    return d;
}

void lt_cudnn_set(lt_cudnn_build *b, void *descriptor, int attribute, int type, int64_t count,
                  const void *values)
{
    if (b->failed)
        return;
    cudnnStatus_t status =
        cudnnBackendSetAttribute(descriptor, (cudnnBackendAttributeName_t)attribute,
                                 (cudnnBackendAttributeType_t)type, count, values);
    char what[32];
    snprintf(what, sizeof what, "attribute %d", attribute);
    keep(b, status, what);
}

void lt_cudnn_set_int(lt_cudnn_build *b, void *descriptor, int attribute, int64_t value)
{
    lt_cudnn_set(b, descriptor, attribute, CUDNN_TYPE_INT64, 1, &value);
}

void lt_cudnn_set_one(lt_cudnn_build *b, void *descriptor, int attribute, void *other)
{
    lt_cudnn_set(b, descriptor, attribute, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &other);
}

void lt_cudnn_finish(lt_cudnn_build *b, void *descriptor, const char *what)
{
    if (!b->failed)
        keep(b, cudnnBackendFinalize(descriptor), what);
}

void lt_cudnn_build_done(lt_cudnn_build *b)
{
    while (b->count > 0)
        cudnnBackendDestroyDescriptor(b->made[--b->count]);
}

/* ---- targets ---- */

bool lt_cudnn_describe(const char *json, lt_cudnn **out, lt_error *err)
{
    lt_cudnn_build b = {.err = err};
    void *d = lt_cudnn_make(&b, CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
    lt_cudnn_set(&b, d, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR,
                 (int64_t)strlen(json), json);
    lt_cudnn_finish(&b, d, "description of a device");
    lt_nvrtc_prepare();
    if (b.failed) {
        lt_cudnn_build_done(&b);
        return false;
    }
    *out = lt_alloc(sizeof **out);
    (*out)->description = d;
    return true;
}

void lt_cudnn_free(lt_cudnn *c)
{
    if (!c)
        return;
    if (c->description)
        cudnnBackendDestroyDescriptor(c->description);
    if (c->handle)
        cudnnDestroy(c->handle);
    free(c);
}

static void destroy(void *c)
{
    lt_cudnn_free(c);
}

bool lt_cudnn_of(lt_gpu_stream *s, lt_cudnn **out, lt_error *err)
{
    void **slot = lt_gpu_slot(s, LT_GPU_SLOT_CUDNN, destroy);
    if (!*slot) {
        cudnnHandle_t handle = NULL;
        lt_nvrtc_prepare();
        cudnnStatus_t status = cudnnCreate(&handle);
        if (status == CUDNN_STATUS_SUCCESS)
            status = cudnnSetStream(handle, lt_gpu_stream_handle(s));
        if (status != CUDNN_STATUS_SUCCESS) {
            lt_cudnn_fail((int)status, "no handle for the device", err);
            if (handle)
                cudnnDestroy(handle);
            return false;
        }
        lt_cudnn *c = lt_alloc(sizeof *c);
        c->handle = handle;
        *slot = c;
    }
    *out = *slot;
    return true;
}

bool lt_cudnn_is_there(const lt_cudnn *c)
{
    return c->handle != NULL;
}

void *lt_cudnn_handle(const lt_cudnn *c)
{
    return c->handle;
}

void *lt_cudnn_description(const lt_cudnn *c)
{
    return c->description;
}
