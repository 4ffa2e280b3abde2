/* stdin_text.c - see stdin_text.h. */
#define _POSIX_C_SOURCE 200809L
#include "cli/stdin_text.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "cli/signals.h"
#include "model/tokenizer.h"

static bool read_all(lt_buf *out, lt_error *err)
{
    char chunk[1 << 14];
    for (;;) {
        struct pollfd waiting = {.fd = STDIN_FILENO, .events = POLLIN};
        poll(&waiting, 1, -1);
        if (!lt_signals_check(err))
            return false;
        if (waiting.revents == 0)
            continue;
        ssize_t n = read(STDIN_FILENO, chunk, sizeof chunk);
        if (n < 0)
            return lt_fail(err, LT_ERR_IO, NULL, "cannot read stdin: %s", strerror(errno));
        if (n == 0)
            return true;
        if (out->len + (size_t)n > LT_TOKENIZER_MAX_TEXT)
            return lt_fail(err, LT_ERR_ARGUMENT, NULL, "the text on stdin has more than %zu bytes",
                           LT_TOKENIZER_MAX_TEXT);
        lt_buf_add(out, chunk, (size_t)n);
    }
}

bool lt_stdin_text(const char *operand, lt_buf *out, lt_error *err)
{
    lt_buf_str(out, "");
    if (strcmp(operand, "-") != 0) {
        lt_buf_str(out, operand);
        return true;
    }
    if (!read_all(out, err))
        return false;
    if (out->len && out->data[out->len - 1] == '\n')
        out->data[--out->len] = '\0';
    return true;
}
