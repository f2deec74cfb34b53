# HEADSWEEP_PRECOMPILE: what most sources include is read once for each library, and once for tests, which takes a third of the
# time away (presets of clang; scripts/examples.py). Off otherwise: a source that forgets an include has to be found somewhere.
option(HEADSWEEP_PRECOMPILE "Read headers that many sources include once for each library" OFF)

# Of the standard library and fmt, the most frequent first.
set(headsweep_frequent_headers
  <vector> <algorithm> <string> <fmt/format.h> <utility> <filesystem> <optional> <span> <map> <cmath> <memory> <functional>
  <fmt/ranges.h> <set>)

# headsweep_precompile(TARGET [HEADERS...])
function(headsweep_precompile target)
  if(HEADSWEEP_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE ${headsweep_frequent_headers} ${ARGN})
  endif()
endfunction()

# headsweep_precompile_test(TARGET OPTIONS...): a test that is compiled with these options, after all others of its. Tests with the
# same options share what is read.
function(headsweep_precompile_test target)
  if(NOT HEADSWEEP_PRECOMPILE)
    return()
  endif()
  string(MAKE_C_IDENTIFIER "headsweep_test_headers${ARGN}" headers)
  if(NOT TARGET ${headers})
    set(nothing ${PROJECT_BINARY_DIR}/generated/nothing.cpp)
    if(NOT EXISTS ${nothing})
      file(WRITE ${nothing} "")
    endif()
    add_library(${headers} OBJECT ${nothing})
    target_link_libraries(${headers} PRIVATE fmt::fmt GTest::gmock nlohmann_json::nlohmann_json)
    target_compile_options(${headers} PRIVATE ${ARGN})
    headsweep_precompile(${headers} <gmock/gmock.h> <gtest/gtest.h> <nlohmann/json.hpp>)
  endif()
  target_precompile_headers(${target} REUSE_FROM ${headers})
endfunction()
