# Does check_layers.cmake find what it is for? It is run on a small bad tree and on a good one, made in FOLDER:
# cmake -DFOLDER=<scratch> -P check_layers_test.cmake
cmake_minimum_required(VERSION 3.25)
file(REMOVE_RECURSE ${FOLDER})

function(run_checker tree)
  execute_process(COMMAND ${CMAKE_COMMAND} -DROOT=${FOLDER}/${tree} -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/check_layers.cmake
                  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  set(result ${result} PARENT_SCOPE)
  set(output "${output}" PARENT_SCOPE)
endfunction()

# Every line of these files that has a number in its comment is a violation; no other line is.
file(WRITE ${FOLDER}/bad/io/file.cpp [[
#include "io/file.h"
// [1;2] a line that CMake's lists would fold \
#include "model/config.h"  // 3
#include <dnnl.hpp>        // 4
#include <hdf5.h>
]])
file(WRITE ${FOLDER}/bad/kernels/backend.h [[
#pragma once
#include "io/errors.h"     // 2
#include <oneapi/dnnl/dnnl.hpp>  // 3
#ifdef HEADSWEEP_CUDA      // 4
#elif defined(__GNUC__) && HEADSWEEP_MPI  // 5
#endif
]])
file(WRITE ${FOLDER}/bad/model/config.cpp [[
#include "config.h"        // 1
#include "pipeline/run.h"  // 2

  #  include "../io/job.h" // 4
#include <io/job.h>        // 5
#define JOB "io/job.h"
#include JOB               // 7
#if __has_include(<mpi.h>) // 8
#endif
#include <nlohmann/json.hpp>  // 10
]])
file(WRITE ${FOLDER}/bad/pipeline/search.cpp [[
#include "kernels/backend.h"  // 1
#include "tests/reference.h"  // 2
#include <mpi.h>              // 3
#include <cuda_runtime.h>     // 4
#include <pcre2.h>            // 5
#include <gtest/gtest.h>      // 6
]])
set(expected
  io/file.cpp:3 io/file.cpp:4 kernels/backend.h:2 kernels/backend.h:3 kernels/backend.h:4
  kernels/backend.h:5 model/config.cpp:1 model/config.cpp:2 model/config.cpp:4 model/config.cpp:5 model/config.cpp:7 model/config.cpp:8
  model/config.cpp:10 pipeline/search.cpp:1 pipeline/search.cpp:2 pipeline/search.cpp:3 pipeline/search.cpp:4
  pipeline/search.cpp:5 pipeline/search.cpp:6)
run_checker(bad)
string(REGEX MATCHALL "[a-z]+/[a-z]+\\.[a-z]+:[0-9]+" found "${output}")
if(result EQUAL 0 OR NOT found STREQUAL expected)
  message(FATAL_ERROR "on the bad tree: exit code ${result}\nfound:    ${found}\nexpected: ${expected}\n${output}")
endif()

file(WRITE ${FOLDER}/good/io/file.cpp "#include \"io/file.h\"\n#include <hdf5.h>\n#include <nlohmann/json.hpp>\n")
file(WRITE ${FOLDER}/good/kernels/cpu/matmul.cpp "#include \"kernels/backend.h\"\n#include <dnnl.hpp>\n")
file(WRITE ${FOLDER}/good/model/layer.cpp "#include \"kernels/backend.h\"\n#include \"io/errors.h\"\n#include <pcre2.h>\n")
file(WRITE ${FOLDER}/good/pipeline/run.cpp "#include \"model/layer.h\"\n#include \"headsweep/version.h\"\n#include <CLI/CLI.hpp>\n")
file(WRITE ${FOLDER}/good/tests/run_test.cpp "#include \"kernels/backend.h\"\n#include <gtest/gtest.h>\n#include <hdf5.h>\n")
run_checker(good)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "on the good tree: exit code ${result}\n${output}")
endif()
