# SPDX-License-Identifier: Apache-2.0
# What every file of ours is compiled with; third-party targets never see it.
add_library(resole_standard INTERFACE)
target_compile_features(resole_standard INTERFACE cxx_std_23)
target_include_directories(resole_standard INTERFACE ${CMAKE_CURRENT_SOURCE_DIR}/src)
target_compile_options(resole_standard INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wformat=2 -Wimplicit-fallthrough -Wno-missing-field-initializers>
  $<$<BOOL:${RESOLE_UNITY}>:-Wno-subobject-linkage>  # speaks of files that others include, which unity makes of all
  -fstack-protector-strong -fno-plt)
target_compile_definitions(resole_standard INTERFACE
  _GLIBCXX_ASSERTIONS RESOLE_VERSION="${PROJECT_VERSION}"
  RESOLE_SOURCE_DATA="${CMAKE_CURRENT_SOURCE_DIR}" RESOLE_INSTALL_DATA="${CMAKE_INSTALL_PREFIX}/share/resole")
option(RESOLE_WERROR "Treat warnings as errors (the dev and tidy presets do)" OFF)
if(RESOLE_WERROR)
  target_compile_options(resole_standard INTERFACE -Werror)
endif()
