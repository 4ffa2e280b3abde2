/*
 * kernels.cu - starts the kernels of kernels.h: what is read at once, and how many blocks there
 * are.
 */
extern "C" {
#include "cuda/kernels.h"
}

#include <numeric>

#include "cuda/attention.cuh"
#include "cuda/attention_map.cuh"
#include "cuda/copy.cuh"
#include "cuda/group_norm.cuh"
#include "cuda/layer_norm.cuh"
#include "cuda/pointwise.cuh"
#include "cuda/softmax.cuh"
#include "cuda/start.cuh"

namespace
{

/* ---- norms ---- */

int64_t gn_chunk(int64_t pixels)
{
    int64_t even = ceiling(pixels, GN_CHUNKS);
    return pixels <= GN_WHOLE ? GN_WHOLE : even > GN_CHUNK ? even : GN_CHUNK;
}

/* The fewest channels, at least 64, that are whole groups, whole reads and whole 32 bytes. */
int gn_slab(int channels, int width, int each, size_t size)
{
    int step = each > 1 ? std::lcm(std::lcm(width, each), 32 / static_cast<int>(size)) : width;
    int slab = step * static_cast<int>(ceiling(64, step));
    return slab < channels ? slab : channels;
}

group_norm_work gn_work(const lt_group_norm_args &a, int each)
{
    group_norm_work w = {};
    w.a = a;
    w.channels = a.channels[0] + a.channels[1];
    w.width = w.channels / a.groups;
    w.slab = gn_slab(w.channels, w.width, each, lt_dtype_size(a.dtype));
    w.slabs = static_cast<int>(ceiling(w.channels, w.slab));
    w.columns = w.slab / each < GN_THREADS ? w.slab / each : GN_THREADS;
    w.lanes = GN_THREADS / w.columns;
    w.chunk = gn_chunk(a.pixels);
    w.chunks = static_cast<int>(ceiling(a.pixels, w.chunk));
    w.stripe = w.lanes * GN_BATCH;
    while (w.stripe < w.lanes * 64 && w.slabs * a.n * ceiling(a.pixels, w.stripe) > 2048)
        w.stripe *= 2;
    return w;
}

template <class T, int W>
bool group_norm(lt_gpu_stream *s, const lt_group_norm_args &a, lt_error *err)
{
    group_norm_work w = gn_work(a, W);
    unsigned slabs = static_cast<unsigned>(w.slabs), n = static_cast<unsigned>(a.n);
    unsigned chunks = static_cast<unsigned>(w.chunks);
    unsigned stripes = static_cast<unsigned>(ceiling(a.pixels, w.stripe));
    size_t shared = GN_GROUPS * sizeof(moments) + GN_THREADS * W * 2 * sizeof(float);
    if (chunks <= 1)
        return launch(s, group_norm_whole<T, W>,
                      {"group_norm_whole", dim3(slabs * chunks, n), GN_THREADS, shared}, w, err);
    return launch(s, group_norm_moments<T, W>,
                  {"group_norm_moments", dim3(slabs * chunks, n), GN_THREADS, shared}, w, err) &&
           launch(s, group_norm_apply<T, W>,
                  {"group_norm_apply", dim3(slabs * stripes, n), GN_THREADS,
                   GN_GROUPS * sizeof(float2)},
                  w, err);
}

} // namespace

size_t lt_kernel_group_norm_scratch(int n, int groups, int64_t pixels)
{
    return static_cast<size_t>(n) * static_cast<size_t>(groups) *
           static_cast<size_t>(ceiling(pixels, gn_chunk(pixels))) * sizeof(float2);
}

bool lt_kernel_group_norm(lt_gpu_stream *s, const lt_group_norm_args *a, lt_error *err)
{
    return by_dtype(a->dtype, err, [&](auto zero) {
        using T = decltype(zero);
        bool even = a->channels[0] % wide<T> == 0 && a->channels[1] % wide<T> == 0 &&
                    a->shift_row % wide<T> == 0;
        if (even && on_16(a->x[0], a->x[1], a->shift, a->weight, a->bias, a->y))
            return group_norm<T, wide<T>>(s, *a, err);
        return group_norm<T, 1>(s, *a, err);
    });
}

