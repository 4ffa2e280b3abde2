/* view_tokens.c - the tokens of a prompt: a table of its positions, its words in a strip, and what
 * the chosen position is in words. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tui/draw.h"
#include "tui/studio.h"
#include "tui/wrap.h"

enum {
    WIDE = 112,  /* cells of a box that has the words beside the table */
    SIDE = 42,   /* cells of them */
    BELOW = 6,   /* else rows of them */
    STRIP = 2,   /* rows, and one that is free */
    TALL = 22,   /* rows of a box with room for it */
    COLUMN = 60, /* the least cells of a column of the table */
};

/* Where everything is. */
typedef struct places {
    lt_rect facts, strip, heading, table, words; /* height 0: not shown */
    int columns;
} places;

static places place(const lt_studio *s)
{
    lt_rect r = s->layout.picture;
    places p = {.facts = {r.x + 1, r.y, r.width - 2, 1}};
    int y = r.y + 1, bottom = r.y + r.height + 1, right = r.x + r.width - 1;
    if (r.height >= TALL) {
        p.strip = (lt_rect){r.x + 1, y, r.width - 2, STRIP};
        y += STRIP + 1;
    }
    if (r.width >= WIDE) {
        p.words = (lt_rect){right - SIDE, y, SIDE, bottom - y};
        right -= SIDE + 2;
    } else {
        p.words = (lt_rect){r.x + 1, bottom - BELOW, r.width - 2, BELOW};
        bottom -= BELOW;
    }
    p.heading = (lt_rect){r.x + 1, y, right - r.x - 1, 1};
    p.table = (lt_rect){r.x + 1, y + 1, right - r.x - 1, bottom - y - 1};
    p.columns = p.table.width / COLUMN > 1 ? p.table.width / COLUMN : 1;
    return p;
}

/* ---- texts ---- */

static void title(const lt_studio *s, char *to, size_t size)
{
    int run = s->reel ? lt_studio_run_number(s, s->reel->id) : 0;
    switch (s->tokens.of) {
    case LT_TOKENS_RUN:
        snprintf(to, size, "Tokens: the prompt of run %d", run);
        break;
    case LT_TOKENS_RUN_AVOID:
        snprintf(to, size, "Tokens: what run %d avoids", run);
        break;
    case LT_TOKENS_FIELD:
        snprintf(to, size, "Tokens: the prompt as it is typed");
        break;
    default:
        snprintf(to, size, "Tokens: what to avoid, as it is typed");
        break;
    }
}

/* The word of a token as the prompt has it. */
static void word_of(const lt_studio *s, size_t token, char *to, size_t size)
{
    lt_word w = lt_tokens_word(&s->tokens.tokens, token);
    lt_text_escape(to, size, s->tokens.text + w.start, w.end - w.start);
}

static void facts(const lt_studio *s, lt_rect r)
{
    const lt_tokens *t = &s->tokens.tokens;
    size_t words = lt_token_words(t, 0, t->used), cut = t->total - t->used;
    char text[96];
    int n =
        lt_draw_format(r.y, r.x, r.width, LT_STYLE_PLAIN,
                       "%zu of %zu tokens, %zu word%s; %d of %zu positions are padding; ", t->used,
                       t->length - 2, words, words == 1 ? "" : "s", lt_token_padding(t), t->length);
    if (cut == 0) {
        lt_draw_text(r.y, r.x + n, r.width - n, LT_STYLE_DIM, "nothing is cut");
        return;
    }
    size_t from = t->all[t->used].start;
    lt_text_escape(text, sizeof text, s->tokens.text + from, strlen(s->tokens.text) - from);
    lt_draw_format(r.y, r.x + n, r.width - n, LT_STYLE_WARN, "%zu cut: '%s'", cut, text);
}

/* ---- the strip: "|a|photo+realistic|fox|" ---- */

