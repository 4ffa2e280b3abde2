/* cpu_dnnl.c - oneDNN 2.x behind cpu_dnnl.h.  Source: the C API as dnnl.h of 2.6.3 documents it. */
#include "cpu/cpu_dnnl.h"

#include <dnnl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct lt_dnnl {
    dnnl_engine_t engine;
};

struct lt_dnnl_op {
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t primitive;
    dnnl_stream_t stream;
    dnnl_memory_desc_t plain; /* of the weights in the checkpoint */
    dnnl_memory_t memory[LT_DNNL_SLOTS];
    dnnl_exec_arg_t args[LT_DNNL_SLOTS];
    int count;
    bool optimized;
};

struct lt_dnnl_layout {
    dnnl_memory_desc_t md;
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

static bool rows_md(dnnl_memory_desc_t *md, int64_t rows, int64_t columns, int64_t row_step,
                    int64_t column_step, lt_dtype dtype, lt_error *err)
{
    dnnl_dims_t dims = {rows, columns}, strides = {row_step, column_step};
    return check(dnnl_memory_desc_init_by_strides(md, 2, dims, type_of(dtype), strides),
                 "describe a matrix", err);
}

static bool tag_md(dnnl_memory_desc_t *md, int ndim, const dnnl_dims_t dims, dnnl_data_type_t type,
                   dnnl_format_tag_t tag, lt_error *err)
{
    return check(dnnl_memory_desc_init_by_tag(md, ndim, dims, type, tag), "describe memory", err);
}

/* Scratchpad is ours; `sum` becomes a post-op that adds to dst. */
static bool create_desc(lt_dnnl *d, const void *descriptor, bool sum, dnnl_primitive_desc_t *pd,
                        lt_error *err)
{
    dnnl_primitive_attr_t attr = NULL;
    dnnl_post_ops_t ops = NULL;
    bool ok = check(dnnl_primitive_attr_create(&attr), "create attributes", err) &&
              check(dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user),
                    "set attributes", err);
    if (ok && sum)
        ok = check(dnnl_post_ops_create(&ops), "create post-ops", err) &&
             check(dnnl_post_ops_append_sum(ops, 1.0F), "append a sum", err) &&
             check(dnnl_primitive_attr_set_post_ops(attr, ops), "set post-ops", err);
    if (ok)
        ok = check(dnnl_primitive_desc_create(pd, descriptor, attr, d->engine, NULL),
                   "choose an implementation", err);
    dnnl_post_ops_destroy(ops);
    dnnl_primitive_attr_destroy(attr);
    return ok;
}

static const int slot_args[LT_DNNL_SLOTS] = {
    [LT_DNNL_SRC] = DNNL_ARG_SRC,   [LT_DNNL_WEIGHTS] = DNNL_ARG_WEIGHTS,
    [LT_DNNL_DST] = DNNL_ARG_DST,   [LT_DNNL_SCRATCH] = DNNL_ARG_SCRATCHPAD,
    [LT_DNNL_BIAS] = DNNL_ARG_BIAS,
};

static bool create_memories(lt_dnnl *d, lt_dnnl_op *op, bool bias, lt_error *err)
{
    op->count = bias ? LT_DNNL_SLOTS : LT_DNNL_BIAS;
    for (int i = 0; i < op->count; i++) {
        const dnnl_memory_desc_t *md =
            dnnl_primitive_desc_query_md(op->pd, dnnl_query_exec_arg_md, slot_args[i]);
        if (!md)
            return check(dnnl_runtime_error, "describe an argument", err);
        if (!check(dnnl_memory_create(&op->memory[i], md, d->engine, DNNL_MEMORY_NONE),
                   "create a memory object", err))
            return false;
        op->args[i] = (dnnl_exec_arg_t){slot_args[i], op->memory[i]};
    }
    return true;
}

static bool create_op(lt_dnnl *d, lt_dnnl_op *op, bool bias, lt_dnnl_op **out, lt_error *err)
{
    const char *name = "";
    bool ok = check(dnnl_primitive_desc_query(op->pd, dnnl_query_impl_info_str, 0, (void *)&name),
                    "name an implementation", err) &&
              check(dnnl_primitive_create(&op->primitive, op->pd), "create a primitive", err) &&
              check(dnnl_stream_create(&op->stream, d->engine, dnnl_stream_default_flags),
                    "create a stream", err) &&
              create_memories(d, op, bias, err);
    op->optimized = strncmp(name, "ref", 3) != 0;
    if (!ok) {
        lt_dnnl_op_free(op);
        return false;
    }
    *out = op;
    return true;
}

