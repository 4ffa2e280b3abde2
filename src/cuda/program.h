/* program.h - compiled graphs of the CUDA backend; the contracts are those of tensor/backend.h. */
#pragma once

#include "tensor/backend.h"

bool lt_cuda_program_compile(lt_backend *b, const lt_graph *g, lt_program **out,
                             lt_progress *progress, lt_error *err) LT_WARN_UNUSED;
/* The program has the stream of those that run beside others, which is made for the first. */
bool lt_cuda_program_compile_beside(lt_backend *b, const lt_graph *g, lt_program **out,
                                    lt_progress *progress, lt_error *err) LT_WARN_UNUSED;
/* Weights and activations are the device's memory, packing is the host's.  Not in it: the workspace
 * of the libraries, which the programs of a stream share. */
bool lt_cuda_program_forecast(lt_backend *b, const lt_graph *g, lt_forecast *out,
                              lt_error *err) LT_WARN_UNUSED;
void lt_cuda_program_discard(lt_backend *b, lt_program *p);
/* A token that the vocabulary does not have is LT_ERR_ARGUMENT. */
bool lt_cuda_program_write(lt_program *p, const lt_tensor *input, const void *host, size_t count,
                           lt_error *err) LT_WARN_UNUSED;
bool lt_cuda_program_run(lt_program *p, lt_progress *progress, lt_error *err) LT_WARN_UNUSED;
bool lt_cuda_program_start(lt_program *p, lt_error *err) LT_WARN_UNUSED;
bool lt_cuda_program_finished(lt_program *p, bool *yes, lt_error *err) LT_WARN_UNUSED;
bool lt_cuda_program_measure(lt_program *p, lt_step_time **out, int *count, lt_progress *progress,
                             lt_error *err) LT_WARN_UNUSED;
/* True if a run had to give up being recorded, and goes step by step: slower (replay.h). */
bool lt_cuda_program_plain(const lt_program *p);
bool lt_cuda_program_read(lt_program *p, const lt_tensor *output, void *host, size_t count,
                          lt_error *err) LT_WARN_UNUSED;
