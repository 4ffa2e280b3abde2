/* test_ports.c - what a backend refuses to pack, to be given, and to be asked for. */
#include "support/check.h"
#include "tensor/ports.h"

static void test_ports(void **state)
{
    lt_graph *g = lt_graph_new(), *other = lt_graph_new();
    lt_shape shape = {.ndim = 2, .dim = {2, 4}};
    lt_tensor *x = lt_input(g, "x", LT_F32, shape), *y = lt_linear(g, "y", x, 4, false);
    lt_tensor *ids = lt_output(g, "ids", lt_input(g, "ids", LT_I32, shape));
    lt_tensor *far = lt_input(other, "far", LT_F32, shape);
    lt_fused f;
    (void)state;
    lt_output(g, "out", y);
    CHECK_OK(lt_fuse(g, 0, &f, err));
    CHECK_FAILS(lt_ports_check_sources(g, err), LT_ERR_MODEL, "'y.weight' has no numbers");
    lt_graph_param(g, 0)->source = (lt_source){"", LT_I32};
    CHECK_FAILS(lt_ports_check_sources(g, err), LT_ERR_MODEL, "'y.weight' has no numbers");
    lt_graph_param(g, 0)->source.dtype = LT_F16;
    CHECK_OK(lt_ports_check_sources(g, err));

    CHECK_OK(lt_ports_input(&f, g, x, 8, err) == lt_graph_node(f.graph, x->id));
    CHECK_OK(lt_ports_output(&f, g, y, 8, err) == lt_graph_node(f.graph, y->id));
    CHECK_FAILS(lt_ports_input(&f, g, far, 8, err), LT_ERR_ARGUMENT, "'far' is not of this");
    CHECK_FAILS(lt_ports_input(&f, g, x, 7, err), LT_ERR_ARGUMENT, "'x' is [2,4], not 7 values");
    CHECK_FAILS(lt_ports_input(&f, g, y, 8, err), LT_ERR_ARGUMENT, "'y' is not an input");
    CHECK_FAILS(lt_ports_output(&f, g, x, 8, err), LT_ERR_ARGUMENT, "'x' is not an output");
    CHECK_FAILS(lt_ports_output(&f, g, ids, 8, err), LT_ERR_ARGUMENT, "'ids' is not an output");
    CHECK_FAILS(lt_fail(err, LT_ERR_DEVICE, NULL, "broken") || lt_ports_fail_at(y, err),
                LT_ERR_DEVICE, "linear 'y' [2,4]: broken");
    lt_fused_done(&f);
    lt_graph_free(g);
    lt_graph_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
