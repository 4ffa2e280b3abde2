/* screen.c - the text of the screen, kept by libvterm; see terminal.h. */
#include <stdint.h>
#include <string.h>
#include <utf8proc.h>

#include "terminal_parts.h"

static int on_damage(VTermRect cells, void *user)
{
    terminal *t = user;
    t->changes++;
    pictures_touched(t, cells);
    return 1;
}

static int on_move(VTermRect to, VTermRect from, void *user)
{
    terminal *t = user;
    t->changes++;
    if (to.start_row != from.start_row && terminal_mode(t, 1049))
        terminal_note_fault(t, "rows %d..%d were scrolled to %d", from.start_row, from.end_row - 1,
                            to.start_row);
    /* what lies in between moved as well */
    from.start_row = to.start_row < from.start_row ? to.start_row : from.start_row;
    from.end_row = to.end_row > from.end_row ? to.end_row : from.end_row;
    from.start_col = to.start_col < from.start_col ? to.start_col : from.start_col;
    from.end_col = to.end_col > from.end_col ? to.end_col : from.end_col;
    pictures_touched(t, from);
    return 1;
}

static int on_cursor(VTermPos now, VTermPos before, int visible, void *user)
{
    (void)now, (void)before, (void)visible;
    ((terminal *)user)->changes++;
    return 1;
}

bool screen_open(terminal *t, lt_error *err)
{
    static const VTermScreenCallbacks callbacks = {
        .damage = on_damage, .moverect = on_move, .movecursor = on_cursor};
    t->vt = vterm_new(t->rows, t->columns);
    if (!t->vt)
        return lt_fail(err, LT_ERR_MEMORY, NULL, "libvterm has no memory for a screen");
    vterm_set_utf8(t->vt, 1);
    t->state = vterm_obtain_state(t->vt);
    t->screen = vterm_obtain_screen(t->vt);
    vterm_screen_enable_altscreen(t->screen, 1);
    vterm_screen_reset(t->screen, 1);
    vterm_screen_set_callbacks(t->screen, &callbacks, t);
    vterm_screen_set_damage_merge(t->screen, VTERM_DAMAGE_CELL);
    return true;
}

void screen_done(terminal *t)
{
    if (t->vt)
        vterm_free(t->vt);
}

void screen_write(terminal *t, const char *bytes, size_t n)
{
    vterm_input_write(t->vt, bytes, n);
}

void screen_take(terminal *t, const scan_piece *piece)
{
    if (piece->kind == SCAN_OSC) /* titles and colours are not on the screen */
        return;
    if (piece->kind == SCAN_CSI && !piece->leader && strchr("KX@PLM", piece->final)) {
        int row;
        terminal_cursor(t, &row, NULL, NULL);
        pictures_erase_on_row(t, row);
    }
    screen_write(t, piece->bytes, piece->len);
}

void terminal_size(const terminal *t, int *columns, int *rows)
{
    *columns = t->columns;
    *rows = t->rows;
}

void terminal_cell_size(const terminal *t, int *width, int *height)
{
    *width = t->cell_width;
    *height = t->cell_height;
}

void terminal_cursor(const terminal *t, int *row, int *column, bool *visible)
{
    VTermPos at;
    vterm_state_get_cursorpos(t->state, &at);
    if (row)
        *row = at.row;
    if (column)
        *column = at.col;
    if (visible)
        *visible = t->cursor_visible;
}

static lt_rgb rgb_of(const terminal *t, VTermColor colour)
{
    vterm_screen_convert_color_to_rgb(t->screen, &colour);
    return (lt_rgb){colour.rgb.red, colour.rgb.green, colour.rgb.blue};
}

bool terminal_cell_at(const terminal *t, int row, int column, terminal_cell *out)
{
    VTermScreenCell cell;
    size_t n = 0;
    if (row < 0 || row >= t->rows || column < 0 || column >= t->columns ||
        !vterm_screen_get_cell(t->screen, (VTermPos){row, column}, &cell))
        return false;
    *out = (terminal_cell){.width = cell.width,
                           .bold = cell.attrs.bold,
                           .underline = cell.attrs.underline,
                           .italic = cell.attrs.italic,
                           .reverse = cell.attrs.reverse,
                           .default_foreground = VTERM_COLOR_IS_DEFAULT_FG(&cell.fg),
                           .default_background = VTERM_COLOR_IS_DEFAULT_BG(&cell.bg),
                           .foreground = rgb_of(t, cell.fg),
                           .background = rgb_of(t, cell.bg)};
    /* the right half of a wide character holds -1 */
    for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i] && cell.chars[i] <= 0x10FFFF; i++)
        n += (size_t)utf8proc_encode_char((utf8proc_int32_t)cell.chars[i],
                                          (utf8proc_uint8_t *)out->text + n);
    out->text[n] = '\0';
    return true;
}

static bool right_half(const terminal *t, int row, int column)
{
    VTermScreenCell cell;
    return vterm_screen_get_cell(t->screen, (VTermPos){row, column}, &cell) &&
           cell.chars[0] == (uint32_t)-1;
}

static bool is_blank(const char *text)
{
    return !*text || strcmp(text, " ") == 0 || strcmp(text, "\302\240") == 0;
}

