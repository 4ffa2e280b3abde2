# Source me: large allocations stay in the heap, on huge pages (faster training than with glibc's defaults).
export GLIBC_TUNABLES=glibc.malloc.hugetlb=1 MALLOC_MMAP_THRESHOLD_=4294967296
export MALLOC_TRIM_THRESHOLD_=17179869184 MALLOC_TOP_PAD_=1073741824
export OMP_WAIT_POLICY=PASSIVE
