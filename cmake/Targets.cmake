# Targets.cmake - how a library, the program and a test of latentty are declared: warnings, sanitizers and
# coverage are applied here and nowhere else.

add_library(lt_flags INTERFACE)
target_compile_options(lt_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes$<SEMICOLON>-Wmissing-prototypes>
  -Wdouble-promotion -Wvla -Wundef -Wformat=2 -Wimplicit-fallthrough
  -ffp-contract=off -fno-math-errno -fno-trapping-math
  $<$<BOOL:${LT_WERROR}>:-Werror>
  $<$<BOOL:${LT_COVERAGE}>:--coverage>)
target_link_options(lt_flags INTERFACE $<$<BOOL:${LT_COVERAGE}>:--coverage>)
target_include_directories(lt_flags INTERFACE ${PROJECT_SOURCE_DIR}/src)
if(LT_SANITIZE)
  target_compile_options(lt_flags INTERFACE -fsanitize=${LT_SANITIZE} -fno-omit-frame-pointer
                                            -fno-sanitize-recover=all)
  target_link_options(lt_flags INTERFACE -fsanitize=${LT_SANITIZE})
endif()
if(LT_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "LT_FUZZ needs clang, and found ${CMAKE_C_COMPILER}. Try: cmake --preset fuzz")
  endif()
  target_compile_options(lt_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# lt_library(base SOURCES a.c b.c LINKS other layers and libraries): one folder, one static library.
# LINKS is the layer drawing of docs/ARCHITECTURE.md.
function(lt_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(lt_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(lt_${name} PUBLIC ${ARG_LINKS} PRIVATE lt_flags ${ARG_PRIVATE_LINKS})
  set_property(GLOBAL APPEND PROPERTY LT_LIBRARIES lt_${name})
endfunction()

# lt_program(latentty SOURCES main.c LINKS lt_cli ...): a program, at the top of the build folder.
function(lt_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINKS} lt_flags)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
endfunction()

# lt_test(base SOURCES test_a.c test_b.c LINKS lt_base LABEL unit [TIMEOUT seconds]): one cmocka program a
# source file, linked to its own layer only.  Each source has its own main().
function(lt_test folder)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;LINKS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 1200) # against hangs: ref under the sanitizers takes 165 s on two quiet cores
  endif()
  foreach(source ${ARG_SOURCES})
    get_filename_component(stem ${source} NAME_WE)
    set(target ${folder}_${stem})
    add_executable(${target} ${source})
    target_link_libraries(${target} PRIVATE ${ARG_LINKS} lt_test_support lt_flags PkgConfig::CMOCKA m)
    target_compile_definitions(${target} PRIVATE
      LT_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data" LT_ASSETS="${PROJECT_SOURCE_DIR}/assets")
    add_test(NAME ${folder}/${stem} COMMAND ${target})
    set_tests_properties(${folder}/${stem} PROPERTIES LABELS "${ARG_LABEL}" TIMEOUT ${ARG_TIMEOUT})
    if(ARG_LABEL STREQUAL golden) # the longest first, so that the others run beside them
      set_tests_properties(${folder}/${stem} PROPERTIES COST 100)
    endif()
  endforeach()
endfunction()
