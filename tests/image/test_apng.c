/* test_apng.c - animated PNG: the chunks one by one, and every frame's pixels by the reader of PNG.
 */
#include "image/apng.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/mem.h"
#include "fixture.h"
#include "support/check.h"
#include "support/temp.h"

enum { FRAMES = 3, WIDTH = 150, HEIGHT = 90 }; /* noisy enough for several IDAT */

static char *dir, *path;
static lt_image *frames[FRAMES];

static int setup(void **state)
{
    (void)state;
    dir = temp_dir();
    path = lt_path_join(dir, "a.png");
    for (int i = 0; i < FRAMES; i++) {
        frames[i] = make_image(WIDTH, HEIGHT);
        lt_image_fill(frames[i], (lt_rect){10 * i, 5, 20, 30}, (lt_rgb){200, 10, 60});
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < FRAMES; i++)
        lt_image_unref(frames[i]);
    free(path);
    temp_dir_remove(dir);
    return 0;
}

static uint32_t u32(const void *bytes)
{
    const unsigned char *p = bytes;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* A chunk of a file whose checksum is right; *at moves behind it. */
typedef struct chunk {
    const char *whole, *kind, *data;
    uint32_t n;
} chunk;

static chunk next_chunk(const lt_buf *file, size_t *at)
{
    chunk c = {.whole = file->data + *at, .n = u32(file->data + *at)};
    c.kind = c.whole + 4;
    c.data = c.kind + 4;
    assert_true(*at + 12 + c.n <= file->len);
    assert_int_equal(u32(c.data + c.n), crc32(0, (const Bytef *)c.kind, c.n + 4));
    *at += 12 + c.n;
    return c;
}

static bool is(const chunk *c, const char *kind)
{
    return memcmp(c->kind, kind, 4) == 0;
}

static void add_chunk(lt_buf *png, const char *kind, const char *data, uint32_t n)
{
    const unsigned char length[4] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16),
                                     (unsigned char)(n >> 8), (unsigned char)n};
    size_t from = png->len + 4;
    lt_buf_add(png, length, 4);
    lt_buf_str(png, kind);
    lt_buf_add(png, data, n);
    uint32_t crc = (uint32_t)crc32(0, (const Bytef *)png->data + from, n + 4);
    const unsigned char sum[4] = {(unsigned char)(crc >> 24), (unsigned char)(crc >> 16),
                                  (unsigned char)(crc >> 8), (unsigned char)crc};
    lt_buf_add(png, sum, 4);
}

static void write_animation(void)
{
    lt_writer w = {0};
    lt_apng a;
    lt_png_texts texts = {0};
    const int delays[FRAMES] = {100, 0, 65535};
    lt_png_texts_add(&texts, "parameters", "a fox");
    CHECK_OK(lt_writer_open(&w, path, err));
    lt_apng_begin(&a, &w, FRAMES, 3);
    for (int i = 0; i < FRAMES; i++)
        CHECK_OK(lt_apng_add(&a, frames[i], delays[i], i ? NULL : &texts, err));
    CHECK_OK(lt_apng_end(&a, err));
    CHECK_OK(lt_writer_commit(&w, err));
    lt_png_texts_done(&texts);
}

/* The chunks of each frame become a PNG of its own. */
typedef struct parts {
    lt_buf file, pngs[FRAMES];
    chunk header;
    int frame, pixels; /* the last one, and chunks of pixels */
    uint32_t sequence;
} parts;

static void take_control(parts *p, const chunk *c)
{
    static const uint32_t delays[FRAMES] = {100, 0, 65535};
    static const char stays[2] = {0, 0};
    lt_buf *png = &p->pngs[++p->frame];
    assert_int_equal(c->n, 26);
    assert_int_equal(u32(c->data), p->sequence++);
    assert_int_equal(u32(c->data + 4), WIDTH);
    assert_int_equal(u32(c->data + 8), HEIGHT);
    assert_true(u32(c->data + 12) == 0 && u32(c->data + 16) == 0);
    assert_int_equal(u32(c->data + 20), delays[p->frame] << 16 | 1000);
    assert_memory_equal(c->data + 24, stays, 2);
    lt_buf_add(png, p->file.data, 8);
    lt_buf_add(png, p->header.whole, p->header.n + 12);
}

