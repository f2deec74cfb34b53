# cmake --install: the program, its CUDA plugin, jobs, batch scripts, the manual's page, completions, documents. Everything
# finds everything by relative paths, so that the tree may be moved.
include(GNUInstallDirs)

install(TARGETS headsweep RUNTIME COMPONENT program)
# Where the program looks for it (kernels/cuda_plugin.cpp), whatever the system calls its folder of libraries. CUDA's own
# libraries often lie where no loader looks: they are looked for where they were found.
if(HEADSWEEP_CUDA_FOUND)
  set_target_properties(headsweep_cuda PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
  install(TARGETS headsweep_cuda LIBRARY DESTINATION lib/headsweep COMPONENT cuda)
endif()

# headsweep_write_text(FILE FOLDER ARGUMENTS...): FILE, which the program writes when it is called with the arguments, goes
# to FOLDER.
set(texts "")
macro(headsweep_write_text file folder)
  set(text ${PROJECT_BINARY_DIR}/texts/${file})
  add_custom_command(OUTPUT ${text}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/texts
    COMMAND headsweep ${ARGN} > ${text}
    DEPENDS headsweep COMMENT "${file}" VERBATIM)
  install(FILES ${text} DESTINATION ${folder} COMPONENT program)
  list(APPEND texts ${text})
endmacro()
headsweep_write_text(headsweep.1 ${CMAKE_INSTALL_MANDIR}/man1 manual)
headsweep_write_text(headsweep ${CMAKE_INSTALL_DATADIR}/bash-completion/completions completion bash)
headsweep_write_text(_headsweep ${CMAKE_INSTALL_DATADIR}/zsh/site-functions completion zsh)
headsweep_write_text(headsweep.fish ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d completion fish)
add_custom_target(headsweep_texts ALL DEPENDS ${texts})

set(data ${CMAKE_INSTALL_DATADIR}/headsweep)
install(DIRECTORY jobs DESTINATION ${data} COMPONENT program PATTERN runs EXCLUDE)
install(PROGRAMS slurm/cpu.sbatch slurm/gpu.sbatch DESTINATION ${data}/slurm COMPONENT program)
install(FILES slurm/step.sh DESTINATION ${data}/slurm COMPONENT program)

# In the repository's folders, so that their links lead somewhere.
set(documents ${CMAKE_INSTALL_DOCDIR})
install(FILES README.md CHANGELOG.md SECURITY.md DESTINATION ${documents} COMPONENT program)
install(DIRECTORY docs DESTINATION ${documents} COMPONENT program)
install(FILES io/README.md DESTINATION ${documents}/io COMPONENT program)
install(FILES LICENSE DESTINATION ${documents} RENAME copyright COMPONENT program)  # as Debian calls it
