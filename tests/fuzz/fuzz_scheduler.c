/*
 * fuzz_scheduler.c - input: scheduler_config.json, 0x1E, latentty.json.  What is accepted is made
 * into the tables of every sampler.
 */
#include <math.h>
#include <stdlib.h>

#include "base/panic.h"
#include "fuzz.h"
#include "pipeline/scheduler_config.h"

static void make_tables(const lt_scheduler_config *c)
{
    static const int steps[] = {1, 2, 7, 30, 1000};
    LT_ASSERT(c->steps >= 1 && c->steps <= 1000 && isfinite(c->guidance_scale));
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        lt_schedule s = {0};
        lt_error err = {0};
        if (lt_schedule_init(&s, &c->base, steps[i], &err))
            for (int k = 0; k < s.steps; k++)
                LT_ASSERT(isfinite(s.sigmas[k]) && s.sigmas[k] > 0 && isfinite(s.timesteps[k]));
        else
            LT_ASSERT(*err.message);
        lt_schedule_done(&s);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {.data = data, .size = size};
    lt_scheduler_config config;
    lt_error err = {0};
    size_t n, m = 0;
    char *scheduler = fuzz_next(&in, &n), *advice = fuzz_next(&in, &m);
    fuzz_write("scheduler_config.json", scheduler, n);
    fuzz_write("latentty.json", advice ? advice : "{}", advice ? m : 2);
    if (lt_scheduler_config_read(fuzz_dir(), fuzz_dir(), &config, &err))
        make_tables(&config);
    else
        LT_ASSERT(err.code != LT_ERR_NONE && *err.message);
    free(scheduler);
    free(advice);
    return 0;
}
