/* cudnn_plans.c - what cuDNN's heuristics propose for a graph, made into plans; plans as JSON. */
#include <cudnn_graph.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cuda/cudnn.h"
#include "cuda/cudnn_build.h"

enum { CONFIGS = 64, NOTES = 16 };

struct lt_cudnn_plan {
    lt_cudnn_build build; /* the plan, and the configuration that it was made of */
    void *plan;           /* of the build */
    lt_cudnn_about about;
};

/* What the heuristics propose: an engine with its knobs set. */
typedef struct proposal {
    lt_cudnn_build build;
    void *config; /* of the build */
    lt_cudnn_about about;
    bool refused;
} proposal;

typedef struct proposals {
    proposal *item; /* owned */
    int count;
} proposals;

static void proposals_done(proposals *p)
{
    for (int i = 0; i < p->count; i++)
        lt_cudnn_build_done(&p->item[i].build);
    free(p->item);
    *p = (proposals){0};
}

/* Without an answer *count stays 0. */
static void get(void *descriptor, int attribute, int type, int64_t room, int64_t *count,
                void *values)
{
    *count = 0;
    if (cudnnBackendGetAttribute(descriptor, (cudnnBackendAttributeName_t)attribute,
                                 (cudnnBackendAttributeType_t)type, room, count,
                                 values) != CUDNN_STATUS_SUCCESS)
        *count = 0;
    if (*count > room)
        *count = room;
}

/* TF32 is told by tensor cores alone: cuDNN 9.19 does not note that inputs are rounded. */
static bool note_refused(cudnnBackendNumericalNote_t note, bool exact)
{
    switch (note) {
    case CUDNN_NUMERICAL_NOTE_TENSOR_CORE:
    case CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS:
        return exact;
    case CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION:
    case CUDNN_NUMERICAL_NOTE_FFT:
    case CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC:
    case CUDNN_NUMERICAL_NOTE_WINOGRAD:
    case CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_4x4:
    case CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_6x6:
    case CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13:
        return true;
    default:
        return false;
    }
}

/* What is known of a proposal's engine. */
static void look_at(proposal *p, bool exact)
{
    lt_error unused;
    lt_cudnn_build b = {.err = &unused};
    void *engine = lt_cudnn_make(&b, CUDNN_BACKEND_ENGINE_DESCRIPTOR);
    cudnnBackendBehaviorNote_t behavior[NOTES];
    cudnnBackendNumericalNote_t numbers[NOTES];
    int64_t count;
    get(p->config, CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &count, &engine);
    get(engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1, &count, &p->about.engine);
    get(engine, CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_TYPE_BEHAVIOR_NOTE, NOTES, &count, behavior);
    for (int64_t i = 0; i < count; i++)
        p->about.compiled |= behavior[i] == CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION;
    get(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, NOTES, &count,
        numbers);
    for (int64_t i = 0; i < count; i++) {
        p->about.tensor_cores |= numbers[i] == CUDNN_NUMERICAL_NOTE_TENSOR_CORE;
        p->refused |= note_refused(numbers[i], exact);
    }
    lt_cudnn_build_done(&b);
}

