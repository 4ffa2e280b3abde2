/* test_device.c - the real device.c where there is no device: said in words, and nothing breaks.
 * Where there is one, its memory and its streams do what they say. */
#include <string.h>

#include "cuda/device.h"
#include "cuda/stream.h"
#include "support/check.h"

static void test_without(void **state)
{
    lt_error why = {0};
    lt_gpu *g = NULL;
    lt_gpu_facts facts;
    (void)state;
    if (lt_gpu_count(&why) > 0)
        skip();
    print_message("%s (%s)\n", why.message, why.hint);
    assert_int_equal(why.code, LT_ERR_DEVICE);
    assert_true(*why.message && *why.hint);
    CHECK_FAILS(lt_gpu_facts_of(0, &facts, err), LT_ERR_DEVICE, why.message);
    CHECK_FAILS(lt_gpu_open(0, &g, err), LT_ERR_DEVICE, why.message);
}

static void test_nothing_is_fine(void **state)
{
    (void)state;
    lt_gpu_close(NULL);
    lt_gpu_free(NULL, NULL);
    lt_gpu_unpin(NULL, NULL);
    lt_gpu_stream_close(NULL);
    lt_gpu_graph_free(NULL);
    lt_gpu_mark_free(NULL);
}

/* Copies, recorded and replayed, on what there is. */
static void test_with(void **state)
{
    lt_error why;
    lt_gpu *g = NULL;
    lt_gpu_stream *s = NULL;
    lt_gpu_graph *graph = NULL;
    void *memory = NULL, *pinned = NULL, *too_much = NULL;
    (void)state;
    if (lt_gpu_count(&why) == 0)
        skip();
    CHECK_OK(lt_gpu_open(0, &g, err));
    CHECK_OK(lt_gpu_stream_open(g, true, &s, err));
    CHECK_OK(lt_gpu_alloc(g, 64, "test", &memory, err));
    CHECK_OK(lt_gpu_pin(g, 64, "test", &pinned, err));
    memset(pinned, 7, 32);
    memset((char *)pinned + 32, 0, 32);
    CHECK_OK(lt_gpu_record(s, err));
    CHECK_OK(lt_gpu_upload(s, memory, pinned, 32, err));
    CHECK_OK(lt_gpu_copy(s, (char *)memory + 32, memory, 32, err));
    CHECK_OK(lt_gpu_download(s, (char *)pinned + 32, (char *)memory + 32, 32, err));
    CHECK_OK(lt_gpu_recorded(s, &graph, err));
    CHECK_OK(lt_gpu_replay(s, graph, err));
    CHECK_OK(lt_gpu_wait(s, err));
    assert_memory_equal(pinned, (char *)pinned + 32, 32);
    CHECK_OK(lt_gpu_record(s, err));
    lt_gpu_record_drop(s);
    CHECK_FAILS(lt_gpu_alloc(g, (size_t)1 << 50, "too much", &too_much, err), LT_ERR_MEMORY,
                "too much: ");
    CHECK_OK(lt_gpu_workspace_grow(s, 4096, err));
    assert_true(lt_gpu_workspace_size(s) >= 4096 && lt_gpu_workspace(s) && lt_gpu_room(g) > 0);
    lt_gpu_graph_free(graph);
    lt_gpu_free(g, memory);
    lt_gpu_unpin(g, pinned);
    lt_gpu_stream_close(s);
    lt_gpu_close(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without),
        cmocka_unit_test(test_nothing_is_fine),
        cmocka_unit_test(test_with),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
