# headsweep_for_the_bundle(TARGET): scripts/bundle.sh copies this program, and then it finds its libraries in ../lib.
#
# By an RPATH and not the newer RUNPATH: it counts for the libraries' own libraries as well, and comes before
# LD_LIBRARY_PATH, so that a foreign machine's libraries of the same name stay out.
#
# To be small, it does without oneDNN, which is larger than all the rest but the models (kernels/CMakeLists.txt), and has HDF5
# in itself: Debian's shared one brings curl with it, and that thirty libraries for protocols that nobody speaks here.
function(headsweep_for_the_bundle target)
  set_target_properties(${target} PROPERTIES BUILD_RPATH "$ORIGIN/../lib" HEADSWEEP_BUNDLED ON)
  target_link_options(${target} PRIVATE -Wl,--disable-new-dtags -Wl,--as-needed)
endfunction()

# What a library is linked to may depend on the program: $<IF:${HEADSWEEP_IN_THE_BUNDLE},this,otherwise that>.
set(HEADSWEEP_IN_THE_BUNDLE $<BOOL:$<TARGET_PROPERTY:HEADSWEEP_BUNDLED>>)

# The HDF5 that was found, as an archive where it came with one.
set(bundled_hdf5 ${HDF5_C_LIBRARIES})
list(TRANSFORM bundled_hdf5 REPLACE "(/libhdf5[^/]*)\\.so$" "\\1.a")
foreach(library IN LISTS bundled_hdf5)
  if(library MATCHES "\\.a$" AND NOT EXISTS ${library})
    set(bundled_hdf5 hdf5::hdf5)
  endif()
endforeach()
add_library(headsweep_bundled_hdf5 INTERFACE)
target_link_libraries(headsweep_bundled_hdf5 INTERFACE ${bundled_hdf5})