/* Makes room for what the heuristics say, and takes it: at least one. */
static bool take_results(void *heuristics, bool exact, proposals *out, lt_error *err)
{
    int64_t count = 0, got = 0;
    void *config[CONFIGS];
    cudnnBackendGetAttribute(heuristics, CUDNN_ATTR_ENGINEHEUR_RESULTS,
                             CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, &count, NULL);
    count = count > CONFIGS ? CONFIGS : count;
    out->item = lt_alloc_array((size_t)count + 1, sizeof *out->item);
    for (; out->count < count; out->count++) {
        proposal *p = &out->item[out->count];
        p->build.err = err;
        config[out->count] = p->config =
            lt_cudnn_make(&p->build, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
        if (p->build.failed)
            return false;
    }
    get(heuristics, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, count, &got,
        config);
    while (out->count > got)
        lt_cudnn_build_done(&out->item[--out->count].build);
    for (int i = 0; i < out->count; i++)
        look_at(&out->item[i], exact);
    return out->count > 0 ||
           lt_cudnn_fail((int)CUDNN_STATUS_NOT_SUPPORTED, "no engine for this graph", err);
}

static bool ask(const lt_cudnn *c, const lt_cudnn_graph *g, cudnnBackendHeurMode_t mode,
                proposals *out, lt_error *err)
{
    lt_cudnn_build b = {.err = err};
    void *h = lt_cudnn_make(&b, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
    lt_cudnn_set_one(&b, h, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, g->operations);
    lt_cudnn_set(&b, h, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
    if (lt_cudnn_description(c))
        lt_cudnn_set_one(&b, h, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, lt_cudnn_description(c));
    lt_cudnn_finish(&b, h, "engines for this graph");
    bool ok = !b.failed && take_results(h, g->exact, out, err);
    lt_cudnn_build_done(&b);
    return ok;
}

/* ---- plans ---- */

static lt_cudnn_plan *begin_plan(const lt_cudnn *c, lt_error *err)
{
    lt_cudnn_plan *p = lt_alloc(sizeof *p);
    void *handle = lt_cudnn_handle(c);
    p->build.err = err;
    p->plan = lt_cudnn_make(&p->build, CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
    if (handle)
        lt_cudnn_set(&p->build, p->plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1,
                     &handle);
    else
        lt_cudnn_set_one(&p->build, p->plan, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP,
                         lt_cudnn_description(c));
    return p;
}

static bool end_plan(lt_cudnn_plan *p, lt_cudnn_plan **out, lt_error *err)
{
    int64_t count, bytes = -1;
    lt_cudnn_finish(&p->build, p->plan, "plan");
    bool ok = !p->build.failed;
    if (ok) {
        get(p->plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1, &count, &bytes);
        if (bytes < 0)
            ok = lt_fail(err, LT_ERR_DEVICE, NULL, "cuDNN: a plan without a workspace size");
    }
    p->about.workspace = ok ? (size_t)bytes : 0;
    p->build.err = NULL;
    if (ok)
        *out = p;
    else
        lt_cudnn_plan_free(p);
    return ok;
}

/* The proposal's configuration becomes the plan's. */
static bool make_plan(const lt_cudnn *c, proposal *from, size_t workspace, lt_cudnn_plan **out,
                      lt_error *err)
{
    lt_cudnn_plan *p = begin_plan(c, err);
    p->about = from->about;
    lt_cudnn_set_one(&p->build, p->plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, from->config);
    if (!p->build.failed) {
        p->build.made[p->build.count++] = from->config;
        from->build.count = 0;
    }
    if (!end_plan(p, &p, err))
        return false;
    if (p->about.workspace > workspace) {
        lt_fail(err, LT_ERR_DEVICE, NULL, "cuDNN: engine %lld wants %zu bytes of workspace",
                (long long)p->about.engine, p->about.workspace);
        lt_cudnn_plan_free(p);
        return false;
    }
    *out = p;
    return true;
}

/* Appends plans of those proposals that are (not) compiled at run time.  *err: of the first that
 * failed. */
static void make_plans(const lt_cudnn *c, const proposals *from, bool compiled, size_t workspace,
                       int most, lt_cudnn_plan *out[], int *count, lt_error *err)
{
    for (int i = 0; i < from->count && *count < most; i++) {
        proposal *p = &from->item[i];
        lt_error why = {0};
        if (p->refused || p->about.compiled != compiled)
            continue;
        if (make_plan(c, p, workspace, &out[*count], &why))
            ++*count;
        else if (err->code == LT_ERR_NONE)
            *err = why;
    }
}

bool lt_cudnn_plans(const lt_cudnn *c, const lt_cudnn_graph *g, size_t workspace, int most,
                    lt_cudnn_plan *out[], int *count, lt_error *err)
{
    static const cudnnBackendHeurMode_t modes[] = {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK};
    lt_error first = {0};
    *count = 0;
    for (size_t m = 0; m < 2 && *count == 0; m++) {
        proposals found = {0};
        lt_error why = {0};
        if (ask(c, g, modes[m], &found, &why))
            for (int compiled = 0; compiled < 2 && *count == 0; compiled++)
                make_plans(c, &found, compiled != 0, workspace, most, out, count, &why);
        if (first.code == LT_ERR_NONE)
            first = why;
        proposals_done(&found);
    }
    if (*count > 0)
        return true;
    if (first.code == LT_ERR_NONE)
        return lt_fail(err, LT_ERR_DEVICE, NULL, "cuDNN: no engine with the numbers that we want");
    *err = first;
    return false;
}

void lt_cudnn_plan_free(lt_cudnn_plan *p)
{
    if (!p)
        return;
    lt_cudnn_build_done(&p->build);
    free(p);
}

lt_cudnn_about lt_cudnn_plan_about(const lt_cudnn_plan *p)
{
    return p->about;
}

bool lt_cudnn_plan_save(const lt_cudnn_plan *p, lt_buf *out, lt_error *err)
{
    int64_t bytes = 0, got = 0;
    cudnnStatus_t status = cudnnBackendGetAttribute(
        p->plan, CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, 0, &bytes, NULL);
    if (status == CUDNN_STATUS_SUCCESS) {
        if (!lt_buf_reserve(out, (size_t)bytes, "a plan", err))
            return false;
        status = cudnnBackendGetAttribute(p->plan, CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION,
                                          CUDNN_TYPE_CHAR, bytes, &got, out->data + out->len);
    }
    if (status != CUDNN_STATUS_SUCCESS)
        return lt_cudnn_fail((int)status, "a plan as JSON", err);
    out->len += (size_t)got;
    out->data[out->len] = '\0';
    return true;
}

bool lt_cudnn_plan_load(const lt_cudnn *c, const char *json, size_t n, lt_cudnn_plan **out,
                        lt_error *err)
{
    lt_cudnn_plan *p = begin_plan(c, err);
    lt_cudnn_set(&p->build, p->plan, CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION, CUDNN_TYPE_CHAR,
                 (int64_t)n, json);
    return end_plan(p, out, err);
}

bool lt_cudnn_run(const lt_cudnn *c, const lt_cudnn_plan *p, const lt_cudnn_value *values,
                  const void *const *address, int count, void *workspace, lt_error *err)
{
    int64_t id[LT_CUDNN_VALUES];
    lt_cudnn_build b = {.err = err};
    for (int i = 0; i < count; i++)
        id[i] = (int64_t)values[i];
    void *pack = lt_cudnn_make(&b, CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
    lt_cudnn_set(&b, pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, count, id);
    lt_cudnn_set(&b, pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, count,
                 address);
    lt_cudnn_set(&b, pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &workspace);
    lt_cudnn_finish(&b, pack, "operands");
    bool ok = !b.failed;
    if (ok) {
        cudnnStatus_t status = cudnnBackendExecute(lt_cudnn_handle(c), p->plan, pack);
        ok = status == CUDNN_STATUS_SUCCESS || lt_cudnn_fail((int)status, "running a plan", err);
    }
    lt_cudnn_build_done(&b);
    return ok;
}
