# Summary.cmake - what was found, in one place.
message(STATUS "latentty ${PROJECT_VERSION}: ${CMAKE_BUILD_TYPE}, oneDNN ${DNNL_VERSION} (${DNNL_LIBRARY}), json-c ${JSONC_VERSION}, "
               "libpng ${PNG_VERSION}, utf8proc ${UTF8PROC_VERSION}, tests ${LT_TESTS}")
