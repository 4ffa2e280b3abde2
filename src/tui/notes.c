/* notes.c - the row of messages. */
#include <stdarg.h>
#include <stdio.h>

#include "tui/studio.h"

enum { SECONDS = 8 }; /* that an information stays */

void lt_studio_say(lt_studio *s, lt_note_kind kind, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(s->note.text, sizeof s->note.text, format, args);
    va_end(args);
    s->note.kind = kind;
    s->note.until = kind == LT_NOTE_INFO ? s->now + SECONDS : 0;
    s->dirty = true;
}

void lt_studio_fault(lt_studio *s, const lt_error *err)
{
    s->note.error = *err;
    if (*err->hint)
        lt_studio_say(s, LT_NOTE_ERROR, "%s (%s)", err->message, err->hint);
    else
        lt_studio_say(s, LT_NOTE_ERROR, "%s", err->message);
}

void lt_studio_unsay(lt_studio *s)
{
    if (s->note.kind == LT_NOTE_INFO)
        s->note.text[0] = '\0';
}
