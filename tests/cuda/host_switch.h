/*
 * host_switch.h - coroutines: a stack each, and switches between them and who resumes them.
 */
#pragma once

#include <cstddef>
#include <memory>

struct lt_coroutine {
    std::unique_ptr<unsigned char[]> stack;
    void *saved;       /* where it goes on */
    void (*run)(void); /* its whole life */
    bool ended;
};

/* Puts c at the begin of `run`. */
void lt_coroutine_start(lt_coroutine &c, void (*run)(void));
/* Runs c until it yields or ends. */
void lt_coroutine_resume(lt_coroutine &c);
/* Back to who resumed the one that runs. */
void lt_coroutine_yield();
