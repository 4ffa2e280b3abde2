/* test_tty.c - what a program leaves behind on a terminal, however it ends. */
#define _DEFAULT_SOURCE
#include "gfx/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/panic.h"
#include "support/check.h"
#include "support/temp.h"
#include "terminal.h"

static lt_tty *tty; /* in the child */

static void begin(void)
{
    lt_error err = {0};
    if (!lt_tty_open(&tty, &err))
        _exit(90);
    lt_tty_guard();
    if (!lt_tty_raw(tty, true))
        _exit(91);
    lt_tty_mode(tty, LT_MODE_SCREEN, true);
    lt_tty_mode(tty, LT_MODE_PASTE, true);
    lt_tty_mode(tty, LT_MODE_MOUSE, true);
    lt_tty_mode(tty, LT_MODE_HIDDEN, true);
}

/* A part of a frame: the terminal is in the middle of a string. */
static void begin_frame(void)
{
    static const char part[] = "\033[?2026h\033[1;1H\033P0;0;0q\"1;1;6;6#0~~";
    lt_error err = {0};
    begin();
    lt_tty_mode(tty, LT_MODE_SYNC, true);
    lt_tty_mode(tty, LT_MODE_STRING, true);
    if (lt_tty_write(tty, part, sizeof part - 1, 1.0, &err) != sizeof part - 1)
        _exit(92);
}

/* The same of a picture in pieces. */
static void fault_in_load(void)
{
    static const char part[] = "\033_Ga=T,i=1,m=1;AAAA\033\\\033_Gq=2,m=1;BB";
    lt_error err = {0};
    begin();
    lt_tty_mode(tty, LT_MODE_STRING, true);
    lt_tty_mode(tty, LT_MODE_LOAD, true);
    if (lt_tty_write(tty, part, sizeof part - 1, 1.0, &err) != sizeof part - 1)
        _exit(92);
    raise(SIGSEGV);
}

static void leave(void)
{
    begin();
    lt_tty_mode(tty, LT_MODE_SCREEN, false); /* curses did it */
    lt_tty_close(tty);
    lt_tty_restore(); /* nothing is left to do */
}

static void fault(void)
{
    begin();
    raise(SIGSEGV);
}

static void fault_in_frame(void)
{
    begin_frame();
    volatile char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    page[0] = 1;
}

static void give_up(void)
{
    begin_frame();
    abort();
}

static void bug(void)
{
    begin_frame();
    lt_panic("on purpose");
}

static void no_memory(void)
{
    begin_frame();
    lt_panic_memory("a thing", 1);
}

static void divide(void)
{
    begin();
    raise(SIGFPE);
}

/* Every call needs the memory of the one before, so that none becomes a loop. */
static volatile bool bottom; /* never */
static int deep(const volatile char *above)
{
    volatile char much[4096];
    much[0] = above[0];
    return bottom ? 0 : deep(much) + much[0] + above[1];
}

static void overflow(void)
{
    begin();
    _exit(deep("x"));
}

/* More than the kernel keeps for a terminal that reads nothing. */
static void fault_when_stuck(void)
{
    static char much[1 << 20];
    lt_error err = {0};
    begin_frame();
    memset(much, '~', sizeof much);
    ptrdiff_t n = lt_tty_write(tty, much, sizeof much, 0.05, &err);
    if (n < 0 || n >= (ptrdiff_t)sizeof much)
        _exit(93);
    raise(SIGSEGV);
}

static char *shrinking; /* a file, in the child */

/* base/map.h's guard comes first; what is not its own is passed on. */
static void bus_errors(void)
{
    lt_map map = {0};
    lt_error err = {0};
    lt_map_guard();
    begin();
    long page = sysconf(_SC_PAGESIZE);
    char *bytes = lt_alloc((size_t)page * 2);
    FILE *file = fopen(shrinking, "wb");
    memset(bytes, 'x', (size_t)page * 2);
    if (!file || fwrite(bytes, (size_t)page, 2, file) != 2 || fclose(file) != 0)
        _exit(94);
    if (!lt_map_open(shrinking, &map, &err) || truncate(shrinking, 0) != 0)
        _exit(95);
    if (map.data[page] != 0 || lt_map_check(&map, shrinking, &err))
        _exit(96);
    int fd = open(shrinking, O_RDWR);
    volatile char *other = mmap(NULL, (size_t)page, PROT_READ, MAP_SHARED, fd, 0);
    _exit(other[0] ? 97 : 98); /* SIGBUS: nobody's mapping */
}

