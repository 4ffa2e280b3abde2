/* theme.c - see theme.h. */
#include "tui/theme.h"

#include <string.h>

static const char *const names[LT_THEME_COUNT] = {"auto", "dark", "light", "mono"};

const char *lt_theme_name(lt_theme theme)
{
    return names[theme];
}

bool lt_theme_find(const char *name, lt_theme *out)
{
    for (int i = 0; i < LT_THEME_COUNT; i++)
        if (strcmp(names[i], name) == 0) {
            *out = (lt_theme)i;
            return true;
        }
    return false;
}
