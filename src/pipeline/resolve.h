/*
 * resolve.h - from settings to an open model: which files a user means who names none.
 */
#pragma once

#include "base/buf.h"
#include "pipeline/engine.h"
#include "pipeline/params.h"

/* Puts the demo model's directory into p if it names no model, or "demo" where there is no such
 * directory; a model without a tokenizer gets openai/clip-vit-large-patch14's.  needs: LT_NEEDS_...
 * *notes gets a line for what should be said. */
bool lt_resolve_model(lt_params *p, unsigned needs, lt_buf *notes, lt_error *err) LT_WARN_UNUSED;

/* Opens the model that p names, after lt_resolve_model; *notes gets what the engine warns about,
 * too. */
bool lt_resolve_open(const lt_backend_ops *const *backends, lt_params *p, unsigned needs,
                     lt_engine **out, lt_buf *notes, lt_error *err) LT_WARN_UNUSED;
