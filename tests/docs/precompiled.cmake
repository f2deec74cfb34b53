# For scripts/examples.py, which builds everything once, unoptimised: what most sources include is read once for each library.
function(headsweep_precompile)
  foreach(library headsweep_io headsweep_model headsweep_pipeline)
    target_precompile_headers(${library} PRIVATE
      <algorithm> <array> <cmath> <filesystem> <functional> <map> <memory> <optional> <set> <span> <string> <utility> <vector>
      <fmt/format.h> <fmt/ranges.h>)
  endforeach()
endfunction()
cmake_language(DEFER DIRECTORY ${CMAKE_SOURCE_DIR} CALL headsweep_precompile)
