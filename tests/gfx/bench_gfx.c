/*
 * bench_gfx.c - what a frame of sixels costs, as a multiple of libsixel's own fixed palette
 * without diffusion (XTERM256), of the same picture in the same process.
 *
 * usage: gfx_bench [SIDE [ROUNDS]]      CPU time, the best of ROUNDS
 *
 * Pictures: noise of 8x8 blocks as an early step of a run, half noise, and a smooth one with edges
 * as a photo.  "write" is to /dev/null, once a frame as to a terminal.
 */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <math.h>
#include <sixel.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "gfx/graphics.h"
#include "gfx/kitty.h"
#include "gfx/palette.h"
#include "gfx/sixel.h"

static uint32_t state = 1;
static int sink;

static int random_below(int n)
{
    state = state * 1664525u + 1013904223u;
    return (int)((state >> 8) % (uint32_t)n);
}

static double cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static unsigned char byte(double v)
{
    return (unsigned char)(v < 0 ? 0 : v > 255 ? 255 : v);
}

static double smooth(int x, int y, int c, int side)
{
    double u = (double)x / side, v = (double)y / side;
    double d = hypot(u - 0.6, v - 0.4);
    double base = 120 + 70 * sin(5 * u + c) + 50 * cos(7 * v - 2 * c) + 15 * sin(40 * u * v + c);
    return d < 0.25 ? 230 - 300 * d + 20 * c : base;
}

/* share: of the smooth picture; the rest is noise. */
static lt_image *make(int side, double share)
{
    lt_image *image;
    lt_error err = {0};
    int blocks = (side + 7) / 8;
    double *noise = calloc((size_t)blocks * (size_t)blocks * 3, sizeof *noise);
    if (!noise || !lt_image_new(side, side, &image, &err))
        exit(1);
    for (int i = 0; i < blocks * blocks * 3; i++)
        noise[i] = random_below(221) - 110;
    unsigned char *p = image->rgb;
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++)
            for (int c = 0; c < 3; c++) {
                double n = 128 + noise[((y / 8) * blocks + x / 8) * 3 + c] + random_below(9) - 4;
                *p++ = byte(smooth(x, y, c, side) * share + n * (1 - share));
            }
    free(noise);
    return image;
}

typedef struct job {
    const lt_image *image;
    lt_paletter *paletter;
    unsigned char *indices;
    lt_buf out;
} job;

static int append(char *data, int size, void *to)
{
    lt_buf_add(to, data, (size_t)size);
    return size;
}

static void plain(job *j)
{
    sixel_output_t *output = NULL;
    sixel_dither_t *dither = sixel_dither_get(SIXEL_BUILTIN_XTERM256);
    sixel_output_new(&output, append, &j->out, NULL);
    sixel_dither_set_diffusion_type(dither, SIXEL_DIFFUSE_NONE);
    sixel_encode(j->image->rgb, j->image->width, j->image->height, 3, dither, output);
    sixel_output_unref(output);
    sixel_dither_unref(dither);
}

static void indexed(job *j, const lt_palette *palette)
{
    lt_error err = {0};
    lt_indexed picture = {j->indices, j->image->width, j->image->height, 1, 0, 0, palette};
    if (!lt_sixel_encode(&picture, &j->out, &err))
        fprintf(stderr, "%s\n", err.message);
}

static void fixed(job *j)
{
    lt_palette palette;
    lt_palette_fixed(j->paletter, j->image, j->indices, &palette);
    indexed(j, &palette);
}

static void adaptive(job *j)
{
    lt_palette palette;
    lt_palette_adaptive(j->paletter, j->image, j->indices, &palette);
    indexed(j, &palette);
}

static void fixed_only(job *j)
{
    lt_palette palette;
    lt_palette_fixed(j->paletter, j->image, j->indices, &palette);
}

static void adaptive_only(job *j)
{
    lt_palette palette;
    lt_palette_adaptive(j->paletter, j->image, j->indices, &palette);
}

static void kitty(job *j)
{
    lt_error err = {0};
    lt_kitty how = {.id = 1};
    if (!lt_kitty_encode(j->image, &how, &j->out, &err))
        fprintf(stderr, "%s\n", err.message);
}

static double best_of(void (*f)(job *j), job *j, int rounds)
{
    double best = 1e9;
    for (int i = 0; i < rounds; i++) {
        double start = cpu();
        lt_buf_clear(&j->out);
        f(j);
        for (size_t at = 0; at < j->out.len;) {
            ssize_t n = write(sink, j->out.data + at, j->out.len - at);
            if (n <= 0)
                break;
            at += (size_t)n;
        }
        double took = cpu() - start;
        best = took < best ? took : best;
    }
    return best;
}

/* The bytes of frames at the scales of lt_quality. */
static void coarser(const lt_image *image)
{
    lt_term term = {.cell_width = 8, .cell_height = 16, .registers = 1024};
    lt_frame_room room = {500, 500, LT_ZOOM_ONE};
    for (int adaptive = 0; adaptive < 2; adaptive++) {
        lt_encoder *e = lt_encoder_new(&term, LT_GRAPHICS_SIXEL);
        lt_fit fit = lt_fit_make(&term, LT_GRAPHICS_SIXEL, &room, image->width, image->height);
        lt_place place = {0};
        printf("       %s, scale 1 to 6:", adaptive ? "adaptive" : "fixed");
        for (int scale = 1; scale <= LT_SCALE_COARSEST; scale++) {
            lt_buf b = {0};
            lt_error err = {0};
            if (lt_frame_encode(e, image, &fit, &place, (lt_quality){scale, adaptive}, &b, &err))
                printf(" %zu", b.len);
            lt_buf_done(&b);
        }
        printf(" bytes\n");
        lt_encoder_free(e);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        double share;
    } pictures[] = {{"noise", 0}, {"half", 0.5}, {"photo", 1}};
    static const struct {
        const char *name;
        void (*f)(job *j);
    } ways[] = {{"fixed", fixed},
                {"adaptive", adaptive},
                {"(fixed palette alone)", fixed_only},
                {"(adaptive palette alone)", adaptive_only},
                {"kitty", kitty}};
    int side = argc > 1 ? atoi(argv[1]) : 512, rounds = argc > 2 ? atoi(argv[2]) : 15;
    sink = open("/dev/null", O_WRONLY);
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++) {
        lt_image *image = make(side, pictures[i].share);
        job j = {.image = image, .paletter = lt_paletter_new(1024)};
        j.indices = malloc((size_t)side * (size_t)side);
        double base = best_of(plain, &j, rounds);
        printf("%-6s %-26s %7.2f ms %8zu bytes\n", pictures[i].name, "libsixel XTERM256", base,
               j.out.len);
        for (size_t k = 0; k < sizeof ways / sizeof *ways; k++) {
            double took = best_of(ways[k].f, &j, rounds);
            printf("%-6s %-26s %7.2f ms %8zu bytes  x%.2f\n", pictures[i].name, ways[k].name, took,
                   j.out.len, took / base);
        }
        coarser(image);
        lt_paletter_free(j.paletter);
        free(j.indices);
        lt_buf_done(&j.out);
        lt_image_unref(image);
    }
    return 0;
}
