# What is installed, in three components: `tool` (the command, manual pages, completions), `firmware` (CMake package, Make
# fragment, runtime sources) and `library` (static libraries and headers for programs that embed tinyc). Every path is
# relative, so that the tree can be moved.
include(CMakePackageConfigHelpers)
set(TINYC_CMAKE_DIR lib/cmake/tinyc)

# tool
install(TARGETS tinyc EXPORT tinycTool RUNTIME DESTINATION bin COMPONENT tool)
install(EXPORT tinycTool NAMESPACE tinyc:: DESTINATION ${TINYC_CMAKE_DIR} COMPONENT tool)
install(FILES src/package/copyright CHANGELOG.md DESTINATION share/doc/tinyc COMPONENT tool)
# written by the command itself, so that they say what it understands
set(TINYC_DOCUMENTS ${CMAKE_BINARY_DIR}/documents)
add_custom_command(OUTPUT ${TINYC_DOCUMENTS}/stamp
  COMMAND ${CMAKE_COMMAND} -DTINYC=$<TARGET_FILE:tinyc> -DOUT=${TINYC_DOCUMENTS} -P ${CMAKE_SOURCE_DIR}/src/package/documents.cmake
  DEPENDS tinyc src/package/documents.cmake VERBATIM)
add_custom_target(tinyc_documents ALL DEPENDS ${TINYC_DOCUMENTS}/stamp)
add_custom_target(tinyc_package DEPENDS tinyc_documents tinyc_pipeline)  # all that is installed
install(DIRECTORY ${TINYC_DOCUMENTS}/share DESTINATION . COMPONENT tool)

# firmware
install(FILES ${RT_SOURCES} include/tinyc_rt/tinyc_rt.h DESTINATION share/tinyc/runtime COMPONENT firmware)
install(FILES src/package/tinyc.mk DESTINATION share/tinyc COMPONENT firmware)
configure_package_config_file(src/package/tinycConfig.cmake.in ${GENERATED}/tinycConfig.cmake INSTALL_DESTINATION ${TINYC_CMAKE_DIR}
  NO_CHECK_REQUIRED_COMPONENTS_MACRO)
# firmware of any word size finds the package; the config itself looks whether the libraries fit
write_basic_package_version_file(${GENERATED}/tinycConfigVersion.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${GENERATED}/tinycConfig.cmake ${GENERATED}/tinycConfigVersion.cmake src/package/tinycAddModel.cmake
  DESTINATION ${TINYC_CMAKE_DIR} COMPONENT firmware)

# library
add_library(tinyc_embed INTERFACE)
set_target_properties(tinyc_embed PROPERTIES EXPORT_NAME core)
target_link_libraries(tinyc_embed INTERFACE tinyc_pipeline)
target_compile_features(tinyc_embed INTERFACE cxx_std_20)
foreach(part rt core passes pipeline)
  set_target_properties(tinyc_${part} PROPERTIES EXPORT_NAME part_${part})
endforeach()
install(TARGETS tinyc_embed tinyc_pipeline tinyc_passes tinyc_core tinyc_rt EXPORT tinycCore
  ARCHIVE DESTINATION lib COMPONENT library INCLUDES DESTINATION include)
install(EXPORT tinycCore NAMESPACE tinyc:: DESTINATION ${TINYC_CMAKE_DIR} COMPONENT library)
install(DIRECTORY include/tinyc include/tinyc_rt DESTINATION include COMPONENT library)

# `cmake --build build --target uninstall` removes what the last `cmake --install build` wrote
install(CODE "file(WRITE \"${CMAKE_BINARY_DIR}/install_prefix.txt\" \"\${CMAKE_INSTALL_PREFIX}\")" ALL_COMPONENTS)
add_custom_target(uninstall COMMAND ${CMAKE_COMMAND} -DBUILD=${CMAKE_BINARY_DIR} -P ${CMAKE_SOURCE_DIR}/src/package/uninstall.cmake VERBATIM)

# `cpack --config build/CPackConfig.cmake`: a Debian package
set(CPACK_GENERATOR DEB)
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # the tests need not be built
set(CPACK_PACKAGE_NAME tinyc)
set(CPACK_PACKAGE_CONTACT "tinyc maintainers <maintainers@tinyc.invalid>" CACHE STRING "Maintainer of the Debian package: who builds it")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "offline compiler of neural networks for microcontrollers")
set(CPACK_PACKAGE_DESCRIPTION "tinyc reads a trained .tflite model, prunes and quantizes it, codes its\nweights, and writes C that firmware compiles: constant arrays, a table of\nlayers and the kernels in use.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL OFF)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "cmake, zlib1g-dev, gcc-arm-none-eabi")
include(CPack)
