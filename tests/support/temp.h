/* temp.h - a directory of a test's own, removed at the end. */
#pragma once

/* Makes a fresh directory; the name is owned by the caller. */
char *temp_dir(void);
/* Removes the directory with everything in it and frees the name. */
void temp_dir_remove(char *dir);
