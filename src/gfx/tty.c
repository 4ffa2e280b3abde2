/* tty.c - see tty.h.  The account of what is on is global, as a signal handler must reach it. */
#define _DEFAULT_SOURCE
#include "gfx/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/panic.h"
#include "gfx/kitty.h"

struct lt_tty {
    int fd;
    unsigned paused;   /* modes that were on before lt_tty_pause */
    bool raw, was_raw; /* now; at any time since the last pause */
};

static struct {
    atomic_int fd; /* the terminal's file + 1; 0: none is open */
    atomic_uint modes;
    struct termios saved; /* written before fd */
} account;

static const struct {
    const char *on, *off;
} bytes_of[LT_MODE_COUNT] = {
    [LT_MODE_PASTE] = {"\033[?2004h", "\033[?2004l"},
    [LT_MODE_MOUSE] = {"\033[?1002h\033[?1006h", "\033[?1002l\033[?1006l"},
    [LT_MODE_FOCUS] = {"\033[?1004h", "\033[?1004l"},
    [LT_MODE_HIDDEN] = {"\033[?25l", "\033[?25h"},
    [LT_MODE_SYNC] = {NULL, "\033[?2026l"},
    [LT_MODE_SCREEN] = {NULL, "\033[?1049l"},
    [LT_MODE_STRING] = {NULL, "\033\\"},
    [LT_MODE_LOAD] = {NULL, LT_KITTY_CLOSE},
};

/* ---- open and close ---- */

bool lt_tty_open_path(const char *path, lt_tty **out, lt_error *err)
{
    int fd;
    LT_ASSERT(atomic_load(&account.fd) == 0);
    do
        fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return lt_fail(err, LT_ERR_IO, "start it in a terminal", "cannot open '%s': %s", path,
                       strerror(errno));
    if (tcgetattr(fd, &account.saved) != 0) {
        lt_fail(err, LT_ERR_IO, "start it in a terminal", "'%s' is no terminal: %s", path,
                strerror(errno));
        close(fd);
        return false;
    }
    atomic_store(&account.modes, 0);
    atomic_store(&account.fd, fd + 1);
    lt_tty *tty = lt_alloc(sizeof *tty);
    tty->fd = fd;
    *out = tty;
    return true;
}

bool lt_tty_open(lt_tty **out, lt_error *err)
{
    return lt_tty_open_path("/dev/tty", out, err);
}

void lt_tty_close(lt_tty *tty)
{
    if (!tty)
        return;
    lt_tty_pause(tty);
    atomic_store(&account.modes, 0);
    atomic_store(&account.fd, 0);
    close(tty->fd);
    free(tty);
}

int lt_tty_fd(const lt_tty *tty)
{
    return tty->fd;
}