static void strip(const lt_studio *s, lt_rect r)
{
    const lt_token_view *v = &s->tokens;
    const lt_tokens *t = &v->tokens;
    lt_token_row chosen = lt_token_row_at(t, v->open, v->row);
    int x = 0, y = 0;
    for (size_t i = 0; i < t->total; i++) {
        char piece[64];
        bool first = i == 0 || t->all[i].word != t->all[i - 1].word;
        bool on = chosen.kind != LT_TOKEN_START && chosen.kind != LT_TOKEN_END &&
                  chosen.kind != LT_TOKEN_PADDING && t->all[i].word == t->all[chosen.token].word;
        lt_tokenizer_readable(s->facts->tokenizer, t->all[i].id, piece, sizeof piece);
        int cells = (int)strlen(piece) + 1; /* never less than it takes */
        if (x + cells + 1 > r.width) {
            x = 0;
            if (++y == r.height) {
                lt_draw_text(r.y + r.height - 1, r.x + r.width - 3, 3, LT_STYLE_DIM, "...");
                return;
            }
        }
        x += lt_draw_text(r.y + y, r.x + x, 1, LT_STYLE_DIM, first ? "|" : "+");
        x += lt_draw_text(r.y + y, r.x + x, r.width - x,
                          on             ? LT_STYLE_ACCENT
                          : i >= t->used ? LT_STYLE_CUT
                                         : LT_STYLE_PLAIN,
                          piece);
    }
    if (x > 0)
        lt_draw_text(r.y + y, r.x + x, 1, LT_STYLE_DIM, "|");
}

/* ---- the table ---- */

/* Cells of a column's parts, each with the blank behind it. */
enum { AT = 4, PIECE = 17, ID = 7, KIND = 9, WORD = 13 };

static void heading(const places *p)
{
    int width = p->table.width / p->columns;
    for (int c = 0; c < p->columns; c++) {
        lt_rect r = {p->heading.x + c * width, p->heading.y, width - 1, 1};
        lt_draw_format(r.y, r.x, r.width, LT_STYLE_STRONG, "%3s %-16s %6s %-8s %-12s", "#", "piece",
                       "id", "kind", "word");
    }
}

static void position_of(const lt_token_row *row, char *to, size_t size)
{
    if (row->position < 0)
        snprintf(to, size, "-");
    else
        snprintf(to, size, "%d", row->position);
}

static lt_style style_of(const lt_studio *s, const lt_token_row *row, bool chosen)
{
    const lt_token_view *v = &s->tokens;
    lt_token_row at = lt_token_row_at(&v->tokens, v->open, v->row);
    bool words = (at.kind == LT_TOKEN_TEXT || at.kind == LT_TOKEN_CUT) &&
                 (row->kind == LT_TOKEN_TEXT || row->kind == LT_TOKEN_CUT);
    if (chosen)
        return LT_STYLE_CHOSEN;
    if (words && v->tokens.all[at.token].word == v->tokens.all[row->token].word)
        return LT_STYLE_ACCENT;
    return row->kind == LT_TOKEN_CUT    ? LT_STYLE_CUT
           : row->kind == LT_TOKEN_TEXT ? LT_STYLE_PLAIN
                                        : LT_STYLE_DIM;
}

static void row(const lt_studio *s, lt_rect r, int i)
{
    const lt_token_view *v = &s->tokens;
    lt_token_row row = lt_token_row_at(&v->tokens, v->open, i);
    lt_style style = style_of(s, &row, i == v->row);
    const char *piece = lt_tokenizer_piece(s->facts->tokenizer, row.id);
    char word[64] = "", at[16];
    int x = r.x;
    if (row.kind == LT_TOKEN_TEXT || row.kind == LT_TOKEN_CUT)
        word_of(s, row.token, word, sizeof word);
    if (row.count > 1)
        snprintf(word, sizeof word, "%d, folded", row.count);
    if (i == v->row)
        lt_draw_fill(r, style);
    position_of(&row, at, sizeof at);
    lt_draw_format(r.y, x, AT, style, "%3s", at);
    x += AT;
    lt_draw_fit(r.y, x, PIECE - 1, style, piece ? piece : "?");
    x += PIECE;
    lt_draw_format(r.y, x, ID - 1, style, "%6d", row.id);
    x += ID;
    lt_draw_text(r.y, x, KIND - 1, style, lt_token_kind_name(row.kind));
    x += KIND;
    int room = r.x + r.width - x;
    lt_draw_fit(r.y, x, room < WORD - 1 ? room : WORD - 1, style, word);
}

/* Where the i-th shown row is. */
static lt_rect cell(const places *p, int i)
{
    int width = p->table.width / p->columns;
    return (lt_rect){p->table.x + i / p->table.height * width, p->table.y + i % p->table.height,
                     width - (p->columns > 1), 1};
}