static bool same_look(const terminal_cell *a, const terminal_cell *b)
{
    return a->bold == b->bold && a->underline == b->underline && a->italic == b->italic &&
           a->reverse == b->reverse && a->default_foreground == b->default_foreground &&
           a->default_background == b->default_background &&
           memcmp(&a->foreground, &b->foreground, sizeof a->foreground) == 0 &&
           memcmp(&a->background, &b->background, sizeof a->background) == 0;
}

static void add_look(lt_buf *to, const terminal_cell *cell)
{
    lt_buf list = {0};
    lt_buf_str(&list, cell->bold ? ",bold" : "");
    lt_buf_str(&list, cell->underline ? ",underline" : "");
    lt_buf_str(&list, cell->italic ? ",italic" : "");
    lt_buf_str(&list, cell->reverse ? ",reverse" : "");
    if (!cell->default_foreground)
        lt_buf_format(&list, ",fg=#%02x%02x%02x", cell->foreground.r, cell->foreground.g,
                      cell->foreground.b);
    if (!cell->default_background)
        lt_buf_format(&list, ",bg=#%02x%02x%02x", cell->background.r, cell->background.g,
                      cell->background.b);
    lt_buf_format(to, "{%s}", list.len > 0 ? list.data + 1 : "");
    lt_buf_done(&list);
}

/* Blanks are written only once something follows them; with a look, also if it shows them. */
static void add_row(const terminal *t, int row, terminal_cell *look, lt_buf *to)
{
    int blanks = 0;
    for (int column = 0; column < t->columns; column++) {
        terminal_cell cell;
        terminal_cell_at(t, row, column, &cell);
        if (right_half(t, row, column))
            continue;
        bool change = look && !same_look(look, &cell);
        bool seen = look && (cell.reverse || cell.underline || !cell.default_background);
        bool blank = is_blank(cell.text) && !seen;
        for (; blanks > 0 && (change || !blank); blanks--)
            lt_buf_char(to, ' ');
        if (change) {
            add_look(to, &cell);
            *look = cell;
        }
        blanks += blank;
        if (!blank)
            lt_buf_str(to, is_blank(cell.text) ? " " : cell.text);
    }
}

void terminal_row(const terminal *t, int row, lt_buf *buf)
{
    lt_buf_str(buf, "");
    if (row >= 0 && row < t->rows)
        add_row(t, row, NULL, buf);
}

char *terminal_screen(const terminal *t, bool attributes)
{
    lt_buf all = {0};
    VTermColor text, ground;
    vterm_state_get_default_colors(t->state, &text, &ground);
    terminal_cell look = {.default_foreground = true,
                          .default_background = true,
                          .foreground = rgb_of(t, text),
                          .background = rgb_of(t, ground)};
    for (int row = 0; row < t->rows; row++) {
        add_row(t, row, attributes ? &look : NULL, &all);
        lt_buf_char(&all, '\n');
    }
    return all.data;
}

/* The column of byte n of a row that terminal_row gave. */
static int column_of(const terminal *t, int row, size_t n)
{
    size_t at = 0;
    for (int column = 0; column < t->columns; column++) {
        terminal_cell cell;
        if (right_half(t, row, column))
            continue;
        if (at >= n)
            return column;
        terminal_cell_at(t, row, column, &cell);
        at += is_blank(cell.text) ? 1 : strlen(cell.text);
    }
    return t->columns;
}

bool terminal_find(const terminal *t, const char *text, int *row, int *column)
{
    lt_buf line = {0};
    bool found = false;
    for (int y = 0; y < t->rows && !found; y++) {
        lt_buf_clear(&line);
        terminal_row(t, y, &line);
        const char *at = strstr(line.data, text);
        found = at != NULL;
        if (found && row)
            *row = y;
        if (found && column)
            *column = column_of(t, y, (size_t)(at - line.data));
    }
    lt_buf_done(&line);
    return found;
}

static uint64_t mix(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ at[i]) * 0x100000001B3; /* FNV-1a */
    return hash;
}

uint64_t screen_hash(const terminal *t, terminal_part part)
{
    uint64_t hash = 0xCBF29CE484222325;
    bool all = part.rows == 0 && part.columns == 0;
    if (all) {
        int cursor[4];
        bool visible;
        terminal_cursor(t, &cursor[0], &cursor[1], &visible);
        cursor[2] = visible;
        cursor[3] = t->picture_count;
        hash = mix(hash, cursor, sizeof cursor);
        part = (terminal_part){0, 0, t->rows, t->columns};
    }
    for (int y = part.row; y < part.row + part.rows; y++)
        for (int x = part.column; x < part.column + part.columns; x++) {
            terminal_cell cell;
            if (!terminal_cell_at(t, y, x, &cell))
                continue;
            unsigned char look[] = {cell.bold,         cell.underline,    cell.italic,
                                    cell.reverse,      cell.foreground.r, cell.foreground.g,
                                    cell.foreground.b, cell.background.r, cell.background.g,
                                    cell.background.b};
            hash = mix(hash, cell.text, strlen(cell.text) + 1);
            hash = mix(hash, look, sizeof look);
        }
    return hash;
}
