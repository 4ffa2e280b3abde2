# Summary.cmake - what was found, in one place.
message(STATUS "latentty ${PROJECT_VERSION}: ${CMAKE_BUILD_TYPE}, oneDNN ${DNNL_VERSION} (${DNNL_LIBRARY}), json-c ${JSONC_VERSION}, "
               "libpng ${PNG_VERSION}, utf8proc ${UTF8PROC_VERSION}, tests ${LT_TESTS}")
if(LT_CUDA_FOUND)
  message(STATUS "backend cuda: CUDA ${LT_CUDA_VERSION} (${LT_NVCC}), cuDNN ${LT_CUDNN_VERSION}")
else()
  message(STATUS "backend cuda: ${LT_CUDA_MISSING}")
endif()
