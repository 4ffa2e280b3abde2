/*
 * queue.h - what one thread hands to another, in order.
 *
 * Items are copied in and out; what they point to changes its owner with them.  Putting never
 * blocks: the queue grows, as what waits in it is kept by its reader anyway.  Every function may be
 * called from any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef struct lt_queue lt_queue;

/* item: bytes of one.  LT_ERR_IO if the system gives no descriptors. */
bool lt_queue_new(size_t item, lt_queue **out, lt_error *err) LT_WARN_UNUSED;
/* NULL is fine.  Nobody may use it any more, and what is in it is not released: take it first. */
void lt_queue_free(lt_queue *q);

void lt_queue_put(lt_queue *q, const void *item);
bool lt_queue_take(lt_queue *q, void *item);         /* false if it is empty; never blocks */
void lt_queue_wait(lt_queue *q);                     /* blocks while it is empty */
void lt_queue_wait_for(lt_queue *q, double seconds); /* the same, no longer than that */

/* For poll: readable while there is an item. */
int lt_queue_fd(const lt_queue *q);
