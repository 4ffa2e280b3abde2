/*
 * test_host_cuda.cc - the processor's stand-in for CUDA is strict enough: waits are waits, and what
 * a device would punish is seen.
 */
#include "host_cuda.h"

#include <vector>

extern "C" {
#include "support/check.h"
}

namespace
{

constexpr unsigned THREADS = 96;

struct sum_args {
    float *y;
    bool sync;
};

/* y[block][thread] = thread + the number of its neighbour, through shared memory. */
void neighbours(sum_args a)
{
    float *shared = shared_memory<float>();
    unsigned t = threadIdx.x;
    shared[t] = static_cast<float>(t);
    if (a.sync)
        __syncthreads();
    a.y[blockIdx.x * THREADS + t] = shared[t] + shared[(t + 1) % THREADS];
}

/* How many of y are right. */
unsigned right(bool sync, unsigned blocks)
{
    std::vector<float> y(blocks * THREADS, -1.0F);
    unsigned count = 0;
    assert_null(lt_host_grid(dim3(blocks), THREADS, THREADS * sizeof(float), [&] {
        neighbours({y.data(), sync});
    }));
    for (unsigned i = 0; i < blocks * THREADS; i++)
        count += y[i] == static_cast<float>(i % THREADS + (i + 1) % THREADS);
    return count;
}

void test_barrier_is_one(void **)
{
    assert_int_equal(right(true, 2), 2 * THREADS);
}

void test_missing_barrier_shows(void **)
{
    assert_true(right(false, 1) < THREADS);     /* forwards: the neighbour has not written yet */
    assert_true(right(false, 2) < THREADS + 2); /* backwards: nor the first of all */
}

/* Written again before everybody has read: the barrier at the loop's end is missing. */
unsigned rounds_right(bool sync)
{
    constexpr unsigned rounds = 3;
    std::vector<float> y(2 * THREADS);
    unsigned count = 0;
    assert_null(lt_host_grid(dim3(2), THREADS, THREADS * sizeof(float), [&] {
        float *shared = shared_memory<float>(), sum = 0.0F;
        unsigned t = threadIdx.x;
        for (unsigned round = 0; round < rounds; round++) {
            shared[t] = static_cast<float>(t + round);
            __syncthreads();
            sum += shared[(t + 1) % THREADS] + shared[(t + THREADS - 1) % THREADS];
            if (sync)
                __syncthreads();
        }
        y[blockIdx.x * THREADS + t] = sum;
    }));
    for (unsigned i = 0; i < 2 * THREADS; i++)
        count += y[i] == static_cast<float>(rounds * ((i + 1) % THREADS +
                                                      (i + THREADS - 1) % THREADS + rounds - 1));
    return count;
}

void test_missing_second_barrier_shows(void **)
{
    assert_int_equal(rounds_right(true), 2 * THREADS);
    assert_true(rounds_right(false) < 2 * THREADS);
}

void test_shuffles(void **)
{
    std::vector<unsigned> y(THREADS), z(THREADS);
    assert_null(lt_host_grid(dim3(1), THREADS, 0, [&] {
        unsigned t = threadIdx.x, value = t * t;
        for (int step = 16; step > 0; step /= 2) {
            y[t] = __shfl_xor_sync(0xFFFFFFFFU, value, step);
            assert_int_equal(y[t],
                             (t ^ static_cast<unsigned>(step)) * (t ^ static_cast<unsigned>(step)));
        }
        float sum = static_cast<float>(t % 32);
        for (int step = 16; step > 0; step /= 2)
            sum += __shfl_xor_sync(0xFFFFFFFFU, sum, step);
        z[t] = static_cast<unsigned>(sum);
    }));
    for (unsigned t = 0; t < THREADS; t++)
        assert_int_equal(z[t], 31 * 32 / 2);
}

void test_waits_that_never_end(void **)
{
    const char *wrong = lt_host_grid(dim3(1), THREADS, 0, [] {
        if (threadIdx.x != 40)
            __syncthreads();
    });
    assert_non_null(wrong);
    assert_non_null(strstr(wrong, "__syncthreads"));
    wrong = lt_host_grid(dim3(1), THREADS, 0, [] {
        if (threadIdx.x != 40)
            (void)__shfl_xor_sync(0xFFFFFFFFU, 1.0F, 1);
    });
    assert_non_null(wrong);
    assert_non_null(strstr(wrong, "shuffle"));
    wrong = lt_host_grid(dim3(1), 64, 0, [] { /* one warp waits for the block, one shuffles */
                                              if (threadIdx.x < 32)
                                                  (void)__shfl_xor_sync(0xFFFFFFFFU, 1.0F, 1);
                                              else
                                                  __syncthreads();
    });
    assert_non_null(wrong);
}

/* A warp may end, or shuffle more often than the others, while nobody waits for the block. */
void test_warps_go_their_own_way(void **)
{
    std::vector<float> y(THREADS);
    assert_null(lt_host_grid(dim3(1), THREADS, 0, [&] {
        unsigned warp = threadIdx.x / 32;
        float sum = 1.0F;
        if (warp == 1)
            return;
        for (unsigned i = 0; i <= warp; i++)
            for (int step = 16; step > 0; step /= 2)
                sum += __shfl_xor_sync(0xFFFFFFFFU, sum, step);
        y[threadIdx.x] = sum;
    }));
    assert_true(y[0] == 32.0F && y[31] == 32.0F);
    assert_true(y[32] == 0.0F);
    assert_true(y[64] == 32768.0F && y[95] == 32768.0F);
}

void test_positions(void **)
{
    std::vector<int> seen(2 * 3 * 4 * 5);
    assert_null(lt_host_grid(dim3(2, 3, 4), 5, 0, [&] {
        assert_int_equal(blockDim.x, 5);
        assert_int_equal(gridDim.x * gridDim.y * gridDim.z, 24);
        seen[((blockIdx.z * 3 + blockIdx.y) * 2 + blockIdx.x) * 5 + threadIdx.x]++;
    }));
    for (int times : seen)
        assert_int_equal(times, 1);
}

/* Shared memory of a block is NaN before it is written, also that which an earlier block wrote. */
void test_shared_memory_is_poisoned(void **)
{
    assert_null(lt_host_grid(dim3(3), 32, 32 * sizeof(float), [] {
        float *shared = shared_memory<float>();
        assert_true(std::isnan(shared[threadIdx.x]));
        shared[threadIdx.x] = 1.0F;
    }));
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_barrier_is_one),
        cmocka_unit_test(test_missing_barrier_shows),
        cmocka_unit_test(test_missing_second_barrier_shows),
        cmocka_unit_test(test_shuffles),
        cmocka_unit_test(test_waits_that_never_end),
        cmocka_unit_test(test_warps_go_their_own_way),
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_shared_memory_is_poisoned),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
