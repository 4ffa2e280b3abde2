# Cuda.cmake - the CUDA toolkit, if it is there: nvcc, the runtime, cuBLASLt and cuDNN.  Sets LT_CUDA_FOUND, and
# LT_CUDA_MISSING in words; the target lt_cuda_toolkit carries includes and libraries.  Never links libcuda: a
# program must start where there is no driver.
set(LT_CUDA "AUTO" CACHE STRING "Build the CUDA backend: AUTO (if the toolkit is there), ON or OFF")
set(LT_CUDA_ROOT "" CACHE PATH "Folder of the CUDA toolkit: bin/nvcc, include, lib or lib64; empty: looked for")
set(LT_CUDA_FETCHED ${PROJECT_SOURCE_DIR}/build/cuda-toolkit/nvidia) # by tools/cuda.sh
set(LT_CUDA_ARCHITECTURES 80 86 89 90)

# lt_cuda_result(FALSE "why"): in the cache, where test.sh looks.
macro(lt_cuda_result found why)
  set(LT_CUDA_FOUND ${found} CACHE INTERNAL "")
  set(LT_CUDA_MISSING "${why}" CACHE INTERNAL "")
endmacro()

lt_cuda_result(FALSE "left out by LT_CUDA=OFF")
if(LT_CUDA STREQUAL "OFF")
  return()
endif()

set(hints ${LT_CUDA_ROOT} ${LT_CUDA_FETCHED}/cu13 $ENV{CUDA_HOME} /usr/local/cuda)
find_program(LT_NVCC nvcc HINTS ${hints} PATH_SUFFIXES bin)
find_path(LT_CUDA_INCLUDE_DIR cuda_fp16.h HINTS ${hints} PATH_SUFFIXES include)
find_path(LT_CUDNN_INCLUDE_DIR cudnn_graph.h HINTS ${hints} ${LT_CUDA_FETCHED}/cudnn PATH_SUFFIXES include)
find_library(LT_CUDART_LIBRARY cudart_static HINTS ${hints} PATH_SUFFIXES lib lib64)
find_library(LT_CUBLASLT_LIBRARY NAMES cublasLt libcublasLt.so.13 libcublasLt.so.12 HINTS ${hints}
             ${LT_CUDA_FETCHED}/cublas PATH_SUFFIXES lib lib64)
find_library(LT_CUDNN_LIBRARY NAMES cudnn libcudnn.so.9 HINTS ${hints} ${LT_CUDA_FETCHED}/cudnn PATH_SUFFIXES lib lib64)
set(missing)
set(parts LT_NVCC LT_CUDA_INCLUDE_DIR LT_CUDNN_INCLUDE_DIR LT_CUDART_LIBRARY LT_CUBLASLT_LIBRARY LT_CUDNN_LIBRARY)
foreach(part ${parts})
  if(NOT ${part})
    list(APPEND missing ${part})
  endif()
endforeach()
if(missing)
  lt_cuda_result(FALSE "not found: ${missing}; tools/cuda.sh fetches all of it")
else()
  file(STRINGS ${LT_CUDNN_INCLUDE_DIR}/cudnn_version.h version REGEX "^#define CUDNN_(MAJOR|MINOR|PATCHLEVEL) ")
  list(TRANSFORM version REPLACE "[^0-9]+" "")
  list(JOIN version "." LT_CUDNN_VERSION)
  file(STRINGS ${LT_CUDA_INCLUDE_DIR}/cuda.h version REGEX "^#define CUDA_VERSION ")
  string(REGEX MATCH "[0-9]+$" LT_CUDA_VERSION "${version}")
  include(CheckLanguage)
  check_language(CXX) # for the kernels, and for the tests that run them on the processor
  if(LT_CUDA_VERSION LESS 12040)
    lt_cuda_result(FALSE "CUDA ${LT_CUDA_VERSION} is older than 12040")
  elseif(LT_CUDNN_VERSION VERSION_LESS 9.8)
    lt_cuda_result(FALSE "cuDNN ${LT_CUDNN_VERSION} is older than 9.8")
  elseif(NOT CMAKE_CXX_COMPILER)
    lt_cuda_result(FALSE "no C++ compiler was found; sudo apt-get install g++")
  else()
    lt_cuda_result(TRUE "")
  endif()
endif()
if(NOT LT_CUDA_FOUND)
  foreach(part ${parts}) # looked for anew next time: what tools/cuda.sh fetches goes with nothing of another toolkit
    unset(${part} CACHE)
  endforeach()
  if(LT_CUDA STREQUAL "ON")
    message(FATAL_ERROR "LT_CUDA=ON: ${LT_CUDA_MISSING}")
  endif()
  return()
endif()

enable_language(CXX)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_EXTENSIONS OFF)
find_package(Threads REQUIRED)
add_library(lt_cuda_toolkit INTERFACE)
target_include_directories(lt_cuda_toolkit SYSTEM INTERFACE ${LT_CUDA_INCLUDE_DIR} ${LT_CUDNN_INCLUDE_DIR})
target_link_libraries(lt_cuda_toolkit INTERFACE ${LT_CUDNN_LIBRARY} ${LT_CUBLASLT_LIBRARY} ${LT_CUDART_LIBRARY}
                                                Threads::Threads ${CMAKE_DL_LIBS} rt)

# Where the libraries are found again: beside the module, or where they were.
set(LT_CUDA_RUNPATH "$ORIGIN")
foreach(library ${LT_CUDNN_LIBRARY} ${LT_CUBLASLT_LIBRARY})
  get_filename_component(folder ${library} DIRECTORY)
  list(APPEND LT_CUDA_RUNPATH ${folder})
endforeach()
list(REMOVE_DUPLICATES LT_CUDA_RUNPATH)

# lt_cuda_object(kernels.cu objects): compiles a file of kernels for every architecture, and as PTX for later ones;
# appends the object to the variable.
function(lt_cuda_object source variable)
  get_filename_component(stem ${source} NAME_WE)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${stem}.cu.o)
  set(targets)
  foreach(architecture ${LT_CUDA_ARCHITECTURES})
    list(APPEND targets -gencode arch=compute_${architecture},code=sm_${architecture})
  endforeach()
  list(GET LT_CUDA_ARCHITECTURES -1 newest)
  list(APPEND targets -gencode arch=compute_${newest},code=compute_${newest})
  add_custom_command(
    OUTPUT ${object}
    COMMAND ${LT_NVCC} -std=c++17 -O3 -ccbin ${CMAKE_CXX_COMPILER} -Xcompiler -fPIC,-fvisibility=hidden,-Wall ${targets}
            --fmad=true --ftz=true -Xptxas -warn-spills -Werror all-warnings
            -I${PROJECT_SOURCE_DIR}/src -I${LT_CUDA_INCLUDE_DIR} -MD -MF ${object}.d
            -c ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${object}
    DEPENDS ${source}
    DEPFILE ${object}.d
    COMMENT "Compiling kernels of ${source}"
    VERBATIM)
  set(${variable} ${${variable}} ${object} PARENT_SCOPE)
endfunction()
