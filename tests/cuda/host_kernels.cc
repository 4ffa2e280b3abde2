/* host_kernels.cc - kernels.h as plain loops on the host floor. */
#include <algorithm>
#include <cmath>

extern "C" {
#include "cuda/kernels.h"
}
#include "host_device.h"
#include "host_numbers.h"

namespace
{
using numbers = std::vector<float>;

float act_of(int act, float x)
{
    switch (act) {
    case LT_SILU:
        return x / (1 + std::exp(-x));
    case LT_GELU:
        return 0.5F * x * (1 + std::erf(x * 0.70710678F));
    case LT_QUICK_GELU:
        return x / (1 + std::exp(-1.702F * x));
    default:
        return x;
    }
}

bool put(lt_gpu_stream *s, const char *name, lt_error *err, std::function<void()> work)
{
    if (!lt_host_call(name, err))
        return false;
    lt_host_enqueue(s, std::move(work));
    return true;
}

void group_norm(const lt_group_norm_args &a)
{
    size_t c0 = size_t(a.channels[0]), c1 = size_t(a.channels[1]), c = c0 + c1;
    size_t pixels = size_t(a.pixels), per = c / size_t(a.groups);
    for (size_t n = 0; n < size_t(a.n); n++) {
        numbers x(pixels * c), shift(c);
        auto first = host_load(a.dtype, host_at(a.dtype, a.x[0], n * pixels * c0), pixels * c0);
        numbers second;
        if (c1)
            second = host_load(a.dtype, host_at(a.dtype, a.x[1], n * pixels * c1), pixels * c1);
        if (a.shift)
            shift = host_load(a.dtype, host_at(a.dtype, a.shift, n * size_t(a.shift_row)), c);
        for (size_t p = 0; p < pixels; p++)
            for (size_t i = 0; i < c; i++)
                x[p * c + i] = (i < c0 ? first[p * c0 + i] : second[p * c1 + i - c0]) + shift[i];
        for (size_t g = 0; g < size_t(a.groups); g++) {
            double sum = 0, squares = 0, count = double(pixels * per);
            for (size_t p = 0; p < pixels; p++)
                for (size_t i = g * per; i < (g + 1) * per; i++)
                    sum += double(x[p * c + i]);
            double mean = sum / count;
            for (size_t p = 0; p < pixels; p++)
                for (size_t i = g * per; i < (g + 1) * per; i++)
                    squares += (double(x[p * c + i]) - mean) * (double(x[p * c + i]) - mean);
            double scale = 1 / std::sqrt(squares / count + double(a.eps));
            for (size_t p = 0; p < pixels; p++)
                for (size_t i = g * per; i < (g + 1) * per; i++)
                    x[p * c + i] =
                        act_of(a.act, float((double(x[p * c + i]) - mean) * scale) * a.weight[i] +
                                          a.bias[i]);
        }
        host_store(a.dtype, host_at(a.dtype, a.y, n * pixels * c), x);
    }
}

void scores(const lt_scores_args &a)
{
    size_t d = size_t(a.d), s = size_t(a.s), t = size_t(a.t);
    for (size_t n = 0; n < size_t(a.n); n++)
        for (size_t i = 0; i < s; i++) {
            numbers sum(t);
            size_t seen = a.causal && i + 1 < t ? i + 1 : t;
            for (size_t head = 0; head < size_t(a.heads); head++) {
                numbers row(t);
                auto q = host_load(
                    a.dtype, host_at(a.dtype, a.q, (n * s + i) * size_t(a.q_row) + head * d), d);
                float most = -INFINITY, total = 0;
                for (size_t j = 0; j < seen; j++) {
                    auto k = host_load(
                        a.dtype, host_at(a.dtype, a.k, (n * t + j) * size_t(a.k_row) + head * d),
                        d);
                    row[j] = host_dot(q.data(), k.data(), d) / std::sqrt(float(d));
                    most = std::max(most, row[j]);
                }
                for (size_t j = 0; j < seen; j++)
                    total += row[j] = std::exp(row[j] - most);
                for (size_t j = 0; j < seen; j++)
                    sum[j] += row[j] / total / float(a.heads);
            }
            host_store(a.dtype, host_at(a.dtype, a.y, (n * s + i) * t), sum);
        }
}
} // namespace

