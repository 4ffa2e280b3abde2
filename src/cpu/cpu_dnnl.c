/*
 * cpu_dnnl.c - oneDNN behind cpu_dnnl.h, 2.x (Debian 12) and 3.x (newer systems).  What differs
 * between the two is in the first part, once for each; the rest is the same for both.  Source: the
 * C API as dnnl.h of 2.6.3 and of 3.2.0 documents it.
 */
#include "cpu/cpu_dnnl.h"

#include <dnnl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/panic.h"

#if DNNL_CPU_RUNTIME != DNNL_RUNTIME_OMP
#error "this oneDNN does not use OpenMP: lt_cpu_threads_use would not reach its threads"
#endif

/* All that version 2 and 3 write differently: descriptors of memory and of ops. */
#if DNNL_VERSION_MAJOR == 2
typedef dnnl_memory_desc_t memory_desc; /* a plain struct */
#elif DNNL_VERSION_MAJOR == 3
typedef struct dnnl_memory_desc memory_desc; /* opaque */
#else
#error "this file knows oneDNN 2.x and 3.x"
#endif

/* What an op works on; owned.  No bias: NULL. */
typedef struct operands {
    memory_desc *src, *weights, *bias, *dst;
} operands;

typedef struct window {
    dnnl_dims_t stride, before, after; /* height, width; the padding before and after */
} window;

#if DNNL_VERSION_MAJOR == 2

static dnnl_status_t desc_by_strides(memory_desc **out, int ndim, const dnnl_dims_t dims,
                                     dnnl_data_type_t type, const dnnl_dims_t strides)
{
    *out = lt_alloc(sizeof **out);
    return dnnl_memory_desc_init_by_strides(*out, ndim, dims, type, strides);
}

static dnnl_status_t desc_by_tag(memory_desc **out, int ndim, const dnnl_dims_t dims,
                                 dnnl_data_type_t type, dnnl_format_tag_t tag)
{
    *out = lt_alloc(sizeof **out);
    return dnnl_memory_desc_init_by_tag(*out, ndim, dims, type, tag);
}

static dnnl_status_t desc_copy(memory_desc **out, const memory_desc *from)
{
    *out = lt_alloc(sizeof **out);
    **out = *from;
    return dnnl_success;
}

static void desc_free(memory_desc *d)
{
    free(d);
}

static dnnl_status_t append_sum(dnnl_post_ops_t ops)
{
    return dnnl_post_ops_append_sum(ops, 1.0F);
}

static dnnl_status_t create_conv(dnnl_primitive_desc_t *pd, dnnl_engine_t engine, const operands *x,
                                 const window *w, dnnl_primitive_attr_t attr)
{
    dnnl_convolution_desc_t conv;
    dnnl_status_t status = dnnl_convolution_forward_desc_init(
        &conv, dnnl_forward_inference, dnnl_convolution_direct, x->src, x->weights, x->bias, x->dst,
        w->stride, w->before, w->after);
    return status ? status : dnnl_primitive_desc_create(pd, &conv, attr, engine, NULL);
}

static dnnl_status_t create_matmul(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                   const operands *x, dnnl_primitive_attr_t attr)
{
    dnnl_matmul_desc_t product;
    dnnl_status_t status = dnnl_matmul_desc_init(&product, x->src, x->weights, x->bias, x->dst);
    return status ? status : dnnl_primitive_desc_create(pd, &product, attr, engine, NULL);
}

#else

static dnnl_status_t desc_by_strides(memory_desc **out, int ndim, const dnnl_dims_t dims,
                                     dnnl_data_type_t type, const dnnl_dims_t strides)
{
    return dnnl_memory_desc_create_with_strides(out, ndim, dims, type, strides);
}

static dnnl_status_t desc_by_tag(memory_desc **out, int ndim, const dnnl_dims_t dims,
                                 dnnl_data_type_t type, dnnl_format_tag_t tag)
{
    return dnnl_memory_desc_create_with_tag(out, ndim, dims, type, tag);
}

static dnnl_status_t desc_copy(memory_desc **out, const memory_desc *from)
{
    return dnnl_memory_desc_clone(out, from);
}

static void desc_free(memory_desc *d)
{
    dnnl_memory_desc_destroy(d);
}

static dnnl_status_t append_sum(dnnl_post_ops_t ops)
{
    return dnnl_post_ops_append_sum(ops, 1.0F, 0, dnnl_data_type_undef); /* of the type of dst */
}

static dnnl_status_t create_conv(dnnl_primitive_desc_t *pd, dnnl_engine_t engine, const operands *x,
                                 const window *w, dnnl_primitive_attr_t attr)
{
    const dnnl_dims_t dense = {0, 0}; /* no pixels are left out between those of the kernel */
    return dnnl_convolution_forward_primitive_desc_create(
        pd, engine, dnnl_forward_inference, dnnl_convolution_direct, x->src, x->weights, x->bias,
        x->dst, w->stride, dense, w->before, w->after, attr);
}

