/* slerp.c - see slerp.h. */
#include "sample/slerp.h"

#include <math.h>

/* Cosine of the angle between two columns of h values, `stride` apart; 1 where one has no length.
 */
static double cosine(const float *a, const float *b, int h, size_t stride)
{
    double aa = 0, bb = 0, ab = 0;
    for (size_t i = 0; i < (size_t)h; i++) {
        double x = (double)a[i * stride], y = (double)b[i * stride];
        aa += x * x;
        bb += y * y;
        ab += x * y;
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 1;
}

/* How much of each; from opposite to opposite there is no shortest way, and the line is taken. */
static void shares(double strength, double dot, double *first, double *second)
{
    const double line = 0.9995;
    *first = 1 - strength;
    *second = strength;
    if (fabs(dot) <= line) {
        double angle = acos(dot), sine = sin(angle);
        *first = sin((1 - strength) * angle) / sine;
        *second = sin(strength * angle) / sine;
    }
}

void lt_slerp(double strength, const float *from, const float *towards, int channels, int h, int w,
              float *out)
{
    size_t width = (size_t)w, plane = (size_t)h * width;
    for (size_t column = 0; column < (size_t)channels * width; column++) {
        size_t at = column / width * plane + column % width;
        double first, second;
        shares(strength, cosine(from + at, towards + at, h, width), &first, &second);
        for (size_t i = at; i < at + plane; i += width)
            out[i] = (float)(first * (double)from[i] + second * (double)towards[i]);
    }
}
