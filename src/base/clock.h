/*
 * clock.h - seconds on a clock that only goes forward, for measuring; its zero means nothing.
 */
#pragma once

double lt_clock(void);