bool lt_kernel_layer_norm(lt_gpu_stream *s, const lt_layer_norm_args *a, lt_error *err)
{
    launch_shape how = {"layer_norm", dim3(static_cast<unsigned>(ceiling(a->rows, LN_ROWS))),
                        LN_ROWS * 32, 0};
    return by_dtype(a->dtype, err, [&](auto zero) {
        using T = decltype(zero);
        bool even = a->width % wide<T> == 0 && on_16(a->x, a->weight, a->bias, a->y);
        if (even && a->width <= LN_HELD * 32)
            return launch(s, layer_norm_held<T>, how, *a, err);
        if (even)
            return launch(s, layer_norm_read<T, wide<T>>, how, *a, err);
        return launch(s, layer_norm_read<T, 1>, how, *a, err);
    });
}

/* ---- element by element ---- */

namespace
{

/* As much as possible 16 bytes at a time, and the rest one by one. */
template <class K, class L>
bool map(lt_gpu_stream *s, const char *name, const map_args &a, int64_t count, size_t size,
         K *in_packs, L *one_by_one, lt_error *err)
{
    int64_t each = static_cast<int64_t>(16 / size);
    int64_t packs = on_16(a.x, a.y) ? count / each : 0;
    size_t done = static_cast<size_t>(packs) * 16;
    map_args first = a, rest = a;
    first.packs = packs;
    rest.x = at_byte(a.x, done);
    rest.y = at_byte(a.y, done);
    rest.packs = count - packs * each;
    return launch(s, in_packs, flat(name, packs), first, err) &&
           launch(s, one_by_one, flat(name, rest.packs), rest, err);
}

template <class T, int W> bool add(lt_gpu_stream *s, const lt_add_args &a, lt_error *err)
{
    add_args w = {};
    w.a = a;
    w.packs = a.count / W;
    w.columns = a.pixels ? static_cast<unsigned>(a.width / W) : 0;
    w.sample = a.pixels * (a.width / W);
    return launch(s, add_pointwise<T, W>, flat("add", w.packs), w, err);
}

} // namespace

bool lt_kernel_activation(lt_gpu_stream *s, lt_dtype dtype, lt_act act, const void *x, void *y,
                          int64_t count, lt_error *err)
{
    map_args a = {x, y, 0, act, 0.0F, 0.0F};
    return by_dtype(dtype, err, [&](auto zero) {
        using T = decltype(zero);
        return map(s, "activation", a, count, sizeof(T), map_activation<T, wide<T>>,
                   map_activation<T, 1>, err);
    });
}

bool lt_kernel_scale(lt_gpu_stream *s, lt_dtype dtype, float mul, float add, const void *x, void *y,
                     int64_t count, lt_error *err)
{
    map_args a = {x, y, 0, -1, mul, add};
    return by_dtype(dtype, err, [&](auto zero) {
        using T = decltype(zero);
        return map(s, "scale", a, count, sizeof(T), map_scale<T, wide<T>>, map_scale<T, 1>, err);
    });
}

bool lt_kernel_rgb(lt_gpu_stream *s, lt_dtype dtype, const void *x, void *y, int64_t count,
                   lt_error *err)
{
    rgb_args a = {x, static_cast<unsigned char *>(y), count, lt_rgb_part(count)};
    launch_shape how = {"rgb", dim3(LT_RGB_PARTS), RGB_THREADS, RGB_THREADS / 32 * sizeof(float)};
    return by_dtype(dtype, err, [&](auto zero) {
        using T = decltype(zero);
        return launch(s, rgb_bytes<T>, how, a, err);
    });
}

bool lt_kernel_add(lt_gpu_stream *s, const lt_add_args *a, lt_error *err)
{
    return by_dtype(a->dtype, err, [&](auto zero) {
        using T = decltype(zero);
        bool even = a->count % wide<T> == 0 && a->width % wide<T> == 0 && a->b_row % wide<T> == 0;
        if (even && on_16(a->a, a->b, a->y))
            return add<T, wide<T>>(s, *a, err);
        return add<T, 1>(s, *a, err);
    });
}

