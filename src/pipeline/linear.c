/* linear.c - see linear.h. */
#include "pipeline/linear.h"

#include <math.h>

/* Mean colour of the square that position (x, y) became. */
static void mean_colour(const lt_image *p, int x, int y, int side, double colour[3])
{
    colour[0] = colour[1] = colour[2] = 0;
    for (int j = y * side; j < (y + 1) * side; j++) {
        const unsigned char *at = p->rgb + 3 * ((size_t)j * (size_t)p->width + (size_t)(x * side));
        for (int i = 0; i < side; i++, at += 3)
            for (int c = 0; c < 3; c++)
                colour[c] += at[c];
    }
    for (int c = 0; c < 3; c++)
        colour[c] /= (double)side * side;
}

/* The channels of one position, and a constant. */
static void inputs(const float *latents, int channels, size_t area, size_t at, double *x)
{
    for (int c = 0; c < channels; c++)
        x[c] = (double)latents[(size_t)c * area + at];
    x[channels] = 1;
}

void lt_linear_learn(lt_linear_map *l, const float *latents, int channels, int h, int w,
                     const lt_image *picture)
{
    double x[LT_LINEAR_CHANNELS + 1], colour[3];
    int n = channels + 1, side = picture->width / w;
    if (channels > LT_LINEAR_CHANNELS || side < 1 || side * w != picture->width ||
        side * h != picture->height)
        return;
    if (l->channels != channels)
        *l = (lt_linear_map){.channels = channels};
    for (int j = 0; j < h; j++)
        for (int i = 0; i < w; i++) {
            inputs(latents, channels, (size_t)h * (size_t)w, (size_t)(j * w + i), x);
            mean_colour(picture, i, j, side, colour);
            for (int a = 0; a < n; a++) {
                for (int b = 0; b < n; b++)
                    l->xx[a * n + b] += x[a] * x[b];
                for (int c = 0; c < 3; c++)
                    l->xy[a * 3 + c] += x[a] * colour[c];
            }
        }
    l->samples += (double)h * w;
    l->solved = false;
}

/* Gauss-Jordan with the largest pivot; a little is added to the diagonal, so that channels that
 * never changed do no harm. */
static void solve(lt_linear_map *l)
{
    enum { N = LT_LINEAR_CHANNELS + 1 };
    double a[N][N + 3];
    int n = l->channels + 1;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++)
            a[i][j] = l->xx[i * n + j] + (i == j ? 1e-3 * l->samples : 0);
        for (int c = 0; c < 3; c++)
            a[i][n + c] = l->xy[i * 3 + c];
    }
    for (int k = 0; k < n; k++) {
        int best = k;
        for (int i = k + 1; i < n; i++)
            best = fabs(a[i][k]) > fabs(a[best][k]) ? i : best;
        for (int j = 0; j < n + 3; j++) {
            double t = a[k][j];
            a[k][j] = a[best][j];
            a[best][j] = t;
        }
        for (int i = 0; i < n; i++) {
            double f = a[i][k] / a[k][k];
            for (int j = k; i != k && j < n + 3; j++)
                a[i][j] -= f * a[k][j];
        }
    }
    for (int i = 0; i < n; i++)
        for (int c = 0; c < 3; c++)
            l->weight[i * 3 + c] = (float)(a[i][n + c] / a[i][i]);
    l->solved = true;
}

bool lt_linear_picture(lt_linear_map *l, const float *latents, int channels, int h, int w,
                       lt_image **out)
{
    double x[LT_LINEAR_CHANNELS + 1];
    lt_error ignored;
    if (l->channels != channels || !lt_image_new(w, h, out, &ignored))
        return false;
    if (!l->solved)
        solve(l);
    size_t area = (size_t)h * (size_t)w;
    for (size_t p = 0; p < area; p++) {
        inputs(latents, channels, area, p, x);
        for (int c = 0; c < 3; c++) {
            double sum = 0;
            for (int i = 0; i <= channels; i++)
                sum += (double)l->weight[i * 3 + c] * x[i];
            (*out)->rgb[3 * p + (size_t)c] = (unsigned char)(sum < 0     ? 0
                                                             : sum > 255 ? 255
                                                                         : sum + 0.5);
        }
    }
    return true;
}
