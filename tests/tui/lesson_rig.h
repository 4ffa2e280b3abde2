/*
 * lesson_rig.h - the studio with a lesson of a test's own.
 */
#pragma once

#include "studio_rig.h"

/* A file in the rig's directory. */
void rig_write(const rig *r, const char *name, const char *text);
/* `latentty lesson own.txt settings`, with this text in own.txt. */
rig rig_lesson(const terminal_options *options, const char *text, const char *settings);
