/*
 * archive.h - films in the history, and back: what store/store.h keeps of a run and its steps.
 *
 * A film that comes back is the one that went in, bit for bit, so that a fork of it has the same
 * numbers (tests/pipeline/test_archive.c).  Its settings are one JSON object; what a file holds
 * that no film can be is LT_ERR_FORMAT.  Nothing here opens a history.
 */
#pragma once

#include "pipeline/film.h"
#include "store/store.h"

/* What lt_store_begin is given: without parent, and as just begun.  lt_store_run_done releases it.
 */
void lt_archive_run(const lt_film *f, lt_store_run *out);

/* Frame k, 0 to f->done.  Borrowed from the film. */
lt_store_step lt_archive_step(const lt_film *f, int k);

/* A film of a run and of its frames from 0 on, as lt_store_read_steps gives them; those that are
 * used leave `steps`, which stay the caller's to free. */
bool lt_archive_film(const lt_store_run *run, lt_store_step *steps, size_t count, lt_film **out,
                     lt_error *err) LT_WARN_UNUSED;

/* A run of an open history with all of its frames.  run: what the history says of it, the caller's
 * to release in both cases; NULL: not wanted. */
bool lt_archive_read(lt_store *s, int64_t id, lt_store_run *run, lt_film **out,
                     lt_error *err) LT_WARN_UNUSED;

/* The settings alone; release with lt_params_done in both cases. */
bool lt_archive_params(const lt_store_run *run, lt_params *out, lt_error *err) LT_WARN_UNUSED;
