/* session_rig.h - taking a session's events, for tests. */
#pragma once

#include "pipeline/session.h"

/* Waits for the next one. */
lt_event session_next(lt_session *s);
/* Everything that comes, up to an event of that kind, which is the caller's; a fault fails. */
lt_event session_wait_for(lt_session *s, lt_event_kind kind);
/* The same, which must be of that run and, unless negative, that step. */
void session_skip_to(lt_session *s, lt_event_kind kind, uint64_t id, int step);
