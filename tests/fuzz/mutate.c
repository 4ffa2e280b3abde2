/* mutate.c - see mutate.h. */
#include "mutate.h"

#include <string.h>

static uint64_t state;
static const uint8_t *donor;
static size_t donor_size;

void mutate_seed(uint64_t seed)
{
    state = seed;
}

/* splitmix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014. */
uint32_t mutate_random(uint32_t below)
{
    uint64_t z = state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (uint32_t)((z ^ z >> 31) >> 32) % below;
}

void mutate_donor(const uint8_t *data, size_t size)
{
    donor = data;
    donor_size = size;
}

static size_t at_most(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* A place in n bytes; the beginning, where headers are, more often. */
static size_t place(size_t n)
{
    size_t near = at_most(n, 64);
    return n == 0 ? 0 : mutate_random((uint32_t)(mutate_random(3) == 0 ? near : n));
}

/* Short more often than long. */
static size_t length(size_t most)
{
    size_t limit = at_most(most, (size_t)1 << mutate_random(10));
    return limit == 0 ? 0 : 1 + mutate_random((uint32_t)limit);
}

static size_t insert(uint8_t *data, size_t size, size_t room, const uint8_t *from, size_t n)
{
    n = at_most(n, room - size);
    size_t at = place(size + 1);
    memmove(data + at + n, data + at, size - at);
    memcpy(data + at, from, n);
    return size + n;
}

/* ---- one change each, of size > 0 bytes; the new size ---- */

static size_t flip_bit(uint8_t *data, size_t size, size_t room)
{
    (void)room;
    data[place(size)] ^= (uint8_t)(1u << mutate_random(8));
    return size;
}

static size_t put_byte(uint8_t *data, size_t size, size_t room)
{
    (void)room;
    data[place(size)] = (uint8_t)mutate_random(256);
    return size;
}

/* A number that is often wrong, in 1, 2, 4 or 8 bytes of either order. */
static size_t put_number(uint8_t *data, size_t size, size_t room)
{
    static const int64_t values[] = {0,    1,     -1,        127,       128,       255,      256,
                                     1000, 32767, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
    (void)room;
    size_t bytes = at_most((size_t)1 << mutate_random(4), size);
    size_t at = place(size - bytes + 1);
    uint64_t value = (uint64_t)values[mutate_random(sizeof values / sizeof *values)];
    bool big = mutate_random(2);
    for (size_t i = 0; i < bytes; i++)
        data[at + i] = (uint8_t)(value >> 8 * (big ? bytes - 1 - i : i));
    return size;
}

/* A word of the formats that are read here. */
static size_t put_word(uint8_t *data, size_t size, size_t room)
{
    static const char words[][24] = {"18446744073709551616",
                                     "9223372036854775807",
                                     "1e999",
                                     "nan",
                                     "null",
                                     "\\u0000",
                                     "\\ud800",
                                     "\xF0\x9F\xA6\x8A",
                                     "\xC2\x9B",
                                     "\xFF",
                                     "\x1E",
                                     "--",
                                     "\n",
                                     "-1"};
    static const char letters[] = "0{}[]\",:=-";
    uint32_t count = sizeof words / sizeof *words, i = mutate_random(count + sizeof letters - 1);
    if (i >= count)
        return insert(data, size, room, (const uint8_t *)&letters[i - count], 1);
    return insert(data, size, room, (const uint8_t *)words[i], strlen(words[i]));
}

static size_t erase(uint8_t *data, size_t size, size_t room)
{
    (void)room;
    size_t at = place(size), n = length(size - at);
    memmove(data + at, data + at + n, size - at - n);
    return size - n;
}

static size_t cut_off(uint8_t *data, size_t size, size_t room)
{
    (void)data, (void)room;
    return place(size);
}

static size_t repeat(uint8_t *data, size_t size, size_t room)
{
    uint8_t copy[1024];
    size_t at = place(size), n = at_most(length(size - at), sizeof copy);
    memcpy(copy, data + at, n);
    return insert(data, size, room, copy, n);
}

static size_t insert_donor(uint8_t *data, size_t size, size_t room)
{
    size_t at = place(donor_size);
    return donor_size ? insert(data, size, room, donor + at, length(donor_size - at)) : size;
}

static size_t overwrite_donor(uint8_t *data, size_t size, size_t room)
{
    (void)room;
    size_t n = at_most(length(donor_size), size);
    if (n)
        memcpy(data + place(size - n + 1), donor + place(donor_size - n + 1), n);
    return size;
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room)
{
    static size_t (*const changes[])(uint8_t * data, size_t size, size_t room) = {
        flip_bit, put_byte, put_number,   put_word,       erase,
        cut_off,  repeat,   insert_donor, overwrite_donor};
    for (uint32_t left = 1 + mutate_random(5); left > 0; left--) {
        uint32_t i = mutate_random(sizeof changes / sizeof *changes);
        size = size ? changes[i](data, size, room) : put_word(data, size, room);
    }
    return size;
}
