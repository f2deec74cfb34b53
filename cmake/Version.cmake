# headsweep_add_version(TARGET): the target may include "headsweep/version.h", which has `program_version`: "1.2.3+gabc1234"
# with git's commit, ".dirty" at its end if tracked files differ from it, and plain "1.2.3" in a copy without git.
# The header is made at build time, so that it follows every commit, and is rewritten only when it changes.

if(CMAKE_SCRIPT_MODE_FILE)  # at build time: cmake -DSOURCE=... -DHEADER=... -DVERSION=... -P Version.cmake
  # Asked only of a repository of our own: a copy unpacked inside another one must not take that one's commit.
  if(EXISTS ${SOURCE}/.git)
    find_program(GIT git)
    if(GIT)
      execute_process(COMMAND ${GIT} --no-optional-locks describe --always --dirty=.dirty --exclude=* --abbrev=7
                      WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE commit ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
    endif()
  endif()
  if(commit)
    string(APPEND VERSION "+g${commit}")
  endif()
  file(CONFIGURE OUTPUT ${HEADER} @ONLY CONTENT [[
// The program's version. Written by cmake/Version.cmake at build time.
#pragma once

#include <string_view>

namespace headsweep {

inline constexpr std::string_view program_version = "@VERSION@";

}  // namespace headsweep
]])
  return()
endif()

set(headsweep_version_script ${CMAKE_CURRENT_LIST_FILE})

function(headsweep_add_version target)
  set(folder ${PROJECT_BINARY_DIR}/generated)
  if(NOT TARGET headsweep_version)
    add_custom_target(headsweep_version
      COMMAND ${CMAKE_COMMAND} -DSOURCE=${PROJECT_SOURCE_DIR} -DHEADER=${folder}/headsweep/version.h
              -DVERSION=${PROJECT_VERSION} -P ${headsweep_version_script}
      BYPRODUCTS ${folder}/headsweep/version.h
      COMMENT "version.h" VERBATIM)
  endif()
  add_dependencies(${target} headsweep_version)
  target_include_directories(${target} PRIVATE ${folder})
endfunction()
