/* draw.c - see draw.h. */
#ifndef _XOPEN_SOURCE /* what curses needs to know wide characters may be set already */
#define _XOPEN_SOURCE 700
#endif
#define NCURSES_WIDECHAR 1
#include "tui/draw.h"

#include <curses.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/cells.h"
#include "tui/wrap.h"

static struct {
    SCREEN *screen;
    bool utf8;
    attr_t style[LT_STYLE_COUNT];
    bool cursor;
    int y, x;
} ui;

/* The foregrounds of a theme: of 256 colours, and of 8; -1 is the terminal's own. */
typedef struct palette {
    short key[2], accent[2], warn[2], error[2];
} palette;

static const palette palettes[LT_THEME_COUNT] = {
    [LT_THEME_AUTO] = {{31, -1}, {28, COLOR_MAGENTA}, {130, COLOR_MAGENTA}, {160, COLOR_RED}},
    [LT_THEME_DARK] = {{117, COLOR_CYAN},
                       {120, COLOR_GREEN},
                       {221, COLOR_YELLOW},
                       {210, COLOR_RED}},
    [LT_THEME_LIGHT] = {{25, COLOR_BLUE}, {22, COLOR_BLUE}, {94, COLOR_MAGENTA}, {124, COLOR_RED}},
};

static attr_t pair(short n, const short colours[2])
{
    init_pair(n, colours[COLORS >= 256 ? 0 : 1], -1);
    return (attr_t)COLOR_PAIR(n);
}

void lt_draw_theme(lt_theme theme)
{
    const palette *p = &palettes[theme];
    attr_t *s = ui.style;
    s[LT_STYLE_DIM] = A_DIM;
    s[LT_STYLE_STRONG] = A_BOLD;
    s[LT_STYLE_TITLE] = A_REVERSE;
    s[LT_STYLE_KEY] = A_BOLD;
    s[LT_STYLE_CHOSEN] = A_REVERSE;
    s[LT_STYLE_ACCENT] = A_BOLD;
    s[LT_STYLE_WARN] = A_BOLD;
    s[LT_STYLE_ERROR] = A_BOLD;
    s[LT_STYLE_CUT] = A_DIM | A_UNDERLINE;
    if (theme == LT_THEME_MONO || !has_colors() || start_color() == ERR ||
        use_default_colors() == ERR)
        return;
    s[LT_STYLE_KEY] |= pair(1, p->key);
    s[LT_STYLE_ACCENT] |= pair(2, p->accent);
    s[LT_STYLE_WARN] |= pair(3, p->warn);
    s[LT_STYLE_ERROR] |= pair(4, p->error);
    s[LT_STYLE_CUT] |= (attr_t)COLOR_PAIR(4);
}

bool lt_draw_open(bool utf8, lt_error *err)
{
    const char *term = getenv("TERM");
    ui.screen = newterm(NULL, stdout, stdin);
    if (!ui.screen)
        return lt_fail(err, LT_ERR_IO, "TERM=xterm-256color, or latentty render",
                       "cannot draw on a terminal of type '%s'", term ? term : "");
    ui.utf8 = utf8;
    lt_draw_theme(LT_THEME_MONO);
    typeahead(-1); /* or an answer of the terminal would stop a refresh half way */
    idlok(stdscr, FALSE);
    idcok(stdscr, FALSE);
    scrollok(stdscr, FALSE);
    leaveok(stdscr, FALSE);
    return true;
}

void lt_draw_close(void)
{
    if (!ui.screen)
        return;
    curs_set(1);
    endwin();
    delscreen(ui.screen);
    ui.screen = NULL;
}

void lt_draw_size(int *cols, int *rows)
{
    getmaxyx(stdscr, *rows, *cols);
}

void lt_draw_resize(int cols, int rows)
{
    resizeterm(rows, cols);
    clearok(curscr, TRUE);
}

void lt_draw_begin(void)
{
    erase();
    ui.cursor = false;
}

void lt_draw_cursor(int y, int x)
{
    ui.cursor = true;
    ui.y = y;
    ui.x = x;
}

void lt_draw_end(void)
{
    curs_set(ui.cursor);
    if (ui.cursor)
        move(ui.y, ui.x);
    wnoutrefresh(stdscr);
    doupdate();
}

bool lt_draw_cursor_at(int *y, int *x)
{
    getyx(curscr, *y, *x);
    return ui.cursor;
}

