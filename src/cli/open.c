/* open.c - see open.h. */
#include "cli/open.h"

#include <string.h>

#include "cli/output.h"
#include "pipeline/resolve.h"
#include "sample/sampler.h"

bool lt_open_check(const lt_backend_ops *const *backends, const lt_params *p, lt_error *err)
{
    const lt_sampler *sampler;
    lt_spacing spacing;
    lt_tiling tiling;
    if (!lt_tiling_parse(p->vae_tiling, &tiling, err) ||
        (p->scheduler && !lt_sampler_find(p->scheduler, &sampler, err)) ||
        (p->timestep_spacing && !lt_spacing_parse(p->timestep_spacing, &spacing, err)))
        return false;
    return lt_engine_knows(backends, p->backend ? p->backend : "auto", p->dtype ? p->dtype : "auto",
                           err);
}

bool lt_open_params(const lt_context *c, lt_params *p, lt_error *err)
{
    lt_params_init(p);
    return lt_open_given(c, p, err);
}

bool lt_open_given(const lt_context *c, lt_params *p, lt_error *err)
{
    bool file = false;
    for (int i = 0; i < lt_param_count; i++) {
        const char *text = lt_args_value(c->args, lt_param_infos[i].flag);
        if (!text) {
            text = lt_config_value_of(c->config, lt_param_infos[i].flag);
            file |= text != NULL;
        }
        if (text && !lt_params_set(p, &lt_param_infos[i], text, err))
            return false;
    }
    if (lt_open_check(c->backends, p, err))
        return true;
    return file ? lt_fail_hint(err, "--no-config leaves %s alone", c->config->path) : false;
}

static void say(const lt_context *c, lt_buf *notes)
{
    lt_output_notes(c, notes->len ? notes->data : "");
    lt_buf_done(notes);
}

bool lt_open_defaults(const lt_context *c, lt_params *p, unsigned needs, lt_error *err)
{
    lt_buf notes = {0};
    bool ok = lt_resolve_model(p, needs, &notes, err);
    say(c, &notes);
    return ok;
}

bool lt_open_engine(const lt_context *c, lt_params *p, unsigned needs, lt_engine **out,
                    lt_error *err)
{
    lt_buf notes = {0};
    bool ok = lt_resolve_open(c->backends, p, needs, out, &notes, err);
    say(c, &notes);
    return ok;
}
