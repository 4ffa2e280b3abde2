/* lesson_rig.c - see lesson_rig.h. */
#include "lesson_rig.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"

void rig_write(const rig *r, const char *name, const char *text)
{
    char *path = lt_path_join(r->dir, name);
    CHECK_OK(lt_file_write(path, text, strlen(text), err));
    free(path);
}

rig rig_lesson(const terminal_options *options, const char *text, const char *settings)
{
    rig r = rig_open(options, "--help", NULL);
    int status;
    CHECK_OK(terminal_wait_exit(r.t, &status, err));
    rig_write(&r, "own.txt", text);
    r.arguments = "lesson own.txt";
    rig_again(&r, options, settings);
    return r;
}