extern "C" {

size_t lt_kernel_group_norm_scratch(int n, int groups, int64_t)
{
    return size_t(n) * size_t(groups) * 8;
}

bool lt_kernel_group_norm(lt_gpu_stream *s, const lt_group_norm_args *a, lt_error *err)
{
    lt_group_norm_args args = *a;
    return put(s, "lt_kernel_group_norm", err, [args] {
        std::fill(args.scratch, args.scratch + 2 * args.n * args.groups, 0.5F);
        group_norm(args);
    });
}

bool lt_kernel_layer_norm(lt_gpu_stream *s, const lt_layer_norm_args *a, lt_error *err)
{
    lt_group_norm_args args = {};
    args.dtype = a->dtype;
    args.n = int(a->rows);
    args.groups = 1;
    args.pixels = 1;
    args.channels[0] = a->width;
    args.x[0] = a->x;
    args.weight = a->weight;
    args.bias = a->bias;
    args.eps = a->eps;
    args.act = a->act;
    args.y = a->y;
    return put(s, "lt_kernel_layer_norm", err, [args] { group_norm(args); });
}

bool lt_kernel_activation(lt_gpu_stream *s, lt_dtype dtype, lt_act act, const void *x, void *y,
                          int64_t count, lt_error *err)
{
    return put(s, "lt_kernel_activation", err, [=] {
        auto v = host_load(dtype, x, size_t(count));
        for (float &f : v)
            f = act_of(act, f);
        host_store(dtype, y, v);
    });
}

bool lt_kernel_scale(lt_gpu_stream *s, lt_dtype dtype, float mul, float add, const void *x, void *y,
                     int64_t count, lt_error *err)
{
    return put(s, "lt_kernel_scale", err, [=] {
        auto v = host_load(dtype, x, size_t(count));
        for (float &f : v)
            f = f * mul + add;
        host_store(dtype, y, v);
    });
}

bool lt_kernel_add(lt_gpu_stream *s, const lt_add_args *args, lt_error *err)
{
    lt_add_args a = *args;
    return put(s, "lt_kernel_add", err, [a] {
        auto v = host_load(a.dtype, a.a, size_t(a.count));
        size_t width = size_t(a.width), per = size_t(a.pixels * a.width);
        for (size_t i = 0; i < v.size(); i++) {
            size_t at = per ? i / per * size_t(a.b_row) + i % width : i;
            v[i] += host_load(a.dtype, host_at(a.dtype, a.b, at), 1)[0];
        }
        host_store(a.dtype, a.y, v);
    });
}

bool lt_kernel_geglu(lt_gpu_stream *s, lt_dtype dtype, const void *x, void *y, int64_t rows,
                     int64_t width, lt_error *err)
{
    return put(s, "lt_kernel_geglu", err, [=] {
        size_t w = size_t(width);
        for (size_t r = 0; r < size_t(rows); r++) {
            auto row = host_load(dtype, host_at(dtype, x, r * 2 * w), 2 * w);
            for (size_t i = 0; i < w; i++)
                row[i] *= act_of(LT_GELU, row[w + i]);
            row.resize(w);
            host_store(dtype, host_at(dtype, y, r * w), row);
        }
    });
}

bool lt_kernel_columns(lt_gpu_stream *s, const lt_columns_args *args, lt_error *err)
{
    lt_columns_args a = *args;
    return put(s, "lt_kernel_columns", err, [a] {
        for (int64_t r = 0; r < a.rows; r++)
            host_store(a.dtype, host_at(a.dtype, a.y, size_t(r * a.to_width + a.to)),
                       host_load(a.dtype,
                                 host_at(a.dtype, a.x, size_t(r * a.from_width + a.from)),
                                 size_t(a.width)));
    });
}

bool lt_kernel_resize(lt_gpu_stream *s, const lt_resize_args *args, lt_error *err)
{
    lt_resize_args a = *args;
    return put(s, "lt_kernel_resize", err, [a] {
        size_t c = size_t(a.channels), at = 0;
        for (int n = 0; n < a.n; n++)
            for (int64_t y = 0; y < a.to_h; y++)
                for (int64_t x = 0; x < a.to_w; x++, at += c) {
                    size_t pixel = size_t((n * a.h + y * a.h / a.to_h) * a.w + x * a.w / a.to_w);
                    host_store(a.dtype, host_at(a.dtype, a.y, at),
                               host_load(a.dtype, host_at(a.dtype, a.x, pixel * c), c));
                }
    });
}

bool lt_kernel_embed(lt_gpu_stream *s, const lt_embed_args *args, lt_error *err)
{
    lt_embed_args a = *args;
    return put(s, "lt_kernel_embed", err, [a] {
        size_t w = size_t(a.width);
        for (size_t r = 0; r < size_t(a.n) * size_t(a.length); r++) {
            auto row = host_load(a.dtype, host_at(a.dtype, a.tokens, size_t(a.ids[r]) * w), w);
            auto at = host_load(
                a.dtype, host_at(a.dtype, a.positions, r % size_t(a.length) * w), w);
            for (size_t i = 0; i < w; i++)
                row[i] += at[i];
            host_store(a.dtype, host_at(a.dtype, a.y, r * w), row);
        }
    });
}

bool lt_kernel_attention_map(lt_gpu_stream *s, const lt_scores_args *args, lt_error *err)
{
    lt_scores_args a = *args;
    return put(s, "lt_kernel_attention_map", err, [a] { scores(a); });
}

} // extern "C"
