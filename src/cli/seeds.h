/* seeds.h - --seed and --seeds of a command. */
#pragma once

#include "cli/command.h"
#include "pipeline/params.h"

/* Reads whichever was given; both are LT_ERR_ARGUMENT, neither is `fallback`, or nothing if that is
 * NULL. */
bool lt_seeds_read(const lt_context *c, lt_params *p, const char *fallback,
                   lt_error *err) LT_WARN_UNUSED;
/* Says of seeds above 32 bits that torch, and so latentty, uses a part only. */
void lt_seeds_say(const lt_context *c, const lt_params *p);
