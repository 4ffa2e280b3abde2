/*
 * fuzz_params.c - input: settings with a byte 0x1E between.  The first character of each says what
 * it is: '@' one seed, '*' a list of seeds, '#' pictures a prompt, 'A' and what follows a row of
 * params.def, everything else a prompt.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "fuzz.h"
#include "pipeline/params.h"

enum { MOST_PROMPTS = 64 };

static bool set(lt_params *p, const char *text, lt_error *err)
{
    int row = *text - 'A';
    if (*text == '@' || *text == '*')
        return lt_params_set_seeds(p, text + 1, *text == '*', err);
    if (row >= 0 && row < lt_param_count)
        return lt_params_set(p, &lt_param_infos[row], text + 1, err);
    if (*text == '#')
        p->batch = atoi(text + 1) % 2000;
    else if (p->prompt_count < MOST_PROMPTS)
        lt_params_add_prompt(p, text);
    return true;
}

static void check(const lt_params *p)
{
    int images = lt_params_images(p), place, each = lt_params_per_prompt(p);
    LT_ASSERT(each >= 1 && images == each * p->prompt_count);
    LT_ASSERT(isnan(p->guidance_scale) || isfinite(p->guidance_scale));
    LT_ASSERT(p->steps >= 0 && p->steps <= 1000 && p->threads >= 0);
    LT_ASSERT(p->size.width >= 0 && p->size.width <= 8192 && p->size.height <= 8192);
    for (int i = 0; i < images; i += i < 100 ? 1 : 997) {
        lt_params_seed(p, i, &place);
        LT_ASSERT(place == (p->own_generators ? 0 : i));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {.data = data, .size = size};
    lt_params p, copy;
    lt_error err = {0};
    bool ok = true;
    lt_params_init(&p);
    for (char *text = fuzz_next(&in, NULL); text; text = fuzz_next(&in, NULL)) {
        if (ok && !set(&p, text, &err)) {
            LT_ASSERT(err.code == LT_ERR_ARGUMENT && *err.message);
            ok = false;
        }
        free(text);
    }
    lt_params_copy(&copy, &p);
    lt_params_done(&p);
    if (ok && lt_params_check(&copy, &err))
        check(&copy);
    lt_params_done(&copy);
    return 0;
}
