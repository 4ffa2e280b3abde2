/* cpu_program.h - compiled graphs of the CPU backend; the contracts are those of tensor/backend.h.
 */
#pragma once

#include "tensor/backend.h"

bool lt_cpu_program_compile(lt_backend *b, const lt_graph *g, lt_program **out,
                            lt_progress *progress, lt_error *err);
bool lt_cpu_program_forecast(lt_backend *b, const lt_graph *g, lt_forecast *out, lt_error *err);
void lt_cpu_program_discard(lt_backend *b, lt_program *p);
bool lt_cpu_program_write(lt_program *p, const lt_tensor *input, const void *host, size_t count,
                          lt_error *err);
bool lt_cpu_program_run(lt_program *p, lt_progress *progress, lt_error *err);
bool lt_cpu_program_measure(lt_program *p, lt_step_time **out, int *count, lt_progress *progress,
                            lt_error *err);
bool lt_cpu_program_read(lt_program *p, const lt_tensor *output, void *host, size_t count,
                         lt_error *err);
