/*
 * cost.h - how much arithmetic a node is: what a measured time is held against.
 */
#pragma once

#include "tensor/graph.h"

/* Floating point operations of the products in a node, a multiplication and an addition counting
 * two; 0 for ops whose time is the memory's. */
double lt_tensor_flop(const lt_tensor *t);
