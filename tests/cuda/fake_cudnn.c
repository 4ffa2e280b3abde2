/* fake_cudnn.c - see fake_cudnn.h. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "fake_cudnn.h"

#include <cudnn_graph.h>
#include <dlfcn.h>
#include <string.h>

#include "base/panic.h"
#include "cuda/cudnn_build.h"
#include "described.h"

fake_cudnn fake_dnn;

typedef cudnnStatus_t set_attribute(cudnnBackendDescriptor_t, cudnnBackendAttributeName_t,
                                    cudnnBackendAttributeType_t, int64_t, const void *);

static set_attribute *library(void)
{
    set_attribute *f = NULL;
    *(void **)&f = dlsym(RTLD_NEXT, "cudnnBackendSetAttribute");
    LT_ASSERT(f);
    return f;
}

cudnnStatus_t cudnnCreate(cudnnHandle_t *handle)
{
    *handle = (cudnnHandle_t)described("h100");
    fake_dnn.handles++;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnDestroy(cudnnHandle_t handle)
{
    lt_cudnn_free((lt_cudnn *)handle);
    fake_dnn.handles--;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream)
{
    (void)handle, (void)stream;
    return CUDNN_STATUS_SUCCESS;
}

/* Where a handle is given, the description is; heuristics have it from the graph. */
cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t d, cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t count,
                                       const void *value)
{
    static void *description;
    if (name == CUDNN_ATTR_OPERATIONGRAPH_HANDLE || name == CUDNN_ATTR_EXECUTION_PLAN_HANDLE)
        description = lt_cudnn_description(*(lt_cudnn *const *)value);
    if (name == CUDNN_ATTR_OPERATIONGRAPH_HANDLE)
        return CUDNN_STATUS_SUCCESS;
    if (name == CUDNN_ATTR_EXECUTION_PLAN_HANDLE)
        return library()(d, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1,
                         &description);
    if (name == CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH)
        library()(d, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1,
                  &description);
    if (name == CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS)
        memcpy(fake_dnn.id, value, (size_t)(fake_dnn.operands = (int)count) * sizeof *fake_dnn.id);
    if (name == CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS)
        memcpy(fake_dnn.address, value, (size_t)count * sizeof *fake_dnn.address);
    if (name == CUDNN_ATTR_VARIANT_PACK_WORKSPACE)
        fake_dnn.workspace = *(void *const *)value;
    return library()(d, name, type, count, value);
}

static int number_of(void *plan)
{
    for (int i = 0; i < fake_dnn.plans; i++)
        if (fake_dnn.plan[i] == plan)
            return i;
    LT_ASSERT(fake_dnn.plans < FAKE_PLANS);
    fake_dnn.plan[fake_dnn.plans] = plan;
    return fake_dnn.plans++;
}

cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan,
                                  cudnnBackendDescriptor_t pack)
{
    LT_ASSERT(handle && pack);
    fake_dnn.last = number_of(plan);
    fake_work(fake_dnn.stream, fake_dnn.seconds[fake_dnn.last]);
    return CUDNN_STATUS_SUCCESS;
}

void *fake_operand(int64_t id)
{
    for (int i = 0; i < fake_dnn.operands; i++)
        if (fake_dnn.id[i] == id)
            return fake_dnn.address[i];
    return NULL;
}
