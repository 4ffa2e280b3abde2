/*
 * host_switch.h - coroutines: a stack each, and switches between them and who resumes them.
 */
#pragma once

#include <cstddef>
#include <memory>

struct lt_coroutine {
    std::unique_ptr<unsigned char[]> stack;
    void *saved;       /* where it goes on */
    void (*run)(void); /* what it does, once */
    bool idle;         /* it has done that, and may be given more */
};

/* Gives c something to do: a new one, or one that is idle. */
void lt_coroutine_start(lt_coroutine &c, void (*run)(void));
/* Runs c until it yields or is idle. */
void lt_coroutine_resume(lt_coroutine &c);
/* Back to who resumed the one that runs. */
void lt_coroutine_yield();
