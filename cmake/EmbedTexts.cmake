# headsweep_embed_texts(TARGET HEADER NAME FILE [NAME FILE]...): the target may include "headsweep/HEADER", which has each
# file's text as an `inline constexpr std::string_view NAME`. Made at build time, again when a file changes.

if(CMAKE_SCRIPT_MODE_FILE)  # at build time: cmake -DHEADER=... "-DTEXTS=NAME|FILE|..." -P EmbedTexts.cmake
  # No list of CMake's ever holds a text: a semicolon or a bracket in it would be taken for the list's.
  set(constants "")
  string(REPLACE "|" ";" texts "${TEXTS}")
  while(texts)
    list(POP_FRONT texts name file)
    file(READ ${file} text)
    string(FIND "${text}" ")text\"" end)
    if(NOT end EQUAL -1)
      message(FATAL_ERROR "${file}: contains the end of a raw string, )text\"")
    endif()
    string(APPEND constants "inline constexpr std::string_view ${name} = R\"text(${text})text\";\n\n")
  endwhile()
  file(CONFIGURE OUTPUT ${HEADER} @ONLY CONTENT [[
// Texts that the program carries with it. Written by cmake/EmbedTexts.cmake at build time.
#pragma once

#include <string_view>

namespace headsweep {

@constants@}  // namespace headsweep
]])
  return()
endif()

set(headsweep_embed_script ${CMAKE_CURRENT_LIST_FILE})

function(headsweep_embed_texts target header)
  set(folder ${PROJECT_BINARY_DIR}/generated)
  set(texts "")
  set(files "")
  set(rest ${ARGN})
  while(rest)
    list(POP_FRONT rest name file)
    cmake_path(ABSOLUTE_PATH file)
    list(APPEND texts ${name} ${file})
    list(APPEND files ${file})
  endwhile()
  list(JOIN texts "|" texts)
  add_custom_command(OUTPUT ${folder}/headsweep/${header}
    COMMAND ${CMAKE_COMMAND} -DHEADER=${folder}/headsweep/${header} -DTEXTS=${texts} -P ${headsweep_embed_script}
    DEPENDS ${files} ${headsweep_embed_script}
    COMMENT "${header}" VERBATIM)
  target_sources(${target} PRIVATE ${folder}/headsweep/${header})
  target_include_directories(${target} PRIVATE ${folder})
endfunction()