static void check_settings(const pty_run *run)
{
    assert_int_equal(run->after.c_iflag, run->before.c_iflag);
    assert_int_equal(run->after.c_oflag, run->before.c_oflag);
    assert_int_equal(run->after.c_cflag, run->before.c_cflag);
    assert_int_equal(run->after.c_lflag, run->before.c_lflag);
    assert_memory_equal(run->after.c_cc, run->before.c_cc, sizeof run->before.c_cc);
}

static const char modes_on[] = "\033[?2004h\033[?1002h\033[?1006h\033[?25l";
static const char frame_on[] = "\033[?2026h\033[1;1H\033P0;0;0q\"1;1;6;6#0~~";

/* The child ends by `signal` (0: exits with `code`) and leaves this on the terminal. */
static void ends(void (*f)(void), int signal, int code, const char *output)
{
    pty_run run = {0};
    pty_child(&run, f);
    if (signal ? !WIFSIGNALED(run.status) || WTERMSIG(run.status) != signal
               : !WIFEXITED(run.status) || WEXITSTATUS(run.status) != code)
        fail_msg("status %x, expected signal %d or code %d", (unsigned)run.status, signal, code);
    assert_string_equal(run.output.data, output);
    check_settings(&run);
    lt_buf_done(&run.output);
}

static char *together(const char *a, const char *b, const char *c)
{
    return lt_format("%s%s%s", a, b, c);
}

static const char off[] = "\033[?2004l\033[?1002l\033[?1006l\033[?25h\033[?25h\033[0m\033[?1049l";
static const char off_in_frame[] = "\033\\\033[?2004l\033[?1002l\033[?1006l\033[?25h\033[?2026l"
                                   "\033[?25h\033[0m\033[?1049l";

static void test_leaving(void **state)
{
    (void)state;
    char *all = together(modes_on, "", "\033[?2004l\033[?1002l\033[?1006l\033[?25h");
    ends(leave, 0, 0, all);
    free(all);
}

static void test_faults(void **state)
{
    (void)state;
    char *all = together(modes_on, "", off), *frame = together(modes_on, frame_on, off_in_frame);
    ends(fault, SIGSEGV, 0, all);
    ends(divide, SIGFPE, 0, all);
    ends(overflow, SIGSEGV, 0, all);
    ends(fault_in_frame, SIGSEGV, 0, frame);
    ends(give_up, SIGABRT, 0, frame);
    free(frame);
    frame = together(modes_on,
                     "\033_Ga=T,i=1,m=1;AAAA\033\\\033_Gq=2,m=1;BB\033\\\033_Gq=2,m=0\033\\", off);
    ends(fault_in_load, SIGSEGV, 0, frame);
    free(all);
    free(frame);
}

static void test_panics(void **state)
{
    (void)state;
    char *frame = together(modes_on, frame_on, off_in_frame);
    ends(bug, SIGABRT, 0, frame);
    ends(no_memory, 0, 1, frame);
    free(frame);
}

static void test_bus_errors(void **state)
{
    (void)state;
    char *dir = temp_dir(), *all = together(modes_on, "", off);
    shrinking = lt_path_join(dir, "file");
    ends(bus_errors, SIGBUS, 0, all);
    free(shrinking);
    free(all);
    temp_dir_remove(dir);
}

