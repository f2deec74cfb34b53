# Debian packages, by `cpack` (make package): headsweep, and headsweep-cuda where the plugin was built. The plugin is apart,
# so that nobody has to have CUDA for the program; what it needs of NVIDIA's is no package of Debian's, and so not looked for.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "The headsweep authors <authors@headsweep.example>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL program)
if(HEADSWEEP_CUDA_FOUND)
  list(APPEND CPACK_COMPONENTS_ALL cuda)
endif()
set(CPACK_DEB_COMPONENT_INSTALL ON)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME headsweep)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS openmpi-bin)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS "hdf5-tools, python3-h5py")
set(CPACK_DEBIAN_PROGRAM_DESCRIPTION
"It replaces heads, one at a time, by their mean output on corrupted
prompts, and keeps removing them while little is lost. A program for batch
jobs, alone or on many processes: exact, resumable, every decision in an
HDF5 file.")

set(CPACK_DEBIAN_CUDA_PACKAGE_NAME headsweep-cuda)
set(CPACK_DEBIAN_CUDA_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_CUDA_PACKAGE_DEPENDS
    "libc6, headsweep (= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")
set(CPACK_DEBIAN_CUDA_DESCRIPTION
"This is the part of headsweep that computes on NVIDIA's GPUs. It was built
with CUDA ${CUDAToolkit_VERSION}, cuDNN ${CUDNN_VERSION} and NCCL ${NCCL_VERSION}, which have to be
installed as NVIDIA ships them, with a driver.")

# What only Debian asks for is added to the staged files.
string(TIMESTAMP HEADSWEEP_PACKAGE_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(cmake/DebianDocuments.cmake.in DebianDocuments.cmake @ONLY)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_BINARY_DIR}/DebianDocuments.cmake)
include(CPack)
