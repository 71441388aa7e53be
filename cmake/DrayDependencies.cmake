# Each dependency under one name, dray::<name>, whatever its packager called it. docs/dependencies.md says what each
# is for; tools/setup installs them on Debian.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

function(dray_from_pkg_config name module)
  string(TOUPPER "dray_${name}" prefix)
  pkg_check_modules(${prefix} QUIET IMPORTED_TARGET GLOBAL ${module})
  if(NOT ${prefix}_FOUND)
    message(FATAL_ERROR "${module} is missing. On Debian or Ubuntu: tools/setup build")
  endif()
  add_library(dray::${name} ALIAS PkgConfig::${prefix})
endfunction()

dray_from_pkg_config(isal libisal)
dray_from_pkg_config(simdjson simdjson)
dray_from_pkg_config(zstd libzstd)
dray_from_pkg_config(zlib zlib)
dray_from_pkg_config(yaml yaml-cpp)
dray_from_pkg_config(xxhash libxxhash)
dray_from_pkg_config(crypto libcrypto)
dray_from_pkg_config(pq libpq)
dray_from_pkg_config(curl libcurl)
dray_from_pkg_config(pugixml pugixml)

# Header only; Debian's package has no pkg-config file on every release.
find_path(DRAY_CLI11_INCLUDE_DIR CLI/CLI.hpp)
if(NOT DRAY_CLI11_INCLUDE_DIR)
  message(FATAL_ERROR "CLI11 is missing. On Debian or Ubuntu: tools/setup build")
endif()
add_library(dray_cli11 INTERFACE)
add_library(dray::cli11 ALIAS dray_cli11)
target_include_directories(dray_cli11 SYSTEM INTERFACE "${DRAY_CLI11_INCLUDE_DIR}")

# Debian's package has a description for CMake, which would put switches on the command of every source that links it;
# src/schedule/zone_data.cpp, which alone includes it, has them.
find_path(DRAY_DATE_INCLUDE_DIR date/tz.h)
find_library(DRAY_DATE_LIBRARY date-tz)
if(NOT DRAY_DATE_INCLUDE_DIR OR NOT DRAY_DATE_LIBRARY)
  message(FATAL_ERROR "date-tz (libhowardhinnant-date-dev) is missing. On Debian or Ubuntu: tools/setup build")
endif()
add_library(dray_date INTERFACE)
add_library(dray::date ALIAS dray_date)
target_link_libraries(dray_date INTERFACE "${DRAY_DATE_LIBRARY}")
target_include_directories(dray_date SYSTEM INTERFACE "${DRAY_DATE_INCLUDE_DIR}")

# DuckDB: the user's own if named, else the one that tools/fetch-duckdb put there. It is copied into the build folder
# and linked from there, so that the run path of build/<preset>/dray is $ORIGIN and nothing else.
set(duckdb_root "${DRAY_DUCKDB_ROOT}")
if(NOT duckdb_root)
  set(duckdb_root "${PROJECT_SOURCE_DIR}/build/deps/duckdb")
endif()
unset(duckdb_found CACHE)
find_file(duckdb_found libduckdb.so PATHS "${duckdb_root}" PATH_SUFFIXES lib lib64 NO_DEFAULT_PATH NO_CACHE)
find_path(duckdb_include duckdb.h PATHS "${duckdb_root}" PATH_SUFFIXES include NO_DEFAULT_PATH NO_CACHE)
if(NOT duckdb_found OR NOT duckdb_include)
  message(FATAL_ERROR "No DuckDB in ${duckdb_root}. Run tools/fetch-duckdb, or pass -DDRAY_DUCKDB_ROOT=FOLDER (or set "
                      "DRAY_DUCKDB_DIR) with a folder that has duckdb.h and libduckdb.so.")
endif()
file(REAL_PATH "${duckdb_found}" duckdb_found)
set(dray_duckdb_library "${PROJECT_BINARY_DIR}/libduckdb.so")
file(COPY_FILE "${duckdb_found}" "${dray_duckdb_library}" ONLY_IF_DIFFERENT)
add_library(dray_duckdb SHARED IMPORTED GLOBAL)
add_library(dray::duckdb ALIAS dray_duckdb)
set_target_properties(dray_duckdb PROPERTIES IMPORTED_LOCATION "${dray_duckdb_library}" IMPORTED_SONAME libduckdb.so)
target_include_directories(dray_duckdb SYSTEM INTERFACE "${duckdb_include}")
