/* queue.c - see queue.h. */
#define _DEFAULT_SOURCE
#include "base/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/panic.h"

struct lt_queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    size_t item;
    char *items;              /* owned: a ring */
    size_t first, count, cap; /* in items */
    int ends[2];              /* of a pipe that holds a byte while count > 0 */
};

bool lt_queue_new(size_t item, lt_queue **out, lt_error *err)
{
    int ends[2];
    if (pipe(ends) != 0)
        return lt_fail(err, LT_ERR_IO, NULL, "cannot make a pipe: %s", strerror(errno));
    for (int i = 0; i < 2; i++) {
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
        fcntl(ends[i], F_SETFL, O_NONBLOCK);
    }
    lt_queue *q = lt_alloc(sizeof *q);
    q->item = item;
    memcpy(q->ends, ends, sizeof ends);
    pthread_condattr_t steady;
    LT_ASSERT(pthread_condattr_init(&steady) == 0 &&
              pthread_condattr_setclock(&steady, CLOCK_MONOTONIC) == 0 &&
              pthread_mutex_init(&q->lock, NULL) == 0 &&
              pthread_cond_init(&q->filled, &steady) == 0);
    pthread_condattr_destroy(&steady);
    *out = q;
    return true;
}

void lt_queue_free(lt_queue *q)
{
    if (!q)
        return;
    pthread_cond_destroy(&q->filled);
    pthread_mutex_destroy(&q->lock);
    close(q->ends[0]);
    close(q->ends[1]);
    free(q->items);
    free(q);
}

static void grow(lt_queue *q)
{
    size_t cap = q->cap ? 2 * q->cap : 16;
    char *items = lt_alloc_array(cap, q->item);
    for (size_t i = 0; i < q->count; i++)
        memcpy(items + i * q->item, q->items + (q->first + i) % q->cap * q->item, q->item);
    free(q->items);
    q->items = items;
    q->first = 0;
    q->cap = cap;
}

void lt_queue_put(lt_queue *q, const void *item)
{
    pthread_mutex_lock(&q->lock);
    if (q->count == q->cap)
        grow(q);
    memcpy(q->items + (q->first + q->count) % q->cap * q->item, item, q->item);
    /* an empty pipe takes a byte: it cannot fail but by a signal */
    while (q->count == 0 && write(q->ends[1], "", 1) < 0 && errno == EINTR)
        ;
    q->count++;
    pthread_cond_signal(&q->filled);
    pthread_mutex_unlock(&q->lock);
}

bool lt_queue_take(lt_queue *q, void *item)
{
    char byte;
    pthread_mutex_lock(&q->lock);
    bool any = q->count > 0;
    if (any) {
        memcpy(item, q->items + q->first * q->item, q->item);
        q->first = (q->first + 1) % q->cap;
        q->count--;
        while (q->count == 0 && read(q->ends[0], &byte, 1) < 0 && errno == EINTR)
            ;
    }
    pthread_mutex_unlock(&q->lock);
    return any;
}

void lt_queue_wait(lt_queue *q)
{
    pthread_mutex_lock(&q->lock);
    while (q->count == 0)
        pthread_cond_wait(&q->filled, &q->lock);
    pthread_mutex_unlock(&q->lock);
}

void lt_queue_wait_for(lt_queue *q, double seconds)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    double whole = floor(seconds), rest = (seconds - whole) * 1e9 + (double)until.tv_nsec;
    until.tv_sec += (time_t)whole + (rest >= 1e9);
    until.tv_nsec = (long)(rest >= 1e9 ? rest - 1e9 : rest);
    pthread_mutex_lock(&q->lock);
    while (q->count == 0 && pthread_cond_timedwait(&q->filled, &q->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&q->lock);
}

int lt_queue_fd(const lt_queue *q)
{
    return q->ends[0];
}
