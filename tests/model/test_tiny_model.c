/* The weights that C writes are those that tools/oracle/detw.py makes:
 * tests/data/tiny/checksums.txt holds "VARIANT COMPONENT PARAMETER FNV-1a" of some tensors of every
 * variant, as Python has them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "support/check.h"
#include "support/detw.h"
#include "support/temp.h"
#include "support/tiny_model.h"
#include "weights/checkpoint.h"
#include "weights/model_dir.h"

typedef struct line {
    char variant[32], component[32], parameter[160];
    uint64_t sum;
} line;

/* The next line of *at; false at the end. */
static bool next_line(const char **at, line *out)
{
    int used = 0;
    if (sscanf(*at, "%31s %31s %159s %" SCNx64 "%n", out->variant, out->component, out->parameter,
               &out->sum, &used) != 4)
        return false;
    *at += used;
    return true;
}

static void write_variant(const char *dir, const char *variant)
{
    tiny_model m = {.variant = variant, .data = LT_TEST_DATA, .assets = LT_ASSETS};
    if (!lt_dir_exists(dir))
        CHECK_OK(tiny_model_write(&m, dir, err));
}

static lt_component component_named(const char *name)
{
    int c = 0;
    while (c < LT_COMPONENT_COUNT && strcmp(lt_component_get(c)->name, name) != 0)
        c++;
    assert_true(c < LT_COMPONENT_COUNT);
    return c;
}

static void check_line(const char *dir, const line *l)
{
    char *path = NULL, *folder = lt_format("%s/%s", dir, l->component);
    lt_checkpoint *c = NULL;
    CHECK_OK(lt_checkpoint_locate(folder, component_named(l->component), NULL, &path, err));
    CHECK_OK(lt_checkpoint_open(path, &c, err));
    const lt_safetensors_tensor *t = lt_checkpoint_find(c, l->parameter);
    if (!t || detw_hash(DETW_HASH, t->data, t->bytes) != l->sum)
        fail_msg("%s %s %s %s", l->variant, l->component, l->parameter, t ? "differs" : "missing");
    lt_checkpoint_close(c);
    free(path);
    free(folder);
}

static void test_checksums(void **state)
{
    (void)state;
    lt_buf text = {0};
    line l;
    int lines = 0;
    char *base = temp_dir();
    CHECK_OK(lt_file_read(LT_TEST_DATA "/tiny/checksums.txt", 1 << 20, &text, err));
    for (const char *at = text.data; next_line(&at, &l); lines++) {
        char *dir = lt_path_join(base, l.variant);
        write_variant(dir, l.variant);
        check_line(dir, &l);
        free(dir);
    }
    assert_true(lines > 100);
    temp_dir_remove(base);
    lt_buf_done(&text);
}

/* What diffusers directories in the wild look like must open as well. */
static void test_extra(void **state)
{
    (void)state;
    lt_model_dir found = {0};
    char *base = temp_dir(), *dir = lt_path_join(base, "extra");
    tiny_model m = {.variant = "bk-tiny",
                    .data = LT_TEST_DATA,
                    .assets = LT_ASSETS,
                    .dtype = LT_BF16,
                    .extra =
                        TINY_LEGACY_ATTENTION | TINY_UNPREFIXED | TINY_SHARDED | TINY_POSITION_IDS};
    CHECK_OK(tiny_model_write(&m, dir, err));
    lt_model_request request = {.model = dir, .needed = LT_COMPONENTS_ALL};
    CHECK_OK(lt_model_dir_resolve(&request, &found, err));
    lt_checkpoint *unet = NULL;
    CHECK_OK(lt_checkpoint_open(found.weights[LT_UNET], &unet, err));
    assert_int_equal(lt_checkpoint_files(unet), 2);
    assert_int_equal(lt_checkpoint_count(unet), 358);
    assert_int_equal(lt_checkpoint_find(unet, "conv_in.weight")->type, LT_ST_BF16);
    lt_checkpoint_close(unet);
    lt_model_dir_done(&found);
    free(dir);
    temp_dir_remove(base);
}

static void test_refused(void **state)
{
    (void)state;
    char *base = temp_dir();
    tiny_model m = {.variant = "lcm", .data = LT_TEST_DATA, .assets = LT_ASSETS};
    CHECK_FAILS(tiny_model_write(&m, base, err), LT_ERR_MODEL, "'time_cond_proj_dim' is 24");
    m.variant = "no-such-variant";
    CHECK_FAILS(tiny_model_write(&m, base, err), LT_ERR_IO, "no-such-variant");
    temp_dir_remove(base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_checksums),
                                       cmocka_unit_test(test_extra),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
