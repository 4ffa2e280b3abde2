/*
 * assets.h - where the files are that come with the program: the demo model and CLIP's vocabulary.
 */
#pragma once

#include "base/error.h"

/* The path of assets/NAME, owned by the caller: in $LATENTTY_ASSETS if that is set, else beside the
 * program, installed (../share/latentty) or built (../assets, ../../assets). */
bool lt_assets_find(const char *name, char **out, lt_error *err) LT_WARN_UNUSED;
