/*
 * studio.h - the commands that open the screen: `latentty`, `latentty studio`, `latentty lesson N`.
 */
#pragma once

#include "cli/command.h"

/* Runs the studio with the options of c until the user leaves; lesson: as in lt_tui_options. */
bool lt_studio_begin(const lt_context *c, const char *lesson, lt_error *err) LT_WARN_UNUSED;
