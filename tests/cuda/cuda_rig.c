/* cuda_rig.c - see cuda_rig.h. */
#include "cuda_rig.h"

#include <stdlib.h>

#include "support/check.h"

static const lt_backend_ops *const cuda = &lt_cuda_ops;

lt_backend *cu_backend(lt_dtype dtype)
{
    lt_backend *b = NULL;
    lt_host_reset();
    CHECK_OK(cuda->open(&(lt_backend_options){.dtype = dtype}, &b, err));
    return b;
}

lt_program *cu_program(lt_backend *b, const lt_graph *g, unsigned seed)
{
    lt_program *p = NULL;
    CHECK_OK(cuda->compile(b, g, &p, NULL, err));
    CHECK_OK(graph_write_inputs(cuda, p, g, seed, err));
    return p;
}

void cu_run(lt_program *p)
{
    CHECK_OK(cuda->run(p, NULL, err));
}

float *cu_read(lt_program *p, const lt_tensor *t)
{
    float *values = NULL;
    CHECK_OK((values = graph_read(cuda, p, t, err)) != NULL);
    return values;
}

void cu_write(lt_program *p, const lt_tensor *t, unsigned seed)
{
    float *values = calloc(cu_count(t), sizeof *values);
    graph_values(values, cu_count(t), seed);
    CHECK_OK(cuda->write(p, t, values, cu_count(t), err));
    free(values);
}

long cu_works(lt_program *p)
{
    long before = lt_host()->works;
    cu_run(p);
    return lt_host()->works - before;
}

float *cu_reference(const lt_graph *g, const lt_tensor *y, unsigned seed)
{
    lt_backend *ref = NULL;
    float *want = NULL;
    CHECK_OK(lt_ref_backend.open(&(lt_backend_options){.dtype = LT_F32, .threads = 1}, &ref, err));
    CHECK_OK((want = graph_run(&lt_ref_backend, ref, g, y, seed, err)) != NULL);
    lt_ref_backend.close(ref);
    return want;
}

size_t cu_count(const lt_tensor *t)
{
    return (size_t)lt_shape_count(&t->shape);
}

void cu_close(lt_backend *b)
{
    cuda->close(b);
    assert_int_equal(lt_host()->live, 0);
    assert_int_equal(lt_host()->used, 0);
}
