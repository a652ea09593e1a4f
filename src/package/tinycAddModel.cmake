# tinyc_add_model(NAME MODEL file.tflite
#   [INT8] [CALIBRATION data] [EVALUATION data] [PREPROCESS spec] [TARGET core] [OPTIMIZE size|speed|balanced]
#   [PRUNE s] [FINETUNE data] [MAX_FLASH size] [MAX_RAM size] [MAX_DROP d] [MIN_ACCURACY a] [CONFIG tinyc.toml]
#   [OPTIONS option...] [DEPENDS file...])
#
# A static library NAME from the C that `tinyc compress` writes; `#include "NAME_data.h"` works where it is linked. All
# models of a project share one runtime (tinyc::runtime). tinyc runs while the project is built, again only when the
# model, what it read, an option or tinyc itself has changed; a gate that fails stops the build. OPTIONS go to `tinyc
# compress` as they are. Paths count from the current source folder; the report is in
# ${CMAKE_CURRENT_BINARY_DIR}/NAME.tinyc.
include_guard(DIRECTORY)

# The runtime, once a project. The linker takes from it what the models use.
if(CMAKE_C_COMPILER_LOADED AND NOT TARGET tinyc_runtime)
  file(GLOB tinyc_sources "${TINYC_RUNTIME_DIR}/*.c")
  add_library(tinyc_runtime STATIC EXCLUDE_FROM_ALL ${tinyc_sources})
  target_include_directories(tinyc_runtime SYSTEM PUBLIC "${TINYC_RUNTIME_DIR}")
  set_target_properties(tinyc_runtime PROPERTIES C_STANDARD 99 C_EXTENSIONS ON)
  target_compile_options(tinyc_runtime PRIVATE $<$<C_COMPILER_ID:GNU,Clang>:-ffunction-sections;-fdata-sections>)
  add_library(tinyc::runtime ALIAS tinyc_runtime)
endif()

# PATH as the command line wants it: absolute, whatever rows are behind it.
function(tinyc_absolute result path)
  if(NOT IS_ABSOLUTE "${path}")
    set(path "${CMAKE_CURRENT_SOURCE_DIR}/${path}")
  endif()
  set(${result} "${path}" PARENT_SCOPE)
endfunction()

function(tinyc_add_model name)
  set(files CALIBRATION EVALUATION FINETUNE CONFIG)
  set(values PREPROCESS TARGET OPTIMIZE PRUNE MAX_FLASH MAX_RAM MAX_DROP MIN_ACCURACY)
  cmake_parse_arguments(PARSE_ARGV 1 arg "INT8" "MODEL;${files};${values}" "OPTIONS;DEPENDS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "tinyc_add_model(${name}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}; options of `tinyc compress` go behind OPTIONS")
  endif()
  if(arg_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "tinyc_add_model(${name}): no value behind ${arg_KEYWORDS_MISSING_VALUES}")
  endif()
  if(NOT DEFINED arg_MODEL)
    message(FATAL_ERROR "tinyc_add_model(${name}): MODEL file.tflite is missing")
  endif()
  if(NOT name MATCHES "^[A-Za-z_][A-Za-z0-9_]*$")
    message(FATAL_ERROR "tinyc_add_model(${name}): the name becomes a part of C names: letters, digits and underscores")
  endif()

  tinyc_absolute(model "${arg_MODEL}")
  set(depends "${model}")
  set(command compress "${model}")
  if(arg_INT8)
    list(APPEND command --int8)
  endif()
  set(flag_CALIBRATION --calib)
  set(flag_EVALUATION --eval)
  foreach(keyword IN LISTS files values)
    if(NOT DEFINED arg_${keyword})
      continue()
    endif()
    set(value "${arg_${keyword}}")
    if(keyword IN_LIST files)
      tinyc_absolute(value "${value}")
      # rows ("[0:100]") are no part of the file's name; of a folder the dependency file names the pictures
      string(REGEX REPLACE "\\[[^]/]*\\]$" "" file "${value}")
      if(NOT IS_DIRECTORY "${file}")
        list(APPEND depends "${file}")
      endif()
    endif()
    if(NOT DEFINED flag_${keyword})
      string(TOLOWER "--${keyword}" flag_${keyword})
      string(REPLACE "_" "-" flag_${keyword} "${flag_${keyword}}")
    endif()
    list(APPEND command "${flag_${keyword}}" "${value}")
  endforeach()
  foreach(file IN LISTS arg_DEPENDS)
    tinyc_absolute(file "${file}")
    list(APPEND depends "${file}")
  endforeach()

  set(out "${CMAKE_CURRENT_BINARY_DIR}/${name}.tinyc")
  set(data "${out}/${name}_data.cc")
  add_custom_command(OUTPUT "${data}" BYPRODUCTS "${out}/${name}_data.h" "${out}/report.json"
    COMMAND tinyc::tinyc ${command} ${arg_OPTIONS} --name ${name} --reproducible -q -o "${out}" --depfile "${out}.d"
    DEPENDS ${depends} tinyc::tinyc DEPFILE "${out}.d" COMMENT "tinyc: ${name} from ${arg_MODEL}" VERBATIM)

  if(NOT TARGET tinyc_runtime)
    message(FATAL_ERROR "tinyc_add_model(${name}): the runtime is C: name C among the languages of project(), before find_package(tinyc)")
  endif()
  # the text is C as well as C++; the runtime needs C anyhow
  set_source_files_properties("${data}" PROPERTIES LANGUAGE C)
  add_library(${name} STATIC "${data}")
  target_include_directories(${name} SYSTEM PUBLIC "${out}")
  target_link_libraries(${name} PUBLIC tinyc_runtime)
  set_target_properties(${name} PROPERTIES C_STANDARD 99 C_EXTENSIONS ON TINYC_REPORT "${out}/report.json")
endfunction()
