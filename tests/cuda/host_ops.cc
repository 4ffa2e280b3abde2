/* host_ops.cc - conv.h, matmul.h and attention.h (and of plans.h the saving) as plain loops on the
 * host floor.  Making an op takes a workspace, which running it overwrites: as on a device, nobody
 * may keep anything there.
 */
#include <cmath>
#include <cstdint>
#include <cstring>

extern "C" {
#include "cuda/attention.h"
#include "cuda/conv.h"
#include "cuda/matmul.h"
#include "cuda/plans.h"
#include "cuda/shapes.h"
}
#include "host_device.h"
#include "host_numbers.h"

struct lt_conv {
    lt_gpu_stream *stream;
    lt_conv_shape shape;
};
struct lt_matmul {
    lt_gpu_stream *stream;
    lt_matmul_shape shape;
};
struct lt_attention_op {
    lt_gpu_stream *stream;
    lt_attention_shape shape;
};

namespace
{
size_t workspace_of(size_t n)
{
    return 64 + n % 4096;
}

template <class Op, class Shape>
bool make(lt_gpu_stream *s, const char *name, const Shape *shape, size_t workspace, Op **out,
          lt_error *err)
{
    if (!lt_host_call(name, err) || !lt_gpu_workspace_grow(s, workspace, err))
        return false;
    *out = new Op{s, *shape};
    lt_host()->live++;
    return true;
}

template <class Op> void unmake(Op *op)
{
    lt_host()->live -= op != nullptr;
    delete op;
}

/* The libraries' handles belong to a stream. */
template <class Op> void check_stream(const lt_gpu_stream *s, const Op *op)
{
    if (s != op->stream)
        lt_host_misuse("an op was put into another stream than it was made for");
}

void spoil(void *workspace, size_t bytes)
{
    std::memset(workspace, 0xA5, bytes);
}

void conv(const lt_conv_shape &c, const void *x, const void *w, const void *bias, const void *z,
          void *y)
{
    int h, wide;
    lt_conv_shape_out(&c, &h, &wide);
    size_t in = size_t(c.in), out = size_t(c.out), k = size_t(c.kernel);
    size_t count = size_t(c.n) * size_t(h) * size_t(wide) * out;
    auto image = host_load(c.dtype, x, size_t(c.n) * size_t(c.h) * size_t(c.w) * in);
    auto weights = host_load(c.dtype, w, out * k * k * in);
    auto add = z ? host_load(c.dtype, z, count) : std::vector<float>(count);
    auto shift = bias ? host_load(c.dtype, bias, out) : std::vector<float>(out);
    std::vector<float> sum(out), result(count);
    for (size_t at = 0; at < count; at += out) {
        int64_t pixel = int64_t(at / out), column = pixel % wide, row = pixel / wide % h;
        std::fill(sum.begin(), sum.end(), 0.0F);
        for (size_t tap = 0; tap < k * k; tap++) {
            int64_t r = row * c.stride - c.top + int64_t(tap / k);
            int64_t q = column * c.stride - c.left + int64_t(tap % k);
            if (r < 0 || r >= c.h || q < 0 || q >= c.w)
                continue;
            const float *from = &image[size_t((pixel / wide / h * c.h + r) * c.w + q) * in];
            for (size_t o = 0; o < out; o++)
                sum[o] += host_dot(from, &weights[(o * k * k + tap) * in], in);
        }
        for (size_t o = 0; o < out; o++)
            result[at + o] = sum[o] + add[at + o] + shift[o];
    }
    host_store(c.dtype, y, result);
}

void matmul(const lt_matmul_shape &m, const void *x, const void *w, const void *bias, const void *z,
            void *y)
{
    size_t in = size_t(m.in), out = size_t(m.out);
    std::vector<float> weights(out * in);
    lt_dtype y_type = m.wide ? LT_F32 : m.dtype;
    auto shift = bias ? host_load(m.dtype, bias, out) : std::vector<float>(out);
    for (size_t r = 0, rows = m.turned ? in : out, width = m.turned ? out : in; r < rows; r++) {
        auto row = host_load(m.dtype, host_at(m.dtype, w, r * size_t(m.w_row)), width);
        for (size_t c = 0; c < width; c++)
            weights[m.turned ? c * in + r : r * in + c] = row[c];
    }
    for (int64_t r = 0; r < m.rows; r++) {
        auto row = host_load(m.dtype, host_at(m.dtype, x, size_t(r * m.x_row)), in);
        size_t at = size_t(r * m.y_row);
        auto sum = z ? host_load(y_type, host_at(y_type, z, at), out) : std::vector<float>(out);
        for (size_t o = 0; o < out; o++)
            sum[o] = host_dot(row.data(), &weights[o * in], in) + sum[o] + shift[o];
        host_store(y_type, host_at(y_type, y, at), sum);
    }
}

/* One head of one sample; rows of q, k and v may lie further apart than a head is wide. */
void attend(const lt_attention_shape &a, const void *q, const void *k, const void *v, void *y)
{
    size_t d = size_t(a.d), s = size_t(a.s), t = size_t(a.t), width = d * size_t(a.heads);
    std::vector<float> keys, values, score(t);
    for (size_t j = 0; j < t; j++) {
        auto key = host_load(a.dtype, host_at(a.dtype, k, j * size_t(a.k_row)), d);
        auto value = host_load(a.dtype, host_at(a.dtype, v, j * size_t(a.v_row)), d);
        keys.insert(keys.end(), key.begin(), key.end());
        values.insert(values.end(), value.begin(), value.end());
    }
    for (size_t i = 0; i < s; i++) {
        auto query = host_load(a.dtype, host_at(a.dtype, q, i * size_t(a.q_row)), d);
        std::vector<float> sum(d);
        size_t seen = a.causal && i + 1 < t ? i + 1 : t;
        float most = -INFINITY, total = 0;
        for (size_t j = 0; j < seen; j++) {
            score[j] = host_dot(query.data(), &keys[j * d], d) / std::sqrt(float(d));
            most = std::fmax(most, score[j]);
        }
        for (size_t j = 0; j < seen; j++) {
            float weight = std::exp(score[j] - most);
            total += weight;
            for (size_t c = 0; c < d; c++)
                sum[c] += weight * values[j * d + c];
        }
        for (float &x : sum)
            x /= total;
        host_store(a.dtype, host_at(a.dtype, y, i * width), sum);
    }
}

void attention(const lt_attention_shape &a, const void *q, const void *k, const void *v, void *y)
{
    size_t d = size_t(a.d), width = d * size_t(a.heads), s = size_t(a.s), t = size_t(a.t);
    for (size_t n = 0; n < size_t(a.n); n++)
        for (size_t head = 0; head < size_t(a.heads); head++)
            attend(a, host_at(a.dtype, q, n * s * size_t(a.q_row) + head * d),
                   host_at(a.dtype, k, n * t * size_t(a.k_row) + head * d),
                   host_at(a.dtype, v, n * t * size_t(a.v_row) + head * d),
                   host_at(a.dtype, y, n * s * width + head * d));
}
} // namespace

