/* font.c - see font.h. */
#include "image/font.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const unsigned char glyphs[95][LT_FONT_HEIGHT] = {
#include "image/glyphs.def"
};

static int clamp_scale(int scale)
{
    return scale < 1 ? 1 : scale > 64 ? 64 : scale;
}

/* Bytes 10xxxxxx continue a character that was drawn already. */
static bool begins_character(char c)
{
    return ((unsigned char)c & 0xC0) != 0x80;
}

static const unsigned char *glyph(char c)
{
    return glyphs[(c >= 32 && c <= 126 ? c : '?') - 32];
}

int lt_font_width(const char *text, int scale)
{
    int64_t n = 0;
    int cell = LT_FONT_WIDTH * clamp_scale(scale);
    for (; *text && n < INT_MAX; text++)
        n += begins_character(*text) ? cell : 0;
    return n < INT_MAX ? (int)n : INT_MAX;
}

static void draw_glyph(lt_image *to, int x, int y, const unsigned char *rows, int scale,
                       lt_rgb colour)
{
    for (int v = 0; v < LT_FONT_HEIGHT; v++)
        for (int u = 0; u < LT_FONT_WIDTH; u++)
            if (rows[v] >> (LT_FONT_WIDTH - 1 - u) & 1)
                lt_image_fill(to, (lt_rect){x + u * scale, y + v * scale, scale, scale}, colour);
}

void lt_font_draw(lt_image *to, int x, int y, const char *text, int scale, lt_rgb colour)
{
    int dot = clamp_scale(scale), cell = LT_FONT_WIDTH * dot;
    int64_t at = x;
    if (y >= to->height || y <= -LT_FONT_HEIGHT * dot)
        return;
    for (; *text && at < to->width; text++) {
        if (!begins_character(*text))
            continue;
        if (at > -cell)
            draw_glyph(to, (int)at, y, glyph(*text), dot, colour);
        at += cell;
    }
}

char *lt_font_fit(const char *text, int width, int scale)
{
    char *copy = lt_strdup(text);
    if (lt_font_width(text, scale) <= width)
        return copy;
    int keep = width / (LT_FONT_WIDTH * clamp_scale(scale)) - 2;
    char *end = copy;
    for (; *end && (keep > 0 || !begins_character(*end)); end++)
        keep -= begins_character(*end);
    *end = '\0';
    char *cut = lt_format("%s..", copy);
    free(copy);
    return cut;
}

lt_caption lt_caption_for(const lt_image *image)
{
    return (lt_caption){.scale = image->width >= 256 ? 2 : 1,
                        .colour = {230, 230, 230},
                        .background = {20, 20, 20}};
}

bool lt_font_caption(const lt_image *image, const char *text, const lt_caption *style,
                     lt_image **out, lt_error *err)
{
    lt_caption own = style ? *style : lt_caption_for(image);
    int scale = clamp_scale(own.scale), strip = (LT_FONT_HEIGHT + 4) * scale;
    lt_image *whole;
    if (!lt_image_new(image->width, image->height + strip, &whole, err))
        return false;
    lt_image_place(whole, image, 0, 0);
    lt_image_fill(whole, (lt_rect){0, image->height, image->width, strip}, own.background);
    char *line = lt_font_fit(text, image->width, scale);
    int left = (image->width - lt_font_width(line, scale)) / 2;
    lt_font_draw(whole, left > 0 ? left : 0, image->height + 2 * scale, line, scale, own.colour);
    free(line);
    *out = whole;
    return true;
}
