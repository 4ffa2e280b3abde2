/* version.h - the same as in project() of CMakeLists.txt; lint/version compares them. */
#pragma once

#define LT_VERSION "0.1.0"
