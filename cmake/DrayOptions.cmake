# What may be chosen, and how Dray's own code is compiled.

option(BUILD_TESTING "Build the tests" ON)
option(DRAY_BENCH "Build the benchmarks (needs Google Benchmark)" OFF)
option(DRAY_FUZZ "Build the fuzz targets with libFuzzer (needs clang); without it tests replay the corpus" OFF)
option(DRAY_PRECOMPILE "Precompile the standard library's headers" ON)
option(DRAY_UNITY "Compile the sources of a folder some at a time" ON)
option(DRAY_WARNINGS_AS_ERRORS "Stop at the first warning" OFF)
set(DRAY_MARCH "" CACHE STRING "Value for -march (x86-64-v3, native ...); empty builds for any machine of the family")
set(DRAY_KILLS "12" CACHE STRING "How often the kill test kills; fewer under a sanitizer")
set(DRAY_TEST_SECONDS "900" CACHE STRING "How long one test may take")
set(DRAY_DIFFERENTIAL_SEEDS "1-30" CACHE STRING "Seeds of the differential test")
set(DRAY_DUCKDB_ROOT "$ENV{DRAY_DUCKDB_DIR}" CACHE PATH
  "A folder with duckdb.h and libduckdb.so (also in include/ and lib/); empty means what tools/fetch-duckdb fetched")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# Run paths relative to the binary: a build folder can be moved.
set(CMAKE_BUILD_RPATH_USE_ORIGIN ON)

# NDEBUG would take the asserts away, and asserts are on in release. CMake's own defaults for these two define it.
foreach(type RELEASE RELWITHDEBINFO MINSIZEREL)
  string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_${type} "${CMAKE_CXX_FLAGS_${type}}")
endforeach()

find_program(DRAY_CCACHE ccache)
mark_as_advanced(DRAY_CCACHE)
if(DRAY_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # What ccache wants said before it trusts a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros "${DRAY_CCACHE}")
endif()

# Debug information makes the other linkers slow: 20 test programs, some seconds each.
find_program(DRAY_MOLD mold)
mark_as_advanced(DRAY_MOLD)
if(DRAY_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

function(dray_compile_options target)
  # Not -Wnull-dereference: on g++ 12 it reports the standard library.
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 reports string + "text" of its own library once that is precompiled. The address sanitizer looks for what
    # these look for.
    target_compile_options(${target} PRIVATE -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow
                                             -Wno-stringop-overread)
    if(DRAY_UNITY)
      # It takes a source for a header that others may include too.
      target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
    endif()
  endif()
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    # It checks what is annotated and nothing else. Guard members with an annotated mutex of our own: it warns about
    # correct code when the capability is a std::mutex.
    target_compile_options(${target} PRIVATE -Wthread-safety)
    if(DRAY_UNITY)
      # To it, a constant of one source is shadowed by a parameter in a header that the next source of the unit includes.
      # The clang preset compiles each source alone, with this warning.
      target_compile_options(${target} PRIVATE -Wno-shadow)
    endif()
  endif()
  if(DRAY_WARNINGS_AS_ERRORS)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(DRAY_MARCH)
    target_compile_options(${target} PRIVATE -march=${DRAY_MARCH})
  endif()
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/src")
endfunction()

# The standard library's headers that most sources include, read once. Sources go on including what they use.
set(dray_precompiled
    <algorithm>
    <array>
    <charconv>
    <chrono>
    <cstdint>
    <cstring>
    <filesystem>
    <functional>
    <map>
    <memory>
    <mutex>
    <optional>
    <set>
    <span>
    <string>
    <string_view>
    <thread>
    <utility>
    <variant>
    <vector>)
function(dray_precompile target)
  if(DRAY_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE ${dray_precompiled} ${ARGN})
    if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
      # Else each build folder has a header of its own date, and ccache finds nothing.
      target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
    endif()
  endif()
endfunction()

# Sources of one folder are compiled some at a time: most of a source's time is the headers that it shares with its
# neighbours. So names without linkage are unique within a folder. -DDRAY_UNITY=OFF compiles each alone: the clang preset
# does, which shows an include that one forgot, and so does an editor want it that asks for the command of each.
set(DRAY_UNITY_SOURCES 5)
function(dray_unity target)
  if(NOT DRAY_UNITY)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  set(folder "")
  foreach(source IN LISTS sources)
    cmake_path(ABSOLUTE_PATH source NORMALIZE OUTPUT_VARIABLE path)
    cmake_path(GET path PARENT_PATH parent)
    if(NOT parent STREQUAL folder)
      set(folder "${parent}")
      set(count 0)
    endif()
    math(EXPR number "${count} / ${DRAY_UNITY_SOURCES}")
    math(EXPR count "${count} + 1")
    cmake_path(GET folder FILENAME name)
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP "${name}_${number}")
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()

# A static library that may have no source yet.
function(dray_add_library name)
  if(NOT ARGN)
    file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/${name}_empty.cpp" CONTENT "// No source yet.\n")
    set(ARGN "${PROJECT_BINARY_DIR}/${name}_empty.cpp")
  endif()
  add_library(${name} STATIC ${ARGN})
  dray_compile_options(${name})
  target_include_directories(${name} PUBLIC "${PROJECT_SOURCE_DIR}/src")
  dray_unity(${name})
endfunction()
