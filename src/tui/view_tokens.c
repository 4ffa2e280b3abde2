/* view_tokens.c - the tokens of a prompt: a table of its positions with their vectors, and its
 * words in a strip. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tui/draw.h"
#include "tui/view.h"

enum {
    WIDE = 112,  /* cells of a box that has the words beside the table */
    SIDE = 38,   /* cells of them */
    BELOW = 6,   /* else rows of them */
    FULL = 26,   /* rows of them that say all */
    STRIP = 2,   /* rows, and one that is free */
    TALL = 22,   /* rows of a box with room for it */
    COLUMN = 74, /* the least cells of a column of the table */
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
    lt_token_word w = lt_tokens_word(&s->tokens.tokens, s->tokens.tokens.total, token);
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

/* Cells of a column's parts, each with the blank behind it; what is left is the vector. */
enum { AT = 4, PIECE = 17, ID = 7, KIND = 8, WORD = 13, NUMBERS = 20, BINS = 32 };

static void heading(const places *p)
{
    int width = p->table.width / p->columns;
    for (int c = 0; c < p->columns; c++) {
        lt_rect r = {p->heading.x + c * width, p->heading.y, width - 1, 1};
        lt_draw_format(r.y, r.x, r.width, LT_STYLE_STRONG,
                       "%3s %-16s %6s %-7s %-12s %5s %6s %6s %s", "#", "piece", "id", "kind",
                       "word", "rms", "pooled", "start", "vector");
    }
}

/* The encoding, NULL while there is none, with the parts that its vectors are shown in. */
typedef struct vectors {
    const lt_encoding *e;
    int bins;
    double least, most; /* of all parts of all vectors */
} vectors;

static vectors vectors_of(const lt_encoding *e, const places *p)
{
    int left =
        p->table.width / p->columns - (p->columns > 1) - AT - PIECE - ID - KIND - WORD - NUMBERS;
    double bins[BINS];
    vectors v = {.e = e, .bins = left > BINS ? BINS : left, .least = HUGE_VAL};
    if (e && v.bins > e->width)
        v.bins = e->width;
    for (int k = 0; e && k < e->positions; k++) {
        lt_encoding_bins(e, k, v.bins, bins);
        for (int i = 0; i < v.bins; i++) {
            v.most = bins[i] > v.most ? bins[i] : v.most;
            v.least = bins[i] < v.least ? bins[i] : v.least;
        }
    }
    return v;
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

/* The rms of parts of a vector as characters, ' ' to '@': the root of their share of the largest.
 */
static void draw_vector(const vectors *v, int position, lt_rect r, lt_style style)
{
    static const char ramp[] = " .:-=+*#%@";
    double range = v->most - v->least;
    char text[BINS + 1];
    double bins[BINS];
    lt_encoding_bins(v->e, position, v->bins, bins);
    for (int i = 0; i < v->bins; i++) {
        double share = range > 0 ? (bins[i] - v->least) / range : 0;
        text[i] = ramp[(int)(share * (sizeof ramp - 2) + 0.5)];
    }
    text[v->bins] = '\0';
    lt_draw_text(r.y, r.x, r.width, style, text);
}

static void numbers(const vectors *v, const lt_token_row *row, lt_rect r, lt_style style)
{
    if (row->kind == LT_TOKEN_CUT) {
        lt_draw_fit(r.y, r.x, r.width, style, "not encoded");
        return;
    }
    if (row->count > 1) {
        lt_draw_fit(r.y, r.x, r.width, style, "Space shows their vectors");
        return;
    }
    lt_encoding_numbers n = lt_encoding_numbers_at(v->e, row->position);
    lt_draw_format(r.y, r.x, NUMBERS - 1, style, "%5.2f %6.3f %6.3f", n.rms, n.to_pooled,
                   n.to_start);
    draw_vector(v, row->position, (lt_rect){r.x + NUMBERS, r.y, r.width - NUMBERS, 1}, style);
}

static void row(const lt_studio *s, lt_rect r, int i, const vectors *all)
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
    lt_draw_fit(r.y, x, WORD - 1, style, word);
    x += WORD;
    if (all->e)
        numbers(all, &row, (lt_rect){x, r.y, r.x + r.width - x, 1}, style);
}

/* Where the i-th shown row is. */
static lt_rect cell(const places *p, int i)
{
    int width = p->table.width / p->columns;
    return (lt_rect){p->table.x + i / p->table.height * width, p->table.y + i % p->table.height,
                     width - (p->columns > 1), 1};
}

static void table(lt_studio *s, const places *p, const lt_encoding *e)
{
    vectors all = vectors_of(e, p);
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
        row(s, cell(p, i), v->top + i, &all);
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

/* Rows that are not shown, on the border. */
static void more(const lt_studio *s)
{
    const lt_token_view *v = &s->tokens;
    lt_rect box = s->layout.picture_box;
    int rows = lt_token_rows(&v->tokens, v->open), below = rows - v->top - v->page;
    if (v->top > 0 || below > 0)
        lt_draw_format(box.y + box.height - 1, box.x + 3, box.width - 6, LT_STYLE_DIM,
                       " rows %d to %d of %d ", v->top + 1, below > 0 ? v->top + v->page : rows,
                       rows);
}

void lt_view_tokens(lt_studio *s)
{
    char text[96];
    bool there = lt_studio_tokens_follow(s);
    places p = place(s);
    title(s, text, sizeof text);
    lt_draw_box(s->layout.picture_box, LT_STYLE_PLAIN, text);
    if (!there) {
        const lt_error *err = &s->tokens.refused;
        lt_draw_fit(p.table.y, p.table.x, p.table.width,
                    err->code == LT_ERR_NONE ? LT_STYLE_DIM : LT_STYLE_ERROR,
                    err->code == LT_ERR_NONE
                        ? "the model is being opened: its vocabulary cuts the text"
                        : err->message);
        return;
    }
    facts(s, p.facts);
    if (p.strip.height)
        strip(s, p.strip);
    heading(&p);
    const lt_encoding *e = lt_studio_token_vectors(s);
    table(s, &p, e);
    more(s);
    lt_view_token_words(s, p.words, e, p.words.height >= FULL);
}
