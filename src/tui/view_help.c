/* view_help.c - pages of text in the place of the picture: the keys, and an error in full. */
#include <string.h>

#include "tui/draw.h"
#include "tui/view.h"
#include "tui/wrap.h"

static void error_in_full(const lt_studio *s, int width, lt_buf *out)
{
    const lt_error *e = &s->note.error;
    lt_wrap_text(out, e->message, strlen(e->message), width, s->options->utf8);
    if (*e->hint) {
        lt_buf_str(out, "\nhint:\n");
        lt_wrap_text(out, e->hint, strlen(e->hint), width, s->options->utf8);
    }
}

/* The last error, and the mistakes in the user's files. */
static void details(const lt_studio *s, int width, lt_buf *out)
{
    lt_buf mistakes = {0};
    bool error = s->note.error.code != LT_ERR_NONE;
    lt_studio_mistakes(s, &mistakes);
    if (error)
        error_in_full(s, width, out);
    if (error && mistakes.len)
        lt_buf_char(out, '\n');
    if (mistakes.len)
        lt_wrap_text(out, mistakes.data, mistakes.len, width, s->options->utf8);
    else if (!error)
        lt_buf_str(out, "there was no error\n");
    lt_buf_done(&mistakes);
}

/* Lines of text from the top-th on; a line that ends in a colon without blanks before it is a
 * heading of its own kind only by its place, so all are plain. */
static void page(lt_studio *s, lt_rect r, const char *text)
{
    int lines = 0, y = 0;
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    if (s->help_top > lines - r.height)
        s->help_top = lines - r.height;
    s->help_top = s->help_top < 0 ? 0 : s->help_top;
    for (int i = 0; *text && y < r.height; i++) {
        size_t n = strcspn(text, "\n");
        if (i >= s->help_top)
            lt_draw_bytes(r.y + y++, r.x, r.width, LT_STYLE_PLAIN, text, n);
        text += n + (text[n] == '\n');
    }
}

void lt_view_help(lt_studio *s)
{
    lt_rect box = s->layout.picture_box;
    lt_buf text = {0};
    box.width = s->layout.title.width;
    lt_rect inside = {box.x + 2, box.y + 1, box.width - 4, box.height - 2};
    lt_draw_box(box, LT_STYLE_PLAIN, s->help ? "Keys" : "Error");
    if (s->help)
        lt_keymap_page(s->keymap, LT_IN_ANYWHERE & ~(LT_IN_HELP | LT_IN_MESSAGE), s->find,
                       inside.width, s->options->utf8, &text);
    else
        details(s, inside.width, &text);
    page(s, inside, text.len ? text.data : "");
    lt_buf_done(&text);
}