/* What is dropped may not be the end: it is what makes the terminal usable. */
static void test_stuck(void **state)
{
    (void)state;
    pty_run run = {.stuck = true};
    pty_child(&run, fault_when_stuck);
    assert_true(WIFSIGNALED(run.status) && WTERMSIG(run.status) == SIGSEGV);
    const char *end = "\033[?25h\033[0m\033[?1049l";
    assert_true(run.output.len > strlen(end));
    assert_string_equal(run.output.data + run.output.len - strlen(end), end);
    assert_non_null(strstr(run.output.data, "\033[?2004l"));
    check_settings(&run);
    lt_buf_done(&run.output);
}

/* ---- with the terminal in the same process ---- */

static size_t read_some(const pty *p, char *to, size_t room)
{
    struct pollfd wait = {.fd = p->master, .events = POLLIN};
    if (poll(&wait, 1, 0) <= 0)
        return 0;
    ssize_t n = read(p->master, to, room);
    return n > 0 ? (size_t)n : 0;
}

static void test_size(void **state)
{
    (void)state;
    lt_tty_size size;
    pty p = pty_open(&(lt_tty_size){130, 46, 910, 644});
    CHECK_OK(lt_tty_open_path(p.path, &tty, err));
    lt_tty_size_get(tty, &size);
    assert_int_equal(size.cols, 130);
    assert_int_equal(size.rows, 46);
    assert_int_equal(size.width, 910);
    assert_int_equal(size.height, 644);
    lt_tty_close(tty);
    pty_close(&p);
    p = pty_open(&(lt_tty_size){0});
    CHECK_OK(lt_tty_open_path(p.path, &tty, err));
    lt_tty_size_get(tty, &size);
    assert_int_equal(size.cols, 80);
    assert_int_equal(size.rows, 24);
    lt_tty_close(tty);
    pty_close(&p);
}

static void test_bytes(void **state)
{
    (void)state;
    lt_error e = {0};
    char got[64];
    pty p = pty_open(&(lt_tty_size){80, 24, 0, 0});
    CHECK_OK(lt_tty_open_path(p.path, &tty, err));
    assert_int_equal(lt_tty_read(tty, got, sizeof got, &e), 0);
    assert_true(lt_tty_raw(tty, true));
    assert_true(lt_tty_is_raw(tty));
    assert_int_equal(write(p.master, "\003\032\r", 3), 3); /* as keys */
    struct pollfd wait = {.fd = lt_tty_fd(tty), .events = POLLIN};
    assert_int_equal(poll(&wait, 1, 60000), 1);
    assert_int_equal(lt_tty_read(tty, got, sizeof got, &e), 3);
    assert_memory_equal(got, "\003\032\r", 3);
    assert_int_equal(lt_tty_write(tty, "a\nb", 3, 1.0, &e), 3);
    wait = (struct pollfd){.fd = p.master, .events = POLLIN};
    assert_int_equal(poll(&wait, 1, 60000), 1);
    size_t n = read_some(&p, got, sizeof got);
    assert_int_equal(n, 4); /* the only echo: newlines are CR LF */
    assert_memory_equal(got, "a\r\nb", 4);
    lt_tty_close(tty);
    pty_close(&p);
}

/* A terminal that reads nothing: what was not written is told, at the deadline. */
static void test_deadline(void **state)
{
    (void)state;
    lt_error e = {0};
    static char much[1 << 20];
    pty p = pty_open(&(lt_tty_size){80, 24, 0, 0});
    CHECK_OK(lt_tty_open_path(p.path, &tty, err));
    double start = lt_clock();
    ptrdiff_t n = lt_tty_write(tty, much, sizeof much, 0.05, &e);
    assert_true(n > 0 && n < (ptrdiff_t)sizeof much);
    assert_true(lt_clock() - start >= 0.05);
    tcflush(lt_tty_fd(tty), TCOFLUSH);
    lt_tty_close(tty);
    pty_close(&p);
}

