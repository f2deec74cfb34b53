// Row-by-row operations of the CPU backend.
#pragma once

#include "kernels/backend.h"

namespace headsweep::cpu {

void layer_norm(Matrix in, double epsilon, Matrix out);
void replace_heads(const HeadFill& fill, Matrix from, Matrix to);
void add_rows(Matrix values, const int* row, Matrix x);
void gather_rows(Matrix in, const int* row, Matrix out);
void row_dots(Matrix a, Matrix b, double* out);

}  // namespace headsweep::cpu
