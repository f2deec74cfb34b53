// Row-by-row operations of the CPU backend, on float and on double.
#pragma once

#include "kernels/backend.h"

namespace headsweep::cpu {

template <class T>
void layer_norm(Matrix in, const Numbers& scale, double epsilon, Matrix out);
template <class T>
void rotate(int heads, Matrix table, const int* position, Matrix x);
template <class T>
void replace_heads(const HeadFill& fill, Matrix from, Matrix to);
template <class T>
void add_rows(Matrix values, const int* row, Matrix x);
template <class T>
void gather_rows(Matrix in, const int* row, Matrix out);
template <class T>
void row_dots(Matrix a, Matrix b, double* out);

}  // namespace headsweep::cpu