extern "C" {

void lt_plans_save(lt_gpu_stream *)
{
    lt_host()->saved++;
}

bool lt_conv_new(lt_gpu_stream *s, const lt_conv_shape *shape, lt_conv **out, lt_error *err)
{
    return make(s, "lt_conv_new", shape, workspace_of(size_t(shape->in) * size_t(shape->out)), out,
                err);
}

void lt_conv_free(lt_conv *c)
{
    unmake(c);
}

bool lt_conv_run(lt_gpu_stream *s, const lt_conv *c, const void *x, const void *w, const void *bias,
                 const void *z, void *y, lt_error *err)
{
    lt_conv_shape shape = c->shape;
    void *workspace = lt_gpu_workspace(s);
    size_t bytes = workspace_of(size_t(shape.in) * size_t(shape.out));
    check_stream(s, c);
    if (!lt_host_call("lt_conv_run", err))
        return false;
    lt_host_enqueue(s, [=] {
        spoil(workspace, bytes);
        conv(shape, x, w, shape.bias ? bias : nullptr, shape.addend ? z : nullptr, y);
    });
    return true;
}

bool lt_matmul_new(lt_gpu_stream *s, const lt_matmul_shape *shape, lt_matmul **out, lt_error *err)
{
    return make(s, "lt_matmul_new", shape, workspace_of(size_t(shape->in)), out, err);
}

void lt_matmul_free(lt_matmul *m)
{
    unmake(m);
}

size_t lt_matmul_workspace(const lt_matmul *m)
{
    return workspace_of(size_t(m->shape.in));
}

bool lt_matmul_run(lt_gpu_stream *s, const lt_matmul *m, const void *x, const void *w,
                   const void *bias, const void *z, void *y, lt_error *err)
{
    lt_matmul_shape shape = m->shape;
    void *workspace = lt_gpu_workspace(s);
    check_stream(s, m);
    if (!lt_host_call("lt_matmul_run", err))
        return false;
    lt_host_enqueue(s, [=] {
        spoil(workspace, workspace_of(size_t(shape.in)));
        matmul(shape, x, w, shape.bias ? bias : nullptr, shape.addend ? z : nullptr, y);
    });
    return true;
}

bool lt_attention_op_new(lt_gpu_stream *s, const lt_attention_shape *shape, lt_attention_op **out,
                         lt_error *err)
{
    return make(s, "lt_attention_op_new", shape, workspace_of(size_t(shape->s)), out, err);
}

void lt_attention_op_free(lt_attention_op *a)
{
    unmake(a);
}

bool lt_attention_op_run(lt_gpu_stream *s, const lt_attention_op *a, const void *q, const void *k,
                         const void *v, void *y, lt_error *err)
{
    lt_attention_shape shape = a->shape;
    void *workspace = lt_gpu_workspace(s);
    check_stream(s, a);
    if (!lt_host_call("lt_attention_op_run", err))
        return false;
    lt_host_enqueue(s, [=] {
        spoil(workspace, workspace_of(size_t(shape.s)));
        attention(shape, q, k, v, y);
    });
    return true;
}

} // extern "C"
