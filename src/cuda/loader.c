/* loader.c - finds and opens the module, and passes on to it; see cuda.h. */
#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/version.h"
#include "cuda/cuda.h"
#include "cuda/module.h"

/* Opened once and never closed: what CUDA keeps for a process outlives every backend.  Two threads
 * that open it at once get the same module. */
static _Atomic(const lt_cuda_module_table *) opened;

/* The folder that the program is in; the caller's, NULL if the system does not say. */
static char *own_folder(void)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0)
        return NULL;
    path[n] = '\0';
    char *slash = strrchr(path, '/');
    return slash ? lt_format("%.*s", (int)(slash - path), path) : NULL;
}

/* The caller's; NULL where there is none. */
static char *find_module(void)
{
    static const char *const places[] = {"latentty-cuda.so", LT_CUDA_LIBDIR "/latentty-cuda.so"};
    char *folder = own_folder(), *found = NULL;
    for (size_t i = 0; folder && !found && i < sizeof places / sizeof *places; i++) {
        found = lt_path_join(folder, places[i]);
        if (!lt_file_exists(found)) {
            free(found);
            found = NULL;
        }
    }
    free(folder);
    return found;
}

/* A driver is looked for first, as the module maps half a gigabyte of libraries. */
static bool has_driver(lt_error *err)
{
    void *driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (!driver)
        return lt_fail(err, LT_ERR_DEVICE, "install NVIDIA's driver; --backend cpu works without",
                       "there is no NVIDIA driver (libcuda.so.1) on this system");
    dlclose(driver);
    return true;
}

static const lt_cuda_module_table *check(void *module, const char *path, lt_error *err)
{
    const lt_cuda_module_table *table = dlsym(module, LT_CUDA_SYMBOL);
    if (table && table->size == LT_CUDA_MODULE_SIZE && strcmp(table->version, LT_VERSION) == 0)
        return table;
    lt_fail(err, LT_ERR_DEVICE, "build both anew", "'%s' is not of this build of the program",
            path);
    return NULL;
}

static const lt_cuda_module_table *open_module(lt_error *err)
{
    char *path = find_module();
    const lt_cuda_module_table *table = NULL;
    if (!path) {
        lt_fail(err, LT_ERR_DEVICE,
                "tools/cuda.sh fetches what a build with it needs; --backend cpu works without",
                "this build has no module for CUDA (latentty-cuda.so)");
        return NULL;
    }
    if (has_driver(err)) {
        void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        const char *fault = module ? NULL : dlerror();
        if (module)
            table = check(module, path, err);
        else
            lt_fail(err, LT_ERR_DEVICE,
                    "put the folders of libcudnn and libcublasLt into LD_LIBRARY_PATH",
                    "the module for CUDA cannot be opened: %s", fault ? fault : "no reason given");
    }
    free(path);
    return table;
}

/* NULL with the reason where there is no module that works. */
static const lt_backend_ops *module(lt_error *err)
{
    const lt_cuda_module_table *table = atomic_load(&opened);
    if (!table) {
        table = open_module(err);
        if (table)
            atomic_store(&opened, table);
    }
    return table ? table->ops : NULL;
}

/* Of a backend that is open. */
static const lt_backend_ops *ops(void)
{
    return atomic_load(&opened)->ops;
}

static bool cuda_usable(lt_error *why)
{
    const lt_backend_ops *m = module(why);
    return m && m->usable(why);
}

static void cuda_describe(lt_buf *out)
{
    lt_error ignored;
    const lt_backend_ops *m = module(&ignored);
    if (m)
        m->describe(out);
}

static bool cuda_supports(lt_dtype dtype, bool *fast)
{
    lt_error ignored;
    *fast = false;
    return cuda_usable(&ignored) && ops()->supports(dtype, fast);
}

static bool cuda_open(const lt_backend_options *options, lt_backend **out, lt_error *err)
{
    return cuda_usable(err) && ops()->open(options, out, err);
}

static void cuda_close(lt_backend *b)
{
    if (b)
        ops()->close(b);
}

static bool cuda_compile(lt_backend *b, const lt_graph *g, lt_program **out, lt_progress *progress,
                         lt_error *err)
{
    return ops()->compile(b, g, out, progress, err);
}

static bool cuda_forecast(lt_backend *b, const lt_graph *g, lt_forecast *out, lt_error *err)
{
    return ops()->forecast(b, g, out, err);
}

static void cuda_discard(lt_backend *b, lt_program *p)
{
    if (p)
        ops()->discard(b, p);
}

static bool cuda_write(lt_program *p, const lt_tensor *input, const void *host, size_t count,
                       lt_error *err)
{
    return ops()->write(p, input, host, count, err);
}

static bool cuda_run(lt_program *p, lt_progress *progress, lt_error *err)
{
    return ops()->run(p, progress, err);
}

static bool cuda_measure(lt_program *p, lt_step_time **out, int *count, lt_progress *progress,
                         lt_error *err)
{
    return ops()->measure(p, out, count, progress, err);
}

static bool cuda_read(lt_program *p, const lt_tensor *output, void *host, size_t count,
                      lt_error *err)
{
    return ops()->read(p, output, host, count, err);
}

static bool cuda_compile_beside(lt_backend *b, const lt_graph *g, lt_program **out,
                                lt_progress *progress, lt_error *err)
{
    return ops()->compile_beside(b, g, out, progress, err);
}

static bool cuda_start(lt_program *p, lt_error *err)
{
    return ops()->start(p, err);
}

static bool cuda_finished(lt_program *p, bool *yes, lt_error *err)
{
    return ops()->finished(p, yes, err);
}

static void cuda_forget(lt_backend *b, const void *from, size_t bytes)
{
    ops()->forget(b, from, bytes);
}

static lt_memory cuda_memory(const lt_backend *b)
{
    return ops()->memory(b);
}

static size_t cuda_room(const lt_backend *b)
{
    return ops()->room(b);
}

const lt_backend_ops lt_cuda_backend = {
    .name = "cuda",
    .what = "NVIDIA GPUs, through cuDNN and cuBLASLt: f16, bf16 and f32",
    .group = 8,
    .one_prompt = true,
    .usable = cuda_usable,
    .describe = cuda_describe,
    .supports = cuda_supports,
    .open = cuda_open,
    .close = cuda_close,
    .compile = cuda_compile,
    .forecast = cuda_forecast,
    .discard = cuda_discard,
    .write = cuda_write,
    .run = cuda_run,
    .measure = cuda_measure,
    .compile_beside = cuda_compile_beside,
    .start = cuda_start,
    .finished = cuda_finished,
    .read = cuda_read,
    .forget = cuda_forget,
    .memory = cuda_memory,
    .room = cuda_room,
};
