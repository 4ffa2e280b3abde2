/* fixture.c - see fixture.h. */
#include "sample/fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "support/check.h"

void fixture_open(fixture *f)
{
    CHECK_OK(lt_map_open(LT_TEST_DATA "/sample/sample.bin", &f->file, err));
}

void fixture_close(fixture *f)
{
    lt_map_close(&f->file);
}

/* The bytes of an array, unaligned. */
static const unsigned char *find(const fixture *f, const char *name, const char *kind, size_t count)
{
    const char *text = (const char *)f->file.data, *end = text + f->file.size;
    const char *line = text;
    size_t before = 0, at = 0;
    int found = 0;
    while (line < end && *line != '\n') {
        char its_name[64], its_kind[4];
        size_t its_count;
        assert_int_equal(sscanf(line, "%63s %3s %zu", its_name, its_kind, &its_count), 3);
        if (strcmp(its_name, name) == 0) {
            assert_string_equal(its_kind, kind);
            assert_int_equal(its_count, count);
            found = 1;
            at = before;
        }
        before += its_count * (strcmp(its_kind, "f32") == 0 ? 4 : 8);
        line = (const char *)memchr(line, '\n', (size_t)(end - line)) + 1;
    }
    if (!found)
        fail_msg("no '%s' in the fixture", name);
    assert_int_equal((size_t)(line + 1 - text) + before, f->file.size);
    return (const unsigned char *)line + 1 + at;
}

LT_PRINTF(5, 0)
static void *copy(const fixture *f, const char *kind, size_t size, size_t count, const char *format,
                  va_list args)
{
    char name[64];
    vsnprintf(name, sizeof name, format, args);
    void *values = lt_alloc_array(count, size);
    memcpy(values, find(f, name, kind, count), count * size);
    return values;
}

float *fixture_floats(const fixture *f, size_t count, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    float *values = copy(f, "f32", sizeof *values, count, format, args);
    va_end(args);
    return values;
}

double *fixture_doubles(const fixture *f, size_t count, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    double *values = copy(f, "f64", sizeof *values, count, format, args);
    va_end(args);
    return values;
}

uint64_t fixture_hash(const fixture *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    uint64_t *value = copy(f, "u64", sizeof *value, 1, format, args), hash = *value;
    va_end(args);
    free(value);
    return hash;
}

uint64_t hash_floats(uint64_t hash, const float *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t word;
        memcpy(&word, &v[i], sizeof word);
        hash = (hash ^ word) * UINT64_C(0x100000001b3);
    }
    return hash;
}

/* Float32 values in their order, as integers; both zeros are 0. */
static int64_t place(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    int64_t size = bits & 0x7fffffffu;
    return bits >> 31 ? -size : size;
}

int64_t ulps_apart(const float *a, const float *b, size_t n)
{
    int64_t most = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t apart = llabs(place(a[i]) - place(b[i]));
        if (isnan(a[i]) || isnan(b[i]))
            apart = INT64_MAX;
        if (apart > most)
            most = apart;
    }
    return most;
}

double relative_error(const float *got, const float *want, size_t n)
{
    double error = 0, largest = 0;
    for (size_t i = 0; i < n; i++) {
        double apart = fabs((double)got[i] - (double)want[i]);
        if (isnan(apart))
            return (double)INFINITY;
        error = fmax(error, apart);
        largest = fmax(largest, fabs((double)want[i]));
    }
    return error / largest;
}

lt_schedule_config fixture_sd14(void)
{
    lt_schedule_config c = lt_schedule_config_default();
    c.beta_start = 0.00085;
    c.beta_end = 0.012;
    c.beta_schedule = LT_BETA_SCALED_LINEAR;
    c.steps_offset = 1;
    return c;
}

int fixture_run_at(int i, fixture_run *out)
{
    enum { KARRAS = 1, V = 2, LEADING = 4, TRAILING = 8, ZERO_SNR = 16, SIGMA_MIN = 32 };
    const struct {
        const char *name;
        const lt_sampler *sampler;
        int more;
    } runs[] = {
        {"lms", &lt_sampler_lms, 0},
        {"lms+karras", &lt_sampler_lms, KARRAS},
        {"lms+v", &lt_sampler_lms, V},
        {"lms+leading", &lt_sampler_lms, LEADING},
        {"lms+ignored", &lt_sampler_lms, ZERO_SNR | SIGMA_MIN},
        {"euler", &lt_sampler_euler, 0},
        {"euler+leading", &lt_sampler_euler, LEADING},
        {"euler+trailing", &lt_sampler_euler, TRAILING},
        {"euler+karras", &lt_sampler_euler, KARRAS},
        {"euler+v", &lt_sampler_euler, V},
        {"euler+zsnr", &lt_sampler_euler, V | TRAILING | ZERO_SNR},
        {"euler+min", &lt_sampler_euler, LEADING | SIGMA_MIN},
        {"euler_a", &lt_sampler_euler_a, 0},
        {"euler_a+trailing", &lt_sampler_euler_a, TRAILING},
        {"euler_a+v", &lt_sampler_euler_a, V},
        {"euler_a+ignored", &lt_sampler_euler_a, KARRAS | SIGMA_MIN},
    };
    if (i >= (int)(sizeof runs / sizeof runs[0]))
        return 0;
    lt_schedule_config c = fixture_sd14();
    int more = runs[i].more;
    c.use_karras_sigmas = more & KARRAS;
    c.rescale_betas_zero_snr = more & ZERO_SNR;
    if (more & V)
        c.prediction_type = LT_PREDICT_V;
    if (more & LEADING)
        c.timestep_spacing = LT_SPACING_LEADING;
    if (more & TRAILING)
        c.timestep_spacing = LT_SPACING_TRAILING;
    if (more & SIGMA_MIN)
        c.final_sigmas_type = LT_FINAL_SIGMA_MIN;
    *out = (fixture_run){runs[i].name, runs[i].sampler, c};
    return 1;
}

void fixture_schedule(const fixture_run *run, int n, lt_schedule *out)
{
    lt_schedule_config config = run->sampler->config(&run->model);
    CHECK_OK(lt_schedule_init(out, &config, n, err));
}
