#include "kernels/cpu/own_products.h"

#include <cassert>

#include <omp.h>

#include "kernels/cpu/panel_product.h"
#include "kernels/cpu/typed_matrix.h"

namespace headsweep::cpu {

template <class T>
void OwnProducts<T>::multiply(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out) {
  assert(in.columns == weight.inputs && out.columns == weight.outputs && in.rows == out.rows);
  const PanelWeight<T> panels = panel_weight<T>(weight);
  const std::int64_t count = panel_count(weight.outputs);
#pragma omp parallel
  {
    const std::int64_t thread = omp_get_thread_num(), threads = omp_get_num_threads();
    multiply_panels(typed<T>(in), panels, epilogue, count * thread / threads,
                    count * (thread + 1) / threads, typed<T>(out));
  }
}

template class OwnProducts<float>;
template class OwnProducts<double>;

}  // namespace headsweep::cpu
