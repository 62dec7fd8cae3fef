# Language level, warnings, tuning and sanitizers for every target of the project.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
# Debian's OpenMP build of OpenBLAS lies in a folder of its own, which the loader does not search.
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)

find_program(MUXNET_CCACHE ccache)
if(MUXNET_CCACHE)
  # Paths relative to the source folder, so that another clone of it finds what this one compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros ${MUXNET_CCACHE})
  # What ccache needs to see which precompiled header a source uses.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endif()

add_library(muxnet_compiler INTERFACE)
target_include_directories(muxnet_compiler INTERFACE ${PROJECT_SOURCE_DIR}/cpp)
target_compile_options(muxnet_compiler INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wno-unknown-pragmas)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 warns of its own std::string operator+ (GCC bug 105651).
  target_compile_options(muxnet_compiler INTERFACE -Wno-restrict)
endif()
if(MUXNET_MARCH)
  target_compile_options(muxnet_compiler INTERFACE -march=${MUXNET_MARCH})
elseif(MUXNET_NATIVE)
  # Contraction into FMA stays off in Debug-like sanitizer builds only by their lower optimisation.
  target_compile_options(muxnet_compiler INTERFACE -march=native)
endif()
if(MUXNET_SANITIZE)
  target_compile_options(muxnet_compiler INTERFACE -fsanitize=${MUXNET_SANITIZE}
                         -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(muxnet_compiler INTERFACE -fsanitize=${MUXNET_SANITIZE})
endif()
