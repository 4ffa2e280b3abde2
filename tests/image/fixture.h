/* fixture.h - what the tests of image share: files of tests/data/image and the hash in its lists.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "base/file.h"
#include "base/hash.h"
#include "image/image.h"

#define FIXTURE(name) LT_TEST_DATA "/image/" name

static inline uint64_t image_hash(const lt_image *image)
{
    return lt_hash_bytes(image->rgb, lt_image_bytes(image));
}

/* A picture of smooth and noisy parts. */
static inline lt_image *make_image(int width, int height)
{
    lt_image *image;
    lt_error err;
    uint32_t seed = 1;
    if (!lt_image_new(width, height, &image, &err))
        return NULL;
    for (size_t i = 0; i < lt_image_bytes(image); i++) {
        seed = seed * 1664525 + 1013904223;
        image->rgb[i] = (unsigned char)(i % 7 < 3 ? i / 5 : seed >> 24);
    }
    return image;
}
