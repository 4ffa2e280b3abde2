/* worker_text.c - a prompt that somebody wants to see encoded; see worker_impl.h. */
#include <stdlib.h>
#include <string.h>

#include "pipeline/worker_impl.h"

void lt_worker_encode_text(lt_worker *w)
{
    lt_error err = {0};
    lt_encoding *encoding = NULL;
    lt_worker_at(w, LT_AT_TEXT);
    bool ok = w->engine ? lt_encoding_make(w->engine, w->text, strlen(w->text), &w->s->progress,
                                           &encoding, &err)
                        : lt_fail(&err, LT_ERR_ARGUMENT, NULL, "no model is open to encode a text");
    lt_worker_at(w, LT_IDLE);
    if (!ok && err.code == LT_ERR_CANCELLED)
        return;
    lt_event e = {.kind = LT_EVENT_TEXT, .encoding = encoding, .error = err};
    if (!ok) {
        e.text = w->text;
        w->text = NULL;
    }
    free(w->text);
    w->text = NULL;
    lt_worker_send(w, e);
}
