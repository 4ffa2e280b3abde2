/*
 * fuzz_index.c - input: a JSON file beside the weights: model_index.json, the config of a component
 * by itself, or the index of shards, of which one exists.
 */
#include <stdlib.h>

#include "base/panic.h"
#include "fuzz.h"
#include "weights/info.h"
#include "weights/model_dir.h"

static void prepare(void)
{
    fuzz_link("model/model_index.json", "../input.json");
    fuzz_link("component/config.json", "../input.json");
    fuzz_link("scheduler/scheduler_config.json", "../input.json");
    fuzz_link("diffusion_pytorch_model.safetensors.index.json", "input.json");
    fuzz_link("a.safetensors", LT_TEST_DATA "/weights/bad/ok.safetensors");
}

static void look_at(const char *name)
{
    lt_info_model info = {0};
    lt_error err = {0};
    char *dir = fuzz_path(name);
    if (!lt_info_model_open(dir, NULL, &info, &err))
        LT_ASSERT(err.code != LT_ERR_NONE && *err.message);
    lt_info_model_done(&info);

    lt_model_request request = {.model = dir, .needed = LT_COMPONENTS_ALL};
    lt_model_dir found = {0};
    LT_ASSERT(!lt_model_dir_resolve(&request, &found, &err)); /* there are no weights */
    lt_model_dir_done(&found);
    free(dir);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool prepared;
    lt_checkpoint *checkpoint = NULL;
    lt_error err = {0};
    if (!prepared)
        prepare();
    prepared = true;
    fuzz_write("input.json", data, size);
    look_at("model");
    look_at("component");
    look_at("scheduler");
    char *path = fuzz_path("diffusion_pytorch_model.safetensors.index.json");
    if (lt_checkpoint_open(path, &checkpoint, &err))
        LT_ASSERT(lt_checkpoint_count(checkpoint) > 0);
    else
        LT_ASSERT(err.code != LT_ERR_NONE && *err.message);
    lt_checkpoint_close(checkpoint);
    free(path);
    return 0;
}
