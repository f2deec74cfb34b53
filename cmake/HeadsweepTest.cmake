# headsweep_test(FOLDER/NAME [LABEL unit|slow]): one GoogleTest program from tests/FOLDER/NAME.cpp, run as one test.
# The sanitizer run takes the tests labelled `unit` (the default).
function(headsweep_test path)
  cmake_parse_arguments(ARG "" "LABEL" "" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  string(REPLACE "/" "_" target ${path})
  add_executable(${target} ${PROJECT_SOURCE_DIR}/tests/${path}.cpp)
  target_link_libraries(${target} PRIVATE headsweep_pipeline GTest::gmock_main)
  target_compile_definitions(${target} PRIVATE
    HEADSWEEP_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data" HEADSWEEP_SOURCE_FOLDER="${PROJECT_SOURCE_DIR}")
  target_compile_options(${target} PRIVATE -Wno-conversion)
  add_test(NAME ${path} COMMAND ${target})
  # Tests run side by side: one thread each, since threads that wait for one another on a busy core wait long.
  set_tests_properties(${path} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 600 ENVIRONMENT OMP_NUM_THREADS=1)
endfunction()

# headsweep_program_test(FOLDER/NAME [LABEL unit|slow] [ALONE]): tests/FOLDER/NAME.py runs the program from outside; ALONE:
# beside no other test. A test that lacks something (h5py, Slurm) is shown as skipped. Debian's Python has h5py
# (scripts/install_packages.sh); another may come first in PATH.
function(headsweep_program_test path)
  cmake_parse_arguments(ARG "ALONE" "LABEL" "" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  find_program(HEADSWEEP_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH DOC "Python for the tests of the program")
  find_program(HEADSWEEP_PYTHON NAMES python3 REQUIRED)
  add_test(NAME ${path} COMMAND ${HEADSWEEP_PYTHON} ${PROJECT_SOURCE_DIR}/tests/${path}.py)
  set(environment HEADSWEEP=$<TARGET_FILE:headsweep> HEADSWEEP_SOURCE=${PROJECT_SOURCE_DIR}
    HEADSWEEP_MPI=$<BOOL:${HEADSWEEP_MPI}> HEADSWEEP_MPIRUN=${MPIEXEC_EXECUTABLE} OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1)
  set_tests_properties(${path} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 600 SKIP_RETURN_CODE 77
    RUN_SERIAL ${ARG_ALONE} ENVIRONMENT "${environment}")
endfunction()
