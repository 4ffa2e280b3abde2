/*
 * hub.h - the Hugging Face cache, read without a network.
 *
 * ROOT/models--ORG--NAME/ holds refs/REVISION (a text file with a commit), snapshots/COMMIT/...
 * (links into blobs/) and blobs/.  ROOT is $HF_HUB_CACHE, else $HUGGINGFACE_HUB_CACHE, else
 * $HF_HOME/hub, else $XDG_CACHE_HOME/huggingface/hub, else ~/.cache/huggingface/hub; old versions
 * of diffusers used `diffusers` beside `hub`.  Source: huggingface_hub's guide "manage your cache".
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* True if s could be "NAME", "ORG/NAME" or either with "@REVISION". */
bool lt_hub_is_id(const char *s);

/* The snapshot directory of an id, owned by the caller.  Without a revision: main, or the only
 * snapshot if there is no main. */
bool lt_hub_find(const char *id, char **dir, lt_error *err) LT_WARN_UNUSED;

/* Fails because dir/file (or dir itself if file is NULL) is not there, saying why if it can be
 * seen: a link into the cache whose blob is missing, a download that did not finish.  The hint is
 * the command that downloads the repository, if dir lies in the cache.  Always returns false. */
bool lt_hub_fail_missing(const char *dir, const char *file, lt_error *err);
