// CUDA's types, errors and constants: those of driver_types.h that headsweep uses, with CUDA 13's
// values.
#pragma once

#include <cstddef>

#include <vector_types.h>

// (name, value, what cudaGetErrorString says)
#define HEADSWEEP_EMULATED_ERRORS(ERROR)                                                      \
  ERROR(cudaSuccess, 0, "no error")                                                           \
  ERROR(cudaErrorInvalidValue, 1, "invalid argument")                                         \
  ERROR(cudaErrorMemoryAllocation, 2, "out of memory")                                        \
  ERROR(cudaErrorInitializationError, 3, "initialization error")                              \
  ERROR(cudaErrorInvalidConfiguration, 9, "invalid configuration argument")                   \
  ERROR(cudaErrorInvalidMemcpyDirection, 21, "invalid copy direction for memcpy")             \
  ERROR(cudaErrorInsufficientDriver, 35,                                                      \
        "CUDA driver version is insufficient for CUDA runtime version")                       \
  ERROR(cudaErrorDevicesUnavailable, 46, "CUDA-capable device(s) is/are busy or unavailable") \
  ERROR(cudaErrorInvalidDeviceFunction, 98, "invalid device function")                        \
  ERROR(cudaErrorNoDevice, 100, "no CUDA-capable device is detected")                         \
  ERROR(cudaErrorInvalidDevice, 101, "invalid device ordinal")                                \
  ERROR(cudaErrorNoKernelImageForDevice, 209,                                                 \
        "no kernel image is available for execution on the device")                           \
  ERROR(cudaErrorECCUncorrectable, 214, "uncorrectable ECC error encountered")                \
  ERROR(cudaErrorInvalidResourceHandle, 400, "invalid resource handle")                       \
  ERROR(cudaErrorIllegalState, 401, "the operation cannot be performed in the present state") \
  ERROR(cudaErrorNotReady, 600, "device not ready")                                           \
  ERROR(cudaErrorIllegalAddress, 700, "an illegal memory access was encountered")             \
  ERROR(cudaErrorLaunchOutOfResources, 701, "too many resources requested for launch")        \
  ERROR(cudaErrorLaunchFailure, 719, "unspecified launch failure")                            \
  ERROR(cudaErrorNotPermitted, 800, "operation not permitted")                                \
  ERROR(cudaErrorNotSupported, 801, "operation not supported")                                \
  ERROR(cudaErrorSystemDriverMismatch, 803,                                                   \
        "system has unsupported display driver / cuda driver combination")                    \
  ERROR(cudaErrorStreamCaptureUnsupported, 900,                                               \
        "operation not permitted when stream is capturing")                                   \
  ERROR(cudaErrorStreamCaptureInvalidated, 901,                                               \
        "operation failed due to a previous error during capture")                            \
  ERROR(cudaErrorStreamCaptureMerge, 902,                                                     \
        "operation would result in a merge of separate capture sequences")                    \
  ERROR(cudaErrorStreamCaptureUnmatched, 903,                                                 \
        "capture was not ended in the same stream as it began")                               \
  ERROR(cudaErrorStreamCaptureUnjoined, 904, "capturing stream has unjoined work")            \
  ERROR(cudaErrorStreamCaptureIsolation, 905,                                                 \
        "dependency created on uncaptured work in another stream")                            \
  ERROR(cudaErrorStreamCaptureImplicit, 906,                                                  \
        "operation would make the legacy stream depend on a capturing blocking stream")       \
  ERROR(cudaErrorCapturedEvent, 907,                                                          \
        "operation not permitted on an event last recorded in a capturing stream")            \
  ERROR(cudaErrorStreamCaptureWrongThread, 908,                                               \
        "attempt to terminate a thread-local capture sequence from another thread")           \
  ERROR(cudaErrorUnknown, 999, "unknown error")

