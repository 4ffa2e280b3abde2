/* open.c - see open.h. */
#include "cli/open.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/assets.h"
#include "cli/output.h"
#include "sample/sampler.h"
#include "weights/model_dir.h"

static const char demo[] = "demo", vocabulary[] = "clip-vit-large-patch14";

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
    for (int i = 0; i < lt_param_count; i++) {
        const char *text = lt_args_value(c->args, lt_param_infos[i].flag);
        if (text && !lt_params_set(p, &lt_param_infos[i], text, err))
            return false;
    }
    return check_words(c, p, err);
}

/* True if the model is there and holds no tokenizer. */
static bool lacks_tokenizer(const char *model)
{
    lt_error ignored;
    lt_model_classes classes = {0};
    char *dir = NULL;
    bool lacks = false;
    if (lt_model_dir_find(model, &dir, &ignored) && lt_model_dir_classes(dir, &classes, &ignored)) {
        char *folder = lt_path_join(dir, "tokenizer");
        lacks = classes.pipeline
                    ? !lt_dir_exists(folder)
                    : classes.component[LT_TEXT_ENCODER] && !classes.component[LT_TOKENIZER];
        free(folder);
    }
    lt_model_classes_done(&classes);
    free(dir);
    return lacks;
}

/* "demo" means the demo model, unless there is a directory of that name. */
static bool is_demo(const lt_params *p)
{
    return !p->model || (strcmp(p->model, demo) == 0 && !lt_dir_exists(demo));
}

static bool find_demo(lt_params *p, lt_error *err)
{
    char *path = NULL;
    if (!lt_assets_find(demo, &path, err))
        return false;
    free(p->model);
    p->model = path;
    return true;
}

bool lt_open_defaults(const lt_context *c, lt_params *p, unsigned needs, lt_error *err)
{
    if (is_demo(p) && !find_demo(p, err))
        return false;
    if (!(needs & LT_NEEDS_TEXT) || p->tokenizer || !lacks_tokenizer(p->model))
        return true;
    if (!lt_assets_find(vocabulary, &p->tokenizer, err)) {
        p->tokenizer = NULL;
        return false;
    }
    lt_output_note(c, "'%s' has no tokenizer: taking that of openai/%s", p->model, vocabulary);
    return true;
}

static void say_warnings(const lt_context *c, const char *lines)
{
    while (*lines) {
        size_t n = strcspn(lines, "\n");
        lt_output_note(c, "warning: %.*s", (int)n, lines);
        lines += n + (lines[n] == '\n');
    }
}

bool lt_open_engine(const lt_context *c, lt_params *p, unsigned needs, lt_engine **out,
                    lt_error *err)
{
    bool by_name = is_demo(p), own_tokenizer = p->tokenizer != NULL;
    if (!lt_open_defaults(c, p, needs, err))
        return false;
    lt_engine_options options = {.backends = c->backends,
                                 .backend = p->backend ? p->backend : "auto",
                                 .dtype = p->dtype ? p->dtype : "auto",
                                 .threads = p->threads,
                                 .model = p->model,
                                 .name = by_name ? demo : NULL,
                                 .unet = p->unet,
                                 .vae = p->vae,
                                 .text_encoder = p->text_encoder,
                                 .tokenizer = p->tokenizer,
                                 .variant = p->variant,
                                 .needs = needs};
    bool ok = lt_engine_open(&options, out, err);
    if (!own_tokenizer) { /* no setting of the user's: it is found again */
        free(p->tokenizer);
        p->tokenizer = NULL;
    }
    if (ok)
        say_warnings(c, lt_engine_about(*out)->warnings);
    return ok;
}
