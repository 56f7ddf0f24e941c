"""Settings of the processes in which notebooks run: what a kernel inherits."""

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
# Arrays of over 10 MiB go back to the system when they are freed; by itself glibc keeps them, and chapters need nearly
# twice the memory. Those of a training's step are smaller: asked for anew, they would make a step a third longer. Where
# there is no glibc, nothing reads it.
GIVE_BACK = {"GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=10485760:glibc.malloc.hugetlb=1"}