static dnnl_status_t create_matmul(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                   const operands *x, dnnl_primitive_attr_t attr)
{
    return dnnl_matmul_primitive_desc_create(pd, engine, x->src, x->weights, x->bias, x->dst, attr);
}

#endif

struct lt_dnnl {
    dnnl_engine_t engine;
};

struct lt_dnnl_op {
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t primitive;
    dnnl_stream_t stream;
    memory_desc *plain; /* of the weights in the checkpoint; owned */
    dnnl_memory_t memory[LT_DNNL_SLOTS];
    dnnl_exec_arg_t args[LT_DNNL_SLOTS];
    int count;
    bool optimized;
};

struct lt_dnnl_layout {
    memory_desc *md; /* owned */
};

static const char *status_text(dnnl_status_t status)
{
    switch (status) {
    case dnnl_out_of_memory:
        return "out of memory";
    case dnnl_invalid_arguments:
        return "invalid arguments";
    case dnnl_unimplemented:
        return "no kernel for this shape";
    case dnnl_runtime_error:
        return "run-time error";
    default:
        return "failed";
    }
}

static bool check(dnnl_status_t status, const char *what, lt_error *err)
{
    if (status == dnnl_success)
        return true;
    lt_error_code code = status == dnnl_out_of_memory ? LT_ERR_MEMORY : LT_ERR_DEVICE;
    return lt_fail(err, code, "DNNL_VERBOSE=1 prints what oneDNN does",
                   "oneDNN cannot %s: %s (status %d)", what, status_text(status), (int)status);
}

bool lt_dnnl_open(lt_dnnl **out, lt_error *err)
{
    lt_dnnl *d = lt_alloc(sizeof *d);
    if (!check(dnnl_engine_create(&d->engine, dnnl_cpu, 0), "open the processor", err)) {
        free(d);
        return false;
    }
    *out = d;
    return true;
}

void lt_dnnl_close(lt_dnnl *d)
{
    if (!d)
        return;
    dnnl_engine_destroy(d->engine);
    free(d);
}

bool lt_dnnl_rows_independent(void)
{
    return (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core) == dnnl_cpu_isa_avx512_core;
}

void lt_dnnl_version(lt_buf *out)
{
    const dnnl_version_t *v = dnnl_version();
    lt_buf_format(out, "%d.%d.%d", v->major, v->minor, v->patch);
}

bool lt_dnnl_has_bf16(bool *fast)
{
    unsigned isa = (unsigned)dnnl_get_effective_cpu_isa();
    unsigned core = dnnl_cpu_isa_avx512_core, native = dnnl_cpu_isa_avx512_core_bf16;
    *fast = (isa & native) == native;
    return (isa & core) == core;
}

static dnnl_data_type_t type_of(lt_dtype t)
{
    return t == LT_BF16 ? dnnl_bf16 : dnnl_f32;
}

static bool rows_desc(memory_desc **out, const dnnl_dims_t sides, const dnnl_dims_t steps,
                      lt_dtype dtype, lt_error *err)
{
    return check(desc_by_strides(out, 2, sides, type_of(dtype), steps), "describe a matrix", err);
}

static bool tag_desc(memory_desc **out, int ndim, const dnnl_dims_t dims, dnnl_data_type_t type,
                     dnnl_format_tag_t tag, lt_error *err)
{
    return check(desc_by_tag(out, ndim, dims, type, tag), "describe memory", err);
}

/* The weights as `layout` says; NULL: as oneDNN likes them best. */
static bool weights_desc(memory_desc **out, int ndim, const dnnl_dims_t dims, lt_dtype dtype,
                         const lt_dnnl_layout *layout, lt_error *err)
{
    if (layout)
        return check(desc_copy(out, layout->md), "describe memory", err);
    return tag_desc(out, ndim, dims, type_of(dtype), dnnl_format_tag_any, err);
}

static void operands_done(operands *x)
{
    desc_free(x->src);
    desc_free(x->weights);
    desc_free(x->bias);
    desc_free(x->dst);
}

/* Scratchpad is ours; `sum` becomes a post-op that adds to dst.  The caller destroys *attr, also
 * after a failure. */
static bool create_attributes(dnnl_primitive_attr_t *attr, bool sum, lt_error *err)
{
    dnnl_post_ops_t ops = NULL;
    bool ok = check(dnnl_primitive_attr_create(attr), "create attributes", err) &&
              check(dnnl_primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user),
                    "set attributes", err);
    if (ok && sum)
        ok = check(dnnl_post_ops_create(&ops), "create post-ops", err) &&
             check(append_sum(ops), "append a sum", err) &&
             check(dnnl_primitive_attr_set_post_ops(*attr, ops), "set post-ops", err);
    dnnl_post_ops_destroy(ops);
    return ok;
}

