/* guidance.c - classifier-free guidance. */
#include "sample/guidance.h"

void lt_guidance_apply(const float *uncond, const float *cond, double scale, size_t n, float *out)
{
    float g = (float)scale; /* torch multiplies a float32 tensor by a number in float32 */
    for (size_t i = 0; i < n; i++)
        out[i] = uncond[i] + g * (cond[i] - uncond[i]);
}
