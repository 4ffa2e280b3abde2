/* test_programs.c - weights that turn out wrong only when they are read. */
#define _DEFAULT_SOURCE
#include "pipeline/programs.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"
#include "cpu/cpu.h"
#include "pipeline/engine.h"
#include "pipeline_rig.h"
#include "support/check.h"

static const lt_backend_ops *const all[] = {&lt_ref_backend, &lt_cpu_backend};

static char *file_of(const pipeline_rig *r, const char *name)
{
    return lt_path_join(r->dir, name);
}

#define UNET "unet/diffusion_pytorch_model.safetensors"
#define TEXT "text_encoder/model.safetensors"

/* The file loses its second half after it was checked: SIGBUS, if nobody cared. */
static void test_shrinks(void **state)
{
    (void)state;
    lt_map_guard();
    for (int b = 0; b < 2; b++) {
        pipeline_rig r;
        lt_buf whole = {0};
        pipeline_rig_open("sd1", all[b], "f32", &r);
        char *path = file_of(&r, UNET);
        CHECK_OK(lt_file_read(path, 1 << 28, &whole, err));
        assert_int_equal(truncate(path, (off_t)(whole.len / 2)), 0);
        CHECK_FAILS(lt_engine_prepare(r.engine, 1, 8, 8, false, err), LT_ERR_IO, UNET);
        CHECK_FAILS(lt_engine_prepare(r.engine, 1, 8, 8, false, err), LT_ERR_IO, "bytes now");
        assert_int_equal(lt_engine_memory(r.engine).weights, 0); /* nothing is kept of it */
        lt_buf_done(&whole);
        free(path);
        pipeline_rig_close(&r);
    }
}

/* The rows of words may be read when a prompt has them, long after compiling. */
static void test_shrinks_late(void **state)
{
    (void)state;
    lt_map_guard();
    for (int b = 0; b < 2; b++) {
        pipeline_rig r;
        pipeline_rig_open("sd1", all[b], "f32", &r);
        const lt_clip_config *clip = lt_engine_about(r.engine)->clip;
        size_t tokens = (size_t)clip->max_position_embeddings;
        int32_t *ids = lt_alloc_array(tokens, sizeof *ids);
        float *text = lt_alloc_array(tokens * (size_t)clip->hidden_size, sizeof *text);
        CHECK_OK(lt_engine_encode_text(r.engine, ids, text, NULL, err));
        char *path = file_of(&r, TEXT);
        assert_int_equal(truncate(path, 4096), 0);
        ids[1] = clip->vocab_size - 1;
        CHECK_FAILS(lt_engine_encode_text(r.engine, ids, text, NULL, err), LT_ERR_IO, TEXT);
        free(ids);
        free(text);
        free(path);
        pipeline_rig_close(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shrinks),
        cmocka_unit_test(test_shrinks_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
