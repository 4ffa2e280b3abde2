/*
 * fixture.h - a history in a directory of its own, runs whose numbers can be told again from their
 * names, and SQLite beside the store.
 */
#pragma once

#include "store/store.h"

typedef struct fixture {
    char *dir, *path; /* owned */
    lt_store *store;  /* owned */
} fixture;

/* Opens a new history, and fails the test if there is a note. */
void fixture_open(fixture *f);
void fixture_reopen(fixture *f);
void fixture_close(fixture *f);

/* Opens without a note. */
lt_store *open_quietly(const char *path);

enum { FLOATS = 64 }; /* of each array, unless a test says otherwise */

/* A run's settings: prompt "<word> <number>". */
lt_store_run make_run(const char *word, int number);
/* Begins it and adds frames 0 to `steps`; its id. */
int64_t add_run(lt_store *s, const char *word, int number, int steps);
/* A fork of `parent` at `step` with frames up to `last`. */
int64_t add_fork(lt_store *s, int64_t parent, int step, int last);

/* Adds one frame whose numbers follow from `name` and k; `floats` in each array. */
bool append_step(lt_store *s, int64_t id, uint32_t name, int k, size_t floats, lt_error *err);
/* The frame has exactly those. */
void check_step(const lt_store_step *step, uint32_t name, int k, size_t floats);
/* Frames first to last of a run are there, and have the numbers of `name`. */
void check_frames(lt_store *s, int64_t id, uint32_t name, int first, int last);

/* What SQLite itself says of the file. */
int64_t sql_number(const char *path, const char *sql);
void sql_run(const char *path, const char *sql);
/* PRAGMA integrity_check and foreign_key_check. */
void check_sound(const char *path);
/* Files in the directory whose names begin and end so. */
int count_files(const char *dir, const char *prefix, const char *suffix);
