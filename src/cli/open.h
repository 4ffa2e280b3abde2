/*
 * open.h - from the command line to settings and to an open model.
 */
#pragma once

#include "cli/command.h"
#include "pipeline/engine.h"
#include "pipeline/params.h"

/* Sampler, spacing, type and backend by name: what can be refused before anything is read. */
bool lt_open_check(const lt_backend_ops *const *backends, const lt_params *p,
                   lt_error *err) LT_WARN_UNUSED;

/* Fills *p, which it initialises, from the options of params.def that were given, then from the
 * user's file of settings; lt_open_check.  Release with lt_params_done in both cases. */
bool lt_open_params(const lt_context *c, lt_params *p, lt_error *err) LT_WARN_UNUSED;

/* The same over what *p holds already. */
bool lt_open_given(const lt_context *c, lt_params *p, lt_error *err) LT_WARN_UNUSED;

/* Puts the demo model's directory into p if it names no model, or "demo" where there is no such
 * directory; a model without a tokenizer gets openai/clip-vit-large-patch14's, which is said. */
bool lt_open_defaults(const lt_context *c, lt_params *p, unsigned needs,
                      lt_error *err) LT_WARN_UNUSED;

/* Opens the model that p names, after lt_open_defaults; says what the engine warns about. */
bool lt_open_engine(const lt_context *c, lt_params *p, unsigned needs, lt_engine **out,
                    lt_error *err) LT_WARN_UNUSED;