static void take(parts *p, const chunk *c)
{
    if (is(c, "fcTL")) {
        take_control(p, c);
    } else if (is(c, "IDAT")) {
        assert_int_equal(p->frame, 0);
        add_chunk(&p->pngs[0], "IDAT", c->data, c->n);
        p->pixels++;
    } else if (is(c, "fdAT")) {
        assert_true(p->frame > 0);
        assert_int_equal(u32(c->data), p->sequence++);
        add_chunk(&p->pngs[p->frame], "IDAT", c->data + 4, c->n - 4);
        p->pixels++;
    }
}

static void test_frames(void **state)
{
    (void)state;
    parts p = {.frame = -1};
    size_t at = 8;
    write_animation();
    CHECK_OK(lt_file_read(path, 1 << 24, &p.file, err));
    p.header = next_chunk(&p.file, &at);
    chunk c = next_chunk(&p.file, &at);
    assert_true(is(&p.header, "IHDR") && is(&c, "acTL"));
    assert_int_equal(u32(c.data), FRAMES);
    assert_int_equal(u32(c.data + 4), 0); /* forever */
    for (; !is(&c, "IEND"); c = next_chunk(&p.file, &at))
        take(&p, &c);
    assert_int_equal(at, p.file.len);
    assert_int_equal(p.frame, FRAMES - 1);
    assert_true(p.pixels > FRAMES);
    for (int i = 0; i < FRAMES; i++) {
        lt_image *back;
        add_chunk(&p.pngs[i], "IEND", "", 0);
        CHECK_OK(lt_png_decode(p.pngs[i].data, p.pngs[i].len, &back, NULL, err));
        assert_memory_equal(back->rgb, frames[i]->rgb, lt_image_bytes(back));
        lt_image_unref(back);
        lt_buf_done(&p.pngs[i]);
    }
    lt_buf_done(&p.file);
}

/* To a reader of PNG alone it is the first frame, with the texts. */
static void test_as_png(void **state)
{
    (void)state;
    lt_image *back;
    lt_png_texts texts = {0};
    write_animation();
    CHECK_OK(lt_png_read(path, &back, &texts, err));
    assert_memory_equal(back->rgb, frames[0]->rgb, lt_image_bytes(back));
    assert_int_equal(texts.count, 1);
    assert_string_equal(lt_png_texts_get(&texts, "parameters"), "a fox");
    lt_png_texts_done(&texts);
    lt_image_unref(back);
}

static void test_refused(void **state)
{
    (void)state;
    lt_writer w = {0};
    lt_apng a;
    lt_image *other = make_image(WIDTH, HEIGHT - 1);
    CHECK_OK(lt_writer_open(&w, path, err));
    lt_apng_begin(&a, &w, 2, 3);
    CHECK_FAILS(lt_apng_add(&a, other, -1, NULL, err), LT_ERR_ARGUMENT, "-1 ms");
    CHECK_FAILS(lt_apng_add(&a, other, 65536, NULL, err), LT_ERR_ARGUMENT, "65536 ms");
    CHECK_OK(lt_apng_add(&a, frames[0], 1, NULL, err));
    CHECK_FAILS(lt_apng_end(&a, err), LT_ERR_ARGUMENT, "1 of the 2 frames");
    CHECK_FAILS(lt_apng_add(&a, other, 1, NULL, err), LT_ERR_ARGUMENT, "150x89");
    CHECK_OK(lt_apng_add(&a, frames[1], 1, NULL, err));
    CHECK_FAILS(lt_apng_add(&a, frames[2], 1, NULL, err), LT_ERR_ARGUMENT, "more than the 2");
    lt_writer_abandon(&w);
    lt_image_unref(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_as_png),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
