# headsweep_for_the_bundle(TARGET): scripts/bundle.sh copies this program, and then it finds its libraries in ../lib.
#
# By an RPATH and not the newer RUNPATH: it counts for the libraries' own libraries as well, and comes before
# LD_LIBRARY_PATH, so that a foreign machine's libraries of the same name stay out.
function(headsweep_for_the_bundle target)
  set_target_properties(${target} PROPERTIES BUILD_RPATH "$ORIGIN/../lib")
  target_link_options(${target} PRIVATE -Wl,--disable-new-dtags)
endfunction()
