/* terminal.c - see terminal.h. */
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 600
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gfx/probe.h"
#include "support/check.h"

pty pty_open(const lt_tty_size *size)
{
    pty p = {.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
    struct winsize w = {.ws_row = (unsigned short)size->rows,
                        .ws_col = (unsigned short)size->cols,
                        .ws_xpixel = (unsigned short)size->width,
                        .ws_ypixel = (unsigned short)size->height};
    assert_true(p.master >= 0);
    assert_int_equal(grantpt(p.master), 0);
    assert_int_equal(unlockpt(p.master), 0);
    assert_int_equal(ioctl(p.master, TIOCSWINSZ, &w), 0);
    snprintf(p.path, sizeof p.path, "%s", ptsname(p.master));
    return p;
}

void pty_close(pty *p)
{
    close(p->master);
}

static void drain(int master, lt_buf *out)
{
    char bytes[4096];
    ssize_t n;
    while ((n = read(master, bytes, sizeof bytes)) > 0)
        lt_buf_add(out, bytes, (size_t)n);
}

void pty_child(pty_run *run, void (*f)(void))
{
    pty p = pty_open(&(lt_tty_size){80, 24, 0, 0});
    int slave = open(p.path, O_RDWR | O_NOCTTY | O_CLOEXEC); /* stays open: the settings stay */
    assert_true(slave >= 0);
    assert_int_equal(tcgetattr(slave, &run->before), 0);
    lt_buf_str(&run->output, "");
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int nothing = open("/dev/null", O_WRONLY);
        dup2(nothing, STDERR_FILENO); /* last words are not what is tested here */
        setsid();
        int tty = open(p.path, O_RDWR); /* becomes the controlling terminal */
        if (tty < 0 || ioctl(tty, TIOCSCTTY, 0) < 0)
            _exit(99);
        f();
        _exit(0);
    }
    fcntl(p.master, F_SETFL, fcntl(p.master, F_GETFL) | O_NONBLOCK);
    for (pid_t ended = 0; ended == 0;) {
        struct pollfd wait = {.fd = run->stuck ? -1 : p.master, .events = POLLIN};
        poll(&wait, 1, 5);
        if (!run->stuck)
            drain(p.master, &run->output);
        ended = waitpid(pid, &run->status, WNOHANG);
        assert_true(ended >= 0);
    }
    drain(p.master, &run->output);
    assert_int_equal(tcgetattr(slave, &run->after), 0);
    close(slave);
    pty_close(&p);
}

/* ---- answers ---- */

/* A string as Python writes it, from its opening quote: the bytes, and what follows. */
static const char *python(const char *s, lt_buf *out)
{
    char quote = *s++;
    lt_buf_clear(out);
    lt_buf_str(out, "");
    while (*s && *s != quote) {
        unsigned byte = (unsigned char)*s++;
        if (byte == '\\' && *s == 'x') {
            assert_int_equal(sscanf(s + 1, "%2x", &byte), 1);
            s += 3;
        } else if (byte == '\\') {
            byte = (unsigned char)*s++;
        }
        lt_buf_char(out, (char)byte);
    }
    assert_int_equal(*s, quote);
    return s + 1;
}

static void one_answer(const char *path, const char *question, lt_buf *out)
{
    char line[512];
    lt_buf asked = {0}, said = {0};
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        if (*line != '\'')
            continue;
        const char *rest = python(line, &asked);
        bool kitty = strncmp(question, "\033_G", 3) == 0 && strncmp(asked.data, "\033_G", 3) == 0;
        if (!kitty && strcmp(asked.data, question) != 0)
            continue;
        python(strstr(rest, "b'") + 1, &said);
        char *id = strstr(said.data, "i=31;");
        if (id)
            lt_buf_format(out, "\033_Gi=4242;%s", id + 5);
        else
            lt_buf_str(out, said.data);
        break;
    }
    fclose(file);
    lt_buf_done(&asked);
    lt_buf_done(&said);
}

answers answers_read(const char *name, bool kitty)
{
    static const char *const questions[] = {"\033[>q",      "\033[?1;3;256S", "\033[?1;1;0S",
                                            "\033[?2;4;0S", "\033[16t",       "\033[14t",
                                            "\033[?2026$p", "\033_G",         "\033[c"};
    answers a = {0};
    char path[512];
    snprintf(path, sizeof path, LT_TEST_DATA "/gfx/answers/%s.txt", name);
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("there is no %s", path);
    int n = fscanf(file, "TERM=%63s winsz rows,cols,xpix,ypix=(%d, %d, %d, %d)", a.term,
                   &a.size.rows, &a.size.cols, &a.size.width, &a.size.height);
    assert_int_equal(n, 5);
    fclose(file);
    lt_buf_str(&a.bytes, "");
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        if (kitty || strncmp(questions[i], "\033_G", 3) != 0)
            one_answer(path, questions[i], &a.bytes);
    return a;
}
