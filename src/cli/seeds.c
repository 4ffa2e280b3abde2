/* seeds.c - see seeds.h. */
#include "cli/seeds.h"

#include <inttypes.h>

#include "cli/output.h"
#include "sample/rng.h"

bool lt_seeds_read(const lt_context *c, lt_params *p, const char *fallback, lt_error *err)
{
    const char *one = lt_args_value(c->args, "seed"), *many = lt_args_value(c->args, "seeds");
    if (one && many)
        return lt_fail(err, LT_ERR_ARGUMENT, "--seed 42 --batch 4, or --seeds 42..45",
                       "--seed and --seeds cannot be given together");
    if (many)
        return lt_params_set_seeds(p, many, true, err);
    if (!one)
        one = fallback;
    return !one || lt_params_set_seeds(p, one, false, err);
}

void lt_seeds_say(const lt_context *c, const lt_params *p)
{
    for (int i = 0; i < p->seed_count; i++)
        if (lt_rng_seed_truncated(p->seeds[i])) {
            lt_output_note(c,
                           "seed %" PRIu64 " has more than 32 bits; torch uses the low 32, so it "
                           "is the same as %" PRIu32,
                           p->seeds[i], (uint32_t)p->seeds[i]);
            return;
        }
}
