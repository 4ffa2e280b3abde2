/* draw.c - the screen as a picture, for eyes; see terminal.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/file.h"
#include "base/text.h"
#include "image/font.h"
#include "image/png.h"
#include "image/resize.h"
#include "terminal_parts.h"

typedef struct place {
    lt_image *to;
    int x, y, width, height; /* of the cell, pixels */
    lt_rgb ink;
} place;

static void fill(const place *p, int x, int y, int width, int height)
{
    lt_image_fill(p->to, (lt_rect){p->x + x, p->y + y, width, height}, p->ink);
}

enum { UP = 1, RIGHT = 2, DOWN = 4, LEFT = 8 };

/* Which arms a box character has, from U+2500; heavy, double and round ones are drawn as light. */
static int arms_of(int32_t point)
{
    static const struct {
        int32_t from, to;
        int arms;
    } ranges[] = {
        {0x2500, 0x2501, LEFT | RIGHT},
        {0x2502, 0x2503, UP | DOWN},
        {0x2504, 0x2505, LEFT | RIGHT},
        {0x2506, 0x2507, UP | DOWN},
        {0x2508, 0x2509, LEFT | RIGHT},
        {0x250A, 0x250B, UP | DOWN},
        {0x250C, 0x250F, DOWN | RIGHT},
        {0x2510, 0x2513, DOWN | LEFT},
        {0x2514, 0x2517, UP | RIGHT},
        {0x2518, 0x251B, UP | LEFT},
        {0x251C, 0x2523, UP | DOWN | RIGHT},
        {0x2524, 0x252B, UP | DOWN | LEFT},
        {0x252C, 0x2533, DOWN | LEFT | RIGHT},
        {0x2534, 0x253B, UP | LEFT | RIGHT},
        {0x253C, 0x254B, 15},
        {0x254C, 0x254D, LEFT | RIGHT},
        {0x254E, 0x254F, UP | DOWN},
        {0x2550, 0x2550, LEFT | RIGHT},
        {0x2551, 0x2551, UP | DOWN},
        {0x2552, 0x2554, DOWN | RIGHT},
        {0x2555, 0x2557, DOWN | LEFT},
        {0x2558, 0x255A, UP | RIGHT},
        {0x255B, 0x255D, UP | LEFT},
        {0x255E, 0x2560, UP | DOWN | RIGHT},
        {0x2561, 0x2563, UP | DOWN | LEFT},
        {0x2564, 0x2566, DOWN | LEFT | RIGHT},
        {0x2567, 0x2569, UP | LEFT | RIGHT},
        {0x256A, 0x256C, 15},
        {0x256D, 0x256D, DOWN | RIGHT},
        {0x256E, 0x256E, DOWN | LEFT},
        {0x256F, 0x256F, UP | LEFT},
        {0x2570, 0x2570, UP | RIGHT},
        {0x2574, 0x2574, LEFT},
        {0x2575, 0x2575, UP},
        {0x2576, 0x2576, RIGHT},
        {0x2577, 0x2577, DOWN},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (point >= ranges[i].from && point <= ranges[i].to)
            return ranges[i].arms;
    return 0;
}

static bool draw_box(const place *p, int32_t point)
{
    int arms = arms_of(point), x = p->width / 2, y = p->height / 2;
    if (arms & UP)
        fill(p, x, 0, 1, y + 1);
    if (arms & DOWN)
        fill(p, x, y, 1, p->height - y);
    if (arms & LEFT)
        fill(p, 0, y, x + 1, 1);
    if (arms & RIGHT)
        fill(p, x, y, p->width - x, 1);
    return arms != 0;
}

/* Shades: one pixel in four, two, or all but one in four. */
static void draw_shade(const place *p, int quarters)
{
    for (int y = 0; y < p->height; y++)
        for (int x = 0; x < p->width; x++)
            if ((x % 2) * 2 + (y + x) % 2 < quarters)
                fill(p, x, y, 1, 1);
}

/* Block elements, U+2580..259F. */
static bool draw_block(const place *p, int32_t point)
{
    /* quadrants of U+2596..: 1 upper left, 2 upper right, 4 lower left, 8 lower right */
    static const unsigned char quadrants[] = {4, 8, 1, 13, 9, 7, 11, 2, 6, 14};
    int w = p->width, h = p->height;
    if (point < 0x2580 || point > 0x259F)
        return false;
    if (point == 0x2580) {
        fill(p, 0, 0, w, h / 2);
    } else if (point <= 0x2588) {
        int rows = h * (point - 0x2580) / 8;
        fill(p, 0, h - rows, w, rows);
    } else if (point <= 0x258F) {
        fill(p, 0, 0, w * (0x2590 - point) / 8, h);
    } else if (point == 0x2590) {
        fill(p, w / 2, 0, w - w / 2, h);
    } else if (point <= 0x2593) {
        draw_shade(p, point - 0x2590);
    } else if (point == 0x2594) {
        fill(p, 0, 0, w, h / 8 + 1);
    } else if (point == 0x2595) {
        fill(p, w - w / 8 - 1, 0, w / 8 + 1, h);
    } else {
        for (int i = 0; i < 4; i++)
            if (quadrants[point - 0x2596] >> i & 1)
                fill(p, i % 2 ? w / 2 : 0, i / 2 ? h / 2 : 0, i % 2 ? w - w / 2 : w / 2,
                     i / 2 ? h - h / 2 : h / 2);
    }
    return true;
}

/* U+2800..28FF: eight dots. */
static bool draw_braille(const place *p, int32_t point)
{
    static const unsigned char order[8] = {0, 2, 4, 1, 3, 5, 6, 7}; /* bit -> row * 2 + column */
    if (point < 0x2800 || point > 0x28FF)
        return false;
    int dot = p->width / 4 > 0 ? p->width / 4 : 1;
    for (int bit = 0; bit < 8; bit++)
        if ((point - 0x2800) >> bit & 1)
            fill(p, p->width * (order[bit] % 2 * 2 + 1) / 4 - dot / 2,
                 p->height * (order[bit] / 2 * 2 + 1) / 8 - dot / 2, dot, dot);
    return true;
}

/* The font has ASCII: what looks alike stands for some others. */
static const char *stand_in(int32_t point, const char *text)
{
    static const struct {
        int32_t point;
        const char *text;
    } alike[] = {{0x2190, "<"}, {0x2191, "^"}, {0x2192, ">"}, {0x2193, "v"},  {0x2022, "*"},
                 {0x00B7, "."}, {0x2026, "."}, {0x25B6, ">"}, {0x25C0, "<"},  {0x25B8, ">"},
                 {0x25BE, "v"}, {0x25CF, "*"}, {0x25CB, "o"}, {0x2013, "-"},  {0x2014, "-"},
                 {0x00D7, "x"}, {0x2018, "'"}, {0x2019, "'"}, {0x201C, "\""}, {0x201D, "\""},
                 {0x2713, "v"}, {0x2715, "x"}, {0x2260, "#"}, {0x25C6, "+"},  {0x25A0, "#"}};
    for (size_t i = 0; i < sizeof alike / sizeof *alike; i++)
        if (alike[i].point == point)
            return alike[i].text;
    return text;
}

/* A letter without its marks, if that is ASCII. */
static bool bare_letter(int32_t point, char out[2])
{
    int boundary = 0;
    utf8proc_int32_t parts[8];
    utf8proc_ssize_t n = utf8proc_decompose_char(
        point, parts, 8, UTF8PROC_DECOMPOSE | UTF8PROC_STRIPMARK, &boundary);
    if (n < 1 || n > 8 || parts[0] < ' ' || parts[0] > '~')
        return false;
    out[0] = (char)parts[0];
    out[1] = '\0';
    return true;
}

static void draw_text(const place *p, const terminal_cell *cell, int32_t point)
{
    int across = p->width / cell->width / LT_FONT_WIDTH, down = p->height / LT_FONT_HEIGHT;
    int scale = across < down ? across : down;
    scale = scale < 1 ? 1 : scale;
    int x = p->x + (p->width - LT_FONT_WIDTH * scale) / 2;
    int y = p->y + (p->height - LT_FONT_HEIGHT * scale) / 2;
    char bare[2];
    const char *text = bare_letter(point, bare) ? bare : stand_in(point, cell->text);
    lt_font_draw(p->to, x, y, text, scale, p->ink);
    if (cell->bold)
        lt_font_draw(p->to, x + 1, y, text, scale, p->ink);
}

static void draw_cell(terminal *t, lt_image *to, int row, int column)
{
    terminal_cell cell;
    int32_t point;
    if (!terminal_cell_at(t, row, column, &cell))
        return;
    lt_rgb ground = cell.reverse ? cell.foreground : cell.background;
    place p = {.to = to,
               .x = column * t->cell_width,
               .y = row * t->cell_height,
               .width = t->cell_width * (cell.width > 1 ? cell.width : 1),
               .height = t->cell_height,
               .ink = cell.reverse ? cell.background : cell.foreground};
    lt_image_fill(to, (lt_rect){p.x, p.y, p.width, p.height}, ground);
    if (cell.text[0]) {
        lt_text_next(cell.text, strlen(cell.text), &point);
        if (point != ' ' && point != 0xA0 && !draw_box(&p, point) && !draw_block(&p, point) &&
            !draw_braille(&p, point))
            draw_text(&p, &cell, point);
    }
    if (cell.underline)
        fill(&p, 0, p.height - 2, p.width, 1);
}

/* A picture of kitty may be stretched over cells; a sixel's pixels are the screen's. */
static bool draw_picture(terminal *t, lt_image *to, const picture *p, lt_error *err)
{
    const lt_image *image = terminal_picture_image(t, p->seen.number);
    lt_image *stretched = NULL;
    int width = p->seen.columns * t->cell_width, height = p->seen.rows * t->cell_height;
    if (!image)
        return true;
    if (p->seen.kitty && (image->width > width || image->height > height)) {
        if (!lt_image_resize(image, width, height, LT_BOX, &stretched, err))
            return false;
        image = stretched;
    }
    lt_image_place(to, image, p->seen.column * t->cell_width, p->seen.row * t->cell_height);
    for (int y = p->seen.row; y < p->seen.row + p->seen.rows; y++)
        for (int x = p->seen.column; x < p->seen.column + p->seen.columns; x++)
            if (pictures_is_hole(p, y, x))
                draw_cell(t, to, y, x);
    lt_image_unref(stretched);
    return true;
}

/* The cursor: a bar below its cell, so that the character stays readable. */
static void draw_cursor(terminal *t, lt_image *to)
{
    int row, column;
    bool visible;
    terminal_cursor(t, &row, &column, &visible);
    if (visible)
        lt_image_fill(
            to, (lt_rect){column * t->cell_width, (row + 1) * t->cell_height - 2, t->cell_width, 2},
            (lt_rgb){255, 255, 255});
}

bool terminal_draw(terminal *t, lt_image **out, lt_error *err)
{
    if (!lt_image_new(t->columns * t->cell_width, t->rows * t->cell_height, out, err))
        return false;
    for (int row = 0; row < t->rows; row++)
        for (int column = 0; column < t->columns; column++) {
            terminal_cell cell;
            draw_cell(t, *out, row, column);
            if (terminal_cell_at(t, row, column, &cell) && cell.width > 1)
                column++;
        }
    for (int i = 0; i < t->picture_count; i++)
        if (t->pictures[i].seen.shown && !draw_picture(t, *out, &t->pictures[i], err)) {
            lt_image_unref(*out);
            return false;
        }
    draw_cursor(t, *out);
    return true;
}

bool terminal_dump(terminal *t, const char *path, lt_error *err)
{
    lt_image *image;
    lt_buf bytes = {0};
    size_t n = strlen(path);
    if (!terminal_draw(t, &image, err))
        return false;
    bool ok = true;
    if (n > 4 && strcmp(path + n - 4, ".ppm") == 0) {
        lt_buf_format(&bytes, "P6\n%d %d\n255\n", image->width, image->height);
        lt_buf_add(&bytes, image->rgb, lt_image_bytes(image));
        ok = lt_file_write(path, bytes.data, bytes.len, err);
    } else {
        ok = lt_png_write(path, image, NULL, LT_PNG_LEVEL, err);
    }
    lt_buf_done(&bytes);
    lt_image_unref(image);
    return ok;
}
