/* blocks.c - see blocks.h. */
#include "gfx/blocks.h"

#include <stdint.h>

#define UPPER_HALF "\xE2\x96\x80"

enum { NO_COLOUR = -1 };

/* xterm's defaults, which many terminals come near to. */
static const lt_rgb sixteen[16] = {{0, 0, 0},       {205, 0, 0},   {0, 205, 0},   {205, 205, 0},
                                   {0, 0, 238},     {205, 0, 205}, {0, 205, 205}, {229, 229, 229},
                                   {127, 127, 127}, {255, 0, 0},   {0, 255, 0},   {255, 255, 0},
                                   {92, 92, 255},   {255, 0, 255}, {0, 255, 255}, {255, 255, 255}};

static int distance(lt_rgb a, lt_rgb b)
{
    int r = a.r - b.r, g = a.g - b.g, c = a.b - b.b;
    return r * r + g * g + c * c;
}

int lt_blocks_16(lt_rgb colour)
{
    int best = 0;
    for (int i = 1; i < 16; i++)
        if (distance(colour, sixteen[i]) < distance(colour, sixteen[best]))
            best = i;
    return best;
}

/* The cube's levels are 0, 95, 135, 175, 215, 255. */
static int level_of(int v)
{
    return v < 48 ? 0 : v < 115 ? 1 : (v - 35) / 40;
}

static int level_value(int level)
{
    return level ? 55 + 40 * level : 0;
}

int lt_blocks_256(lt_rgb colour)
{
    int r = level_of(colour.r), g = level_of(colour.g), b = level_of(colour.b);
    int mean = (colour.r + colour.g + colour.b) / 3;
    int grey = mean < 8 ? 0 : mean > 238 ? 23 : (mean - 3) / 10;
    int value = 8 + 10 * grey;
    lt_rgb cube = {(unsigned char)level_value(r), (unsigned char)level_value(g),
                   (unsigned char)level_value(b)};
    lt_rgb shade = {(unsigned char)value, (unsigned char)value, (unsigned char)value};
    return distance(colour, shade) < distance(colour, cube) ? 232 + grey : 16 + 36 * r + 6 * g + b;
}

static unsigned char shifted(int v, int by)
{
    v += by;
    return (unsigned char)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* A colour of few, dithered by a 4x4 pattern that stays in its place. */
static lt_rgb dithered(lt_rgb c, int x, int y, int strength)
{
    static const signed char pattern[4][4] = {
        {-8, 0, -6, 2}, {4, -4, 6, -2}, {-5, 3, -7, 1}, {7, -1, 5, -3}};
    int by = pattern[y & 3][x & 3] * strength / 8;
    return (lt_rgb){shifted(c.r, by), shifted(c.g, by), shifted(c.b, by)};
}

/* A number for the pixel's colour, to compare and to write. */
static int colour_at(const lt_image *image, lt_colours colours, int x, int y)
{
    const unsigned char *p = image->rgb + ((size_t)y * (size_t)image->width + (size_t)x) * 3;
    lt_rgb c = {p[0], p[1], p[2]};
    if (colours == LT_COLOURS_TRUE)
        return c.r << 16 | c.g << 8 | c.b;
    if (colours == LT_COLOURS_256)
        return lt_blocks_256(dithered(c, x, y, 16));
    return lt_blocks_16(dithered(c, x, y, 48));
}

static void set_colour(lt_buf *out, lt_colours colours, int colour, bool background)
{
    int base = background ? 40 : 30;
    if (colour == NO_COLOUR)
        lt_buf_format(out, "\033[%dm", base + 9);
    else if (colours == LT_COLOURS_TRUE)
        lt_buf_format(out, "\033[%d;2;%d;%d;%dm", base + 8, colour >> 16, colour >> 8 & 255,
                      colour & 255);
    else if (colours == LT_COLOURS_256)
        lt_buf_format(out, "\033[%d;5;%dm", base + 8, colour);
    else
        lt_buf_format(out, "\033[%dm", colour < 8 ? base + colour : base + 52 + colour);
}

void lt_blocks_encode(const lt_image *image, lt_colours colours, int row, int col, lt_buf *out)
{
    int fore = NO_COLOUR, back = NO_COLOUR;
    lt_buf_str(out, "\033[0m");
    for (int y = 0; y < image->height; y += 2) {
        lt_buf_format(out, "\033[%d;%dH", row + y / 2 + 1, col + 1);
        for (int x = 0; x < image->width; x++) {
            int upper = colour_at(image, colours, x, y);
            int lower = y + 1 < image->height ? colour_at(image, colours, x, y + 1) : NO_COLOUR;
            if (upper != fore && upper != lower)
                set_colour(out, colours, fore = upper, false);
            if (lower != back)
                set_colour(out, colours, back = lower, true);
            lt_buf_str(out, upper != lower ? UPPER_HALF : " ");
        }
    }
    lt_buf_str(out, "\033[0m");
}

void lt_blocks_text(const lt_image *image, int row, int col, lt_buf *out)
{
    static const char ramp[] = " .:-=+*#%@"; /* from dark to light, before a dark background */
    const unsigned char *p = image->rgb;
    lt_buf_str(out, "\033[0m");
    for (int y = 0; y < image->height; y++) {
        lt_buf_format(out, "\033[%d;%dH", row + y + 1, col + 1);
        for (int x = 0; x < image->width; x++, p += 3) {
            int light = (p[0] * 299 + p[1] * 587 + p[2] * 114) / 1000; /* Rec. 601 */
            lt_buf_char(out, ramp[light * (int)(sizeof ramp - 1) / 256]);
        }
    }
}
