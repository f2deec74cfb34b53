# headsweep_link_program(TARGET FOLDER): FOLDER/TARGET points to this build tree's program after every build of `all`.
# Each tree keeps its own program and only the link is shared. If the trees wrote the same file, a tree would take
# another one's program (the sanitized one, say) for its own and up to date.
function(headsweep_link_program target folder)
  file(RELATIVE_PATH program ${folder} ${CMAKE_CURRENT_BINARY_DIR}/${target})
  add_custom_target(${target}_link ALL
    COMMAND ${CMAKE_COMMAND} -E make_directory ${folder}
    COMMAND ${CMAKE_COMMAND} -E create_symlink ${program} ${folder}/${target}
    COMMENT "${folder}/${target}" VERBATIM)
  add_dependencies(${target}_link ${target})
endfunction()
