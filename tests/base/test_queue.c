/* A queue between two threads: order, growth, and the descriptor that says when there is something.
 */
#define _POSIX_C_SOURCE 200809L
#include "base/queue.h"

#include <poll.h>
#include <pthread.h>

#include "base/clock.h"
#include "support/check.h"

static bool readable(const lt_queue *q)
{
    struct pollfd p = {.fd = lt_queue_fd(q), .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

static void test_order(void **state)
{
    (void)state;
    lt_queue *q;
    int next = 0, got, put = 0;
    CHECK_OK(lt_queue_new(sizeof(int), &q, err));
    assert_false(lt_queue_take(q, &got));
    for (int round = 0; round < 50; round++) { /* wraps at every fill */
        for (int i = 0; i < 3 + round % 5; i++, put++)
            lt_queue_put(q, &put);
        assert_true(readable(q));
        for (int i = 0; i < 3; i++, next++) {
            assert_true(lt_queue_take(q, &got));
            assert_int_equal(got, next);
        }
    }
    for (; next < put; next++) {
        assert_true(readable(q));
        assert_true(lt_queue_take(q, &got));
        assert_int_equal(got, next);
    }
    assert_false(readable(q));
    assert_false(lt_queue_take(q, &got));
    lt_queue_free(q);
    lt_queue_free(NULL);
}

/* Returns at once if there is something, and after a while if nothing comes. */
static void test_wait_for(void **state)
{
    (void)state;
    lt_queue *q;
    int got = 7;
    CHECK_OK(lt_queue_new(sizeof(int), &q, err));
    double start = lt_clock();
    lt_queue_wait_for(q, 0.02);
    assert_true(lt_clock() - start >= 0.02);
    lt_queue_put(q, &got);
    lt_queue_wait_for(q, 1e6);
    assert_true(lt_queue_take(q, &got));
    lt_queue_free(q);
}

enum { MANY = 20000 };

static void *fill(void *queue)
{
    for (int i = 0; i < MANY; i++)
        lt_queue_put(queue, &i);
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    lt_queue *q;
    pthread_t thread;
    int got;
    CHECK_OK(lt_queue_new(sizeof(int), &q, err));
    assert_int_equal(pthread_create(&thread, NULL, fill, q), 0);
    for (int i = 0; i < MANY; i++) {
        lt_queue_wait(q);
        assert_true(readable(q));
        assert_true(lt_queue_take(q, &got));
        assert_int_equal(got, i);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_false(readable(q));
    lt_queue_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order),
                                       cmocka_unit_test(test_wait_for),
                                       cmocka_unit_test(test_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
