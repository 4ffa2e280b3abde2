/* resolve.c - see resolve.h. */
#include "pipeline/resolve.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "pipeline/assets.h"
#include "weights/model_dir.h"

static const char demo[] = "demo", vocabulary[] = "clip-vit-large-patch14";

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

bool lt_resolve_model(lt_params *p, unsigned needs, lt_buf *notes, lt_error *err)
{
    if (is_demo(p) && !find_demo(p, err))
        return false;
    if (!(needs & LT_NEEDS_TEXT) || p->tokenizer || !lacks_tokenizer(p->model))
        return true;
    if (!lt_assets_find(vocabulary, &p->tokenizer, err)) {
        p->tokenizer = NULL;
        return false;
    }
    lt_buf_format(notes, "'%s' has no tokenizer: taking that of openai/%s\n", p->model, vocabulary);
    return true;
}

static void add_warnings(lt_buf *notes, const char *lines)
{
    while (*lines) {
        size_t n = strcspn(lines, "\n");
        lt_buf_format(notes, "warning: %.*s\n", (int)n, lines);
        lines += n + (lines[n] == '\n');
    }
}

bool lt_resolve_open(const lt_backend_ops *const *backends, lt_params *p, unsigned needs,
                     lt_engine **out, lt_buf *notes, lt_error *err)
{
    bool by_name = is_demo(p), own_tokenizer = p->tokenizer != NULL;
    if (!lt_resolve_model(p, needs, notes, err))
        return false;
    lt_engine_options options = {.backends = backends,
                                 .backend = p->backend ? p->backend : "auto",
                                 .dtype = p->dtype ? p->dtype : "auto",
                                 .threads = p->threads,
                                 .device = lt_params_device(p),
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
        add_warnings(notes, lt_engine_about(*out)->warnings);
    return ok;
}
