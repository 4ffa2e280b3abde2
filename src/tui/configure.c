/* configure.c - keys and other options of the user's files, and the mistakes in them. */
#include <string.h>

#include "tui/draw.h"
#include "tui/studio.h"

static int count(const lt_studio *s)
{
    return s->faults.count + (s->options->faults ? s->options->faults->count : 0);
}

/* "3 mistakes (Esc e: all): latentty.conf:3: ..." */
static void say(lt_studio *s)
{
    const lt_conf_faults *settings = s->options->faults;
    const char *first = settings && settings->count ? settings->first : s->faults.first;
    int n = count(s);
    lt_buf keys = {0};
    lt_buf_str(&keys, "");
    lt_keymap_keys(s->keymap, LT_IN_VIEWING, LT_ACTION_DETAILS, &keys);
    if (n > 1)
        lt_studio_say(s, LT_NOTE_WARN, "%d mistakes (Esc, then %s, shows all): %s", n, keys.data,
                      first);
    else
        lt_studio_say(s, LT_NOTE_WARN, "%s", first);
    lt_buf_done(&keys);
    s->unread = true;
}

void lt_studio_configure(lt_studio *s)
{
    const lt_tui_options *o = s->options;
    s->keymap = lt_keymap_new();
    if (o->keys)
        lt_keymap_load(s->keymap, o->keys, &s->faults);
    s->pace = o->pace;
    lt_draw_theme(o->theme);
    if (count(s) > 0)
        say(s);
}

static void add(const lt_conf_faults *f, lt_buf *out)
{
    if (f->all.len)
        lt_buf_add(out, f->all.data, f->all.len);
}

void lt_studio_mistakes(const lt_studio *s, lt_buf *out)
{
    if (s->options->faults)
        add(s->options->faults, out);
    add(&s->faults, out);
}
