/* png_mutator.c - mutated PNG files with right check sums, without which nothing behind the first
 * chunk would be reached. */
#include "fuzz.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed);

enum { SIGNATURE = 8, LENGTH = 4, NAME = 4, CHECK = 4 };

static uint32_t read_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* CRC-32 of ISO 3309, annex D of the PNG specification. */
static uint32_t check_sum(const uint8_t *p, size_t n)
{
    uint32_t c = 0xFFFFFFFFu;
    for (size_t i = 0; i < n; i++) {
        c ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            c = c >> 1 ^ (c & 1 ? 0xEDB88320u : 0);
    }
    return ~c;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed)
{
    size = LLVMFuzzerMutate(data, size, room);
    if (seed % 8 == 0) /* wrong ones, too */
        return size;
    for (size_t at = SIGNATURE; size >= at + LENGTH + NAME + CHECK;) {
        size_t n = read_u32(data + at);
        if (n > size - at - LENGTH - NAME - CHECK)
            break;
        uint8_t *end = data + at + LENGTH + NAME + n;
        uint32_t sum = check_sum(data + at + LENGTH, NAME + n);
        for (int i = 0; i < CHECK; i++)
            end[i] = (uint8_t)(sum >> (24 - 8 * i));
        at += LENGTH + NAME + n + CHECK;
    }
    return size;
}
