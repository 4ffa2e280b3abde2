/* view_token_words.c - beside or below the table of tokens: what the chosen position is, and what
 * the text encoder's two outputs are. */
#include <string.h>

#include "base/text.h"
#include "tui/draw.h"
#include "tui/view.h"
#include "tui/wrap.h"

/* A place that moves down the area. */
typedef struct pen {
    const lt_studio *s;
    lt_rect area;
    int y;
} pen;

static void paragraph(pen *p, lt_style style, const char *text)
{
    lt_buf lines = {0};
    lt_wrap_text(&lines, text, strlen(text), p->area.width, p->s->options->utf8);
    for (const char *line = lines.data; line && *line && p->y < p->area.height; p->y++) {
        size_t n = strcspn(line, "\n");
        lt_draw_bytes(p->area.y + p->y, p->area.x, p->area.width, style, line, n);
        line += n + (line[n] == '\n');
    }
    lt_buf_done(&lines);
}

/* ---- the chosen row ---- */

static void about_word(const lt_studio *s, const lt_token_row *row, lt_buf *out)
{
    const lt_tokens *t = &s->tokens.tokens;
    lt_token_word w = lt_tokens_word(t, t->total, row->token);
    char word[64];
    lt_text_escape(word, sizeof word, s->tokens.text + w.start, w.end - w.start);
    lt_buf_format(out, "'%s', ", word);
    if (w.count > 1)
        lt_buf_format(out, "token %zu of its %zu. ", row->token - w.first + 1, w.count);
    else
        lt_buf_str(out, "a word with a token of its own. ");
    if (row->kind == LT_TOKEN_CUT)
        lt_buf_format(out,
                      "Cut off: %zu tokens fit between start and end. The model does not see it.",
                      t->length - 2);
    else
        lt_buf_str(out, "Its vector depends on what comes before it, not on what follows.");
}

static void about_row(const lt_studio *s, const lt_encoding *e, lt_buf *out)
{
    const lt_token_view *v = &s->tokens;
    lt_token_row row = lt_token_row_at(&v->tokens, v->open, v->row);
    char pad[64];
    switch (row.kind) {
    case LT_TOKEN_START:
        lt_buf_str(out, "The start token. A position sees itself and those before it, so this one "
                        "has the same vector in every prompt.");
        break;
    case LT_TOKEN_END:
        lt_buf_str(out, "The end token. It sees the whole text");
        lt_buf_str(out, e && e->row == row.position ? ": its vector is the pooled output." : ".");
        break;
    case LT_TOKEN_PADDING:
        lt_tokenizer_readable(s->facts->tokenizer, row.id, pad, sizeof pad);
        lt_buf_format(out,
                      "Padding up to %zu positions, with %s (id %d). Nothing masks it: it is "
                      "encoded and read as words are.",
                      v->tokens.length, pad, row.id);
        break;
    default:
        about_word(s, &row, out);
        break;
    }
}

/* ---- the outputs ---- */

/* Where in the text the pooled row is. */
static const char *place_of_row(const lt_encoding *e)
{
    return (size_t)e->row == e->tokens.used + 1 ? "where the text ends" : "the first end token";
}

static void in_short(pen *p, const lt_encoding *e)
{
    lt_buf text = {0};
    lt_buf_format(
        &text,
        "last_hidden_state: %d vectors of %d numbers. The UNet's cross-attention reads all "
        "in every step, padding too: words keep their places.",
        e->positions, e->width);
    paragraph(p, LT_STYLE_PLAIN, text.data);
    lt_buf_clear(&text);
    lt_buf_format(&text,
                  "Pooled output: row %d of them, %s. This UNet does not read it; CLIP's training "
                  "did, to match texts with pictures.",
                  e->row, place_of_row(e));
    paragraph(p, LT_STYLE_PLAIN, text.data);
    lt_buf_done(&text);
}

static void in_full(pen *p, const lt_encoding *e)
{
    lt_buf text = {0};
    p->y++;
    paragraph(p, LT_STYLE_STRONG, "last_hidden_state");
    lt_buf_format(
        &text,
        "%d vectors of %d numbers, one for each position. The UNet's cross-attention reads "
        "all of them in every step, padding too: words keep their places, and every place "
        "of the picture can ask each of them.",
        e->positions, e->width);
    paragraph(p, LT_STYLE_PLAIN, text.data);
    lt_buf_clear(&text);
    p->y++;
    paragraph(p, LT_STYLE_STRONG, "pooled output (pooler_output)");
    lt_buf_format(
        &text,
        "One vector: row %d of last_hidden_state, %s. The UNet of Stable Diffusion 1.x and "
        "2.x does not read it: one vector for the whole text has no words to ask. CLIP's "
        "training used it: projected, it was matched with pictures.",
        e->row, place_of_row(e));
    paragraph(p, LT_STYLE_PLAIN, text.data);
    lt_buf_clear(&text);
    p->y++;
    paragraph(
        p, LT_STYLE_DIM,
        "rms: of a vector's numbers. pooled, start: cosine to the pooled vector, and to that of "
        "the start token. vector: its numbers from first to last, rms by parts, from "
        "' ' the least here to '@' the most.");
    lt_buf_done(&text);
}

/* What else there is to know of this text. */
static void about_text(pen *p)
{
    const lt_studio *s = p->s;
    const lt_film *f = s->reel ? s->reel->film : NULL;
    lt_tokens_of of = s->tokens.of;
    lt_buf text = {0};
    if (of == LT_TOKENS_RUN_AVOID && f && !f->guided)
        lt_buf_str(&text, "Guidance is off: this text was not read.");
    else if (of == LT_TOKENS_RUN_AVOID || of == LT_TOKENS_FIELD_AVOID)
        lt_buf_str(&text, "Guidance reads it for the prediction without the prompt.");
    if (f && of <= LT_TOKENS_RUN_AVOID && strcmp(f->model, s->facts->name) != 0)
        lt_buf_format(&text, " Encoded by %s; the run was made by %s.", s->facts->name, f->model);
    if (text.len)
        paragraph(p, LT_STYLE_DIM, text.data);
    lt_buf_done(&text);
}

void lt_view_token_words(const lt_studio *s, lt_rect area, const lt_encoding *e, bool tall)
{
    pen p = {s, area, 0};
    lt_buf row = {0};
    about_row(s, e, &row);
    paragraph(&p, LT_STYLE_PLAIN, row.data);
    about_text(&p);
    if (e && tall)
        in_full(&p, e);
    else if (e)
        in_short(&p, e);
    else if (s->tokens.fault.code != LT_ERR_NONE)
        paragraph(&p, LT_STYLE_ERROR, s->tokens.fault.message);
    else if (s->tokens.rest_at > 0)
        paragraph(&p, LT_STYLE_DIM, "the text encoder is asked when the typing rests");
    else
        paragraph(&p, LT_STYLE_DIM, "the text encoder is at work: its vectors are coming");
    lt_buf_done(&row);
}
