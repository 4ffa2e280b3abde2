/* nvrtc.c - see nvrtc.h. */
#define _GNU_SOURCE /* dladdr */
#include "cuda/nvrtc.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <cuda_runtime_api.h>

#include "base/mem.h"

typedef int version_function(int *major, int *minor);

/* Of the library that a symbol is from, up to its last slash. */
static char *folder_of(void *symbol)
{
    Dl_info about;
    const char *slash =
        dladdr(symbol, &about) && about.dli_fname ? strrchr(about.dli_fname, '/') : NULL;
    return slash ? lt_strndup(about.dli_fname, (size_t)(slash - about.dli_fname)) : NULL;
}

static void load_builtins(void *symbol)
{
    version_function *version;
    int major, minor;
    char *folder = folder_of(symbol);
    memcpy(&version, &symbol, sizeof version);
    if (folder && version(&major, &minor) == 0) {
        char *path = lt_format("%s/libnvrtc-builtins.so.%d.%d", folder, major, minor);
        (void)dlopen(path, RTLD_LAZY | RTLD_LOCAL);
        free(path);
    }
    free(folder);
}

void lt_nvrtc_prepare(void)
{
    char *name = lt_format("libnvrtc.so.%d", CUDART_VERSION / 1000);
    void *nvrtc = dlopen(name, RTLD_LAZY | RTLD_LOCAL); /* stays: it finds what is loaded next */
    void *symbol = nvrtc ? dlsym(nvrtc, "nvrtcVersion") : NULL;
    if (symbol)
        load_builtins(symbol);
    free(name);
}
