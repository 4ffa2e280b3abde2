/* lens_rig.c - see lens_rig.h. */
#include "lens_rig.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

void lens_go_to(rig *r, int step)
{
    rig_keys(r, "<home>");
    for (int k = 0; k < step; k++)
        rig_keys(r, ".");
    char text[32];
    snprintf(text, sizeof text, "Step %d of ", step);
    rig_wait(r, text);
    rig_gone(r, "decoding");
}

rig lens_at_step(const terminal_options *options, int step)
{
    rig r = rig_ready(options, LENS_SETTINGS, "--run");
    rig_wait(&r, "DONE 8/8");
    lens_go_to(&r, step);
    return r;
}

lt_store_step *lens_kept(const rig *r, int k)
{
    lt_store_step *steps;
    size_t count;
    lt_store *s = rig_history(r);
    CHECK_OK(lt_store_read_steps(s, 1, k, k, &steps, &count, err));
    assert_int_equal(count, 1);
    lt_store_close(s);
    return steps;
}

float *lens_latents(const rig *r, int k, size_t *n)
{
    lt_store_step *step = lens_kept(r, k);
    float *out = lt_alloc_array(step->latents.count, sizeof *out);
    *n = step->latents.count;
    memcpy(out, step->latents.data, *n * sizeof *out);
    lt_store_steps_free(step, 1);
    return out;
}
