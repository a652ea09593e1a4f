# tinyc_add_model(NAME MODEL file.tflite
#   [INT8] [CALIBRATION data] [EVALUATION data] [PREPROCESS spec] [TARGET core] [OPTIMIZE size|speed|balanced]
#   [PRUNE s] [FINETUNE data] [MAX_FLASH size] [MAX_RAM size] [MAX_DROP d] [MIN_ACCURACY a] [CONFIG tinyc.toml]
#   [OPTIONS option...] [DEPENDS file...])
#
# A static library NAME from the C that `tinyc compress` writes; `#include "NAME_data.h"` works where it is linked. All
# models of a project share one runtime, which `tinyc runtime` writes from what they need. tinyc runs while the project is built, again only when the
# model, what it read, an option or tinyc itself has changed; a gate that fails stops the build. OPTIONS go to `tinyc
# compress` as they are. Paths count from the current source folder; the report is in
# ${CMAKE_CURRENT_BINARY_DIR}/NAME_tinyc.
include_guard(DIRECTORY)

# The whole runtime, for code that tinyc wrote elsewhere.
if(CMAKE_C_COMPILER_LOADED AND NOT TARGET tinyc_runtime)
  file(GLOB tinyc_sources "${TINYC_RUNTIME_DIR}/*.c")
  add_library(tinyc_runtime STATIC EXCLUDE_FROM_ALL ${tinyc_sources})
  target_include_directories(tinyc_runtime SYSTEM PUBLIC "${TINYC_RUNTIME_DIR}")
  set_target_properties(tinyc_runtime PROPERTIES C_STANDARD 99 C_EXTENSIONS ON)
  target_compile_options(tinyc_runtime PRIVATE $<$<C_COMPILER_ID:GNU,Clang>:-ffunction-sections;-fdata-sections>)
  add_library(tinyc::runtime ALIAS tinyc_runtime)
endif()

# The runtime of all models of a project, which are the directories in its property TINYC_MODELS.
function(tinyc_add_models_runtime)
  if(NOT CMAKE_C_COMPILER_LOADED)
    message(FATAL_ERROR "tinyc_add_model: the runtime is C: name C among the languages of project(), before find_package(tinyc)")
  endif()
  set(out "${CMAKE_CURRENT_BINARY_DIR}/tinyc_runtime")
  set(models "$<TARGET_PROPERTY:tinyc_models_runtime,TINYC_MODELS>")
  add_custom_command(OUTPUT "${out}/tinyc_rt.c" BYPRODUCTS "${out}/tinyc_rt.h"
    COMMAND tinyc::tinyc runtime "${models}" -q -o "${out}"
    DEPENDS "$<TARGET_PROPERTY:tinyc_models_runtime,TINYC_DATA>" tinyc::tinyc COMMENT "tinyc: the runtime of all models"
    COMMAND_EXPAND_LISTS VERBATIM)
  add_library(tinyc_models_runtime STATIC EXCLUDE_FROM_ALL "${out}/tinyc_rt.c")
  target_include_directories(tinyc_models_runtime SYSTEM PUBLIC "${out}")
  set_target_properties(tinyc_models_runtime PROPERTIES C_STANDARD 99 C_EXTENSIONS ON)
  target_compile_options(tinyc_models_runtime PRIVATE $<$<C_COMPILER_ID:GNU,Clang>:-ffunction-sections;-fdata-sections>)
endfunction()

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

  set(out "${CMAKE_CURRENT_BINARY_DIR}/${name}_tinyc")
  set(data "${out}/${name}_data.cc")
  add_custom_command(OUTPUT "${data}" BYPRODUCTS "${out}/${name}_data.h" "${out}/report.json"
    COMMAND tinyc::tinyc ${command} ${arg_OPTIONS} --name ${name} --reproducible -q -o "${out}" --depfile "${out}.d"
    DEPENDS ${depends} tinyc::tinyc DEPFILE "${out}.d" COMMENT "tinyc: ${name} from ${arg_MODEL}" VERBATIM)

  if(NOT TARGET tinyc_models_runtime)
    tinyc_add_models_runtime()
  endif()
  # models of other folders are ordered by targets: there their files have no rules
  add_custom_target(${name}_compress DEPENDS "${data}")
  add_dependencies(tinyc_models_runtime ${name}_compress)
  set_property(TARGET tinyc_models_runtime APPEND PROPERTY TINYC_MODELS "${out}")
  set_property(TARGET tinyc_models_runtime APPEND PROPERTY TINYC_DATA "${data}")
  # the text is C as well as C++; the runtime needs C anyhow
  set_source_files_properties("${data}" PROPERTIES LANGUAGE C)
  add_library(${name} STATIC "${data}")
  add_dependencies(${name} ${name}_compress)
  target_include_directories(${name} SYSTEM PUBLIC "${out}")
  target_link_libraries(${name} PUBLIC tinyc_models_runtime)
  set_target_properties(${name} PROPERTIES C_STANDARD 99 C_EXTENSIONS ON TINYC_REPORT "${out}/report.json")
endfunction()
