/*
 * failing_driver.c - a libcuda.so.1 for tests: a driver of LT_DRIVER_VERSION (default 13000) that
 * works and finds no GPU, whose call number LT_DRIVER_FAILS fails with LT_DRIVER_ERROR (default
 * 999, unknown). The number of calls is written to the file LT_DRIVER_CALLS, so that a test can
 * count them.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOT_FOUND = 500, NOT_SUPPORTED = 801, UNKNOWN = 999, NEWEST = 13000 };

static int number(const char *name, int otherwise)
{
    const char *text = getenv(name);
    return text ? atoi(text) : otherwise;
}

/* 0, or the error if it is this call's turn. */
static int turn(void)
{
    static int calls;
    const char *path = getenv("LT_DRIVER_CALLS");
    FILE *f = path ? fopen(path, "w") : NULL;
    calls++;
    if (f) {
        fprintf(f, "%d\n", calls);
        fclose(f);
    }
    return calls == number("LT_DRIVER_FAILS", 0) ? number("LT_DRIVER_ERROR", UNKNOWN) : 0;
}

int cuInit(unsigned flags);
int cuInit(unsigned flags)
{
    (void)flags;
    return turn();
}

int cuDriverGetVersion(int *version);
int cuDriverGetVersion(int *version)
{
    *version = number("LT_DRIVER_VERSION", NEWEST);
    return turn();
}

int cuDeviceGetCount(int *count);
int cuDeviceGetCount(int *count)
{
    *count = 0;
    return turn();
}

int cuGetErrorName(int error, const char **name);
int cuGetErrorName(int error, const char **name)
{
    (void)error;
    *name = "CUDA_ERROR_OF_A_TEST";
    return 0;
}

int cuGetErrorString(int error, const char **text);
int cuGetErrorString(int error, const char **text)
{
    (void)error;
    *text = "a driver for tests";
    return 0;
}

/* What the runtime asks for and does not get from this driver. */
static int refuse(void)
{
    int error = turn();
    return error ? error : NOT_SUPPORTED;
}

int cuGetExportTable(const void **table, const void *id);
int cuGetExportTable(const void **table, const void *id)
{
    (void)id;
    *table = NULL;
    return refuse();
}

int cuGetProcAddress_v2(const char *name, void **function, int version, uint64_t flags, int *found);
int cuGetProcAddress_v2(const char *name, void **function, int version, uint64_t flags, int *found)
{
    static const struct {
        const char *name;
        int (*function)(void);
    } known[] = {
        {"cuInit", (int (*)(void))cuInit},
        {"cuDriverGetVersion", (int (*)(void))cuDriverGetVersion},
        {"cuDeviceGetCount", (int (*)(void))cuDeviceGetCount},
        {"cuGetErrorName", (int (*)(void))cuGetErrorName},
        {"cuGetErrorString", (int (*)(void))cuGetErrorString},
        {"cuGetExportTable", (int (*)(void))cuGetExportTable},
        {"cuGetProcAddress", (int (*)(void))cuGetProcAddress_v2},
    };
    (void)version, (void)flags;
    int (*answer)(void) = refuse;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(name, known[i].name) == 0)
            answer = known[i].function;
    memcpy(function, &answer, sizeof answer);
    if (found)
        *found = 0;
    return turn();
}
