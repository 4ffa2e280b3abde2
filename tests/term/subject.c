/*
 * subject.c - what the terminal's own tests run: panels of ncurses and a picture in sixel, by the
 * layout rules of the studio (a border around the picture, no-break spaces under it).
 *
 * usage: term_subject [--naive] [--sync]      --naive: no border, plain blanks under the picture
 * keys: p a picture, d text over it, b one on the last row, s scroll, t much text, r stop and go
 * on, k crash, q quit; other characters appear after "typed:".
 */
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { TOP = 2, LEFT = 21, ROWS = 6, COLUMNS_OF_PICTURE = 20, WIDTH = 120, HEIGHT = 72 };
enum { KEY_ACK = KEY_MAX - 1, KEY_PASTE_BEGIN = KEY_MAX - 2, KEY_PASTE_END = KEY_MAX - 3 };

static bool naive, with_sync;
static int acks, number;

static void put(const char *bytes)
{
    size_t n = strlen(bytes);
    while (n > 0) {
        ssize_t done = write(STDOUT_FILENO, bytes, n);
        if (done > 0) {
            bytes += done;
            n -= (size_t)done;
        }
    }
}

static void restore(int signal_number)
{
    put("\033\\\033[?2026l\033[?1006l\033[?1000l\033[?1002l\033[?2004l\033[?1l\033>\033[?25h\033["
        "0m\033[?1049l");
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

/* Bands of one colour each; the first tells the picture's number: red = 10 * number percent. */
static void picture(int row)
{
    char bytes[2048];
    int y, x, n = 0;
    getyx(curscr, y, x);
    number++;
    n += snprintf(bytes + n, sizeof bytes - (size_t)n,
                  "%s\033[?25l\033[%d;%dH\033P0;0;0q\"1;1;%d;%d", with_sync ? "\033[?2026h" : "",
                  row + 1, LEFT + 1, WIDTH, HEIGHT);
    for (int band = 0; band < HEIGHT / 6; band++)
        n += snprintf(bytes + n, sizeof bytes - (size_t)n, "#%d;2;%d;%d;50#%d!%d~%s", band,
                      number * 10 % 100, band * 8, band, WIDTH, band < HEIGHT / 6 - 1 ? "-" : "");
    snprintf(bytes + n, sizeof bytes - (size_t)n, "\033\\\033[%d;%dH\033[?25h%s\033[5n", y + 1,
             x + 1, with_sync ? "\033[?2026l" : "");
    put(bytes);
}

static void draw(const wchar_t *typed, const char *event)
{
    struct winsize size = {0};
    erase();
    if (!naive) {
        box(stdscr, 0, 0);
        for (int y = TOP; y < TOP + ROWS; y++)
            mvaddch(y, LEFT - 1, ACS_VLINE);
        cchar_t fill;
        setcchar(&fill, L"\u00A0", A_NORMAL, 0, NULL);
        for (int y = TOP; y < TOP + ROWS; y++)
            for (int x = LEFT; x < LEFT + COLUMNS_OF_PICTURE; x++)
                mvadd_wch(y, x, &fill);
    }
    attron(A_BOLD);
    mvprintw(1, 2, "subject %dx%d", COLS, LINES);
    attroff(A_BOLD);
    mvprintw(1, 22, "acks: %d", acks);
    ioctl(STDIN_FILENO, TIOCGWINSZ, &size);
    mvprintw(1, 32, "pixels: %dx%d", size.ws_xpixel, size.ws_ypixel);
    mvprintw(LINES - 4, 2, "typed: %ls", typed);
    attron(A_REVERSE);
    mvprintw(LINES - 3, 2, "event: %s", event);
    attroff(A_REVERSE);
    refresh();
}

/* Lines of ever other lengths beside the picture, which lead curses to its erase sequences. */
static void text(const wchar_t *typed)
{
    for (int k = 0; k < 8; k++) {
        for (int y = TOP; y < TOP + ROWS; y++)
            mvprintw(y, naive ? 0 : 1, "%-*.*s", naive ? 19 : 18, (y * 7 + k * 5) % 18,
                     "abcdefghijklmnopqrstuvwxyz");
        refresh();
    }
    draw(typed, "text");
}

static void stop_and_go(void)
{
    put("\033[?1006l\033[?1002l\033[?2004l");
    endwin();
    signal(SIGTSTP, SIG_DFL); /* the handler of curses would leave the screen a second time */
    raise(SIGTSTP);
    put("\033[?2004h\033[?1002h\033[?1006h");
    reset_prog_mode();
    clearok(curscr, TRUE);
}

static void begin(void)
{
    setlocale(LC_ALL, "");
    signal(SIGSEGV, restore);
    set_escdelay(25);
    initscr();
    raw();
    noecho();
    nonl();
    typeahead(-1);
    keypad(stdscr, TRUE);
    idcok(stdscr, FALSE);
    define_key("\033[0n", KEY_ACK);
    define_key("\033[200~", KEY_PASTE_BEGIN);
    define_key("\033[201~", KEY_PASTE_END);
    mousemask(ALL_MOUSE_EVENTS, NULL);
    mouseinterval(0);
    put("\033[?2004h\033[?1002h\033[?1006h");
}

/* What a key is, as the name of an event, NULL for the ack; typed grows by what is none. */
static const char *act(int result, wint_t key, wchar_t *typed)
{
    static char event[64];
    MEVENT mouse;
    size_t n = wcslen(typed);
    if (result == KEY_CODE_YES && key == KEY_ACK)
        return NULL;
    else if (result == KEY_CODE_YES && key == KEY_PASTE_BEGIN)
        return "paste";
    else if (result == KEY_CODE_YES && key == KEY_PASTE_END)
        return "pasted";
    else if (result == KEY_CODE_YES && key == KEY_MOUSE && getmouse(&mouse) == OK)
        snprintf(event, sizeof event, "mouse %d,%d", mouse.y, mouse.x);
    else if (result == KEY_CODE_YES)
        snprintf(event, sizeof event, "%s", keyname((int)key));
    else if (n < 60)
        typed[n] = (wchar_t)key, typed[n + 1] = 0;
    return event;
}

int main(int argc, char **argv)
{
    wchar_t typed[64] = L"";
    const char *event = "none";
    for (int i = 1; i < argc; i++) {
        naive = naive || strcmp(argv[i], "--naive") == 0;
        with_sync = with_sync || strcmp(argv[i], "--sync") == 0;
    }
    begin();
    draw(typed, event);
    for (wint_t key = 0; key != 'q';) {
        int result = get_wch(&key);
        if (result == ERR)
            break; /* nobody is there */
        if (result == OK && key == 'p')
            picture(TOP);
        else if (result == OK && key == 'b')
            picture(LINES - ROWS);
        else if (result == OK && key == 'd')
            put("\0337\033[4;23H    \0338");
        else if (result == OK && key == 's')
            put("\0337\033[999;1H\n\0338");
        else if (result == OK && key == 't')
            text(typed), event = "text";
        else if (result == OK && key == 'k')
            raise(SIGSEGV);
        else if (result == OK && key == 'r')
            stop_and_go(), draw(typed, event = "on again");
        else if (key != 'q') {
            const char *now = act(result, key, typed);
            acks += now == NULL;
            draw(typed, event = now ? now : event);
        }
    }
    put("\033[?1006l\033[?1002l\033[?2004l");
    endwin();
    return 0;
}
