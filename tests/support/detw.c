/* detw.c - see detw.h. */
#include "support/detw.h"

#include <math.h>
#include <string.h>

static const uint64_t golden_ratio = UINT64_C(0x9E3779B97F4A7C15);

uint64_t detw_hash(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *b = bytes;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ b[i]) * UINT64_C(0x100000001B3);
    return hash;
}

static uint64_t splitmix64(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

void detw_fill(const char *component, const char *path, uint64_t seed, detw_rule rule, size_t n,
               float *out)
{
    uint64_t hash = detw_hash(DETW_HASH, component, strlen(component));
    hash = detw_hash(detw_hash(hash, "/", 1), path, strlen(path));
    uint64_t state = hash ^ (seed * golden_ratio);
    double scale = rule.deviation / sqrt((65536.0 * 65536.0 - 1.0) / 3.0);
    for (size_t i = 0; i < n; i++) {
        uint64_t x = splitmix64(state += golden_ratio);
        int sum =
            (int)(x & 0xffff) + (int)(x >> 16 & 0xffff) + (int)(x >> 32 & 0xffff) + (int)(x >> 48);
        out[i] = (float)((double)(sum - 131070) * scale + rule.mean);
    }
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

typedef bool relation(const char *s, const char *part);

static bool contains(const char *s, const char *part)
{
    return strstr(s, part) != NULL;
}

static bool equals(const char *s, const char *part)
{
    return strcmp(s, part) == 0;
}

static bool any(relation *holds, const char *path, const char *const *list)
{
    for (; *list; list++)
        if (holds(path, *list))
            return true;
    return false;
}

static double gain_of(const char *path, double small)
{
    static const char *const residual_ends[] = {"conv2.weight",
                                                "to_out.0.weight",
                                                "ff.net.2.weight",
                                                "proj_out.weight",
                                                "out_proj.weight",
                                                "fc2.weight",
                                                NULL};
    static const char *const first_convs[] = {"conv_in.weight", "encoder.conv_in.weight",
                                              "decoder.conv_in.weight", NULL};
    static const char *const queries_and_keys[] = {"to_q.", "to_k.", "q_proj.", "k_proj.", NULL};
    if (any(ends_with, path, residual_ends))
        return 0.5 * small;
    if (any(equals, path, first_convs))
        return small;
    if (any(contains, path, queries_and_keys))
        return 1.4;
    if (contains(path, "time_emb_proj"))
        return 0.7;
    return equals(path, "decoder.conv_out.weight") ? 0.4 : 1.0;
}

detw_rule detw_rule_of(const char *path, const lt_shape *shape, double spread, double small)
{
    if (shape->ndim == 1 && ends_with(path, "weight"))
        return (detw_rule){1.0, 0.2 * spread};
    if (shape->ndim == 1) {
        double deviation = 0.1 * spread;
        bool full = contains(path, "norm") || contains(path, "conv_out");
        return (detw_rule){0.0, full ? deviation : deviation * small};
    }
    if (contains(path, "token_embedding"))
        return (detw_rule){0.0, 0.5 * small};
    if (contains(path, "position_embedding"))
        return (detw_rule){0.0, 0.2 * small};
    double fan_in = 1;
    for (int i = 1; i < shape->ndim; i++)
        fan_in *= (double)shape->dim[i];
    return (detw_rule){0.0, gain_of(path, small) / sqrt(fan_in)};
}
