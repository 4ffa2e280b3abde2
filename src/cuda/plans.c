/* plans.c - see plans.h. */
#include "cuda/plans.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cuda/tune.h"

static void close_cache(void *c)
{
    lt_plan_cache_close(c);
}

lt_plan_cache *lt_plans_cache(lt_gpu_stream *s)
{
    void **slot = lt_gpu_slot(s, LT_GPU_SLOT_PLANS, close_cache);
    if (!*slot) {
        const lt_gpu_facts *f = lt_gpu_about(lt_gpu_of(s));
        char *identity =
            lt_format("cuDNN %zu, cuBLASLt %zu, driver %d, %s, sm_%d%d, %d", f->cudnn, f->cublas,
                      f->driver, f->name, f->major, f->minor, f->processors);
        char *path = lt_plan_cache_path(identity);
        *slot = lt_plan_cache_open(path, identity);
        free(path);
        free(identity);
    }
    return *slot;
}

void lt_plans_save(lt_gpu_stream *s)
{
    lt_plan_cache_save(lt_plans_cache(s));
}

typedef struct trial {
    const lt_cudnn *cudnn;
    lt_cudnn_plan *const *plan;
    const lt_plans_ask *ask;
    const void *address[LT_CUDNN_VALUES];
    void *workspace;
} trial;

static bool put(void *context, int i, lt_error *err)
{
    const trial *t = context;
    return lt_cudnn_run(t->cudnn, t->plan[i], t->ask->value, t->address, t->ask->count,
                        t->workspace, err);
}

/* *best stays 0 where there is no memory to measure in. */
static bool choose(lt_gpu_stream *s, const lt_cudnn *c, const lt_plans_ask *ask,
                   lt_cudnn_plan *const plan[], int count, int *best, lt_error *err)
{
    trial t = {.cudnn = c, .plan = plan, .ask = ask};
    size_t bytes[LT_CUDNN_VALUES + 1], *workspace = &bytes[ask->count];
    *workspace = 0;
    for (int i = 0; i < count; i++) {
        size_t wants = lt_cudnn_plan_about(plan[i]).workspace;
        *workspace = wants > *workspace ? wants : *workspace;
    }
    for (int i = 0; i < ask->count; i++)
        bytes[i] = ask->bytes[i];
    lt_tune_memory m;
    if (!lt_tune_memory_new(s, ask->dtype, bytes, ask->count + 1, &m, err))
        return err->code == LT_ERR_MEMORY;
    for (int i = 0; i < ask->count; i++)
        t.address[i] = ask->host[i] ? ask->host[i] : m.operand[i];
    t.workspace = m.operand[ask->count];
    bool ok = lt_tune_fastest(s, count, put, &t, best, err);
    lt_tune_memory_done(s, &m);
    return ok;
}

static void keep(lt_gpu_stream *s, const char *key, const lt_cudnn_plan *p)
{
    lt_buf json = {0};
    lt_error unused;
    if (lt_cudnn_plan_save(p, &json, &unused))
        lt_plan_cache_put(lt_plans_cache(s), key, json.data, json.len);
    lt_buf_done(&json);
}

static bool make(lt_gpu_stream *s, const lt_cudnn *c, const lt_cudnn_graph *g,
                 const lt_plans_ask *ask, lt_cudnn_plan **out, lt_error *err)
{
    lt_cudnn_plan *plan[LT_PLANS_TRIED];
    int count = 0, best = 0;
    bool measured = lt_cudnn_is_there(c);
    if (!lt_cudnn_plans(c, g, LT_PLANS_WORKSPACE, measured ? LT_PLANS_TRIED : 1, plan, &count, err))
        return false;
    bool ok = count == 1 || choose(s, c, ask, plan, count, &best, err);
    for (int i = 0; i < count; i++)
        if (!ok || i != best)
            lt_cudnn_plan_free(plan[i]);
    if (ok) {
        *out = plan[best];
        keep(s, ask->key, *out);
    }
    return ok;
}

/* What the cache has, if cuDNN takes it. */
static lt_cudnn_plan *known(lt_gpu_stream *s, const lt_cudnn *c, const char *key)
{
    size_t bytes;
    const char *json = lt_plan_cache_find(lt_plans_cache(s), key, &bytes);
    lt_cudnn_plan *p = NULL;
    lt_error unused;
    if (!json || !lt_cudnn_plan_load(c, json, bytes, &p, &unused))
        return NULL;
    if (lt_cudnn_plan_about(p).workspace <= LT_PLANS_WORKSPACE)
        return p;
    lt_cudnn_plan_free(p);
    return NULL;
}

bool lt_plans_get(lt_gpu_stream *s, const lt_cudnn *c, const lt_cudnn_graph *g,
                  const lt_plans_ask *ask, lt_cudnn_plan **out, lt_error *err)
{
    lt_cudnn_plan *p = known(s, c, ask->key);
    if (!p && !make(s, c, g, ask, &p, err))
        return lt_fail_in(err, "%s", ask->key);
    if (!lt_gpu_workspace_grow(s, lt_cudnn_plan_about(p).workspace, err)) {
        lt_cudnn_plan_free(p);
        return false;
    }
    *out = p;
    return true;
}
