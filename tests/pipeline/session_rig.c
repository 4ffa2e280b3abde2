#define _POSIX_C_SOURCE 200809L
#include "session_rig.h"

#include <poll.h>

#include "support/check.h"

lt_event session_next(lt_session *s)
{
    struct pollfd p = {.fd = lt_session_fd(s), .events = POLLIN};
    lt_event e;
    if (poll(&p, 1, 600 * 1000) != 1 || !lt_session_poll(s, &e))
        fail_msg("no event came");
    return e;
}

/* Everything that comes, up to an event of that kind, which is the caller's. */
lt_event session_wait_for(lt_session *s, lt_event_kind kind)
{
    for (;;) {
        lt_event e = session_next(s);
        if (e.kind == kind)
            return e;
        if (e.kind == LT_EVENT_FAILED)
            fail_msg("failed: %s", e.error.message);
        lt_event_done(&e);
    }
}

void session_skip_to(lt_session *s, lt_event_kind kind, uint64_t id, int step)
{
    lt_event e = session_wait_for(s, kind);
    assert_int_equal(e.id, id);
    if (step >= 0)
        assert_int_equal(e.step, step);
    lt_event_done(&e);
}
