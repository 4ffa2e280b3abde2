/* The parameters that our graphs ask for are those that diffusers has: Stable Diffusion 1.4, from
 * its configs in tests/data/tiny/sd14 against the lists that tools/oracle/names.py wrote. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "model/clip.h"
#include "model/unet.h"
#include "model/vae.h"
#include "support/check.h"

#define CONFIGS LT_TEST_DATA "/tiny/sd14/"

static lt_tensor *input(lt_graph *g, const char *name, lt_dtype dtype, int ndim, int64_t a,
                        int64_t b, int64_t c, int64_t d)
{
    return lt_input(g, name, dtype, (lt_shape){.ndim = ndim, .dim = {a, b, c, d}});
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "path d0 d1 ..." of every parameter, sorted, a line each. */
static void list_params(const lt_graph *g, lt_buf *out)
{
    int n = lt_graph_params(g);
    char **lines = lt_alloc_array((size_t)n, sizeof *lines);
    for (int i = 0; i < n; i++) {
        const lt_param *p = lt_graph_param(g, i);
        lt_buf line = {0};
        lt_buf_str(&line, p->path);
        for (int d = 0; d < p->shape.ndim; d++)
            lt_buf_format(&line, " %d", (int)p->shape.dim[d]);
        lines[i] = line.data;
    }
    qsort(lines, (size_t)n, sizeof *lines, compare_lines);
    for (int i = 0; i < n; i++) {
        lt_buf_format(out, "%s\n", lines[i]);
        free(lines[i]);
    }
    free(lines);
}

static void check_names(lt_graph *g, const char *component)
{
    lt_buf ours = {0}, theirs = {0};
    char *path = lt_format("%s/model/names/%s.txt", LT_TEST_DATA, component);
    CHECK_OK(lt_graph_ok(g, err));
    CHECK_OK(lt_file_read(path, 1 << 20, &theirs, err));
    list_params(g, &ours);
    assert_string_equal(ours.data, theirs.data);
    free(path);
    lt_buf_done(&ours);
    lt_buf_done(&theirs);
    lt_graph_free(g);
}

static void test_unet(void **state)
{
    (void)state;
    lt_unet_config c;
    CHECK_OK(lt_unet_config_read(CONFIGS "unet", &c, err));
    lt_graph *g = lt_graph_new();
    lt_tensor *x = input(g, "latents", LT_F32, 4, 1, 64, 64, 4);
    lt_tensor *time = input(g, "time", LT_F32, 2, 1, 320, 0, 0);
    lt_tensor *eps =
        lt_unet(g, &c, x, lt_unet_time(g, &c, time), input(g, "text", LT_F32, 3, 1, 77, 768, 0));
    assert_true(lt_shape_equal(&eps->shape, &x->shape));
    check_names(g, "unet");
}

static void test_vae(void **state)
{
    (void)state;
    lt_vae_config c;
    CHECK_OK(lt_vae_config_read(CONFIGS "vae", &c, err));
    lt_graph *g = lt_graph_new();
    lt_tensor *image = lt_vae_decode(g, &c, input(g, "latents", LT_F32, 4, 1, 64, 64, 4));
    lt_tensor *moments = lt_vae_encode(g, &c, input(g, "image", LT_F32, 4, 1, 512, 512, 3));
    assert_true(lt_shape_equal(&image->shape, &(lt_shape){4, {1, 512, 512, 3}}));
    assert_true(lt_shape_equal(&moments->shape, &(lt_shape){4, {1, 64, 64, 8}}));
    check_names(g, "vae");
}

static void test_text_encoder(void **state)
{
    (void)state;
    lt_clip_config c;
    CHECK_OK(lt_clip_config_read(CONFIGS "text_encoder", &c, err));
    lt_graph *g = lt_graph_new();
    lt_tensor *text = lt_clip_text(g, &c, input(g, "ids", LT_I32, 2, 1, 77, 0, 0));
    assert_true(lt_shape_equal(&text->shape, &(lt_shape){3, {1, 77, 768}}));
    check_names(g, "text_encoder");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_unet), cmocka_unit_test(test_vae),
                                       cmocka_unit_test(test_text_encoder)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