bool lt_dnnl_conv_new(lt_dnnl *d, const lt_dnnl_conv *s, const lt_dnnl_layout *layout,
                      lt_dnnl_op **out, lt_error *err)
{
    lt_dnnl_op *op = lt_alloc(sizeof *op);
    dnnl_data_type_t type = type_of(s->dtype);
    dnnl_dims_t from = {s->n, s->c, s->h, s->w}, to = {s->n, s->o, s->out_h, s->out_w};
    dnnl_dims_t filter = {s->o, s->c, s->kernel, s->kernel}, bias = {s->o};
    dnnl_dims_t stride = {s->stride, s->stride};
    dnnl_dims_t before = {s->top, s->left}, after = {s->bottom, s->right};
    dnnl_memory_desc_t src, weights, b, dst;
    dnnl_convolution_desc_t conv;

    bool ok = tag_md(&src, 4, from, type, dnnl_nhwc, err) &&
              tag_md(&dst, 4, to, type, dnnl_nhwc, err) &&
              tag_md(&weights, 4, filter, type, dnnl_format_tag_any, err) &&
              tag_md(&b, 1, bias, dnnl_f32, dnnl_a, err) &&
              tag_md(&op->plain, 4, filter, dnnl_f32, dnnl_oihw, err);
    if (ok && layout)
        weights = layout->md;
    ok = ok &&
         check(dnnl_convolution_forward_desc_init(&conv, dnnl_forward_inference,
                                                  dnnl_convolution_direct, &src, &weights, &b, &dst,
                                                  stride, before, after),
               "describe a convolution", err) &&
         create_desc(d, &conv, s->sum, &op->pd, err);
    if (ok)
        return create_op(d, op, true, out, err);
    lt_dnnl_op_free(op);
    return false;
}

bool lt_dnnl_matmul_new(lt_dnnl *d, const lt_dnnl_matmul *s, const lt_dnnl_layout *layout,
                        lt_dnnl_op **out, lt_error *err)
{
    lt_dnnl_op *op = lt_alloc(sizeof *op);
    dnnl_dims_t weights = {s->k, s->n}, bias = {1, s->n};
    int64_t step_k = s->transposed ? 1 : s->row_b, step_n = s->transposed ? s->row_b : 1;
    dnnl_memory_desc_t a, b, c, add;
    dnnl_matmul_desc_t product;

    bool ok = rows_md(&a, s->m, s->k, s->row_a, 1, s->dtype, err) &&
              rows_md(&c, s->m, s->n, s->row_c, 1, s->out_dtype, err) &&
              tag_md(&add, 2, bias, dnnl_f32, dnnl_ab, err) &&
              tag_md(&op->plain, 2, weights, dnnl_f32, dnnl_ba, err) &&
              (s->packed ? tag_md(&b, 2, weights, type_of(s->dtype), dnnl_format_tag_any, err)
                         : rows_md(&b, s->k, s->n, step_k, step_n, s->dtype, err));
    if (ok && layout)
        b = layout->md;
    ok = ok &&
         check(dnnl_matmul_desc_init(&product, &a, &b, s->bias ? &add : NULL, &c),
               "describe a matrix product", err) &&
         create_desc(d, &product, s->sum, &op->pd, err);
    if (ok)
        return create_op(d, op, s->bias, out, err);
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

static const dnnl_memory_desc_t *weights_md(const lt_dnnl_op *op)
{
    return dnnl_primitive_desc_query_md(op->pd, dnnl_query_weights_md, 0);
}

lt_dnnl_layout *lt_dnnl_layout_of(const lt_dnnl_op *op)
{
    lt_dnnl_layout *l = lt_alloc(sizeof *l);
    l->md = *weights_md(op);
    return l;
}

void lt_dnnl_layout_free(lt_dnnl_layout *l)
{
    free(l);
}

bool lt_dnnl_layout_equal(const lt_dnnl_layout *a, const lt_dnnl_layout *b)
{
    return dnnl_memory_desc_equal(&a->md, &b->md) != 0;
}

size_t lt_dnnl_layout_bytes(const lt_dnnl_layout *l)
{
    return dnnl_memory_desc_get_size(&l->md);
}

bool lt_dnnl_pack(lt_dnnl *d, const lt_dnnl_op *op, const float *plain, void *packed, lt_error *err)
{
    dnnl_primitive_desc_t pd = NULL;
    dnnl_primitive_t reorder = NULL;
    dnnl_memory_t from = NULL, to = NULL;
    bool ok = check(dnnl_reorder_primitive_desc_create(&pd, &op->plain, d->engine, weights_md(op),
                                                       d->engine, NULL),
                    "choose how to pack weights", err) &&
              check(dnnl_primitive_create(&reorder, pd), "create a reorder", err) &&
              check(dnnl_memory_create(&from, &op->plain, d->engine, (void *)(uintptr_t)plain),
                    "create a memory object", err) &&
              check(dnnl_memory_create(&to, weights_md(op), d->engine, packed),
                    "create a memory object", err);
    if (ok) {
        dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
        ok = check(dnnl_primitive_execute(reorder, op->stream, 2, args), "pack weights", err) &&
             check(dnnl_stream_wait(op->stream), "pack weights", err);
    }
    dnnl_memory_destroy(from);
    dnnl_memory_destroy(to);
    dnnl_primitive_destroy(reorder);
    dnnl_primitive_desc_destroy(pd);
    return ok;
}

bool lt_dnnl_set(lt_dnnl_op *op, lt_dnnl_slot slot, const void *p, lt_error *err)
{
    return (int)slot >= op->count ||
           check(dnnl_memory_set_data_handle(op->memory[slot], (void *)(uintptr_t)p),
                 "set a pointer", err);
}

bool lt_dnnl_run(lt_dnnl_op *op, lt_error *err)
{
    return check(dnnl_primitive_execute(op->primitive, op->stream, op->count, op->args), "compute",
                 err) &&
           check(dnnl_stream_wait(op->stream), "compute", err);
}