static const int slot_args[LT_DNNL_SLOTS] = {
    [LT_DNNL_SRC] = DNNL_ARG_SRC,   [LT_DNNL_WEIGHTS] = DNNL_ARG_WEIGHTS,
    [LT_DNNL_DST] = DNNL_ARG_DST,   [LT_DNNL_SCRATCH] = DNNL_ARG_SCRATCHPAD,
    [LT_DNNL_BIAS] = DNNL_ARG_BIAS,
};

/* The memory objects of the slots that the op has. */
static bool create_memories(lt_dnnl *d, lt_dnnl_op *op, const bool has[LT_DNNL_SLOTS],
                            lt_error *err)
{
    for (int i = 0; i < LT_DNNL_SLOTS; i++) {
        if (!has[i])
            continue;
        const memory_desc *md =
            dnnl_primitive_desc_query_md(op->pd, dnnl_query_exec_arg_md, slot_args[i]);
        if (!md)
            return check(dnnl_runtime_error, "describe an argument", err);
        if (!check(dnnl_memory_create(&op->memory[i], md, d->engine, DNNL_MEMORY_NONE),
                   "create a memory object", err))
            return false;
        op->args[op->count++] = (dnnl_exec_arg_t){slot_args[i], op->memory[i]};
    }
    return true;
}

static bool create_op(lt_dnnl *d, lt_dnnl_op *op, const bool has[LT_DNNL_SLOTS], lt_dnnl_op **out,
                      lt_error *err)
{
    const char *name = "";
    bool ok = check(dnnl_primitive_desc_query(op->pd, dnnl_query_impl_info_str, 0, (void *)&name),
                    "name an implementation", err) &&
              check(dnnl_primitive_create(&op->primitive, op->pd), "create a primitive", err) &&
              check(dnnl_stream_create(&op->stream, d->engine, dnnl_stream_default_flags),
                    "create a stream", err) &&
              create_memories(d, op, has, err);
    op->optimized = strncmp(name, "ref", 3) != 0;
    if (!ok) {
        lt_dnnl_op_free(op);
        return false;
    }
    *out = op;
    return true;
}

static bool create_product(lt_dnnl *d, lt_dnnl_op *op, bool bias, lt_dnnl_op **out, lt_error *err)
{
    const bool has[LT_DNNL_SLOTS] = {[LT_DNNL_SRC] = true,
                                     [LT_DNNL_WEIGHTS] = true,
                                     [LT_DNNL_DST] = true,
                                     [LT_DNNL_SCRATCH] = true,
                                     [LT_DNNL_BIAS] = bias};
    return create_op(d, op, has, out, err);
}

bool lt_dnnl_conv_new(lt_dnnl *d, const lt_dnnl_conv *s, const lt_dnnl_layout *layout,
                      lt_dnnl_op **out, lt_error *err)
{
    lt_dnnl_op *op = lt_alloc(sizeof *op);
    dnnl_primitive_attr_t attr = NULL;
    dnnl_data_type_t type = type_of(s->dtype);
    dnnl_dims_t from = {s->n, s->c, s->h, s->w}, to = {s->n, s->o, s->out_h, s->out_w};
    dnnl_dims_t filter = {s->o, s->c, s->kernel, s->kernel}, bias = {s->o};
    window w = {{s->stride, s->stride}, {s->top, s->left}, {s->bottom, s->right}};
    operands x = {0};

    bool ok = tag_desc(&x.src, 4, from, type, dnnl_nhwc, err) &&
              tag_desc(&x.dst, 4, to, type, dnnl_nhwc, err) &&
              weights_desc(&x.weights, 4, filter, s->dtype, layout, err) &&
              tag_desc(&x.bias, 1, bias, dnnl_f32, dnnl_a, err) &&
              tag_desc(&op->plain, 4, filter, dnnl_f32, dnnl_oihw, err) &&
              create_attributes(&attr, s->sum, err) &&
              check(create_conv(&op->pd, d->engine, &x, &w, attr), "create a convolution", err);
    dnnl_primitive_attr_destroy(attr);
    operands_done(&x);
    if (ok)
        return create_product(d, op, true, out, err);
    lt_dnnl_op_free(op);
    return false;
}

