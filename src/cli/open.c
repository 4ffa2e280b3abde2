/* open.c - see open.h. */
#include "cli/open.h"

#include <string.h>

#include "cli/output.h"
#include "pipeline/resolve.h"
#include "sample/sampler.h"

/* What can be refused before anything is read. */
static bool check_words(const lt_context *c, const lt_params *p, lt_error *err)
{
    const lt_sampler *sampler;
    lt_spacing spacing;
    if ((p->scheduler && !lt_sampler_find(p->scheduler, &sampler, err)) ||
        (p->timestep_spacing && !lt_spacing_parse(p->timestep_spacing, &spacing, err)))
        return false;
    return lt_engine_knows(c->backends, p->backend ? p->backend : "auto",
                           p->dtype ? p->dtype : "auto", err);
}

bool lt_open_params(const lt_context *c, lt_params *p, lt_error *err)
{
    lt_params_init(p);
    return lt_open_given(c, p, err);
}

bool lt_open_given(const lt_context *c, lt_params *p, lt_error *err)
{
    for (int i = 0; i < lt_param_count; i++) {
        const char *text = lt_args_value(c->args, lt_param_infos[i].flag);
        if (text && !lt_params_set(p, &lt_param_infos[i], text, err))
            return false;
    }
    return check_words(c, p, err);
}

static void say(const lt_context *c, lt_buf *notes)
{
    const char *lines = notes->len ? notes->data : "";
    while (*lines) {
        size_t n = strcspn(lines, "\n");
        lt_output_note(c, "%.*s", (int)n, lines);
        lines += n + (lines[n] == '\n');
    }
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
