/* tiny_model - writes a random-weight model for tests and tools: see tiny_model.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/tiny_model.h"

static int usage(void)
{
    fputs("usage: tiny_model VARIANT DIR [--dtype f32|f16|bf16]\n"
          "                  [--extra legacy-attn|unprefixed|sharded|position-ids]...\n"
          "VARIANT is a folder of tests/data/tiny; sd14 has the size of Stable Diffusion 1.4\n",
          stderr);
    return 2;
}

static const struct {
    const char *option, *value;
    lt_dtype dtype;
    unsigned extra;
} options[] = {
    {"--dtype", "f32", LT_F32, 0},
    {"--dtype", "f16", LT_F16, 0},
    {"--dtype", "bf16", LT_BF16, 0},
    {"--extra", "legacy-attn", 0, TINY_LEGACY_ATTENTION},
    {"--extra", "unprefixed", 0, TINY_UNPREFIXED},
    {"--extra", "sharded", 0, TINY_SHARDED},
    {"--extra", "position-ids", 0, TINY_POSITION_IDS},
};

static bool apply(tiny_model *m, const char *option, const char *value)
{
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (strcmp(option, options[i].option) != 0 || strcmp(value, options[i].value) != 0)
            continue;
        if (!options[i].extra)
            m->dtype = options[i].dtype;
        m->extra |= options[i].extra;
        return true;
    }
    return false;
}

int main(int argc, char **argv)
{
    lt_error err = {0};
    if (argc < 3 || argc % 2 == 0)
        return usage();
    tiny_model m = {.variant = argv[1], .data = LT_TEST_DATA, .assets = LT_ASSETS};
    for (int i = 3; i < argc; i += 2)
        if (!apply(&m, argv[i], argv[i + 1]))
            return usage();
    if (tiny_model_write(&m, argv[2], &err))
        return EXIT_SUCCESS;
    fprintf(stderr, "tiny_model: %s\n", err.message);
    return EXIT_FAILURE;
}
