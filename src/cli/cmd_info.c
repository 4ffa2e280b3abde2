/* cmd_info.c - `latentty info`: explains a picture, a file of weights or a model. */
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/info_kinds.h"
#include "cli/open.h"
#include "weights/hub.h"
#include "weights/torch_file.h"

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

/* "demo" is the demo model, as for --model. */
static bool model(const lt_context *c, const char *what, lt_error *err)
{
    lt_params p;
    lt_params_init(&p);
    p.model = lt_strdup(what);
    bool ok = lt_open_defaults(c, &p, 0, err) && lt_cli_info_model(c, p.model, err);
    lt_params_done(&p);
    return ok;
}

/* Of JSON files only an index of shards is explained: not a config.json alone. */
static bool weights_file(const lt_context *c, const char *what, lt_error *err)
{
    if (lt_cli_info_weights(c, what, err))
        return true;
    return ends_with(what, ".json") && !strstr(what, ".index.")
               ? lt_fail_hint(err, "latentty info DIR, for the model that it is of")
               : false;
}

static bool run(const lt_context *c, lt_error *err)
{
    const char *what = c->args->operands[0];
    bool weights = ends_with(what, ".safetensors") || ends_with(what, ".json");
    if (!lt_file_exists(what) && !lt_dir_exists(what) &&
        (weights || ends_with(what, ".png") || !lt_hub_is_id(what)))
        return lt_fail(err, LT_ERR_IO, NULL, "cannot find '%s': no such file or directory", what);
    if (!lt_file_exists(what))
        return model(c, what, err);
    if (weights)
        return weights_file(c, what, err);
    if (lt_torch_file_named(what))
        return lt_torch_file_refuse(what, err);
    return lt_cli_info_png(c, what, err);
}

static const char *const settings[] = {"variant", NULL};

const lt_command lt_command_info = {
    .name = "info",
    .summary = "explains a picture, a file of weights or a model",
    .synopsis = "FILE|DIR|ID [options]",
    .operand = "FILE, DIR or ID",
    .about =
        "Of a PNG: its size and the settings that it carries, latentty's or AUTOMATIC1111's, "
        "with the command that makes it again.  Of a .safetensors file or an index of shards: "
        "what it is, its types and its metadata.  Of a diffusers directory, the directory of a "
        "component, or the id of a repository in the Hugging Face cache: the components, and "
        "what is missing.",
    .example = "latentty info out.png",
    .settings = settings,
    .run = run,
};