void lt_tty_size_get(const lt_tty *tty, lt_tty_size *out)
{
    struct winsize size;
    *out = (lt_tty_size){.cols = 80, .rows = 24};
    if (ioctl(tty->fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0)
        *out = (lt_tty_size){size.ws_col, size.ws_row, size.ws_xpixel, size.ws_ypixel};
}

/* ---- modes ---- */

bool lt_tty_raw(lt_tty *tty, bool on)
{
    struct termios t = account.saved;
    if (on) {
        cfmakeraw(&t);
        t.c_oflag |= OPOST;
        t.c_cc[VMIN] = 1;
        t.c_cc[VTIME] = 0;
        tty->was_raw = true;
    }
    tty->raw = on;
    return tcsetattr(tty->fd, TCSANOW, &t) == 0;
}

/* One that takes nothing loses what it did not read, so that this, which matters more, fits in.  A
 * terminal that is gone says so at the next write of a frame. */
static void send(lt_tty *tty, const char *bytes)
{
    lt_error ignored = {0};
    ptrdiff_t n = (ptrdiff_t)strlen(bytes),
              done = lt_tty_write(tty, bytes, (size_t)n, 0.5, &ignored);
    if (done >= 0 && done < n) {
        tcflush(tty->fd, TCOFLUSH);
        lt_tty_write(tty, bytes, (size_t)n, 0.5, &ignored);
    }
}

void lt_tty_mode(lt_tty *tty, lt_mode mode, bool on)
{
    if (lt_tty_mode_is(tty, mode) == on)
        return;
    bool counted = bytes_of[mode].on == NULL;
    if (on) /* noted before the bytes leave, and forgotten after: never is one on and not noted */
        atomic_fetch_or(&account.modes, 1u << mode);
    if (!counted)
        send(tty, on ? bytes_of[mode].on : bytes_of[mode].off);
    if (!on)
        atomic_fetch_and(&account.modes, ~(1u << mode));
}

bool lt_tty_is_raw(const lt_tty *tty)
{
    return tty->raw;
}

bool lt_tty_mode_is(const lt_tty *tty, lt_mode mode)
{
    (void)tty;
    return atomic_load(&account.modes) >> mode & 1;
}

void lt_tty_pause(lt_tty *tty)
{
    static const lt_mode of_a_frame[] = {LT_MODE_STRING, LT_MODE_LOAD, LT_MODE_SYNC};
    unsigned modes = atomic_load(&account.modes), frame = 0;
    for (size_t i = 0; i < sizeof of_a_frame / sizeof *of_a_frame; i++) {
        frame |= 1u << of_a_frame[i];
        if (modes >> of_a_frame[i] & 1)
            send(tty, bytes_of[of_a_frame[i]].off);
    }
    tty->paused = modes & ~(frame | 1u << LT_MODE_SCREEN);
    atomic_fetch_and(&account.modes, ~frame);
    for (int mode = 0; mode < LT_MODE_SYNC; mode++)
        lt_tty_mode(tty, (lt_mode)mode, false);
    if (tty->was_raw) /* not TCSAFLUSH: it would wait for a terminal that is stuck */
        tcflush(tty->fd, TCIFLUSH);
    lt_tty_raw(tty, false);
    tty->was_raw = false;
}

void lt_tty_resume(lt_tty *tty)
{
    for (int mode = 0; mode < LT_MODE_SYNC; mode++)
        if (tty->paused >> mode & 1)
            lt_tty_mode(tty, (lt_mode)mode, true);
    tty->paused = 0;
}

/* ---- bytes ---- */

static ptrdiff_t gone(lt_error *err, int number)
{
    lt_fail(err, LT_ERR_IO, NULL, "the terminal is gone: %s", strerror(number));
    return -1;
}

ptrdiff_t lt_tty_write(lt_tty *tty, const void *bytes, size_t n, double seconds, lt_error *err)
{
    double end = lt_clock() + seconds;
    size_t done = 0;
    while (done < n) {
        ssize_t k = write(tty->fd, (const char *)bytes + done, n - done);
        if (k > 0)
            done += (size_t)k;
        if (k > 0 || (k < 0 && errno == EINTR))
            continue;
        if (k < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
            return gone(err, errno);
        double left = end - lt_clock();
        if (left <= 0)
            break;
        struct pollfd wait = {.fd = tty->fd, .events = POLLOUT};
        poll(&wait, 1, (int)(left * 1000) + 1);
        if (wait.revents & (POLLHUP | POLLERR | POLLNVAL))
            return gone(err, EIO);
    }
    return (ptrdiff_t)done;
}

ptrdiff_t lt_tty_read(lt_tty *tty, void *bytes, size_t room, lt_error *err)
{
    ssize_t k;
    do
        k = read(tty->fd, bytes, room);
    while (k < 0 && errno == EINTR);
    if (k > 0)
        return k;
    if (k < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return 0;
    return gone(err, k == 0 ? EIO : errno); /* VMIN is 1: no bytes is the end */
}

/* ---- the end ---- */

/* For a handler: everything, within a second altogether.  What a stuck terminal did not take is
 * dropped then, so that at least the last bytes fit into the kernel's buffer. */
static void push(int fd, const char *bytes, int *tries)
{
    size_t n = strlen(bytes), done = 0;
    while (done < n) {
        ssize_t k = write(fd, bytes + done, n - done);
        if (k > 0) {
            done += (size_t)k;
        } else if (k < 0 && errno == EINTR) {
            continue;
        } else if (k < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && *tries >= 0) {
            struct pollfd wait = {.fd = fd, .events = POLLOUT};
            if (*tries > 0)
                poll(&wait, 1, 50);
            else
                tcflush(fd, TCOFLUSH);
            --*tries;
        } else {
            return;
        }
    }
}

void lt_tty_restore(void)
{
    int saved = errno, fd = atomic_exchange(&account.fd, 0) - 1, tries = 20;
    if (fd < 0)
        return;
    unsigned modes = atomic_exchange(&account.modes, 0);
    for (int mode = LT_MODE_STRING; mode < LT_MODE_COUNT; mode++)
        if (modes >> mode & 1)
            push(fd, bytes_of[mode].off, &tries);
    for (int mode = 0; mode < LT_MODE_STRING; mode++)
        if (modes >> mode & 1 && mode != LT_MODE_SCREEN)
            push(fd, bytes_of[mode].off, &tries);
    push(fd, "\033[?25h\033[0m", &tries); /* a frame hides the cursor without saying so */
    if (modes >> LT_MODE_SCREEN & 1)
        push(fd, bytes_of[LT_MODE_SCREEN].off, &tries);
    tcflush(fd, TCIFLUSH);
    tcsetattr(fd, TCSANOW, &account.saved);
    errno = saved;
}

/* SA_RESETHAND has put the default back; the signal is blocked until this returns, and ends the
 * program then, as does the fault when it is repeated. */
static void on_fault(int number)
{
    lt_tty_restore();
    raise(number);
}

void lt_tty_guard(void)
{
    enum { STACK = 65536 };
    static char stack[STACK];
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_RESETHAND | SA_ONSTACK};
    stack_t other = {.ss_sp = stack, .ss_size = sizeof stack}, there;
    if (sigaltstack(NULL, &there) == 0 && there.ss_flags & SS_DISABLE) /* sanitizers bring one */
        sigaltstack(&other, NULL);
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigaction(faults[i], &action, NULL);
    lt_map_guard(); /* before ours: it passes on what is not its own */
    lt_panic_set_restore(lt_tty_restore);
}
