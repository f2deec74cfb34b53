# HEADSWEEP_SANITIZE: everything is compiled with the address and undefined-behaviour sanitizers. Compiling then takes longer
# than testing, so that only what computes is optimised.
if(HEADSWEEP_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()

# headsweep_computes(TARGET): the tests' time goes into its loops.
function(headsweep_computes target)
  if(HEADSWEEP_SANITIZE)
    target_compile_options(${target} PRIVATE -O1)
  endif()
endfunction()
