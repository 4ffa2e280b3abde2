/*
 * db.h - the few things that the history asks of SQLite, with lt_error in place of result codes.
 * One thread; see store.h.
 */
#pragma once

#include <sqlite3.h>
#include <stdint.h>

#include "base/error.h"

/* Fills *err from the connection's last fault `code`; what: "write", "read" or "open". */
bool lt_db_fail(sqlite3 *db, const char *path, const char *what, int code, lt_error *err);
/* True for what a damaged file answers, and a file that was never a database. */
bool lt_db_is_damage(int code);

/* Runs statements that give no rows, or whose rows do not matter; the result code of SQLite. */
int lt_db_run(sqlite3 *db, const char *sql);
/* The first column of the first row as a number; no row is SQLITE_NOTFOUND. */
int lt_db_number(sqlite3 *db, const char *sql, int64_t *out);
