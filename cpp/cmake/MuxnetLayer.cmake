# muxnet_layer(NAME ENTRIES a.cpp ... SOURCES b.cpp ... DEPENDS core ... LIBRARIES imported::target ...)
# One folder of cpp/muxnet is one library muxnet_NAME; DEPENDS are layers, LIBRARIES are external.
# ENTRIES are sources that add rows to the layer's register: MUXNET_NAME_ENTRIES, in the entries.hpp that is generated
# of them, is "add_a, ...", to declare and to list these functions.
function(muxnet_layer name)
  cmake_parse_arguments(LAYER "" "" "ENTRIES;SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_library(muxnet_${name} STATIC ${LAYER_ENTRIES} ${LAYER_SOURCES})
  target_link_libraries(muxnet_${name} PUBLIC $<BUILD_INTERFACE:muxnet_compiler> OpenMP::OpenMP_CXX)
  muxnet_install(muxnet_${name})
  if(LAYER_ENTRIES)
    list(TRANSFORM LAYER_ENTRIES REPLACE "(.+)\\.cpp" "add_\\1" OUTPUT_VARIABLE entries)
    list(JOIN entries ", " entries)
    string(TOUPPER ${name} upper)
    set(generated ${CMAKE_CURRENT_BINARY_DIR}/generated)
    file(CONFIGURE OUTPUT ${generated}/muxnet/${name}/entries.hpp
         CONTENT "#pragma once\n#define MUXNET_${upper}_ENTRIES ${entries}\n")
    target_include_directories(muxnet_${name} PUBLIC $<BUILD_INTERFACE:${generated}>)
    install(FILES ${generated}/muxnet/${name}/entries.hpp DESTINATION include/muxnet/${name})
  endif()
  foreach(layer IN LISTS LAYER_DEPENDS)
    target_link_libraries(muxnet_${name} PUBLIC muxnet_${layer})
  endforeach()
  target_link_libraries(muxnet_${name} PRIVATE ${LAYER_LIBRARIES})
  muxnet_precompile(muxnet_${name} muxnet_core ${MUXNET_STANDARD_HEADERS})
endfunction()

# muxnet_install(TARGET): the target muxnet_NAME is muxnet::NAME here and in projects that find the installed package.
function(muxnet_install target)
  string(REPLACE muxnet_ "" name ${target})
  add_library(muxnet::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(${target} PUBLIC cxx_std_20)
  install(TARGETS ${target} EXPORT muxnet DESTINATION lib/muxnet INCLUDES DESTINATION include)
endfunction()

# What most sources read and nobody here changes.
set(MUXNET_STANDARD_HEADERS
  <algorithm> <array> <chrono> <cmath> <condition_variable> <cstdint> <filesystem> <functional> <map> <memory>
  <mutex> <numeric> <optional> <span> <stdexcept> <string> <thread> <unordered_map> <vector>)

# muxnet_precompile(TARGET FIRST HEADERS...): headers compiled once, with the target FIRST, and used by all who share it.
function(muxnet_precompile target first)
  if(target STREQUAL first)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM ${first})
  endif()
endfunction()

# muxnet_test(NAME SOURCES a_test.cpp ... DEPENDS layer ... LIBRARIES imported::target ... [EVERY_CPU])
# EVERY_CPU: once more with the kernels that oneDNN has for lesser CPUs than this one.
function(muxnet_test name)
  cmake_parse_arguments(TEST "EVERY_CPU" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_executable(${name}_test ${TEST_SOURCES})
  foreach(layer IN LISTS TEST_DEPENDS)
    target_link_libraries(${name}_test PRIVATE muxnet_${layer})
  endforeach()
  target_link_libraries(${name}_test PRIVATE muxnet_openmp muxnet_test_support GTest::gtest_main
                        ${TEST_LIBRARIES})
  # Half the time of compiling; what is tested lies in the libraries.
  target_compile_options(${name}_test PRIVATE $<$<CONFIG:Release>:-O1>)
  muxnet_precompile(${name}_test core_test ${MUXNET_STANDARD_HEADERS} <gtest/gtest.h>)
  if(MUXNET_WITH_ONEDNN)
    target_compile_definitions(${name}_test PRIVATE MUXNET_WITH_ONEDNN)
  endif()
  add_test(NAME ${name} COMMAND ${name}_test)
  if(TEST_EVERY_CPU AND MUXNET_WITH_ONEDNN AND NOT MUXNET_SANITIZE)
    foreach(isa SSE41 AVX AVX2)
      add_test(NAME ${name}_${isa} COMMAND ${name}_test)
      set_tests_properties(${name}_${isa} PROPERTIES ENVIRONMENT ONEDNN_MAX_CPU_ISA=${isa})
    endforeach()
  endif()
endfunction()
