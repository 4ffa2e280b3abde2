/* fuzz_safetensors.c - input: a .safetensors file. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/panic.h"
#include "fuzz.h"
#include "weights/info.h"
#include "weights/safetensors_header.h"

enum { LENGTH = 8, SHOWN = 64 };

/* The header by itself in memory of its own size: a mapped file hides a byte read too far. */
static void read_header(const uint8_t *data, size_t size)
{
    lt_safetensors_header h = {0};
    lt_error err = {0};
    if (size < LENGTH)
        return;
    size_t n = (size - LENGTH) - data[0] % (size - LENGTH + 1);
    char *json = lt_alloc(n + 1);
    char *exact = realloc(json, n ? n : 1);
    LT_ASSERT(exact);
    memcpy(exact, data + LENGTH, n);
    if (lt_safetensors_header_read("input", exact, n, size - LENGTH - n, &h, &err))
        LT_ASSERT(h.count == 0 || h.entries[h.count - 1].end == size - LENGTH - n);
    lt_safetensors_header_done(&h);
    free(exact);
}

static void check_tensor(const lt_safetensors *f, const lt_safetensors_tensor *t)
{
    char shape[96];
    size_t size;
    const unsigned char *whole = lt_safetensors_range(f, &size), *data = t->data;
    LT_ASSERT(t->offset <= size && t->bytes <= size - t->offset && data == whole + t->offset);
    LT_ASSERT(lt_safetensors_find(f, t->name) == t);
    LT_ASSERT(strlen(lt_safetensors_shape_text(t, shape)) < sizeof shape);
    uint64_t bits = (uint64_t)lt_safetensors_elements(t) * lt_safetensors_dtype_bits(t->type);
    LT_ASSERT(bits == (uint64_t)t->bytes * 8);
    if (t->bytes) {
        volatile unsigned char last = data[t->bytes - 1];
        (void)last;
    }
}

static void check_file(const lt_safetensors *f)
{
    size_t n = lt_safetensors_count(f);
    for (size_t i = 0; i < n && i < SHOWN; i++)
        check_tensor(f, lt_safetensors_at(f, i));
    if (n)
        check_tensor(f, lt_safetensors_at(f, n - 1));
    for (size_t i = 0; i < lt_safetensors_meta_count(f); i++)
        LT_ASSERT(lt_safetensors_meta(f, lt_safetensors_meta_key(f, i)) ==
                  lt_safetensors_meta_value(f, i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lt_info_weights info = {0};
    lt_error err = {0};
    lt_buf unused = {0};
    read_header(data, size);
    fuzz_write("input.safetensors", data, size);
    char *path = fuzz_path("input.safetensors");
    if (lt_info_weights_open(path, &info, &err)) {
        check_file(lt_checkpoint_file(info.checkpoint, 0));
        LT_ASSERT(lt_checkpoint_unused(info.checkpoint, &unused) <= info.tensors);
    } else {
        /* LT_ERR_MODEL: a file of torch's, which is refused for what it is */
        LT_ASSERT((err.code == LT_ERR_FORMAT || err.code == LT_ERR_MODEL) && *err.message);
    }
    lt_info_weights_done(&info);
    lt_buf_done(&unused);
    free(path);
    return 0;
}
