/* kitty.c - see kitty.h. */
#include "gfx/kitty.h"

#include <stdlib.h>
#include <zlib.h>

#include "base/mem.h"

enum { CHUNK = 4096, LEVEL = 1 }; /* characters of base64 in a piece; the fastest compression */

static void add_base64(lt_buf *out, const unsigned char *s, size_t n)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (; n >= 3; n -= 3, s += 3) {
        unsigned v = (unsigned)s[0] << 16 | (unsigned)s[1] << 8 | s[2];
        char four[4] = {letters[v >> 18], letters[v >> 12 & 63], letters[v >> 6 & 63],
                        letters[v & 63]};
        lt_buf_add(out, four, 4);
    }
    if (n) {
        unsigned v = (unsigned)s[0] << 16 | (n > 1 ? (unsigned)s[1] << 8 : 0u);
        char four[4] = {letters[v >> 18], letters[v >> 12 & 63], n > 1 ? letters[v >> 6 & 63] : '=',
                        '='};
        lt_buf_add(out, four, 4);
    }
}

static void add_chunks(lt_buf *out, const unsigned char *s, size_t n)
{
    const size_t most = CHUNK / 4 * 3;
    for (bool first = true; n > 0 || first; first = false) {
        size_t part = n < most ? n : most;
        if (!first)
            lt_buf_str(out, "\033_Gq=2");
        lt_buf_str(out, ",m=1;");
        add_base64(out, s, part);
        lt_buf_str(out, "\033\\");
        s += part;
        n -= part;
    }
    lt_buf_str(out, LT_KITTY_CLOSE);
}

bool lt_kitty_encode(const lt_image *image, const lt_kitty *how, lt_buf *out, lt_error *err)
{
    uLong bytes = (uLong)lt_image_bytes(image);
    uLongf packed = compressBound(bytes);
    void *memory;
    if (!lt_try_alloc(packed, "a compressed picture", &memory, err))
        return false;
    if (compress2(memory, &packed, image->rgb, bytes, LEVEL) != Z_OK) {
        free(memory);
        return lt_fail(err, LT_ERR_MEMORY, NULL, "cannot compress a picture of %lu bytes", bytes);
    }
    lt_buf_format(out, "\033_Ga=T,f=24,o=z,s=%d,v=%d,i=%u,p=1,q=2,C=1", image->width, image->height,
                  how->id);
    if (how->cols > 0 && how->rows > 0)
        lt_buf_format(out, ",c=%d,r=%d", how->cols, how->rows);
    add_chunks(out, memory, packed);
    free(memory);
    return true;
}

void lt_kitty_delete(unsigned id, lt_buf *out)
{
    lt_buf_format(out, "\033_Ga=d,d=I,i=%u,q=2\033\\", id);
}
