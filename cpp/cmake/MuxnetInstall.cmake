# `cmake --install`: headers, libraries and the package that find_package(muxnet) reads. The Python extension is left
# out, which pip installs.
include(CMakePackageConfigHelpers)
set(package lib/cmake/muxnet)
install(DIRECTORY cpp/muxnet DESTINATION include FILES_MATCHING PATTERN *.hpp)
install(EXPORT muxnet NAMESPACE muxnet:: FILE muxnetTargets.cmake DESTINATION ${package})
configure_package_config_file(cpp/cmake/muxnetConfig.cmake.in muxnetConfig.cmake INSTALL_DESTINATION ${package})
# Before 1.0 a minor version may change what is public.
write_basic_package_version_file(muxnetConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/muxnetConfig.cmake ${PROJECT_BINARY_DIR}/muxnetConfigVersion.cmake
        cpp/cmake/MuxnetDependencies.cmake DESTINATION ${package})
