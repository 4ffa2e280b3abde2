/* db.c - see db.h. */
#include "store/db.h"

#include <errno.h>
#include <string.h>

bool lt_db_is_damage(int code)
{
    return (code & 0xFF) == SQLITE_CORRUPT || (code & 0xFF) == SQLITE_NOTADB;
}

bool lt_db_fail(sqlite3 *db, const char *path, const char *what, int code, lt_error *err)
{
    int why = db ? sqlite3_system_errno(db) : 0;
    switch (code & 0xFF) {
    case SQLITE_FULL:
        return lt_fail(err, LT_ERR_IO, "free some space, or let the history be smaller",
                       "cannot %s the history '%s': the disk is full", what, path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return lt_fail(err, LT_ERR_IO, "end the other program, or try again",
                       "cannot %s the history '%s': another program has it locked", what, path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return lt_fail(err, LT_ERR_IO, NULL, "cannot %s the history '%s': it is read-only", what,
                       path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return lt_fail(err, LT_ERR_FORMAT,
                       "it is set aside when latentty ends, and a new one is begun",
                       "cannot %s the history '%s': it is damaged", what, path);
    case SQLITE_CONSTRAINT: /* what was given goes against the tables: a frame that is there */
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "cannot %s the history '%s': %s", what, path,
                       sqlite3_errmsg(db));
    case SQLITE_NOMEM:
        return lt_fail(err, LT_ERR_MEMORY, NULL, "cannot %s the history '%s': no memory", what,
                       path);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return lt_fail(err, LT_ERR_IO, why == ENOSPC || why == EFBIG ? "free some space" : NULL,
                       "cannot %s the history '%s': %s", what, path,
                       why ? strerror(why) : sqlite3_errstr(code));
    default:
        return lt_fail(err, LT_ERR_IO, NULL, "cannot %s the history '%s': %s", what, path,
                       db && sqlite3_errcode(db) != SQLITE_OK ? sqlite3_errmsg(db)
                                                              : sqlite3_errstr(code));
    }
}

int lt_db_run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

int lt_db_number(sqlite3 *db, const char *sql, int64_t *out)
{
    sqlite3_stmt *st;
    int code = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
    if (code != SQLITE_OK)
        return code;
    code = sqlite3_step(st);
    if (code == SQLITE_ROW)
        *out = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return code == SQLITE_ROW ? SQLITE_OK : code == SQLITE_DONE ? SQLITE_NOTFOUND : code;
}
