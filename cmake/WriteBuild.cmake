# Writes HEADER with the commit of SOURCE and the kind of BUILD, if either has changed: cmake -DSOURCE= -DHEADER= -DBUILD= -P

cmake_minimum_required(VERSION 3.25)
set(commit "unknown")
find_program(git git)
if(git)
  execute_process(
    COMMAND "${git}" -C "${SOURCE}" describe --always --abbrev=12 --dirty=+ --exclude=*
    OUTPUT_VARIABLE described
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
    RESULT_VARIABLE failed)
  if(NOT failed)
    set(commit "${described}")
  endif()
endif()
file(CONFIGURE OUTPUT "${HEADER}" CONTENT "#define DRAY_COMMIT \"@commit@\"\n#define DRAY_BUILD \"@BUILD@\"\n" @ONLY)
