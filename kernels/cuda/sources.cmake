# The sources of the CUDA plugin, from the repository's root.
set(HEADSWEEP_CUDA_SOURCES
  kernels/device_error.cpp
  kernels/cuda/check.cpp)
