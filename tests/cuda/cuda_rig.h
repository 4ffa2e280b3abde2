/* cuda_rig.h - a backend on the host floor and one program, for tests. */
#pragma once

#include "cpu/small_net.h"
#include "cuda/cuda_backend.h"
#include "host_device.h"

/* Fails the test where it cannot. */
lt_backend *cu_backend(lt_dtype dtype);
/* All inputs are written: graph_write_inputs with `seed`. */
lt_program *cu_program(lt_backend *b, const lt_graph *g, unsigned seed);
void cu_run(lt_program *p);
float *cu_read(lt_program *p, const lt_tensor *t); /* the caller's to free */
/* Writes `count` values of `seed`. */
void cu_write(lt_program *p, const lt_tensor *t, unsigned seed);
/* Pieces of work of one run. */
long cu_works(lt_program *p);

float *cu_reference(const lt_graph *g, const lt_tensor *y, unsigned seed);
size_t cu_count(const lt_tensor *t);
/* Closes the backend, and checks that nothing is left on the floor. */
void cu_close(lt_backend *b);
