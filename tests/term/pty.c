/* pty.c - see pty.h. */
#define _DEFAULT_SOURCE
#include "pty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the keeper tells: first the program's id alone, then each change. */
typedef struct report {
    pid_t program;
    int status;
    bool change;
} report;

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void apply_environment(char *const *env)
{
    for (; env && *env; env++) {
        const char *equals = strchr(*env, '=');
        if (equals)
            putenv(*env);
        else
            unsetenv(*env);
    }
}

/* In the new process; tells errno through `failed` if it cannot. */
_Noreturn static void become(const pty_start *start, int failed)
{
    static const int caught[] = {SIGPIPE, SIGINT,  SIGTERM, SIGHUP, SIGQUIT,
                                 SIGTSTP, SIGTTIN, SIGTTOU, SIGCHLD};
    sigset_t none;
    sigemptyset(&none);
    for (size_t i = 0; i < sizeof caught / sizeof *caught; i++)
        signal(caught[i], SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    apply_environment(start->env);
    if (!start->folder || chdir(start->folder) == 0)
        execvp(start->argv[0], start->argv);
    int number = errno;
    (void)!write(failed, &number, sizeof number);
    _exit(127);
}

static void tell(int to, report what)
{
    (void)!write(to, &what, sizeof what);
}

/* Gives the terminal to a process group; without SIGTTOU, as we may be in the background. */
static void give_terminal(pid_t group)
{
    sigset_t block, old;
    sigemptyset(&block);
    sigaddset(&block, SIGTTOU);
    sigprocmask(SIG_BLOCK, &block, &old);
    tcsetpgrp(STDIN_FILENO, group);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

static pid_t kept; /* in the keeper: a handler can reach nothing but globals */

static void pass_on(int number)
{
    kill(-kept, number);
}

static bool next_change(pid_t job, int *status)
{
    pid_t got;
    while ((got = waitpid(job, status, WUNTRACED)) < 0 && errno == EINTR)
        ;
    return got == job;
}

/* Runs the program as a job and does for it what a shell does; ends with it. */
_Noreturn static void keep(const pty_start *start, int failed, int reports, int orders)
{
    struct termios own;
    /* signals of the keyboard are for the job; ignored would be inherited, but become() resets */
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    signal(SIGTSTP, SIG_IGN);
    tcgetattr(STDIN_FILENO, &own);
    pid_t job = fork();
    if (job == 0) {
        setpgid(0, 0);
        give_terminal(getpid());
        become(start, failed);
    }
    close(failed);
    setpgid(job, job);
    kept = job;
    signal(SIGHUP, pass_on);
    tell(reports, (report){.program = job});
    for (int status; next_change(job, &status);) {
        tell(reports, (report){job, status, true});
        if (!WIFSTOPPED(status))
            _exit(0);
        /* the line stays as the job left it, so that a test sees that; a shell would set its own */
        give_terminal(getpgrp());
        char order;
        if (read(orders, &order, 1) != 1)
            break;
        tcsetattr(STDIN_FILENO, TCSADRAIN, &own);
        give_terminal(job);
        kill(-job, SIGCONT);
    }
    kill(-job, SIGKILL);
    _exit(1);
}

/* In the forked process: a session with the slave as its terminal, and nothing else open.  A keeper
 * does not exec, so what we have open beside it (other terminals!) has to go here. */
_Noreturn static void begin(const pty_start *start, int slave, int failed, int reports, int orders)
{
    setsid();
    ioctl(slave, TIOCSCTTY, 0);
    for (int fd = 0; fd < 3; fd++)
        dup2(slave, fd);
    for (int fd = 3; fd < 1024; fd++)
        if (fd != failed && fd != reports && fd != orders)
            close(fd);
    if (start->job)
        keep(start, failed, reports, orders);
    become(start, failed);
}

static bool make_pipe(int ends[2], lt_error *err)
{
    if (pipe(ends) != 0)
        return lt_fail(err, LT_ERR_IO, NULL, "cannot make a pipe: %s", strerror(errno));
    for (int i = 0; i < 2; i++)
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    return true;
}

/* After the fork: waits until the program runs, or tells why it does not. */
static bool started(pty *p, const pty_start *start, int failed, lt_error *err)
{
    int number;
    report first = {0};
    if (read(failed, &number, sizeof number) == sizeof number)
        return lt_fail(err, LT_ERR_IO, NULL, "cannot run '%s': %s", start->argv[0],
                       strerror(number));
    if (start->job && read(p->reports, &first, sizeof first) != sizeof first)
        return lt_fail(err, LT_ERR_IO, NULL, "the keeper of '%s' ended", start->argv[0]);
    p->program = start->job ? first.program : p->child;
    if (p->reports >= 0)
        fcntl(p->reports, F_SETFL, O_NONBLOCK);
    return true;
}

bool pty_open(pty *p, const pty_start *start, lt_error *err)
{
    int slave, failed[2], reports[2] = {-1, -1}, orders[2] = {-1, -1};
    struct winsize size = start->size;
    *p = (pty){.master = -1, .reports = -1, .orders = -1};
    if (!make_pipe(failed, err) ||
        (start->job && (!make_pipe(reports, err) || !make_pipe(orders, err))))
        return false;
    if (openpty(&p->master, &slave, NULL, NULL, &size) != 0)
        return lt_fail(err, LT_ERR_IO, NULL, "cannot open a pseudo terminal: %s", strerror(errno));
    fcntl(p->master, F_SETFD, FD_CLOEXEC);
    fcntl(p->master, F_SETFL, O_NONBLOCK);
    tcgetattr(p->master, &p->first);
    p->child = fork();
    if (p->child == 0)
        begin(start, slave, failed[1], reports[1], orders[0]);
    close(slave); /* kept open it would hide the hang-up, which is how we know that all was read */
    close_one(&failed[1]);
    close_one(&reports[1]);
    close_one(&orders[0]);
    p->reports = reports[0];
    p->orders = orders[1];
    bool ok = p->child > 0
                  ? started(p, start, failed[0], err)
                  : lt_fail(err, LT_ERR_IO, NULL, "cannot start a process: %s", strerror(errno));
    close_one(&failed[0]);
    if (!ok)
        pty_close(p);
    return ok;
}

void pty_close(pty *p)
{
    if (p->child > 0) {
        if (p->program > 0 && !p->ended)
            kill(p->program, SIGKILL);
        close_one(&p->orders); /* a keeper that waits for an order ends */
        if (p->reports >= 0 || !p->ended) {
            kill(p->child, p->reports >= 0 ? SIGHUP : SIGKILL);
            waitpid(p->child, NULL, 0);
        }
    }
    close_one(&p->master);
    close_one(&p->reports);
    close_one(&p->orders);
    p->child = p->program = 0;
    p->ended = true;
}

size_t pty_read(pty *p, char *bytes, size_t room)
{
    if (p->master < 0 || p->hung_up)
        return 0;
    ssize_t n = read(p->master, bytes, room);
    if (n > 0)
        return (size_t)n;
    /* EIO: no process has the other side open, and what they wrote has been read */
    if (n == 0 || (errno != EAGAIN && errno != EINTR))
        p->hung_up = true;
    return 0;
}

size_t pty_write(pty *p, const char *bytes, size_t n)
{
    if (p->master < 0 || p->hung_up)
        return n; /* nobody will read them */
    ssize_t done = write(p->master, bytes, n);
    return done > 0 ? (size_t)done : 0;
}

static void take(pty *p, int status)
{
    p->stopped = WIFSTOPPED(status);
    if (!p->stopped) {
        p->ended = true;
        p->status = status;
    }
}

void pty_look(pty *p)
{
    int status;
    report news;
    if (p->child <= 0 || p->ended)
        return;
    if (p->reports >= 0) {
        while (read(p->reports, &news, sizeof news) == sizeof news)
            take(p, news.status);
    } else if (waitpid(p->child, &status, WNOHANG | WUNTRACED) == p->child) {
        take(p, status);
    }
}

void pty_resize(pty *p, struct winsize size)
{
    if (p->master >= 0)
        ioctl(p->master, TIOCSWINSZ, &size);
}

void pty_unplug(pty *p)
{
    close_one(&p->master);
    p->hung_up = true;
}

void pty_signal(pty *p, int number)
{
    if (p->program > 0 && !p->ended)
        kill(-p->program, number);
}

void pty_continue(pty *p)
{
    p->stopped = false;
    if (p->orders >= 0)
        (void)!write(p->orders, "c", 1);
    else
        pty_signal(p, SIGCONT);
}

bool pty_line_restored(const pty *p, lt_error *err)
{
    struct termios now;
    if (p->master < 0 || tcgetattr(p->master, &now) != 0)
        return lt_fail(err, LT_ERR_IO, NULL, "the terminal was unplugged: no line settings");
    const struct termios *was = &p->first;
    if (now.c_iflag != was->c_iflag || now.c_oflag != was->c_oflag || now.c_cflag != was->c_cflag ||
        now.c_lflag != was->c_lflag)
        return lt_fail(err, LT_ERR_FORMAT, NULL,
                       "line settings: iflag %x oflag %x cflag %x lflag %x; before the program: "
                       "iflag %x oflag %x cflag %x lflag %x (%s%s%s)",
                       now.c_iflag, now.c_oflag, now.c_cflag, now.c_lflag, was->c_iflag,
                       was->c_oflag, was->c_cflag, was->c_lflag, now.c_lflag & ICANON ? "" : "raw ",
                       now.c_lflag & ECHO ? "" : "no-echo ", now.c_oflag & OPOST ? "" : "no-opost");
    for (int i = 0; i < NCCS; i++)
        if (now.c_cc[i] != was->c_cc[i])
            return lt_fail(err, LT_ERR_FORMAT, NULL, "line settings: character %d is %d, was %d", i,
                           now.c_cc[i], was->c_cc[i]);
    return true;
}