/* Leaving does not wait for a terminal that reads nothing, and what it must know is there. */
static void test_leaving_when_stuck(void **state)
{
    (void)state;
    lt_error e = {0};
    static char much[1 << 20], got[1 << 16];
    size_t n = 0, k;
    pty p = pty_open(&(lt_tty_size){80, 24, 0, 0});
    memset(much, '~', sizeof much);
    CHECK_OK(lt_tty_open_path(p.path, &tty, err));
    lt_tty_mode(tty, LT_MODE_PASTE, true);
    lt_tty_mode(tty, LT_MODE_MOUSE, true);
    assert_true(lt_tty_write(tty, much, sizeof much, 0.01, &e) < (ptrdiff_t)sizeof much);
    lt_tty_close(tty);
    while (n < sizeof got - 1 && (k = read_some(&p, got + n, sizeof got - 1 - n)) > 0)
        n += k;
    got[n] = '\0';
    assert_non_null(strstr(got, "\033[?2004l\033[?1002l\033[?1006l"));
    pty_close(&p);
}

static void test_gone(void **state)
{
    (void)state;
    char got[8];
    pty p = pty_open(&(lt_tty_size){80, 24, 0, 0});
    CHECK_OK(lt_tty_open_path(p.path, &tty, err));
    lt_tty_raw(tty, true);
    pty_close(&p);
    CHECK_FAILS(lt_tty_write(tty, "x", 1, 1.0, err) >= 0, LT_ERR_IO, "terminal is gone");
    CHECK_FAILS(lt_tty_read(tty, got, sizeof got, err) >= 0, LT_ERR_IO, "terminal is gone");
    lt_tty_close(tty);
}

static void test_no_terminal(void **state)
{
    (void)state;
    CHECK_FAILS(lt_tty_open_path("/dev/null", &tty, err), LT_ERR_IO, "no terminal");
    CHECK_FAILS(lt_tty_open_path("/nowhere", &tty, err), LT_ERR_IO, "/nowhere");
    lt_tty_close(NULL);
    lt_tty_restore();
}

static void expect(const pty *p, const char *want)
{
    char got[256] = "";
    size_t n = 0;
    struct pollfd wait = {.fd = p->master, .events = POLLIN};
    while (n < strlen(want) && poll(&wait, 1, 60000) == 1)
        n += read_some(p, got + n, sizeof got - 1 - n);
    n += read_some(p, got + n, sizeof got - 1 - n);
    got[n] = '\0';
    assert_string_equal(got, want);
}

/* Suspended and continued: the modes are as before; what came meanwhile is not the shell's. */
static void test_pause(void **state)
{
    (void)state;
    struct termios t;
    pty p = pty_open(&(lt_tty_size){80, 24, 0, 0});
    CHECK_OK(lt_tty_open_path(p.path, &tty, err));
    lt_tty_raw(tty, true);
    lt_tty_mode(tty, LT_MODE_PASTE, true);
    lt_tty_mode(tty, LT_MODE_PASTE, true);
    lt_tty_mode(tty, LT_MODE_FOCUS, true);
    expect(&p, "\033[?2004h\033[?1004h");
    assert_true(lt_tty_mode_is(tty, LT_MODE_PASTE));
    assert_int_equal(write(p.master, "\033[0n", 4), 4);
    struct pollfd wait = {.fd = lt_tty_fd(tty), .events = POLLIN};
    assert_int_equal(poll(&wait, 1, 60000), 1);
    lt_tty_pause(tty);
    expect(&p, "\033[?2004l\033[?1004l");
    assert_false(lt_tty_mode_is(tty, LT_MODE_PASTE));
    assert_int_equal(tcgetattr(lt_tty_fd(tty), &t), 0);
    assert_true(t.c_lflag & ICANON);
    assert_int_equal(poll(&wait, 1, 0), 0);
    lt_tty_raw(tty, true);
    lt_tty_resume(tty);
    expect(&p, "\033[?2004h\033[?1004h");
    lt_tty_close(tty);
    expect(&p, "\033[?2004l\033[?1004l");
    pty_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaving),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_panics),
        cmocka_unit_test(test_bus_errors),
        cmocka_unit_test(test_stuck),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_leaving_when_stuck),
        cmocka_unit_test(test_gone),
        cmocka_unit_test(test_no_terminal),
        cmocka_unit_test(test_pause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
