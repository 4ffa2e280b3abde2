/*
 * layout.h - torch's order on the host, channels last in the graphs.  Pure; src and dst differ.
 * n images of `channels` channels and `pixels` positions.
 */
#pragma once

/* [n,C,pixels] -> [n,pixels,C] */
void lt_layout_to_last(float *dst, const float *src, int n, int channels, int pixels);
/* [n,pixels,C] -> [n,C,pixels]; source rows are `pitch` values apart (pitch >= channels). */
void lt_layout_to_first(float *dst, const float *src, int n, int channels, int pixels, int pitch);
