# Who may include whom, and where foreign headers live: cmake -DROOT=<repository> -P check_layers.cmake
# Each violation is reported as "file:line: problem"; any violation fails.
cmake_minimum_required(VERSION 3.25)
if(NOT ROOT)
  get_filename_component(ROOT ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)
endif()

set(folders io kernels model pipeline tests)
set(io_may_include io)
set(kernels_may_include kernels headsweep)  # "headsweep/version.h" is made by the build
set(model_may_include model kernels io)
set(pipeline_may_include pipeline model io headsweep)
set(tests_may_include ${folders} headsweep)

# Pairs: a foreign header, and the files that may include it. A header that no pair names may be included anywhere.
set(foreign_homes
  "^(hdf5|H5[A-Za-z]*)\\.h"                        "^io/"
  "^yaml-cpp/"                                     "^io/"
  "^nlohmann/"                                     "^io/"
  "^openssl/"                                      "^io/"
  "^(oneapi/dnnl/|dnnl)"                           "^kernels/cpu/"
  "^pcre2"                                         "^model/"
  "^utf8proc"                                      "^model/"
  "^CLI/"                                          "^pipeline/"
  "^(gtest|gmock)/"                                "^tests/"
  "^mpi\\.h"                                        "^pipeline/ranks/[a-z_]*_mpi\\."
  "^nccl"                                          "^pipeline/ranks/[a-z_]*_nccl\\."
  "^(cuda|cublas|cudnn|cub/|thrust/)"              "^(kernels/cuda/|pipeline/ranks/[a-z_]*_nccl\\.)")

set(violations 0)
function(report where problem)
  message("${where}: ${problem}")
  math(EXPR count "${violations} + 1")
  set(violations ${count} PARENT_SCOPE)
endfunction()

macro(check_own_include)
  if(NOT header MATCHES "^([a-z_]+)/[^.]")
    report(${where} "\"${header}\": an include of ours names its folder (#include \"io/job.h\"); foreign ones go in <>")
  elseif(NOT CMAKE_MATCH_1 IN_LIST ${folder}_may_include)
    list(JOIN ${folder}_may_include ", " allowed)
    report(${where} "${folder} must not include \"${header}\" (it may include ${allowed})")
  endif()
endmacro()

macro(check_foreign_include)
  string(REGEX MATCH "^[^/]*" first ${header})
  if(header MATCHES "/" AND first IN_LIST folders)
    report(${where} "<${header}>: an include of ours goes in quotes")
  endif()
  if(NOT folder STREQUAL tests)
    set(homes ${foreign_homes})
    while(homes)
      list(POP_FRONT homes pattern home)
      if(header MATCHES ${pattern} AND NOT file MATCHES ${home})
        string(REGEX REPLACE "[\\^]" "" home ${home})
        report(${where} "<${header}> has another home (${home})")
      endif()
    endwhile()
  endif()
endmacro()

set(files 0)
foreach(folder IN LISTS folders)
  file(GLOB_RECURSE paths RELATIVE ${ROOT} ${ROOT}/${folder}/*.h ${ROOT}/${folder}/*.hpp ${ROOT}/${folder}/*.cpp
       ${ROOT}/${folder}/*.cuh ${ROOT}/${folder}/*.cu)
  foreach(file IN LISTS paths)
    math(EXPR files "${files} + 1")
    file(READ ${ROOT}/${file} text)
    string(REGEX REPLACE "[][;\\\\]" " " text "${text}")  # these have a meaning in CMake's lists
    string(REPLACE "\n" ";" lines "${text}")
    set(line_number 0)
    foreach(line IN LISTS lines)
      math(EXPR line_number "${line_number} + 1")
      set(where ${file}:${line_number})
      if(NOT line MATCHES "^[ \t]*#[ \t]*([a-z]+)(.*)")
        continue()
      endif()
      set(directive ${CMAKE_MATCH_1})
      set(rest "${CMAKE_MATCH_2}")
      if(directive MATCHES "^(if|ifdef|ifndef|elif)$" AND NOT folder STREQUAL tests)
        report(${where} "#${directive}: CMake chooses files, sources have no conditional parts")
      elseif(NOT directive STREQUAL include)
        continue()
      elseif(rest MATCHES "^[ \t]*\"([^\"]+)\"")
        set(header ${CMAKE_MATCH_1})
        check_own_include()
      elseif(rest MATCHES "^[ \t]*<([^>]+)>")
        set(header ${CMAKE_MATCH_1})
        check_foreign_include()
      else()
        report(${where} "an include names its file")
      endif()
    endforeach()
  endforeach()
endforeach()

if(files EQUAL 0)
  message(FATAL_ERROR "check_layers: no sources under ${ROOT}")
elseif(violations GREATER 0)
  message(FATAL_ERROR "check_layers: ${violations} violations (CONTRIBUTING.md has the rules)")
endif()
message("check_layers: ${files} sources keep the include rules")
