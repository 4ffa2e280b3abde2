/* token_vectors.c - what the text encoder makes of the text that is looked at: asked of the worker,
 * and kept. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/studio.h"
#include "tui/wake.h"

const lt_encoding *lt_studio_token_vectors(lt_studio *s)
{
    lt_token_view *v = &s->tokens;
    for (int i = 0; i < LT_TOKENS_KEPT && v->kept[i]; i++)
        if (strcmp(v->kept[i]->text, v->text) == 0)
            return v->kept[i];
    if (v->asked && strcmp(v->asked, v->text) == 0)
        return NULL;
    if (v->rest_at > s->now)
        return NULL;
    v->rest_at = 0;
    free(v->asked);
    v->asked = lt_strdup(v->text);
    v->fault = (lt_error){0};
    lt_session_encode_text(s->session, v->text);
    return NULL;
}

double lt_studio_token_vectors_wait(const lt_studio *s)
{
    double at = s->tokens.rest_at;
    return s->view == LT_VIEW_TOKENS && at > 0 ? lt_wake_until(at, s->now) : -1;
}

void lt_studio_token_vectors_tick(lt_studio *s)
{
    if (lt_studio_token_vectors_wait(s) != 0)
        return;
    s->tokens.rest_at = 0;
    s->dirty = true; /* drawing asks for them */
}

void lt_studio_token_vectors_take(lt_studio *s, lt_event *e)
{
    lt_token_view *v = &s->tokens;
    const char *text = e->encoding ? e->encoding->text : e->text;
    bool wanted = v->asked && strcmp(v->asked, text) == 0;
    if (!e->encoding) {
        v->fault = wanted ? e->error : v->fault;
        return;
    }
    lt_encoding_free(v->kept[LT_TOKENS_KEPT - 1]);
    memmove(v->kept + 1, v->kept, (LT_TOKENS_KEPT - 1) * sizeof *v->kept);
    v->kept[0] = e->encoding;
    e->encoding = NULL;
    if (wanted) {
        free(v->asked);
        v->asked = NULL;
    }
}

void lt_studio_token_vectors_done(lt_studio *s)
{
    lt_token_view *v = &s->tokens;
    for (int i = 0; i < LT_TOKENS_KEPT; i++) {
        lt_encoding_free(v->kept[i]);
        v->kept[i] = NULL;
    }
    free(v->asked);
    v->asked = NULL;
    v->fault = (lt_error){0};
}
