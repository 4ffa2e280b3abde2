/*
 * nvrtc.h - the compiler that cuDNN's runtime-compiled engines use, found where the toolkit is only
 * a folder.
 *
 * NVRTC opens its library of built-ins by name alone, which fails unless the folder is one that the
 * system searches (NVIDIA's packages for Python have none).  What is loaded already is found by its
 * name: so it is loaded first, from beside NVRTC.
 */
#pragma once

/* Does nothing where NVRTC is not in the folders of the caller's RUNPATH, or its built-ins are
 * loaded already; what it loads stays.  Any thread. */
void lt_nvrtc_prepare(void);
