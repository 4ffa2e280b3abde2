/*
 * slerp.h - noise between two noises.
 *
 * A mixture of two independent normals on a straight line has too little variance, and the sampler
 * would see a grey picture; on a circle it keeps its length.
 */
#pragma once

#include <stddef.h>

/*
 * out [C,h,w] = from (strength 0) to towards (strength 1), each column of h values along the circle
 * of the angle between both, or along the line where the cosine of that is above 0.9995.  out may
 * be from or towards.  Columns, as AUTOMATIC1111's web UI takes them (modules/rng.py), so that its
 * variation seeds give the same noise; it computes in float32, this in double.
 */
void lt_slerp(double strength, const float *from, const float *towards, int channels, int h, int w,
              float *out);
