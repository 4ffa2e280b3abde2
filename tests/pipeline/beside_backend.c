/* beside_backend.c - see beside_backend.h. */
#include "beside_backend.h"

#include <stddef.h>

#include "base/panic.h"

beside_control beside;

/* Only the worker's thread is here. */
static struct {
    lt_program *program;
    int asked;
} at_work;

void beside_reset(int asks)
{
    atomic_store(&beside.asks, asks);
    atomic_store(&beside.fail_start, -1);
    atomic_store(&beside.fail_finish, -1);
    atomic_store(&beside.starts, 0);
    atomic_store(&beside.runs_meanwhile, 0);
}

static bool turn(atomic_int *left, const char *what, lt_error *err)
{
    if (atomic_load(left) < 0 || atomic_fetch_sub(left, 1) > 0)
        return true;
    return lt_fail(err, LT_ERR_DEVICE, NULL, "%s was made to fail", what);
}

static bool start(lt_program *p, lt_error *err)
{
    LT_ASSERT(!at_work.program);
    atomic_fetch_add(&beside.starts, 1);
    if (!turn(&beside.fail_start, "start", err))
        return false;
    at_work.program = p;
    at_work.asked = 0;
    return true;
}

static bool finished(lt_program *p, bool *yes, lt_error *err)
{
    *yes = at_work.program != p;
    if (*yes)
        return true;
    *yes = ++at_work.asked >= atomic_load(&beside.asks);
    if (!*yes)
        return true;
    at_work.program = NULL;
    return turn(&beside.fail_finish, "finished", err) && lt_ref_backend.run(p, NULL, err);
}

static bool write_input(lt_program *p, const lt_tensor *input, const void *host, size_t count,
                        lt_error *err)
{
    LT_ASSERT(p != at_work.program);
    return lt_ref_backend.write(p, input, host, count, err);
}

static bool run(lt_program *p, lt_progress *progress, lt_error *err)
{
    LT_ASSERT(p != at_work.program);
    if (at_work.program)
        atomic_fetch_add(&beside.runs_meanwhile, 1);
    return lt_ref_backend.run(p, progress, err);
}

static bool read_output(lt_program *p, const lt_tensor *output, void *host, size_t count,
                        lt_error *err)
{
    LT_ASSERT(p != at_work.program);
    return lt_ref_backend.read(p, output, host, count, err);
}

static void discard(lt_backend *b, lt_program *p)
{
    if (p && p == at_work.program)
        at_work.program = NULL;
    lt_ref_backend.discard(b, p);
}

const lt_backend_ops *const *beside_backends(void)
{
    static lt_backend_ops ops;
    static const lt_backend_ops *const list[] = {&ops, NULL};
    ops = lt_ref_backend;
    ops.name = "beside";
    ops.compile_beside = lt_ref_backend.compile;
    ops.start = start;
    ops.finished = finished;
    ops.write = write_input;
    ops.run = run;
    ops.read = read_output;
    ops.discard = discard;
    return list;
}