bool lt_kernel_geglu(lt_gpu_stream *s, lt_dtype dtype, const void *x, void *y, int64_t rows,
                     int64_t width, lt_error *err)
{
    return by_dtype(dtype, err, [&](auto zero) {
        using T = decltype(zero);
        bool even = width % wide<T> == 0 && on_16(x, y);
        int64_t columns = even ? width / wide<T> : width;
        geglu_args a = {x, y, static_cast<unsigned>(rows * columns),
                        static_cast<unsigned>(columns)};
        if (!countable(rows * columns, "geglu", err))
            return false;
        if (even)
            return launch(s, geglu_rows<T, wide<T>>, flat("geglu", a.packs), a, err);
        return launch(s, geglu_rows<T, 1>, flat("geglu", a.packs), a, err);
    });
}

/* ---- copies ---- */

namespace
{

template <class U> bool columns(lt_gpu_stream *s, const lt_columns_args &a, lt_error *err)
{
    int64_t size = static_cast<int64_t>(lt_dtype_size(a.dtype)), unit = sizeof(U);
    int64_t units = a.rows * (a.width * size / unit);
    columns_args c = {at_byte(a.x, static_cast<size_t>(a.from * size)),
                      at_byte(a.y, static_cast<size_t>(a.to * size)),
                      static_cast<unsigned>(units),
                      static_cast<unsigned>(a.width * size / unit),
                      a.from_width * size / unit,
                      a.to_width * size / unit};
    return countable(units, "columns", err) &&
           launch(s, copy_columns<U>, flat("columns", units), c, err);
}

template <class U> bool resize(lt_gpu_stream *s, const lt_resize_args &a, lt_error *err)
{
    size_t columns = static_cast<size_t>(a.channels) * lt_dtype_size(a.dtype) / sizeof(U);
    int64_t rows = static_cast<int64_t>(a.n) * a.to_h;
    int64_t units = a.to_w * static_cast<int64_t>(columns);
    resize_args r = {a.x,
                     a.y,
                     static_cast<unsigned>(rows),
                     static_cast<unsigned>(a.h),
                     static_cast<unsigned>(a.w),
                     static_cast<unsigned>(a.to_h),
                     static_cast<unsigned>(a.to_w),
                     static_cast<unsigned>(columns)};
    unsigned threads = units < 128 ? 64 : 256;
    dim3 grid(static_cast<unsigned>(ceiling(units, threads)),
              static_cast<unsigned>(rows < 65535 ? rows : 65535));
    return countable(units, "resize", err) && countable(rows, "resize", err) &&
           launch(s, copy_resized<U>, {"resize", grid, threads, 0}, r, err);
}

template <class T, int W> bool embed(lt_gpu_stream *s, const lt_embed_args &a, lt_error *err)
{
    int64_t columns = a.width / W, packs = columns * a.n * a.length;
    embed_args e = {a, static_cast<unsigned>(packs), static_cast<unsigned>(columns)};
    return countable(packs, "embed", err) &&
           launch(s, embed_rows<T, W>, flat("embed", packs), e, err);
}

} // namespace

bool lt_kernel_columns(lt_gpu_stream *s, const lt_columns_args *a, lt_error *err)
{
    uint64_t all = static_cast<uint64_t>(a->width | a->from_width | a->from | a->to_width | a->to);
    switch (unit_of(all * lt_dtype_size(a->dtype), a->x, a->y)) {
    case 16:
        return columns<uint4>(s, *a, err);
    case 4:
        return columns<uint32_t>(s, *a, err);
    default:
        return columns<uint16_t>(s, *a, err);
    }
}

bool lt_kernel_resize(lt_gpu_stream *s, const lt_resize_args *a, lt_error *err)
{
    int sides[] = {a->h, a->w, a->to_h, a->to_w};
    for (int side : sides)
        if (side > UINT16_MAX)
            return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                           "kernel 'resize' takes sides up to 65535, not %d", side);
    switch (unit_of(static_cast<uint64_t>(a->channels) * lt_dtype_size(a->dtype), a->x, a->y)) {
    case 16:
        return resize<uint4>(s, *a, err);
    case 4:
        return resize<uint32_t>(s, *a, err);
    default:
        return resize<uint16_t>(s, *a, err);
    }
}

