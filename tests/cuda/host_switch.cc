/* host_switch.cc - see host_switch.h.  x86-64 has a switch of its own: swapcontext asks the kernel
 * about signals each time, which takes a hundred times as long. */
#include "host_switch.h"

#include <cstdint>

#ifndef __x86_64__
#include <ucontext.h>
#endif

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#ifdef HAS_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace
{

constexpr size_t STACK = 64 * 1024;

thread_local lt_coroutine *running;
thread_local void *resumer;

#ifdef HAS_ASAN
thread_local const void *resumer_stack;
thread_local size_t resumer_size;

void leave_to_stack(void **fake, const void *stack, size_t size)
{
    __sanitizer_start_switch_fiber(fake, stack, size);
}

void arrived(void *fake, const void **stack, size_t *size)
{
    __sanitizer_finish_switch_fiber(fake, stack, size);
}
#else
const void *resumer_stack;
size_t resumer_size;

void leave_to_stack(void **, const void *, size_t)
{
}

void arrived(void *, const void **, size_t *)
{
}
#endif

} // namespace

#ifdef __x86_64__

/* Keeps what the calling convention asks a function to keep, and changes the stack. */
extern "C" void lt_host_switch(void **from, void *to);
asm(R"(
.text
.type lt_host_switch, @function
lt_host_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size lt_host_switch, . - lt_host_switch
)");

#else

static void lt_host_switch(void **from, void *to)
{
    ucontext_t here;
    *from = &here;
    swapcontext(&here, static_cast<ucontext_t *>(to));
}

#endif

/* The bottom of every coroutine's stack; it is never left, so that a stack is made once. */
static void live()
{
    arrived(nullptr, &resumer_stack, &resumer_size);
    for (;;) {
        running->run();
        running->idle = true;
        lt_coroutine_yield();
    }
}

void lt_coroutine_start(lt_coroutine &c, void (*run)(void))
{
    c.run = run;
    c.idle = false;
    if (c.stack)
        return;
    c.stack.reset(new unsigned char[STACK]);
#ifdef __x86_64__
    uintptr_t top = reinterpret_cast<uintptr_t>(c.stack.get() + STACK) & ~uintptr_t{15};
    void **frame = reinterpret_cast<void **>(top) - 8; /* 6 registers, live, no return address */
    for (int i = 0; i < 8; i++)
        frame[i] = nullptr;
    frame[6] = reinterpret_cast<void *>(live);
    c.saved = frame;
#else
    ucontext_t *at = reinterpret_cast<ucontext_t *>(c.stack.get()); /* its low end is not used */
    getcontext(at);
    at->uc_stack.ss_sp = c.stack.get() + sizeof *at;
    at->uc_stack.ss_size = STACK - sizeof *at;
    makecontext(at, live, 0);
    c.saved = at;
#endif
}

void lt_coroutine_resume(lt_coroutine &c)
{
    void *fake = nullptr;
    running = &c;
    leave_to_stack(&fake, c.stack.get(), STACK);
    lt_host_switch(&resumer, c.saved);
    arrived(fake, nullptr, nullptr);
}

void lt_coroutine_yield()
{
    void *fake = nullptr;
    lt_coroutine &c = *running;
    leave_to_stack(&fake, resumer_stack, resumer_size);
    lt_host_switch(&c.saved, resumer);
    arrived(fake, &resumer_stack, &resumer_size);
}