static void table(lt_studio *s, const places *p)
{
    lt_token_view *v = &s->tokens;
    int rows = lt_token_rows(&v->tokens, v->open), most;
    v->page = p->table.height * p->columns;
    if (v->row < v->top)
        v->top = v->row;
    if (v->row >= v->top + v->page)
        v->top = v->row - v->page + 1;
    most = rows > v->page ? rows - v->page : 0;
    v->top = v->top > most ? most : v->top;
    for (int i = 0; i < v->page && v->top + i < rows; i++)
        row(s, cell(p, i), v->top + i);
    if (v->top + v->page < rows)
        lt_draw_format(p->heading.y, p->heading.x + p->heading.width - 12, 12, LT_STYLE_DIM,
                       "%5d more", rows - v->top - v->page);
}

int lt_view_tokens_at(const lt_studio *s, int x, int y)
{
    places p = place(s);
    const lt_token_view *v = &s->tokens;
    for (int i = 0; v->text && i < v->page; i++) {
        lt_rect r = cell(&p, i);
        if (y == r.y && x >= r.x && x < r.x + r.width)
            return v->top + i < lt_token_rows(&v->tokens, v->open) ? v->top + i : -1;
    }
    return -1;
}

/* ---- in words ---- */

/* What the chosen row is. */
static void about_row(const lt_studio *s, lt_buf *out)
{
    const lt_token_view *v = &s->tokens;
    const lt_tokens *t = &v->tokens;
    lt_token_row row = lt_token_row_at(t, v->open, v->row);
    char word[64], pad[64];
    switch (row.kind) {
    case LT_TOKEN_START:
        lt_buf_str(out,
                   "The start token begins every prompt. A position sees itself and those before "
                   "it, so this one gives the same vector for every prompt.");
        break;
    case LT_TOKEN_TEXT: {
        lt_word w = lt_tokens_word(t, row.token);
        word_of(s, row.token, word, sizeof word);
        lt_buf_format(out, "'%s', ", word);
        if (w.count > 1)
            lt_buf_format(out, "token %zu of its %zu. ", row.token - w.first + 1, w.count);
        else
            lt_buf_str(out, "a word with a token of its own. ");
        lt_buf_str(out, "Its vector depends on what comes before it, not on what follows.");
        break;
    }
    case LT_TOKEN_END:
        lt_buf_str(out, "The end token. It sees the whole prompt.");
        break;
    case LT_TOKEN_PADDING:
        lt_tokenizer_readable(s->facts->tokenizer, row.id, pad, sizeof pad);
        lt_buf_format(
            out,
            "Padding up to %zu positions, with %s (id %d). Nothing masks it: it is encoded "
            "and read as words are.",
            t->length, pad, row.id);
        break;
    case LT_TOKEN_CUT:
        lt_buf_format(out,
                      "Cut off: there is room for %zu tokens between start and end. The model does "
                      "not see it.",
                      t->length - 2);
        break;
    }
}

static void words(const lt_studio *s, lt_rect r)
{
    lt_buf text = {0}, lines = {0};
    about_row(s, &text);
    lt_wrap_text(&lines, text.data, text.len, r.width, s->options->utf8);
    const char *line = lines.data;
    for (int y = 0; y < r.height && line && *line; y++) {
        size_t n = strcspn(line, "\n");
        lt_draw_bytes(r.y + y, r.x, r.width, LT_STYLE_PLAIN, line, n);
        line += n + (line[n] == '\n');
    }
    lt_buf_done(&text);
    lt_buf_done(&lines);
}

void lt_view_tokens(lt_studio *s)
{
    char text[96];
    bool there = lt_studio_tokens_follow(s);
    places p = place(s);
    title(s, text, sizeof text);
    lt_draw_box(s->layout.picture_box, LT_STYLE_PLAIN, text);
    if (!there) {
        lt_draw_text(p.table.y, p.table.x, p.table.width, LT_STYLE_DIM,
                     "the model is being opened: its vocabulary cuts the text");
        return;
    }
    facts(s, p.facts);
    if (p.strip.height)
        strip(s, p.strip);
    heading(&p);
    table(s, &p);
    words(s, p.words);
}
