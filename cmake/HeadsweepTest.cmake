# What the leak sanitizer sees in libraries that are not ours.
set(HEADSWEEP_LEAKS "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/memcheck/leaks.suppressions")

# headsweep_test(FOLDER/NAME [LABEL unit|slow|long] [RANKS 1 2 4] [COST SECONDS]): one GoogleTest program from tests/FOLDER/NAME.cpp, run as
# one test. With RANKS the program is run once alone, as FOLDER/NAME, and once per number through mpirun, as
# FOLDER/NAME.2: every rank runs every test, and the failure of any rank fails it (tests/ranks_test_main.h).
# The sanitizer run takes the tests labelled `unit` (the default). COST is roughly what the test takes: ctest starts the
# longest first, so that the last of them does not run beside an idle core. `make check` leaves out what is labelled `long`;
# `make check-long` runs it. What tests have tried (tests/tried.h, tests/program/tried.py) is gathered in the tree's folder
# `tried`.
function(headsweep_test path)
  cmake_parse_arguments(ARG "" "LABEL;COST" "RANKS" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  string(REPLACE "/" "_" target ${path})
  add_executable(${target} ${PROJECT_SOURCE_DIR}/tests/${path}.cpp)
  if(ARG_RANKS)
    target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests/ranks_test_main.cpp)
    target_link_libraries(${target} PRIVATE headsweep_pipeline headsweep_ranks GTest::gmock)
  elseif(path MATCHES "^kernels/")
    target_link_libraries(${target} PRIVATE headsweep_pipeline headsweep_ranks_alone GTest::gmock_main)
  else()
    target_link_libraries(${target} PRIVATE headsweep_pipeline headsweep_ranks GTest::gmock_main)
  endif()
  target_compile_definitions(${target} PRIVATE
    HEADSWEEP_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data" HEADSWEEP_SOURCE_FOLDER="${PROJECT_SOURCE_DIR}")
  # A test spends its time in the libraries, but for the plain loops that kernels and the model are held against: -O0
  # compiles in a quarter of the time that -O3 takes, -O1 in two thirds.
  set(options -Wno-conversion -O0)
  if(path MATCHES "^(kernels|model)/")
    set(options -Wno-conversion -O1)
  endif()
  target_compile_options(${target} PRIVATE ${options})
  headsweep_precompile_test(${target} ${options})
  add_test(NAME ${path} COMMAND ${target})
  # Tests run side by side: one thread each, since threads that wait for one another on a busy core wait long.
  set_tests_properties(${path} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 600
    ENVIRONMENT "OMP_NUM_THREADS=1;HEADSWEEP_TRIED=${PROJECT_BINARY_DIR}/tried;${HEADSWEEP_LEAKS}")
  if(ARG_COST)
    set_tests_properties(${path} PROPERTIES COST ${ARG_COST})
  endif()
  if(HEADSWEEP_MPI)
    foreach(ranks IN LISTS ARG_RANKS)
      add_test(NAME ${path}.${ranks} COMMAND ${MPIEXEC_EXECUTABLE} -n ${ranks} $<TARGET_FILE:${target}>)
      set_tests_properties(${path}.${ranks} PROPERTIES
        LABELS ${ARG_LABEL} TIMEOUT 120 PROCESSORS ${ranks} ENVIRONMENT "${HEADSWEEP_MPI_ENVIRONMENT}")
    endforeach()
  endif()
endfunction()

# headsweep_test_for_the_bundle(FOLDER/NAME): the same program, linked for the bundle, as bundled/FOLDER_NAME.
function(headsweep_test_for_the_bundle path)
  string(REPLACE "/" "_" target ${path})
  add_executable(${target}_bundled $<TARGET_OBJECTS:${target}>)
  target_link_libraries(${target}_bundled PRIVATE headsweep_pipeline headsweep_ranks_alone GTest::gmock_main)
  set_target_properties(${target}_bundled PROPERTIES
    OUTPUT_NAME ${target} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bundled LINKER_LANGUAGE CXX)
  headsweep_for_the_bundle(${target}_bundled)
endfunction()

# headsweep_test_on_emulated_gpu(FOLDER/NAME ARGUMENTS...): the same program again, as FOLDER/NAME.gpu, with the plugin for
# the emulated GPU (tests/cuda_emulation), which it must then find. Without a look for leaks: the sanitizer's falls over
# now and then (a signal in its tracer) over thread-local memory of libraries that were loaded later. The plugin's parts
# are looked at by tests that are linked with them.
function(headsweep_test_on_emulated_gpu path)
  string(REPLACE "/" "_" target ${path})
  add_test(NAME ${path}.gpu COMMAND ${target} ${ARGN})
  set_tests_properties(${path}.gpu PROPERTIES LABELS unit TIMEOUT 600
    ENVIRONMENT "OMP_NUM_THREADS=1;ASAN_OPTIONS=detect_leaks=0;HEADSWEEP_REQUIRE_GPU=1;HEADSWEEP_PLUGINS=${PROJECT_BINARY_DIR}/emulated_gpu")
endfunction()

# mpirun as root, on fewer cores than ranks, without a look for fabrics; tests/program/mpi_environment.py says why each.
set(HEADSWEEP_MPI_ENVIRONMENT
  OMP_NUM_THREADS=1
  OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_hwloc_base_binding_policy=none
  OMPI_MCA_pml=ob1 OMPI_MCA_btl=self,vader,tcp OMPI_MCA_btl_tcp_if_include=lo
  OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_oob=tcp OMPI_MCA_oob_tcp_if_include=lo
  OMPI_MCA_plm_rsh_agent=/bin/false OMPI_MCA_opal_warn_on_missing_libcuda=0)

# headsweep_program_test(FOLDER/NAME [LABEL unit|slow|long] [COST SECONDS] [ALONE]): tests/FOLDER/NAME.py runs the program from outside; ALONE:
# beside no other test. A test that lacks something (h5py, Slurm) is shown as skipped. Debian's Python has h5py
# (scripts/install_packages.sh); another may come first in PATH.
function(headsweep_program_test path)
  cmake_parse_arguments(ARG "ALONE" "LABEL;COST" "" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  find_program(HEADSWEEP_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH DOC "Python for the tests of the program")
  find_program(HEADSWEEP_PYTHON NAMES python3 REQUIRED)
  add_test(NAME ${path} COMMAND ${HEADSWEEP_PYTHON} ${PROJECT_SOURCE_DIR}/tests/${path}.py)
  set(environment HEADSWEEP=$<TARGET_FILE:headsweep> HEADSWEEP_SOURCE=${PROJECT_SOURCE_DIR}
    HEADSWEEP_MPI=$<BOOL:${HEADSWEEP_MPI}> HEADSWEEP_MPIRUN=${MPIEXEC_EXECUTABLE}
    HEADSWEEP_TRIED=${PROJECT_BINARY_DIR}/tried HEADSWEEP_MADE_UP_RUNS=$<TARGET_FILE:made_up_runs>
    HEADSWEEP_FAULT_LAYER=$<TARGET_FILE:headsweep_fault_layer>
    HEADSWEEP_FAKE_PLUGINS=$<TARGET_FILE_DIR:headsweep_fake_gpu>
    HEADSWEEP_EMULATED_PLUGINS=$<TARGET_FILE_DIR:headsweep_cuda_emulated> OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1
    ${HEADSWEEP_LEAKS})
  set_tests_properties(${path} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 600 SKIP_RETURN_CODE 77
    RUN_SERIAL ${ARG_ALONE} ENVIRONMENT "${environment}")
  if(ARG_COST)
    set_tests_properties(${path} PROPERTIES COST ${ARG_COST})
  endif()
endfunction()