bool lt_dnnl_matmul_new(lt_dnnl *d, const lt_dnnl_matmul *s, const lt_dnnl_layout *layout,
                        lt_dnnl_op **out, lt_error *err)
{
    lt_dnnl_op *op = lt_alloc(sizeof *op);
    dnnl_primitive_attr_t attr = NULL;
    dnnl_dims_t left = {s->m, s->k}, right = {s->k, s->n}, to = {s->m, s->n}, bias = {1, s->n};
    dnnl_dims_t steps_a = {s->row_a, 1}, steps_c = {s->row_c, 1};
    dnnl_dims_t steps_b = {s->transposed ? 1 : s->row_b, s->transposed ? s->row_b : 1};
    operands x = {0};

    bool ok = rows_desc(&x.src, left, steps_a, s->dtype, err) &&
              rows_desc(&x.dst, to, steps_c, s->out_dtype, err) &&
              (!s->bias || tag_desc(&x.bias, 2, bias, dnnl_f32, dnnl_ab, err)) &&
              (s->row_b ? rows_desc(&op->plain, right, steps_b, s->dtype, err)
                        : tag_desc(&op->plain, 2, right, dnnl_f32, dnnl_ba, err)) &&
              (s->packed ? weights_desc(&x.weights, 2, right, s->dtype, layout, err)
                         : rows_desc(&x.weights, right, steps_b, s->dtype, err)) &&
              create_attributes(&attr, s->sum, err) &&
              check(create_matmul(&op->pd, d->engine, &x, attr), "create a matrix product", err);
    dnnl_primitive_attr_destroy(attr);
    operands_done(&x);
    if (ok)
        return create_product(d, op, s->bias, out, err);
    lt_dnnl_op_free(op);
    return false;
}

void lt_dnnl_op_free(lt_dnnl_op *op)
{
    if (!op)
        return;
    for (int i = 0; i < LT_DNNL_SLOTS; i++)
        dnnl_memory_destroy(op->memory[i]);
    dnnl_primitive_destroy(op->primitive);
    dnnl_primitive_desc_destroy(op->pd);
    dnnl_stream_destroy(op->stream);
    desc_free(op->plain);
    free(op);
}

bool lt_dnnl_op_optimized(const lt_dnnl_op *op)
{
    return op->optimized;
}

size_t lt_dnnl_op_scratch(const lt_dnnl_op *op)
{
    return dnnl_memory_desc_get_size(
        dnnl_primitive_desc_query_md(op->pd, dnnl_query_scratchpad_md, 0));
}

static const memory_desc *weights_md(const lt_dnnl_op *op)
{
    return dnnl_primitive_desc_query_md(op->pd, dnnl_query_weights_md, 0);
}

lt_dnnl_layout *lt_dnnl_layout_of(const lt_dnnl_op *op)
{
    lt_dnnl_layout *l = lt_alloc(sizeof *l);
    if (desc_copy(&l->md, weights_md(op)) != dnnl_success)
        lt_panic("oneDNN: out of memory");
    return l;
}

void lt_dnnl_layout_free(lt_dnnl_layout *l)
{
    if (!l)
        return;
    desc_free(l->md);
    free(l);
}

bool lt_dnnl_layout_equal(const lt_dnnl_layout *a, const lt_dnnl_layout *b)
{
    return dnnl_memory_desc_equal(a->md, b->md) != 0;
}

size_t lt_dnnl_layout_bytes(const lt_dnnl_layout *l)
{
    return dnnl_memory_desc_get_size(l->md);
}

bool lt_dnnl_packer_new(lt_dnnl *d, const lt_dnnl_op *op, lt_dnnl_op **out, lt_error *err)
{
    const bool has[LT_DNNL_SLOTS] = {
        [LT_DNNL_SRC] = true, [LT_DNNL_DST] = true, [LT_DNNL_SCRATCH] = true};
    lt_dnnl_op *packer = lt_alloc(sizeof *packer);
    dnnl_primitive_attr_t attr = NULL;
    bool ok = create_attributes(&attr, false, err) &&
              check(dnnl_reorder_primitive_desc_create(&packer->pd, op->plain, d->engine,
                                                       weights_md(op), d->engine, attr),
                    "choose how to pack weights", err);
    dnnl_primitive_attr_destroy(attr);
    if (ok)
        return create_op(d, packer, has, out, err);
    lt_dnnl_op_free(packer);
    return false;
}

bool lt_dnnl_set(lt_dnnl_op *op, lt_dnnl_slot slot, const void *p, lt_error *err)
{
    return !op->memory[slot] ||
           check(dnnl_memory_set_data_handle(op->memory[slot], (void *)(uintptr_t)p),
                 "set a pointer", err);
}

bool lt_dnnl_run(lt_dnnl_op *op, lt_error *err)
{
    return check(dnnl_primitive_execute(op->primitive, op->stream, op->count, op->args), "compute",
                 err) &&
           check(dnnl_stream_wait(op->stream), "compute", err);
}
