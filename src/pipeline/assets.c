/* assets.c - see assets.h. */
#define _XOPEN_SOURCE 700
#include "pipeline/assets.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

/* The directory of the running program; owned, NULL if the system does not say. */
static char *program_dir(void)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0)
        return NULL;
    path[n] = '\0';
    char *slash = strrchr(path, '/');
    if (!slash)
        return NULL;
    return lt_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

bool lt_assets_find(const char *name, char **out, lt_error *err)
{
    static const char *const places[] = {"../share/latentty", "../assets", "../../assets"};
    const char *given = getenv("LATENTTY_ASSETS");
    if (given && *given) {
        *out = lt_path_join(given, name);
        if (lt_dir_exists(*out))
            return true;
        lt_fail(err, LT_ERR_IO, "unset LATENTTY_ASSETS",
                "cannot find '%s': LATENTTY_ASSETS is '%s', and there is no such directory in it",
                name, given);
        free(*out);
        return false;
    }
    char *dir = program_dir();
    for (size_t i = 0; dir && i < sizeof places / sizeof *places; i++) {
        *out = lt_format("%s/%s/%s", dir, places[i], name);
        if (lt_dir_exists(*out)) {
            char *clean = realpath(*out, NULL);
            if (clean) {
                free(*out);
                *out = clean;
            }
            free(dir);
            return true;
        }
        free(*out);
    }
    lt_fail(err, LT_ERR_IO, "LATENTTY_ASSETS=DIR, or --model DIR",
            "cannot find '%s', which comes with the program, near '%s'", name, dir ? dir : "?");
    free(dir);
    return false;
}
