/* Starting runs through every library once: relocations, self-tests, tables. A process that then sleeps would
 * count all those pages as its own for as long as it lives. */
#include "cli/trim.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Only what the file itself is: a segment that is never writable is never changed either, so the pages come
 * back as they were. What relocations have written lies in the others. */
static void drop_segment(const struct dl_phdr_info *object, const ElfW(Phdr) * segment)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
    uintptr_t end = object->dlpi_addr + segment->p_vaddr + segment->p_filesz;
    if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W) && end > start)
        madvise((void *)start, end - start, MADV_DONTNEED);
}

static int drop_object(struct dl_phdr_info *object, size_t size, void *unused)
{
    (void)size;
    (void)unused;
    for (size_t i = 0; i < object->dlpi_phnum; i++)
        drop_segment(object, &object->dlpi_phdr[i]);
    return 0;
}

void trim_memory(void)
{
    malloc_trim(0);
    dl_iterate_phdr(drop_object, NULL);
}
