/* screen.c - see screen.h. */
#define _DEFAULT_SOURCE
#include "cli/screen.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/help.h"

int lt_screen_width(int fd)
{
    struct winsize size;
    long long columns;
    const char *given = getenv("COLUMNS");
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return given && lt_args_whole(given, 1, 10000, &columns) ? (int)columns : LT_HELP_USUAL;
}

int lt_screen_columns(int fd)
{
    int width = lt_screen_width(fd);
    return width < LT_HELP_LEAST ? LT_HELP_LEAST : width > LT_HELP_MOST ? LT_HELP_MOST : width;
}

bool lt_screen_live(int fd)
{
    const char *term = getenv("TERM");
    return isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

bool lt_screen_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (int i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);
        if (value && *value) {
            const char *dot = strchr(value, '.');
            return dot && (strncasecmp(dot, ".utf-8", 6) == 0 || strncasecmp(dot, ".utf8", 5) == 0);
        }
    }
    return false;
}
