/* graphics.c - the kinds of pictures, and which one a terminal gets; see graphics.h. */
#include "gfx/graphics.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LEAST_REGISTERS = 16 };

static const char *const names[LT_GRAPHICS_COUNT] = {"auto",   "sixel", "kitty",
                                                     "blocks", "text",  "none"};

const char *lt_graphics_name(lt_graphics kind)
{
    return names[kind];
}

bool lt_graphics_find(const char *name, lt_graphics *out)
{
    for (int i = 0; i < LT_GRAPHICS_COUNT; i++)
        if (strcmp(name, names[i]) == 0) {
            *out = (lt_graphics)i;
            return true;
        }
    return false;
}

typedef struct reason {
    char *text;
    size_t size;
} reason;

LT_PRINTF(3, 4)
static lt_graphics because(const reason *why, lt_graphics kind, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (why->size)
        vsnprintf(why->text, why->size, format, args);
    va_end(args);
    return kind;
}

static bool has_registers(const lt_term *t)
{
    return t->registers == 0 || t->registers >= LEAST_REGISTERS;
}

/* What keeps real pixels away. */
static const char *no_pixels(const lt_term *t)
{
    if (!t->answered)
        return "the terminal answered no question";
    if (t->sixel && !has_registers(t))
        return "the terminal has too few colour registers for sixel";
    if (t->mux == LT_MUX_TMUX)
        return "this tmux passes no sixel on (3.4 or newer, built with sixel, does)";
    if (t->mux == LT_MUX_SCREEN)
        return "screen passes no pictures on";
    return "the terminal says that it has neither sixel (no 4 in its DA1 answer) nor kitty's "
           "graphics";
}

static lt_graphics characters(const lt_term *t, bool utf8, const reason *why, const char *pixels)
{
    if (t->dumb)
        return because(why, LT_GRAPHICS_NONE, "TERM says that the terminal is dumb");
    if (!utf8)
        return because(why, LT_GRAPHICS_TEXT,
                       "%s, and the locale is not UTF-8, which half blocks need", pixels);
    if (t->colours == LT_COLOURS_NONE)
        return because(why, LT_GRAPHICS_TEXT, "%s, and it has no colours", pixels);
    return because(why, LT_GRAPHICS_BLOCKS, "%s; half blocks in %s%s", pixels,
                   lt_colours_name(t->colours), t->colours == LT_COLOURS_TRUE ? "" : " colours");
}

lt_graphics lt_graphics_choose(const lt_term *term, lt_graphics wanted, bool utf8, char *why,
                               size_t size)
{
    reason r = {why, size};
    if (wanted == LT_GRAPHICS_BLOCKS && (!utf8 || term->colours == LT_COLOURS_NONE))
        return because(&r, term->dumb ? LT_GRAPHICS_NONE : LT_GRAPHICS_TEXT,
                       "blocks were asked for, but %s",
                       utf8 ? "the terminal has no colours" : "the locale is not UTF-8");
    if (wanted != LT_GRAPHICS_AUTO)
        return because(&r, wanted, "%s was asked for", names[wanted]);
    if (term->sixel && has_registers(term))
        return because(&r, LT_GRAPHICS_SIXEL, "the terminal says that it has sixel%s%s",
                       term->registers ? "" : ", but not with how many colours",
                       term->mux == LT_MUX_TMUX ? "; tmux says so whatever is around it" : "");
    if (term->kitty && term->mux == LT_MUX_NONE)
        return because(&r, LT_GRAPHICS_KITTY, "the terminal says that it has kitty's graphics");
    return characters(term, utf8, &r, no_pixels(term));
}
