/*
 * nearest.h - which name was meant.  Thread-safe; nothing allocates.
 */
#pragma once

/* The name nearest to `wrong` among those that next(context, i) gives until NULL; NULL if none is
 * near. */
const char *lt_nearest(const char *wrong, const char *(*next)(const void *context, int i),
                       const void *context);
