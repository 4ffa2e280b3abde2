/*
 * history.h - what the parts of `latentty history` share.
 */
#pragma once

#include "cli/command.h"
#include "store/store.h"

/* Writes the steps of a run as PNG files, with its settings and a trace, into a new directory. */
bool lt_history_export(const lt_context *c, lt_store *s, int64_t id, lt_error *err) LT_WARN_UNUSED;
