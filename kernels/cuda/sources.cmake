# The sources of the CUDA plugin, from the repository's root.
set(HEADSWEEP_CUDA_SOURCES
  kernels/device_error.cpp
  kernels/cuda/attention.cu
  kernels/cuda/check.cpp
  kernels/cuda/layer_norm.cu
  kernels/cuda/number_forms.cu
  kernels/cuda/rows.cu)
