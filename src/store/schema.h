/*
 * schema.h - the tables of a history, and how an older file becomes one of today.
 *
 * The version is SQLite's user_version: 0 is an empty file, n has had the first n migrations.  A
 * migration that was released is never edited; a change of the tables is one more.
 */
#pragma once

#include <sqlite3.h>

/* "LTTY": SQLite's application_id of a history, by which another program's database is told. */
enum { LT_SCHEMA_ID = 0x4C545459 };

extern const char *const lt_schema_migrations[];
extern const int lt_schema_version; /* how many there are */

/*
 * Brings the database to version `to` with migrations[its version] and those after it, each in a
 * transaction of its own together with the number: a program that is killed in between leaves a
 * whole version.  Two programs may do it at once.  The result code of SQLite; a version above `to`
 * is left alone.
 */
int lt_schema_apply(sqlite3 *db, const char *const *migrations, int to);