int lt_draw_bytes(int y, int x, int width, lt_style style, const char *text, size_t n)
{
    int drawn = 0, rows, cols;
    getmaxyx(stdscr, rows, cols);
    if (y < 0 || y >= rows || x < 0)
        return 0;
    width = width < cols - x ? width : cols - x;
    attrset((int)ui.style[style]);
    while (n > 0) {
        char shown[LT_CELLS_SHOWN];
        int cells;
        size_t bytes = lt_cells_next(text, n, &cells);
        if (drawn + cells > width)
            break;
        lt_cells_shown(text, bytes, ui.utf8, shown);
        mvaddstr(y, x + drawn, shown);
        drawn += cells;
        text += bytes;
        n -= bytes;
    }
    attrset(A_NORMAL);
    return drawn;
}

int lt_draw_text(int y, int x, int width, lt_style style, const char *text)
{
    return lt_draw_bytes(y, x, width, style, text, strlen(text));
}

int lt_draw_fit(int y, int x, int width, lt_style style, const char *text)
{
    lt_buf fit = {0};
    lt_wrap_fit(&fit, text, strlen(text), width > 0 ? width : 0, ui.utf8);
    int drawn = fit.len ? lt_draw_bytes(y, x, width, style, fit.data, fit.len) : 0;
    lt_buf_done(&fit);
    return drawn;
}

int lt_draw_format(int y, int x, int width, lt_style style, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return lt_draw_text(y, x, width, style, text);
}

void lt_draw_fill(lt_rect area, lt_style style)
{
    attrset((int)ui.style[style]);
    for (int y = area.y; y < area.y + area.height; y++)
        mvhline(y, area.x, ' ' | ui.style[style], area.width);
    attrset(A_NORMAL);
}

/* The lines of a box: of the terminal, or ASCII where it has none. */
static chtype line(chtype special, char plain)
{
    return ui.utf8 ? special : (chtype)plain;
}

void lt_draw_box(lt_rect b, lt_style style, const char *title)
{
    int right = b.x + b.width - 1, bottom = b.y + b.height - 1;
    attrset((int)ui.style[style]);
    mvhline(b.y, b.x, line(ACS_HLINE, '-'), b.width);
    mvhline(bottom, b.x, line(ACS_HLINE, '-'), b.width);
    mvvline(b.y, b.x, line(ACS_VLINE, '|'), b.height);
    mvvline(b.y, right, line(ACS_VLINE, '|'), b.height);
    mvaddch(b.y, b.x, line(ACS_ULCORNER, '+'));
    mvaddch(b.y, right, line(ACS_URCORNER, '+'));
    mvaddch(bottom, b.x, line(ACS_LLCORNER, '+'));
    mvaddch(bottom, right, line(ACS_LRCORNER, '+'));
    attrset(A_NORMAL);
    if (title && *title) {
        lt_draw_text(b.y, b.x + 2, 1, LT_STYLE_PLAIN, " ");
        int n = lt_draw_fit(b.y, b.x + 3, b.width - 6, LT_STYLE_STRONG, title);
        lt_draw_text(b.y, b.x + 3 + n, 1, LT_STYLE_PLAIN, " ");
    }
}

/*
 * No-break spaces, which curses does not take for blanks; and every other of the first cells tells
 * a bit of the row's number, by a space in its place, so that no two rows are alike: curses would
 * scroll what it finds again a row further, and the picture beside it (whatever idlok says).
 */
void lt_draw_leave(lt_rect area)
{
    static const wchar_t no_break[2] = {0xA0, 0};
    cchar_t full, blank;
    setcchar(&full, ui.utf8 ? no_break : L" ", A_NORMAL, 0, NULL);
    setcchar(&blank, L" ", A_NORMAL, 0, NULL);
    for (int y = area.y; y < area.y + area.height; y++)
        for (int i = 0; i < area.width; i++) {
            bool bit = i % 2 == 1 && i < 20 && (y >> (i / 2) & 1);
            mvadd_wch(y, area.x + i, bit ? &blank : &full);
        }
}

void lt_draw_apart(lt_rect area, int bit)
{
    static const wchar_t no_break[2] = {0xA0, 0};
    cchar_t mark;
    setcchar(&mark, ui.utf8 ? no_break : L" ", A_NORMAL, 0, NULL);
    for (int y = area.y; y < area.y + area.height; y++) {
        if (y >> bit & 1)
            mvadd_wch(y, area.x, &mark);
        if (y >> (bit + 1) & 1)
            mvadd_wch(y, area.x + area.width - 1, &mark);
    }
}

void lt_draw_again(void)
{
    clearok(curscr, TRUE);
}

void lt_draw_keep_line(void)
{
    def_prog_mode();
}

void lt_draw_suspend(void)
{
    curs_set(1);
    endwin();
}

void lt_draw_resume(void)
{
    reset_prog_mode();
    clearok(curscr, TRUE);
}