typedef enum cudaError {
#define HEADSWEEP_EMULATED_ERROR(name, value, text) name = (value),
  HEADSWEEP_EMULATED_ERRORS(HEADSWEEP_EMULATED_ERROR)
#undef HEADSWEEP_EMULATED_ERROR
} cudaError_t;

typedef struct CUstream_st* cudaStream_t;
typedef struct CUevent_st* cudaEvent_t;
typedef struct CUgraph_st* cudaGraph_t;
typedef struct CUgraphExec_st* cudaGraphExec_t;
typedef struct CUgraphNode_st* cudaGraphNode_t;

enum cudaMemcpyKind {
  cudaMemcpyHostToHost = 0,
  cudaMemcpyHostToDevice = 1,
  cudaMemcpyDeviceToHost = 2,
  cudaMemcpyDeviceToDevice = 3,
  cudaMemcpyDefault = 4,
};
enum cudaStreamCaptureMode {
  cudaStreamCaptureModeGlobal = 0,
  cudaStreamCaptureModeThreadLocal = 1,
  cudaStreamCaptureModeRelaxed = 2,
};
enum cudaStreamCaptureStatus {
  cudaStreamCaptureStatusNone = 0,
  cudaStreamCaptureStatusActive = 1,
  cudaStreamCaptureStatusInvalidated = 2,
};
enum cudaFuncAttribute {
  cudaFuncAttributeMaxDynamicSharedMemorySize = 8,
  cudaFuncAttributePreferredSharedMemoryCarveout = 9,
};
enum cudaDeviceAttr {
  cudaDevAttrMaxThreadsPerBlock = 1,
  cudaDevAttrMaxSharedMemoryPerBlock = 8,
  cudaDevAttrWarpSize = 10,
  cudaDevAttrMultiProcessorCount = 16,
  cudaDevAttrPciBusId = 33,
  cudaDevAttrPciDeviceId = 34,
  cudaDevAttrL2CacheSize = 38,
  cudaDevAttrPciDomainId = 50,
  cudaDevAttrComputeCapabilityMajor = 75,
  cudaDevAttrComputeCapabilityMinor = 76,
  cudaDevAttrMaxSharedMemoryPerMultiprocessor = 81,
  cudaDevAttrMaxSharedMemoryPerBlockOptin = 97,
};

#define cudaHostAllocDefault 0x00
#define cudaHostAllocPortable 0x01
#define cudaHostAllocMapped 0x02
#define cudaHostAllocWriteCombined 0x04
#define cudaStreamDefault 0x00
#define cudaStreamNonBlocking 0x01
#define cudaEventDefault 0x00
#define cudaEventBlockingSync 0x01
#define cudaEventDisableTiming 0x02

struct cudaDeviceProp {
  char name[256];
  std::size_t totalGlobalMem;
  std::size_t sharedMemPerBlock;
  int warpSize;
  int maxThreadsPerBlock;
  int major;
  int minor;
  int multiProcessorCount;
  int pciBusID;
  int pciDeviceID;
  int pciDomainID;
  int l2CacheSize;
  std::size_t sharedMemPerMultiprocessor;
  std::size_t sharedMemPerBlockOptin;
};
struct cudaFuncAttributes {
  std::size_t sharedSizeBytes;
  std::size_t constSizeBytes;
  std::size_t localSizeBytes;
  int maxThreadsPerBlock;
  int numRegs;
  int ptxVersion;
  int binaryVersion;
  int maxDynamicSharedSizeBytes;
};

// Attributes of a launch (clusters, programmatic launches) are not emulated: a launch that has any
// is refused.
typedef struct cudaLaunchAttribute_st cudaLaunchAttribute;
typedef struct cudaLaunchConfig_st {
  dim3 gridDim;
  dim3 blockDim;
  std::size_t dynamicSmemBytes;
  cudaStream_t stream;
  cudaLaunchAttribute* attrs;
  unsigned int numAttrs;
} cudaLaunchConfig_t;
