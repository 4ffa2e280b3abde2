/* store.c - what the other files share: faults, statements, transactions; see store_impl.h. */
#define _POSIX_C_SOURCE 200809L
#include "store/store_impl.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "base/panic.h"

const char *lt_store_state_name(lt_store_state state)
{
    static const char *const names[] = {[LT_STORE_UNFINISHED] = "unfinished",
                                        [LT_STORE_DONE] = "done",
                                        [LT_STORE_STOPPED] = "stopped",
                                        [LT_STORE_FAILED] = "failed"};
    return names[state];
}

void lt_store_when(int64_t ms, char to[LT_STORE_WHEN])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    if (!localtime_r(&seconds, &parts) || !strftime(to, LT_STORE_WHEN, "%Y-%m-%d %H:%M", &parts))
        snprintf(to, LT_STORE_WHEN, "?");
}

bool lt_store_fail(lt_store *s, const char *what, int code, lt_error *err)
{
    s->damaged |= lt_db_is_damage(code) && s->mode == LT_STORE_WRITES;
    return lt_db_fail(s->db, s->path, what, code, err);
}

bool lt_store_may_read(const lt_store *s, lt_error *err)
{
    if (s->mode != LT_STORE_OFF)
        return true;
    *err = s->why;
    return false;
}

bool lt_store_may_write(const lt_store *s, lt_error *err)
{
    if (s->mode == LT_STORE_WRITES)
        return true;
    *err = s->why;
    return false;
}

bool lt_store_prepare(lt_store *s, const char *sql, sqlite3_stmt **st, lt_error *err)
{
    int code = sqlite3_prepare_v2(s->db, sql, -1, st, NULL);
    return code == SQLITE_OK || lt_store_fail(s, "use", code, err);
}

bool lt_store_finish_statement(lt_store *s, sqlite3_stmt *st, lt_error *err)
{
    int code = sqlite3_step(st);
    bool ok = code == SQLITE_DONE || lt_store_fail(s, "write", code, err);
    sqlite3_finalize(st);
    return ok;
}

bool lt_store_execute(lt_store *s, const char *sql, int count, const int64_t *values, lt_error *err)
{
    sqlite3_stmt *st;
    if (!lt_store_prepare(s, sql, &st, err))
        return false;
    for (int i = 0; i < count; i++)
        sqlite3_bind_int64(st, i + 1, values[i]);
    return lt_store_finish_statement(s, st, err);
}

bool lt_store_transaction(lt_store *s, lt_error *err)
{
    if (!lt_store_may_write(s, err))
        return false;
    int code = lt_db_run(s->db, "BEGIN IMMEDIATE"); /* never has to give up half-way */
    return code == SQLITE_OK || lt_store_fail(s, "write", code, err);
}

bool lt_store_end(lt_store *s, bool ok, lt_error *err)
{
    if (ok) {
        int code = lt_db_run(s->db, "COMMIT");
        ok = code == SQLITE_OK || lt_store_fail(s, "write", code, err);
    }
    if (!sqlite3_get_autocommit(s->db)) /* a full disk may have rolled it back already */
        lt_db_run(s->db, "ROLLBACK");
    return ok;
}

int64_t lt_store_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool lt_store_facts_of(lt_store *s, int64_t id, lt_store_facts *out, lt_error *err)
{
    sqlite3_stmt *st;
    if (!lt_store_prepare(s,
                          "SELECT coalesce(parent, 0), parent_step, done, state, ghost, owner "
                          "FROM runs WHERE id = ?",
                          &st, err))
        return false;
    sqlite3_bind_int64(st, 1, id);
    bool ok = false;
    int code = sqlite3_step(st);
    if (code == SQLITE_ROW) {
        const char *owner = (const char *)sqlite3_column_text(st, 5);
        *out = (lt_store_facts){.parent = sqlite3_column_int64(st, 0),
                                .parent_step = sqlite3_column_int(st, 1),
                                .done = sqlite3_column_int(st, 2),
                                .state = (lt_store_state)sqlite3_column_int(st, 3),
                                .ghost = sqlite3_column_int(st, 4) != 0};
        snprintf(out->owner, sizeof out->owner, "%s", owner ? owner : "");
        if (out->parent < 0 || out->parent >= id || out->parent_step < 0 ||
            out->parent_step == INT_MAX || out->done < 0 || out->done == INT_MAX)
            code = SQLITE_CORRUPT;
    }
    if (code == SQLITE_ROW) {
        ok = true;
    } else if (code == SQLITE_DONE) {
        lt_fail(err, LT_ERR_ARGUMENT, "latentty history list", "there is no run %lld",
                (long long)id);
    } else {
        lt_store_fail(s, "read", code, err);
    }
    sqlite3_finalize(st);
    return ok;
}

bool lt_store_is_written(const lt_store *s, const lt_store_facts *f)
{
    return f->state == LT_STORE_UNFINISHED && lt_live_runs(s->path, f->owner);
}

char *lt_store_fold(const char *s)
{
    utf8proc_uint8_t *folded = NULL;
    utf8proc_ssize_t n =
        utf8proc_map((const utf8proc_uint8_t *)s, 0, &folded,
                     UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD);
    if (n == UTF8PROC_ERROR_NOMEM)
        lt_panic_memory("a search", strlen(s));
    return n >= 0 ? (char *)folded : lt_strdup(s); /* not UTF-8: found as it is */
}