bool lt_kernel_embed(lt_gpu_stream *s, const lt_embed_args *a, lt_error *err)
{
    return by_dtype(a->dtype, err, [&](auto zero) {
        using T = decltype(zero);
        if (a->width % wide<T> == 0 && on_16(a->tokens, a->positions, a->y))
            return embed<T, wide<T>>(s, *a, err);
        return embed<T, 1>(s, *a, err);
    });
}

/* ---- attention ---- */

namespace
{

template <class T> attention_args attention_of(const lt_scores_args &a)
{
    attention_args w = {};
    bool even = a.d % wide<T> == 0;
    w.a = a;
    w.scale = LOG2_E / sqrtf(static_cast<float>(a.d));
    w.q_wide = even && a.q_row % wide<T> == 0 && on_16(a.q);
    w.k_wide = even && a.k_row % wide<T> == 0 && on_16(a.k);
    w.v_wide = even && a.v_row % wide<T> == 0 && on_16(a.v);
    w.y_packs = a.d % 4 == 0 && lies_on(4 * sizeof(T), a.y);
    w.columns = (a.d + 7) / 8 * 8;
    return w;
}

template <class T, int R, int C, int G>
bool attend(lt_gpu_stream *s, const attention_args &w, lt_error *err)
{
    int chunk = w.columns < 64 * G ? w.columns : 64 * G;
    int floats = 16 * R * (tile_row(w.columns) + tile_row(AT_KEYS)) + AT_KEYS * tile_row(chunk);
    dim3 grid(static_cast<unsigned>(ceiling(w.a.s, 16 * R)), static_cast<unsigned>(w.a.heads),
              static_cast<unsigned>(w.a.n));
    return launch(s, attention<T, R, C, G>,
                  {"attention", grid, AT_THREADS, static_cast<size_t>(floats) * sizeof(float)}, w,
                  err);
}

} // namespace

bool lt_kernel_attention(lt_gpu_stream *s, const lt_scores_args *a, lt_error *err)
{
    if (a->d > 512)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "attention takes heads up to 512 wide, not %d",
                       a->d);
    return by_dtype(a->dtype, err, [&](auto zero) {
        using T = decltype(zero);
        attention_args w = attention_of<T>(*a);
        if (a->d <= 64 && a->s <= 128) /* smaller tiles, more blocks; the same sums */
            return attend<T, 2, 1, 1>(s, w, err);
        if (a->d <= 64)
            return attend<T, 4, 1, 1>(s, w, err);
        if (a->d <= 160)
            return attend<T, 2, 3, 3>(s, w, err);
        return attend<T, 2, 8, 2>(s, w, err);
    });
}

bool lt_kernel_attention_map(lt_gpu_stream *s, const lt_scores_args *a, lt_error *err)
{
    size_t tiles = MAP_FLOATS * sizeof(float);
    size_t statistics = static_cast<size_t>(a->heads) * MAP_QUERIES * sizeof(float2);
    dim3 grid(static_cast<unsigned>(ceiling(a->s, MAP_QUERIES)), 1, static_cast<unsigned>(a->n));
    return by_dtype(a->dtype, err, [&](auto zero) {
        using T = decltype(zero);
        attention_args w = attention_of<T>(*a);
        if (a->t <= MAP_TILES * AT_KEYS)
            return launch(s, attention_map_few<T>, {"attention_map_few", grid, AT_THREADS, tiles},
                          w, err);
        return launch(s, attention_map<T>, {"attention_map", grid, AT_THREADS, tiles + statistics},
                      w, err);
    });
}

bool lt_kernel_softmax(lt_gpu_stream *s, const lt_softmax_args *a, lt_error *err)
{
    launch_shape how = {"softmax", dim3(static_cast<unsigned>(a->rows)), SM_THREADS,
                        SM_WARPS * sizeof(float)};
    return countable(a->rows, "softmax", err) && by_dtype(a->dtype, err, [&](auto zero) {
               using T = decltype(zero);
               if (a->width % 4 == 0 && on_16(a->x) && lies_on(4 * sizeof(T), a->y))
                   return launch(s, softmax_rows<T, 4>, how, *a, err);
               return launch(s, softmax_rows<T, 1>, how, *a, err);
           });
}
